"""What the emulator tells on standard output: sentences for a person, or a line of JSON an event for a program."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from protocol.alarms import Alarm
from protocol.messages import EventKind, EventRecord, Refusal
from protocol.wording import event_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

_ALARM_KINDS = {EventKind.ALARM_RAISED, EventKind.ALARM_CLEARED, EventKind.ACKNOWLEDGED}
_RATE_KINDS = {EventKind.RATE_CHANGED, EventKind.STOPPED, EventKind.RESUMED}


class Console:
    """Where the emulator reports.

    Args:
        as_json: whether a program reads it.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def tell(self, sentence: str, event: Mapping[str, Any]) -> None:
        """Say something in the form that was asked for."""
        _say(json.dumps(event) if self._as_json else sentence, sys.stdout)

    def warn(self, sentence: str) -> None:
        """Say on standard error what somebody should look at."""
        _say(f"pumpmock: {sentence}", sys.stderr)

    def event(self, record: EventRecord) -> None:
        """Report an entry of the pump's event log."""
        self.tell(event_line(record), event_fields(record))


def _say(text: str, stream: TextIO) -> None:
    try:
        print(text, file=stream, flush=True)
    except OSError:
        # Whoever read this has gone, or its disk is full. The pump goes on: a report that fails must not fail what it
        # reports. And the interpreter must find a place to flush to at its end.
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, not a path of ours
            os.dup2(nowhere.fileno(), stream.fileno())


def event_fields(record: EventRecord) -> dict[str, Any]:
    """Return an entry of the event log as JSON values."""
    fields: dict[str, Any] = {
        "event": record.kind.name.lower(),
        "number": record.number,
        "pump_time_us": record.pump_time_us,
        "clock_s": record.clock_s,
    }
    if record.kind in _ALARM_KINDS:
        fields["alarm"] = Alarm(record.detail).name.lower()
    elif record.kind is EventKind.REFUSED:
        fields |= {"reason": Refusal(record.detail).name.lower(), "wanted_nl_h": record.a, "bound": record.b}
    elif record.kind in _RATE_KINDS:
        fields |= {"old_rate_nl_h": record.a, "new_rate_nl_h": record.b}
    return fields
