"""The pump of a fleet that somebody works on: its port changes hands, and comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.client import PumpClient
from monitor.fleet.bench_file import Member
from monitor.fleet.desk import Desk
from monitor.fleet.loop import Fleet
from monitor.snapshot import Link
from monitor.watch import Watcher
from protocol.messages import Change
from protocol.vocabulary import ChangeKind
from tests.monitor.fleet.test_loop import WAIT_S, Told

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.monitor.conftest import LivePump


def test_an_open_pump_is_watched_by_its_own_watcher_and_read_on_by_the_fleet_afterwards(
    live: LivePump,
) -> None:
    # Time-outs are the real ones: what is written to a pty while its other end notices a close may be lost.
    def watcher(member: Member, await_port: Callable[[], None]) -> Watcher:
        def connect() -> PumpClient:
            await_port()
            return PumpClient(member.url, keyring=live.keyring)

        return Watcher(member.url, connect, period_ms=20)

    fleet = Fleet([Member(live.url)], lambda _: live.keyring, period_ms=20)
    told = Told(fleet)
    desk = Desk(fleet, watcher)
    assert desk.snapshot.reading is None
    desk.start()
    try:
        told.until(lambda found: found[0].good >= 1)
        for rate in (21_000, 22_000):
            opened = desk.open(0)
            (fed,) = told.until(lambda _, opened=opened: opened.snapshot.good >= 2)
            assert fed.link is Link.LIVE
            assert desk.snapshot.url == live.url
            seen = desk.snapshot.reading
            assert seen is not None
            prepared = opened.prepare(Change(ChangeKind.RATE, rate), seen=seen).result(WAIT_S)
            opened.commit(prepared).result(WAIT_S)
            desk.close()
            assert desk.snapshot.reading is None
            told.until(
                lambda found, rate=rate: (
                    found[0].reading is not None and found[0].reading.status.commanded_rate_nl_h == rate
                )
            )
        assert live.rate_nl_h == 22_000
    finally:
        desk.stop()
    with PumpClient(live.url, keyring=live.keyring) as client:
        assert client.status()
