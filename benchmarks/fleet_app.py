"""The fleet's screen, fed with readings of so many pumps at 1 Hz by itself: what is drawn, without the ports.

    python fleet_app.py PUMPS FILE

Each quarter of a second a quarter of the pumps have a new reading. The first pump's volume counts up once a second; for
each count a line with the instant before it is handed over, in monotonic nanoseconds, goes to FILE. Runs until `q`.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from monitor import ui
from monitor.fleet.bench_file import Member
from monitor.link_state import met, read
from monitor.snapshot import Reading, Snapshot
from monitor.ui.fleet_app import FleetApp
from protocol.messages import NEVER_S, Identity, Status
from protocol.vocabulary import Mode, Role, State

if TYPE_CHECKING:
    from monitor.fleet.desk import Desk

_PARTS = 4
_STATUS = Status(
    *(State.RUNNING, Mode.PROGRAM, 1, 20_833, 20_833, 20_833, NEVER_S, 500),
    *(14_000_000, 14_000_000, 500_000, 20_000_000, 2_000_000, 1_400_000, 6_000_000),
    *(84, 3_020, 2_180, 0, 0, 0, 0, 930_000_000_000, 1_767_277_927, 1, 7, 2_000, 1_000_000, 0, 0, 0, 0, 0),
)


def _volume_nl(second: int) -> int:
    return 1_500_000 + 10_000 * (second % 30)


class Feed(FleetApp):
    """The fleet's app, and where its readings come from.

    Args:
        pumps: so many.
        notes: where the instants go.
    """

    # Textual looks for an app's sheets beside the file of its own class.
    CSS_PATH = [str(Path(ui.__file__).parent / sheet) for sheet in FleetApp.CSS_PATH]  # noqa: RUF012 - as Textual has it

    def __init__(self, pumps: int, notes: Path) -> None:
        members = [Member(f"/dev/tty{number}", place=f"rack {number % 10}") for number in range(pumps)]
        self._known = [self._met(number, member) for number, member in enumerate(members)]
        self._faked = SimpleNamespace(members=members, snapshots=tuple(self._known), problem="")
        desk = SimpleNamespace(
            fleet=self._faked,
            snapshot=Snapshot("", 1_000),
            subscribe=lambda _: None,
            start=lambda: None,
            stop=lambda: None,
        )
        super().__init__(cast("Desk", desk))
        self._notes = notes
        self._count = 0

    def _met(self, number: int, member: Member) -> Snapshot:
        """Return a pump with its first reading; every 50th is low, the first the lowest of all."""
        serial = f"PM-{number:05}"
        identity = Identity(serial, "bench", "1", 0, number.to_bytes(8, "little"), 1, 0)
        known = met(Snapshot(member.url, 1_000), identity, Role.VIEWER)
        volume_nl = 1_900_000 if not number % 50 else 5_000_000 + number * 10_000
        now_ns = time.monotonic_ns()
        reading = Reading(serial, replace(_STATUS, reservoir_nl=volume_nl, sensed_nl=volume_nl), now_ns)
        return read(known, reading, reply_us=5_000, bad=0)

    def _next(self, number: int, known: Snapshot, second: int) -> Snapshot:
        """Return a pump with a newer reading: of the first with another volume, of the others at another instant."""
        before = known.reading
        if before is None:
            return known
        status = (
            before.status
            if number
            else replace(before.status, reservoir_nl=_volume_nl(second), sensed_nl=_volume_nl(second))
        )
        return replace(known, reading=Reading(before.serial_number, status, time.monotonic_ns()))

    def on_mount(self) -> None:
        """Begin to feed."""
        self.set_interval(1 / _PARTS, self._feed)

    def _feed(self) -> None:
        part, self._count = self._count % _PARTS, self._count + 1
        second = self._count // _PARTS
        for number in range(part, len(self._known), _PARTS):
            self._known[number] = self._next(number, self._known[number], second)
        handed_ns = time.monotonic_ns()
        self._faked.snapshots = tuple(self._known)
        self._look()
        if not part:
            with self._notes.open("a") as file:
                file.write(f"{_volume_nl(second) / 1e6:.2f} {handed_ns}\n")


if __name__ == "__main__":
    Feed(int(sys.argv[1]), Path(sys.argv[2])).run()
