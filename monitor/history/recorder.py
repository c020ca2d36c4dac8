"""Keeps the history, whatever its disk does: a history that can't be written is told of, and telemetry goes on.

Readings that could not be stored wait here, as many as `MOST_WAITING`, and the pump keeps its own log: both are made up
for once the disk takes them. What is to be on record before a change is sent is refused at once, and so the change.
"""

from __future__ import annotations

import time
from collections import deque
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from monitor.history import ballast
from monitor.history.chain import KEPT
from monitor.history.portrait import is_news
from monitor.history.schema import HistoryError
from monitor.history.store import Store
from monitor.history.told import NOTHING, Page, Pump, Turn, of_pump

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from monitor.client import PumpClient
    from monitor.snapshot import Reading
    from protocol.messages import EventRecord, Status

_T = TypeVar("_T")
_RETRY_NS = 5_000_000_000  # a disk that has failed is tried again after so long
MOST_WAITING = 3_600  # readings, an hour at the usual pace
_FOLD_NS = 60_000_000_000  # how often it is looked for what is older than it is kept as it is
_MOST = 2**63 - 1  # the greatest figure that SQLite keeps


def wall_ms() -> int:
    """Return this host's calendar clock, milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


class Told(NamedTuple):
    """A reading to be recorded.

    Attributes:
        pump: whose.
        wall_ms: when it was had, this host's calendar clock, ms.
        status: what the pump said.
    """

    pump: Pump
    wall_ms: int
    status: Status


class Recorder:
    """The history of one program; used by the one thread that talks to its pump.

    Args:
        file: where it is; opened when there is something to record.
        now_ns: the host's monotonic clock.
        now_ms: the host's calendar clock, ms.
        ballast_bytes: how much room is kept for a full disk.
        most_waiting: so many readings wait for a disk that takes none; of more, the oldest are lost.

    Attributes:
        problem: why nothing is recorded, one sentence; empty where all is.
    """

    def __init__(
        self,
        file: Path,
        *,
        now_ns: Callable[[], int] = time.monotonic_ns,
        now_ms: Callable[[], int] = wall_ms,
        ballast_bytes: int = ballast.BALLAST_BYTES,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self.file = file
        self.problem = ""
        self._now_ns = now_ns
        self._now_ms = now_ms
        self._ballast_bytes = ballast_bytes
        self._store: Store | None = None
        self._waiting: deque[Told] = deque(maxlen=most_waiting)
        self._turns: deque[Turn] = deque(maxlen=most_waiting)
        self._learned: dict[tuple[str, Pump], dict[str, object]] = {}
        self._retry_ns = 0
        self._fold_ns = 0

    def close(self) -> None:
        """Close the file, having tried once more to store what waits."""
        if self._waiting or self._turns:
            self._retry_ns = 0
            self._try(lambda: self._store_waiting({}))
        self._shut()

    # --- what the pump said -------------------------------------------------------------------------------------------

    def follow(self, client: PumpClient, reading: Reading, since: int) -> Sequence[EventRecord]:
        """Record a reading, and what of the pump's log is missing; on the disk when this returns, or told of.

        Args:
            client: the pump.
            reading: its newest.
            since: the number from which on the caller wants the log.

        Returns:
            The log from there on, or from before it, oldest first.

        Raises:
            LinkError: the pump does not answer when it is asked for its log.
        """
        pump = Pump(reading.serial_number, client.store_id)
        since = self.wanted(client, reading.serial_number, since)
        events = client.events(since) if reading.status.newest_event >= since else []
        self.see(pump, reading.status, Page(since, events))
        return events

    def wanted(self, client: PumpClient, serial_number: str, since: int) -> int:
        """Return from which entry on the log is wanted: `since`, or before it where the history lacks some."""
        return min(since, self.next_event(Pump(serial_number, client.store_id), since))

    def take(self, client: PumpClient, reading: Reading, since: int, events: Sequence[EventRecord]) -> None:
        """Record a reading, and the entries of the log that were asked for from `since` on; as `follow` does."""
        self.see(Pump(reading.serial_number, client.store_id), reading.status, Page(since, events))

    def take_log(
        self, client: PumpClient, serial_number: str, since: int, events: Sequence[EventRecord]
    ) -> None:
        """Record entries of the log that came without a reading; on the disk when this returns, or told of."""
        self.see_all([], {Pump(serial_number, client.store_id): Page(since, events)})

    def next_event(self, pump: Pump, otherwise: int) -> int:
        """Return from which number on a pump's event log is wanted; `otherwise` while nothing can be recorded."""
        number = otherwise

        def look() -> None:
            nonlocal number
            number = self._opened().next_event(pump)

        self._try(look)
        return number

    def see(self, pump: Pump, status: Status, log: Page = NOTHING) -> None:
        """Record a reading and a page of the event log; on the disk when this returns, or told of."""
        self.see_all([Told(pump, self._now_ms(), status)], {pump: log})

    def turned(self, serial_number: str, store_id: bytes, why: str) -> None:
        """Record that there is a link to a pump from now on, or why there is none any more."""
        self.see_all([], {}, [Turn(Pump(serial_number, store_id), self._now_ms(), why)])

    def see_all(self, told: Iterable[Told], logs: Mapping[Pump, Page], turns: Iterable[Turn] = ()) -> None:
        """Record readings, of many pumps maybe, pages of event logs and links; on the disk when this returns, or told of."""
        self._turns.extend(turns)
        kept = {pump: log for pump, log in logs.items() if _can_be_kept(log.events)}
        beyond = [pump for pump in logs if pump not in kept]
        for one in told:
            if _figures_can_be_kept(one.status) and one.pump not in beyond:
                self._waiting.append(one)
            else:
                beyond.append(one.pump)
        if self._waiting or self._turns or kept:
            self._try(lambda: self._store_waiting(kept))
        if beyond and not self.problem:
            self.problem = f"pump {beyond[0].serial_number} sends figures that are beyond all keeping"

    def _store_waiting(self, logs: Mapping[Pump, Page]) -> None:
        """Store all readings that wait, oldest first, and these pages."""
        store, waiting = self._opened(), list(self._waiting)
        store.add_all(
            (
                (pump, [(one.wall_ms, one.status) for one in group])
                for pump, group in groupby(waiting, _whose)
            ),
            logs,
            self._turns,
        )
        self._waiting.clear()
        self._turns.clear()
        if self._now_ns() >= self._fold_ns:
            more = store.fold(self._now_ms())
            self._fold_ns = self._now_ns() + (0 if more else _FOLD_NS)

    def learn(
        self, kind: str, pump: Pump, facts: dict[str, object], usual: dict[str, object] | None = None
    ) -> None:
        """Have a record of how a pump is, if its newest record of this kind does not say the same; tried anew if it fails.

        Args:
            kind: what it tells (`monitor.history.portrait`).
            pump: whose.
            facts: how it is now.
            usual: what is so without a record; None where nothing is.
        """
        whole = of_pump(pump) | facts
        if not is_news(self._learned.get((kind, pump), {}), whole):
            return

        def write() -> None:
            store = self._opened()
            if is_news(store.newest(kind, pump) or of_pump(pump) | (usual or {}), whole):
                store.append(self._now_ms(), kind, whole)
            self._learned[kind, pump] = whole

        self._try(write)

    # --- what was done to it ------------------------------------------------------------------------------------------

    def note(self, kind: str, facts: dict[str, object]) -> None:
        """Add a record to the audit trail; on the disk when this returns.

        Raises:
            HistoryError: it can't be: then what it tells of may not be done.
        """
        self._written(lambda store: store.append(self._now_ms(), kind, facts))

    def intend(self, facts: dict[str, object]) -> bytes:
        """Add the record of how a change is meant; on the disk when this returns the command id that it has to bear.

        Raises:
            HistoryError: it can't be: then the change may not be made.
        """
        return self._written(lambda store: store.intend(self._now_ms(), facts))

    def _written(self, write: Callable[[Store], _T]) -> _T:
        try:
            written = write(self._opened())
        except HistoryError as error:
            self._fail(error)
            raise
        self._recovered()
        return written

    def note_late(self, kind: str, facts: dict[str, object]) -> bool:
        """Add a record of what has been done already, if need be in the room that the ballast leaves; False if it can't be."""
        for _ in range(2):  # the first try may be what finds the disk full
            try:
                self._store = self._store or self._open()
                self._store.append(self._now_ms(), kind, facts)
            except HistoryError as error:
                self._fail(error)
                if not error.full:
                    return False
            else:
                return True
        return False

    # --- the disk -----------------------------------------------------------------------------------------------------

    def _try(self, work: Callable[[], None]) -> None:
        """Do what may fail, and while it does, only now and then."""
        if self.problem and self._now_ns() < self._retry_ns:
            return
        try:
            work()
        except HistoryError as error:
            self._fail(error)
        else:
            self._recovered()

    def _opened(self) -> Store:
        """Return the store, with the ballast in its place.

        Raises:
            HistoryError: it can't be opened, its trail does not hold, or the disk has no room left.
        """
        if self._store is None:
            self._store = self._open()
            self._lay_ballast()
        elif self.problem:
            self._lay_ballast()
        return self._store

    def _open(self) -> Store:
        store = Store(self.file)
        broken = store.broken_tail()
        if broken is not None:
            store.close()
            said = f"the audit trail does not hold: {broken.why}; see pump-monitor audit verify"
            raise HistoryError(f"{said}: {self.file}")
        return store

    def _lay_ballast(self) -> None:
        try:
            ballast.lay(self.file, self._ballast_bytes)
        except OSError as error:
            why = f"there is no room for what must be recorded ({error.strerror or error})"
            raise HistoryError(f"{why}: {self.file}", full=True) from error

    def _fail(self, error: HistoryError) -> None:
        first = not self.problem
        self.problem = str(error)
        self._retry_ns = self._now_ns() + _RETRY_NS
        if error.full:
            ballast.give_up(self.file)
            if first and self._store is not None:
                self.note_late("disk_full", {"problem": self.problem})
        else:
            self._shut()  # a file that was moved away, or mended, is opened anew

    def _recovered(self) -> None:
        self.problem = ""

    def _shut(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


_whose = attrgetter("pump")
_figures = attrgetter(*KEPT)


def _figures_can_be_kept(status: Status) -> bool:
    figures: tuple[int, ...] = _figures(status)
    return max(figures) <= _MOST


def _can_be_kept(events: Sequence[EventRecord]) -> bool:
    return all(max(one.pump_time_us, one.clock_s) <= _MOST for one in events)
