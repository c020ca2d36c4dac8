"""The one widget behind every panel: it shows what a pure function draws, and paints only what changed.

Its size is the style sheet's affair, so new data never lays anything out again. What it shows is `Content` built from
parts, never markup: text from a device is drawn letter by letter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual.content import Content
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Callable

_Data = TypeVar("_Data")


class Drawing(Widget, Generic[_Data]):
    """A rectangle filled by a draw function.

    Args:
        draw: turns data, a width and a height in cells into what is shown.
        title: what its border says above.
        subtitle: what its border says below.
        id: its name in the style sheet.
    """

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    Drawing { text-wrap: nowrap; text-overflow: clip; }
    """

    def __init__(
        self,
        draw: Callable[[_Data, int, int], Content],
        *,
        title: str = "",
        subtitle: str = "",
        id: str | None = None,  # noqa: A002 - Textual's own name for it
    ) -> None:
        super().__init__(id=id)
        self._draw = draw
        self._data: _Data | None = None
        self._shown = Content("")
        self._drawn_for = (0, 0)
        self.border_title = Content(title)
        self.border_subtitle = Content(subtitle)

    def show(self, data: _Data) -> bool:
        """Draw new data, repaint if it looks different, and return whether it does."""
        self._data = data
        return self._update()

    def on_resize(self) -> None:
        """Draw again for the new size."""
        self._update()

    def _update(self) -> bool:
        width, height = self.content_size
        if self._data is None or not width or not height:
            return False
        drawn, self._drawn_for = self._draw(self._data, width, height), (width, height)
        # `==` compares the text alone; the colours count as well.
        if drawn.is_same(self._shown):
            return False
        self._shown = drawn
        self.refresh()
        return True

    def render(self) -> Content:
        """Return what was drawn last; the first paint comes before the first resize is told, so it draws itself."""
        width, height = self.content_size
        if (width, height) != self._drawn_for and self._data is not None and width and height:
            self._shown, self._drawn_for = self._draw(self._data, width, height), (width, height)
        return self._shown
