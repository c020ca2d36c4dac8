from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from monitor.history import reading, schema
from monitor.history.chain import first_break
from monitor.history.schema import HistoryError, default_file, open_to_write, opened_to_read
from monitor.history.store import Store
from monitor.history.told import Page, Turn
from tests.monitor.history.bench import OTHER, PUMP, WALL_MS, events, rows, status, stored_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "history.db"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    with closing(Store(file)) as made:
        yield made


# --- the file -----------------------------------------------------------------------------------------------------


def test_it_is_for_its_owner_alone_and_so_is_its_folder(store: Store, file: Path) -> None:
    store.append(WALL_MS, "kind", {})
    for path in file.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_what_is_committed_is_on_the_disk(store: Store) -> None:
    settings = {
        name: store._connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous")
    }
    assert settings == {"journal_mode": "wal", "synchronous": 2}  # 2 is FULL


def test_it_lies_in_the_users_data_folder_or_in_the_home_of_the_environment_and_what_was_had_with_the_bench_key_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_file() == tmp_path / "pumpmock" / "history.db"
    assert default_file(bench=True) == tmp_path / "pumpmock" / "bench-history.db"
    monkeypatch.setenv("PUMPMOCK_HOME", str(tmp_path / "home"))
    assert default_file() == tmp_path / "home" / "history.db"


def test_a_file_of_somebody_elses_is_left_as_it_is(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database at all\n" * 50)
    with pytest.raises(
        HistoryError, match="it is not a history: move it away, or name another with --history"
    ):
        Store(text)
    assert text.read_text() == "not a database at all\n" * 50
    database = tmp_path / "others.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE theirs (figure)")
    with pytest.raises(HistoryError, match="is not a history"):
        Store(database)
    assert rows(database, "SELECT name FROM sqlite_schema") == [("theirs",)]


def test_a_file_of_a_later_version_is_left_as_it_is(file: Path) -> None:
    Store(file).close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 3")
    with pytest.raises(HistoryError, match=r"another version of pump-monitor \(format 3, not 2\)"):
        Store(file)
    with pytest.raises(HistoryError, match="another version"), opened_to_read(file):
        pass


def test_a_file_of_the_version_before_is_read_as_it_is_and_gets_what_it_lacks_when_it_is_written_to(
    file: Path,
) -> None:
    Store(file).close()
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("DROP TABLE links; PRAGMA user_version = 1")
    with opened_to_read(file) as connection:
        assert list(reading.links(connection, 1, None, None)) == []
    with closing(Store(file)) as first, closing(Store(file)) as other:
        first.add_all([], {}, [Turn(PUMP, 5, "")])
        other.add_all([], {}, [Turn(PUMP, 7, "gone: \x1b[1m\udcff")])
    with opened_to_read(file) as connection:
        assert list(reading.links(connection, 1, None, None)) == [(5, ""), (7, "gone: ?[1m?")]
        assert list(reading.links(connection, 1, 6, 7)) == []


def test_neither_a_link_nor_a_pipe_nor_a_folder_is_written_through(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("mine")
    link, pipe = tmp_path / "link.db", tmp_path / "pipe.db"
    link.symlink_to(target)
    os.mkfifo(pipe)
    for path in (link, pipe, tmp_path):
        with pytest.raises(HistoryError):
            Store(path)
    assert target.read_text() == "mine"


def test_two_programs_that_begin_one_file_at_once_make_its_tables_once(file: Path) -> None:
    first = open_to_write(file)
    assert schema._is_empty(first) is False
    second = open_to_write(file)
    first.close()
    second.close()
    assert rows(file, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'") == [(6,)]


def test_a_history_that_is_not_there_is_not_made_by_looking(file: Path) -> None:
    with pytest.raises(HistoryError, match="there is no history"), opened_to_read(file):
        pass
    assert not file.parent.exists()


# --- readings and the log -----------------------------------------------------------------------------------------


def test_readings_are_chained_over_pumps_programs_and_starts(file: Path) -> None:
    for number, pump in enumerate((PUMP, OTHER, PUMP)):
        with closing(Store(file)) as one, closing(Store(file)) as two:
            one.add(pump, [(WALL_MS, status(3 * number)), (WALL_MS, status(3 * number + 1))])
            two.add(PUMP, [(WALL_MS, status(3 * number + 2))])
    with opened_to_read(file) as connection:
        assert reading.broken_reading(connection) is None
        assert reading.pumps(connection) == {1: PUMP, 2: OTHER}
    assert stored_numbers(file) == list(range(9))


def test_readings_of_many_pumps_in_one_transaction_are_one_chain(store: Store, file: Path) -> None:
    store.add_all([(PUMP, [(1, status(0)), (2, status(1))]), (OTHER, []), (OTHER, [(3, status(2))])], {})
    store.add_all([(PUMP, [(4, status(3))])], {PUMP: Page(1, events(1, 2)), OTHER: Page(2, events(2, 3))})
    assert rows(file, "SELECT seq, pump FROM readings ORDER BY seq") == [(1, 1), (2, 1), (3, 2), (4, 1)]
    assert rows(file, "SELECT pump, number FROM events") == [
        (1, 1),
        (1, 2),
    ]  # a page that leaves a gap is passed over
    with opened_to_read(file) as connection:
        assert reading.broken_reading(connection) is None


def test_a_transaction_that_fails_leaves_nothing_behind(store: Store, file: Path) -> None:
    store.add(PUMP, [(WALL_MS, status(1))])
    store._connection.execute(
        "CREATE TRIGGER broken BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'broken'); END"
    )
    with pytest.raises(HistoryError, match="broken"):
        store.add(OTHER, [(WALL_MS, status(2))], Page(1, events(1, 1)))
    assert stored_numbers(file) == [1]
    assert rows(file, "SELECT count(*) FROM pumps") == [(1,)]
    store._connection.execute("DROP TRIGGER broken")
    store.add(OTHER, [(WALL_MS, status(2))], Page(1, events(1, 1)))
    assert stored_numbers(file) == [1, 2]


def test_the_log_is_stored_once_however_often_it_is_read(store: Store, file: Path) -> None:
    assert store.next_event(PUMP) == 1
    store.add(PUMP, [], Page(1, events(1, 3)))
    store.add(PUMP, [], Page(1, events(1, 5)))
    store.add(PUMP, [], Page(2, events(2, 4)))
    assert store.next_event(PUMP) == 6
    assert rows(file, "SELECT number FROM events ORDER BY number") == [(n,) for n in range(1, 6)]


def test_what_the_pump_has_overwritten_is_a_gap_that_is_not_asked_for_again(store: Store) -> None:
    store.add(PUMP, [], Page(1, events(400, 402)))
    assert store.next_event(PUMP) == 403


def test_a_page_from_beyond_what_is_stored_is_passed_over_so_that_the_gap_is_filled(
    store: Store, file: Path
) -> None:
    store.add(PUMP, [], Page(1, events(1, 3)))
    store.add(PUMP, [(WALL_MS, status(1))], Page(6, events(6, 7)))
    assert store.next_event(PUMP) == 4
    assert rows(file, "SELECT max(number) FROM events") == [(3,)]
    assert stored_numbers(file) == [1]


def test_each_memory_of_a_pump_has_a_log_of_its_own(store: Store) -> None:
    store.add(PUMP, [], Page(1, events(1, 3)))
    assert store.next_event(OTHER) == 1


# --- the audit trail ----------------------------------------------------------------------------------------------


def test_the_trail_of_two_programs_is_one_chain(file: Path) -> None:
    with closing(Store(file)) as one, closing(Store(file)) as two:
        for number in range(6):
            (one, two)[number % 2].append(WALL_MS, "kind", {"number": number})
    with opened_to_read(file) as connection:
        trail = list(reading.entries(connection))
    assert [entry.facts["number"] for entry in trail] == list(range(6))
    assert first_break(trail) is None


@pytest.mark.parametrize(
    "sql", ["UPDATE audit SET kind = 'other'", "DELETE FROM audit", "DELETE FROM audit WHERE seq = 1"]
)
def test_the_trail_is_only_added_to(store: Store, sql: str) -> None:
    store.append(WALL_MS, "kind", {})
    with pytest.raises(sqlite3.IntegrityError, match="only added to"):
        store._connection.execute(sql)


@pytest.mark.parametrize(
    ("count", "altered", "found"), [(3, 3, 3), (3, 1, 1), (101, 101, 101), (150, 51, 51), (150, 20, None)]
)
def test_at_a_start_the_newest_hundred_records_are_checked(
    file: Path, count: int, altered: int, found: int | None
) -> None:
    with closing(Store(file)) as store:
        for number in range(count):
            store.append(WALL_MS, "kind", {"number": number})
        assert store.broken_tail() is None
    forge(file, f"UPDATE audit SET wall_ms = 1 WHERE seq = {altered}")  # noqa: S608 - a number of ours
    with closing(Store(file)) as store:
        broken = store.broken_tail()
    assert (broken and broken.seq) == found


def forge(file: Path, sql: str) -> None:
    """Alter a trail as somebody would who can write the file."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(sql)
