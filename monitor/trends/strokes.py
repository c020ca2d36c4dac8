"""The strokes of the SVG picture: where an instant and a figure lie in a box, and the paths through them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.trends.columns import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.trends.columns import Column
    from monitor.trends.points import Range

_KNOWN = (Kind.READ, Kind.HELD)


@dataclass(frozen=True, slots=True)
class Box:
    """The place of a chart, in pixels, and what its edges stand for: instants in ms, and figures."""

    left: int
    top: int
    right: int
    bottom: int
    start_ms: int
    end_ms: int
    low: int = 0
    high: int = 1

    def over(self, low: int, high: int) -> Box:
        """Return the same place for figures from `low` to `high`, which is greater."""
        return replace(self, low=low, high=high)

    def x(self, at_ms: int) -> int:
        """Return the pixel of an instant, within the box."""
        across = (at_ms - self.start_ms) * (self.right - self.left) // max(self.end_ms - self.start_ms, 1)
        return self.left + min(max(across, 0), self.right - self.left)

    def y(self, figure: int) -> int:
        """Return the pixel of a figure, within the box."""
        up = (figure - self.low) * (self.bottom - self.top) // (self.high - self.low)
        return self.bottom - min(max(up, 0), self.bottom - self.top)

    def frame(self, ink: str = "#a9b0b6") -> str:
        """Return the frame."""
        size = f'width="{self.right - self.left}" height="{self.bottom - self.top}"'
        return f'<rect x="{self.left}" y="{self.top}" {size} fill="none" stroke="{ink}"/>'


def text(x: int, y: int, said: str, *, anchor: str = "start", size: int = 12) -> str:
    """Return text that is escaped already."""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}">{said}</text>'


def line(box: Box, figure: int, ink: str, dash: str = "none") -> str:
    """Return a level line."""
    return f'<path d="M{box.left} {box.y(figure)}H{box.right}" stroke="{ink}" stroke-dasharray="{dash}"/>'


def dashed(points: Sequence[tuple[int, int]], box: Box, ink: str) -> str:
    """Return a dashed line through (instant, figure)."""
    through = " ".join(f"{box.x(at)},{box.y(figure)}" for at, figure in points)
    return (
        f'<polyline points="{through}" fill="none" stroke="{ink}" stroke-width="1.5" stroke-dasharray="6 4"/>'
    )


def band(points: Sequence[tuple[int, int, int]], box: Box, ink: str) -> str:
    """Return the area between the least and the most of (instant, least, most)."""
    upper = [f"{box.x(at)},{box.y(most)}" for at, _, most in points]
    lower = [f"{box.x(at)},{box.y(least)}" for at, least, _ in reversed(points)]
    return f'<polygon points="{" ".join([*upper, *lower])}" fill="{ink}" fill-opacity="0.5"/>'


def stepped(
    columns: Sequence[Column],
    times: Sequence[int],
    ranges: Sequence[Range],
    box: Box,
    ink: str,
    dash: str = "none",
) -> list[str]:
    """Return an area a stretch without a gap, from the least to the most of each column; a line where they are alike.

    Args:
        columns: what is known of each.
        times: where each begins, and where the last ends.
        ranges: what is drawn of each.
        box: where.
        ink: the colour.
        dash: of its edge.
    """
    drawn = []
    for start, end in _stretches(columns):
        edges = [(times[index + after], index) for index in range(start, end) for after in (0, 1)]
        upper = [f"{box.x(at)},{box.y(ranges[index][1])}" for at, index in edges]
        lower = [f"{box.x(at)},{box.y(ranges[index][0])}" for at, index in reversed(edges)]
        points = " ".join([*upper, *lower])
        style = f'fill="{ink}" fill-opacity="0.3" stroke="{ink}" stroke-dasharray="{dash}"'
        drawn.append(f'<polygon class="read" points="{points}" {style}/>')
    return drawn


def hatched(columns: Sequence[Column], times: Sequence[int], box: Box, pattern: str = "gap") -> list[str]:
    """Return an area a gap, filled with a pattern by its id."""
    drawn, at = [], 0
    while at < len(columns):
        end = at
        while end < len(columns) and columns[end].kind is Kind.GAP:
            end += 1
        if end > at:
            left, right = box.x(times[at]), box.x(times[end])
            size = f'width="{right - left}" height="{box.bottom - box.top}"'
            drawn.append(f'<rect class="gap" x="{left}" y="{box.top}" {size} fill="url(#{pattern})"/>')
        at = end + 1
    return drawn


def _stretches(columns: Sequence[Column]) -> Iterator[tuple[int, int]]:
    """Return the stretches, begin and end, within which nothing is missing."""
    start: int | None = None
    for index, column in enumerate(columns):
        known = column.kind in _KNOWN
        if start is not None and not (known and (column.joined or column.kind is Kind.HELD)):
            yield start, index
            start = None
        if known and start is None:
            start = index
    if start is not None:
        yield start, len(columns)
