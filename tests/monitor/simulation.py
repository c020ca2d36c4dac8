"""A watcher without a thread, a port or a wait: a pump that answers as it is told, and a clock that skips idle time."""

from __future__ import annotations

import contextlib
import queue
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from monitor.errors import LinkError
from monitor.snapshot import Reading
from monitor.watch import Watcher
from protocol.intent import Intent
from protocol.machines import Stage
from protocol.messages import EVENTS_A_PAGE, Bench, Change, EventRecord, Events, Identity, Outcome, Prepared
from protocol.places import BAUD
from protocol.vocabulary import ChangeKind, Log, Role, Verdict
from tests.monitor.conftest import MS, SERIAL_NUMBER, STATUS, STORE_ID, Clock

if TYPE_CHECKING:
    from monitor.snapshot import Snapshot

COMMAND = b"command1"
CHANGE = Change(ChangeKind.RATE, 22_000)
PREPARED = Prepared(COMMAND, 4, 20_000, 22_000, 2_000, 1_000_000, 1, 1, 1, 1, b"token001", 15_000, CHANGE)
INTENT = Intent(
    COMMAND, SERIAL_NUMBER, STORE_ID, 1_767_225_600, CHANGE, 4, 20_000, 22_000, stage=Stage.RESOLVING
)
APPLIED = Outcome(COMMAND, Verdict.APPLIED, 5, 22_000, 0)


class FakePump:
    """What a watcher's `connect` returns.

    Attributes:
        calls: what was asked, in order, other than readings.
        reply_ns: how long a reading takes.
        page_ns: how long a page of a log takes.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.identity = Identity(SERIAL_NUMBER, "bench", "1", 0, STORE_ID, 2, 0b1110)
        self.role = Role.TECHNICIAN
        self.bad_frames = 0
        self.unresolved: tuple[Intent, ...] = ()
        self.settled: tuple[tuple[Intent, Outcome], ...] = ()
        self.problem = ""
        self.status_ = STATUS
        self.reply_ns = 0
        self.page_ns = 0
        self.is_closed = False
        self.settled_ns: list[int] = []
        self.polled_ns: list[int] = []
        self.asked_since: list[int] = []
        self.acknowledged: list[int] = []
        self.paused: list[int] = []
        self.faults: list[EventRecord] = []
        self.asked_faults: list[tuple[int, int]] = []
        self.calls: list[tuple[Any, ...]] = []
        self.bench_: Bench | None = None
        self.asked_bench_ns: list[int] = []
        self._events: list[EventRecord] = []
        self._errors: dict[str, Exception] = {}

    @property
    def store_id(self) -> bytes:
        return self.identity.store_id

    def fail(self, call: str, error: Exception) -> None:
        self._errors[call] = error

    def heal(self) -> None:
        self._errors.clear()

    def log(self, events: list[EventRecord]) -> None:
        self._events = events

    def _may_fail(self, call: str) -> None:
        if call in self._errors:
            raise self._errors[call]

    def identify(self) -> Identity:
        self._may_fail("identify")
        return self.identity

    def status(self) -> Reading:
        asked_ns = self.clock()
        self.polled_ns.append(asked_ns)
        self.clock.now_ns += self.reply_ns
        self._may_fail("status")
        return self._reading(asked_ns)

    def _reading(self, asked_ns: int) -> Reading:
        newest = self._events[-1].number if self._events else self.status_.newest_event
        return Reading(SERIAL_NUMBER, replace(self.status_, newest_event=newest), asked_ns)

    def events(self, since: int, log: Log = Log.EVENTS) -> list[EventRecord]:
        if log is Log.FAULTS:
            self._may_fail("faults")
            self.asked_faults.append((self.clock(), since))
            self.clock.now_ns += self.page_ns
            return [record for record in self.faults if record.number >= since]
        self._may_fail("events")
        self.asked_since.append(since)
        return [record for record in self._events if record.number >= since]

    def page(self, since: int) -> Events:
        found = self.events(since)
        self.clock.now_ns += self.page_ns
        return Events(Log.EVENTS, self._reading(0).status.newest_event, tuple(found[:EVENTS_A_PAGE]))

    def bench(self) -> Bench | None:
        self.asked_bench_ns.append(self.clock())
        self._may_fail("bench")
        return self.bench_

    def prepare(self, change: Change, *, seen: Reading, reason: str = "") -> Prepared:
        self.calls.append(("prepare", change, seen, reason))
        self._may_fail("prepare")
        return PREPARED

    def commit(self, prepared: Prepared) -> Outcome:
        self.calls.append(("commit", prepared))
        self._may_fail("commit")
        return APPLIED

    def resolve(self, command_id: bytes) -> Outcome:
        self.calls.append(("resolve", command_id))
        self._may_fail("resolve")
        return APPLIED

    def settle(self) -> None:
        self.settled_ns.append(self.clock())
        self._may_fail("settle")

    def acknowledge(self, alarms: int) -> Reading:
        self._may_fail("acknowledge")
        self.acknowledged.append(alarms)
        self.status_ = replace(self.status_, acknowledged=alarms)
        return self._reading(self.clock())

    def pause_audio(self, seconds: int) -> Reading:
        self._may_fail("pause_audio")
        self.paused.append(seconds)
        self.status_ = replace(self.status_, audio_pause_s=seconds)
        return self._reading(self.clock())

    def close(self) -> None:
        self.is_closed = True


class PausedError(Exception):
    """The time to simulate is over."""


class IdleQueue:
    """A queue of jobs that lets the clock go on instead of waiting, until `until_ns`."""

    def __init__(self, clock: Clock) -> None:
        self.until_ns = 1 << 62
        self._clock = clock
        self._jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.put = self._jobs.put
        self.get_nowait = self._jobs.get_nowait

    def get(self, timeout: float) -> Any:  # noqa: ANN401 - whatever was put
        try:
            return self._jobs.get_nowait()
        except queue.Empty:
            due_ns = self._clock() + round(timeout * 1e9)
            if due_ns > self.until_ns:
                self._clock.now_ns = max(self._clock(), self.until_ns)
                raise PausedError from None
            self._clock.now_ns = due_ns
            raise


class Simulation:
    """A watcher of a fake pump.

    Attributes:
        published: all snapshots, in order.
        connected_ns: when it tried to connect.
        refuse_to_connect: whether that fails.
    """

    def __init__(self, period_ms: int = 1_000, baud: int = BAUD) -> None:
        self.clock = Clock()
        self.pump = FakePump(self.clock)
        self.published: list[Snapshot] = []
        self.connected_ns: list[int] = []
        self.refuse_to_connect = False
        self.watcher = Watcher("/dev/x", self._connect, period_ms=period_ms, baud=baud, now_ns=self.clock)
        self.watcher._jobs = self._jobs = IdleQueue(self.clock)
        self.watcher.subscribe(self.published.append)

    def _connect(self) -> FakePump:
        self.connected_ns.append(self.clock())
        if self.refuse_to_connect:
            raise LinkError("there is no port")
        self.pump.is_closed = False
        return self.pump

    def drop(self) -> None:
        """Lose the link now, whatever the pump would have answered."""
        self.watcher._lose(LinkError("pulled"))

    def run_ms(self, span_ms: int) -> None:
        """Do what the watching thread does until this much time has passed, and what is due in that instant."""
        self._jobs.until_ns = self.clock() + span_ms * MS
        with contextlib.suppress(PausedError):
            while True:
                if self.clock() >= self.watcher._next_ns:
                    self.watcher._turn()
                self.watcher._do_jobs_until_due()
