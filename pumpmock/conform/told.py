"""A frame in one line, for whoever has to find out why it was not the right one."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from protocol.fields import Message, MessageError
from protocol.frame import Damage, Frame, examine
from protocol.meaning import message_name
from protocol.messages import Status, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

# A Status has 33 fields: those by which one tells it from another.
_OF_A_STATUS = ("state", "mode", "revision", "commanded_rate_nl_h", "refusing_s", "frames_bad")
_WIDEST = 48  # bytes shown of what is no frame


def shown(value: object) -> str:
    """Return a value as a person reads it: bytes in hexadecimal, members of an enumeration by name."""
    if isinstance(value, bytes):
        return value.hex() or "nothing"
    if isinstance(value, Message):
        fields = (f"{name}={shown(getattr(value, name))}" for name in value.__slots__)
        return f"{type(value).__name__}({', '.join(fields)})"
    if isinstance(value, IntEnum):
        return value.name
    if isinstance(value, list | tuple):
        return f"({', '.join(map(shown, value))})"
    return str(value)


def told(frame: Frame) -> str:
    """Return what a frame says; nobody vouches for it."""
    head = f"{message_name(frame.type)} (session {frame.session}, counter {frame.counter}, ack {frame.ack})"
    try:
        message = parse(frame.type, frame.payload)
    except MessageError as error:
        return f"{head} {frame.payload.hex()}: {error}" if frame.payload else head
    if isinstance(message, Status):
        fields = ", ".join(f"{name}={shown(getattr(message, name))}" for name in _OF_A_STATUS)
        return f"{head} Status({fields}, ...)"
    return f"{head} {shown(message)}" if frame.payload else head


def told_bytes(data: bytes) -> Iterator[str]:
    """Return a line for each thing that stands between delimiters: what it is, then its bytes."""
    for run in filter(None, data.split(b"\0")):
        found = examine(run)
        what = f"no frame, {found.value}" if isinstance(found, Damage) else told(found)
        more = f" ... {len(run)} bytes" if len(run) > _WIDEST and isinstance(found, Damage) else ""
        shown = run[:_WIDEST] if more else run
        yield f"{what}: {shown.hex()}{more}"
