"""The pump's logs: the newest thousand entries, each with a number that is never used again.

There are two, of one make: the event log, and the fault log, which nothing but faults can fill (R6.6.0 of the Open PCA
Pump Requirements v1.0.0).
"""

from __future__ import annotations

from bisect import bisect_left
from operator import attrgetter
from typing import TYPE_CHECKING

from protocol.messages import EventRecord
from protocol.vocabulary import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable

LENGTH = 1_000  # as many faults as that asks a pump to keep
# What a peer, or the patient, can have written as often as they like without a change being made: it may fill a part of the log, and
# never pushes out what the pump did. docs/decisions/0022-who-fills-the-log.md
TALK = frozenset(
    {
        *(EventKind.REFUSED, EventKind.REFUSALS, EventKind.AUDIO_PAUSED),
        *(EventKind.SESSION, EventKind.BAD_HANDSHAKES),
        EventKind.PATIENT_BOLUS_REFUSED,
    }
)
MOST_TALK = 250


class EventLog:
    """A ring of entries, the oldest overwritten first: the oldest of its talk, where talk has filled its part.

    Numbers rise from entry to entry; one that is missing was overwritten.
    """

    __slots__ = ("_entries", "_talk")

    def __init__(self, entries: Iterable[EventRecord] = ()) -> None:
        self._entries = list(entries)  # a deque would be larger as long as it is empty, which most are
        self._talk = sum(entry.kind in TALK for entry in self._entries)

    @property
    def newest(self) -> int:
        """The number of the newest entry; 0 if there is none."""
        return self._entries[-1].number if self._entries else 0

    def append(
        self, pump_time_us: int, clock_s: int, kind: EventKind, detail: int = 0, a: int = 0, b: int = 0
    ) -> EventRecord:
        """Write an entry, overwriting the oldest where its ring or its part of it is full, and return it with its number."""
        # A role or an alarm is an integer by name; a state that is copied is checked for plain ones.
        entry = EventRecord(self.newest + 1, pump_time_us, clock_s, kind, int(detail), a, b)
        self._entries.append(entry)
        self._talk += kind in TALK
        if self._talk > MOST_TALK:
            del self._entries[next(at for at, one in enumerate(self._entries) if one.kind in TALK)]
            self._talk -= 1
        elif len(self._entries) > LENGTH:
            self._talk -= self._entries.pop(0).kind in TALK
        return entry

    def since(self, number: int, most: int = LENGTH) -> tuple[EventRecord, ...]:
        """Return the entries from `number` on, oldest first, at most `most`; overwritten ones are skipped."""
        first = bisect_left(self._entries, number, key=attrgetter("number"))
        return tuple(self._entries[first : first + most])
