"""The reduction: any number of points to as many columns as are drawn, extremes kept, and gaps left as gaps.

Columns lie on a grid that is fixed in time, not on the window's edge: a point stays in its column while time goes on, and
a curve that has been drawn does not flicker.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.trends.points import Points, Range


class Kind(Enum):
    """What is known of a column."""

    READ = "read"
    HELD = "held"  # between two readings, of which neither is missing: as the one before
    GAP = "gap"  # readings are missing
    BEFORE = "before"  # older than all that is known
    AHEAD = "ahead"  # later than now


class Column(NamedTuple):
    """What was read within a column.

    Attributes:
        kind: what is known of it.
        joined: whether nothing is missing between it and the column before it.
        ranges: of each quantity that was asked for, the least and the most; empty where nothing is known.
    """

    kind: Kind
    joined: bool = False
    ranges: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """`count` columns of `step_ms` from `start_ms` on; `now_ms` lies within one of them, or at its end."""

    start_ms: int
    step_ms: int
    count: int
    now_ms: int

    @classmethod
    def back(cls, now_ms: int, span_ms: int, count: int) -> Grid:
        """Return the grid of all of `span_ms` up to now, of two columns at the least; the last is the one being filled."""
        count = max(count, 2)
        step_ms = max(1, -(-span_ms // (count - 1)))
        end_ms = (now_ms // step_ms + 1) * step_ms
        return cls(end_ms - count * step_ms, step_ms, count, now_ms)

    @property
    def end_ms(self) -> int:
        """Where the last column ends."""
        return self.start_ms + self.count * self.step_ms

    def starts(self, index: int) -> int:
        """Return when a column begins."""
        return self.start_ms + index * self.step_ms

    def index(self, at_ms: int) -> int:
        """Return the column of an instant; beside the grid where it lies beside."""
        return (at_ms - self.start_ms) // self.step_ms


class _Read(NamedTuple):
    joined: bool
    ranges: tuple[Range, ...]
    last: tuple[Range, ...]


def reduced(parts: Sequence[Points], grid: Grid, which: Sequence[int], quiet_ms: int) -> list[Column]:
    """Return the columns of a grid.

    Args:
        parts: points, each part later than the one before it.
        grid: where the columns lie.
        which: the quantities wanted, by their index in QUANTITIES.
        quiet_ms: after so long without a reading, readings are missing.
    """
    found: dict[int, _Read] = {}
    held: tuple[Range, ...] = ()
    newest_ms: int | None = None
    for points in parts:
        if not points:
            continue
        follows = newest_ms is not None and points.first_ms[0] - newest_ms <= quiet_ms
        newest_ms = points.last_ms[-1]
        before = bisect_left(points.first_ms, grid.start_ms)
        if before:
            held = _ranges(points, before - 1, before, which)
        for index, read in _read(points, grid, which, before, follows=follows):
            earlier = found.get(index)
            found[index] = read if earlier is None else _together(earlier, read)
    return _filled(grid, found, held, quiet=newest_ms is not None and grid.now_ms - newest_ms > quiet_ms)


def _read(
    points: Points, grid: Grid, which: Sequence[int], at: int, *, follows: bool
) -> list[tuple[int, _Read]]:
    """Return the columns in which there are points, from number `at` on; the very first may follow another part's last."""
    times, found = points.first_ms, []
    while at < len(times) and times[at] < grid.end_ms:
        index = grid.index(times[at])
        end = bisect_left(times, grid.starts(index + 1), at)
        last = _ranges(points, end - 1, end, which)
        joined = points.joined[at] or (follows and at == 0)
        found.append((index, _Read(joined, _ranges(points, at, end, which), last)))
        at = end
    return found


def _ranges(points: Points, start: int, end: int, which: Sequence[int]) -> tuple[Range, ...]:
    if end - start == 1:
        return tuple((points.least[one][start], points.most[one][start]) for one in which)
    return tuple(points.extremes(one, start, end) for one in which)


def _together(earlier: _Read, later: _Read) -> _Read:
    pairs = zip(earlier.ranges, later.ranges, strict=True)
    ranges = tuple((min(one[0], other[0]), max(one[1], other[1])) for one, other in pairs)
    return _Read(earlier.joined, ranges, later.last)


def _filled(grid: Grid, found: dict[int, _Read], held: tuple[Range, ...], *, quiet: bool) -> list[Column]:
    """Return every column: those without a point are what the next point, or the silence since the last, tells of them."""
    columns: list[Column] = []
    for index in sorted(found):
        read = found[index]
        columns += [_empty(held, joined=read.joined)] * (index - len(columns))
        columns.append(Column(Kind.READ, read.joined, read.ranges))
        held = read.last
    now = min(grid.index(grid.now_ms) + 1, grid.count)
    columns += [_empty(held, joined=not quiet)] * (now - len(columns))
    columns += [Column(Kind.AHEAD)] * (grid.count - len(columns))
    return columns


def _empty(held: tuple[Range, ...], *, joined: bool) -> Column:
    if not held:
        return Column(Kind.BEFORE)
    return Column(Kind.HELD, True, held) if joined else Column(Kind.GAP)
