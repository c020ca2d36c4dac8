"""A Textual app with one label that shows each line that comes on a terminal: the reference for a reading's way.

Run by another benchmark, with the terminal's name; it draws until it is killed.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App
from textual.widgets import Label

if TYPE_CHECKING:
    from textual.app import ComposeResult


class LineApp(App[None]):
    """One label, told by a thread.

    Args:
        terminal: where the lines come from.
    """

    def __init__(self, terminal: Path) -> None:
        super().__init__()
        self._label = Label("line 0")
        self._terminal = terminal

    def compose(self) -> ComposeResult:
        """Put the label on the screen."""
        yield self._label

    def on_mount(self) -> None:
        """Begin to read."""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with self._terminal.open(encoding="ascii") as lines:
            for line in lines:
                self.call_from_thread(self._label.update, line.rstrip("\n"))


if __name__ == "__main__":
    LineApp(Path(sys.argv[1])).run()
