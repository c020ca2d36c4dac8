"""Fifty pumps in one process, and the fleet's commands as others: what a script and a person get to see."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.conftest import WAIT_S, Program
from tests.acceptance.terminal import Screen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.acceptance.conftest import Bench

PUMPS = 50


@pytest.fixture
def urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Serve fifty pumps, and give their ports."""
    monkeypatch.setenv("PUMPMOCK_HOME", str(tmp_path / "home"))
    command = (
        "pumpmock",
        "serve",
        "--pumps",
        str(PUMPS),
        "--pty",
        str(tmp_path / "tty"),
        "--bench-key",
        "--json",
    )
    with Program(*command, "--reservoir", "12 mL") as served:
        ready = json.loads(served.line() or "{}")
        yield [pump["ports"]["pty"] for pump in ready["pumps"]]
        assert served.end() == 0


def fleet(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "monitor", "fleet", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S, check=False)


def test_once_prints_every_pump_and_the_exit_code_tells_whether_one_needs_a_hand(
    urls: list[str], tmp_path: Path
) -> None:
    done = fleet(*urls, "--bench-key", "--once", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(row["name"] for row in rows) == [f"PM-{number:05}" for number in range(1, PUMPS + 1)]
    assert {row["link"] for row in rows} == {"live"}
    assert (done.returncode, [row for row in rows if row["needs_a_hand"]]) == (0, [])

    bench = tmp_path / "bench.toml"
    pumps = "".join(
        f'[pumps.p{number:02}]\nurl = "{url}"\nkey = "bench"\n' for number, url in enumerate(urls)
    )
    missing = f'[pumps.gone]\nurl = "{tmp_path}/gone"\nkey = "bench"\n'
    bench.write_text(f'format = 1\n[limits]\nlow = "1 mL"\n{pumps}limits.low = "13 mL"\n{missing}')
    done = fleet("--bench", str(bench), "--once")
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert ["no link" in lines[1], "low reservoir" in lines[2], "p49" in lines[2]] == [True, True, True]
    assert f"{PUMPS + 1} pumps: 0 high, 2 medium, 0 low, {PUMPS - 1} normal, 1 without a link" in lines
    assert f"gone: there is no port {tmp_path}/gone: is it plugged in, is the emulator running?" in lines

    assert fleet("--check", str(bench)).stdout == f"{bench}: 51 pumps, 0 places\n"


def test_on_a_terminal_a_pump_is_opened_and_left_and_everything_is_given_back(urls: list[str]) -> None:
    with Screen("monitor", "fleet", *urls, "--bench-key") as screen:
        screen.wait_for(f"{PUMPS} normal")
        screen.type("\r")
        screen.wait_for("RUNNING", "link")
        screen.type("\x1b")
        screen.wait_for(f"{PUMPS} normal")
        screen.process.send_signal(signal.SIGTERM)
        assert screen.end() == 0
    assert fleet(*urls[:3], "--bench-key", "--once").returncode == 0


def logs_of(history: sqlite3.Connection, patience_s: int) -> tuple[int, int]:
    """Return of how many pumps a log is stored, awaiting all of them, and how many of those have a gap."""
    deadline = time.monotonic() + patience_s
    logs = "SELECT max(number) AS newest, count(*) AS entries FROM events GROUP BY pump"
    sql = f"SELECT count(*), sum(newest != entries) FROM ({logs})"  # noqa: S608 - of ours
    while (found := history.execute(sql).fetchone())[0] < PUMPS and time.monotonic() < deadline:
        time.sleep(0.05)
    return (found[0], found[1])


def test_what_was_shown_is_stored_whatever_ends_the_fleet_and_a_locked_history_stops_no_reading(
    urls: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "home" / "bench-history.db"
    with Screen("monitor", "fleet", *urls, "--bench-key", "--every", "0.2") as screen:
        screen.wait_for(f"{PUMPS} normal")
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            assert other.execute("SELECT count(DISTINCT pump) FROM readings").fetchone() == (PUMPS,)
            other.execute("BEGIN IMMEDIATE")
            screen.wait_for("NO HISTORY", "another program holds it locked")
            screen.type("o")
            screen.wait_for("BY DAYS TO LOW")
            other.execute("ROLLBACK")
            screen.wait_for("REFILLS DUE")
            assert logs_of(other, WAIT_S) == (PUMPS, 0)
        screen.process.kill()
        screen.process.wait()
    verify = [sys.executable, "-m", "monitor", "audit", "verify", "--bench-key"]
    done = subprocess.run(verify, capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert done.returncode == 0, done.stderr
    assert " readings hold" in done.stdout


def test_a_pump_that_is_opened_is_changed_on_the_same_port_in_one_session_at_a_time(bench: Bench) -> None:
    pump = bench.serve("--speed", "1").ports["tcp"]
    with Screen("monitor", "fleet", pump, *bench.with_keys("--drugs", "none")) as screen:
        screen.wait_for("1 normal")
        screen.type("\r")
        screen.wait_for("RUNNING")
        screen.type("r")
        screen.wait_for("SET RATE")
        screen.type("0.6\r")
        screen.wait_for("step 2 of 2")
        screen.type("\t\r")
        screen.wait_for("the pump reports 0.600 mL/day")
        screen.type("\r")
        screen.type("\x1b")
        screen.wait_for("FLEET", "0.600")
        screen.process.terminate()
        assert screen.end() == 0
    kinds = [event["kind"] for event in bench.events(pump)]
    assert kinds[:4] == ["start", "session", "session", "rate_changed"]  # the fleet's, then its watcher's
    assert set(kinds[4:]) == {"session"}
    done = bench.monitor("audit", "verify", pump)
    assert done.returncode == 0, done.stderr
    assert "records 1 to 2 are as they were then" in done.stdout  # who the pump is, and the change


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "no pump was named: give their URLs, or a bench file by --bench"),
        (("/dev/a", "/dev/a", "--once"), 2, "/dev/a was named twice"),
        (("/dev/a", "--bench", "b.toml"), 2, "--bench names the ports itself"),
        (("/dev/a", "--json"), 2, "add --once"),
        (("/dev/a",), 2, "needs a terminal; --once does without"),
        (("--check", "no-such-file.toml"), 1, "the bench file no-such-file.toml can't be read"),
        (("--check", "/dev/zero"), 1, "/dev/zero is not an ordinary file"),
    ],
)
def test_what_can_not_be_done_is_refused_with_what_to_do(
    arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = fleet(*arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
