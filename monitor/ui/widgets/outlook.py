"""OUTLOOK: the reservoir from now on to empty, as one reading foretells it.

A dashed line for the present rate, a grey fan for the stated error of that rate, the two limits as labelled lines, and
on the time axis the day by which to refill.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from monitor.ui.widgets.braille import DOWN, Canvas
from monitor.ui.widgets.lines import cells, place, spread, stack
from monitor.ui.widgets.marks import RESERVOIR, TEXT
from monitor.ui.widgets.plot import FULL, Plot
from monitor.ui.words import day, printable
from protocol.units import ml

if TYPE_CHECKING:
    from monitor.ui.moment import Moment

_AXIS: Final = 11  # columns of the labels: "empty 1.40 "
_WITH_HEADING: Final = 9  # rows from which a heading is drawn
_FINE: Final = 16  # rows from which the fan's edges are drawn in eighths; in fewer they would look torn
_DASH: Final = 7  # columns of dots from dash to dash
_DASH_DRAWN: Final = 4
_EIGHTHS: Final = " ▁▂▃▄▅▆▇"
_MOST: Final = 5  # eighths from which a cell that shows something else as well is shaded
_BEGINS: Final = 6  # eighths
_SHADE: Final = "on $shade"
_NO_FAN: Final = ((" ", ""), "")


def draw(moment: Moment, width: int, height: int) -> Content:
    """Draw the chart, or say in words why there is none."""
    status, forecast = moment.status, moment.forecast
    if status is None or forecast is None:
        return _words(width, height, "waiting for the pump", printable(moment.snapshot.problem))
    if status.reservoir_nl <= status.residual_nl:
        return _words(width, height, "empty", "what is left cannot be delivered")
    if forecast.to_empty is None:
        return _words(width, height, "not delivering", "at this rate the reservoir never gets low")
    heading = [_heading(moment, width)] if height >= _WITH_HEADING else []
    plot = Plot(width - _AXIS, height - len(heading) - 1, status, forecast.to_empty)
    return stack([*heading, *_chart(moment, plot), _time_axis(moment, plot)], width, height)


def _words(width: int, height: int, said: str, why: str) -> Content:
    lines = (Content.assemble((said, "$label")), Content.assemble((why, "$dim")))
    centred = [line.truncate(width, ellipsis=True).center(width) for line in lines]
    return stack([*[Content("")] * max((height - 2) // 2, 0), *centred], width, height)


def _heading(moment: Moment, width: int) -> Content:
    span = (" mL, from now on to empty", "$dim") if moment.live else (" mL, as last seen ?", "$value")
    legend = Content.assemble(
        ("╌╌", "$value"), (" forecast  ", "$label"), ("  ", _SHADE), (" likely", "$label")
    )
    return spread(width, Content.assemble(("reservoir", "$foreground"), span), legend)


def _chart(moment: Moment, plot: Plot) -> list[Content]:
    trace = "$value" if moment.live else "$dim"
    canvas, limits = _forecast_line(plot), _limits(moment, plot)
    fan = [plot.fan(column) for column in range(plot.width)]
    lines = []
    for row in range(plot.height):
        label, dash = limits.get(row, (Content(""), ""))
        drawn = []
        for column, (early, late) in enumerate(fan):
            (char, style), ground = _fan_cell(plot, row, early, late)
            dots = canvas.char(column, row)
            if dots:
                drawn.append((dots, f"{trace}{ground}"))
            elif dash:
                drawn.append(("┄", f"{dash}{ground}"))
            else:
                drawn.append((char, style))
        lines.append(label.truncate(_AXIS, pad=True) + cells(drawn))
    return lines


def _forecast_line(plot: Plot) -> Canvas:
    canvas = Canvas(plot.width, plot.height)
    heights: list[int | None] = []
    for x in range(canvas.across):
        seconds = x * plot.horizon_s // canvas.across
        drawn = x % _DASH < _DASH_DRAWN and seconds <= plot.span.expected_s
        volume = plot.volume_at(seconds, plot.span.expected_s)
        heights.append(canvas.down - 1 - plot.steps_up(volume, DOWN) if drawn else None)
    canvas.line(heights)
    return canvas


def _fan_cell(plot: Plot, row: int, early: int, late: int) -> tuple[tuple[str, str], str]:
    """Return what one cell of the fan shows, and the ground for something else that is drawn there.

    The fan is shaded from `early` up to `late`, and begins where it is nearly a cell high.
    """
    bottom = (plot.height - 1 - row) * FULL
    low, high = max(early - bottom, 0), min(late - bottom, FULL)
    if high <= low or late - early < _BEGINS:
        return _NO_FAN
    if plot.height < _FINE or (low == 0 and high == FULL):
        return (" ", _SHADE), f" {_SHADE}"
    ground = f" {_SHADE}" if high - low >= _MOST else ""
    if low == 0:
        return (_EIGHTHS[high], "$shade"), ground
    if high == FULL:
        return (_EIGHTHS[low], f"$surface {_SHADE}"), ground
    return (" ", _SHADE), ground


def _limits(moment: Moment, plot: Plot) -> dict[int, tuple[Content, str]]:
    """Return by row the label at the axis, and the style of the limit line where there is one."""
    status = plot.status
    worst = moment.worst(*RESERVOIR)
    low_style = "$label" if worst is None else TEXT[worst]
    low, empty = plot.row(status.low_reservoir_nl), plot.row(status.residual_nl)
    if empty == low and low + 1 < plot.height:
        empty = low + 1  # two limits within a row of each other: both stay readable
    labels = {0: (_label(ml(plot.top_nl, 1), "$dim"), "")}
    if not plot.floor_nl:
        labels[plot.height - 1] = (_label("0", "$dim"), "")
    labels[empty] = (_label(f"empty {ml(status.residual_nl)}", "$label"), "$label")
    labels[low] = (_label(f"low {ml(status.low_reservoir_nl)}", low_style), low_style)
    return labels


def _label(text: str, style: str) -> Content:
    return Content.assemble((f"{text:>{_AXIS - 1}} ", style))


def _time_axis(moment: Moment, plot: Plot) -> Content:
    """Return the axis of days: now, the day by which to refill, the day on which delivery ends, and days between."""
    now_s = plot.status.clock_s
    low = None if moment.forecast is None else moment.forecast.to_low
    strong, plain = ("bold $value", "$label") if moment.live else ("bold $dim", "$dim")
    labels = []
    if low is not None and low.expected_s:
        text = f"▲ {day(now_s + low.expected_s, now_s)}"
        labels.append((plot.column(low.expected_s) + len(text) // 2, text, strong))
    text = f"empty {day(now_s + plot.span.expected_s, now_s)}"
    labels.append((plot.column(plot.span.expected_s) + len(text) // 2, text, plain))
    labels.append((1, "now", plain))
    labels += [(plot.column(ahead_s), day(now_s + ahead_s, now_s), "$dim") for ahead_s in plot.ticks()]
    return Content(" " * _AXIS) + place(plot.width, labels)
