"""The read loop: one thread that keeps a reading fresh, reconnects by itself, and does what a screen asks for.

Screens never touch a port. They are told of each new snapshot, and hand in what is to be done as a job whose future
tells the result. Everything that crosses the wire does so from this one thread, in order.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from monitor.errors import LinkError, MonitorError, RefusedError
from monitor.history import portrait
from monitor.history.told import Pump
from monitor.link_state import ENDED, lost, met, read
from monitor.log_pages import LogPages
from monitor.snapshot import NS_PER_MS, Link, Snapshot
from protocol.frame import MOST_WIRE
from protocol.places import BAUD
from protocol.timeouts import line_ms, reading_period_ms
from protocol.vocabulary import Log

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.client import PumpClient
    from monitor.history.recorder import Recorder
    from monitor.snapshot import Reading
    from protocol.intent import Intent
    from protocol.messages import Change, EventRecord, Outcome, Prepared, Step

_T = TypeVar("_T")
_Job = tuple["Callable[[], Any]", "Future[Any]"]
_NS_PER_S = 1_000_000_000
_KEPT_FAULTS = 200
_KEPT_VERDICTS = 20
_ASK_AGAIN_NS = 5 * _NS_PER_S  # a pump that does not say what became of a change is read all the same
_FAULTS_AGAIN_NS = 60 * _NS_PER_S


class Watcher:
    """Keeps watching the pump on a port.

    Args:
        url: the port, as pyserial names it.
        connect: opens a client on it; LinkError where it can't.
        left: tells, while there is no client, which changes of a pump are in doubt, of any as long as none has answered,
            and why there may be more; empty if not.
        period_ms: a reading is asked for this often, or as often as the line allows.
        baud: of the line, bits a second.
        now_ns: the host's monotonic clock.
        bench_key: whether it is the published bench key that `connect` tries.
        history: returns where readings and events are stored before anybody is told of them, or None; called once, by
            the watching thread, which closes it.
    """

    def __init__(
        self,
        url: str,
        connect: Callable[[], PumpClient],
        *,
        left: Callable[[str | None], tuple[tuple[Intent, ...], str]] = lambda _: ((), ""),
        period_ms: int = 1_000,
        baud: int = BAUD,
        now_ns: Callable[[], int] = time.monotonic_ns,
        bench_key: bool = False,
        history: Callable[[], Recorder | None] = lambda: None,
    ) -> None:
        self._connect = connect
        self._left = left
        self._open_history = history
        self._history: Recorder | None = None
        self._now_ns = now_ns
        self._snapshot = Snapshot(
            url, reading_period_ms(period_ms, baud), link_since_ns=now_ns(), bench_key=bench_key, baud=baud
        )
        self._listeners: list[Callable[[Snapshot], None]] = []
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._client: PumpClient | None = None
        self._next_ns = now_ns()
        self._ask_ns = 0
        self._faults_ns = 0
        self._log = LogPages()
        self._page_ns = line_ms(2 * MOST_WIRE, baud) * NS_PER_MS  # the longest request and answer
        self._owed: list[tuple[str, dict[str, object]]] = []

    @property
    def snapshot(self) -> Snapshot:
        """What is known now."""
        return self._snapshot

    def subscribe(self, callback: Callable[[Snapshot], None]) -> None:
        """Have `callback` told of each new snapshot, on the watching thread."""
        self._listeners.append(callback)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End watching and give the port back; waits for a request that is under way, but not for its time-out."""
        self._ending.set()
        self._jobs.put(None)
        if self._thread.is_alive():
            # A request and its answer, each the longest frame, and 3 s.
            self._thread.join(timeout=3 + line_ms(2 * MOST_WIRE, self._snapshot.baud) / 1_000)
        self._refuse_jobs()

    # --- what a screen may ask for --------------------------------------------------------------------------------

    def prepare(self, change: Change, *, seen: Reading, reason: str = "") -> Future[Prepared]:
        """Have a change prepared, as `PumpClient.prepare` does."""
        return self._submit(lambda: self._linked().prepare(change, seen=seen, reason=reason))

    def week(self) -> Future[tuple[tuple[Step, ...], ...]]:
        """Have the program of all seven weekdays read, Monday first."""
        return self._submit(self._linked_week)

    def commit(self, prepared: Prepared) -> Future[Outcome]:
        """Have it applied, as `PumpClient.commit` does."""
        return self._submit(lambda: self._linked().commit(prepared))

    def resolve(self, command_id: bytes) -> Future[Outcome]:
        """Have the pump asked what became of it, as `PumpClient.resolve` does.

        The future fails with RefusedError where another pump, or another memory, answers by now: of a change that it
        never saw it would say "not applied" with a good conscience.
        """
        return self._submit(lambda: self._resolve(command_id))

    def settle(self) -> Future[tuple[Intent, ...]]:
        """Have the pump asked now about every change without a verdict; the future tells which have none still."""
        return self._submit(self._settle)

    def acknowledge(self, alarms: int) -> Future[None]:
        """Tell the pump that somebody has seen these alarms of it, a bit each."""
        return self._submit(lambda: self._acknowledge(alarms))

    def pause_audio(self, seconds: int) -> Future[None]:
        """Have the pump's alarm sound silenced, as `PumpClient.pause_audio` does."""
        return self._submit(lambda: self._pause_audio(seconds))

    def record(self, kind: str, facts: dict[str, object]) -> Future[None]:
        """Have something that was done here put on record, where a history is kept; owed while that can't be written."""
        return self._submit(lambda: self._record(kind, facts))

    def _linked_week(self) -> tuple[tuple[Step, ...], ...]:
        client = self._linked()
        return tuple(client.program(weekday).steps for weekday in range(7))

    def _resolve(self, command_id: bytes) -> Outcome:
        for intent, outcome in self._snapshot.settled:
            if intent.command_id == command_id:
                return outcome
        return self._linked().resolve(command_id)

    def _settle(self) -> tuple[Intent, ...]:
        if self._client is None:
            self._next_ns = self._now_ns()
            raise LinkError("there is no link to the pump: trying again now")
        self._ask(self._client)
        self._publish(**self._changes(self._client))
        return self._client.unresolved

    def _ask(self, client: PumpClient) -> None:
        client.settle()
        self._ask_ns = self._now_ns() + _ASK_AGAIN_NS

    def _acknowledge(self, alarms: int) -> None:
        client = self._linked()
        self._take(client, client.acknowledge(alarms))

    def _pause_audio(self, seconds: int) -> None:
        client = self._linked()
        self._take(client, client.pause_audio(seconds))

    def _take(self, client: PumpClient, reading: Reading) -> None:
        """Publish a reading that came as an answer."""
        if self._history is not None:
            self._history.take(client, reading, reading.status.newest_event + 1, ())
        self._publish(reading=reading)

    def _record(self, kind: str, facts: dict[str, object]) -> None:
        if self._history is not None:
            self._owed.append((kind, facts))
            self._pay()

    def _pay(self) -> None:
        while self._owed and self._history is not None and self._history.note_late(*self._owed[0]):
            del self._owed[0]

    def _linked(self) -> PumpClient:
        if self._client is None:
            raise LinkError("there is no link to the pump")
        return self._client

    def _submit(self, work: Callable[[], _T]) -> Future[_T]:
        future: Future[_T] = Future()
        self._jobs.put((work, future))
        if self._ending.is_set():  # there may be nobody left to do it
            self._refuse_jobs()
        return future

    # --- the thread -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._history = self._open_history()
            self._publish(**self._in_doubt())
            while not self._ending.is_set():
                if self._now_ns() >= self._next_ns:
                    self._turn()
                self._do_jobs_until_due()
        finally:
            self._close()
            self._turn_off(ENDED)
            if self._history is not None:
                self._history.close()
            self._refuse_jobs()

    def _turn(self) -> None:
        """Poll, or connect where there is no link."""
        started_ns = self._now_ns()
        try:
            if self._client is None:
                self._open()
            self._poll()
            self._pay()
            self._next_ns = max(started_ns + self._snapshot.period_ms * NS_PER_MS, self._now_ns())
        except MonitorError as error:
            self._lose(error)

    def _open(self) -> None:
        client = self._connect()
        self._client = client
        self._ask_ns = self._now_ns() + _ASK_AGAIN_NS
        self._faults_ns = self._now_ns()
        identity = client.identify()
        self._tell(met(self._snapshot, identity, client.role, **self._changes(client)))

    def _poll(self) -> None:
        client = self._client
        if client is None:
            return
        if self._now_ns() >= self._ask_ns:
            self._ask(client)
        asked_ns = self._now_ns()
        reading = client.status()
        reply_us = (self._now_ns() - asked_ns) // 1_000
        events = self._log.begin(client, reading, self._snapshot.events, self._history)
        if self._snapshot.link is not Link.LIVE and self._history is not None:
            self._history.turned(reading.serial_number, client.store_id, "")
        before = self._snapshot
        now = read(
            before,
            reading,
            reply_us=reply_us,
            bad=client.bad_frames,
            events=events,
            log_to=self._log.goal,
            **self._changes(client),
        )
        self._tell(now)
        self._look_for_faults(
            client, due_ns=asked_ns + now.period_ms * NS_PER_MS, fresh=events != before.events
        )
        # After the reading, which has the count: an answer that gets lost here, as faults will have it, holds up no figure.
        try:
            if reading.status.bench_faults and (bench := client.bench()) != now.bench:
                self._publish(bench=bench)
        finally:
            self._learn(reading)

    def _learn(self, reading: Reading) -> None:
        """Have it on record who the pump is, and what its bench does to it."""
        identity = self._snapshot.identity
        if self._history is None or identity is None:
            return
        pump, status = Pump(reading.serial_number, identity.store_id), reading.status
        self._history.learn(portrait.IDENTIFIED, pump, portrait.identified(identity, status))
        self._history.learn(
            portrait.BENCH, pump, portrait.injected(status, self._snapshot.bench), portrait.NO_FAULTS
        )

    def _read_on(self) -> None:
        """Read one page more of a log that is longer than one, and tell how far it is read."""
        client, reading = self._client, self._snapshot.reading
        if client is None or reading is None:
            return
        try:
            events = self._log.go_on(client, reading.serial_number, self._snapshot.events, self._history)
            self._publish(events=events, log_to=self._log.goal, **self._changes(client))
            if not self._log.goal:
                self._faults_ns = self._now_ns()
        except MonitorError as error:
            self._lose(error)

    def _look_for_faults(self, client: PumpClient, *, due_ns: int, fresh: bool) -> None:
        """Read the fault log with every new event and once a minute; on a slow line not in the turn that read a page.

        Both together would be so long that the reading goes stale before the next.
        """
        now_ns = self._now_ns()
        if fresh:
            self._faults_ns = min(self._faults_ns, now_ns)
        late = now_ns + self._page_ns > due_ns
        if now_ns < self._faults_ns or self._log.goal or (late and fresh):
            return
        faults = self._faults(client)
        if faults != self._snapshot.faults:
            self._publish(faults=faults)

    def _faults(self, client: PumpClient) -> tuple[EventRecord, ...]:
        """Return the fault log as far as it is kept here. A fault that is no alarm tells of itself in no other way."""
        before = self._snapshot.faults
        self._faults_ns = self._now_ns() + _FAULTS_AGAIN_NS
        newest = before[-1].number if before else 0
        try:
            found = client.events(newest + 1, Log.FAULTS)
        except RefusedError:  # a pump without such a log is read all the same
            return before
        return (*before, *(one for one in found if one.number > newest))[-_KEPT_FAULTS:]

    def _changes(self, client: PumpClient) -> dict[str, Any]:
        """Return what the client knows of changes without a verdict, and of verdicts that it learned by asking."""
        before = self._snapshot.settled
        settled = (*before, *(one for one in client.settled if one not in before))[-_KEPT_VERDICTS:]
        return {
            "unresolved": client.unresolved,
            "settled": settled,
            "notes_problem": client.problem,
            "history_problem": "" if self._history is None else self._history.problem,
        }

    def _in_doubt(self) -> dict[str, Any]:
        """Return the changes without a verdict that were noted, while nobody can be asked."""
        before = self._snapshot
        found, problem = self._left(None if before.identity is None else before.identity.serial_number)
        if problem:  # what can't be read any more is not settled
            ids = {one.command_id for one in found}
            found = (*(one for one in before.unresolved if one.command_id not in ids), *found)
        return {"unresolved": found, "notes_problem": problem}

    def _lose(self, error: MonitorError) -> None:
        self._close()
        self._turn_off(str(error))
        now = lost(self._snapshot, str(error), self._now_ns(), **self._in_doubt())
        self._next_ns = now.retry_ns
        self._tell(now)

    def _do_jobs_until_due(self) -> None:
        left_ns, has_read = 1, False
        while left_ns > 0 and not self._ending.is_set():
            # A turn that took longer than the period leaves no time; one job is done all the same, and one page read.
            left_ns = max(0, self._next_ns - self._now_ns())
            reads = self._snapshot.log_to > 0 and self._client is not None
            reads = reads and (not has_read or left_ns >= self._page_ns)
            try:
                job = self._jobs.get(timeout=0 if reads else left_ns / _NS_PER_S)
            except queue.Empty:
                if not reads:
                    return
                self._read_on()
                has_read = True
            else:
                if job is not None:
                    self._do(*job)

    def _do(self, work: Callable[[], _T], future: Future[_T]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = work()
        except LinkError as error:
            self._publish_changes()
            future.set_exception(error)
            if self._client is not None:
                self._lose(error)
        except BaseException as error:  # noqa: BLE001 - whoever asked is told, whatever it is
            self._publish_changes()
            future.set_exception(error)
        else:
            future.set_result(result)
            if self._client is not None:
                self._next_ns = self._now_ns()  # what it changed is read back at once

    def _publish_changes(self) -> None:
        """Tell of a change that has lost its verdict before its asker is told, so that no screen is a step behind."""
        if self._client is not None:
            self._publish(**self._changes(self._client))

    def _refuse_jobs(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                job = self._jobs.get_nowait()
                if job is not None and job[1].set_running_or_notify_cancel():
                    job[1].set_exception(LinkError("the monitor is ending"))

    def _turn_off(self, why: str) -> None:
        """Record that there is no link any more, if there was one."""
        identity = self._snapshot.identity
        if self._snapshot.link is Link.LIVE and self._history is not None and identity is not None:
            self._history.turned(identity.serial_number, identity.store_id, why)

    def _close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _publish(self, **news: Any) -> None:  # noqa: ANN401 - the fields of a snapshot
        self._tell(replace(self._snapshot, **news))

    def _tell(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        for listener in self._listeners:
            listener(self._snapshot)
