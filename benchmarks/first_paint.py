"""How long a person waits for the dashboard: process start to the first text on a pty of 120 x 40.

Reference: a Textual app with one label, started and watched in the same manner. What is left is our own imports,
styles and widgets.
"""

from __future__ import annotations

from emulators import emulator_process
from rig import Result, take_turns
from terminals import FIRST_TEXT, dashboard_command, label_command, on_terminal

NAME = "first-paint"
ROUNDS = 9
MOST_RATIO = 1.5
_MS_A_S = 1_000


def measure(rounds: int = ROUNDS) -> Result:
    """Return milliseconds to the first paint.

    Raises:
        RigError: a program does not paint.
    """
    with emulator_process() as (port, keys):
        ours, reference = dashboard_command(port, keys), label_command()
        # Once each for nothing: the first start compiles, and reads from a cold disk.
        _first_paint_ms(reference)
        _first_paint_ms(ours)
        medians = take_turns(NAME, rounds, lambda: _first_paint_ms(ours), lambda: _first_paint_ms(reference))
    return medians.at_most(NAME, "ms", MOST_RATIO)


def _first_paint_ms(command: list[str]) -> float:
    with on_terminal(command) as terminal:
        return terminal.seconds_to(FIRST_TEXT) * _MS_A_S
