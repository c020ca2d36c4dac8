"""Which pump a command means that reads the history: the one that was named, the only one, or the one met last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.errors import MonitorError
from monitor.history.past import newest_ms
from monitor.history.reading import pumps
from protocol.strict_toml import meant

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


def chosen_pump(connection: sqlite3.Connection, file: Path, serial: str | None) -> tuple[int, str]:
    """Return the number and the name of the pump that is meant, with the memory that it was met with last.

    Raises:
        MonitorError: there is none such, with the names that there are.
    """
    known = {
        number: pump.serial_number
        for number, pump in pumps(connection).items()
        if newest_ms(connection, number) is not None
    }
    fitting = [number for number, name in known.items() if serial in (None, name)]
    if fitting:
        newest = max(fitting, key=lambda number: newest_ms(connection, number) or 0)
        return newest, known[newest]
    if not known or serial is None:
        raise MonitorError(f"nothing is stored in {file} yet: the dashboard and watch store what they read")
    raise MonitorError(f"there is no pump {serial} in {file}; {meant(serial, sorted(set(known.values())))}")
