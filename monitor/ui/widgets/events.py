"""EVENTS: the pump's own log, newest first. Only what is active now has a mark and a colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from monitor.ui.widgets.lines import Part, stack
from monitor.ui.widgets.marks import MARK, TEXT
from monitor.ui.words import time_of
from protocol.vocabulary import EventKind
from protocol.wording import event_text, event_word

if TYPE_CHECKING:
    from monitor.ui.moment import Moment
    from protocol.alarms import Priority
    from protocol.messages import EventRecord

_KIND: Final = 9


def title(moment: Moment) -> Content:
    """Return the panel's title; it tells of faults that nobody has looked at, and how far a long log has been read."""
    new, parts = moment.new_faults, [Content("EVENTS")]
    if new:
        said = f" {new} new in the pump's fault log (e) "
        parts.append(Content.assemble((said, "bold $value reverse")))
    snapshot = moment.snapshot
    if snapshot.log_to:
        number = snapshot.events[-1].number if snapshot.events else 0
        parts.append(Content.assemble((f"reading the log: {number} of {snapshot.log_to}", "$label")))
    return Content(" ").join(parts)


def draw(moment: Moment, width: int, height: int) -> Content:
    """Draw as many of the newest entries as there are rows."""
    events = moment.snapshot.events
    if moment.status is None or not events:
        empty = moment.status is not None and not moment.snapshot.log_to
        said = "the pump's event log is empty" if empty else "no events read yet"
        return stack([Content.assemble((f"  {said}", "$dim"))], width, height)
    now_s = moment.status.clock_s
    active = {int(line.alarm): line.priority for line in moment.conditions if line.alarm is not None}
    shown = [
        (place, events[place]) for place in range(len(events) - 1, max(len(events) - 1 - height, -1), -1)
    ]
    times = [time_of(record.clock_s, now_s, seconds=True) for _, record in shown]
    widest = max(len(time) for time in times)
    lines = []
    for (place, record), time in zip(shown, times, strict=True):
        later = events[place + 1 :]
        priority = active.get(record.detail) if _still_raised(record, later) else None
        lines.append(_line(record, f"{time:>{widest}}", priority, _cleared_s(record, later), now_s))
    return stack([line.truncate(width, ellipsis=True) for line in lines], width, height)


def _line(
    record: EventRecord, time: str, priority: Priority | None, cleared_s: int | None, now_s: int
) -> Content:
    kind, text = f"{event_word(record):<{_KIND}}", event_text(record)
    if priority is not None:
        colour = TEXT[priority]
        return Content.assemble(
            *((f"{MARK[priority]} ", colour), (f"{time}  ", "$dim"), (kind, f"bold {colour}"), (text, colour))
        )
    tail: Part = "" if cleared_s is None else (f"  cleared {time_of(cleared_s, now_s)}", "$dim")
    mark = "  " if cleared_s is None else "○ "
    return Content.assemble(
        (f"{mark}", "$label"), (f"{time}  ", "$dim"), (kind, "$label"), (text, "$foreground"), tail
    )


def _still_raised(record: EventRecord, later: tuple[EventRecord, ...]) -> bool:
    """Tell whether this is the newest raise of its alarm."""
    return record.kind == EventKind.ALARM_RAISED and not any(
        other.kind in (EventKind.ALARM_RAISED, EventKind.ALARM_CLEARED) and other.detail == record.detail
        for other in later
    )


def _cleared_s(record: EventRecord, later: tuple[EventRecord, ...]) -> int | None:
    """Return when an alarm that was raised here went away; None for any other entry."""
    if record.kind != EventKind.ALARM_RAISED:
        return None
    times = (e.clock_s for e in later if e.kind == EventKind.ALARM_CLEARED and e.detail == record.detail)
    return next(times, None)
