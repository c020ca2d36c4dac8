"""A history whose disk is full, locked, damaged or not there: it is told, telemetry goes on, and nothing is changed."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.history import ballast
from monitor.history.recorder import Recorder
from monitor.history.schema import HistoryError
from monitor.history.store import Store
from monitor.history.told import Page
from tests.monitor.conftest import Clock, S
from tests.monitor.history.bench import OTHER, PUMP, WALL_MS, events, rows, status, stored_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture
def made(file: Path, clock: Clock) -> Iterator[Recorder]:
    with closing(Recorder(file, now_ns=clock, now_ms=lambda: WALL_MS, ballast_bytes=4_096)) as recorder:
        yield recorder


class Lock:
    """Another program that holds a history."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._connection.execute("BEGIN IMMEDIATE")

    def let_go(self) -> None:
        self._connection.execute("ROLLBACK")
        self._connection.close()


# --- all is well --------------------------------------------------------------------------------------------------


def test_a_reading_is_on_the_disk_when_it_may_be_shown(made: Recorder, file: Path) -> None:
    for number in range(3):
        made.see(PUMP, status(number), Page(1, events(1, number)))
        assert stored_numbers(file) == list(range(number + 1))
    assert made.problem == ""
    assert made.next_event(PUMP, 99) == 3


def test_nothing_is_made_before_there_is_something_to_record(made: Recorder, file: Path) -> None:
    assert not file.exists()
    made.note("kind", {})
    assert file.exists()
    assert ballast.ballast_of(file).stat().st_size == 4_096


# --- a lock -------------------------------------------------------------------------------------------------------


def test_what_another_program_holds_is_told_and_made_up_for(made: Recorder, file: Path, clock: Clock) -> None:
    made.see(PUMP, status(0))
    lock = Lock(file)
    made.see(PUMP, status(1), Page(1, events(1, 2)))
    assert made.problem == f"another program holds it locked: {file}"
    with pytest.raises(HistoryError, match="another program holds it locked"):
        made.note("intended", {})
    assert made.note_late("outcome", {}) is False
    lock.let_go()
    clock.now_ns += 5 * S
    made.see(PUMP, status(2))
    assert made.problem == ""
    assert stored_numbers(file) == [0, 1, 2]
    assert (
        made.next_event(PUMP, 3) == 1
    )  # the log is asked for again: what was not stored was not marked as stored
    assert ballast.ballast_of(file).exists()


def test_a_disk_that_fails_is_tried_now_and_then_and_not_at_each_reading(
    made: Recorder, file: Path, clock: Clock
) -> None:
    made.see(PUMP, status(0))
    lock = Lock(file)
    made.see(PUMP, status(1))
    lock.let_go()
    clock.now_ns += 5 * S - 1
    made.see(PUMP, status(2))
    assert stored_numbers(file) == [0]
    assert made.next_event(PUMP, 7) == 7
    clock.now_ns += 1
    assert made.next_event(PUMP, 7) == 1
    made.see(PUMP, status(3))
    assert stored_numbers(file) == [0, 1, 2, 3]


def test_a_change_tries_at_once(made: Recorder, file: Path) -> None:
    made.see(PUMP, status(0))
    lock = Lock(file)
    made.see(PUMP, status(1))
    lock.let_go()
    made.note("intended", {})
    assert made.problem == ""
    made.see(PUMP, status(2))
    assert stored_numbers(file) == [0, 1, 2]


def test_what_waits_is_bounded_and_the_oldest_of_it_goes_first(file: Path, clock: Clock) -> None:
    with closing(Recorder(file, now_ns=clock, ballast_bytes=1, most_waiting=3)) as made:
        made.see(PUMP, status(0))
        lock = Lock(file)
        for number in range(1, 6):
            made.see(PUMP if number < 4 else OTHER, status(number))
        lock.let_go()
    assert stored_numbers(file) == [0, 3, 4, 5]  # also at the end there is a last try
    assert rows(file, "SELECT pump FROM readings") == [(1,), (1,), (2,), (2,)]


# --- other troubles -----------------------------------------------------------------------------------------------


def garble(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4_096:] = b"\xa5" * (len(data) - 4_096)
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (
            lambda file: file.write_bytes(b"not a database " * 400),
            "it is not a history: move it away, or name another",
        ),
        (garble, "it is damaged: move it away, or name another with --history"),
        (lambda file: (file.unlink(), file.mkdir()), "Is a directory"),
        (lambda file: (file.unlink(), file.symlink_to("elsewhere")), "Too many levels of symbolic links"),
    ],
)
def test_a_file_that_is_no_history_is_told_and_left_and_readings_go_on(
    made: Recorder, file: Path, clock: Clock, spoil: Callable[[Path], object], why: str
) -> None:
    Store(file).close()
    spoil(file)
    left = None if file.is_dir() or file.is_symlink() else file.read_bytes()
    made.see(PUMP, status(0))
    made.see(PUMP, status(1))
    assert why in made.problem
    with pytest.raises(HistoryError):
        made.note("intended", {})
    assert left is None or file.read_bytes() == left
    aside = file.with_name("aside")
    file.rename(aside) if not file.is_symlink() else file.unlink()
    clock.now_ns += 5 * S
    made.see(PUMP, status(2))
    assert made.problem == ""
    assert stored_numbers(file) == [0, 1, 2]


def test_a_history_that_may_only_be_read_is_told(made: Recorder) -> None:
    made.note("kind", {})
    assert made._store is not None
    made._store._connection.execute("PRAGMA query_only = ON")
    made.see(PUMP, status(0))
    assert made.problem.startswith("it may not be written to: ")


def test_a_trail_that_was_altered_is_not_gone_on_with(made: Recorder, file: Path) -> None:
    with closing(Store(file)) as store:
        store.append(WALL_MS, "kind", {})
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER audit_is_never_rewritten")
        connection.execute("UPDATE audit SET kind = 'other'")
    with pytest.raises(HistoryError, match="the audit trail does not hold: record 1 is not what was written"):
        made.note("intended", {})
    made.see(PUMP, status(0))
    assert "does not hold" in made.problem
    assert rows(file, "SELECT count(*) FROM audit") == [(1,)]


def test_figures_that_no_database_can_hold_are_told_and_do_not_stand_in_the_way(
    made: Recorder, file: Path
) -> None:
    made.see(PUMP, replace(status(1), pump_time_us=2**63))
    assert made.problem == "pump PM-00001 sends figures that are beyond all keeping"
    made.see(PUMP, status(2))
    assert made.problem == ""
    assert stored_numbers(file) == [2]


# --- a full disk --------------------------------------------------------------------------------------------------


def test_a_full_database_is_told_as_a_full_disk_and_recovers_by_itself(
    made: Recorder, file: Path, clock: Clock
) -> None:
    made.see(PUMP, status(0))
    assert made._store is not None
    limit = made._store._connection.execute
    (pages,) = limit("PRAGMA page_count").fetchone()
    limit(f"PRAGMA max_page_count = {pages}")
    shown = 0
    while not made.problem:
        shown += 1
        made.see(PUMP, status(shown))
    assert made.problem == f"the disk is full: {file}"
    assert not ballast.ballast_of(file).exists()
    limit(f"PRAGMA max_page_count = {10 * pages}")
    clock.now_ns += 5 * S
    made.see(PUMP, status(shown + 1))
    assert made.problem == ""
    assert stored_numbers(file) == list(range(shown + 2))
    assert ballast.ballast_of(file).exists()


def test_on_a_disk_that_is_really_full_the_verdict_of_a_change_is_still_recorded_in_the_room_of_the_ballast(
    tmp_path: Path,
) -> None:
    unshare = shutil.which("unshare")
    mount = [
        "-rm",
        "sh",
        "-c",
        'mount -t tmpfs -o size=3m none "$1" && shift && exec "$@"',
        "sh",
        str(tmp_path),
    ]
    if (
        unshare is None
        or subprocess.run([unshare, *mount, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("this system lets nobody mount a small disk")
    script = [sys.executable, "-m", "tests.monitor.history.full_disk", str(tmp_path)]
    done = subprocess.run(
        [unshare, *mount, *script], check=False, capture_output=True, text=True, cwd=REPOSITORY
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["said"].startswith("the disk is full: ")
    assert found["refused"].startswith("there is no room for what must be recorded")
    assert found["late"] is True
    assert found["still"].startswith("there is no room for what must be recorded")
    assert found["again"] == ""
    assert found["stored"] == list(range(found["shown"]))
    assert [kind for kind, _ in found["trail"]] == ["intended", "disk_full", "outcome", "intended"]
    assert [json.loads(body).get("command") for _, body in found["trail"]] == ["one", None, "one", "three"]


# --- what a pump is -----------------------------------------------------------------------------------------------


def test_what_is_learned_of_a_pump_is_on_record_once_and_anew_when_it_is_another(
    made: Recorder, file: Path
) -> None:
    for model in ("a", "a", "b"):
        made.learn("identified", PUMP, {"model": model})
    made.learn("identified", OTHER, {"model": "a"})
    with closing(Recorder(file, ballast_bytes=1)) as again:
        again.learn("identified", PUMP, {"model": "b"})
    found = [json.loads(body) for (body,) in rows(file, "SELECT body FROM audit ORDER BY seq")]
    stores = [PUMP.store_id.hex(), PUMP.store_id.hex(), OTHER.store_id.hex()]
    assert [(one["model"], one["store"]) for one in found] == list(zip("aba", stores, strict=True))


def test_what_is_so_without_a_record_needs_none(made: Recorder, file: Path) -> None:
    made.note("other", {})
    made.learn("bench", PUMP, {"faults": 0}, {"faults": 0})
    made.learn("bench", PUMP, {"faults": 1}, {"faults": 0})
    made.learn("bench", PUMP, {"faults": 0}, {"faults": 0})
    found = rows(file, "SELECT json_extract(body, '$.faults') FROM audit WHERE kind = 'bench' ORDER BY seq")
    assert found == [(1,), (0,)]


def test_what_could_not_be_recorded_of_a_pump_is_told_and_recorded_later(
    made: Recorder, file: Path, clock: Clock
) -> None:
    made.see(PUMP, status(0))
    lock = Lock(file)
    made.learn("identified", PUMP, {"model": "a"})
    assert made.problem == f"another program holds it locked: {file}"
    lock.let_go()
    clock.now_ns += 5 * S
    made.learn("identified", PUMP, {"model": "a"})
    assert made.problem == ""
    assert rows(file, "SELECT kind FROM audit") == [("identified",)]


def test_a_trail_that_can_not_be_read_is_told_when_a_pump_is_learned_of(made: Recorder, file: Path) -> None:
    made.see(PUMP, status(0))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("ALTER TABLE audit RENAME TO moved")
    made.learn("identified", PUMP, {"model": "a"})
    assert "no such table: audit" in made.problem


def test_records_of_nobodys_making_are_passed_over(made: Recorder, file: Path) -> None:
    made.note("identified", {"pump": 1, "store": "no hexadecimal"})
    made.note("identified", {})
    made.learn("identified", PUMP, {"model": "a"})
    assert rows(file, "SELECT count(*) FROM audit") == [(3,)]
