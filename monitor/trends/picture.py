"""A trend as an SVG picture: the two charts of the screen, for a report. Text in it is escaped, and nothing is fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from monitor.trends.ahead import volumes_ahead
from monitor.trends.axis import HOURS_A_DAY, next_round, rate_axis
from monitor.trends.charts import RATES, VOLUMES, extent
from monitor.trends.strokes import Box, band, dashed, hatched, line, stepped, text
from monitor.trends.times import stamp
from monitor.trends.window import step_s
from protocol.units import ml

if TYPE_CHECKING:
    from monitor.judgement import Span as Ahead
    from monitor.trends.charts import Past
    from monitor.trends.columns import Column
    from monitor.trends.window import Span
    from protocol.messages import Status

WIDTH, HEIGHT = 960, 620
_LEFT, _RIGHT, _CHART = 90, 20, 220
_COUNT: Final = 480  # columns of the past
_TICK: Final = 120  # pixels that a label of the time axis wants
_LINE: Final = 13  # pixels from line to line of text
_STEPS: Final = 60  # of the forecast
_HEAD: Final = f"""<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" \
viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" fill="#2a2f34">
<defs><pattern id="gap" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">\
<path d="M0 0V6" stroke="#a9b0b6"/></pattern></defs>
<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>"""
_TRACE, _SECOND, _LIMIT, _SHADE = "#2f5a80", "#71797f", "#535b63", "#c3c8cd"


def picture(past: Past, span: Span, status: Status | None, ahead: Ahead | None, name: str) -> str:
    """Return the picture.

    Args:
        past: what is known.
        span: how far back; the forecast goes as far on, or to empty.
        status: the reservoir, now; None before the first reading.
        ahead: when delivery ends; None where it never does.
        name: whose trend it is.
    """
    ahead_ms = 0 if ahead is None else min(past.pace.host_ms(ahead.late_s), span.ms)
    start_ms, end_ms = past.now_ms - span.ms, past.now_ms + ahead_ms
    upper = Box(_LEFT, 70, WIDTH - _RIGHT, 70 + _CHART, start_ms, end_ms)
    lower = Box(_LEFT, 350, WIDTH - _RIGHT, 350 + _CHART, start_ms, end_ms)
    fast = "" if past.pace.is_usual else f", pump time x{past.pace.times}"
    title = f"Pump {name}, {span.name} up to {stamp(past.now_ms)}{fast}"
    parts = [
        _HEAD,
        text(_LEFT, 24, escape(title), size=15),
        *_rates(past, span, upper),
        *_volumes(past, span, lower, status, ahead),
        *(part for box in (upper, lower) for part in _time_axis(past, span, box)),
        text(_LEFT, HEIGHT - 10, "Hatched: no readings. A bench tool, not a medical device."),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _rates(past: Past, span: Span, box: Box) -> list[str]:
    grid = past.grid(span.ms, _COUNT)
    columns = past.columns(grid, RATES)
    axis = rate_axis(*(extent(columns) or (0, 0)))
    box = box.over(axis.floor, axis.top)
    times = [grid.starts(index) for index in range(grid.count + 1)]
    drawn = [
        text(_LEFT, box.top - 10, "Flow rate, mL/day: measured (band), set (dashed)", size=13),
        box.frame(),
    ]
    for nl_day in axis.labels():
        drawn.append(text(_LEFT - 6, box.y(nl_day) + 4, ml(nl_day, axis.decimals), anchor="end"))
        drawn.append(line(box, nl_day, _SHADE))
    drawn += hatched(columns, times, box)
    commanded = [(low * HOURS_A_DAY, high * HOURS_A_DAY) for low, high in _figures(columns, 0)]
    measured = [(low * HOURS_A_DAY, high * HOURS_A_DAY) for low, high in _figures(columns, 1)]
    drawn += stepped(columns, times, measured, box, _TRACE)
    return [*drawn, *stepped(columns, times, commanded, box, _SECOND, dash="5 3")]


def _volumes(past: Past, span: Span, box: Box, status: Status | None, ahead: Ahead | None) -> list[str]:
    grid = past.grid(span.ms, _COUNT)
    columns = past.columns(grid, VOLUMES)
    seen = extent(columns, *(() if status is None else (status.reservoir_nl,)))
    box = box.over(0, next_round(max(seen[1] if seen else 1, 1)))
    times = [grid.starts(index) for index in range(grid.count + 1)]
    heading = "Reservoir, mL: expected, sensed (dashed), forecast at the present rate with its likely range"
    drawn = [text(_LEFT, box.top - 10, heading, size=13), box.frame()]
    drawn.append(text(_LEFT - 6, box.top + 4, ml(box.high, 1), anchor="end"))
    drawn += hatched(columns, times, box)
    if status is not None:
        at = 0
        for name, limit_nl in (("low", status.low_reservoir_nl), ("empty", status.residual_nl)):
            at = max(box.y(limit_nl) + 4, at + _LINE)  # two limits that lie close stay readable
            drawn.append(text(_LEFT - 6, at, f"{name} {ml(limit_nl)}", anchor="end"))
            drawn.append(line(box, limit_nl, _LIMIT, dash="2 3"))
        if ahead is not None:
            drawn += _forecast(past, box, status, ahead)
    drawn += stepped(columns, times, _figures(columns, 1), box, _SECOND, dash="2 2")
    return [*drawn, *stepped(columns, times, _figures(columns, 0), box, _TRACE)]


def _forecast(past: Past, box: Box, status: Status, ahead: Ahead) -> list[str]:
    length_s = min(ahead.late_s, past.pace.pump_s(box.end_ms - past.now_ms))
    seconds = [length_s * step // _STEPS for step in range(_STEPS + 1)]
    at = [(past.now_ms + past.pace.host_ms(one), volumes_ahead(status, ahead, one)) for one in seconds]
    fan = band([(ms, one.least_nl, one.most_nl) for ms, one in at], box, _SHADE)
    expected = [
        (ms, one.expected_nl)
        for (ms, one), after in zip(at, seconds, strict=True)
        if after <= ahead.expected_s
    ]
    return [fan, dashed(expected, box, _TRACE)]


def _figures(columns: list[Column], index: int) -> list[tuple[int, int]]:
    return [column.ranges[index] if column.ranges else (0, 0) for column in columns]


def _time_axis(past: Past, span: Span, box: Box) -> list[str]:
    """Return now, and round instants of the pump's clock before and after it."""
    length_s = (box.end_ms - box.start_ms) // 1_000
    step_ms = step_s(length_s, (box.right - box.left) // _TICK) * 1_000
    shift_ms = past.clock_ahead_ms if past.pace.is_usual else -past.now_ms
    first = -(-(box.start_ms + shift_ms) // step_ms) * step_ms - shift_ms
    marks = [at for at in range(first, box.end_ms, step_ms) if abs(at - past.now_ms) > step_ms // 3]
    labels = [(at, past.label(at, max(span.seconds, length_s))) for at in marks]
    now = box.x(past.now_ms)
    return [
        f'<path d="M{now} {box.top}V{box.bottom}" stroke="{_LIMIT}" stroke-dasharray="1 3"/>',
        *(
            text(box.x(at), box.bottom + 18, escape(said), anchor="middle")
            for at, said in [(past.now_ms, "now"), *labels]
        ),
    ]
