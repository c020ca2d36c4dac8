"""A journal's entries as JSON values, one object an entry: what `serve --journal` writes a line of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pumpmock.journal.entry import HEARD, SAID
from pumpmock.journal.messages import message_fields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pumpmock.journal.entry import Entry
    from pumpmock.journal.frames import Frame


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
