"""What the figures of a message say to a person: rates also in mL/day, times on a calendar, codes by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.alarms import Alarm
from protocol.keys import serial_number_of
from protocol.messages import MESSAGES, NEVER_S, EventRecord, Rejected
from protocol.units import US_PER_S, format_rate, format_span, format_volume
from protocol.vocabulary import ChangeKind, EventKind, Refusal
from protocol.wording import bound_text, clock_text, event_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from enum import IntEnum

    from protocol.dissect import Part

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def meanings(kind: type[object], parts: Sequence[Part]) -> list[str]:
    """Return for each field of a message what its value says beyond the bare figure; empty where it says no more."""
    values = {part.path: part.value for part in parts}
    return [_meaning(kind, part, values) for part in parts]


def message_name(code: int) -> str:
    """Return the name of a message type; in hexadecimal where this version has none of that code."""
    return MESSAGES[code].__name__ if code in MESSAGES else f"0x{code:02x}, unknown to this version"


def _meaning(kind: type[object], part: Part, values: Mapping[str, int | bytes | str]) -> str:
    if isinstance(part.value, bytes):
        return _serial_number(part.value) if part.path == "device_id" else ""
    if isinstance(part.value, str) or part.spec.record is not None:
        return ""
    if part.spec.choices is not None:
        return _member(part.spec.choices, part.value)
    before, _, name = part.path.rpartition(".")
    if kind is Rejected and name == "bound":
        return bound_text(int(values["reason"]), part.value)
    if name == "b" and before:
        return _event(before, values)
    told = _BY_NAME.get(name)
    return told(part.value) if told else in_unit(part.spec.unit, part.value)


def in_unit(unit: str, value: int) -> str:
    """Return a figure as a person reads it, a rate in mL/day for instance; "" where its unit has no other form."""
    told = _BY_UNIT.get(unit)
    return told(value) if told else ""


def _member(kind: type[IntEnum], value: int) -> str:
    return kind(value).name if value in set(kind) else f"no {kind.__name__}"


def _names(kind: type[IntEnum], bits: int) -> str:
    known = [member.name for member in kind if bits >> member & 1]
    strange = bits & ~sum(1 << member for member in kind)
    return ", ".join((*known, f"unknown 0x{strange:x}") if strange else known) or "none"


def _serial_number(identifier: bytes) -> str:
    try:
        return serial_number_of(identifier)
    except ValueError:
        return "no serial number"


def _event(before: str, values: Mapping[str, int | bytes | str]) -> str:
    """Return what an entry of the event log tells, beside its last field."""
    names = ("number", "pump_time_us", "clock_s", "kind", "detail", "a", "b")
    return event_text(EventRecord(*(int(values[f"{before}.{name}"]) for name in names)))


def _span(seconds: int) -> str:
    return "never" if seconds == NEVER_S else format_span(seconds)


def _weekdays(bits: int) -> str:
    return _listed(day for place, day in enumerate(_DAYS) if bits >> place & 1)


def _speed(thousandths: int) -> str:
    if not thousandths:
        return "frozen"
    told = f"{thousandths // 1_000:,}.{thousandths % 1_000:03d}".rstrip("0").rstrip(".")
    return f"{told} times real time"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words) or "none"


_BY_UNIT: dict[str, Callable[[int], str]] = {
    "nL/h": format_rate,
    "nL": format_volume,
    "s": _span,
    "us": lambda us: format_span(us // US_PER_S),
    "min": lambda minute: f"{minute // 60:02d}:{minute % 60:02d}",
}
_BY_NAME: dict[str, Callable[[int], str]] = {
    "clock_s": clock_text,
    "alarms": lambda bits: _names(Alarm, bits),
    "acknowledged": lambda bits: _names(Alarm, bits),
    "changes": lambda bits: _names(ChangeKind, bits),
    "weekdays": _weekdays,
    "weekday": lambda day: _DAYS[day] if day < len(_DAYS) else "no weekday",
    "request": message_name,
    "speed": _speed,
    "reason": lambda code: _member(Refusal, code),
    "kind": lambda code: _member(EventKind, code),
}
