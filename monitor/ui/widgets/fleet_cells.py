"""The fleet's table, a row as styled pieces of text: pure, and cheap enough for every row of a screen four times a second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.fleet.report import low_in
from monitor.judgement import S_PER_DAY
from monitor.ui.widgets.gauges import bar_cell
from monitor.ui.widgets.marks import BATTERY, MARK, RESERVOIR, TEXT
from monitor.ui.words import BLANK, printable
from protocol.alarms import Priority
from protocol.units import ml, ml_day

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.fleet.rows import Row
    from protocol.messages import Status

Piece = tuple[str, str]  # text, and a style that names a theme variable
_GAP: Final = 1
_LEAST_BAR: Final = 6
_RESERVOIR: Final = {*RESERVOIR, "low_by_bench"}
_BATTERY: Final = {*BATTERY, "battery_by_bench"}
CURSOR: Final = "▸"
BEFORE: Final = 3  # cells for the cursor and the mark


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        title: what stands above it.
        width: in cells; 0 for what the others leave.
        least: the width of a table from which on there is room for it.
        draw: what it says of a row; of the width it is given it may take less, and the rest stays blank.
        right: whether it stands at the right end of its cells.
    """

    title: str
    width: int
    least: int
    draw: Callable[[Row, int, int], list[Piece]]
    right: bool = False


def columns(width: int) -> list[tuple[Column, int]]:
    """Return the columns that a table of so many cells has room for, each with its width."""
    chosen = [column for column in _COLUMNS if width >= column.least]
    taken = sum(column.width + _GAP for column in chosen) - _GAP
    left = width - taken
    if left < _LEAST_BAR:
        chosen = [column for column in chosen if column.width]
    return [(column, column.width or left) for column in chosen]


def heading(placed: list[tuple[Column, int]], width: int) -> list[Piece]:
    """Return the line of titles."""
    titles = (
        column.title[:room].rjust(room) if column.right else column.title[:room].ljust(room)
        for column, room in placed
    )
    return [(" " * BEFORE + " ".join(titles).ljust(width - BEFORE), "$label")]


def cells(
    row: Row, placed: list[tuple[Column, int]], width: int, now_ns: int, *, chosen: bool
) -> list[Piece]:
    """Return a row, exactly `width` cells of it."""
    pieces: list[Piece] = [(CURSOR if chosen else " ", "bold $action"), _mark(row), (" ", "")]
    used = BEFORE
    for column, room in placed:
        drawn = column.draw(row, room, now_ns)
        length = sum(len(text) for text, _ in drawn)
        if length > room:
            drawn, length = [(drawn[0][0][: room - 1] + "…", drawn[0][1])], room
        blank = (" " * (room - length), "")
        pieces += [blank, *drawn] if column.right else [*drawn, blank]
        pieces.append((" " * _GAP, ""))
        used += room + _GAP
    pieces[-1] = (" " * (width - used + _GAP), "")
    return [piece for piece in pieces if piece[0]]


def mark(row: Row) -> Piece:
    """Return a pump as one mark: by its priority, "?" without a link, a ring before its first reading, a dot else."""
    if row.priority is None:
        return ("·", "$label") if row.live else ("○", "$label")
    if row.lost and row.priority is Priority.MEDIUM:
        return ("?", f"bold {TEXT[row.priority]}")
    return (MARK[row.priority], TEXT[row.priority])


def _mark(row: Row) -> Piece:
    return (" ", "") if row.priority is None and row.live else mark(row)


def _name(row: Row, _room: int, _now_ns: int) -> list[Piece]:
    return [(printable(row.name), "bold $value" if row.priority else "$foreground")]


def _place(row: Row, _room: int, _now_ns: int) -> list[Piece]:
    return [(printable(row.place), "$label")]


def _state(row: Row, _room: int, _now_ns: int) -> list[Piece]:
    if row.priority is None:
        return [(row.state, "$dim")]
    return [(row.state, TEXT[row.priority] if row.seen else f"bold {TEXT[row.priority]}")]


def _figure(row: Row, text: str, style: str) -> list[Piece]:
    return [(text if row.live else f"{text}?", style if row.live else "$dim")]


def _style(row: Row, keys: set[str]) -> str:
    worst = max((line.priority for line in row.lines if line.key in keys), default=None)
    return "$foreground" if worst is None else TEXT[worst]


def _known(draw: Callable[[Row, Status], list[Piece]]) -> Callable[[Row, int, int], list[Piece]]:
    """Return a column that is a dash before the first reading."""

    def drawn(row: Row, _room: int, _now_ns: int) -> list[Piece]:
        return [(BLANK, "$dim")] if row.status is None else draw(row, row.status)

    return drawn


def _rate(row: Row, status: Status) -> list[Piece]:
    return _figure(row, ml_day(status.measured_rate_nl_h), "$foreground")


def _volume(row: Row, status: Status) -> list[Piece]:
    return _figure(row, ml(status.reservoir_nl), _style(row, _RESERVOIR))


def _low_in(row: Row, _status: Status) -> list[Piece]:
    return _figure(row, low_in(row.low_s), _style(row, _RESERVOIR))


def _battery(row: Row, status: Status) -> list[Piece]:
    return _figure(row, f"{status.battery_percent} %", _style(row, _BATTERY))


def _bar(row: Row, room: int, _now_ns: int) -> list[Piece]:
    status = row.status
    if status is None:
        return [("─" * room, "$line")]
    style = "$dim" if not row.live else _style(row, _RESERVOIR)
    style = "$trace" if style == "$foreground" else style
    filled = bar_cell(status.reservoir_nl, status.capacity_nl, room + 1)
    tick = bar_cell(status.low_reservoir_nl, status.capacity_nl, room)
    line = "━" * filled + "─" * (room - filled)
    at = "┿" if tick < filled else "┼"
    before, after = line[:tick], line[tick + 1 :]
    left = [(before[:filled], style), (before[filled:], "$line")]
    over = max(filled - tick - 1, 0)
    return [*left, (at, "$label"), (after[:over], style), (after[over:], "$line")]


def _age(row: Row, _room: int, now_ns: int) -> list[Piece]:
    age_s = row.age_s(now_ns)
    if age_s is None:
        return [(BLANK, "$dim")]
    if row.live:
        return [("< 1 s" if not age_s else f"{age_s} s", "$dim")]
    return [(_rough(age_s), f"bold {TEXT[Priority.MEDIUM]}")]


def _rough(seconds: int) -> str:
    """Return a span in its largest unit, rounded down: "4 min"."""
    for name, unit in (("d", S_PER_DAY), ("h", 3_600), ("min", 60)):
        if seconds >= unit:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


_COLUMNS: Final = (
    Column("pump", 14, 0, _name),
    Column("place", 12, 96, _place),
    Column("state", 21, 0, _state),
    Column("mL/day", 7, 96, _known(_rate), right=True),
    Column("reservoir", 0, 60, _bar),
    Column("mL", 6, 0, _known(_volume), right=True),
    Column("low in", 7, 0, _known(_low_in), right=True),
    Column("battery", 7, 96, _known(_battery), right=True),
    Column("age", 8, 60, _age, right=True),
)
