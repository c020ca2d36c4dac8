"""The day by which to refill: when the low-reservoir volume is reached, at the present rate and its stated error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from monitor.judgement import RATE_ERROR_TENTHS
from monitor.ui.widgets import blocks
from monitor.ui.widgets.lines import Part, spread
from monitor.ui.words import BLANK, day, days
from protocol.units import format_span

if TYPE_CHECKING:
    from monitor.judgement import Forecast
    from monitor.ui.moment import Moment

_BASIS: Final = f"at the present rate, ±{RATE_ERROR_TENTHS // 10}.{RATE_ERROR_TENTHS % 10} %"


def block(moment: Moment, width: int) -> list[Content]:
    """Return the block, three lines."""
    heading = blocks.heading(moment, width, "REFILL BY", (), _BASIS)
    if moment.status is None or moment.forecast is None:
        return [heading, Content.assemble((BLANK, "$dim")), Content("")]
    low = moment.forecast.to_low
    why = ": the low limit is reached" if low is not None and not low.expected_s else ""
    date = _date(moment, moment.forecast, moment.status.clock_s)
    likely, empty = _context(moment.forecast, moment.status.clock_s)
    return [
        heading,
        Content.assemble(*date, (why, blocks.plain(moment)), (blocks.doubt(moment), "$value")),
        spread(width, Content.assemble((likely, blocks.plain(moment))), Content.assemble((empty, "$dim"))),
    ]


def row(moment: Moment) -> Content:
    """Return the row."""
    if moment.status is None or moment.forecast is None:
        return Content.assemble(blocks.row_label("Refill by"), (BLANK, "$dim"))
    likely, _ = _context(moment.forecast, moment.status.clock_s)
    tail: Part = (f"   {likely}", blocks.plain(moment))
    if not moment.live:
        tail = (f"   stale {format_span(moment.age_s)}", "$medium")
    date = _date(moment, moment.forecast, moment.status.clock_s)
    return Content.assemble(blocks.row_label("Refill by"), *date, (blocks.doubt(moment), "$value"), tail)


def _date(moment: Moment, forecast: Forecast, now_s: int) -> list[Part]:
    strong = "bold $value" if moment.live else "bold $dim"
    low = forecast.to_low
    if low is None:
        return [("no date: not delivering", blocks.plain(moment))]
    if not low.expected_s:
        return [("now", strong)]
    date = day(now_s + low.expected_s, now_s, weekday=True)
    return [(date, strong), ("  in ", "$label"), (f"{days(low.expected_s)} days", strong)]


def _context(forecast: Forecast, now_s: int) -> tuple[str, str]:
    """Return between which days the limit is likely reached, and on which day delivery ends."""
    low, empty = forecast.to_low, forecast.to_empty
    ends = "" if empty is None or not empty.expected_s else f"empty {day(now_s + empty.expected_s, now_s)}"
    if low is None:
        return "", ends
    if not low.expected_s:
        return (f"{ends}, in {days(empty.expected_s)} days", "") if empty is not None and ends else ("", "")
    return f"likely {day(now_s + low.early_s, now_s)} to {day(now_s + low.late_s, now_s)}", ends
