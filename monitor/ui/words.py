"""Figures, dates and events in words: what the widgets write. Pure text, no colour, no markup."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from protocol.alarms import KINDS
from protocol.messages import NEVER_S, EventKind, Refusal, Role
from protocol.units import format_rate, ml_day, parse_rate

if TYPE_CHECKING:
    from protocol.messages import EventRecord

BLANK: Final = "\N{EN DASH}"  # what stands where a figure is not known; never a zero
S_PER_DAY: Final = 86_400
_LAST_S: Final = 253_402_300_799  # the last second of the year 9999, where the calendar ends
_ROLES: Final = {Role.VIEWER: "viewer", Role.TECHNICIAN: "technician", Role.DEVELOPER: "developer"}
_REFUSED: Final[dict[int, str]] = {
    Refusal.ROLE: "the key may not do that",
    Refusal.STALE_REVISION: "the settings had changed meanwhile",
    Refusal.STALE_RATE: "the rate had changed meanwhile",
    Refusal.BELOW_LEAST: "below the least rate",
    Refusal.ABOVE_MOST: "above the greatest rate",
    Refusal.STEP_UP: "too large a step up",
    Refusal.STEP_DOWN: "too large a step down",
    Refusal.BUSY: "another change was prepared",
    Refusal.NOT_PREPARED: "nothing was prepared, or it expired",
    Refusal.ALREADY_APPLIED: "applied already",
    Refusal.WRONG_STATE: "not in this state of the pump",
    Refusal.UNSUPPORTED: "not a thing this pump does",
    Refusal.MALFORMED: "not a request that can be read",
    Refusal.NOT_STORED: "the pump could not store it",
}
_BOUNDED: Final = {Refusal.BELOW_LEAST, Refusal.ABOVE_MOST, Refusal.STEP_UP, Refusal.STEP_DOWN}


def printable(text: str) -> str:
    """Return device text fit for a terminal: what is not printable becomes a question mark."""
    return "".join(char if char.isprintable() else "?" for char in text)


def count(number: int) -> str:
    """Write a count with its thousands apart: 81316 -> "81 316"."""
    return f"{number:,}".replace(",", " ")


def parse_typed(text: str) -> int:
    """Read a rate as typed into a field that is labelled mL/day: a bare figure, or one with a unit of its own.

    Raises:
        protocol.units.QuantityError: with a sentence that says how to write it.
    """
    cleaned = text.strip()
    bare = cleaned and not any(char.isalpha() for char in cleaned)
    return parse_rate(f"{cleaned} mL/day" if bare else cleaned)


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
    if hundredths < 100:  # noqa: PLR2004 - a hundred hundredths
        return f"x0.{hundredths:02d}"
    tenths = (20 * new + old) // (2 * old)
    return f"x{tenths // 10}.{tenths % 10}" if tenths < 100 else f"x{count(tenths // 10)}"  # noqa: PLR2004


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


def event_kind(record: EventRecord) -> str:
    """Name an entry of the event log in one word."""
    return _EVENT_WORDS[record.kind]


def event_text(record: EventRecord) -> str:
    """Say in words what an entry of the event log tells."""
    kind, old, new = record.kind, record.a, record.b
    if kind in (EventKind.ALARM_RAISED, EventKind.ALARM_CLEARED, EventKind.ACKNOWLEDGED):
        return _alarm_text(record)
    if kind is EventKind.REFUSED:
        return _refusal_text(record)
    if kind is EventKind.SESSION_OPENED:
        return (
            f"opened with a {_ROLES.get(Role(record.detail), '')} key"
            if record.detail in _ROLES
            else "opened"
        )
    return {
        EventKind.START: "the pump started",
        EventKind.RATE_CHANGED: f"{ml_day(old)} → {format_rate(new)}",
        EventKind.STOPPED: f"delivery stopped, was {format_rate(old)}",
        EventKind.RESUMED: f"delivery resumed at {format_rate(new)}",
        EventKind.HANDSHAKE_REFUSED: "a handshake with a wrong key was refused",
    }[kind]


def _alarm_text(record: EventRecord) -> str:
    row = next((row for row in KINDS.values() if row.alarm == record.detail), None)
    if row is None:
        return f"an alarm this version does not know ({record.detail})"
    title = row.title.lower()
    return f"{title}: {row.consequence}" if record.kind is EventKind.ALARM_RAISED else title


def _refusal_text(record: EventRecord) -> str:
    reason = _REFUSED.get(record.detail, f"reason {record.detail}")
    if record.detail in _BOUNDED:
        return f"{format_rate(record.a)}: {reason}, the bound is {format_rate(record.b)}"
    return f"{format_rate(record.a)}: {reason}" if record.a else reason


_EVENT_WORDS: Final = {
    EventKind.START: "start",
    EventKind.ALARM_RAISED: "ALARM",
    EventKind.ALARM_CLEARED: "cleared",
    EventKind.ACKNOWLEDGED: "ack",
    EventKind.RATE_CHANGED: "rate",
    EventKind.STOPPED: "stop",
    EventKind.RESUMED: "resume",
    EventKind.REFUSED: "refused",
    EventKind.SESSION_OPENED: "session",
    EventKind.HANDSHAKE_REFUSED: "session",
}
