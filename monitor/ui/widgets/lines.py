"""Lines of fixed width, put together from styled parts. A style names a theme variable: "bold $value"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

if TYPE_CHECKING:
    from collections.abc import Iterable

Part = str | Content | tuple[str, str]


def spread(width: int, left: Content, right: Content | None = None) -> Content:
    """Return a line of `width` cells, `right` at its end; what does not fit is cut from `left`, with an ellipsis."""
    if right is None or not right:
        return left.truncate(width, ellipsis=True, pad=True)
    room = width - right.cell_length - 1
    if room < 0:
        return right.truncate(width, ellipsis=True, pad=True)
    return left.truncate(room, ellipsis=True, pad=True) + " " + right


def stack(lines: Iterable[Content], width: int, height: int) -> Content:
    """Return lines one under another, each exactly `width` cells, at most `height` of them."""
    return Content("\n").join([line.truncate(width, pad=True) for line in lines][:height])


def place(width: int, labels: Iterable[tuple[int, str, str]]) -> Content:
    """Return a line with each (column, text, style) centred over its column; what would collide is left out.

    The first label has the best claim. Labels are moved inside the line where they would stick out of it.
    """
    taken: list[tuple[int, str, str]] = []
    for column, text, style in labels:
        start = min(max(column - len(text) // 2, 0), width - len(text))
        free = all(start > at + len(other) or start + len(text) < at for at, other, _ in taken)
        if start >= 0 and free:
            taken.append((start, text, style))
    parts: list[Part] = []
    column = 0
    for start, text, style in sorted(taken):
        parts += [" " * (start - column), (text, style)]
        column = start + len(text)
    return Content.assemble(*parts).truncate(width, pad=True)


def cells(row: Iterable[tuple[str, str]]) -> Content:
    """Return a line from single cells (character, style), neighbours of one style joined."""
    parts: list[tuple[str, str]] = []
    for char, style in row:
        if parts and parts[-1][1] == style:
            parts[-1] = (parts[-1][0] + char, style)
        else:
            parts.append((char, style))
    return Content.assemble(*parts)
