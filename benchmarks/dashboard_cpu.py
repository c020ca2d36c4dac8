"""What the dashboard costs while it watches one pump at 1 Hz: its process's CPU time, in per cent of one core.

Reference: a Textual app whose one label changes at 1 Hz. The reference is what Textual itself takes; the budget is on
our own figure, because a monitor runs for days beside the work of others.
"""

from __future__ import annotations

import time

import psutil
from emulators import emulator_process
from rig import Result, take_turns
from terminals import FIRST_TEXT, LINKED_TEXT, dashboard_command, label_command, on_terminal

NAME = "dashboard-cpu"
ROUNDS = 3
MOST_PERCENT = 3.0
WARM_UP_S = 3.0
WATCHED_S = 10.0


def measure(rounds: int = ROUNDS) -> Result:
    """Return per cent of one core.

    Raises:
        RigError: a program does not paint, or ends.
    """
    with emulator_process() as (port, keys):
        ours, reference = dashboard_command(port, keys), label_command()
        medians = take_turns(
            NAME, rounds, lambda: _percent(ours, LINKED_TEXT), lambda: _percent(reference, FIRST_TEXT)
        )
    return medians.value_at_most(NAME, "%", MOST_PERCENT)


def _percent(command: list[str], text: str) -> float:
    with on_terminal(command) as terminal:
        terminal.seconds_to(text)
        terminal.look_on(WARM_UP_S)
        process = psutil.Process(terminal.pid)
        before_s, began_s = _cpu_s(process), time.monotonic()
        terminal.look_on(WATCHED_S)
        return 100 * (_cpu_s(process) - before_s) / (time.monotonic() - began_s)


def _cpu_s(process: psutil.Process) -> float:
    """Return the CPU time of all threads so far; the kernel counts it in steps of 10 ms, 0.1 % of what is watched."""
    times = process.cpu_times()
    return float(times.user + times.system)
