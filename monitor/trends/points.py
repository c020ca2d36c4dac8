"""Readings over time, each with the least and the most of every quantity, so that what is folded loses no extreme."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from protocol.messages import Status

# The quantities of a point, in their order: nL/h, nL/h, nL, nL.
COMMANDED, MEASURED, RESERVOIR, SENSED = range(4)
QUANTITIES: Final = ("commanded_rate_nl_h", "measured_rate_nl_h", "reservoir_nl", "sensed_nl")
MOST_POINTS: Final = 20_000  # kept as they are: five and a half hours at a reading a second, some 8 MB

_BLOCK: Final = 32  # points whose extremes are known together, so that no draw has to look at every point

Range = tuple[int, int]  # the least and the most


def _lists() -> tuple[list[int], ...]:
    return tuple([] for _ in QUANTITIES)


@dataclass(slots=True)
class Points:
    """Points in the order of their times, a list an attribute; a point is one reading, or several that were folded.

    Attributes:
        first_ms: when the first of its readings was taken, this host's calendar clock.
        last_ms: when the last was.
        joined: whether nothing is missing between it and the point before it.
        least: of each of QUANTITIES, the least in each point.
        most: the most.
    """

    first_ms: list[int] = field(default_factory=list)
    last_ms: list[int] = field(default_factory=list)
    joined: list[bool] = field(default_factory=list)
    least: tuple[list[int], ...] = field(default_factory=_lists)
    most: tuple[list[int], ...] = field(default_factory=_lists)
    _blocks_least: tuple[list[int], ...] = field(default_factory=_lists)
    _blocks_most: tuple[list[int], ...] = field(default_factory=_lists)

    def __len__(self) -> int:
        return len(self.first_ms)

    def add(self, first_ms: int, last_ms: int, ranges: tuple[Range, ...], quiet_ms: int) -> None:
        """Add a point; one that begins no later than the last is passed over, as after this host's clock was set back.

        Args:
            first_ms: when it begins.
            last_ms: when it ends.
            ranges: of each of QUANTITIES, the least and the most.
            quiet_ms: what lies further than this from the point before is not joined to it.
        """
        if self.first_ms and first_ms <= self.first_ms[-1]:
            return
        self.joined.append(bool(self.last_ms) and first_ms - self.last_ms[-1] <= quiet_ms)
        self.first_ms.append(first_ms)
        self.last_ms.append(last_ms)
        for index, (least, most) in enumerate(ranges):
            self.least[index].append(least)
            self.most[index].append(most)
        if len(self) % _BLOCK == 0:
            self._know_blocks()

    def add_status(self, at_ms: int, status: Status, quiet_ms: int, most_points: int = MOST_POINTS) -> None:
        """Add a reading, and fold the older half in pairs once there are more than `most_points`."""
        figures = tuple(getattr(status, name) for name in QUANTITIES)
        self.add(at_ms, at_ms, tuple((figure, figure) for figure in figures), quiet_ms)
        if len(self) > most_points and len(self) % _BLOCK == 0:
            self.fold(len(self) // 2)

    def fold(self, count: int) -> None:
        """Make one point of every two among the first `count`; never over a gap, and no extreme is lost."""
        starts, at = [], 0
        while at < count:
            starts.append(at)
            at += 2 if at + 1 < count and self.joined[at + 1] else 1
        ends = [*starts[1:], count][: len(starts)]
        self.last_ms[:count] = [self.last_ms[end - 1] for end in ends]
        self.first_ms[:count] = [self.first_ms[start] for start in starts]
        self.joined[:count] = [self.joined[start] for start in starts]
        pairs = list(zip(starts, ends, strict=True))
        for least, most in zip(self.least, self.most, strict=True):
            least[:count] = [min(least[start:end]) for start, end in pairs]
            most[:count] = [max(most[start:end]) for start, end in pairs]
        for blocks in (*self._blocks_least, *self._blocks_most):
            blocks.clear()
        self._know_blocks()

    def extremes(self, which: int, start: int, end: int) -> Range:
        """Return the least and the most of a quantity, of the points from number `start` to before `end`; at least one."""
        first, last = -(-start // _BLOCK), end // _BLOCK
        least, most = self.least[which], self.most[which]
        if last <= first:
            return min(least[start:end]), max(most[start:end])
        before, after = slice(start, first * _BLOCK), slice(last * _BLOCK, end)
        lows, highs = self._blocks_least[which][first:last], self._blocks_most[which][first:last]
        return min(lows + least[before] + least[after]), max(highs + most[before] + most[after])

    def _know_blocks(self) -> None:
        """Work out the extremes of the blocks that have become whole."""
        whole = len(self) // _BLOCK
        for figures, blocks, pick in (
            *((figures, blocks, min) for figures, blocks in zip(self.least, self._blocks_least, strict=True)),
            *((figures, blocks, max) for figures, blocks in zip(self.most, self._blocks_most, strict=True)),
        ):
            for at in range(len(blocks), whole):
                blocks.append(pick(figures[at * _BLOCK : (at + 1) * _BLOCK]))
