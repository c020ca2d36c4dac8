"""NOW: the five facts of the moment as blocks, or on a small terminal the four that matter most as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from monitor.ui.widgets import battery, flow_rate, link, refill, reservoir
from monitor.ui.widgets.lines import stack

if TYPE_CHECKING:
    from monitor.ui.moment import Moment

BLOCKS_FROM: Final = (
    100,
    40,
)  # columns and rows of the screen that has room for blocks, as the style sheet has it
_TALL: Final = 26  # rows that the five blocks take
_GAP: Final = Content("")


def draw(moment: Moment, width: int, height: int) -> Content:
    """Draw the blocks, or the rows where there is no room for them."""
    if height < _TALL:
        rows = [flow_rate.row(moment, width), reservoir.row(moment, width), battery.row(moment, width)]
        return stack(
            [line.truncate(width, ellipsis=True) for line in (*rows, refill.row(moment))], width, height
        )
    lines = [
        *(*flow_rate.block(moment, width), _GAP),
        *(*reservoir.block(moment, width), _GAP),
        *(*refill.block(moment, width), _GAP),
        *(*battery.block(moment, width), _GAP),
        *link.block(moment, width),
    ]
    return stack(lines, width, height)
