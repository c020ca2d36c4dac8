"""The fleet's table: it draws the rows that are in view, line by line, and repaints the lines that look different.

Textual's DataTable keeps a cell for each figure of each pump; here a row exists while it is looked at.
docs/decisions/0050-fleet.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from monitor.ui.widgets import fleet_cells

if TYPE_CHECKING:
    from rich.style import Style as RichStyle
    from textual import events

    from monitor.ui.fleet_moment import View
    from monitor.ui.widgets.fleet_cells import Piece

_WHEEL_LINES = 3


class FleetTable(Widget):
    """A line of titles, and below it as many rows as there is room for; the chosen one is always among them."""

    ALLOW_SELECT: ClassVar[bool] = False

    class Clicked(Message):
        """Somebody clicked on a pump, or turned the wheel past it.

        Args:
            number: which.
        """

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._view: View | None = None
        self._top = 0
        self._lines: list[list[Piece]] = []
        self._styles: dict[str, RichStyle] = {}
        self._theme = ""

    @property
    def room(self) -> int:
        """How many rows there is room for."""
        return max(self.content_size.height - 1, 1)

    def show(self, view: View) -> None:
        """Draw these rows, and repaint the lines that look different."""
        self._view = view
        self._update()

    def on_resize(self) -> None:
        """Draw again for the new size."""
        self._update()

    def _update(self) -> None:
        view, (width, height) = self._view, self.content_size
        if view is None or not width or not height:
            return
        before, self._lines = self._lines, self._drawn(view, width)
        changed = [
            y
            for y in range(height)
            if (before[y] if y < len(before) else None) != (self._lines[y] if y < len(self._lines) else None)
        ]
        if changed:
            self.refresh(Region(0, changed[0], width, changed[-1] - changed[0] + 1))
        last = min(self._top + self.room, len(view.rows))
        said = f"{self._top + 1} to {last} of {len(view.rows)}" if view.rows else "no pump"
        if self.border_subtitle != said:
            self.border_subtitle = Content(said)

    def _drawn(self, view: View, width: int) -> list[list[Piece]]:
        place = view.place_of(view.chosen)
        self._top = min(max(self._top, place - self.room + 1), place)
        self._top = max(min(self._top, len(view.rows) - self.room), 0)
        placed = fleet_cells.columns(width - fleet_cells.BEFORE)
        rows = view.rows[self._top : self._top + self.room]
        return [
            fleet_cells.heading(placed, width),
            *(
                fleet_cells.cells(row, placed, width, view.now_ns, chosen=row.number == view.chosen)
                for row in rows
            ),
        ]

    def render_line(self, y: int) -> Strip:
        """Return a line as it was drawn last."""
        width = self.content_size.width
        base = self.rich_style
        if y >= len(self._lines):
            return Strip.blank(width, base)
        if self._view is not None and y and self._chosen_at(y):
            base += self._style("on $shade")
        return Strip([Segment(text, base + self._style(style)) for text, style in self._lines[y]], width)

    def _chosen_at(self, y: int) -> bool:
        return self._lines[y][0][0] == fleet_cells.CURSOR

    def _style(self, name: str) -> RichStyle:
        if self._theme != self.app.theme:
            self._theme = self.app.theme
            self._styles = {}
        found = self._styles.get(name)
        if found is None:
            found = Style.parse(name, variables=self.app.theme_variables).rich_style
            self._styles[name] = found
        return found

    # --- the mouse ----------------------------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """Choose the row under the mouse."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.y:
            self._choose(self._top + offset.y - 1)

    def on_mouse_scroll_down(self) -> None:
        """Go down."""
        self._choose_from_here(_WHEEL_LINES)

    def on_mouse_scroll_up(self) -> None:
        """Go up."""
        self._choose_from_here(-_WHEEL_LINES)

    def _choose_from_here(self, lines: int) -> None:
        if self._view is not None and self._view.rows:
            last = len(self._view.rows) - 1
            self._choose(min(max(self._view.place_of(self._view.chosen) + lines, 0), last))

    def _choose(self, place: int) -> None:
        if self._view is not None and place < len(self._view.rows):
            self.post_message(self.Clicked(self._view.rows[place].number))
