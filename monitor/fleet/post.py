"""A pump of the fleet, and how the thread that reads it stands with it: what is open, what is known, what is due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.errors import LinkError
from monitor.fleet.talk import Talk
from monitor.history.told import Pump
from monitor.link_state import met, read
from monitor.snapshot import NS_PER_MS, Reading
from protocol.messages import Events, Identity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from monitor.fleet.bench_file import Member
    from monitor.fleet.keeping import Keeping
    from monitor.fleet.wire import Wire
    from monitor.keys import Keyring
    from monitor.snapshot import Snapshot
    from protocol.intent import Intent
    from protocol.keys import Key
    from protocol.messages import EventRecord, Status

_BEFORE = 8  # half of the greetings that are sent at once


@dataclass(slots=True, eq=False)
class Post:
    """A pump; touched by the fleet's thread alone.

    Attributes:
        number: its place in the fleet.
        member: what the bench says of it.
        snapshot: what is known.
        keyring: the keys to try.
        in_doubt: the changes without a verdict, by serial number, that may turn out to be this pump's.
        random: returns that many random bytes.
        rank: the place of its port among all, in the order of their names and numbers, and how many there are.
        next_ns: when it is to be polled or opened next.
        wire: its port while that is open.
        talk: the conversation on it.
        visit: counts closings, so that what comes late from before is told apart.
        due_ns: when the thread has noted that something is due; -1 while it has not.
        is_opening: whether another thread is opening the port.
        is_lent: whether the port is somebody else's now.
        keeping: where what it says is stored; None where it is not.
        is_linked: whether it is on record that there is a link to it.
        next_event: from which number on its event log is wanted; None while that is not known, or was asked for.
    """

    number: int
    member: Member
    snapshot: Snapshot
    keyring: Keyring
    in_doubt: Mapping[str, tuple[Intent, ...]]
    random: Callable[[int], bytes]
    rank: tuple[int, int]
    next_ns: int
    wire: Wire | None = None
    talk: Talk | None = None
    visit: int = 0
    due_ns: int = -1
    is_opening: bool = False
    is_lent: bool = False
    keeping: Keeping | None = None
    next_event: int | None = None
    is_linked: bool = False

    @property
    def wanted_ns(self) -> int:
        """When something is due by itself; -1 where nothing is."""
        if self.is_lent or self.is_opening:
            return -1
        if self.talk is not None and self.talk.due_ns is not None:
            return self.talk.due_ns
        return self.next_ns

    def check_keys(self) -> None:
        """Refuse to open a port without a key.

        Raises:
            LinkError: with the sentence that says what is missing.
        """
        if not self.keyring.rounds(self.member.serial_number):
            raise LinkError(self.keyring.what_is_missing(self.member.serial_number))

    def greet(self, wire: Wire, now_ns: int) -> None:
        """Begin to talk on a port that has been opened.

        Raises:
            LinkError: the port has gone.
        """
        rounds = self.keyring.rounds(self.member.serial_number)
        silence = f"no pump answers on {self.member.url} {self.keyring.why_silent(rounds)}"
        rounds = [self._likely_first(keys) for keys in rounds]
        self.wire, self.talk = wire, Talk(rounds, self.random, silence, self.member.baud)
        wire.write(self.talk.hello(now_ns))

    def _likely_first(self, keys: list[Key]) -> list[Key]:
        """Return the keys of a round from where this pump's is, if pumps stand in the order of their serial numbers."""
        place, of = self.rank
        start = max(0, place * len(keys) // of - _BEFORE)
        return keys[start:] + keys[:start]

    def speak(self, now_ns: int) -> None:
        """Poll, or see to a time-out.

        Raises:
            LinkError: nobody answers, or the port has gone.
        """
        if self.wire is None or self.talk is None:
            return
        if self.talk.due_ns is not None:
            self.wire.write(self.talk.expire(now_ns))
            return
        self.wire.write(self.talk.poll(now_ns))
        late_ns, period_ns = max(0, now_ns - self.next_ns), self.snapshot.period_ms * NS_PER_MS
        self.next_ns += period_ns * (1 + late_ns // period_ns)  # what was missed is not made up for

    def hear(self, data: bytes, now_ns: int) -> bool:
        """Take what has arrived, answer where that is wanted at once, and tell whether more is known now.

        Raises:
            MonitorError: the pump refuses, or the port has gone.
        """
        if self.wire is None or self.talk is None:
            return False
        to_send, heard = self.talk.receive(data, now_ns)
        if to_send:
            self.wire.write(to_send)
        if heard is None or self.talk.key is None:
            return False
        serial_number = self.talk.key.serial_number
        if isinstance(heard.message, Events):
            self._keep_log(heard.since, heard.message.events)
            return False
        if isinstance(heard.message, Identity):
            unresolved = self.snapshot.unresolved or self.in_doubt.get(serial_number, ())
            role = self.talk.key.role
            self.snapshot = met(self.snapshot, heard.message, role, unresolved=unresolved)
            self.ask_what_is_wanted()
        else:
            self.snapshot = read(
                self.snapshot,
                Reading(serial_number, heard.message, heard.asked_ns),
                reply_us=(now_ns - heard.asked_ns) // 1_000,
                bad=self.talk.bad_frames,
            )
            self._keep(heard.message, now_ns)
        return True

    # --- what is stored of it -----------------------------------------------------------------------------------------

    @property
    def whose(self) -> Pump | None:
        """The pump and its memory; None before it has said who it is."""
        identity = self.snapshot.identity
        return None if identity is None else Pump(identity.serial_number, identity.store_id)

    def ask_what_is_wanted(self) -> None:
        """Ask the history from which number on the event log is wanted."""
        self.next_event = None
        if self.keeping is not None and (pump := self.whose) is not None:
            self.keeping.ask(self.number, pump, bench=self.snapshot.bench_key)

    def _keep(self, status: Status, now_ns: int) -> None:
        """Store a reading, and ask for the next page of the log, if there is one: one a reading, so that all get their turn."""
        pump = self.whose
        if self.keeping is None or pump is None or self.talk is None or self.wire is None:
            return
        if not self.is_linked:
            self.is_linked = True
            self.keeping.turned(pump, "", bench=self.snapshot.bench_key)
        self.keeping.read(pump, status, bench=self.snapshot.bench_key)
        if self.next_event is not None and status.newest_event >= self.next_event > 0:
            self.wire.write(self.talk.ask_for_log(self.next_event, now_ns))
        elif self.next_event == 0:  # it could not be told when it was asked for
            self.ask_what_is_wanted()

    def turn_off(self, why: str) -> None:
        """Store why there is no link any more, if there was one."""
        pump = self.whose
        if self.is_linked and self.keeping is not None and pump is not None:
            self.keeping.turned(pump, why, bench=self.snapshot.bench_key)
        self.is_linked = False

    def _keep_log(self, since: int, events: Sequence[EventRecord]) -> None:
        pump = self.whose
        if self.keeping is not None and pump is not None and events:
            self.next_event = None
            self.keeping.logged(self.number, pump, since, events, bench=self.snapshot.bench_key)

    def close(self) -> None:
        """Give the port back."""
        self.visit += 1
        self.is_opening = False
        wire, self.wire, self.talk = self.wire, None, None
        if wire is not None:
            wire.close()
