"""Where volumes and times of the reservoir lie on a grid of cells, and how wide the fan of the forecast is there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from monitor.judgement import S_PER_DAY
from monitor.trends.ahead import volume_ahead, volumes_ahead
from monitor.trends.axis import next_round
from monitor.trends.window import ticks

if TYPE_CHECKING:
    from monitor.judgement import Span
    from protocol.messages import Status

FULL: Final = 8  # eighths of a cell
_MARGIN: Final = 103  # the axis ends at this many hundredths of the latest end of delivery
_BELOW_EMPTY: Final = 8  # the axis goes on below the residual by one part in so many of what can be delivered
_TICKS: Final = 6  # dates along the axis at the most
_TICK: Final = 12  # columns that a date, or an hour, wants
_TICKS_FROM_S: Final = 4 * S_PER_DAY


@dataclass(frozen=True)
class Plot:
    """A grid of `width` by `height` cells, from `back_s` ago to the end of delivery, or not as far. Times are the pump's.

    Attributes:
        width: in cells.
        height: the same.
        status: the reservoir, now.
        span: when delivery ends; None where it never does.
        back_s: how far back the grid reaches.
        ahead_s: how far ahead at the most; None for to the end of delivery.
        seen_nl: the greatest volume of the past that is shown.
    """

    width: int
    height: int
    status: Status
    span: Span | None
    back_s: int = 0
    ahead_s: int | None = None
    seen_nl: int = 0

    @cached_property
    def top_nl(self) -> int:
        """The volume at the top: a round figure over all that is shown, and not over the capacity."""
        volume = max(self.status.reservoir_nl, self.seen_nl)
        top = next_round(volume)
        return min(top, self.status.capacity_nl) if self.status.capacity_nl >= volume else top

    @cached_property
    def floor_nl(self) -> int:
        """The volume at the bottom: zero, or not far under the residual where zero would leave no room to see."""
        residual = self.status.residual_nl
        return max(residual - (self.top_nl - residual) // _BELOW_EMPTY, 0)

    @cached_property
    def horizon_s(self) -> int:
        """How far ahead the right end is."""
        wanted = 0 if self.span is None else self.span.late_s * _MARGIN // 100
        return max(wanted if self.ahead_s is None else min(wanted, self.ahead_s), 1)

    @cached_property
    def length_s(self) -> int:
        """The time from end to end."""
        return self.back_s + self.horizon_s

    def column(self, seconds: int) -> int:
        """Return the column of an instant, in seconds from now."""
        return min((seconds + self.back_s) * self.width // self.length_s, self.width - 1)

    def second(self, x: int, of: int) -> int:
        """Return the instant, in seconds from now, at which the part number `x` begins, of `of` equal ones."""
        return x * self.length_s // of - self.back_s

    def steps_up(self, volume_nl: int, per_cell: int) -> int:
        """Return how far above the bottom a volume lies, with `per_cell` steps in each row."""
        steps = self.height * per_cell
        above = (volume_nl - self.floor_nl) * steps // max(self.top_nl - self.floor_nl, 1)
        return min(max(above, 0), steps - 1)

    def row(self, volume_nl: int) -> int:
        """Return the row of a volume, counted from the top."""
        return self.height - 1 - self.steps_up(volume_nl, 1)

    def expected_at(self, seconds: int) -> int | None:
        """Return the volume in nL that is expected after `seconds`; None before now and beyond the end of delivery."""
        if self.span is None or not 0 <= seconds <= self.span.expected_s:
            return None
        return volume_ahead(self.status, seconds, self.span.expected_s)

    def fan(self, column: int) -> tuple[int, int]:
        """Return the least and the greatest likely volume in the middle of a column, as eighths above the bottom."""
        seconds = self.second(2 * column + 1, 2 * self.width)
        if self.span is None or not 0 <= seconds <= self.span.late_s:
            return 0, 0
        volumes = volumes_ahead(self.status, self.span, seconds)
        return self.steps_up(volumes.least_nl, FULL), self.steps_up(volumes.most_nl, FULL)

    def ticks(self) -> list[int]:
        """Return the seconds from now to a handful of instants: whole days away ahead alone, else round ones of the clock."""
        if self.back_s:
            now_s = self.status.clock_s
            return [
                at - now_s for at in ticks(now_s - self.back_s, now_s + self.horizon_s, self.width // _TICK)
            ]
        if self.horizon_s < _TICKS_FROM_S:
            return []
        step = 1
        while step * _TICKS * S_PER_DAY < self.horizon_s:
            step = step // 2 * 5 if str(step).startswith("2") else step * 2
        return [ahead * step * S_PER_DAY for ahead in range(1, self.horizon_s // (step * S_PER_DAY) + 1)]
