"""Which alarms of a fleet call for somebody who does not look: whatever nobody has acknowledged or heard. Without a screen.

The fleet only reads, so nothing is acknowledged from it. What somebody has heard rings here no more until something new
comes, or the same more urgently; at the pump it stays as it is, and its row stays marked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.alarms import Board, Entry, State
from monitor.judgement import AlarmLine
from protocol.alarms import Priority

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.fleet.rows import Row

ITSELF: Final = -1  # in place of a pump's number: the fleet's own alarms
_Key = tuple[int, str]


def history_line(problem: str) -> AlarmLine:
    """Return the fleet's own alarm: not all that the pumps say is stored."""
    text = f"history not written: {problem}"
    return AlarmLine("no_history", None, Priority.MEDIUM, "NO HISTORY", text)


class Calls:
    """The alarms of a fleet that call, from one look to the next.

    Attributes:
        board: those that do as of the last look, as bell and flash want them.
    """

    def __init__(self) -> None:
        self.board = Board()
        self._since: dict[_Key, tuple[Priority, int]] = {}  # of each: how urgent it is, and which call it was
        self._heard: set[_Key] = set()

    def look(self, rows: Iterable[Row], problem: str = "", *, beside: int | None = None) -> Board:
        """Take how the fleet stands, and return what calls.

        Args:
            rows: the pumps.
            problem: why not all that they say is stored; empty where it is.
            beside: the pump that is open, and calls by itself; None where none is.
        """
        calls, since = self.board.calls, dict[_Key, tuple[Priority, int]]()
        entries = []
        for key, line in _unseen(rows, problem):
            before, is_beside = self._since.get(key), key[0] == beside
            if before is None or line.priority > before[0]:
                calls += not is_beside
                before = (line.priority, calls)
                self._heard.discard(key)
            since[key] = before
            if key not in self._heard and not is_beside:
                entries.append(Entry(line, State.UNACKNOWLEDGED, before[1]))
        self._since = since
        self._heard &= since.keys()
        self.board = Board(tuple(entries), (), calls)
        return self.board

    def hear(self, number: int, keys: Iterable[str] | None = None) -> None:
        """Take that somebody has heard these alarms of a pump; with None all of it, and the fleet's own."""
        if keys is None:
            self._heard |= {key for key in self._since if key[0] in {number, ITSELF}}
        else:
            self._heard |= {(number, key) for key in keys} & self._since.keys()


def _unseen(rows: Iterable[Row], problem: str) -> Iterator[tuple[_Key, AlarmLine]]:
    if problem:
        yield (ITSELF, "no_history"), history_line(problem)
    for row in rows:
        for line in row.lines:
            if not line.acknowledged:
                yield (row.number, line.key), line
