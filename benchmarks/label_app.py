"""The smallest Textual app that has something to draw: the reference for first paint and for idle cost.

One label, whose text changes once a second. Run by other benchmarks; it draws until it is killed.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from textual.app import App
from textual.widgets import Label

if TYPE_CHECKING:
    from textual.app import ComposeResult


class LabelApp(App[None]):
    """One label, at 1 Hz."""

    def __init__(self) -> None:
        super().__init__()
        self._label = Label("PUMP")
        self._counter = itertools.count()

    def compose(self) -> ComposeResult:
        """Put the label on the screen."""
        yield self._label

    def on_mount(self) -> None:
        """Begin to count."""
        self.set_interval(1, self._count)

    def _count(self) -> None:
        self._label.update(f"PUMP {next(self._counter)}")


if __name__ == "__main__":
    LabelApp().run()
