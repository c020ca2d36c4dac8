"""The battery: its charge, its voltage, and when the pump's service ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from monitor.ui.widgets import blocks
from monitor.ui.widgets.gauges import bar
from monitor.ui.widgets.lines import spread
from monitor.ui.widgets.marks import BATTERY, figure
from monitor.ui.words import BLANK, count

if TYPE_CHECKING:
    from monitor.ui.moment import Moment
    from protocol.messages import Status

_FULL: Final = 100  # per cent
_BAR: Final = 20


def block(moment: Moment, width: int) -> list[Content]:
    """Return the block, two lines."""
    status = moment.status
    if status is None:
        return [blocks.heading(moment, width, "BATTERY", BATTERY, ""), Content.assemble((BLANK, "$dim"))]
    volts = f"{status.battery_mv // 1000}.{status.battery_mv % 1000 // 10:02d} V"
    left = Content.assemble(
        (f"{status.battery_percent} %", f"bold {figure(moment.worst(*BATTERY), live=moment.live)}"),
        *((f"  {volts}", blocks.plain(moment)), (blocks.doubt(moment), "$value")),
    )
    basis = f"service ends in {count(status.service_days)} days"
    heading = blocks.heading(moment, width, "BATTERY", BATTERY, basis)
    return [heading, spread(width, left, _bar(moment, status, _BAR))]


def row(moment: Moment, width: int) -> Content:
    """Return the row."""
    status = moment.status
    if status is None:
        return blocks.blank_row(moment, "Battery", "%")
    gauge = _bar(moment, status, blocks.gauge_width(width))
    remark = f"ends in {count(status.service_days)} days"
    return blocks.row(moment, BATTERY, "Battery", str(status.battery_percent), "%", gauge, remark)


def _bar(moment: Moment, status: Status, width: int) -> Content:
    style = figure(moment.worst(*BATTERY), live=moment.live)
    return bar(status.battery_percent, _FULL, width, "$trace" if style == "$value" else style)
