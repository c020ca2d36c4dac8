"""What an incident happens to: a pump in a patient, and a host that knows of it what telemetry says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from protocol.alarms import Alarm
from protocol.exchange import HostEnd
from protocol.ledger import Ledger
from protocol.messages import Commit, Events, GetEvents, Outcome, Poll, Prepare, Prepared, Status
from protocol.vocabulary import EventKind, Log
from pumpmock.model.pump import Pump
from pumpmock.ports.memory import MemoryPort
from pumpmock.profile_file import USUAL, shipped
from pumpmock.snapshot import Memory
from tests.pumpmock.conftest import SERIAL_NUMBER, STORE_ID, TECHNICIAN, Bench, counting_random

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protocol.fields import Message
    from protocol.messages import Change, EventRecord
    from pumpmock.model.drug import DrugRules

_M = TypeVar("_M")
RAISED, CLEARED = EventKind.ALARM_RAISED, EventKind.ALARM_CLEARED


def a_pump(
    *,
    fill_nl: int = 18_000_000,
    rate_nl_h: int = 25_000,
    concentration_ug_ml: int = 500,
    primed: bool = True,
    profile: str = USUAL,
    drug: DrugRules | None = None,
    **figures: int,
) -> Pump:
    """Return a pump at pump time 0: by default with 300 ug a day, which is 12,500,000 pg/h in 25,000 nL/h."""
    others: dict[str, Any] = dict(figures)
    return Pump(
        replace(shipped(profile).settings, **others),
        fill_nl=fill_nl,
        rate_nl_h=rate_nl_h,
        concentration_ug_ml=concentration_ug_ml,
        primed=primed,
        drug=drug,
    )


def alarms_of(entries: Iterable[EventRecord]) -> list[tuple[EventKind, Alarm, int]]:
    """Return what log entries tell of alarms: raised or cleared, which one, and when, in us of pump time."""
    told = (entry for entry in entries if entry.kind in {RAISED, CLEARED})
    return [(EventKind(entry.kind), Alarm(entry.detail), entry.pump_time_us) for entry in told]


class Telemetry:
    """A host in a session with a pump, over a port in memory; it knows nothing but the answers it gets."""

    def __init__(self, pump: Pump) -> None:
        bench = Bench(Memory(SERIAL_NUMBER, STORE_ID, 1, 0, Ledger(), pump))
        self._port = MemoryPort(bench.open)
        self._end = HostEnd(TECHNICIAN, bytes(range(16)))
        self._random = counting_random()
        data = self._end.hello()
        while data:
            self._port.write(data)
            _, data = self._end.receive(self._port.read(500))

    def ask(self, request: Message, kind: type[_M]) -> _M:
        """Ask, and expect one answer of this kind."""
        self._port.write(self._end.ask(request)[0])
        ((answer, _),) = self._end.receive(self._port.read(2_000))[0]
        assert isinstance(answer, kind)
        return answer

    def status(self) -> Status:
        return self.ask(Poll(), Status)

    def alarms(self, log: Log = Log.EVENTS) -> list[tuple[EventKind, Alarm, int]]:
        """Return what is in a log of alarms, as `alarms_of`."""
        return alarms_of(self.ask(GetEvents(1, log), Events).events)

    def preparing(self, change: Change) -> Prepare:
        now = self.status()
        return Prepare(self._random(8), now.revision, now.commanded_rate_nl_h, 0, change)

    def change(self, change: Change) -> None:
        """Prepare a change and commit it."""
        prepared = self.ask(self.preparing(change), Prepared)
        self.ask(Commit(prepared.command_id, prepared.token), Outcome)
