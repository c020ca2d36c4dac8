"""What a change does, old beside new: the rate, the days to low and to empty, the day by which to refill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from textual.content import Content

from monitor.judgement import S_PER_DAY, forecast
from monitor.kinds.ground import Fact
from monitor.ui.widgets.lines import stack
from monitor.ui.words import BLANK, day, days, days_or_never, factor, percent
from protocol.messages import NEVER_S
from protocol.units import format_rate, ml_day

if TYPE_CHECKING:
    from monitor.judgement import Span
    from protocol.messages import Prepared, Status

_NAME: Final = 14
_WIDE: Final = 62


@dataclass(frozen=True, slots=True)
class Course:
    """A rate in nL/h and where it leads: seconds to low and to empty, `NEVER_S` for never."""

    rate_nl_h: int
    to_low_s: int
    to_empty_s: int


@dataclass(frozen=True, slots=True)
class Effects:
    """The present course, the proposed one once the pump has told it, and the pump's calendar clock.

    Attributes:
        now: the present course.
        new: the proposed one; None as long as the pump has not told it.
        clock_s: the pump's calendar clock.
        warns: whether the step is a large one.
        facts: what the change does beside the rate.
    """

    now: Course
    new: Course | None
    clock_s: int
    warns: bool = False
    facts: tuple[Fact, ...] = ()


def present(status: Status, facts: tuple[Fact, ...] = ()) -> Effects:
    """Return the present course alone, from a reading, and what else is now."""
    ahead = forecast(status)
    now = Course(status.commanded_rate_nl_h, _seconds(ahead.to_low), _seconds(ahead.to_empty))
    return Effects(now, None, status.clock_s, facts=facts)


def proposed(prepared: Prepared, clock_s: int, *, warns: bool, facts: tuple[Fact, ...] = ()) -> Effects:
    """Return both courses, as the pump worked them out, and what the change does beside them."""
    return Effects(
        Course(prepared.old_rate_nl_h, prepared.old_to_low_s, prepared.old_to_empty_s),
        Course(prepared.new_rate_nl_h, prepared.new_to_low_s, prepared.new_to_empty_s),
        clock_s,
        warns,
        facts,
    )


def _seconds(span: Span | None) -> int:
    return NEVER_S if span is None else span.expected_s


def draw(data: Effects, width: int, height: int) -> Content:
    """Draw the table, a heading, the facts and four rows; units and weekdays only where there is room."""
    wide = width >= _WIDE
    figure = 15 if wide else 11
    rate = _rate(data, wide=wide)
    rows = [*data.facts, rate, *_times(data), _refill(data, wide=wide)]
    heading = Content.assemble((f"{'':{_NAME}}{'now':>{figure}}   {'new':>{figure}}", "$label"))
    return stack(
        [heading, *(_line(row, figure, warns=data.warns and row is rate) for row in rows)], width, height
    )


def _line(row: Fact, figure: int, *, warns: bool) -> Content:
    unknown = row.new is None
    return Content.assemble(
        *((f"{row.name:<{_NAME}}", "$label"), (f"{row.now:>{figure}}", "$foreground"), (" → ", "$dim")),
        (f"{BLANK if unknown else row.new:>{figure}}", "$dim" if unknown else "bold $value"),
        (f"  {row.change}", "$medium" if warns else "$foreground"),
    )


def _rate(data: Effects, *, wide: bool) -> Fact:
    write = format_rate if wide else ml_day
    name = "Rate" if wide else "Rate, mL/day"
    if data.new is None:
        return Fact(name, write(data.now.rate_nl_h), None)
    old, new = data.now.rate_nl_h, data.new.rate_nl_h
    change = f"{percent(new, old)}  {factor(new, old)}" if old else "from zero"
    return Fact(name, write(old), write(new), change)


def _times(data: Effects) -> tuple[Fact, Fact]:
    now, new = data.now, data.new
    return (
        _days("Days to low", now.to_low_s, None if new is None else new.to_low_s),
        _days("Days to empty", now.to_empty_s, None if new is None else new.to_empty_s),
    )


def _days(name: str, now_s: int, new_s: int | None) -> Fact:
    if new_s is None:
        return Fact(name, days_or_never(now_s), None)
    change = ""
    if now_s and NEVER_S not in (now_s, new_s):
        change = f"{'-' if new_s < now_s else '+'}{days(abs(new_s - now_s))}"
    return Fact(name, days_or_never(now_s), days_or_never(new_s), change)


def _refill(data: Effects, *, wide: bool) -> Fact:
    now = _date(data, data.now.to_low_s, wide=wide)
    if data.new is None:
        return Fact("Refill by", now, None)
    old_s, new_s = data.now.to_low_s, data.new.to_low_s
    change = ""
    if old_s and NEVER_S not in (old_s, new_s):
        moved = (data.clock_s + new_s) // S_PER_DAY - (data.clock_s + old_s) // S_PER_DAY
        unit = "day" if abs(moved) == 1 else "days"
        change = f"{abs(moved)} {unit} {'later' if moved > 0 else 'sooner'}" if moved else "the same day"
    return Fact("Refill by", now, _date(data, new_s, wide=wide), change)


def _date(data: Effects, to_low_s: int, *, wide: bool) -> str:
    if to_low_s == NEVER_S:
        return "no date"
    return day(data.clock_s + to_low_s, data.clock_s, weekday=wide) if to_low_s else "now"
