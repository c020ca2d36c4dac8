"""Alarms that no reading ever showed: the pump raised them and they passed between two readings. Pure.

While a link is lost an alarm can come and go. The readings before and after are both without it, and only the pump's log
tells of it, some time after the second one: so each span between two readings waits until the log at hand reaches its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.judgement import AlarmLine
from protocol.alarms import KINDS, Alarm
from protocol.vocabulary import EventKind
from protocol.wording import clock_text

if TYPE_CHECKING:
    from monitor.snapshot import Snapshot
    from protocol.messages import EventRecord

_DATE = len("2026-01-05")


@dataclass(frozen=True, slots=True)
class Missed:
    """How far the pump's log was looked through for what was missed.

    Attributes:
        newest: the newest entry that the last reading knew of; None before the first reading.
        spans: what is to be looked through still: after which entry, and up to which.
    """

    newest: int | None = None
    spans: tuple[tuple[int, int], ...] = ()

    def after(self, snapshot: Snapshot) -> tuple[Missed, tuple[AlarmLine, ...]]:
        """Return how far it is looked through now, and the alarms that were found, the first to come first.

        What the pump says that somebody has seen was not missed.
        """
        if snapshot.reading is None:
            return self, ()
        newest = snapshot.reading.status.newest_event
        spans = self.spans if self.newest in {None, newest} else (*self.spans, (self.newest or 0, newest))
        known = snapshot.events[-1].number if snapshot.events else 0
        ready = [span for span in spans if span[1] <= known]
        found = tuple(line for span in ready for line in _passed(snapshot.events, *span))
        return Missed(newest, tuple(span for span in spans if span[1] > known)), found


def _passed(events: tuple[EventRecord, ...], after: int, upto: int) -> list[AlarmLine]:
    """Return the alarms that were raised and cleared between two entries, and that nobody saw."""
    raised: dict[int, EventRecord] = {}
    found = []
    for event in events:
        if not after < event.number <= upto:
            continue
        if event.kind == EventKind.ALARM_RAISED:
            raised[event.detail] = event
        elif event.kind == EventKind.ACKNOWLEDGED:
            raised.pop(event.detail, None)
        elif event.kind == EventKind.ALARM_CLEARED and event.detail in raised:
            found.append(_line(raised.pop(event.detail), event))
    return found


def _line(raised: EventRecord, cleared: EventRecord) -> AlarmLine:
    kind = KINDS[Alarm(raised.detail)]
    began, ended = clock_text(raised.clock_s), clock_text(cleared.clock_s)
    ended = ended[_DATE + 1 :] if ended[:_DATE] == began[:_DATE] else ended
    text = f"{kind.consequence}, until {ended}: no reading showed it"
    return AlarmLine(kind.name, kind.alarm, kind.priority, kind.title, text, raised.clock_s)
