"""A fleet and the instant at which somebody looks at it: all that the fleet's widgets are given to draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.fleet.rows import needs_a_hand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.fleet.rows import Counts, Row
    from protocol.alarms import Priority


@dataclass(frozen=True, eq=False, slots=True)
class FleetMoment:
    """All pumps, at one instant of the host's monotonic clock.

    Attributes:
        rows: a row a pump, in the order of the bench.
        counts: how many of them stand how.
        now_ns: the instant.
        bench_key: whether some pump is watched by the published bench key.
        problem: why not all that the pumps say is stored, one sentence; empty where it is.
        calling: the priorities of the alarms that nobody has acknowledged or heard.
        dark: those of them that are in the dark half of their flash.
        pause_s: for how long nothing sounds; 0 where it may.
    """

    rows: Sequence[Row]
    counts: Counts
    now_ns: int
    bench_key: bool
    problem: str = ""
    calling: frozenset[Priority] = frozenset()
    dark: frozenset[Priority] = frozenset()
    pause_s: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """What of a fleet is shown, and how.

    Attributes:
        rows: those that are shown, in the order in which they are.
        chosen: the number of the pump under the cursor; None where no row is shown.
        now_ns: the instant.
    """

    rows: Sequence[Row]
    chosen: int | None
    now_ns: int

    def place_of(self, number: int | None) -> int:
        """Return at which row a pump stands; 0 where it is not shown."""
        return next((place for place, row in enumerate(self.rows) if row.number == number), 0)

    def next_in_need(self) -> int | None:
        """Return the next pump after the chosen one that needs a hand which nobody has lent; None if none does.

        Those that somebody has acknowledged come into question where no other is left.
        """
        start = self.place_of(self.chosen) + 1
        around = [*self.rows[start:], *self.rows[:start]]
        in_need = [row for row in around if needs_a_hand(row)]
        unseen = [row for row in in_need if not row.seen]
        return next((row.number for row in unseen or in_need), None)
