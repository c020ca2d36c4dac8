"""What the emulator tells on standard output: sentences for a person, or a line of JSON an event for a program."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from protocol.alarms import Alarm
from protocol.messages import EVERY_DAY, OVERRIDDEN
from protocol.vocabulary import EventKind, Mode, PressRefusal, Refusal, Role
from protocol.wording import CHANGES, event_line
from pumpmock.outlet import Outlet, write_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from protocol.messages import EventRecord


class Console:
    """Where the emulator reports.

    Args:
        as_json: whether a program reads it.
        whose: the pump that all of it is about; "" where there is but one.
    """

    __slots__ = ("_as_json", "_say", "_say_first", "_whose")

    def __init__(self, *, as_json: bool, whose: str = "") -> None:
        self._as_json = as_json
        self._whose = whose
        self._say: Callable[[str], None] = lambda line: write_out(line, sys.stdout)
        self._say_first = self._say

    @contextmanager
    def unhindered(self) -> Iterator[None]:
        """Let nobody who reads standard output slowly, or not at all, hold up who tells something here meanwhile.

        `begin` tells the first line; what was told before it comes after it.
        """
        outlet = Outlet(sys.stdout, self._missed)
        direct = self._say, self._say_first
        self._say, self._say_first = outlet.say, outlet.say_first
        try:
            yield
        finally:
            outlet.close()
            self._say, self._say_first = direct

    def _missed(self, lines: int) -> str:
        if self._as_json:
            return json.dumps({"event": "missed", "lines": lines})
        return f"{lines} more lines were told and not read in time: they are lost"

    def of(self, serial_number: str) -> Console:
        """Return the same console for one pump of many: all that is told there says whose it is."""
        named = Console(as_json=self._as_json, whose=serial_number)
        named._say = self._say
        return named

    def begin(self, sentence: str, event: Mapping[str, Any]) -> None:
        """Say what comes first, in the form that was asked for."""
        self._say_first(self._form(sentence, event))

    def tell(self, sentence: str, event: Mapping[str, Any]) -> None:
        """Say something in the form that was asked for."""
        self._say(self._form(sentence, event))

    def _form(self, sentence: str, event: Mapping[str, Any]) -> str:
        if self._as_json:
            return json.dumps({**event, "serial_number": self._whose} if self._whose else event)
        return f"{self._whose}: {sentence}" if self._whose else sentence

    def warn(self, sentence: str) -> None:
        """Say on standard error what somebody should look at."""
        write_out(
            f"pumpmock: {self._whose}: {sentence}" if self._whose else f"pumpmock: {sentence}", sys.stderr
        )

    def event(self, record: EventRecord) -> None:
        """Report an entry of the pump's event log."""
        self.tell(event_line(record), event_fields(record))


def event_fields(record: EventRecord) -> dict[str, Any]:
    """Return an entry of the event log as JSON values."""
    kind = EventKind(record.kind)
    fields: dict[str, Any] = {
        "event": kind.name.lower(),
        "number": record.number,
        "pump_time_us": record.pump_time_us,
        "clock_s": record.clock_s,
    }
    if kind in CHANGES:
        fields["overridden"] = bool(record.detail & OVERRIDDEN)
    return fields | _FIELDS.get(kind, _nothing)(record)


def _nothing(_record: EventRecord) -> dict[str, Any]:
    return {}


def _alarm(record: EventRecord) -> dict[str, Any]:
    return {"alarm": Alarm(record.detail).name.lower()}


def _rates(record: EventRecord) -> dict[str, Any]:
    return {"old_rate_nl_h": record.a, "new_rate_nl_h": record.b}


# What `detail`, `a` and `b` of each kind are called.
_FIELDS: dict[EventKind, Callable[[EventRecord], dict[str, Any]]] = {
    **dict.fromkeys((EventKind.ALARM_RAISED, EventKind.ALARM_CLEARED, EventKind.ACKNOWLEDGED), _alarm),
    **dict.fromkeys(
        (EventKind.RATE_CHANGED, EventKind.STOPPED, EventKind.RESUMED, EventKind.MINIMUM_RATE), _rates
    ),
    EventKind.MODE_ENDED: lambda r: {"mode": Mode(r.detail).name.lower(), **_rates(r)},
    EventKind.REFUSED: lambda r: {
        "reason": Refusal(r.detail).name.lower(),
        "wanted_nl_h": r.a,
        "bound": r.b,
    },
    EventKind.TEMPORARY_RATE: lambda r: {"rate_nl_h": r.a, "duration_s": r.b},
    EventKind.BOLUS: lambda r: {"volume_nl": r.a, "duration_s": r.b},
    EventKind.FLEX: lambda r: {"weekdays": r.detail & EVERY_DAY, "volume_nl": r.a},
    EventKind.REFILLED: lambda r: {"withdrawn_nl": r.a, "volume_nl": r.b},
    EventKind.PRIME: lambda r: {"volume_nl": r.a},
    EventKind.BRIDGE: lambda r: {"volume_nl": r.a, "rate_nl_h": r.b},
    EventKind.CLOCK_SET: lambda r: {"old_clock_s": r.a},
    EventKind.SESSION: lambda r: {"role": Role(r.detail).name.lower(), "count": r.a},
    EventKind.BAD_HANDSHAKES: lambda r: {"count": r.a},
    EventKind.AUDIO_PAUSED: lambda r: {"seconds": r.a},
    EventKind.REFUSALS: lambda r: {"role": Role(r.detail).name.lower(), "count": r.a},
    EventKind.STORE_FAILED: lambda r: {"errno": r.detail},
    EventKind.STORED_AGAIN: lambda r: {"tries": r.a},
    EventKind.PATIENT_BOLUS: lambda r: {"volume_nl": r.a, "duration_s": r.b},
    EventKind.PATIENT_BOLUS_REFUSED: lambda r: {"reason": PressRefusal(r.detail).name.lower()},
}
