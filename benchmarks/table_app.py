"""The reference for the fleet's screen: Textual's DataTable, three cells of each of its rows updated once a second.

    python table_app.py PUMPS FILE

Eight columns. The first row's volume counts up once a second; for each count a line with the instant before the first
cell is updated, in monotonic nanoseconds, goes to FILE.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App
from textual.widgets import DataTable

if TYPE_CHECKING:
    from textual.app import ComposeResult

_COLUMNS = ("pump", "place", "state", "mL/day", "mL", "low in", "battery", "age")


class TableApp(App[None]):
    """A table of pumps.

    Args:
        pumps: so many rows.
        notes: where the instants go.
    """

    def __init__(self, pumps: int, notes: Path) -> None:
        super().__init__()
        self._pumps = pumps
        self._notes = notes
        self._count = 0
        self._table: DataTable[str] = DataTable(cursor_type="row")

    def compose(self) -> ComposeResult:
        """Put the table on the screen."""
        yield self._table

    def on_mount(self) -> None:
        """Fill it, and begin to update."""
        for name in _COLUMNS:
            self._table.add_column(name, key=name, width=10)
        for number in range(self._pumps):
            row = (f"PM-{number:05}", "rack 1", "running", "0.500", "1.50", "25.2 d", "84 %", "< 1 s")
            self._table.add_row(*row, key=str(number))
        self.set_interval(1, self._update)

    def _update(self) -> None:
        self._count += 1
        handed_ns = time.monotonic_ns()
        for number in range(self._pumps):
            volume = f"{1.5 + 0.01 * (self._count % 30):.2f}" if not number else f"{5 + self._count % 9}.00"
            self._table.update_cell(str(number), "mL", volume)
            self._table.update_cell(str(number), "low in", f"{self._count % 90}.2 d")
            self._table.update_cell(str(number), "age", f"{self._count % 2} s")
        with self._notes.open("a") as file:
            file.write(f"{1.5 + 0.01 * (self._count % 30):.2f} {handed_ns}\n")


if __name__ == "__main__":
    TableApp(int(sys.argv[1]), Path(sys.argv[2])).run()
