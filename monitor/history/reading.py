"""Asks the history: the audit trail, the pumps, their readings and their logs. Short reads, so that no writer waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.history.chain import GENESIS, Entry, first_broken_reading
from monitor.history.retention import HOUR_S, MINUTE_S
from monitor.history.told import Pump
from protocol.messages import EventRecord

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from monitor.history.chain import Break

_TREND_OF_SPANS = (
    "SELECT start_ms, measured_sum_nl_h / readings, reservoir_nl FROM spans"
    " WHERE pump = ? AND step_s = ? AND start_ms >= ? AND start_ms < ? ORDER BY start_ms"
)
_TREND_OF_READINGS = (
    "SELECT wall_ms, measured_rate_nl_h, reservoir_nl FROM readings"
    " WHERE pump = ? AND wall_ms >= ? AND wall_ms < ? ORDER BY wall_ms"
)
# What a line of an export has, as its scripts know it; figures in the units of `retention.Span`.
EXPORTED = (
    *("wall_ms", "span_s", "readings", "commanded_rate_nl_h"),
    *("measured_rate_nl_h", "measured_least_nl_h", "measured_most_nl_h"),
    *("reservoir_nl", "sensed_nl", "battery_percent", "alarms"),
)
_EXPORT_OF_SPANS = (
    "SELECT start_ms, step_s, readings, commanded_rate_nl_h, measured_sum_nl_h / readings,"
    " measured_least_nl_h, measured_most_nl_h, reservoir_nl, sensed_nl, battery_percent, alarms FROM spans"
    " WHERE pump = ? AND step_s = ? AND start_ms >= ? AND start_ms < ? ORDER BY start_ms"
)
_EXPORT_OF_READINGS = (
    "SELECT wall_ms, 0, 1, commanded_rate_nl_h, measured_rate_nl_h,"
    " measured_rate_nl_h, measured_rate_nl_h, reservoir_nl, sensed_nl, battery_percent, alarms FROM readings"
    " WHERE pump = ? AND wall_ms >= ? AND wall_ms < ? ORDER BY wall_ms, seq"
)
_LINKS = (
    "SELECT wall_ms, why FROM links WHERE pump = ? AND wall_ms >= ? AND wall_ms < ? ORDER BY wall_ms, rowid"
)
_NEVER_MS = 2**63 - 1
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


def folded_until(trail: Iterable[Entry]) -> tuple[bytes, int]:
    """Return the hash and the number of the last reading that was rightly taken out of the file, as the trail has it.

    Raises:
        ValueError: the trail has a record that is none of this program's.
    """
    before, last = GENESIS, 0
    for entry in trail:
        if entry.kind == "folded":
            try:
                before, last = bytes.fromhex(str(entry.facts["hash"])), int(str(entry.facts["last"]))
            except (KeyError, ValueError) as error:
                raise ValueError(f"record {entry.seq} is none that pump-monitor writes") from error
    return before, last


def trend(connection: sqlite3.Connection, pump: int, from_ms: int, to_ms: int) -> list[tuple[int, int, int]]:
    """Return what was read of a pump from one instant to another, oldest first, as finely as it is kept.

    Args:
        connection: to the history.
        pump: which one, as the file numbers them.
        from_ms: this host's calendar clock.
        to_ms: the same; itself no more.

    Returns:
        Of each reading, minute and hour its beginning, the measured rate (the mean, nL/h, rounded down) and the
        expected volume (by the last reading, nL).
    """
    found: list[tuple[int, int, int]] = []
    for step_s in (HOUR_S, MINUTE_S):
        found += connection.execute(_TREND_OF_SPANS, (pump, step_s, from_ms, to_ms)).fetchall()
    found += connection.execute(_TREND_OF_READINGS, (pump, from_ms, to_ms)).fetchall()
    return found


def exported(
    connection: sqlite3.Connection, pump: int, from_ms: int | None, to_ms: int | None
) -> Iterator[tuple[int, ...]]:
    """Return what was read of a pump, oldest first, as finely as it is kept: the columns of EXPORTED.

    Args:
        connection: to the history.
        pump: which one, as the file numbers them.
        from_ms: this host's calendar clock; None for the beginning.
        to_ms: the same, itself no more; None for the end.
    """
    within = (from_ms or 0, _NEVER_MS if to_ms is None else to_ms)
    for step_s in (HOUR_S, MINUTE_S):
        yield from connection.execute(_EXPORT_OF_SPANS, (pump, step_s, *within))
    yield from connection.execute(_EXPORT_OF_READINGS, (pump, *within))


def links(
    connection: sqlite3.Connection, pump: int, from_ms: int | None, to_ms: int | None
) -> Iterator[tuple[int, str]]:
    """Return when there was a link to a pump from then on, and when and why there was none any more, oldest first.

    Args:
        connection: to the history.
        pump: which one, as the file numbers them.
        from_ms: this host's calendar clock; None for the beginning.
        to_ms: the same, itself no more; None for the end.
    """
    (known,) = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'links'").fetchone()
    if known:  # a file of the version before has none
        within = (pump, from_ms or 0, _NEVER_MS if to_ms is None else to_ms)
        yield from connection.execute(_LINKS, within)


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
