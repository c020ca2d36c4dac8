"""Asks the history: the audit trail, the pumps, their readings and their logs. Short reads, so that no writer waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.history.chain import GENESIS, Entry, first_broken_reading
from monitor.history.store import Pump
from protocol.messages import EventRecord

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from monitor.history.chain import Break

_EVENT_COLUMNS = "number, pump_time_us, clock_s, kind, detail, a, b"


def entries(connection: sqlite3.Connection) -> Iterator[Entry]:
    """Return the records of the audit trail, oldest first."""
    found = connection.execute("SELECT seq, wall_ms, kind, body, hash FROM audit ORDER BY seq")
    return (Entry(*row) for row in found)


def pumps(connection: sqlite3.Connection) -> dict[int, Pump]:
    """Return the pumps that were met, by their number in this file."""
    found = connection.execute("SELECT id, serial_number, store_id FROM pumps ORDER BY id")
    return {number: Pump(serial_number, store_id) for number, serial_number, store_id in found}


def log(connection: sqlite3.Connection, pump: int) -> list[EventRecord]:
    """Return what is stored of a pump's event log, oldest first."""
    sql = f"SELECT {_EVENT_COLUMNS} FROM events WHERE pump = ? ORDER BY number"  # noqa: S608 - columns of ours
    return [EventRecord(*row) for row in connection.execute(sql, (pump,))]


def count(connection: sqlite3.Connection, table: str) -> int:
    """Return how many records a table has."""
    (found,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - a table of ours
    return int(found)


def broken_reading(connection: sqlite3.Connection, before: bytes = GENESIS, seq: int = 1) -> Break | None:
    """Return the first reading that is not what was stored, None where all are.

    Args:
        connection: to the history.
        before: the hash of the last reading that was taken out of the file; GENESIS where none was.
        seq: the number after it.
    """
    return first_broken_reading(before, seq, connection.execute("SELECT * FROM readings ORDER BY seq"))


def damage(connection: sqlite3.Connection) -> str:
    """Return what SQLite finds wrong with the file, empty where it finds nothing."""
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    return "" if found == "ok" else str(found)
