"""The fleet's screen with a thousand pumps at 1 Hz: its CPU time, how long a reading takes to be painted, and a key.

Reference: a DataTable of as many rows, three cells of each updated once a second. Both are fed from within, so that what
is measured is the screen alone; what reading a thousand ports takes is printed as a remark, from the whole program on as
many emulated pumps.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil
from many_pumps import served
from rig import Medians, Result, RigError, take_turns
from terminals import Terminal, on_terminal

NAME, PAINT_NAME, KEY_NAME = "fleet-cpu", "fleet-paint", "fleet-key"
ROUNDS = 3
PUMPS = 1_000
MOST_RATIO = 1.0
MOST_PAINT_MS = 60.0
MOST_KEY_MS = 100.0
_WARM_UP_S = 4.0
_WATCHED_S = 10.0
_KEYS = 20
_HOME, _END = b"\x1b[1;5H", b"\x1b[1;5F"  # with ctrl, as DataTable wants them
_FIRST, _LAST = f"PM-{0:05}", f"PM-{PUMPS - 1:05}"
_HERE = Path(__file__).parent


def measure(rounds: int = ROUNDS) -> Result:
    """Return per cent of one core, and print the budgets of a paint and of a key beside it.

    Raises:
        RigError: a program does not paint, or ends.
    """
    ours: list[tuple[float, float]] = []
    reference: list[tuple[float, float]] = []
    medians = take_turns(
        NAME, rounds, lambda: _screen("fleet_app.py", ours), lambda: _screen("table_app.py", reference)
    )
    for place, name, most in ((0, PAINT_NAME, MOST_PAINT_MS), (1, KEY_NAME, MOST_KEY_MS)):
        both = (statistics.median(one[place] for one in found) for found in (ours, reference))
        print(Medians(*both).value_at_most(name, "ms", most), flush=True)
    print(f"# {NAME}: the whole program on {PUMPS} emulated pumps takes {_whole_program():.1f} %", flush=True)
    return medians.at_most(NAME, "%", MOST_RATIO)


def _screen(script: str, taken: list[tuple[float, float]]) -> float:
    """Return per cent of a core; the medians of a paint and of a key in ms go to `taken`."""
    with tempfile.TemporaryDirectory(prefix="pumpmock-bench-") as folder:
        notes = Path(folder, "notes")
        with on_terminal([sys.executable, str(_HERE / script), str(PUMPS), str(notes)]) as terminal:
            terminal.seconds_to(_FIRST)
            percent = _percent(terminal)
            paint_ms = [_paint_ms(terminal, notes) for _ in range(5)]
            key_ms = [_key_ms(terminal, key, text) for _ in range(_KEYS) for key, text in _there_and_back()]
            taken.append((statistics.median(paint_ms), statistics.median(key_ms)))
    return percent


def _there_and_back() -> tuple[tuple[bytes, str], tuple[bytes, str]]:
    return (_END, _LAST), (_HOME, _FIRST)


def _percent(terminal: Terminal) -> float:
    terminal.look_on(_WARM_UP_S)
    process = psutil.Process(terminal.pid)
    before_s, began_s = _cpu_s(process), time.monotonic()
    terminal.look_on(_WATCHED_S)
    return 100 * (_cpu_s(process) - before_s) / (time.monotonic() - began_s)


def _paint_ms(terminal: Terminal, notes: Path) -> float:
    """Return how long the next count takes from being handed over until it is on the terminal."""
    before = len(notes.read_text().splitlines())
    shown = f"{1.5 + 0.01 * ((int(_hundredths(notes)) + 1 - 150) % 30):.2f}"
    arrived_ns = terminal.ns_of(shown)
    lines = notes.read_text().splitlines()
    while len(lines) <= before:  # painted before it was noted
        terminal.look_on(0.01)
        lines = notes.read_text().splitlines()
    found = [int(at) for count, at in (line.split() for line in lines[before:]) if count == shown]
    if not found:
        raise RigError("a count was painted that was not handed over")
    return (arrived_ns - found[0]) / 1e6


def _hundredths(notes: Path) -> float:
    return round(100 * float(notes.read_text().splitlines()[-1].split()[0]))


def _key_ms(terminal: Terminal, key: bytes, text: str) -> float:
    pressed_ns = time.monotonic_ns()
    terminal.press(key)
    return (terminal.ns_of(text) - pressed_ns) / 1e6


def _whole_program() -> float:
    with served(PUMPS) as (_, names):
        command = [sys.executable, "-m", "monitor", "fleet", "--bench-key", *names]
        with on_terminal(command) as terminal:
            terminal.seconds_to(_LAST[:4])
            return _percent(terminal)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
