"""The two alarm lines, always there, so that nothing moves when an alarm comes.

A bar in the colour of its priority: nobody has acknowledged it, or it has gone and latched. Coloured text: somebody has.
A hollow grey mark: it has gone, and nobody has said that they know. High and medium flash between bar and coloured text
until then, so that they can be read in either half. What has no room is counted, and so is what is shelved. While a bench
injects faults, a third line says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from monitor.alarms import State
from monitor.ui.widgets import bench
from monitor.ui.widgets.lines import spread, stack
from monitor.ui.widgets.marks import BANGS, FILL, GONE, MARK, TEXT
from monitor.ui.words import printable, time_of
from protocol.units import format_span

if TYPE_CHECKING:
    from monitor.alarms import Entry
    from monitor.ui.moment import Moment

LINES: Final = 2
_WIDE: Final = 100
# How a state is said where there is little room.
SHORT: Final = {
    State.UNACKNOWLEDGED: "UNACK",
    State.ACKNOWLEDGED: "ack",
    State.GONE: "gone, unack",
    State.LATCHED: "LATCHED",
}


def draw(moment: Moment, width: int, _height: int) -> Content:
    """Draw the two most urgent alarms, the second line counting the others, and that faults are injected where some are."""
    lines = [line(moment, entry, width, _aside(moment, entry, width)) for entry in moment.alarms[:LINES]]
    if not lines:
        lines.append(_quiet(moment, width))
    if len(lines) < LINES:
        counted = " ".join(_counted(moment))
        lines.append(spread(width, Content(""), Content.assemble((f"{counted} ", "$label"))))
    if moment.status is not None and moment.status.bench_faults:
        lines.append(bench.line(moment, moment.status, width))
    return stack(lines, width, len(lines))


def _quiet(moment: Moment, width: int) -> Content:
    if moment.status is None:
        problem = printable(moment.snapshot.problem)
        said = f"waiting for the pump: {problem}" if problem else "waiting for the pump"
        return spread(width, Content.assemble((f"  {said}", "$label")))
    paused = _paused(moment, wide=width >= _WIDE)
    aside = Content.assemble((f"{paused} ", "$label")) if paused else None
    said = "no active alarms but what is shelved" if _shelved_active(moment) else "no active alarms"
    return spread(width, Content.assemble((f"  {said}", "$dim")), aside)


def _shelved_active(moment: Moment) -> bool:
    return bool({one.key for one in moment.shelved} & {line.key for line in moment.conditions})


def _paused(moment: Moment, *, wide: bool) -> str:
    """Return for how long no alarm sounds, here or at the pump; empty where both do."""
    at_pump = 0 if moment.status is None else moment.status.audio_pause_s
    if not at_pump and not moment.pause_s:
        return ""
    seconds = moment.pause_s or at_pump
    if not wide:
        return f"silent {-(-seconds // 60)} min"
    whose = "alarm sound off" if moment.pause_s or not at_pump else "pump's alarm sound off"
    return f"{whose} {format_span(seconds)}"


def line(moment: Moment, entry: Entry, width: int, aside: str) -> Content:
    """Draw one alarm: its priority by bangs, mark and colour, its state by how the line is filled, and in words."""
    alarm, gone = entry.line, entry.state is State.GONE
    barred = entry.unseen and moment.lit(alarm.priority)
    title, said, right = ("bold", "", "bold") if barred else _text_styles(entry)
    marks = f"    {GONE}" if gone else f"{BANGS[alarm.priority]} {MARK[alarm.priority]}"
    left = Content.assemble(
        (f"{marks} {alarm.title}", title),
        (f"  {printable(words(entry))}", said),
    )
    drawn = spread(width, left, Content.assemble((f" {aside} ", right)))
    return drawn.stylize_before(FILL[alarm.priority]) if barred else drawn


def words(entry: Entry) -> str:
    """Return what an alarm is about; of one that has gone, what it was about."""
    gone = entry.state in {State.GONE, State.LATCHED}
    return f"has gone; it said: {entry.line.text}" if gone else entry.line.text


def _text_styles(entry: Entry) -> tuple[str, str, str]:
    if entry.state is State.GONE:
        return "$label", "$label", "$label"
    colour = TEXT[entry.line.priority]
    return f"bold {colour}", "$foreground", f"bold {colour}" if entry.unseen else "$label"


def _aside(moment: Moment, entry: Entry, width: int) -> str:
    """Return since when, whether somebody has seen it, and on the last line how many more there are."""
    wide = width >= _WIDE
    parts = []
    if entry is moment.alarms[0] and (paused := _paused(moment, wide=wide)):
        parts.append(paused)
    if entry.line.since_s is not None and moment.status is not None:
        since = time_of(entry.line.since_s, moment.status.clock_s)
        parts.append(f"since {since}" if wide else since)
    parts.append(entry.state.value if wide else SHORT[entry.state])
    if moment.alarms[LINES - 1 : LINES] == (entry,):
        parts += _counted(moment)
    return "  ".join(parts) if wide else " ".join(parts)


def _counted(moment: Moment) -> list[str]:
    """Return how many alarms have no line, and how many are shelved; the list has them all."""
    more = len(moment.alarms) - LINES
    counted = [f"+{more} (A)"] if more > 0 else []
    return counted + ([f"{len(moment.shelved)} shelved"] if moment.shelved else [])
