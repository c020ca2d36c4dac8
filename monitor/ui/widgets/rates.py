"""The rates over time: what the motor turned at, beside what it was told; hatched where readings are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from monitor.trends.axis import HOURS_A_DAY, RateAxis, rate_axis
from monitor.trends.charts import RATES, extent, is_known
from monitor.trends.window import step_s
from monitor.ui.widgets.braille import ACROSS, DOWN, Canvas
from monitor.ui.widgets.lines import cells, place, spread, stack
from monitor.ui.widgets.traces import CURSOR, HATCH, hatched, trace
from protocol.units import ml, ml_day

if TYPE_CHECKING:
    from monitor.trends.columns import Column, Grid
    from monitor.ui.widgets.view import View

AXIS: Final = 11  # columns of the labels, as the reservoir's chart has them
_DASH: Final = 6
_TICK: Final = 12
_MS_A_S: Final = 1_000
_SET, _MEASURED = 0, 1  # of RATES


def draw(view: View, width: int, height: int) -> Content:
    """Draw the chart: a heading, the rates, the axis of time."""
    across = max(width - AXIS, 1)
    grid = view.past.grid(view.span.ms, across * ACROSS)
    columns = view.past.columns(grid, RATES)
    rows = max(height - 2, 1)
    body = _chart(view, grid, columns, across, rows)
    return stack([heading(view, grid, columns, width), *body, _time_axis(view, grid, across)], width, height)


def heading(view: View, grid: Grid, columns: list[Column], width: int) -> Content:
    """Return what the chart shows, or what it says where the cursor is."""
    name = Content.assemble(("flow rate", "$foreground"))
    if view.cursor_ms is not None:
        index = grid.index(view.cursor_ms)
        said = _said(columns[index]) if 0 <= index < len(columns) else ""
        return spread(
            width, Content.assemble(name, (f"  {said}", "$value")), Content.assemble((view.cursor, "$label"))
        )
    fast = "" if view.past.pace.is_usual else f", pump time x{view.past.pace.times}"
    basis = (
        f" mL/day, {view.span.name}{fast}"
        if view.moment.live
        else f" mL/day, {view.span.name}{fast}, stale ?"
    )
    legend = Content.assemble(
        ("━━", "$trace" if view.moment.live else "$dim"),
        (" measured  ", "$label"),
        ("╌╌", "$label"),
        (" set", "$label"),
    )
    return spread(width, name + Content.assemble((basis, "$dim")), legend)


def _said(column: Column) -> str:
    if not column.ranges:
        return "no reading"
    (_, set_nl_h), (least, most) = column.ranges
    measured = ml_day(least) if ml_day(least) == ml_day(most) else f"{ml_day(least)} to {ml_day(most)}"
    return f"{measured} mL/day, set {ml_day(set_nl_h)}"


def _chart(view: View, grid: Grid, columns: list[Column], across: int, rows: int) -> list[Content]:
    if not is_known(columns):
        said = "no reading in this time" if view.past.age_s else "waiting for the first reading"
        blank = [Content(" " * (AXIS + across))] * rows
        blank[(rows - 1) // 2] = Content(" " * AXIS) + Content.assemble((said, "$dim")).center(across)
        return blank
    axis = rate_axis(*(extent(columns) or (0, 0)))

    def up(rate_nl_h: int) -> int:
        return _steps_up(axis, rate_nl_h * HOURS_A_DAY, rows * DOWN)

    measured, commanded = Canvas(across, rows), Canvas(across, rows)
    trace(measured, columns, _MEASURED, up)
    trace(commanded, columns, _SET, up, dash=_DASH)
    gaps, labels = hatched(columns, across), _labels(axis, rows)
    at = None if view.cursor_ms is None else grid.index(view.cursor_ms) // ACROSS
    lines = []
    for row in range(rows):
        drawn = [
            _cell(
                view,
                measured.char(column, row),
                commanded.char(column, row),
                gap=gaps[column],
                cursor=column == at,
            )
            for column in range(across)
        ]
        lines.append(Content.assemble((f"{labels.get(row, ''):>{AXIS - 1}} ", "$dim")) + cells(drawn))
    return lines


def _cell(view: View, measured: str, commanded: str, *, gap: bool, cursor: bool) -> tuple[str, str]:
    if measured:
        return measured, "$trace" if view.moment.live else "$dim"
    if commanded:
        return commanded, "$label" if view.moment.live else "$dim"
    if cursor:
        return CURSOR, "$value"
    return HATCH if gap else (" ", "")


def _steps_up(axis: RateAxis, nl_day: int, steps: int) -> int:
    return min(max((nl_day - axis.floor) * steps // (axis.top - axis.floor), 0), steps - 1)


def _labels(axis: RateAxis, rows: int) -> dict[int, str]:
    """Return the labels by row; the ends of the axis have the best claim."""
    every = axis.labels()
    found: dict[int, str] = {}
    for nl_day in (every[-1], every[0], *every[1:-1]):
        row = rows - 1 - _steps_up(axis, nl_day, rows)
        if row not in found and (nl_day in (every[0], every[-1]) or not {row - 1, row + 1} & found.keys()):
            found[row] = ml(nl_day, axis.decimals)
    return found


def _time_axis(view: View, grid: Grid, across: int) -> Content:
    """Return the axis of time: now at its end, and round instants of the clock before."""
    step_ms = step_s(view.span.seconds, across // _TICK) * _MS_A_S
    ahead_ms = view.past.clock_ahead_ms if view.past.pace.is_usual else -grid.now_ms
    first = -(-(grid.start_ms + ahead_ms) // step_ms) * step_ms - ahead_ms
    strong = "$label" if view.moment.live else "$dim"
    labels = [(across - 1, "now", strong)]
    labels += [
        (grid.index(at) // ACROSS, view.past.label(at, view.span.seconds), "$dim")
        for at in range(first, grid.now_ms - step_ms // 4, step_ms)
    ]
    return Content(" " * AXIS) + place(across, labels)
