"""The flow rate: what the motor turns at, against what it was told and what it may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from monitor.ui.widgets import blocks
from monitor.ui.widgets.gauges import rate_labels, rate_scale
from monitor.ui.widgets.marks import FLOW, figure
from monitor.ui.words import BLANK, percent
from protocol.units import ml_day
from protocol.vocabulary import Mode, State

if TYPE_CHECKING:
    from monitor.ui.moment import Moment

_UNIT: Final = "mL/day"


def block(moment: Moment, width: int) -> list[Content]:
    """Return the block, six lines."""
    status = moment.status
    heading = blocks.heading(moment, width, "FLOW RATE", FLOW, "measured at the motor")
    if status is None:
        facts = (("set", BLANK), ("diff", BLANK), blocks.NOTHING)
        return [heading, *blocks.large(moment, width, BLANK, _UNIT, "$dim", facts), Content(""), Content("")]
    style = figure(moment.worst(*FLOW), live=moment.live)
    ahead = blocks.NOTHING
    if status.state is State.STOPPED:
        ahead = ("resumes at", ml_day(status.programmed_rate_nl_h))
    elif status.mode is not Mode.PROGRAM:
        ahead = ("program", ml_day(status.programmed_rate_nl_h))
    facts = (
        ("set", ml_day(status.commanded_rate_nl_h)),
        ("diff", percent(status.measured_rate_nl_h, status.commanded_rate_nl_h)),
        ahead,
    )
    least, most = f"{ml_day(status.least_rate_nl_h)} least", f"{ml_day(status.most_rate_nl_h)} most"
    return [
        heading,
        *blocks.large(moment, width, ml_day(status.measured_rate_nl_h), _UNIT, style, facts),
        rate_scale(status, width, style),
        rate_labels(status, width, least, most),
    ]


def row(moment: Moment, width: int) -> Content:
    """Return the row."""
    status = moment.status
    if status is None:
        return blocks.blank_row(moment, "Flow rate", _UNIT)
    gauge = rate_scale(status, blocks.gauge_width(width), figure(moment.worst(*FLOW), live=moment.live))
    remark = f"set {ml_day(status.commanded_rate_nl_h)}"
    if status.commanded_rate_nl_h:
        remark += f"  {percent(status.measured_rate_nl_h, status.commanded_rate_nl_h)}"
    return blocks.row(moment, FLOW, "Flow rate", ml_day(status.measured_rate_nl_h), _UNIT, gauge, remark)
