"""How long a year's trend takes to be asked for: 100,000 spans of a minute, of one pump among others, as they are drawn.

Reference: the same rows fetched by number, from a table that holds nothing else: what SQLite and Python take for them.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from rig import Result, RigError, take_turns, uncollected

from monitor.history.reading import trend
from monitor.history.retention import MINUTE_S, Span
from monitor.history.schema import open_to_write, opened_to_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAME = "history-trend"
ROUNDS = 11
MOST_MS = 50
_POINTS = 100_000
_PUMPS = 3
_YEAR_MS = 365 * 86_400_000
_WALL_MS = 1_767_225_600_000
_STEP_MS = _YEAR_MS // _POINTS // 60_000 * 60_000


def measure(rounds: int = ROUNDS) -> Result:
    """Return milliseconds.

    Raises:
        RigError: the trend is not whole.
    """
    with tempfile.TemporaryDirectory(prefix="pumpmock-bench-") as folder:
        file = Path(folder) / "history.db"
        _fill(file)
        with opened_to_read(file) as connection, closing(_reference(_spans(1))) as plain:
            medians = take_turns(
                NAME,
                rounds,
                lambda: _ms(lambda: trend(connection, 2, _WALL_MS, _WALL_MS + _YEAR_MS)),
                lambda: _ms(plain.execute("SELECT at_ms, rate, volume FROM plain").fetchall),
            )
    return medians.value_at_most(NAME, "ms", MOST_MS)


def _spans(pump: int) -> Iterator[Span]:
    for number in range(_POINTS):
        rate = 20_000 + number % 997
        start_ms = _WALL_MS + number * _STEP_MS
        volume = 20_000_000 - number % 18_000_000
        yield Span(pump, MINUTE_S, start_ms, 60, rate, rate - 9, rate + 9, 60 * rate, volume, volume, 80, 0)


def _fill(file: Path) -> None:
    with closing(open_to_write(file)) as connection:
        connection.execute("BEGIN")
        for pump in range(1, _PUMPS + 1):
            connection.execute(
                "INSERT INTO pumps (serial_number, store_id) VALUES (?, ?)", (f"PM-{pump}", b"store-01")
            )
            marks = ", ".join("?" * len(Span._fields))
            connection.executemany(f"INSERT INTO spans VALUES ({marks})", _spans(pump))  # noqa: S608 - question marks
        connection.execute("COMMIT")


def _reference(spans: Iterator[Span]) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE plain (at_ms INTEGER, rate INTEGER, volume INTEGER) STRICT")
    connection.executemany(
        "INSERT INTO plain VALUES (?, ?, ?)",
        ((one.start_ms, one.commanded_rate_nl_h, one.reservoir_nl) for one in spans),
    )
    return connection


def _ms(ask: Callable[[], list[tuple[int, ...]]]) -> float:
    with uncollected():
        began_ns = time.perf_counter_ns()
        found = ask()
        spent_ns = time.perf_counter_ns() - began_ns
    if len(found) != _POINTS:
        raise RigError(f"{len(found)} points came back of {_POINTS}")
    return spent_ns / 1e6
