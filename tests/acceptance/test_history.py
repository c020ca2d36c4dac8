"""What `watch`, the dashboard and the changing commands remember, and what becomes of it when they are killed."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.conftest import WAIT_S, Program
from tests.acceptance.forging import rewrite
from tests.acceptance.terminal import Screen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.acceptance.conftest import Bench
    from tests.acceptance.forging import Record

KILLS = 15
LIMITED = 'ulimit -f "$1" && shift && exec "$@"'  # in blocks of 512 or 1,024 bytes, as the shell has it


def history(bench: Bench) -> Path:
    return bench.folder / "data" / "pumpmock" / "history.db"


def rows(file: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(sql).fetchall()


def forge(file: Path, sql: str) -> None:
    """Alter a history as somebody would who can write the file."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(sql)


def verify(bench: Bench, *words: str) -> subprocess.CompletedProcess[str]:
    return bench.run("audit", "verify", *words)


# --- kill -9 ------------------------------------------------------------------------------------------------------


def lost_in_kills(bench: Bench, kills: int, *program: str) -> int:
    """Kill a watch at random instants, and return how many readings had been shown that are not stored."""
    pump = bench.serve("--speed", "60").ports["tcp"]
    chance = random.Random(7)  # noqa: S311 - the instants are the machine's all the same
    shown: set[int] = set()
    for _ in range(kills):
        with Program(
            *program, "watch", pump, *bench.with_keys("--json", "--every", "0.001", "--baud", "4000000")
        ) as watch:
            for _ in range(chance.randrange(1, 40)):
                watch.line()
            time.sleep(chance.uniform(0, 0.01))  # where in its turn it is hit, is chance
            watch.kill()
            while (line := watch.line()) is not None:
                if line.endswith("}"):  # a line that was cut was not shown
                    shown.add(json.loads(line)["pump_time_us"])
    assert shown
    stored = {us for (us,) in rows(history(bench), "SELECT pump_time_us FROM readings")}
    return len(shown - stored)


def test_no_kill_loses_a_reading_that_was_shown(bench: Bench) -> None:
    assert lost_in_kills(bench, KILLS, "monitor") == 0
    assert verify(bench).returncode == 0


def test_a_monitor_that_shows_before_it_stores_is_found_out(bench: Bench) -> None:
    assert lost_in_kills(bench, 3, "tests.acceptance.crashing", "shows before it stores") > 0


def test_no_kill_of_a_change_leaves_the_trail_without_it(bench: Bench) -> None:
    emulator = bench.serve("--frozen")
    chance = random.Random(8)  # noqa: S311 - the instants are the machine's all the same
    rates = ["0.51", "0.52", "0.53", "0.54"]
    began_s = time.monotonic()
    assert bench.monitor("set-rate", emulator.ports["tcp"], "0.55 mL/day", "--yes").returncode == 0
    whole_s = time.monotonic() - began_s  # on this machine, now
    for number in range(12):
        change = bench.start_monitor(
            "set-rate", emulator.ports["tcp"], f"{rates[number % 4]} mL/day", "--yes"
        )
        with suppress(subprocess.TimeoutExpired):  # or it was quick enough this time
            change.process.wait(timeout=chance.uniform(0.4, 1.0) * whole_s)
        change.kill()
    assert bench.monitor("status", emulator.ports["tcp"]).returncode == 0  # settles what was left
    done = verify(bench, emulator.ports["tcp"], "--keys", str(bench.keys))
    assert done.returncode == 0, done.stderr
    applied = [event for event in bench.events(emulator.ports["tcp"]) if event["kind"] == "rate_changed"]
    assert f"{len(applied)} changes applied from here, {len(applied)} of them in its log" in done.stdout
    assert "another host" not in done.stdout


# --- the trail ----------------------------------------------------------------------------------------------------


@pytest.fixture
def changed(bench: Bench) -> str:
    """A pump whose rate was changed twice from here, and a dashboard's worth of readings."""
    pump = bench.serve("--speed", "60").ports["tcp"]
    for rate in ("0.6 mL/day", "0.55 mL/day"):
        assert bench.monitor("set-rate", pump, rate, "--yes").returncode == 0
    assert bench.monitor("watch", pump, "--count", "3", "--every", "0.01").returncode == 0
    return pump


def test_a_trail_that_holds_is_said_to_with_its_head_and_what_the_pump_says_to_it(
    bench: Bench, changed: str
) -> None:
    done = verify(bench)
    assert done.returncode == 0, done.stderr
    first, second, third = done.stdout.splitlines()
    assert first.startswith("9 records hold; head ")  # four a change, and who the pump is
    assert second == "3 readings hold"
    assert third.endswith("2 changes applied from here, 2 of them in its log")
    head = first.split()[-1]
    assert verify(bench, changed, "--keys", str(bench.keys), "--head", head[:12]).returncode == 0
    assert bench.monitor("stop", changed, "--yes").returncode == 0
    assert verify(bench, "--head", head).returncode == 0  # it has grown since


ALTERED = [
    (
        "UPDATE audit SET body = replace(body, '25000', '25001') WHERE seq = 3",
        "record 3 is not what was written",
    ),
    ("UPDATE audit SET wall_ms = wall_ms + 1 WHERE seq = 1", "record 1 is not what was written"),
    ("DELETE FROM audit WHERE seq = 4", "record 4 is missing: after it comes 5"),
    (
        "UPDATE readings SET reservoir_nl = reservoir_nl - 1 WHERE seq = 2",
        "reading 2 is not what was stored",
    ),
    ("DELETE FROM readings WHERE seq = 1", "reading 1 is missing: after it comes 2"),
    ("DELETE FROM events WHERE kind = 5", "is not in the log of its pump"),
]


@pytest.mark.usefixtures("changed")
def test_what_was_altered_is_named(bench: Bench, subtests: pytest.Subtests) -> None:
    sound = history(bench).read_bytes()
    for sql, said in ALTERED:
        with subtests.test(sql):
            history(bench).write_bytes(sound)
            forge(history(bench), sql)
            done = verify(bench)
            assert done.returncode == 1
            assert said in done.stderr


def test_a_tail_that_was_cut_off_shows_by_the_head_and_by_the_log_of_the_pump(
    bench: Bench, changed: str
) -> None:
    head = verify(bench).stdout.splitlines()[0].split()[-1]
    forge(history(bench), "DELETE FROM audit WHERE seq > 4")
    done = verify(bench, "--head", head)
    assert done.returncode == 1
    assert "the trail was cut off or replaced" in done.stderr
    beside = verify(bench, changed, "--keys", str(bench.keys))
    assert "1 changes of its log were made by another host, or cut from this trail:" in beside.stdout
    assert "0.600 -> 0.550 mL/day" in beside.stdout


def lie_about_the_reason(records: list[Record]) -> None:
    records[0]["facts"]["reason"] = "the ward asked for it"


def hide_a_record(records: list[Record]) -> None:
    del records[1]


def lie_about_the_revision(records: list[Record]) -> None:
    records[7]["facts"]["revision"] = 3


def hide_a_beginning(records: list[Record]) -> None:
    del records[4]


def forged(bench: Bench, alter: Callable[[list[Record]], None], *, names: bool) -> tuple[str, str]:
    """Return the words that name a copy of the history that was forged."""
    copy = bench.folder / "forged.db"
    copy.write_bytes(history(bench).read_bytes())
    rewrite(copy, alter, names=names)
    return ("--history", str(copy))


def test_a_trail_that_was_computed_anew_is_found_by_the_names_of_its_changes(
    bench: Bench, changed: str
) -> None:
    beside = (changed, "--keys", str(bench.keys))
    sound = verify(bench, *beside)
    assert sound.returncode == 0, sound.stderr
    assert "its ledger knows the newest by its name: records 1 to 5 are as they were then" in sound.stdout
    for alter in (lie_about_the_reason, hide_a_record):
        done = verify(bench, *forged(bench, alter, names=False))
        assert done.returncode == 1
        assert "the name of its change does not follow from what stands before it" in done.stderr
    for alter in (lie_about_the_reason, hide_a_record):
        place = forged(bench, alter, names=True)
        assert verify(bench, *place).returncode == 0  # nothing in the file contradicts it
        done = verify(bench, *beside, *place)
        assert done.returncode == 1
        assert "the pump knows no change" in done.stderr
        assert "the trail was rewritten" in done.stderr


def test_what_a_pump_says_to_a_change_is_held_against_its_record_and_what_it_can_not_say_is_told(
    bench: Bench, changed: str
) -> None:
    beside = (changed, "--keys", str(bench.keys))
    done = verify(bench, *beside, *forged(bench, lie_about_the_revision, names=True))
    assert done.returncode == 1
    assert "record 5 to 8: the pump made revision 2 of it" in done.stderr
    done = verify(bench, *beside, *forged(bench, hide_a_beginning, names=True))
    assert "  record 7: not begun in this trail: by a script without one, or cut from it" in done.stdout
    assert "records 1 to 1 are as they were then" in done.stdout
    done = verify(bench, *beside, *forged(bench, list.clear, names=True))
    assert "its ledger proves nothing" in done.stdout
    viewer = bench.folder / "viewer"
    viewer.mkdir(mode=0o700)
    for key in bench.keys.glob("*viewer*"):
        (viewer / key.name).write_bytes(key.read_bytes())
        (viewer / key.name).chmod(0o600)
    done = verify(bench, changed, "--keys", str(viewer))
    assert done.returncode == 0, done.stderr
    assert "its ledger was not asked: it tells of a change by name to a technician key alone" in done.stdout


@pytest.mark.usefixtures("changed")
def test_the_trail_is_listed_for_people_and_for_programs(bench: Bench) -> None:
    lines = bench.run("audit", "list").stdout.splitlines()
    assert len(lines) == 9
    assert lines[0].endswith("change to 0.600 mL/day, seen 0.500 mL/day")
    assert lines[3].endswith("applied as revision 1: 0.600 mL/day")
    assert "is a pumpmock bench, firmware " in lines[8]
    verdict, last = bench.run("audit", "list", "--json", "--last", "2").stdout.splitlines()
    assert json.loads(verdict)["verdict"] == "APPLIED"
    assert json.loads(last)["low_reservoir_nl"] == 2_000_000


def test_without_a_history_it_is_said_how_one_comes_about(bench: Bench) -> None:
    for command in ("list", "verify"):
        done = bench.run("audit", command)
        assert done.returncode == 1
        assert "there is no history" in done.stderr
        assert "the dashboard and watch make one" in done.stderr


# --- a disk that takes nothing ------------------------------------------------------------------------------------


def limited(bench: Bench, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command whose files may grow to 64 KiB at the most."""
    command = [sys.executable, "-m", "monitor", *words, "--keys", str(bench.keys)]
    return subprocess.run(
        ["/bin/sh", "-c", LIMITED, "sh", "64", *command],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )


def test_where_nothing_can_be_recorded_readings_go_on_and_nothing_is_changed(bench: Bench) -> None:
    pump = bench.serve("--frozen").ports["tcp"]
    watched = limited(bench, "watch", pump, "--count", "3", "--every", "0.01", "--json")
    assert watched.returncode == 0
    assert len(watched.stdout.splitlines()) == 3
    assert watched.stderr.count("history not written: ") == 1
    changed = limited(bench, "set-rate", pump, "0.6 mL/day", "--yes", "--drugs", "none")
    assert changed.returncode == 1
    assert "nothing is changed without a record of it: " in changed.stderr
    assert bench.status(pump)["commanded_rate_nl_h"] == 20_833
    assert bench.events(pump)[-1]["kind"] in {"session", "start"}


def test_a_dashboard_whose_history_is_held_by_another_program_says_so_and_goes_on(bench: Bench) -> None:
    pump = bench.serve("--speed", "60").ports["pty"]
    assert bench.monitor("watch", pump, "--count", "1").returncode == 0
    with closing(sqlite3.connect(history(bench), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with Screen("monitor", "dashboard", pump, *bench.with_keys("--every", "0.2")) as screen:
            screen.wait_for("NO HISTORY", "another program holds it locked")
            screen.type("r")
            screen.wait_for("no change is made")
            other.execute("ROLLBACK")
            screen.wait_for("has gone; it said")
            screen.type("a")
            screen.wait_for("no active alarms")
            assert screen.quit() == 0


def test_told_to_remember_nothing_it_leaves_no_file_and_changes_nothing(bench: Bench) -> None:
    pump = bench.serve("--frozen").ports["pty"]
    assert bench.monitor("watch", pump, "--count", "1", "--no-history").returncode == 0
    with Screen("monitor", "dashboard", pump, *bench.with_keys("--no-history", "--drugs", "none")) as screen:
        screen.wait_for("RUNNING")
        screen.type("r")
        screen.wait_for("SET RATE")
        screen.type("0.6\r")
        screen.wait_for("nothing is changed without a record of it", "--no-history")
        screen.process.terminate()
        assert screen.end() == 0
    assert not history(bench).exists()
    assert bench.status(pump)["commanded_rate_nl_h"] == 20_833


def test_two_places_for_one_history_are_refused(bench: Bench) -> None:
    done = bench.run("watch", "socket://127.0.0.1:1", "--history", "x.db", "--no-history")
    assert done.returncode == 2
    assert "exclude each other" in done.stderr
