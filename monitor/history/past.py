"""Asks the history for a trend: what is stored of a pump, folded to about as many points as are drawn.

SQLite does the folding, least and most of every quantity; a week of readings is 600,000 rows, and a screen has no use for
one of them alone.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median_low
from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.history.retention import HOUR_S, MINUTE_S
from monitor.history.schema import opened_to_read
from monitor.trends.points import Points

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from monitor.history.told import Pump

_POINTS: Final = 512  # about so many are asked for; no chart on a terminal has more columns of dots
_MISSED: Final = (
    3  # after three times the usual distance, readings are missing, as `judgement.STALE_PERIODS` has it
)
_LEAST_QUIET_MS: Final = 3_000
_MS_A_S: Final = 1_000
_PUMP = "SELECT id FROM pumps WHERE (serial_number, store_id) = (?, ?)"
_PUMPS = "SELECT serial_number, store_id FROM pumps ORDER BY id"
_OLDEST = (
    "SELECT min(at) FROM (SELECT min(start_ms) AS at FROM spans WHERE pump = :pump AND step_s = :minute"
    " UNION ALL SELECT min(start_ms) FROM spans WHERE pump = :pump AND step_s = :hour"
    " UNION ALL SELECT min(wall_ms) FROM readings WHERE pump = :pump)"
)
_NEWEST = _OLDEST.replace("min(", "max(")
_FIGURES = (
    "count(*), min(commanded_rate_nl_h), max(commanded_rate_nl_h), min({least}), max({most}),"
    " min(reservoir_nl), max(reservoir_nl), min(sensed_nl), max(sensed_nl)"
)
_OF_SPANS = (
    f"SELECT min(start_ms), max(start_ms), {_FIGURES.format(least='measured_least_nl_h', most='measured_most_nl_h')}"  # noqa: S608 - columns of ours
    " FROM spans WHERE pump = ? AND step_s = ? AND start_ms >= ? AND start_ms < ?"
    " GROUP BY start_ms / ? ORDER BY 1"
)
_OF_READINGS = (
    f"SELECT min(wall_ms), max(wall_ms), {_FIGURES.format(least='measured_rate_nl_h', most='measured_rate_nl_h')}"  # noqa: S608 - as above
    " FROM readings WHERE pump = ? AND wall_ms >= ? AND wall_ms < ?"
    " GROUP BY wall_ms / ? ORDER BY 1"
)
_Row = tuple[int, ...]


class Stored(NamedTuple):
    """What is stored of a pump.

    Attributes:
        oldest_ms: when the oldest of it was read, this host's calendar clock; None where nothing is.
        points: what was asked for.
    """

    oldest_ms: int | None
    points: Points


def stored(file: Path, pump: Pump, from_ms: int, to_ms: int) -> Stored:
    """Return what was read of a pump from one instant to another, this host's calendar clock, `to_ms` itself no more.

    Raises:
        HistoryError: there is no history, or it can't be read.
    """
    with opened_to_read(file) as connection:
        row = connection.execute(_PUMP, pump).fetchone()
        if row is None:
            return Stored(None, Points())
        oldest = _edge(connection, _OLDEST, int(row[0]))
        return Stored(oldest, points(connection, int(row[0]), from_ms, to_ms))


def newest_ms(connection: sqlite3.Connection, pump: int) -> int | None:
    """Return when a pump, by its number in this file, was read last; None where nothing is stored of it."""
    return _edge(connection, _NEWEST, pump)


def _edge(connection: sqlite3.Connection, sql: str, pump: int) -> int | None:
    (found,) = connection.execute(sql, {"pump": pump, "minute": MINUTE_S, "hour": HOUR_S}).fetchone()
    return None if found is None else int(found)


def points(connection: sqlite3.Connection, pump: int, from_ms: int, to_ms: int) -> Points:
    """Return the same of a pump by its number in this file."""
    return points_and_quiet(connection, pump, from_ms, to_ms)[0]


def points_and_quiet(
    connection: sqlite3.Connection, pump: int, from_ms: int, to_ms: int
) -> tuple[Points, int]:
    """Return the same, and after how many ms without a reading, readings are missing.

    What is kept as hours comes first, then the minutes, then the readings. A gap is where nothing was read for three
    times as long as is usual there.
    """
    step_ms = max((to_ms - from_ms) // _POINTS, 1)
    found = Points()
    for step_s in (HOUR_S, MINUTE_S):
        rows = connection.execute(_OF_SPANS, (pump, step_s, from_ms, to_ms, step_ms)).fetchall()
        _add(found, rows, length_ms=step_s * _MS_A_S, usual_ms=step_s * _MS_A_S)
    rows = connection.execute(_OF_READINGS, (pump, from_ms, to_ms, step_ms)).fetchall()
    usual_ms = _usual_ms(rows)
    _add(found, rows, length_ms=0, usual_ms=usual_ms)
    return found, _quiet_ms(usual_ms)


def _quiet_ms(usual_ms: int) -> int:
    return max(_MISSED * usual_ms, _LEAST_QUIET_MS)


def _usual_ms(rows: Sequence[_Row]) -> int:
    """Return how far apart readings usually are: the median, within rows or, where each has but one, between them."""
    within = [(last - first) // (count - 1) for first, last, count, *_ in rows if count > 1]
    between = [later[0] - earlier[1] for earlier, later in pairwise(rows)]
    return median_low(within or between or [0])


def _add(found: Points, rows: Sequence[_Row], *, length_ms: int, usual_ms: int) -> None:
    """Add rows; `length_ms` is how long what was folded in each of them lasts, beyond its beginning."""
    quiet_ms = _quiet_ms(usual_ms)
    for first_ms, last_ms, _, *figures in rows:
        ranges = tuple(zip(figures[::2], figures[1::2], strict=True))
        found.add(first_ms, last_ms + max(length_ms - 1, 0), ranges, quiet_ms)
