"""The two alarm lines, always there, so that nothing moves when an alarm comes.

A bar in the colour of its priority: nobody has acknowledged it. Coloured text: somebody has. High priority flashes
between the two until then, so that it can be read in either half. While a bench injects faults, a third line says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from monitor.ui.widgets import bench
from monitor.ui.widgets.lines import spread, stack
from monitor.ui.widgets.marks import BANGS, FILL, TEXT
from monitor.ui.words import printable, time_of
from protocol.alarms import Priority
from protocol.units import format_span

if TYPE_CHECKING:
    from monitor.judgement import AlarmLine
    from monitor.ui.moment import Moment

_LINES: Final = 2
_WIDE: Final = 100


def draw(moment: Moment, width: int, _height: int) -> Content:
    """Draw the two most urgent alarms, the second line counting the others, and that faults are injected where some are."""
    lines = [_line(moment, line, width) for line in moment.alarms[:_LINES]]
    if not lines:
        lines.append(_quiet(moment, width))
    lines += [Content("")] * (_LINES - len(lines))
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
    return spread(width, Content.assemble(("  no active alarms", "$dim")), aside)


def _paused(moment: Moment, *, wide: bool) -> str:
    """Return for how long the pump's alarm sound is off; empty where it is on."""
    status = moment.status
    if status is None or not status.audio_pause_s:
        return ""
    if not wide:
        return f"silent {-(-status.audio_pause_s // 60)} min"
    return f"alarm sound off {format_span(status.audio_pause_s)}"


def _line(moment: Moment, alarm: AlarmLine, width: int) -> Content:
    barred = not alarm.acknowledged and (moment.lit or alarm.priority is not Priority.HIGH)
    title, said, aside = ("bold", "", "bold") if barred else _text_styles(alarm)
    left = Content.assemble(
        (f"{BANGS[alarm.priority]}  {alarm.title}", title), (f"  {printable(alarm.text)}", said)
    )
    line = spread(width, left, Content.assemble((f" {_aside(moment, alarm, wide=width >= _WIDE)} ", aside)))
    return line.stylize_before(FILL[alarm.priority]) if barred else line


def _text_styles(alarm: AlarmLine) -> tuple[str, str, str]:
    colour = TEXT[alarm.priority]
    return f"bold {colour}", "$foreground", "$label" if alarm.acknowledged else f"bold {colour}"


def _aside(moment: Moment, alarm: AlarmLine, *, wide: bool) -> str:
    """Return since when, whether somebody has seen it, and on the last line how many more there are."""
    parts = []
    if alarm is moment.alarms[0] and (paused := _paused(moment, wide=wide)):
        parts.append(paused)
    if alarm.since_s is not None and moment.status is not None:
        since = time_of(alarm.since_s, moment.status.clock_s)
        parts.append(f"since {since}" if wide else since)
    if wide:
        parts.append("acknowledged" if alarm.acknowledged else "UNACKNOWLEDGED")
    else:
        parts.append("ack" if alarm.acknowledged else "UNACK")
    more = len(moment.alarms) - _LINES
    if more > 0 and alarm is moment.alarms[_LINES - 1]:
        parts.append(f"+{more}")
    return "  ".join(parts) if wide else " ".join(parts)
