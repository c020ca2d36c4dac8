"""What the widgets of a trend are given to draw: the moment, the past, and what somebody wants to see of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from monitor.trends.charts import NOTHING, Past
from monitor.trends.window import SPANS, covering, within
from monitor.ui.words import time_of
from protocol.units import format_span

if TYPE_CHECKING:
    from monitor.trends.window import Span
    from monitor.ui.moment import Moment

_MS_A_S: Final = 1_000


@dataclass(frozen=True, eq=False)
class View:
    """A trend at one moment.

    Attributes:
        moment: the moment.
        past: what is known of the past.
        chosen: which of SPANS somebody chose; None for what fits the past.
        cursor_ms: the instant that the cursor is at, this host's calendar clock; None without a cursor.
        whole: whether the trend has a screen of its own, and the reservoir the same span as the rates.
    """

    moment: Moment
    past: Past = NOTHING
    chosen: int | None = None
    cursor_ms: int | None = None
    whole: bool = False

    @property
    def index(self) -> int:
        """Which of SPANS the rates are shown over."""
        return covering(self.past.age_s) if self.chosen is None else self.chosen

    @property
    def span(self) -> Span:
        """That span."""
        return SPANS[self.index]

    @cached_property
    def back(self) -> Span:
        """How far back the reservoir is shown where it is known: as far as lies ahead, or as was chosen."""
        forecast = self.moment.forecast
        ahead = None if forecast is None else forecast.to_empty
        if self.whole or ahead is None:
            return self.span
        fits = within(self.past.pace.host_ms(ahead.late_s) // _MS_A_S)
        return fits if self.chosen is None else max(fits, self.span, key=attrgetter("seconds"))

    @cached_property
    def now_s(self) -> int:
        """Now, by the clock that the axes are labelled in: the pump's, as it stands now."""
        return (self.past.now_ms + self.past.clock_ahead_ms) // _MS_A_S

    @property
    def cursor(self) -> str:
        """Where the cursor is, in words: "13:50:12, 42 min ago", "26 Dec 13:50, 6 d 1 h ago"; empty without one."""
        if self.cursor_ms is None:
            return ""
        ago_s = max(0, self.past.now_ms - self.cursor_ms) // _MS_A_S
        if not self.past.pace.is_usual:
            return f"{format_span(ago_s)} ago"
        at_s = (self.cursor_ms + self.past.clock_ahead_ms) // _MS_A_S
        return f"{time_of(at_s, self.now_s, seconds=True)}, {format_span(ago_s)} ago"
