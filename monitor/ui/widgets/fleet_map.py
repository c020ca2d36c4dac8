"""The map of a fleet: every pump as one mark, place by place in the order of the bench, so that none is out of sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from monitor.fleet.rows import needs_a_hand
from monitor.ui.widgets.fleet_cells import mark
from monitor.ui.widgets.lines import cells, stack
from monitor.ui.words import printable

if TYPE_CHECKING:
    from monitor.fleet.rows import Row
    from monitor.ui.fleet_moment import View

_LONGEST_PLACE: Final = 16
_NOWHERE: Final = "no place"


def draw(view: View, width: int, height: int) -> Content:
    """Draw the pumps that are shown; with a blank between two marks where there is room for that."""
    places: dict[str, list[Row]] = {}
    for row in sorted(view.rows, key=lambda one: one.number):
        places.setdefault(printable(row.place) or _NOWHERE, []).append(row)
    label = min(max(map(len, places), default=0), _LONGEST_PLACE) + 2
    if width <= label:
        return Content("")
    lines: list[list[tuple[str, str]]] = []
    shown: list[list[Row]] = []
    for step in (2, 1):
        lines, shown = _lines(view, places, label, (width - label) // step, step)
        if len(lines) <= height:
            return stack(map(cells, lines), width, height)
    hidden = [row for line in shown[height - 1 :] for row in line]
    in_need = sum(needs_a_hand(row) for row in hidden)
    said = f"… {len(hidden)} more, {in_need} of them need a hand: / to narrow, m for the table"
    return stack([*map(cells, lines[: height - 1]), Content.assemble((said, "bold $value"))], width, height)


def _lines(
    view: View, places: dict[str, list[Row]], label: int, most: int, step: int
) -> tuple[list[list[tuple[str, str]]], list[list[Row]]]:
    """Return the lines, and which pumps are on each."""
    lines: list[list[tuple[str, str]]] = []
    shown: list[list[Row]] = []
    for place, rows in places.items():
        for start in range(0, len(rows), max(most, 1)):
            part = rows[start : start + most]
            name = place[:_LONGEST_PLACE] if not start else ""
            line = [(name.ljust(label), "$label")]
            for row in part:
                char, style = mark(row)
                line += [
                    (char, f"{style} reverse" if row.number == view.chosen else style),
                    (" " * (step - 1), ""),
                ]
            lines.append(line)
            shown.append(part)
    return lines, shown
