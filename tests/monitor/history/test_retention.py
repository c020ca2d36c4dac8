"""What is folded into longer spans: nothing is lost or counted twice, however it is cut up, and the chain goes on from it."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import closing
from dataclasses import replace
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli import main
from monitor.history import reading
from monitor.history import store as module
from monitor.history.chain import GENESIS, reading_rows
from monitor.history.recorder import Recorder
from monitor.history.retention import HOUR_S, KEEP_MINUTES_MS, KEEP_READINGS_MS, MINUTE_S, folded, span_of
from monitor.history.schema import HistoryError, opened_to_read
from monitor.history.store import Store
from monitor.history.told import Page, Turn
from protocol.messages import EventRecord
from protocol.vocabulary import EventKind
from tests.monitor.conftest import STATUS, Clock, S
from tests.monitor.history.bench import OTHER, PUMP, WALL_MS, rows, status, stored_numbers
from tests.monitor.history.test_store import forge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from protocol.messages import Status

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
statuses = st.builds(
    replace,
    st.just(STATUS),
    measured_rate_nl_h=st.integers(0, 1_000_000),
    reservoir_nl=st.integers(0, 20_000_000),
    alarms=st.integers(0, 15),
)
stays = st.lists(st.tuples(st.integers(0, 5 * HOUR_MS), statuses), min_size=1, max_size=40).map(
    lambda found: sorted(found, key=lambda one: one[0])
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture
def store(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(module, "CHUNK", 7)
    with closing(Store(file)) as made:
        yield made


def fold_all(store: Store, now_ms: int) -> int:
    """Fold until nothing is left to be folded, and return in how many chunks."""
    chunks = 1
    while store.fold(now_ms):
        chunks += 1
        assert chunks < 1_000
    return chunks


def spans(file: Path) -> list[dict[str, Any]]:
    names = module.Span._fields
    return [dict(zip(names, row, strict=True)) for row in rows(file, "SELECT * FROM spans")]


# --- pure ---------------------------------------------------------------------------------------------------------


@given(stays, st.sampled_from([MINUTE_S, HOUR_S]), st.integers(0, 40))
def test_a_span_is_the_same_however_its_readings_are_cut_up(
    readings: list[tuple[int, Status]], step_s: int, cut: int
) -> None:
    made = [span_of(row).lengthened(step_s) for row in reading_rows(GENESIS, 1, 1, readings)]
    at_once = folded(made)
    assert folded([*folded(made[:cut]), *folded(made[cut:])]) == at_once
    by_start: dict[int, list[Status]] = defaultdict(list)
    for at_ms, said in readings:
        by_start[at_ms // (step_s * 1_000) * step_s * 1_000].append(said)
    assert [span.start_ms for span in at_once] == list(by_start)
    for span, told in zip(at_once, by_start.values(), strict=True):
        measured = [one.measured_rate_nl_h for one in told]
        assert span.readings == len(told)
        assert (span.measured_least_nl_h, span.measured_most_nl_h) == (min(measured), max(measured))
        assert span.measured_sum_nl_h == sum(measured)
        assert span.reservoir_nl == told[-1].reservoir_nl
        assert span.alarms == reduce(or_, (one.alarms for one in told))


# --- in the file --------------------------------------------------------------------------------------------------


def test_readings_of_the_last_week_stay_and_older_ones_become_minutes(store: Store, file: Path) -> None:
    for number in range(40):
        store.add(PUMP if number % 3 else OTHER, [(WALL_MS + 20_000 * number, status(number))])
    now_ms = WALL_MS + KEEP_READINGS_MS + 20_000 * 30
    assert fold_all(store, now_ms) == 5  # 30 readings, 7 at a time
    assert stored_numbers(file) == list(range(30, 40))
    assert sum(one["readings"] for one in spans(file)) == 30
    assert {one["step_s"] for one in spans(file)} == {MINUTE_S}
    assert len(spans(file)) == 2 * 10  # of two pumps, ten minutes each
    assert fold_all(store, now_ms) == 1


def test_the_chain_goes_on_from_what_was_folded_and_a_forgery_still_shows(store: Store, file: Path) -> None:
    store.add(PUMP, [(WALL_MS, status(number)) for number in range(20)])
    store.add(PUMP, [(WALL_MS + DAY_MS, status(number)) for number in range(20, 25)])
    fold_all(store, WALL_MS + KEEP_READINGS_MS + 1)
    store.add(PUMP, [(WALL_MS + DAY_MS, status(25))])

    def broken() -> object:
        with opened_to_read(file) as connection:
            before, last = reading.folded_until(reading.entries(connection))
            return (last, reading.broken_reading(connection, before, last + 1))

    assert stored_numbers(file) == list(range(20, 26))
    assert broken() == (20, None)
    forge(file, "DELETE FROM readings WHERE seq = 21")
    assert "reading 21 is missing" in str(broken())


def test_of_more_readings_than_are_kept_the_oldest_become_minutes_however_young_they_are(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_READINGS", 10)
    store.add(PUMP, [(WALL_MS, status(number)) for number in range(10)])
    assert not store.fold(WALL_MS)
    assert rows(file, "SELECT count(*) FROM readings") == [(10,)]
    store.add(PUMP, [(WALL_MS, status(number)) for number in range(10, 14)])
    store.fold(WALL_MS)
    assert stored_numbers(file) == list(range(4, 14))
    assert rows(file, "SELECT readings FROM spans") == [(4,)]
    with opened_to_read(file) as connection:
        before, last = reading.folded_until(reading.entries(connection))
        assert reading.broken_reading(connection, before, last + 1) is None


def test_the_last_reading_stays_however_old_it_is(store: Store, file: Path) -> None:
    store.add(PUMP, [(WALL_MS, status(number)) for number in range(20)])
    fold_all(store, WALL_MS + 100 * DAY_MS)
    assert stored_numbers(file) == [19]
    store.add(PUMP, [(WALL_MS + 100 * DAY_MS, status(20))])
    assert rows(file, "SELECT seq FROM readings ORDER BY seq") == [(20,), (21,)]


def test_minutes_of_more_than_a_year_ago_become_hours(store: Store, file: Path) -> None:
    for hour in range(3):
        store.add(PUMP, [(WALL_MS + hour * HOUR_MS + 60_000 * n, status(n)) for n in range(0, 60, 4)])
    store.add(PUMP, [(WALL_MS + 400 * DAY_MS, status(99))])
    fold_all(store, WALL_MS + KEEP_MINUTES_MS + 2 * HOUR_MS + 1)
    assert [(one["step_s"], one["readings"]) for one in spans(file)] == [(MINUTE_S, 1)] * 15 + [
        (HOUR_S, 15)
    ] * 2
    fold_all(store, WALL_MS + KEEP_MINUTES_MS + 3 * HOUR_MS)
    assert [(one["step_s"], one["readings"]) for one in spans(file)] == [(HOUR_S, 15)] * 3


def test_a_reading_from_a_clock_that_stood_far_ahead_does_not_hold_up_the_others(
    store: Store, file: Path
) -> None:
    store.add(PUMP, [(WALL_MS + 3_650 * DAY_MS, status(0)), (WALL_MS, status(1)), (WALL_MS, status(2))])
    store.add(PUMP, [(WALL_MS + 8 * DAY_MS, status(3))])
    fold_all(store, WALL_MS + 8 * DAY_MS)
    assert stored_numbers(file) == [3]


def test_a_fold_that_fails_changes_nothing(store: Store, file: Path) -> None:
    store.add(PUMP, [(WALL_MS, status(number)) for number in range(20)])
    store._connection.execute(
        "CREATE TRIGGER broken BEFORE DELETE ON readings BEGIN SELECT RAISE(ABORT, 'broken'); END"
    )
    with pytest.raises(HistoryError, match="broken"):
        store.fold(WALL_MS + 100 * DAY_MS)
    assert stored_numbers(file) == list(range(20))
    assert (spans(file), rows(file, "SELECT * FROM audit")) == ([], [])


def test_what_is_old_is_folded_on_the_way_and_looked_for_once_a_minute(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 5)
    clock, wall = Clock(), Clock(WALL_MS)
    with closing(Recorder(file, now_ns=clock, now_ms=wall, ballast_bytes=1)) as recorder:
        for number in range(20):
            recorder.see(PUMP, status(number))
        wall.now_ns = WALL_MS + 8 * DAY_MS
        recorder.see(PUMP, status(20))
        assert len(stored_numbers(file)) == 21  # not yet looked for again
        clock.now_ns += 60 * S
        for number in range(21, 26):
            recorder.see(PUMP, status(number))
    assert stored_numbers(file) == list(range(20, 26))


def test_a_trend_is_one_line_through_hours_minutes_and_readings(store: Store, file: Path) -> None:
    for at_ms in (0, 60_000, 366 * DAY_MS, 366 * DAY_MS + 1_000, 374 * DAY_MS):
        store.add(PUMP, [(WALL_MS + at_ms, replace(status(1), measured_rate_nl_h=at_ms // 1_000 % 1_000))])
    for _ in range(2):  # readings into minutes, then minutes into hours
        fold_all(store, WALL_MS + 374 * DAY_MS)
    with opened_to_read(file) as connection:
        found = reading.trend(connection, 1, 0, WALL_MS + 400 * DAY_MS)
        assert [(at_ms - WALL_MS, rate) for at_ms, rate, _ in found] == [
            (0, 30),
            (366 * DAY_MS, (400 + 401) // 2),
            (374 * DAY_MS, 374 * 86_400 % 1_000),
        ]
        assert reading.trend(connection, 1, WALL_MS + 1, WALL_MS + 366 * DAY_MS) == []
        assert reading.trend(connection, 2, 0, WALL_MS + 400 * DAY_MS) == []


# --- export -------------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(store: Store, file: Path) -> Path:
    """A history with an hour, a minute and two readings."""
    for at_ms, rate in (
        (0, 100),
        (60_000, 201),
        (366 * DAY_MS, 300),
        (374 * DAY_MS, 400),
        (374 * DAY_MS + 1, 500),
    ):
        store.add(PUMP, [(WALL_MS + at_ms, replace(status(1), measured_rate_nl_h=rate))])
    for _ in range(2):
        fold_all(store, WALL_MS + 374 * DAY_MS)
    return file


def exported(file: Path, *words: str) -> list[str]:
    result = CliRunner().invoke(main, ["export", "--history", str(file), *words])
    assert result.exit_code == 0, result.stderr
    return result.stdout.splitlines()


def test_an_export_has_a_line_for_each_hour_minute_and_reading(kept: Path) -> None:
    head, *lines = exported(kept)
    assert head == (
        "time,serial_number,wall_ms,span_s,readings,commanded_rate_nl_h,measured_rate_nl_h,"
        "measured_least_nl_h,measured_most_nl_h,reservoir_nl,sensed_nl,battery_percent,alarms"
    )
    figures = "11999999,11900000,84,0"
    assert lines == [
        f"2026-01-01T00:00:00.000Z,PM-00001,{WALL_MS},3600,2,20000,150,100,201,{figures}",
        f"2027-01-02T00:00:00.000Z,PM-00001,{WALL_MS + 366 * DAY_MS},60,1,20000,300,300,300,{figures}",
        f"2027-01-10T00:00:00.000Z,PM-00001,{WALL_MS + 374 * DAY_MS},0,1,20000,400,400,400,{figures}",
        f"2027-01-10T00:00:00.001Z,PM-00001,{WALL_MS + 374 * DAY_MS + 1},0,1,20000,500,500,500,{figures}",
    ]


def test_an_export_is_from_one_instant_to_another_and_the_same_in_json(kept: Path) -> None:
    lines = exported(
        kept, "--from", "2027-01-02T00:00:00Z", "--to", "2027-01-10T00:00:00.001Z", "--format", "jsonl"
    )
    found = [json.loads(line) for line in lines]
    assert [one["measured_rate_nl_h"] for one in found] == [300, 400]
    assert (found[0]["time"], found[0]["span_s"], found[0]["serial_number"]) == (
        "2027-01-02T00:00:00.000Z",
        60,
        "PM-00001",
    )


def test_an_export_of_the_log_is_as_the_pump_told_it(store: Store, file: Path) -> None:
    clocks = (WALL_MS // 1_000, WALL_MS // 1_000 + 60, 2**40)
    log = [
        EventRecord(n, n, clock_s, EventKind.RATE_CHANGED, 0, 20_000, 25_000)
        for n, clock_s in enumerate(clocks, 1)
    ]
    store.add(PUMP, [], Page(1, log))
    head, first, _, beyond = exported(file, "--log")
    assert head == "time,serial_number,number,pump_time_us,clock_s,kind,detail,a,b,text"
    said = "rate_changed,0,20000,25000,0.480 -> 0.600 mL/day"
    assert first == f"2026-01-01T00:00:00.000Z,PM-00001,1,1,{clocks[0]},{said}"
    assert beyond == f",PM-00001,3,3,{2**40},{said}"
    (second,) = exported(
        file, "--log", "--from", "2026-01-01T00:00:01Z", "--to", "2026-01-02", "--format", "jsonl"
    )
    assert json.loads(second)["number"] == 2


def test_an_export_of_the_links_tells_when_there_was_one_and_why_there_was_none(
    store: Store, file: Path
) -> None:
    store.add_all([], {}, [Turn(PUMP, WALL_MS, ""), Turn(PUMP, WALL_MS + 2_000, "unplugged, or ended")])
    assert exported(file, "--links") == [
        "time,serial_number,wall_ms,link,why",
        f"2026-01-01T00:00:00.000Z,PM-00001,{WALL_MS},live,",
        f'2026-01-01T00:00:02.000Z,PM-00001,{WALL_MS + 2_000},none,"unplugged, or ended"',
    ]
    (lost,) = exported(file, "--links", "--from", "2026-01-01T00:00:01Z", "--format", "jsonl")
    assert json.loads(lost)["link"] == "none"
    both = CliRunner().invoke(main, ["export", "--history", str(file), "--log", "--links"])
    assert (both.exit_code, "two files" in both.output) == (2, True)


@pytest.mark.parametrize("said", ["yesterday", "29.11.2026", "", "99999-01-01"])
def test_an_instant_that_is_none_is_refused_with_one_that_is(kept: Path, said: str) -> None:
    result = CliRunner().invoke(main, ["export", "--history", str(kept), "--from", said])
    assert result.exit_code == 2
    assert f'"{said}" is no instant: write 2026-11-29' in result.stderr
