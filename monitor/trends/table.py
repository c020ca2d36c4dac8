"""A trend as CSV: what is shown, a line a column, and the forecast after it.

Times are this host's calendar clock, UTC. `kind` is read, gap (readings are missing) or forecast, of which the least and the
most are what is likely. Figures are integers, in the unit that their name ends with.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from monitor.trends.ahead import volumes_ahead
from monitor.trends.columns import Kind
from monitor.trends.points import QUANTITIES
from monitor.trends.times import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.judgement import Span as Ahead
    from monitor.trends.charts import Past
    from monitor.trends.columns import Column, Grid
    from monitor.trends.window import Span
    from protocol.messages import Status

COUNT: Final = 480  # columns
HEADER: Final = (
    *("from", "to", "kind"),
    *("commanded_least_nl_h", "commanded_most_nl_h", "measured_least_nl_h", "measured_most_nl_h"),
    *(
        "reservoir_least_nl",
        "reservoir_most_nl",
        "sensed_least_nl",
        "sensed_most_nl",
        "reservoir_expected_nl",
    ),
)
_NOTHING: Final = ("",) * 8
_Line = tuple[str | int, ...]


def table(past: Past, span: Span, status: Status | None, ahead: Ahead | None) -> str:
    """Return a trend over `span`, and the forecast over as much again or to empty, as the text of a CSV file.

    Args:
        past: what is known.
        span: how far back.
        status: the reservoir, now; None before the first reading.
        ahead: when delivery ends; None where it never does.
    """
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(HEADER)
    grid = past.grid(span.ms, COUNT)
    lines.writerows(_read(grid, past.columns(grid, range(len(QUANTITIES)))))
    if status is not None and ahead is not None:
        lines.writerows(_forecast(past, grid, status, ahead))
    return text.getvalue()


def _read(grid: Grid, columns: list[Column]) -> Iterator[_Line]:
    """Return a line a column that was read, and one a gap, however many columns it has."""
    gap_ms: int | None = None
    for index, column in enumerate(columns):
        if column.kind is Kind.GAP:
            gap_ms = grid.starts(index) if gap_ms is None else gap_ms
            continue
        if gap_ms is not None:
            yield stamp(gap_ms), stamp(grid.starts(index)), Kind.GAP.value, *_NOTHING, ""
            gap_ms = None
        if column.kind is Kind.READ:
            figures = [figure for pair in column.ranges for figure in pair]
            yield stamp(grid.starts(index)), stamp(grid.starts(index + 1)), Kind.READ.value, *figures, ""
    if gap_ms is not None:
        yield stamp(gap_ms), stamp(grid.now_ms), Kind.GAP.value, *_NOTHING, ""


def _forecast(past: Past, grid: Grid, status: Status, ahead: Ahead) -> Iterator[_Line]:
    at_ms = past.now_ms
    while at_ms < past.now_ms + grid.count * grid.step_ms:
        seconds = past.pace.pump_s(at_ms - past.now_ms)
        if seconds > ahead.late_s:
            return
        expected, least, most = volumes_ahead(status, ahead, seconds)
        end = stamp(at_ms + grid.step_ms)
        yield stamp(at_ms), end, "forecast", *_NOTHING[:4], least, most, "", "", expected
        at_ms += grid.step_ms
