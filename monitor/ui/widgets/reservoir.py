"""The reservoir: what is left by the pump's account, against its limits and against its own level sensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from monitor.ui.widgets import blocks
from monitor.ui.widgets.gauges import bar, bar_cell
from monitor.ui.widgets.lines import place
from monitor.ui.widgets.marks import RESERVOIR, TEXT, figure
from monitor.ui.words import BLANK
from protocol.units import ml

if TYPE_CHECKING:
    from monitor.ui.moment import Moment
    from protocol.messages import Status


def block(moment: Moment, width: int) -> list[Content]:
    """Return the block, eight lines."""
    status = moment.status
    if status is None:
        facts = (("low limit", BLANK), ("empty at", BLANK), blocks.NOTHING)
        heading = blocks.heading(moment, width, "RESERVOIR", RESERVOIR, "")
        return [heading, *blocks.large(moment, width, BLANK, "mL", "$dim", facts), *[Content("")] * 4]
    facts = (("low limit", ml(status.low_reservoir_nl)), ("empty at", ml(status.residual_nl)), blocks.NOTHING)
    style = figure(moment.worst(*RESERVOIR), live=moment.live)
    tick = bar_cell(status.low_reservoir_nl, status.capacity_nl, width)
    ends = [(0, "0", "$dim"), (width, ml(status.capacity_nl, 0), "$dim")]
    return [
        blocks.heading(moment, width, "RESERVOIR", RESERVOIR, f"of {ml(status.capacity_nl)} mL"),
        *blocks.large(moment, width, ml(status.reservoir_nl), "mL", style, facts),
        _bar(moment, status, width),
        place(width, [*ends, (tick, "low", _limit_style(moment))]),
        Content.assemble(
            *(("sensed    ", "$label"), (f"{ml(status.sensed_nl):>5}", blocks.plain(moment))),
            (f" ± {ml(status.sensed_band_nl)} mL", "$label"),
        ),
        Content.assemble(
            *(("delivered ", "$label"), (f"{ml(status.delivered_nl):>5}", blocks.plain(moment))),
            (" mL since the last fill", "$label"),
        ),
    ]


def row(moment: Moment, width: int) -> Content:
    """Return the row."""
    status = moment.status
    if status is None:
        return blocks.blank_row(moment, "Reservoir", "mL")
    gauge = _bar(moment, status, blocks.gauge_width(width))
    remark = f"of {ml(status.capacity_nl)}  low {ml(status.low_reservoir_nl)}"
    return blocks.row(moment, RESERVOIR, "Reservoir", ml(status.reservoir_nl), "mL", gauge, remark)


def _bar(moment: Moment, status: Status, width: int) -> Content:
    style = figure(moment.worst(*RESERVOIR), live=moment.live)
    filled = "$trace" if style == "$value" else style
    limit = (status.low_reservoir_nl, _limit_style(moment))
    return bar(status.reservoir_nl, status.capacity_nl, width, filled, limit)


def _limit_style(moment: Moment) -> str:
    worst = moment.worst(*RESERVOIR)
    return "$label" if worst is None else TEXT[worst]
