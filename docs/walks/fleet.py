"""A bench of 34 pumps on one screen, by day: the most urgent first."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

from docs.walks.bench import Bench
from docs.walks.stage import SIZE, Told
from monitor.fleet.bench_file import Member
from monitor.fleet.desk import Desk
from monitor.fleet.loop import Fleet
from monitor.keys import Keyring
from monitor.ui.fleet_app import FleetApp
from protocol.messages import Change
from protocol.vocabulary import ChangeKind
from pumpmock.model.troubles import Trouble
from tests.monitor.ui.stage import press, settle

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.watch import Watcher

_BEGAN_S = int(datetime(2026, 3, 18, 14, tzinfo=UTC).timestamp())
_PUMPS = 34
_PLACES = ("bench 1", "bench 2", "rack 1", "rack 2", "rack 3")
_RATES = ("0.35", "0.48", "0.6", "0.8", "1")
_PATIENCE_S = 0.05
_STALLED, _LOW, _LOST, _WEAK, _STOPPED = 21, (4, 17), 12, 8, 26
_S = 1_000_000_000


class HandFleet(Fleet):
    """The fleet's read loop, a turn at a time."""

    def start(self) -> None:
        """Begin; nothing is read before `read_all`."""
        for post in self._posts:
            self._schedule(post)

    def read_all(self, but: int = -1) -> None:
        """Read every pump once more but one, all at this instant, and tell of it."""
        now_ns = self._now_ns()
        for post in self._posts:
            post.next_ns = now_ns
            self._schedule(post)
        while any(not _is_read(post.snapshot.reading, now_ns) for post in self._posts if post.number != but):
            self._turn()
        self._tell(now_ns)

    def _wait_s(self) -> float:
        return _PATIENCE_S  # for the pumps' own thread, which answers in real time

    def stop(self) -> None:
        """Give every port back."""
        self._ending.set()
        self._run()


def _is_read(reading: object, now_ns: int) -> bool:
    return getattr(reading, "asked_ns", -1) == now_ns


async def walk(home: Path) -> Told:
    """Draw the fleet, in an empty folder."""
    told = Told()
    bench = Bench(_BEGAN_S, home)
    draw = Random(20)  # noqa: S311 - what is in the pumps of a book
    try:
        pumps = [
            bench.pump(f"tty{number}", f"PM-{number + 1:05}", seed=number, **_pump(number, draw))
            for number in range(_PUMPS)
        ]
        members = [Member(f"tty{number}", place=_PLACES[number * 7 % 5]) for number in range(_PUMPS)]
        _stop(bench)
        fleet = HandFleet(
            members,
            lambda member: Keyring(home, (bench.key(member.url),), ()),
            now_ns=bench.now_ns,
            random=Random("fleet").randbytes,  # noqa: S311 - nobody is kept out by it
        )
        pumps[_STALLED].strike(Trouble.STALL)
        bench.pass_ns(26 * 60 * _S)
        app = FleetApp(Desk(fleet, _nobody), now_ns=bench.now_ns, now_s=bench.now_s)
        app.animation_level = "none"
        async with app.run_test(size=SIZE) as pilot:
            await pilot.pause()
            fleet.read_all()
            pumps[_LOST].unplug()
            bench.pass_ns(4 * 60 * _S)
            fleet.read_all(but=_LOST)
            app._look()
            await press(pilot, "l")
            await settle(pilot)
            told.draw(
                "fleet", app, "Thirty-four pumps on one screen, in the light theme, the most urgent first"
            )
    finally:
        bench.close()
    return told


def _pump(number: int, draw: Random) -> dict[str, str]:
    made = {
        "rate": f"{draw.choice(_RATES)} mL/day",
        "reservoir": f"{draw.randint(500, 2_000) / 100} mL",
        "battery": f"{draw.randint(35, 99)} %",
    }
    if number in _LOW:
        made["reservoir"] = f"{1.93 - number / 100:.2f} mL"
    if number == _WEAK:
        made["battery"] = "3 %"
    return made


def _stop(bench: Bench) -> None:
    with bench.client(f"tty{_STOPPED}", 0) as pump:
        pump.commit(pump.prepare(Change(ChangeKind.STOP), seen=pump.status()))


def _nobody(_member: Member, _await_port: object) -> Watcher:
    raise NotImplementedError("no pump of this fleet is opened")
