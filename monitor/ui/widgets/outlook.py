"""The reservoir: what was read of it, and from now on to empty as one reading foretells it.

A line for the expected volume, dots for the level sensor, hatching where readings are missing. Ahead a dashed line for the
present rate, a grey fan for the stated error of that rate, the two limits as labelled lines, and on the axis of time the
day by which to refill.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from textual.content import Content

from monitor.trends.charts import VOLUMES, extent, is_known
from monitor.trends.columns import Grid
from monitor.trends.times import label
from monitor.trends.window import SPANS
from monitor.ui.widgets.braille import ACROSS, DOWN, Canvas
from monitor.ui.widgets.fan import NO_FAN, fan_cell
from monitor.ui.widgets.lines import cells, place, spread, stack
from monitor.ui.widgets.marks import RESERVOIR, TEXT
from monitor.ui.widgets.plot import Plot
from monitor.ui.widgets.traces import CURSOR, HATCH, hatched, trace
from monitor.ui.words import day, printable
from protocol.units import format_span, ml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.judgement import Forecast
    from monitor.trends.columns import Column
    from monitor.ui.widgets.view import View
    from protocol.messages import Status

_AXIS: Final = 11  # columns of the labels: "empty 1.40 "
_WITH_HEADING: Final = 9  # rows from which a heading is drawn
_DASH: Final = 7  # columns of dots from dash to dash
_DASH_DRAWN: Final = 4
_SENSED_DASH: Final = 4
_SHADE: Final = "on $shade"
_EXPECTED, _SENSED = 0, 1  # of VOLUMES
_MS_A_S: Final = 1_000


@dataclass(frozen=True, eq=False)
class _Chart:
    """The chart, laid out."""

    view: View
    plot: Plot
    grid: Grid
    columns: list[Column]

    @cached_property
    def now_x(self) -> int:
        """The column of dots at which the past ends."""
        return len(self.columns)

    @cached_property
    def cursor(self) -> int | None:
        """The column that the cursor is in; None where it is in none."""
        at_ms = self.view.cursor_ms
        if at_ms is None or not 0 <= self.grid.index(at_ms) < self.now_x:
            return None
        return self.grid.index(at_ms) // ACROSS

    def up(self, volume_nl: int) -> int:
        """Return how many dots above the bottom a volume lies."""
        return self.plot.steps_up(volume_nl, DOWN)


def draw(view: View, width: int, height: int) -> Content:
    """Draw the chart, or say in words why there is none."""
    status, forecast = view.moment.status, view.moment.forecast
    if status is None or forecast is None:
        return _words(width, height, "waiting for the pump", printable(view.moment.snapshot.problem))
    headed = height >= _WITH_HEADING or view.cursor_ms is not None
    chart = _laid_out(view, status, forecast, width - _AXIS, height - headed - 1)
    if chart.plot.span is None and not is_known(chart.columns):
        if status.reservoir_nl <= status.residual_nl:
            return _words(width, height, "empty", "what is left cannot be delivered")
        return _words(width, height, "not delivering", "at this rate the reservoir never gets low")
    heading = [_heading(chart, width)] if headed else []
    return stack([*heading, *_rows(chart), _time_axis(chart)], width, height)


def _words(width: int, height: int, said: str, why: str) -> Content:
    lines = (Content.assemble((said, "$label")), Content.assemble((why, "$dim")))
    centred = [line.truncate(width, ellipsis=True).center(width) for line in lines]
    return stack([*[Content("")] * max((height - 2) // 2, 0), *centred], width, height)


def _laid_out(view: View, status: Status, forecast: Forecast, width: int, height: int) -> _Chart:
    """Return the chart: as far back as is known and worth it beside what lies ahead, or as far as was chosen."""
    span = forecast.to_empty if status.reservoir_nl > status.residual_nl else None
    pace, past = view.past.pace, view.past
    ahead = Plot(width, height, status, span)
    ahead_s = pace.pump_s(view.span.ms) if view.whole else ahead.horizon_s
    back_ms = _back_ms(view, delivering=span is not None)
    total_s = pace.pump_s(back_ms) + min(ahead.horizon_s, ahead_s)
    dots = pace.pump_s(back_ms) * width * ACROSS // max(total_s, 1)
    if dots < ACROSS:
        return _Chart(view, ahead, Grid(past.now_ms, 1, 0, past.now_ms), [])
    grid = Grid.back(past.now_ms, back_ms, dots)
    columns = past.columns(grid, VOLUMES)
    seen = extent(columns)
    back_s = pace.pump_s(back_ms)
    return _Chart(
        view, Plot(width, height, status, span, back_s, ahead_s, seen[1] if seen else 0), grid, columns
    )


def _back_ms(view: View, *, delivering: bool) -> int:
    if view.whole:
        return view.span.ms
    if not delivering and view.past.age_s < SPANS[0].seconds:
        return 0
    return min(view.back.ms, view.past.age_s * _MS_A_S)


def _heading(chart: _Chart, width: int) -> Content:
    view = chart.view
    if view.cursor_ms is not None:
        said = _said(chart)
        name = Content.assemble(("reservoir  ", "$foreground"), (said, "$value"))
        return spread(width, name)
    plot = chart.plot
    back = view.span.name if plot.back_s == view.span.seconds else _long(plot.back_s)
    words = f"{back} back{_onward(plot)}" if chart.now_x else "from now on to empty"
    span = (f" mL, {words}", "$dim") if view.moment.live else (" mL, as last seen ?", "$value")
    sensed = (("┄┄", "$label"), (" sensed", "$label")) if chart.now_x else ()
    ahead = (
        ("  ╌╌" if sensed else "╌╌", "$value"),
        (" forecast  ", "$label"),
        ("  ", _SHADE),
        (" likely", "$label"),
    )
    legend = Content.assemble(*sensed, *(() if plot.span is None else ahead))
    return spread(width, Content.assemble(("reservoir", "$foreground"), span), legend)


def _long(seconds: int) -> str:
    """Write how long a past is in one unit, rounded down: "12 d"."""
    return " ".join(format_span(seconds).split(" ")[:2])


def _onward(plot: Plot) -> str:
    if plot.span is None:
        return ""
    return ", on to empty" if plot.span.expected_s <= plot.horizon_s else " and ahead"


def _said(chart: _Chart) -> str:
    index = chart.grid.index(chart.view.cursor_ms or 0)
    if not 0 <= index < chart.now_x:
        return "not shown so far back"
    if not chart.columns[index].ranges:
        return "no reading"
    (least, most), (low, high) = chart.columns[index].ranges
    return f"{_between(least, most)} mL expected, {_between(low, high)} sensed"


def _between(least: int, most: int) -> str:
    return ml(least) if ml(least) == ml(most) else f"{ml(least)} to {ml(most)}"


def _rows(chart: _Chart) -> list[Content]:
    plot, live = chart.plot, chart.view.moment.live
    ahead, read, sensed = _forecast_line(plot), *(Canvas(plot.width, plot.height) for _ in range(2))
    trace(read, chart.columns, _EXPECTED, chart.up)
    trace(sensed, chart.columns, _SENSED, chart.up, dash=_SENSED_DASH)
    layers = (
        (ahead, "$value" if live else "$dim"),
        (read, "$trace" if live else "$dim"),
        (sensed, "$label" if live else "$dim"),
    )
    limits, posts = _limits(chart), _posts(chart)
    now = plot.column(0) if chart.now_x else None
    fan = [plot.fan(column) for column in range(plot.width)]
    lines = []
    for row in range(plot.height):
        label, dash = limits.get(row, (Content(""), ""))
        drawn = []
        for column, (early, late) in enumerate(fan):
            shown, ground = fan_cell(plot, row, early, late) if late else NO_FAN
            dots, ink = _dots(layers, column, row)
            if dots:
                shown = dots, f"{ink}{ground}"
            elif column in posts:
                shown = posts[column]
            elif dash:
                shown = "┄", f"{dash}{ground}"
            elif column == now:
                shown = CURSOR, f"$line{ground}"
            drawn.append(shown)
        lines.append(label.truncate(_AXIS, pad=True) + cells(drawn))
    return lines


def _posts(chart: _Chart) -> dict[int, tuple[str, str]]:
    """Return by column what stands in it from top to bottom where there is no curve: gaps, and the cursor."""
    gaps = hatched(chart.columns, -(-chart.now_x // ACROSS))
    posts = {column: HATCH for column, is_gap in enumerate(gaps) if is_gap}
    if chart.cursor is not None:
        posts[chart.cursor] = CURSOR, "$value"
    return posts


def _dots(layers: Sequence[tuple[Canvas, str]], column: int, row: int) -> tuple[str, str]:
    """Return what the first layer that has something in a cell shows there, and its style."""
    for canvas, ink in layers:
        dots = canvas.char(column, row)
        if dots:
            return dots, ink
    return "", ""


def _forecast_line(plot: Plot) -> Canvas:
    canvas = Canvas(plot.width, plot.height)
    heights: list[int | None] = []
    for x in range(canvas.across):
        volume = plot.expected_at(plot.second(x, canvas.across)) if x % _DASH < _DASH_DRAWN else None
        heights.append(None if volume is None else canvas.down - 1 - plot.steps_up(volume, DOWN))
    canvas.line(heights)
    return canvas


def _limits(chart: _Chart) -> dict[int, tuple[Content, str]]:
    """Return by row the label at the axis, and the style of the limit line where there is one."""
    plot, status = chart.plot, chart.plot.status
    worst = chart.view.moment.worst(*RESERVOIR)
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


def _time_axis(chart: _Chart) -> Content:
    """Return the axis of time: now, the day by which to refill, the day on which delivery ends, and what lies between."""
    plot, view = chart.plot, chart.view
    now_s = plot.status.clock_s
    low = None if view.moment.forecast is None else view.moment.forecast.to_low
    strong, plain = ("bold $value", "$label") if view.moment.live else ("bold $dim", "$dim")
    labels = []
    if low is not None and 0 < low.expected_s <= plot.horizon_s:
        text = f"▲ {day(now_s + low.expected_s, now_s)}"
        labels.append((plot.column(low.expected_s) + len(text) // 2, text, strong))
    if plot.span is not None and plot.span.expected_s <= plot.horizon_s:
        text = f"empty {day(now_s + plot.span.expected_s, now_s)}"
        labels.append((plot.column(plot.span.expected_s) + len(text) // 2, text, plain))
    labels.append((plot.column(0) if plot.back_s else 1, "now", plain))
    labels += [
        (plot.column(away_s), label(now_s + away_s, now_s, plot.length_s), "$dim") for away_s in plot.ticks()
    ]
    return Content(" " * _AXIS) + place(plot.width, labels)
