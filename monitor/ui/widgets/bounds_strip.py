"""The bounds of a rate as a strip: what is allowed, what is an ordinary step, where the rate is and where it would be.

Logarithmic, so that a slip of ten is as far to the eye as it is in effect. Hatched: outside the hard limits. Brighter:
within the soft step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.ui.widgets.gauges import LogScale
from monitor.ui.widgets.lines import cells, place, stack
from protocol.units import ml_day

if TYPE_CHECKING:
    from textual.content import Content

    from protocol.bounds import Bounds, SoftLimits

_HATCH: Final = "\N{BOX DRAWINGS LIGHT DIAGONAL UPPER RIGHT TO LOWER LEFT}"
_NAMES_APART: Final = 5
_HATCHED: Final = 3  # cells at either end that stand for all that is outside


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rate between its bounds, in nL/h; `new_nl_h` is None as long as there is no figure."""

    bounds: Bounds
    soft: SoftLimits
    now_nl_h: int
    new_nl_h: int | None = None
    warns: bool = False


def draw(data: Proposal, width: int, height: int) -> Content:
    """Draw the strip and its labels, two rows."""
    scale = LogScale.of(data.bounds.least_rate_nl_h, data.bounds.most_rate_nl_h, width - 2 * _HATCHED)
    row = [_ground(column - _HATCHED, data, scale) for column in range(width)]
    now, new = _column(data.now_nl_h, scale), None
    if data.new_nl_h is not None:
        new = _column(data.new_nl_h, scale)
        style = "$medium" if data.warns else "$value"
        for column in range(min(now, new) + 1, max(now, new)):
            row[column] = (
                "─",
                f"{style} {row[column][1].partition('on')[1]}{row[column][1].partition('on')[2]}",
            )
    row[now] = ("┃", _over("$value", row[now][1]))
    if new is not None:
        row[new] = ("◆", _over("$medium" if data.warns else "$value", row[new][1]))
    return stack([cells(row), _labels(data, width, scale, now, new)], width, height)


def _column(rate_nl_h: int, scale: LogScale) -> int:
    """Return the column of a rate; what is outside is drawn in the middle of the hatching."""
    cell = scale.cell(rate_nl_h)
    if cell < 0:
        return _HATCHED // 2
    return cell + _HATCHED if cell < scale.width else scale.width + _HATCHED + _HATCHED // 2


def _ground(cell: int, data: Proposal, scale: LogScale) -> tuple[str, str]:
    bounds, now = data.bounds, data.now_nl_h
    lowest, highest = 0, scale.width - 1
    if bounds.step_up_percent:
        highest = min(highest, scale.cell(now * (100 + bounds.step_up_percent) // 100))
    if bounds.step_down_percent:
        lowest = max(lowest, scale.cell(now * (100 - bounds.step_down_percent) // 100))
    if not lowest <= cell <= highest:
        return _HATCH, "$line"
    down, up = data.soft.step_down.upper_soft, data.soft.step_up.upper_soft
    within = scale.cell(now * (100 - down) // 100) <= cell <= scale.cell(now * (100 + up) // 100)
    return " ", "on $line" if within else "on $shade"


def _over(style: str, ground: str) -> str:
    """Return a style that keeps the ground it is drawn on."""
    return f"bold {style} {ground}" if ground.startswith("on ") else f"bold {style}"


def _labels(data: Proposal, width: int, scale: LogScale, now: int, new: int | None) -> Content:
    least = f"{ml_day(data.bounds.least_rate_nl_h)} least"
    most = f"{ml_day(data.bounds.most_rate_nl_h)} most"
    labels = [
        (_HATCHED + len(least) // 2, least, "$label"),
        (_HATCHED + scale.width - len(most) + len(most) // 2, most, "$label"),
    ]
    aside = 0
    if new is not None:
        # Close to each other, the two names stand back to back instead of one over the other.
        close = abs(new - now) < _NAMES_APART
        aside = 0 if not close else -1 if new >= now else 1
        labels.append((new - aside, "new", "$foreground"))
    labels.append((now + aside, "now", "$foreground"))
    return place(width, labels)
