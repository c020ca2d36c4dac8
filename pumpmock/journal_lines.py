"""A journal's entries as JSON values, one object an entry: what `serve --journal` writes a line of."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from protocol.fields import specs
from protocol.meaning import message_name
from protocol.messages import EventRecord, Rejected
from protocol.vocabulary import EventKind, Refusal
from pumpmock.journal_entry import HEARD, SAID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from protocol.fields import Message
    from pumpmock.journal_entry import Entry
    from pumpmock.journal_frames import Frame


def line_of(entry: Entry, frames: Iterable[Frame], since_ns: int = 0) -> dict[str, Any]:
    """Return an entry as JSON values.

    Args:
        entry: what happened.
        frames: those that it completes.
        since_ns: monotonic wall time that is called 0.
    """
    line: dict[str, Any] = {
        "n": entry.number,
        "wall_ns": entry.wall_ns - since_ns,
        "pump_time_us": entry.pump_time_us,
        "what": entry.what,
    }
    if entry.peer:
        line["peer"] = entry.peer
    if entry.what in {HEARD, SAID}:
        return line | {"frames": [_frame(frame) for frame in frames], "hex": entry.data.hex()}
    return line | {"fields": dict(entry.fields)}


def message_fields(message: Message) -> dict[str, Any]:
    """Return what a message says as JSON values: codes by name, bytes in hexadecimal, figures as they are."""
    kind = type(message)
    return {name: _value(kind, name, getattr(message, name)) for name in specs(kind)}


def _frame(frame: Frame) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": frame.name,
        "session": frame.session,
        "counter": frame.counter,
        "ack": frame.ack,
        "verified": frame.verified,
    }
    if frame.why:
        found["dropped"] = frame.why
    found["fields"] = None if frame.message is None else message_fields(frame.message)
    return found


def _member(kind: type[IntEnum]) -> Callable[[int], int | str]:
    names = {int(member): member.name for member in kind}
    return lambda code: names.get(code, code)


# Numbers on the wire that later minor versions may add to, and their names as far as this one knows them.
_CODES: dict[tuple[type[Any], str], Callable[[int], int | str]] = {
    (Rejected, "request"): message_name,
    (Rejected, "reason"): _member(Refusal),
    (EventRecord, "kind"): _member(EventKind),
}


def _value(kind: type[Any], name: str, value: Any) -> Any:  # noqa: ANN401 - a field of any type
    named = _CODES.get((kind, name))
    if named is not None:
        return named(value)
    if isinstance(value, IntEnum):
        return value.name
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [message_fields(one) for one in value]
    return value if isinstance(value, int | str) else message_fields(value)
