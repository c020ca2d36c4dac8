"""A trend is asked of a real file: what was stored, folded in between or not, comes back with its extremes and its gaps."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.history.past import stored
from monitor.history.schema import HistoryError
from monitor.history.store import Store
from monitor.trends.columns import Grid, Kind, reduced
from monitor.trends.points import MEASURED, RESERVOIR
from tests.monitor.history.bench import OTHER, PUMP, WALL_MS, status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY_MS = 86_400_000
HOUR_MS = 3_600_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    with closing(Store(file)) as made:
        yield made


def fold_all(store: Store, now_ms: int) -> None:
    while store.fold(now_ms):
        pass


def test_every_reading_comes_back_with_its_time_where_there_are_few(store: Store, file: Path) -> None:
    times = [WALL_MS + number * 1_000 for number in range(20)]
    store.add(PUMP, [(at, status(number)) for number, at in enumerate(times)])
    found = stored(file, PUMP, WALL_MS, WALL_MS + 600_000)
    assert found.oldest_ms == WALL_MS
    assert found.points.extremes(RESERVOIR, 0, len(found.points)) == (12_000_000 - 19, 12_000_000)
    assert found.points.joined == [False] + [True] * (len(found.points) - 1)
    assert found.points.last_ms[-1] == times[-1]


def test_the_end_is_not_asked_for_and_another_pumps_readings_are_not_told(store: Store, file: Path) -> None:
    store.add(PUMP, [(WALL_MS, status(0)), (WALL_MS + 1_000, status(1))])
    store.add(OTHER, [(WALL_MS + 500, status(7))])
    assert stored(file, PUMP, WALL_MS, WALL_MS + 1_000).points.first_ms == [WALL_MS]
    assert stored(file, OTHER, WALL_MS, WALL_MS + 9_000).points.first_ms == [WALL_MS + 500]


def test_of_a_pump_that_was_never_met_there_is_nothing(store: Store, file: Path) -> None:
    store.add(PUMP, [(WALL_MS, status(0))])
    found = stored(file, OTHER, 0, 2 * WALL_MS)
    assert found.oldest_ms is None
    assert not len(found.points)


def test_a_spike_of_one_reading_in_a_week_is_never_lost(store: Store, file: Path) -> None:
    readings = [(WALL_MS + number * 60_000, status(0)) for number in range(7 * 1_440)]
    at, spike = readings[4_321]
    readings[4_321] = (at, replace(spike, measured_rate_nl_h=999_999))
    store.add(PUMP, readings)
    found = stored(file, PUMP, WALL_MS, WALL_MS + 7 * DAY_MS).points
    assert len(found) <= 520
    assert found.extremes(MEASURED, 0, len(found))[1] == 999_999
    assert found.joined.count(False) == 1


@pytest.mark.parametrize("age_ms", [0, 8 * DAY_MS, 400 * DAY_MS], ids=["as read", "in minutes", "in hours"])
def test_where_nothing_was_read_for_long_there_is_a_gap_however_it_is_kept(
    store: Store, file: Path, age_ms: int
) -> None:
    spells = [*range(6 * 3_600), *range(12 * 3_600, 18 * 3_600)]
    store.add(PUMP, [(WALL_MS + second * 1_000, status(second)) for second in spells if second % 60 == 0])
    fold_all(store, WALL_MS + age_ms + DAY_MS // 2)
    points = stored(file, PUMP, WALL_MS, WALL_MS + DAY_MS).points
    assert points.joined.count(False) == 2
    columns = reduced([points], Grid(WALL_MS, HOUR_MS, 24, WALL_MS + DAY_MS - 1), (RESERVOIR,), 3_000)
    kinds = [column.kind for column in columns]
    assert kinds == [Kind.READ] * 6 + [Kind.GAP] * 6 + [Kind.READ] * 6 + [Kind.GAP] * 6


def test_the_oldest_is_told_however_little_is_asked_for(store: Store, file: Path) -> None:
    store.add(PUMP, [(WALL_MS, status(0)), (WALL_MS + 30 * DAY_MS, status(1))])
    fold_all(store, WALL_MS + 30 * DAY_MS)
    assert (
        stored(file, PUMP, WALL_MS + 29 * DAY_MS, WALL_MS + 31 * DAY_MS).oldest_ms
        == WALL_MS // 60_000 * 60_000
    )


def test_a_minute_that_is_folded_in_part_hides_no_reading(store: Store, file: Path) -> None:
    readings = [(WALL_MS + second * 1_000, status(second)) for second in range(120)]
    at, spike = readings[45]
    readings[45] = (at, replace(spike, measured_rate_nl_h=999_999))
    store.add(PUMP, readings)
    fold_all(store, WALL_MS + 7 * DAY_MS + 30_000)
    points = stored(file, PUMP, WALL_MS - 30 * DAY_MS, WALL_MS + DAY_MS).points
    assert points.extremes(MEASURED, 0, len(points))[1] == 999_999
    assert points.extremes(RESERVOIR, 0, len(points))[0] == 12_000_000 - 119


def test_a_history_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="there is no history"):
        stored(tmp_path / "none.db", PUMP, 0, 1)
