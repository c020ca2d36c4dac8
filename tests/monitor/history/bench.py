"""A history without a pump: readings and entries of a log made to order, and a file that can be looked into."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from monitor.history.told import Pump
from protocol.messages import EventRecord
from protocol.vocabulary import EventKind
from tests.monitor.conftest import SERIAL_NUMBER, STATUS, STORE_ID

if TYPE_CHECKING:
    from pathlib import Path

    from protocol.messages import Status

PUMP = Pump(SERIAL_NUMBER, STORE_ID)
OTHER = Pump(SERIAL_NUMBER, b"store-02")
WALL_MS = 1_767_225_600_000


def status(number: int) -> Status:
    """Make the reading number `number`, one a second."""
    return replace(STATUS, pump_time_us=number * 1_000_000, reservoir_nl=12_000_000 - number)


def events(first: int, last: int) -> tuple[EventRecord, ...]:
    """Make entries of a log."""
    return tuple(EventRecord(n, n * 1_000_000, 0, EventKind.SESSION, 1, 1, 0) for n in range(first, last + 1))


def rows(file: Path, sql: str) -> list[tuple[Any, ...]]:
    """Return what a history holds, looked at by nobody of ours."""
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(sql).fetchall()


def stored_numbers(file: Path) -> list[int]:
    """Return which readings are stored."""
    return [us // 1_000_000 for (us,) in rows(file, "SELECT pump_time_us FROM readings ORDER BY seq")]
