"""Columns as dots: a trace goes through the least and the most of each column, and never over a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.trends.columns import Kind
from monitor.ui.widgets.braille import ACROSS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.trends.columns import Column
    from monitor.ui.widgets.braille import Canvas

HATCH: Final = ("╱", "$line")  # noqa: RUF001 - the hatching
CURSOR: Final = "┊"
_KNOWN: Final = (Kind.READ, Kind.HELD)


def trace(
    canvas: Canvas, columns: Sequence[Column], figure: int, up: Callable[[int], int], *, dash: int = 0
) -> None:
    """Draw one figure of each column.

    Args:
        canvas: where; the columns begin at its left.
        columns: a column of dots each.
        figure: which of the column's ranges.
        up: returns how many dots above the bottom a figure lies.
        dash: draw only the first half of every so many columns; 0 for a line without breaks.
    """
    before: tuple[int, int] | None = None
    for x, column in enumerate(columns):
        if column.kind not in _KNOWN:
            continue  # and what comes after a gap is joined to nothing
        least, most = column.ranges[figure]
        top, bottom = canvas.down - 1 - up(most), canvas.down - 1 - up(least)
        drawn_top, drawn_bottom = top, bottom
        if before is not None and (column.joined or column.kind is Kind.HELD):
            drawn_top, drawn_bottom = min(top, before[1] + 1), max(bottom, before[0] - 1)
        if not dash or x % dash < dash // 2 or drawn_top != top or drawn_bottom != bottom:
            canvas.column(x, drawn_top, drawn_bottom)
        before = top, bottom


def hatched(columns: Sequence[Column], width: int) -> list[bool]:
    """Return, for each cell across, whether readings are missing there and nothing is known beside it."""
    return [_is_gap(columns[cell * ACROSS : (cell + 1) * ACROSS]) for cell in range(width)]


def _is_gap(columns: Sequence[Column]) -> bool:
    kinds = {column.kind for column in columns}
    return Kind.GAP in kinds and not kinds & set(_KNOWN)
