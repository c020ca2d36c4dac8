"""The dashboard as a process on a terminal of its own, watching an emulator that is another process."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING, Self

import pytest

from tests.acceptance.conftest import WAIT_S, Bench, Program

if TYPE_CHECKING:
    from collections.abc import Iterator

_ESCAPES = re.compile(rb"\x1b\[[0-9;:?<>=]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>]")
_LEFT_ALTERNATE_SCREEN = b"\x1b[?1049l"
_MOUSE_OFF = b"\x1b[?1000l"


# Takes its terminal for its controlling one, as a shell's programs have it, and becomes the program that is named to it.
_CONTROLLED = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


class Screen:
    """A terminal of 120 by 40 with a program on it; `controlling`, it also signals to the program, as a window does."""

    def __init__(self, *command: str, controlling: bool = False) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, *(("-c", _CONTROLLED) if controlling else ()), "-m", *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**_without_a_size(), "TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none"},
            start_new_session=True,
        )
        os.close(slave)
        self.painted = b""

    def wait_for(self, *texts: str) -> None:
        """Await each of `texts`, in any order, among what is painted from now on; what led up to them is forgotten."""
        deadline = time.monotonic() + WAIT_S
        while True:
            plain = _ESCAPES.sub(b"", self.painted)
            ends = [
                plain.find(text.encode()) + len(text.encode()) for text in texts if text.encode() in plain
            ]
            if len(ends) == len(texts):
                break
            assert time.monotonic() < deadline, (
                f"{texts!r} were not painted: {plain[-3000:].decode(errors='replace')}"
            )
            self._read(deadline)
        self.painted = plain[max(ends) :]

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._master, 65_536)
        except OSError:
            return False
        self.painted += data
        return bool(data)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def type_until(self, keys: str, text: str) -> None:
        """Press keys that may be pressed again until `text` is painted."""
        deadline = time.monotonic() + WAIT_S
        while text.encode() not in _ESCAPES.sub(b"", self.painted) and time.monotonic() < deadline:
            self.type(keys)
            self._read(time.monotonic() + 1)
        self.wait_for(text)

    def quit(self) -> int:
        """Press q until the program ends: while a box is closing, the key is the box's."""
        deadline = time.monotonic() + WAIT_S
        while self.process.poll() is None and time.monotonic() < deadline:
            self.type("q")
            self._read(time.monotonic() + 0.1)
        return self.end()

    def end(self) -> int:
        """Await the end of the program, having read all that it painted."""
        deadline = time.monotonic() + WAIT_S
        while self._read(deadline):
            pass
        return self.process.wait(timeout=WAIT_S)

    def wait_until_full(self) -> None:
        """Let the program draw until the terminal holds all that it can hold, without looking."""
        waiting = -1
        while (now := _held(self._master)) != waiting or not now:
            assert self.process.poll() is None
            waiting = now
            time.sleep(0.5)  # many times the period in which a busy dashboard draws

    def vanish(self) -> None:
        """Take the terminal away."""
        os.close(self._master)
        self._master = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._master >= 0:
            os.close(self._master)


def _without_a_size() -> dict[str, str]:
    """Return the environment without what would overrule the terminal's own size, as whoever runs tests in parallel sets it."""
    return {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}


def _held(master: int) -> int:
    """Return the bytes that a terminal has ready for whoever looks at it."""
    return int.from_bytes(fcntl.ioctl(master, termios.FIONREAD, bytes(4)), sys.byteorder)


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
