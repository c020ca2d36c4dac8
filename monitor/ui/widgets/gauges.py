"""Thin lines that put a figure into its context: the scale of a rate and the bar of a volume.

A rate's scale is logarithmic: a factor is the same distance everywhere, so that a slip of ten is seen as such.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from textual.content import Content

from monitor.judgement import RATE_ERROR_TENTHS
from monitor.ui.widgets.lines import cells, place

if TYPE_CHECKING:
    from protocol.messages import Status

# Where the least rate is zero, which a logarithm cannot show, the scale begins three decades below the greatest.
_DECADES_FROM_ZERO: Final = 1_000
_DECADES_NL_H: Final = {
    "0.01": 417,
    "0.1": 4_167,
    "1": 41_667,
    "10": 416_667,
}


@dataclass(frozen=True, slots=True)
class LogScale:
    """Rates in nL/h along `width` cells, the least on the first of them and the greatest on the last."""

    least_nl_h: int
    most_nl_h: int
    width: int

    @classmethod
    def of(cls, least_nl_h: int, most_nl_h: int, width: int) -> LogScale:
        """Return the scale between two limits as a pump states them, be they zero or the wrong way round."""
        most = max(most_nl_h, 2)
        least = min(least_nl_h or max(most // _DECADES_FROM_ZERO, 1), most - 1)
        return cls(least, most, max(width, 2))

    def cell(self, rate_nl_h: int) -> int:
        """Return the cell of a rate: -1 below the least, `width` above the greatest."""
        if rate_nl_h < self.least_nl_h:
            return -1
        if rate_nl_h > self.most_nl_h:
            return self.width
        share = math.log(rate_nl_h / self.least_nl_h) / math.log(self.most_nl_h / self.least_nl_h)
        return round(share * (self.width - 1))


def rate_scale(status: Status, width: int, pointer: str) -> Content:
    """Draw the measured rate between the pump's limits, over the stated accuracy of the set rate.

    The first and the last cell lie outside the limits: what is too slow or too fast is drawn there.
    """
    if not width:
        return Content("")
    scale = LogScale.of(status.least_rate_nl_h, status.most_rate_nl_h, width - 2)
    row = [(" ", ""), *[("─", "$line")] * scale.width, (" ", "")]
    row[1], row[-2] = ("├", "$line"), ("┤", "$line")
    for rate in _DECADES_NL_H.values():
        if scale.least_nl_h < rate < scale.most_nl_h:
            row[scale.cell(rate) + 1] = ("┴", "$line")
    commanded = status.commanded_rate_nl_h
    if commanded:
        low = scale.cell(commanded * (1000 - RATE_ERROR_TENTHS) // 1000)
        high = scale.cell(commanded * (1000 + RATE_ERROR_TENTHS) // 1000)
        for column in range(max(low, 0), min(high, scale.width - 1) + 1):
            row[column + 1] = ("━", "$label")
    row[scale.cell(status.measured_rate_nl_h) + 1] = ("◆", pointer)
    return cells(row)


def rate_labels(status: Status, width: int, least: str, most: str) -> Content:
    """Draw the ends of the rate's scale, and the powers of ten between them."""
    scale = LogScale.of(status.least_rate_nl_h, status.most_rate_nl_h, width - 2)
    decades = [
        (scale.cell(rate) + 1, text, "$dim")
        for text, rate in _DECADES_NL_H.items()
        if scale.least_nl_h < rate < scale.most_nl_h
    ]
    return place(width, [(0, least, "$dim"), (width, most, "$dim"), *decades])


def bar(part: int, whole: int, width: int, style: str, tick: tuple[int, str] | None = None) -> Content:
    """Draw `part` of `whole` as a thin bar; `tick` is where a limit lies on it, and in which style."""
    filled = bar_cell(part, whole, width + 1)
    row = [("━", style)] * filled + [("─", "$line")] * (width - filled)
    if tick is not None and width:
        column = bar_cell(tick[0], whole, width)
        row[column] = ("┿" if column < filled else "┼", tick[1])
    return cells(row)


def bar_cell(part: int, whole: int, width: int) -> int:
    """Return the cell of `part` on a bar of `whole`, from 0 to `width` - 1."""
    return min(part * width // whole if whole else 0, width - 1)
