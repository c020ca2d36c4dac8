"""The dashboard as a process on a terminal of its own, watching an emulator that is another process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.conftest import WAIT_S, Bench, Program
from tests.acceptance.terminal import Screen

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEFT_ALTERNATE_SCREEN = b"\x1b[?1049l"
_MOUSE_OFF = b"\x1b[?1000l"


@pytest.fixture
def dashboard(bench: Bench) -> Iterator[Screen]:
    bench.serve("--state", str(bench.folder / "state.json")).end()
    emulator = bench.serve("--frozen", "--state", str(bench.folder / "state.json"))
    with Screen("monitor", "dashboard", emulator.ports["pty"], "--keys", str(bench.keys)) as screen:
        screen.wait_for("RUNNING")
        yield screen
    emulator.end()


def test_a_killed_emulator_shows_as_no_link_and_is_found_again_by_itself(bench: Bench) -> None:
    state = ("--frozen", "--state", str(bench.folder / "state.json"))
    emulator = bench.serve(*state)
    with Screen("monitor", "dashboard", emulator.ports["pty"], "--keys", str(bench.keys)) as screen:
        screen.wait_for("RUNNING")
        emulator.kill()
        screen.wait_for("NO LINK")
        screen.wait_for("stale")
        bench.serve(*state)
        screen.wait_for("has gone; it said")  # that it was lost is not lost
        screen.type("a")
        screen.wait_for("no active alarms")
        assert screen.quit() == 0


def test_a_rate_and_its_reason_typed_at_the_dashboard_reach_the_pump_and_the_rate_is_read_back(
    bench: Bench,
) -> None:
    emulator = bench.serve("--frozen")
    with Screen("monitor", "dashboard", emulator.ports["pty"], "--keys", str(bench.keys)) as screen:
        screen.wait_for("RUNNING")
        screen.type("r")
        screen.wait_for("SET RATE")
        screen.type("0.6\r")
        screen.wait_for("Say why")
        screen.type("bench\r")
        screen.wait_for("step 2 of 2")
        screen.type("0.6\r")
        screen.wait_for("the pump reports 0.600 mL/day")
        screen.type("\r")
        assert screen.quit() == 0
    assert bench.status(emulator.ports["pty"])["commanded_rate_nl_h"] == 25_000


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_a_clean_terminal(dashboard: Screen, number: signal.Signals) -> None:
    dashboard.process.send_signal(number)
    dashboard.end()
    assert _LEFT_ALTERNATE_SCREEN in dashboard.painted
    assert _MOUSE_OFF in dashboard.painted
    assert b"Traceback" not in dashboard.painted


def test_without_a_terminal_the_dashboard_says_what_to_use_instead(bench: Bench) -> None:
    emulator = bench.serve()
    done = bench.monitor("dashboard", emulator.ports["pty"])
    assert done.returncode == 2
    assert "status and watch do without" in done.stderr


def test_the_demonstration_prints_readings_and_ends_by_itself() -> None:
    done = subprocess.run(
        [sys.executable, "examples/demo.py"],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "DEMO_SECONDS": "2"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("mL/day") == 2


def test_the_read_loop_of_watch_ends_quietly_at_ctrl_c(bench: Bench) -> None:
    emulator = bench.serve()
    watch: Program = bench.start_monitor("watch", emulator.ports["pty"], "--json")
    watch.line_with("pump_time_us")
    watch.process.send_signal(signal.SIGINT)
    assert watch.wait() == 0
    assert watch.line("err") is None
