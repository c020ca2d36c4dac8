"""Where volumes and times of the outlook lie on a grid of cells, and how wide the fan of the forecast is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.judgement import S_PER_DAY
from protocol.units import NL_PER_ML

if TYPE_CHECKING:
    from monitor.judgement import Span
    from protocol.messages import Status

FULL: Final = 8  # eighths of a cell
_MARGIN: Final = 103  # the axis ends at this many hundredths of the latest end of delivery
_BELOW_EMPTY: Final = 8  # the axis goes on below the residual by one part in so many of what can be delivered
_STEPS: Final = (10, 15, 20, 25, 30, 40, 50, 60, 80, 100)  # tops of the volume axis, over a power of ten
_TICKS: Final = 6  # dates along the axis at the most
_TICKS_FROM_S: Final = 4 * S_PER_DAY


@dataclass(frozen=True, slots=True)
class Plot:
    """A grid of `width` by `height` cells, from now to the end of delivery as `span` has it."""

    width: int
    height: int
    status: Status
    span: Span

    @property
    def top_nl(self) -> int:
        """The volume at the top: a round figure over what is left, and not over the capacity."""
        volume = self.status.reservoir_nl
        top = next_round(volume)
        return min(top, self.status.capacity_nl) if self.status.capacity_nl >= volume else top

    @property
    def floor_nl(self) -> int:
        """The volume at the bottom: zero, or not far under the residual where zero would leave no room to see."""
        residual = self.status.residual_nl
        return max(residual - (self.top_nl - residual) // _BELOW_EMPTY, 0)

    @property
    def horizon_s(self) -> int:
        """The time at the right end."""
        return max(self.span.late_s * _MARGIN // 100, 1)

    def column(self, seconds: int) -> int:
        """Return the column of an instant."""
        return min(seconds * self.width // self.horizon_s, self.width - 1)

    def steps_up(self, volume_nl: int, per_cell: int) -> int:
        """Return how far above the bottom a volume lies, with `per_cell` steps in each row."""
        steps = self.height * per_cell
        above = (volume_nl - self.floor_nl) * steps // max(self.top_nl - self.floor_nl, 1)
        return min(max(above, 0), steps - 1)

    def row(self, volume_nl: int) -> int:
        """Return the row of a volume, counted from the top."""
        return self.height - 1 - self.steps_up(volume_nl, 1)

    def volume_at(self, seconds: int, lasts_s: int) -> int:
        """Return the volume in nL after `seconds`, where it lasts `lasts_s` down to the residual."""
        left, residual = self.status.reservoir_nl, self.status.residual_nl
        return max(left - (left - residual) * seconds // max(lasts_s, 1), residual)

    def fan(self, column: int) -> tuple[int, int]:
        """Return the least and the greatest likely volume in the middle of a column, as eighths above the bottom."""
        seconds = (2 * column + 1) * self.horizon_s // (2 * self.width)
        if seconds > self.span.late_s:
            return 0, 0
        early = self.volume_at(seconds, self.span.early_s)
        late = self.volume_at(seconds, self.span.late_s)
        return self.steps_up(early, FULL), self.steps_up(late, FULL)

    def ticks(self) -> list[int]:
        """Return the seconds to a handful of whole days ahead; none on an axis of hours."""
        if self.horizon_s < _TICKS_FROM_S:
            return []
        step = 1
        while step * _TICKS * S_PER_DAY < self.horizon_s:
            step = step // 2 * 5 if str(step).startswith("2") else step * 2
        return [ahead * step * S_PER_DAY for ahead in range(1, self.horizon_s // (step * S_PER_DAY) + 1)]


def next_round(volume_nl: int) -> int:
    """Return the next round volume: 18.2 mL gives 20 mL, 2.31 mL gives 2.5 mL."""
    power = NL_PER_ML // 1_000
    while power * _STEPS[-1] < volume_nl:
        power *= 10
    return next(power * step for step in _STEPS if power * step >= volume_nl)
