"""Stores what a fleet says before anybody is told of it: one thread that writes, a batch at a time, in one transaction.

The thread that reads the ports never waits for the disk. While a batch is being stored the next one gathers, and what is
shown waits for it; a disk that keeps it waiting for longer is told of, and readings go on.
"""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from monitor.history.recorder import Told
from monitor.history.told import Page, Pump, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.history.recorder import Recorder
    from protocol.messages import EventRecord, Status

_JOIN_S = 3
_A_BATCH = 20_000  # readings that gather while the disk takes none; of more, none is kept
LATE_NS = 1_000_000_000  # what is shown waits for the disk for so long
LATE = "its disk takes longer than a second for what the pumps say"


class Kept(NamedTuple):
    """What became of a batch.

    Attributes:
        problem: why not all of it is on the disk, one sentence; empty where all is.
        next_events: for the pumps that asked, by their number in the fleet, from which entry on their event log is wanted;
            0 where nobody can tell.
    """

    problem: str
    next_events: dict[int, int]


@dataclass(slots=True)
class _Batch:
    """What has come since the last one; each by whether it was had with the published bench key."""

    readings: dict[bool, list[Told]] = field(default_factory=lambda: {False: [], True: []})
    logs: dict[bool, dict[Pump, Page]] = field(default_factory=lambda: {False: {}, True: {}})
    turns: dict[bool, list[Turn]] = field(default_factory=lambda: {False: [], True: []})
    asking: dict[int, tuple[bool, Pump]] = field(default_factory=dict)


class Keeping:
    """The history of a fleet.

    Args:
        recorder: returns the history of what was had with the published bench key, or of the rest; called by the thread
            that writes, which closes it.
        wall_ms: this host's calendar clock, ms.
    """

    def __init__(self, recorder: Callable[[bool], Recorder], wall_ms: Callable[[], int]) -> None:
        self._make = recorder
        self._wall_ms = wall_ms
        self._batch = _Batch()
        self._jobs: queue.SimpleQueue[tuple[_Batch, Callable[[Kept], None]] | None] = queue.SimpleQueue()
        self._since_ns: int | None = None
        self._thread = threading.Thread(target=self._run, name="fleet-history", daemon=True)

    # --- on the thread that reads the ports ---------------------------------------------------------------------------

    def read(self, pump: Pump, status: Status, *, bench: bool) -> None:
        """Take a reading."""
        readings = self._batch.readings[bench]
        if len(readings) < _A_BATCH:
            readings.append(Told(pump, self._wall_ms(), status))

    def turned(self, pump: Pump, why: str, *, bench: bool) -> None:
        """Take that there is a link to a pump from now on, or why there is none any more."""
        turns = self._batch.turns[bench]
        if len(turns) < _A_BATCH:
            turns.append(Turn(pump, self._wall_ms(), why))

    def logged(
        self, number: int, pump: Pump, since: int, events: Sequence[EventRecord], *, bench: bool
    ) -> None:
        """Take a page of a pump's event log, asked for from `since` on; which page is wanted next is told with the batch."""
        self._batch.logs[bench][pump] = Page(since, events)
        self.ask(number, pump, bench=bench)

    def ask(self, number: int, pump: Pump, *, bench: bool) -> None:
        """Ask from which entry on a pump's event log is wanted."""
        self._batch.asking[number] = (bench, pump)

    def waits_ns(self, now_ns: int) -> int | None:
        """Return for how long a batch is with the disk by now; None where none is."""
        return None if self._since_ns is None else now_ns - self._since_ns

    def hand(self, now_ns: int, done: Callable[[Kept], None]) -> None:
        """Have what has gathered stored; `done` is called on the thread that writes. Only while no batch is with the disk."""
        self._since_ns = now_ns
        batch, self._batch = self._batch, _Batch()
        self._jobs.put((batch, done))

    def is_done(self) -> None:
        """Take note, on this thread, that the batch has been stored."""
        self._since_ns = None

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Store what has gathered and close the history; waits for the disk, but not for ever."""
        self.hand(0, lambda _: None)
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)

    # --- the thread that writes ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        recorders: dict[bool, Recorder] = {}
        try:
            while (job := self._jobs.get()) is not None:
                batch, done = job
                done(self._store(batch, recorders))
        finally:
            for recorder in recorders.values():
                recorder.close()

    def _store(self, batch: _Batch, recorders: dict[bool, Recorder]) -> Kept:
        next_events: dict[int, int] = {}
        for bench in (False, True):
            asking = {number: pump for number, (by, pump) in batch.asking.items() if by is bench}
            if not (bench in recorders or batch.readings[bench] or batch.turns[bench] or asking):
                continue
            if bench not in recorders:
                recorders[bench] = self._make(bench)
            recorder = recorders[bench]
            recorder.see_all(batch.readings[bench], batch.logs[bench], batch.turns[bench])
            for number, pump in asking.items():
                next_events[number] = 0 if recorder.problem else recorder.next_event(pump, 0)
        return Kept(next((one.problem for one in recorders.values() if one.problem), ""), next_events)
