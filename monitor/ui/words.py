"""Figures, dates and events in words: what the widgets write. Pure text, no colour, no markup."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from monitor.judgement import S_PER_DAY
from protocol.messages import NEVER_S

BLANK: Final = "\N{EN DASH}"  # what stands where a figure is not known; never a zero
_ONE, _TEN = 100, 100  # factors in hundredths and in tenths, from which on fewer decimals are written
_LAST_S: Final = 253_402_300_799  # the last second of the year 9999, where the calendar ends


def printable(text: str) -> str:
    """Return device text fit for a terminal: what is not printable becomes a question mark."""
    return "".join(char if char.isprintable() else "?" for char in text)


def count(number: int) -> str:
    """Write a count with its thousands apart: 81316 -> "81 316"."""
    return f"{number:,}".replace(",", " ")


def percent(part: int, whole: int) -> str:
    """Write how far `part` is from `whole`: "+0.6 %"; a dash where there is nothing to compare with."""
    if not whole:
        return BLANK
    tenths = (2_000 * (part - whole) + whole) // (2 * whole)
    return f"{'-' if tenths < 0 else '+'}{abs(tenths) // 10}.{abs(tenths) % 10} %"


def factor(new: int, old: int) -> str:
    """Write a change as a factor: "x1.3", "x10", "x0.05"; empty from zero or to zero, where there is none."""
    if not new or not old:
        return ""
    hundredths = (200 * new + old) // (2 * old)
    tenths = (20 * new + old) // (2 * old)
    if hundredths < _ONE:
        return f"x0.{hundredths:02d}"
    return f"x{tenths // 10}.{tenths % 10}" if tenths < _TEN else f"x{count(tenths // 10)}"


def when(clock_s: int) -> datetime | None:
    """Return an instant of the pump's calendar clock; None beyond the calendar, where a hostile pump may point."""
    return datetime.fromtimestamp(clock_s, UTC) if 0 <= clock_s <= _LAST_S else None


def clock(clock_s: int, *, weekday: bool = True) -> str:
    """Write the pump's clock: "Thu 14:32:07", or "14:32:07"."""
    instant = when(clock_s)
    if instant is None:
        return BLANK
    return f"{instant:%a %H:%M:%S}" if weekday else f"{instant:%H:%M:%S}"


def day(clock_s: int, now_s: int, *, weekday: bool = False) -> str:
    """Write a date: "2 Jan", or "Thu 2 Jan"; with the year where it is not this one."""
    instant, now = when(clock_s), when(now_s)
    if instant is None or now is None:
        return "beyond the calendar"
    name = f"{instant:%a} " if weekday else ""
    year = f" {instant.year}" if instant.year != now.year else ""
    return f"{name}{instant.day} {instant:%b}{year}"


def time_of(clock_s: int, now_s: int, *, seconds: bool = False) -> str:
    """Write when something happened: "13:50", with its date where that is not today."""
    instant, now = when(clock_s), when(now_s)
    if instant is None or now is None:
        return BLANK
    if instant.date() != now.date():
        return f"{day(clock_s, now_s)} {instant:%H:%M}"
    return f"{instant:%H:%M:%S}" if seconds else f"{instant:%H:%M}"


def days(seconds: int) -> str:
    """Write a time span in days to a tenth, rounded down: a reservoir never lasts longer than it says."""
    tenths = seconds * 10 // S_PER_DAY
    return f"{tenths // 10}.{tenths % 10}"


def days_or_never(seconds: int) -> str:
    """Write the seconds of a `Prepared` in days, or that it will never be, or that it is."""
    if seconds == NEVER_S:
        return "never"
    return days(seconds) if seconds else "reached"
