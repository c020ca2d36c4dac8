"""The card that covers a terminal too small to be read from safely."""

from __future__ import annotations

from typing import Final

from textual.content import Content
from textual.widget import Widget

LEAST_WIDTH: Final = 60
LEAST_HEIGHT: Final = 20


class TooSmall(Widget):
    """Says what the terminal has, what it needs, and which key still works. The style sheet shows it when needed.

    Args:
        way_out: the key that still works, in words.
    """

    def __init__(self, way_out: str) -> None:
        super().__init__()
        self._way_out = way_out

    def render(self) -> Content:
        """Return the card."""
        width, height = self.app.size
        return Content.assemble(
            (f"{width} x {height}", "bold $value"),
            (f", needs {LEAST_WIDTH} x {LEAST_HEIGHT}\n{self._way_out}", "$foreground"),
        )
