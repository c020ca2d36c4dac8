"""The alarms of a pump as episodes: raised, acknowledged, cleared, put together from its event log. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from protocol.alarms import KINDS, Alarm, Priority
from protocol.vocabulary import EventKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from protocol.messages import EventRecord


@dataclass(frozen=True, slots=True)
class Episode:
    """An alarm from its beginning to its end.

    Attributes:
        alarm: its bit; one that this version does not know is a bare number.
        raised: None where the log does not reach so far back.
        acknowledged: None where nobody has acknowledged it.
        cleared: None where it was active still.
    """

    alarm: int
    raised: EventRecord | None
    acknowledged: EventRecord | None = None
    cleared: EventRecord | None = None

    @property
    def priority(self) -> Priority | None:
        """How soon somebody had to act; None for an alarm that this version does not know."""
        return KINDS[Alarm(self.alarm)].priority if self.alarm in set(Alarm) else None

    @property
    def title(self) -> str:
        """What it is called."""
        return KINDS[Alarm(self.alarm)].title if self.alarm in set(Alarm) else f"ALARM {self.alarm}"

    @property
    def consequence(self) -> str:
        """What followed for the delivery."""
        return (
            KINDS[Alarm(self.alarm)].consequence
            if self.alarm in set(Alarm)
            else "this version does not know it"
        )


def episodes(
    log: Iterable[EventRecord],
    is_before: Callable[[EventRecord], bool],
    is_after: Callable[[EventRecord], bool],
) -> tuple[Episode, ...]:
    """Return the alarms that were active at any time within a period, in the order in which they were raised.

    Args:
        log: the pump's event log, oldest first.
        is_before: tells whether an entry is older than the period.
        is_after: tells whether it is newer.
    """
    found: list[Episode] = []
    active: dict[int, int] = {}  # by alarm, its place in `found`
    for entry in log:
        if is_after(entry):
            break
        alarm = entry.detail
        if entry.kind == EventKind.ALARM_RAISED:
            active[alarm] = len(found)
            found.append(Episode(alarm, entry))
        elif entry.kind == EventKind.ACKNOWLEDGED and alarm in active:
            place = active[alarm]
            found[place] = replace(found[place], acknowledged=entry)
        elif entry.kind == EventKind.ALARM_CLEARED:
            place = active.pop(alarm, len(found))
            if place == len(found):
                found.append(Episode(alarm, None))
            found[place] = replace(found[place], cleared=entry)
    return tuple(one for one in found if one.cleared is None or not is_before(one.cleared))
