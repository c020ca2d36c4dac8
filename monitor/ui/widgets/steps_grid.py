"""A day's pattern as a table to type into: a time and a rate a step, two columns of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from monitor.kinds.days import time_text
from monitor.kinds.fields import RATE, with_unit
from protocol.units import ml_day

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from monitor.kinds.ground import Pattern

_TIME: Final = 5  # characters of "06:00"
_RATE: Final = 24  # as of any figure with its unit


class StepsGrid(Horizontal):
    """Steps of a day; a row that is left empty is none.

    Args:
        rows: as many steps as there may be.
    """

    def __init__(self, rows: int) -> None:
        super().__init__()
        self._times = [Input(max_length=_TIME, select_on_focus=True, classes="time") for _ in range(rows)]
        self._rates = [Input(max_length=_RATE, select_on_focus=True, classes="step") for _ in range(rows)]
        for one in (*self._times, *self._rates):
            one.cursor_blink = False

    def compose(self) -> ComposeResult:
        """Put the rows into two columns, read downwards."""
        pairs = list(zip(self._times, self._rates, strict=True))
        half = -(-len(pairs) // 2)
        for column in (pairs[:half], pairs[half:]):
            with Vertical():
                yield Static("from   mL/day", markup=False, classes="hint")
                for time, rate in column:
                    with Horizontal(classes="pair"):
                        yield time
                        yield rate

    @property
    def first(self) -> Input:
        """Where typing begins."""
        return self._times[0]

    @property
    def text(self) -> str:
        """The pattern as one text: "00:00 0.5 mL/day, 06:00 0.6 mL/day"."""
        rows = ((time.value.strip(), rate.value) for time, rate in zip(self._times, self._rates, strict=True))
        typed = ((time, with_unit(rate, RATE.unit)) for time, rate in rows)
        return ", ".join(f"{time or '?'} {rate}".strip() for time, rate in typed if time or rate)

    def fill(self, pattern: Pattern) -> None:
        """Show a pattern to begin with."""
        for step, time, rate in zip(pattern, self._times, self._rates, strict=False):
            time.value, rate.value = time_text(step.minute), ml_day(step.rate_nl_h)
