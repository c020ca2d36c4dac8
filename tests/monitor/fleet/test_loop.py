"""The fleet's thread on real ports: it reads, loses, finds again, lends and takes back, each pump for itself."""

from __future__ import annotations

import itertools
import socket
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.client import PumpClient
from monitor.fleet import talk
from monitor.fleet.bench_file import Member
from monitor.fleet.loop import Fleet, without_a_reading
from monitor.fleet.telling import TELL_NS
from monitor.keys import Keyring, one_key
from monitor.snapshot import Link
from pumpmock.testing import live_pump
from tests.monitor.conftest import PATIENCE_MS, SERIAL_NUMBER, LivePump

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.fleet.telling import Snapshots

WAIT_S = 30


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with something else is no reason to give a pump up."""
    monkeypatch.setattr(talk, "handshake_timeout_ms", lambda *_: PATIENCE_MS)
    monkeypatch.setattr(talk, "reply_timeout_ms", lambda *_: PATIENCE_MS)


class Told:
    """What a fleet tells, to be awaited."""

    def __init__(self, fleet: Fleet) -> None:
        self.times = 0
        self._fleet = fleet
        self._news = threading.Condition()
        fleet.subscribe(self._hear)

    def _hear(self, _: Snapshots) -> None:
        with self._news:
            self.times += 1
            self._news.notify_all()

    def until(self, is_so: Callable[[Snapshots], bool]) -> Snapshots:
        with self._news:
            assert self._news.wait_for(lambda: is_so(self._fleet.snapshots), WAIT_S), repr(
                self._fleet.snapshots
            )
        return self._fleet.snapshots


@contextmanager
def watching(keyring: Keyring, *urls: str) -> Iterator[tuple[Fleet, Told]]:
    fleet = Fleet([Member(url) for url in urls], lambda _: keyring, period_ms=20)
    told = Told(fleet)
    fleet.start()
    try:
        yield fleet, told
    finally:
        fleet.stop()


def test_a_pump_on_a_port_is_read_again_and_again(live: LivePump) -> None:
    with watching(live.keyring, live.url) as (_, told):
        (snapshot,) = told.until(lambda found: found[0].good >= 3)
        assert snapshot.link is Link.LIVE
        assert snapshot.reading is not None
        assert snapshot.identity is not None
        assert (snapshot.reading.serial_number, snapshot.bad) == (SERIAL_NUMBER, 0)


def test_listeners_are_told_no_more_often_than_four_times_a_second(live: LivePump) -> None:
    instants: list[int] = []
    fleet = Fleet([Member(live.url)], lambda _: live.keyring, period_ms=10)
    told = Told(fleet)
    fleet.subscribe(lambda _: instants.append(fleet._now_ns()))
    fleet.start()
    told.until(lambda _: told.times >= 4)
    fleet.stop()
    gaps = [later - earlier for earlier, later in itertools.pairwise(instants)]
    assert min(gaps) >= TELL_NS * 9 // 10  # the stamp is taken after the thread's own


def test_ports_that_lead_nowhere_hold_up_no_other(live: LivePump, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"socket://127.0.0.1:{closed.getsockname()[1]}"
    with watching(live.keyring, str(tmp_path / "no-such-port"), live.url, nobody) as (_, told):
        missing, good, refused = told.until(
            lambda found: found[1].good >= 3 and all(one.tries for one in found[::2])
        )
        assert missing.link is refused.link is Link.LOST
        assert "is it plugged in" in missing.problem
        assert "nobody listens" in refused.problem
        assert good.link is Link.LIVE
        assert not without_a_reading((missing, good, refused))


def test_without_a_key_it_is_said_which_is_missing(live: LivePump, tmp_path: Path) -> None:
    with watching(Keyring(tmp_path, (), ()), live.url) as (_, told):
        (snapshot,) = told.until(lambda found: found[0].tries > 0)
        assert "there is no key" in snapshot.problem


def test_a_lent_port_is_somebody_elses_until_it_is_taken_back(live: LivePump) -> None:
    with watching(live.keyring, live.url) as (fleet, told):
        told.until(lambda found: found[0].good >= 1)
        fleet.lend(0).result(WAIT_S)
        with PumpClient(live.url, keyring=live.keyring) as client:
            assert client.status().serial_number == SERIAL_NUMBER
            before = fleet.snapshots[0].good
        fleet.take_back(0)
        told.until(lambda found: found[0].good > before + 1)


def test_what_whoever_has_the_port_knows_is_known_and_only_while_it_is_lent(live: LivePump) -> None:
    with watching(live.keyring, live.url) as (fleet, told):
        (known,) = told.until(lambda found: found[0].good >= 1)
        fleet.lend(0).result(WAIT_S)
        fleet.feed(0, replace(known, good=77_777))
        assert told.until(lambda found: found[0].good >= 77_777)[0].good == 77_777


def test_a_pump_that_vanishes_is_lost_and_found_again_by_itself() -> None:
    with live_pump() as pump:
        fleet_of = one_key(pump.key_file)
        with watching(fleet_of, pump.url) as (_, told):
            told.until(lambda found: found[0].good >= 2)
            pump.unplug()
            (lost,) = told.until(lambda found: found[0].link is Link.LOST)
            assert "has gone" in lost.problem or "there is no port" in lost.problem
            assert lost.reading is not None  # kept, and aging
            pump.replug()
            told.until(lambda found: found[0].link is Link.LIVE and found[0].good > lost.good)


def test_a_line_without_a_descriptor_is_read_by_a_thread_and_given_back() -> None:
    with (
        live_pump(transport="rfc2217") as pump,
        watching(one_key(pump.key_file), pump.url) as (fleet, told),
    ):
        told.until(lambda found: found[0].good >= 3)
        fleet.lend(0).result(WAIT_S)
        with PumpClient(pump.url, keyring=one_key(pump.key_file)) as client:
            assert client.status().serial_number == fleet.snapshots[0].reading.serial_number  # type: ignore[union-attr]


def test_ports_in_the_order_of_their_numbers_try_the_keys_of_pumps_in_that_order_first(
    live: LivePump,
) -> None:
    (key, *_) = live.keyring.keys
    keys = [replace(key, serial_number=f"PM-{number:03}") for number in range(40)]
    numbers = [3, 39, 0, 20, 12]
    others = [number for number in range(40) if number not in numbers]
    fleet = Fleet([Member(f"/dev/tty{number}") for number in [*numbers, *others]], lambda _: live.keyring)
    fleet.stop()
    for number, post in zip(numbers, fleet._posts, strict=False):
        tried = post._likely_first(keys)
        assert keys[number] in tried[:16]
        assert sorted(tried, key=lambda one: one.serial_number) == keys


def test_at_the_end_every_port_is_given_back(live: LivePump) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    with watching(live.keyring, live.url) as (_, told):
        told.until(lambda found: found[0].good >= 1)
    assert len(list(Path("/dev/fd").iterdir())) == before
    with PumpClient(live.url, keyring=live.keyring) as client:
        assert client.status()
