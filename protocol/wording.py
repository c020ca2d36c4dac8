"""Entries of the pump's event log in words, the same on both sides of the wire and on every screen."""

from __future__ import annotations

from datetime import UTC, datetime

from protocol.alarms import KINDS, Alarm
from protocol.messages import EventKind, EventRecord, Refusal
from protocol.units import format_rate, ml_day

_WORDS = {
    EventKind.START: "start",
    EventKind.ALARM_RAISED: "ALARM",
    EventKind.ALARM_CLEARED: "cleared",
    EventKind.ACKNOWLEDGED: "ack",
    EventKind.RATE_CHANGED: "rate",
    EventKind.STOPPED: "stop",
    EventKind.RESUMED: "resume",
    EventKind.REFUSED: "refused",
}
_REASONS = {
    Refusal.ROLE: "the key only reads",
    Refusal.STALE_REVISION: "decided on an old revision",
    Refusal.STALE_RATE: "decided on another rate",
    Refusal.BELOW_LEAST: "below the least rate",
    Refusal.ABOVE_MOST: "above the greatest rate",
    Refusal.STEP_UP: "too large a step up",
    Refusal.STEP_DOWN: "too large a step down",
    Refusal.BUSY: "another change is prepared",
    Refusal.NOT_PREPARED: "not prepared, or expired",
    Refusal.ALREADY_APPLIED: "applied before",
    Refusal.WRONG_STATE: "not in this state",
    Refusal.UNSUPPORTED: "an unknown request",
    Refusal.MALFORMED: "a malformed request",
    Refusal.NOT_STORED: "could not be stored",
}
_BOUNDED = {Refusal.BELOW_LEAST, Refusal.ABOVE_MOST, Refusal.STEP_UP, Refusal.STEP_DOWN}


def clock_text(clock_s: int) -> str:
    """Return a time of the pump's calendar clock; seconds where no calendar reaches so far."""
    try:
        return f"{datetime.fromtimestamp(clock_s, UTC):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return f"{clock_s} s after 1970"


def event_line(record: EventRecord) -> str:
    """Return an entry as a line of its own: time, word, text."""
    return f"{clock_text(record.clock_s)}  {event_word(record):8} {event_text(record)}"


def event_word(record: EventRecord) -> str:
    """Name an entry in one word: "rate"."""
    return _WORDS[record.kind]


def event_text(record: EventRecord) -> str:
    """Return what an entry tells beside its word, in one line without its time."""
    match record.kind:
        case EventKind.START:
            return "the pump started"
        case EventKind.RATE_CHANGED:
            return f"{ml_day(record.a)} -> {format_rate(record.b)}"
        case EventKind.STOPPED:
            return f"delivery stopped, was {format_rate(record.a)}"
        case EventKind.RESUMED:
            return f"delivery resumed at {format_rate(record.b)}"
        case EventKind.REFUSED:
            return _refusal_text(record)
        case EventKind.ALARM_RAISED | EventKind.ALARM_CLEARED | EventKind.ACKNOWLEDGED:
            return _alarm_text(record)


def _refusal_text(record: EventRecord) -> str:
    reason = Refusal(record.detail) if record.detail in set(Refusal) else None
    said = _REASONS[reason] if reason else f"reason {record.detail}"
    wanted = f"{format_rate(record.a)}: " if record.a or reason in _BOUNDED else ""
    bound = f", the bound is {format_rate(record.b)}" if reason in _BOUNDED else ""
    return f"{wanted}{said}{bound}"


def _alarm_text(record: EventRecord) -> str:
    if record.detail not in set(Alarm):
        return f"an alarm this version does not know ({record.detail})"
    row = KINDS[Alarm(record.detail)]
    title = row.title.lower()
    return f"{title}: {row.consequence}" if record.kind is EventKind.ALARM_RAISED else title
