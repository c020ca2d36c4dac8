"""The two grammars in which NOW states a fact: a block of several lines, or one row on a small terminal.

A block: label left and basis right; the figure; its context. A row: mark, label, figure, unit, gauge, remark, all in
columns. In both a stale figure is dim and bears a question mark, and a block's basis gives way to its age.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from monitor.ui.widgets.digits import big
from monitor.ui.widgets.lines import Part, spread
from monitor.ui.widgets.marks import MARK, TEXT, figure
from monitor.ui.words import BLANK
from protocol.units import format_span

if TYPE_CHECKING:
    from monitor.ui.moment import Moment

_LABEL: Final = 11
_FIGURE: Final = 7
_UNIT: Final = 9
_REMARK: Final = 26
_LEAST_GAUGE: Final = 8
Fact = tuple[str, str]
NOTHING: Final[Fact] = ("", "")


def plain(moment: Moment) -> str:
    """Return the style of an ordinary figure: dim when it is stale."""
    return "$foreground" if moment.live else "$dim"


def doubt(moment: Moment) -> str:
    """Return the mark of a stale figure."""
    return "" if moment.live or moment.status is None else " ?"


def name(moment: Moment, text: str, keys: tuple[str, ...]) -> Content:
    """Return a block's name, with a mark where an alarm is about it."""
    worst = moment.worst(*keys)
    mark: tuple[Part, ...] = () if worst is None else ((f"{MARK[worst]} ", TEXT[worst]),)
    return Content.assemble(*mark, (text, "$label"))


def heading(moment: Moment, width: int, text: str, keys: tuple[str, ...], basis: str) -> Content:
    """Return a block's first line: its name, and what the figure rests on or how old it is."""
    right: Part = (basis, "$dim")
    if moment.status is not None and not moment.live:
        right = (f"stale {format_span(moment.age_s)}", "$medium")
    return spread(width, name(moment, text, keys), Content.assemble(right))


def large(
    moment: Moment, width: int, text: str, unit: str, style: str, facts: tuple[Fact, Fact, Fact]
) -> list[Content]:
    """Return the three rows of a large figure, and beside them the facts that it is read against."""
    tail = Content.assemble((f" {unit}", "$label"), (doubt(moment), "$value"))
    widest = max(len(value) for _, value in facts)
    room = width - tail.cell_length - max(len(label) for label, _ in facts) - widest - 2
    tails: tuple[Part, ...] = ("", "", tail)
    lines = []
    for text_row, unit_row, (label, value) in zip(big(text, room), tails, facts, strict=True):
        left = Content.assemble((text_row, f"bold {style}"), unit_row)
        right = Content.assemble((f"{label} ", "$label"), (f"{value:>{widest}}", plain(moment)))
        lines.append(spread(width, left, right if label else None))
    return lines


def row(
    moment: Moment, keys: tuple[str, ...], label: str, value: str, unit: str, gauge: Content, remark: str
) -> Content:
    """Return one row; the gauge is as wide as `gauge_width` says, or not there."""
    worst = moment.worst(*keys)
    mark: Part = "  " if worst is None else (f"{MARK[worst]} ", TEXT[worst])
    return Content.assemble(
        *(mark, (f"{label:<{_LABEL}}", "$label")),
        (f"{value:>{_FIGURE}}", f"bold {figure(worst, live=moment.live)}"),
        *((f" {unit}", "$label"), (f"{doubt(moment):<{_UNIT - len(unit) - 1}}", "$value")),
        *(gauge, (f"  {remark}" if gauge else remark, plain(moment))),
    )


def row_label(text: str) -> Content:
    """Return the label of a row whose figure is no number."""
    return Content.assemble("  ", (f"{text:<{_LABEL}}", "$label"), " ")


def blank_row(moment: Moment, label: str, unit: str) -> Content:
    """Return the row of a figure that is not known."""
    return row(moment, (), label, BLANK, unit, Content(""), "")


def gauge_width(width: int) -> int:
    """Return the cells between the figures and the remarks; 0 where they are too few for a gauge."""
    left = width - 2 - _LABEL - _FIGURE - _UNIT - _REMARK
    return left if left >= _LEAST_GAUGE else 0
