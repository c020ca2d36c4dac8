"""The fleet's first two lines: how many pumps stand how, and how many want a refill on which of the next days.

Counts of a priority flash while an alarm of it calls. Where nothing can be stored the second line says that instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from monitor.fleet.calling import history_line
from monitor.fleet.rows import REFILL_DAYS
from monitor.ui.widgets.lines import Part, spread, stack
from monitor.ui.widgets.marks import BANGS, FILL, MARK, TEXT
from monitor.ui.words import count, printable
from protocol.alarms import Priority

if TYPE_CHECKING:
    from monitor.ui.fleet_moment import FleetMoment

_WIDE: Final = 100
_HIGH_FIRST: Final = sorted(Priority, reverse=True)


def draw(moment: FleetMoment, width: int, _height: int) -> Content:
    """Draw both lines."""
    return stack([_counts(moment, width), _second(moment, width)], width, 2)


def _counts(moment: FleetMoment, width: int) -> Content:
    counts = moment.counts
    parts: list[Part] = [" "]
    if moment.bench_key:
        from protocol.keys import BENCH_WARNING  # noqa: PLC0415 - for whoever has keys

        said = BENCH_WARNING if width >= _WIDE else BENCH_WARNING.partition(":")[0]
        parts += [(f" {said} ", "bold $value reverse"), " "]
    wide = width >= _WIDE
    parts += [("FLEET ", "$label"), (f"{count(counts.pumps)} pumps", "bold $value")]
    parts.append((f"  {count(counts.normal)} normal", "$label"))
    for priority in _HIGH_FIRST:
        number = counts.by_priority.get(priority, 0)
        if number:
            word = f" {priority.name.lower()}" if wide else ""
            style = TEXT[priority] if priority in moment.dark else FILL[priority]
            parts += ["  " if wide else " ", (f" {MARK[priority]} {number}{word} ", f"bold {style}")]
    others = (
        (counts.lost, "no link"),
        (counts.waiting, "connecting" if wide else "new"),
        (counts.faulty, "with injected faults" if wide else "faulty"),
    )
    parts += [(f"  {number} {word}", "bold $value") for number, word in others if number]
    silent = f"silent {-(-moment.pause_s // 60)} min " if moment.pause_s else ""
    left, right = Content.assemble(*parts), Content.assemble((silent, "$label"))
    # No count is cut for it: the key that ends the silence tells of it too.
    return spread(width, left, right if left.cell_length + right.cell_length < width else None)


def _second(moment: FleetMoment, width: int) -> Content:
    """Return the refills, or in their place that nothing is stored."""
    if not moment.problem:
        return _refills(moment, width)
    line = history_line(moment.problem)
    lit = line.priority in moment.calling - moment.dark
    title, said = ("bold", "") if lit else (f"bold {TEXT[line.priority]}", "$foreground")
    marks = f"{BANGS[line.priority]} {MARK[line.priority]}"
    words = Content.assemble((f"{marks} {line.title}", title), (f"  {printable(line.text)}", said))
    drawn = spread(width, words)
    return drawn.stylize_before(FILL[line.priority]) if lit else drawn


def _refills(moment: FleetMoment, width: int) -> Content:
    due = moment.counts.due
    left = Content.assemble((" REFILLS DUE ", "$label"), *_days(due))
    right = Content.assemble((f"{sum(due)} within {REFILL_DAYS} days ", "$label"))
    return spread(width, left, right)


def _days(due: tuple[int, ...]) -> list[Part]:
    """Return how many on each day from now, days without any left out."""
    parts: list[Part] = []
    for day, number in enumerate(due):
        if number:
            when = "within a day" if not day else f"in {day} d"
            parts += [(f" {when} ", "$label"), (f"{number} ", "bold $value")]
    return parts or [(" none", "$dim")]


def marks_text(moment: FleetMoment, beside: int) -> str:
    """Return how many others need a hand that nobody has lent yet, by their marks: "▲1 ◆3"; empty where none does.

    Args:
        moment: the fleet.
        beside: the number of the pump that does not count, because it is the one on the screen.
    """
    unseen = [row.priority for row in moment.rows if not row.seen and row.number != beside]
    return " ".join(f"{MARK[one]}{unseen.count(one)}" for one in _HIGH_FIRST if one in unseen)
