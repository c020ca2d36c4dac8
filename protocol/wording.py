"""Entries of the pump's event log in words, the same on both sides of the wire and on every screen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from protocol.alarms import KINDS, Alarm
from protocol.messages import EVERY_DAY, OVERRIDDEN
from protocol.units import format_rate, format_span, format_volume, ml_day
from protocol.vocabulary import EventKind, Mode, PressRefusal, Refusal, Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.messages import EventRecord

_WORDS = {
    EventKind.START: "start",
    EventKind.ALARM_RAISED: "ALARM",
    EventKind.ALARM_CLEARED: "cleared",
    EventKind.ACKNOWLEDGED: "ack",
    EventKind.RATE_CHANGED: "rate",
    EventKind.STOPPED: "stop",
    EventKind.RESUMED: "resume",
    EventKind.REFUSED: "refused",
    EventKind.MINIMUM_RATE: "minimum",
    EventKind.TEMPORARY_RATE: "temp",
    EventKind.BOLUS: "bolus",
    EventKind.FLEX: "flex",
    EventKind.REFILLED: "refill",
    EventKind.PRIME: "prime",
    EventKind.BRIDGE: "bridge",
    EventKind.CLOCK_SET: "clock",
    EventKind.MODE_ENDED: "program",
    EventKind.SESSION: "session",
    EventKind.BAD_HANDSHAKES: "KEYS",
    EventKind.AUDIO_PAUSED: "audio",
    EventKind.REFUSALS: "refused",
    EventKind.STORE_FAILED: "MEMORY",
    EventKind.STORED_AGAIN: "memory",
    EventKind.PATIENT_BOLUS: "patient",
    EventKind.PATIENT_BOLUS_REFUSED: "patient",
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
    Refusal.BELOW_DOSE: "below the least dose",
    Refusal.ABOVE_DOSE: "above the greatest dose",
    Refusal.DAY_UP: "too much more within 24 h",
    Refusal.DAY_VOLUME: "too much within 24 h",
    Refusal.BOLUS_VOLUME: "too large a bolus",
    Refusal.TOO_SOON: "too soon after the last change",
    Refusal.LOCKED: "changes are locked",
    Refusal.NOT_OFFERED: "this pump does not offer it",
    Refusal.DURATION: "too short or too long",
    Refusal.VOLUME: "a volume that can't be",
    Refusal.VOID: "resolved as not applied before",
    Refusal.DRUG_UNKNOWN: "a drug that the library does not know",
    Refusal.BOLUS_DOSE: "too small or too large a dose",
}
_PRESSES = {
    PressRefusal.NOT_OFFERED: "this pump does not offer it",
    PressRefusal.STANDS: "the motor stands",
    PressRefusal.ALARM: "an alarm forbids it",
    PressRefusal.MINIMUM_RATE: "at the minimum rate",
    PressRefusal.RUNNING: "one is running",
    PressRefusal.UNDISTURBED: "a prime or a bridge is running",
    PressRefusal.LOCKOUT: "too soon after the last one",
    PressRefusal.DAILY_MAXIMUM: "all of 24 h are used",
    PressRefusal.OUTSIDE_LIMITS: "outside the limits of a bolus",
    PressRefusal.DAY_VOLUME: "too much within 24 h",
    PressRefusal.RESERVOIR: "more than the reservoir can give",
}

# Entries of applied changes, whose detail has a bit for a soft limit that was overridden.
CHANGES = frozenset(
    {
        *(EventKind.RATE_CHANGED, EventKind.STOPPED, EventKind.RESUMED, EventKind.MINIMUM_RATE),
        *(EventKind.TEMPORARY_RATE, EventKind.BOLUS, EventKind.FLEX, EventKind.REFILLED),
        *(EventKind.PRIME, EventKind.BRIDGE, EventKind.CLOCK_SET),
    }
)


def _volume(bound: int) -> str:
    return f"the bound is {format_volume(bound)}"


def _wait(bound: int) -> str:
    return f"{format_span(bound)} left"


# How a refusal's bound is said, where it is a figure that helps.
_BOUNDS: dict[int, Callable[[int], str]] = {
    **dict.fromkeys(
        (Refusal.BELOW_LEAST, Refusal.ABOVE_MOST, Refusal.STEP_UP, Refusal.STEP_DOWN, Refusal.DAY_UP),
        lambda bound: f"the bound is {format_rate(bound)}",
    ),
    **dict.fromkeys((Refusal.BELOW_DOSE, Refusal.ABOVE_DOSE), lambda bound: f"the bound is {bound} ug/day"),
    **dict.fromkeys((Refusal.DAY_VOLUME, Refusal.BOLUS_VOLUME, Refusal.VOLUME), _volume),
    Refusal.DRUG_UNKNOWN: lambda bound: f"{bound} ug/mL in the reservoir",
    Refusal.BOLUS_DOSE: lambda bound: f"the bound is {bound} ug",
    **dict.fromkeys((Refusal.TOO_SOON, Refusal.LOCKED), _wait),
}


def bound_text(reason: int, bound: int) -> str:
    """Return what the bound of a refusal says; empty where it says nothing to a person."""
    say = _BOUNDS.get(reason)
    return say(bound) if say else ""


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
    if _ends_patient_bolus(record):
        return _WORDS[EventKind.PATIENT_BOLUS]
    return _WORDS[EventKind(record.kind)] if record.kind in set(EventKind) else "event"


def event_text(record: EventRecord) -> str:
    """Return what an entry tells beside its word, in one line without its time."""
    if record.kind not in set(EventKind):
        return f"an event this version does not know ({record.kind})"
    kind = EventKind(record.kind)
    if kind is EventKind.REFUSED:
        return _refusal_text(record)
    if _ends_patient_bolus(record):
        return f"bolus over, now {format_rate(record.b)}"
    if kind in {EventKind.ALARM_RAISED, EventKind.ALARM_CLEARED, EventKind.ACKNOWLEDGED}:
        return _alarm_text(record)
    text = _TEXTS[kind](record)
    return f"{text}, soft limit overridden" if kind in CHANGES and record.detail & OVERRIDDEN else text


_TEXTS: dict[EventKind, Callable[[EventRecord], str]] = {
    EventKind.START: lambda _: "the pump started",
    EventKind.RATE_CHANGED: lambda r: f"{ml_day(r.a)} -> {format_rate(r.b)}",
    EventKind.STOPPED: lambda r: f"delivery stopped, was {format_rate(r.a)}",
    EventKind.RESUMED: lambda r: f"delivery resumed at {format_rate(r.b)}",
    EventKind.MINIMUM_RATE: lambda r: f"minimum rate, was {format_rate(r.a)}",
    EventKind.TEMPORARY_RATE: lambda r: f"temporary rate {format_rate(r.a)} for {format_span(r.b)}",
    EventKind.BOLUS: lambda r: f"bolus of {format_volume(r.a)} over {format_span(r.b)}",
    EventKind.FLEX: lambda r: (
        f"flex program, {(r.detail & EVERY_DAY).bit_count()} days, {format_volume(r.a)} a day"
    ),
    EventKind.REFILLED: lambda r: f"withdrawn {format_volume(r.a)}, filled {format_volume(r.b)}",
    EventKind.PRIME: lambda r: f"prime of {format_volume(r.a)}",
    EventKind.BRIDGE: lambda r: f"bridge bolus of {format_volume(r.a)} at {format_rate(r.b)}",
    EventKind.CLOCK_SET: lambda r: f"the clock was set from {clock_text(r.a)}",
    EventKind.MODE_ENDED: lambda r: f"by the program again, at {format_rate(r.b)}",
    EventKind.SESSION: lambda r: (
        f"{r.a} more sessions were opened: {_role(r.detail)}"
        if r.a > 1
        else f"a host opened a session: {_role(r.detail)}"
    ),
    EventKind.BAD_HANDSHAKES: lambda r: f"{r.a} handshakes with a wrong key",
    EventKind.AUDIO_PAUSED: lambda r: (
        f"alarm sound paused for {format_span(r.a)}" if r.a else "alarm sound on"
    ),
    EventKind.REFUSALS: lambda r: f"{r.a} more refusals: {_role(r.detail)}",
    EventKind.STORE_FAILED: lambda r: f"the state can't be stored (error {r.detail})",
    EventKind.STORED_AGAIN: lambda r: f"the state is stored again, after {r.a} tries that failed",
    EventKind.PATIENT_BOLUS: lambda r: f"bolus of {format_volume(r.a)} over {format_span(r.b)}",
    EventKind.PATIENT_BOLUS_REFUSED: lambda r: f"bolus refused: {_press(r.detail)}",
}


def _ends_patient_bolus(record: EventRecord) -> bool:
    # What goes on after it need not be the program.
    return record.kind == EventKind.MODE_ENDED and record.detail == Mode.PATIENT_BOLUS


def _press(reason: int) -> str:
    return _PRESSES[PressRefusal(reason)] if reason in set(PressRefusal) else f"reason {reason}"


def _role(role: int) -> str:
    return Role(role).name.lower() if role in set(Role) else f"role {role}"


def _refusal_text(record: EventRecord) -> str:
    said = _REASONS[Refusal(record.detail)] if record.detail in set(Refusal) else f"reason {record.detail}"
    bound = bound_text(record.detail, record.b)
    wanted = f"{format_rate(record.a)}: " if record.a else ""
    return f"{wanted}{said}, {bound}" if bound else f"{wanted}{said}"


def _alarm_text(record: EventRecord) -> str:
    if record.detail not in set(Alarm):
        return f"an alarm this version does not know ({record.detail})"
    row = KINDS[Alarm(record.detail)]
    title = row.title.lower()
    return f"{title}: {row.consequence}" if record.kind == EventKind.ALARM_RAISED else title
