"""A fleet without ports: pumps made to order, and a desk that opens them without a wait."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from monitor.fleet.bench_file import Member
from monitor.snapshot import Link, Reading, Snapshot
from monitor.ui.fleet_app import FleetApp
from protocol.alarms import Alarm, mask
from protocol.messages import Identity
from protocol.vocabulary import State
from tests.monitor.ui.bench import NOW_NS, STATUS, Clock, FakeSource, S
from tests.monitor.ui.stage import HOST_S, WIDE, page, press

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from textual.pilot import Pilot

    from monitor.fleet.desk import Desk

    Act = Callable[["FleetApp", "Pilot[None]"], Awaitable[None]]


def pump(number: int, place: str = "", **changes: object) -> tuple[Member, Snapshot]:
    """Make a live, healthy pump of the fleet; changes go to its status, but for those of `Snapshot`."""
    serial = f"02-{1100 + number}"
    of_status = {name: value for name, value in changes.items() if hasattr(STATUS, name)}
    of_snapshot = {name: value for name, value in changes.items() if name not in of_status}
    of_status.setdefault("sensed_nl", of_status.get("reservoir_nl", STATUS.reservoir_nl))
    status = replace(STATUS, **of_status)  # type: ignore[arg-type] # fields of several types
    made = Snapshot(
        url=f"/dev/tty{number}",
        period_ms=1_000,
        link=Link.LIVE,
        identity=Identity(serial, "bench 20", "3.1.4", 0, b"store-%02d" % (number % 100), 1, 0b1110),
        reading=Reading(serial, status, NOW_NS - 100_000_000),
        good=5,
    )
    return Member(made.url, place=place), replace(made, **of_snapshot)  # type: ignore[arg-type] # as above


def some() -> list[tuple[Member, Snapshot]]:
    """Make a fleet in which something of each kind is the matter."""
    waiting = replace(pump(8)[1], link=Link.CONNECTING, reading=None, identity=None, good=0)
    return [
        pump(0, "rack 1"),
        pump(1, "rack 1", reservoir_nl=1_960_000, alarms=mask({Alarm.LOW_RESERVOIR})),
        pump(2, "rack 1", reservoir_nl=4_000_000),
        pump(
            3,
            "rack 2",
            link=Link.LOST,
            tries=4,
            problem="/dev/tty3 has gone",
            reading=Reading("02-1103", STATUS, NOW_NS - 244 * S),
        ),
        pump(
            4,
            "rack 2",
            alarms=mask({Alarm.STALL, Alarm.LOW_RESERVOIR}),
            state=State.STALLED,
            measured_rate_nl_h=0,
            reservoir_nl=1_900_000,
        ),
        pump(5, "rack 2", alarms=mask({Alarm.ERI}), acknowledged=mask({Alarm.ERI}), battery_percent=31),
        pump(6, "bench 3", state=State.STOPPED, commanded_rate_nl_h=0, measured_rate_nl_h=0),
        pump(7, "bench 3", bench_faults=2),
        (Member("/dev/tty8", name="by the window", place="bench 3"), waiting),
    ]


def many(number: int) -> list[tuple[Member, Snapshot]]:
    """Make a large fleet, in ten places, every 50th of them low."""
    return [
        pump(one, f"rack {one % 10}", reservoir_nl=5_000_000 + one * 10_000)
        if one % 50
        else pump(one, f"rack {one % 10}", reservoir_nl=1_900_000, alarms=mask({Alarm.LOW_RESERVOIR}))
        for one in range(number)
    ]


@dataclass
class FakeFleet:
    """The fleet as a desk has it."""

    members: Sequence[Member]
    snapshots: tuple[Snapshot, ...]
    problem: str = ""


@dataclass
class FakeDesk:
    """Opens pumps at once; notes what it was asked."""

    fleet: FakeFleet
    calls: list[tuple[object, ...]] = field(default_factory=list)
    opened: FakeSource | None = None

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot("", 1_000) if self.opened is None else self.opened.snapshot

    def subscribe(self, callback: Callable[[Snapshot], None]) -> None:
        self.callback = callback

    def start(self) -> None:
        self.calls.append(("start",))

    def stop(self) -> None:
        self.calls.append(("stop",))

    def open(self, number: int) -> FakeSource:
        self.calls.append(("open", number))
        self.opened = FakeSource(self.fleet.snapshots[number])
        return self.opened

    def close(self) -> None:
        self.calls.append(("close",))
        self.opened = None


def desk_of(pumps: Sequence[tuple[Member, Snapshot]]) -> FakeDesk:
    """Return a desk with these pumps."""
    return FakeDesk(FakeFleet([one for one, _ in pumps], tuple(one for _, one in pumps)))


def run(desk: FakeDesk, act: Act, *, size: tuple[int, int] = WIDE, clock: Clock | None = None) -> FleetApp:
    """Run the fleet's app, do something with it, and leave it."""

    async def stage() -> FleetApp:
        app = FleetApp(cast("Desk", desk), now_ns=clock or Clock(), now_s=lambda: HOST_S)
        app.animation_level = "none"
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await press(pilot)
            await act(app, pilot)
        return app

    return asyncio.run(stage())


def shown(
    pumps: Sequence[tuple[Member, Snapshot]] | FakeDesk, *keys: str, size: tuple[int, int] = WIDE
) -> str:
    """Return what the screen shows after these keys."""
    desk = pumps if isinstance(pumps, FakeDesk) else desk_of(pumps)
    pages: list[str] = []

    async def act(app: FleetApp, pilot: Pilot[None]) -> None:
        await press(pilot, *keys)
        pages.append(page(app))

    run(desk, act, size=size)
    return pages[0]
