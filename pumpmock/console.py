"""What the emulator tells on standard output: sentences for a person, or a line of JSON an event for a program."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from protocol.alarms import Alarm
from protocol.messages import EventKind, EventRecord, Refusal
from protocol.wording import event_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALARM_KINDS = {EventKind.ALARM_RAISED, EventKind.ALARM_CLEARED, EventKind.ACKNOWLEDGED}


class Console:
    """Where the emulator reports.

    Args:
        as_json: whether a program reads it.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def tell(self, sentence: str, event: Mapping[str, Any]) -> None:
        """Say something in the form that was asked for."""
        text = json.dumps(event) if self._as_json else sentence
        try:
            print(text, flush=True)  # noqa: T201 - this is the console
        except BrokenPipeError:
            # Whoever read this has gone; the pump goes on, and the interpreter must find a place to flush to at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def warn(self, sentence: str) -> None:
        """Say on standard error what somebody should look at."""
        print(f"pumpmock: {sentence}", file=sys.stderr, flush=True)  # noqa: T201 - this is the console

    def event(self, record: EventRecord) -> None:
        """Report an entry of the pump's event log."""
        clock = datetime.fromtimestamp(record.clock_s, UTC)
        self.tell(f"{clock:%Y-%m-%d %H:%M:%S}  {event_text(record)}", event_fields(record))


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
    elif record.kind is not EventKind.START:
        fields |= {"old_rate_nl_h": record.a, "new_rate_nl_h": record.b}
    return fields
