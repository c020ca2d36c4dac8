"""Entries of the pump's event log in words, the same on both sides of the wire."""

from __future__ import annotations

from datetime import UTC, datetime

from protocol.alarms import KINDS, Alarm
from protocol.messages import EventKind, EventRecord, Refusal, Role
from protocol.units import format_rate

_REASONS = {
    Refusal.ROLE: "the key only reads",
    Refusal.STALE_REVISION: "decided on an old revision",
    Refusal.STALE_RATE: "decided on another rate",
    Refusal.BELOW_LEAST: "below the least rate",
    Refusal.ABOVE_MOST: "above the greatest rate",
    Refusal.STEP_UP: "too large an increase",
    Refusal.STEP_DOWN: "too large a decrease",
    Refusal.BUSY: "another change is prepared",
    Refusal.NOT_PREPARED: "not prepared, or expired",
    Refusal.ALREADY_APPLIED: "applied before",
    Refusal.WRONG_STATE: "not in this state",
    Refusal.UNSUPPORTED: "an unknown request",
    Refusal.MALFORMED: "a malformed request",
    Refusal.NOT_STORED: "could not be stored",
}
_ROLES = {int(role): role.name.lower() for role in Role}
_BOUNDED = {Refusal.BELOW_LEAST, Refusal.ABOVE_MOST, Refusal.STEP_UP, Refusal.STEP_DOWN}


def clock_text(clock_s: int) -> str:
    """Return a time of the pump's calendar clock; seconds where no calendar reaches so far."""
    try:
        return f"{datetime.fromtimestamp(clock_s, UTC):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return f"{clock_s} s after 1970"


def event_text(record: EventRecord) -> str:
    """Return what an entry tells, in one line without its time."""
    match record.kind:
        case EventKind.REFUSED:
            return _refusal_text(record)
        case EventKind.ALARM_RAISED | EventKind.ALARM_CLEARED | EventKind.ACKNOWLEDGED:
            return _alarm_text(record)
        case _:
            return _plain_text(record)


def _plain_text(record: EventRecord) -> str:
    return {
        EventKind.START: "pump started",
        EventKind.RATE_CHANGED: f"rate {format_rate(record.a)} -> {format_rate(record.b)}",
        EventKind.STOPPED: f"stopped, from {format_rate(record.a)}",
        EventKind.RESUMED: f"resumed at {format_rate(record.b)}",
        EventKind.SESSION_OPENED: f"session opened, {_ROLES.get(record.detail, f'role {record.detail}')}",
        EventKind.HANDSHAKE_REFUSED: "handshake refused",
    }[record.kind]


def _refusal_text(record: EventRecord) -> str:
    reason = Refusal(record.detail) if record.detail in set(Refusal) else None
    wanted = f" {format_rate(record.a)}" if record.a else ""
    bound = f", {format_rate(record.b)}" if reason in _BOUNDED else ""
    return f"refused{wanted}: {_REASONS[reason] if reason else f'reason {record.detail}'}{bound}"


def _alarm_text(record: EventRecord) -> str:
    name = (
        KINDS[Alarm(record.detail)].title.lower() if record.detail in set(Alarm) else f"alarm {record.detail}"
    )
    told = {EventKind.ALARM_CLEARED: " cleared", EventKind.ACKNOWLEDGED: " acknowledged"}
    return name + told.get(record.kind, "")
