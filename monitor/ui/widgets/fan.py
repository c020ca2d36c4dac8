"""The fan of a forecast in cells: shaded between the least and the most that are likely, with edges in eighths of a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.ui.widgets.plot import FULL

if TYPE_CHECKING:
    from monitor.ui.widgets.plot import Plot

_FINE: Final = 16  # rows from which the fan's edges are drawn in eighths; in fewer they would look torn
_EIGHTHS: Final = " ▁▂▃▄▅▆▇"
_MOST: Final = 5  # eighths from which a cell that shows something else as well is shaded
_BEGINS: Final = 6  # eighths
_SHADE: Final = "on $shade"
NO_FAN: Final = ((" ", ""), "")  # the cell, and the ground, where there is none


def fan_cell(plot: Plot, row: int, early: int, late: int) -> tuple[tuple[str, str], str]:
    """Return what one cell of the fan shows, and the ground for something else that is drawn there.

    The fan is shaded from `early` up to `late`, and begins where it is nearly a cell high.
    """
    bottom = (plot.height - 1 - row) * FULL
    low, high = max(early - bottom, 0), min(late - bottom, FULL)
    if high <= low or late - early < _BEGINS:
        return NO_FAN
    if plot.height < _FINE or (low == 0 and high == FULL):
        return (" ", _SHADE), f" {_SHADE}"
    ground = f" {_SHADE}" if high - low >= _MOST else ""
    if low == 0:
        return (_EIGHTHS[high], "$shade"), ground
    if high == FULL:
        return (_EIGHTHS[low], f"$surface {_SHADE}"), ground
    return (" ", _SHADE), ground
