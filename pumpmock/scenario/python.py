"""Scenarios in Python: the same verbs with the same words, for what a list of steps can't say.

examples/scenarios/lost_commit_answer.py is one.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pumpmock.scenario.actions import ACTIONS
from pumpmock.scenario.expectations import read_expect
from pumpmock.scenario.host_words import FIRST, read_host
from pumpmock.scenario.instant import parse_time
from pumpmock.scenario.pump_words import read_pump
from pumpmock.scenario.stage import SceneError
from pumpmock.scenario.words import read_word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pumpmock.emulator import Emulator
    from pumpmock.host import Host
    from pumpmock.model.sample import Sample
    from pumpmock.model.truth import Truth
    from pumpmock.scenario.clockwork import Clockwork


@dataclass(frozen=True, slots=True)
class PythonScenario:
    """A function that was marked as a scenario.

    Attributes:
        path: the file that it stands in.
        name: what to call it.
        about: its docstring.
        seed: of all that is drawn.
        pump: what its pump is, as `[pump]` says it.
        play: the function.
    """

    path: Path
    name: str
    about: str
    seed: int
    pump: Mapping[str, Any]
    play: Callable[[Script], None]


def scenario(
    name: str, *, seed: int = 0, **pump: object
) -> Callable[[Callable[[Script], None]], PythonScenario]:
    """Mark a function as a scenario that `pumpmock run` runs.

    Args:
        name: what to call it.
        seed: of all that is drawn.
        **pump: what its pump is: the keys of `[pump]`, their values as text.

    Raises:
        ValueError: where there can be no such pump.
    """

    def mark(play: Callable[[Script], None]) -> PythonScenario:
        path = Path(play.__code__.co_filename)
        about = " ".join((play.__doc__ or "").split())
        return PythonScenario(path, name, about, seed, read_pump(dict(pump), path.parent), play)

    return mark


def read_python(path: Path) -> list[PythonScenario]:
    """Return the scenarios in a file of Python, in the order in which they stand there. Runs the file.

    Raises:
        ValueError: where it can't be run, or has none, with a sentence.
    """
    spec = importlib.util.spec_from_file_location(f"scenario {path}", path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is no file of Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # as an import does: dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ValueError(f"{path}, line {_line_in(path, error)}: {type(error).__name__}: {error}") from error
    here = path.resolve()
    marked = [one for one in vars(module).values() if isinstance(one, PythonScenario)]
    found = [one for one in marked if one.path.resolve() == here]  # and not those that it imports
    if not found:
        raise ValueError(f"{path} has no scenario: mark a function with @scenario(...)")
    return found


class ScriptHost:
    """What a host of the stage does, by the keys of `host = { … }`.

    Args:
        stage: where it is.
        name: which one.
    """

    def __init__(self, stage: Clockwork, name: str) -> None:
        self._stage = stage
        self._name = name

    def do(self, **verbs: object) -> Host:
        """Let it do something: `do(poll=True)`, `do(change={"rate": "0.6 mL/day"})`; return it, for what it knows.

        Raises:
            ValueError: for a verb or a figure that there is not.
        """
        for verb, figure in read_host(verbs).items():
            self._stage.let_host(self._name, verb, figure)
        return self._stage.host(self._name)

    def poll(self) -> Host:
        """Let it ask for a reading."""
        return self.do(poll=True)

    def change(self, **change: object) -> Host:
        """Let it prepare and commit a change: `change(rate="0.6 mL/day")`, `change(stop=True)`."""
        return self.do(change=change)

    def prepare(self, **change: object) -> Host:
        """Let it prepare a change."""
        return self.do(prepare=change)

    def commit(self) -> Host:
        """Let it commit what is prepared."""
        return self.do(commit=True)

    def vanish(self) -> Host:
        """Let it be killed."""
        return self.do(vanish=True)

    def reconnect(self) -> Host:
        """Let it come back."""
        return self.do(reconnect=True)


class Script:
    """A stage as a scenario in Python sees it.

    Args:
        stage: the stage.
        path: the scenario's file, whose lines are told.
    """

    def __init__(self, stage: Clockwork, path: Path) -> None:
        self._stage = stage
        self._path = path

    @property
    def emulator(self) -> Emulator:
        """The pump itself."""
        return self._stage.emulator

    @property
    def status(self) -> Sample:
        """What the pump believes now."""
        return self._stage.sample

    @property
    def truth(self) -> Truth:
        """What is so now."""
        return self._stage.truth

    def at(self, instant: str) -> None:
        """Let pump time come to an instant: "2 days 30 min"."""
        self._stage.go_to(parse_time(instant))

    def after(self, span: str) -> None:
        """Let so much pump time pass."""
        self._stage.go_to(self._stage.now_us + parse_time(span))

    def host(self, name: str = FIRST) -> ScriptHost:
        """Return a host; one that is named for the first time comes to a port of its own."""
        return ScriptHost(self._stage, name)

    def fault(self, kind: str, **figures: object) -> None:
        """Let something go wrong: `fault("lose-reply", on="Commit")`."""
        self.do(fault={"kind": kind, **figures})

    def do(self, **verbs: object) -> None:
        """Do what a step does beside its host: `do(strike="STALL")`, `do(unplug={"for": "5 s"})`.

        Raises:
            ValueError: for a verb or a figure that there is not.
        """
        words = {key: action.word for key, action in ACTIONS.items()}
        for verb, value in verbs.items():
            figure = read_word(verb, value, words, "verb")
            ACTIONS[verb].do(self._stage, figure)

    def expect(self, **wanted: object) -> None:
        """Expect something now, by the keys of `expect = { … }`; what differs is told at the end, and it goes on."""
        self._stage.expect(read_expect(wanted, _line_of_caller(self._path)))


def play_python(found: PythonScenario, stage: Clockwork) -> None:
    """Play a scenario on a stage; an assertion that does not hold is a failure of it.

    Raises:
        SceneError: where the function ends with another exception, which stands in it.
    """
    try:
        found.play(Script(stage, found.path))
    except AssertionError as error:
        stage.fail(_line_in(found.path, error), str(error) or "an assertion does not hold")
    except SceneError:
        raise
    except Exception as error:
        line = _line_in(found.path, error)
        raise SceneError(f"line {line}: {type(error).__name__}: {error}") from error


def _line_of_caller(path: Path) -> int:
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename != str(path):
        frame = frame.f_back
    return 1 if frame is None else frame.f_lineno


def _line_in(path: Path, error: BaseException) -> int:
    lines = [one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename == str(path)]
    return (lines[-1] or 1) if lines else 1
