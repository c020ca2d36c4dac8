"""A trend as it is drawn, whatever it is drawn on: the columns of its two charts, and the ranges that their axes need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.trends.ahead import USUAL_PACE, Pace
from monitor.trends.columns import Column, Grid, Kind, reduced
from monitor.trends.points import COMMANDED, MEASURED, RESERVOIR, SENSED, Points
from monitor.trends.times import label
from protocol.units import format_span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.trends.points import Range

RATES = (COMMANDED, MEASURED)
VOLUMES = (RESERVOIR, SENSED)


@dataclass(frozen=True, slots=True)
class Past:
    """All that is known of a pump's past, at one instant.

    Attributes:
        live: what this program has read.
        stored: what is known from before, by the span in ms that it was asked for, shorter spans first: the longer, the
            coarser.
        now_ms: the instant, this host's calendar clock.
        quiet_ms: after so long without a reading, readings are missing.
        clock_ahead_ms: how far the pump's calendar clock is ahead of this host's.
        pace: of the pump's time.
        oldest_ms: since when anything is known; None where nothing is.
    """

    live: Points
    stored: tuple[tuple[int, Points], ...] = ()
    now_ms: int = 0
    quiet_ms: int = 3_000
    clock_ahead_ms: int = 0
    pace: Pace = USUAL_PACE
    oldest_ms: int | None = None

    @property
    def age_s(self) -> int:
        """For how long the past is known."""
        return 0 if self.oldest_ms is None else max(0, self.now_ms - self.oldest_ms) // 1_000

    def columns(self, grid: Grid, which: Sequence[int]) -> list[Column]:
        """Return the columns of a grid, for the quantities wanted, from the finest that reaches as far back."""
        wanted_ms = (
            self.now_ms - grid.start_ms - 2 * grid.step_ms
        )  # by which a grid may be longer than its span
        reaching = [points for span_ms, points in self.stored if span_ms >= wanted_ms]
        older = reaching[:1] or [points for _, points in self.stored[-1:]]
        return reduced((*older, self.live), grid, which, self.quiet_ms)

    def grid(self, span_ms: int, count: int) -> Grid:
        """Return the grid of `count` columns over `span_ms` up to now."""
        return Grid.back(self.now_ms, span_ms, count)

    def label(self, at_ms: int, span_s: int) -> str:
        """Write an instant of this host's clock at an axis so long: "14:30", "12 Dec", by the pump's clock as it stands now.

        Where pump time runs fast, no clock tells both: then it is "5 min ago".
        """
        if not self.pace.is_usual:
            away_s = (self.now_ms - at_ms) // 1_000
            return f"{_brief(away_s)} ago" if away_s >= 0 else f"in {_brief(-away_s)}"
        ahead_ms = self.clock_ahead_ms
        return label((at_ms + ahead_ms) // 1_000, (self.now_ms + ahead_ms) // 1_000, span_s)


NOTHING = Past(Points())


def extent(columns: Iterable[Column], *figures: int) -> Range | None:
    """Return the least and the most of all that columns show, and of these figures; None where there is nothing."""
    seen = [one for column in columns for one in column.ranges]
    lows, highs = [low for low, _ in seen] + list(figures), [high for _, high in seen] + list(figures)
    return (min(lows), max(highs)) if lows else None


def is_known(columns: Iterable[Column]) -> bool:
    """Tell whether there is anything to draw."""
    return any(column.kind in (Kind.READ, Kind.HELD) for column in columns)


def _brief(seconds: int) -> str:
    """Write a span without a second unit that is nought: "10 min"."""
    words = format_span(seconds).split(" ")
    return " ".join(words[:2] if words[2:3] == ["0"] else words)
