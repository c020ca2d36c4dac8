"""A scenario run from beginning to end on a stage of its own time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpmock.scenario.clockwork import Clockwork
from pumpmock.scenario.playing import Play
from pumpmock.scenario.pump_words import options_of
from pumpmock.scenario.python import PythonScenario, play_python, read_python
from pumpmock.scenario.reading import read_scenario
from pumpmock.scenario.results import Result
from pumpmock.scenario.stage import SceneError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pumpmock.scenario.steps import Scenario

PYTHON = ".py"


def read(path: Path) -> Sequence[Scenario | PythonScenario]:
    """Return the scenarios in a file: one in TOML, or those of a file of Python.

    Raises:
        ValueError: where it can't be taken, with a sentence a slip.
        OSError: where it can't be read.
    """
    return read_python(path) if path.suffix == PYTHON else [read_scenario(path)]


def run(
    scenario: Scenario | PythonScenario,
    seed: int | None = None,
    *,
    now_ns: Callable[[], int] = lambda: 0,
    watch: Callable[[int], None] = lambda _us: None,
    journal: Path | None = None,
) -> Result:
    """Run a scenario, and return what came of it.

    Args:
        scenario: what is run.
        seed: in place of the scenario's own.
        now_ns: the monotonic wall clock, for how long it took.
        watch: called now and then with pump time; what it raises ends the run.
        journal: a file for all that happens; None for none.

    Raises:
        ValueError: where no pump can be as the scenario says, or something that is no journal is in the way of one.
        OSError: where the journal can't be made.
    """
    began_ns = now_ns()
    drawn = scenario.seed if seed is None else seed
    stage = Clockwork(options_of(scenario.pump, drawn), watch, journal=journal)
    error = ""
    try:
        if isinstance(scenario, PythonScenario):
            play_python(scenario, stage)
        else:
            for step in scenario.steps:
                stage.host(step.who or stage.first)  # its port is there before it comes
            play = Play(scenario, stage, stage.let_host)
            stage.go_to(scenario.end_us)
            if stage.emulator.doubt is None:
                play.finish()
    except (SceneError, ValueError) as said:
        error = str(said)
    stage.finish()
    if stage.emulator.doubt is not None:
        error = f"the pump has stopped: {stage.emulator.doubt}"
    return Result(
        path=scenario.path,
        name=scenario.name,
        seed=drawn,
        failures=tuple(stage.failures),
        error=error,
        checked=stage.checked,
        pump_time_us=stage.now_us,
        took_ns=now_ns() - began_ns,
    )
