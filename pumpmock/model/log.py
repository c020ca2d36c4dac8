"""The event log: the newest thousand entries, each with a number that is never used again."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from protocol.messages import EventKind, EventRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

LENGTH = 1_000  # as many faults as R6.6.0 of the Open PCA Pump Requirements v1.0.0 asks a pump to keep


class EventLog:
    """A ring of entries, oldest overwritten first; their numbers follow one another without a gap."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Iterable[EventRecord] = ()) -> None:
        self._entries = deque(entries, LENGTH)

    @property
    def newest(self) -> int:
        """The number of the newest entry; 0 if there is none."""
        return self._entries[-1].number if self._entries else 0

    def append(
        self, pump_time_us: int, clock_s: int, kind: EventKind, detail: int = 0, a: int = 0, b: int = 0
    ) -> EventRecord:
        """Write an entry, overwriting the oldest where the ring is full, and return it with its number."""
        entry = EventRecord(self.newest + 1, pump_time_us, clock_s, kind, detail, a, b)
        self._entries.append(entry)
        return entry

    def since(self, number: int, most: int = LENGTH) -> tuple[EventRecord, ...]:
        """Return the entries from `number` on, oldest first, at most `most`; overwritten ones are skipped."""
        if not self._entries:
            return ()
        first = max(number - self._entries[0].number, 0)
        return tuple(islice(self._entries, first, first + most))
