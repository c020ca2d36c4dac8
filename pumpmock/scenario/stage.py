"""Where a scenario is played: a live pump, the time, the hosts, and what has been seen so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from protocol.alarms import Alarm
from protocol.messages import Rejected
from protocol.vocabulary import EventKind, Refusal
from pumpmock.scenario.agenda import Agenda
from pumpmock.scenario.host_words import FIRST
from pumpmock.scenario.instant import time_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.fields import Message
    from pumpmock.emulator import Emulator
    from pumpmock.host import Host
    from pumpmock.journal.journal import Entry
    from pumpmock.model.sample import Sample
    from pumpmock.model.truth import Truth
    from pumpmock.scenario.expectations import Expectations

_MOST_AT_ONCE = 100  # of one instant: no scenario that comes to an end has so many steps
START = "start"  # the state that a scenario begins in


class SceneError(Exception):
    """A scenario asks for what can't be done here; the message says what to do."""


@dataclass(slots=True)
class Seen:
    """What has happened since the start, counted by name."""

    requests: Counter[str] = field(default_factory=Counter)
    refused: Counter[Refusal] = field(default_factory=Counter)
    raised: Counter[Alarm] = field(default_factory=Counter)
    cleared: Counter[Alarm] = field(default_factory=Counter)
    events: Counter[EventKind] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Failure:
    """What was not as expected.

    Attributes:
        line: of the scenario.
        at_us: pump time.
        text: what was expected, and what was there.
    """

    line: int
    at_us: int
    text: str

    @property
    def sentence(self) -> str:
        """The same for a person, with its pump time."""
        return f"at {time_text(self.at_us)}, {self.text}"


class Stage:
    """A live pump with what a scenario knows of it. How its time passes is for whoever plays: `clockwork`, or an event loop.

    Args:
        emulator: the pump.

    Attributes:
        emulator: as above.
        agenda: what is to happen.
        state: what the scenario has come to.
        seen: what has happened.
        failures: what was not as expected.
        checked: how many expectations were looked at.
        rules: told of each request as it is accepted, before it is executed, with the names that it goes by.
        first: the host that is meant where nobody is named.
    """

    first = FIRST

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.agenda = Agenda()
        self.state = START
        self.seen = Seen()
        self.failures: list[Failure] = []
        self.checked = 0
        self._instant_us = -1
        self._at_once = 0  # so much has happened at that instant
        self.rules: list[Callable[[Message, frozenset[str]], None]] = []
        emulator.journal.heard_by.append(self._note)
        emulator.faults.watchers.append(self)

    def leave(self) -> None:
        """Hear nothing more of the pump."""
        self.emulator.journal.heard_by.remove(self._note)
        self.emulator.faults.watchers.remove(self)

    # --- what is so -------------------------------------------------------------------------------------------------

    @property
    def now_us(self) -> int:
        """Pump time."""
        return self.emulator.device.pump.clock.now_us

    @property
    def sample(self) -> Sample:
        """What the pump believes at this instant."""
        return self.emulator.device.pump.sample()

    @property
    def truth(self) -> Truth:
        """What is so at this instant; a ledger that does not add up stops the pump."""
        return self.emulator.device.pump.truth()

    def host(self, name: str) -> Host:
        """Return a host by its name; a stage that has none of its own says so.

        Raises:
            SceneError: here, always.
        """
        raise SceneError(
            f'the host "{name}" is played by pumpmock run only: against a host of your own, leave out what it does and knows'
        )

    # --- what happens -----------------------------------------------------------------------------------------------

    def expect(self, expected: Expectations) -> None:
        """Hold what is so against what is expected, and keep what differs."""
        self.emulator.device.catch_up()
        self.checked += len(expected.wanted)
        for said in expected.unmet(self):
            self.fail(expected.line, said)

    def fail(self, line: int, text: str) -> None:
        """Keep that something was not as expected, at this instant."""
        self.failures.append(Failure(line, self.now_us, text))

    def do_due(self, *, busy: bool = False, until_us: int | None = None) -> None:
        """Let happen what is due, in order; while a host is `busy`, what hosts are to do waits.

        What hosts do takes time: once it is later than `until_us`, what is left stays for later.

        Raises:
            SceneError: where one thing brings another about without end.
        """
        while until_us is None or self.now_us <= until_us:
            item = self.agenda.take_due(self.now_us, busy=busy)
            if item is None:
                return
            self._at_once = self._at_once + 1 if self.now_us == self._instant_us else 0
            self._instant_us = self.now_us
            if self._at_once > _MOST_AT_ONCE:
                said = f"at {time_text(self.now_us)} steps bring one another about again and again"
                raise SceneError(f"{said}: give one of them an after, or a goto that leads on")
            item.action()

    # --- what is heard of it ----------------------------------------------------------------------------------------

    def asked(self, request: Message, labels: frozenset[str]) -> None:
        """Count a request, and let happen what waits for it."""
        self.seen.requests[type(request).__name__] += 1
        for rule in list(self.rules):
            rule(request, labels)

    def answered(self, answer: Message) -> None:
        """Count a refusal."""
        if isinstance(answer, Rejected):
            self.seen.refused[Refusal(answer.reason)] += 1

    def _note(self, entry: Entry) -> None:
        if entry.what == "fault":
            self.seen.faults[entry.fields["kind"]] += 1
            return
        kind = _EVENTS.get(entry.what)
        if kind is None:
            return
        self.seen.events[kind] += 1
        counters: dict[EventKind, Any] = {
            EventKind.ALARM_RAISED: self.seen.raised,
            EventKind.ALARM_CLEARED: self.seen.cleared,
        }
        if kind in counters:
            counters[kind][Alarm[entry.fields["alarm"].upper()]] += 1


_EVENTS = {kind.name.lower(): kind for kind in EventKind}
