"""A canvas of braille dots, two across and four down in each cell: the finest line that a terminal can draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

ACROSS: Final = 2
DOWN: Final = 4
_BLANK: Final = 0x2800
_BITS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


class Canvas:
    """Dots over `width` by `height` cells, none set at first; (0, 0) is the dot at the top left."""

    def __init__(self, width: int, height: int) -> None:
        self.across = width * ACROSS
        self.down = height * DOWN
        self._cells = [[0] * width for _ in range(height)]

    def dot(self, x: int, y: int) -> None:
        """Set one dot; those beside the canvas are not drawn."""
        if 0 <= x < self.across and 0 <= y < self.down:
            self._cells[y // DOWN][x // ACROSS] |= _BITS[y % DOWN][x % ACROSS]

    def line(self, heights: Sequence[int | None]) -> None:
        """Draw a line through one height for each column of dots, joined up and down; None leaves a gap."""
        before: int | None = None
        for x, y in enumerate(heights):
            if y is not None:
                step = 1 if before is None or y >= before else -1
                for between in range(y if before is None or before == y else before + step, y + step, step):
                    self.dot(x, between)
            before = y

    def column(self, x: int, top: int, bottom: int) -> None:
        """Set the dots of one column from `top` to `bottom`, both with it."""
        for y in range(max(top, 0), min(bottom, self.down - 1) + 1):
            self.dot(x, y)

    def char(self, column: int, row: int) -> str:
        """Return what a cell shows; empty where it has no dot."""
        bits = self._cells[row][column]
        return chr(_BLANK | bits) if bits else ""
