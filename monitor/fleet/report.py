"""The fleet's table without a screen: as text for a person, and as JSON for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.fleet.rows import counted, needs_a_hand
from monitor.judgement import S_PER_DAY
from monitor.report import reading_fields
from protocol.alarms import Priority
from protocol.units import format_span, ml, ml_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.fleet.rows import Row

_MARK = {None: "   ", Priority.LOW: "  !", Priority.MEDIUM: " !!", Priority.HIGH: "!!!"}
_HEADINGS = ("", "pump", "place", "state", "mL/day", "mL", "low in", "battery", "age")
_TO_THE_RIGHT = {"mL/day", "mL", "low in", "battery", "age"}
_GAP = "  "


def row_fields(row: Row, now_ns: int) -> dict[str, Any]:
    """Return a row as JSON values; the names are a contract with scripts. `reading` is null before the first."""
    snapshot = row.snapshot
    return {
        "name": row.name,
        "place": row.place,
        "url": snapshot.url,
        "link": "live" if row.live else "lost" if row.lost else snapshot.link.value,
        "problem": snapshot.problem,
        "needs_a_hand": needs_a_hand(row),
        "priority": None if row.priority is None else row.priority.name.lower(),
        "alarms": [line.key for line in row.lines],
        "reading": None if snapshot.reading is None else reading_fields(snapshot.reading, now_ns),
    }


def table_text(rows: Sequence[Row], now_ns: int) -> str:
    """Return the table as a person reads it, with a line of counts and why each pump without a link has none."""
    cells = [_HEADINGS, *(_cells(row, now_ns) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [_line(one, widths) for one in cells]
    problems = [
        f"{row.name}: {_printable(row.snapshot.problem)}" for row in rows if row.lost and row.snapshot.problem
    ]
    return "\n".join([*lines, "", counts_text(rows), *problems])


def counts_text(rows: Sequence[Row]) -> str:
    """Return how the fleet stands, in a line: "50 pumps: 2 medium, 48 normal"."""
    found = counted(rows)
    parts = [f"{found.by_priority.get(one, 0)} {one.name.lower()}" for one in sorted(Priority, reverse=True)]
    parts += [f"{found.normal} normal", f"{found.lost} without a link"]
    parts += [f"{found.faulty} with injected faults"] if found.faulty else []
    return f"{found.pumps} pumps: {', '.join(parts)}"


def _cells(row: Row, now_ns: int) -> tuple[str, ...]:
    status, age_s = row.status, row.age_s(now_ns)
    figures = ("-", "-", "-", "-")
    if status is not None:
        doubt = "" if row.live else "?"
        figures = (
            f"{ml_day(status.measured_rate_nl_h)}{doubt}",
            f"{ml(status.reservoir_nl)}{doubt}",
            f"{low_in(row.low_s)}{doubt}",
            f"{status.battery_percent} %{doubt}",
        )
    age = "-" if age_s is None else format_span(age_s)
    said = (_printable(one) for one in (row.name, row.place, row.state))
    return (_MARK[row.priority], *said, *figures, age)


def low_in(low_s: int | None) -> str:
    """Return in how many days a reservoir is low, rounded down: "9.1 d"; "never", "now"."""
    if low_s is None:
        return "never"
    tenths = low_s * 10 // S_PER_DAY
    return f"{tenths // 10}.{tenths % 10} d" if low_s else "now"


def _line(cells: Iterable[str], widths: Iterable[int]) -> str:
    placed = (
        cell.rjust(width) if heading in _TO_THE_RIGHT else cell.ljust(width)
        for cell, width, heading in zip(cells, widths, _HEADINGS, strict=True)
    )
    return _GAP.join(placed).rstrip()


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
