"""`pumpmock run` and `pumpmock check`: scenarios run in virtual time, or just read."""

from __future__ import annotations

import json
import re
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pumpmock.commands.parameters import REFUSED, USAGE
from pumpmock.journal.file import JournalError
from pumpmock.many import MOST_SEED
from pumpmock.scenario.instant import time_text
from pumpmock.scenario.pump_words import described, pump_words
from pumpmock.scenario.reading import read_scenario
from pumpmock.scenario.results import junit
from pumpmock.scenario.running import PYTHON, read, run
from pumpmock.scenario.served import check_served

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pumpmock.options import Options
    from pumpmock.scenario.python import PythonScenario
    from pumpmock.scenario.results import Result
    from pumpmock.scenario.steps import Scenario

_NS_A_S = 1_000_000_000
_FILES = click.argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="SCENARIO...",
)


@click.command("run")
@_FILES
@click.option(
    "--junit",
    "report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write JUnit's XML to this file.",
)
@click.option(
    "--journal",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write what happened in each to a file of JSON lines in this folder.",
)
@click.option(
    "--seed", type=click.IntRange(0, MOST_SEED - 1), help="Draw from this in place of each scenario's own."
)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON a scenario.")
def run_command(
    paths: tuple[Path, ...], report: Path | None, journal: Path | None, seed: int | None, *, as_json: bool
) -> None:
    """Run scenarios: what happens to a pump and its host, and what must be so.

    A scenario is a TOML file (docs/scenarios.md), or one of Python with functions marked @scenario. It has a pump and a
    host of its own, and its own time: months take a second, and the same seed gives the same run to the byte.

    Exit code 0: all was as expected. 1: something was not. 2: a file can't be taken; nothing was run then.

    \b
    Examples:
      pumpmock run examples/scenarios/*.toml
      pumpmock run examples/scenarios/lost-commit-answer.toml --journal out
      pumpmock run *.toml --junit report.xml
    """  # noqa: D301 - click wants the character, it keeps the examples' lines
    scenarios = _read_all(paths)
    if scenarios is None:
        raise SystemExit(USAGE)
    results: list[Result] = []
    for scenario in scenarios:
        result = _run_one(scenario, seed, journal)
        click.echo(json.dumps(result.facts()) if as_json else result.text)
        results.append(result)
    failed = sum(not result.is_good for result in results)
    if not as_json and len(results) > 1:
        click.echo(f"{len(results)} scenarios, {failed} failed")
    if report is not None:
        try:
            report.write_bytes(junit(results))
        except OSError as error:
            _warn(f"{report}: {error.strerror or error}")
            raise SystemExit(REFUSED) from error
    raise SystemExit(REFUSED if failed else 0)


@click.command("check")
@_FILES
def check_command(paths: tuple[Path, ...]) -> None:
    """Read scenarios, and tell every slip in them with its line, without running them.

    A file of Python is run as far as it takes to find what is marked @scenario in it. Exit code 0: all can be run. 2: not.

    \b
    Examples:
      pumpmock check examples/scenarios/*.toml
    """  # noqa: D301 - click wants the character, it keeps the examples' lines
    scenarios = _read_all(paths)
    if scenarios is None:
        raise SystemExit(USAGE)
    click.echo(f"{len(scenarios)} scenario{'s' * (len(scenarios) != 1)}, no slip")


def played_with(path: Path, options: Options, typed: frozenset[str]) -> Options:
    """Return the options of a served pump that goes through a scenario.

    Args:
        path: the scenario's file.
        options: what was asked for.
        typed: the names of the options that were typed.

    Raises:
        click.UsageError: where the two contradict each other, or the scenario can't be taken.
    """
    of_the_pump = sorted(typed & {*pump_words(Path()), "state", "pumps"})
    if of_the_pump:
        spelled = of_the_pump[0].replace("_", "-")
        raise click.UsageError(
            f"--{spelled} is not possible with --scenario, whose [pump] says how the pump is"
        )
    if path.suffix == PYTHON:
        raise click.UsageError(f"{path} has a host of its own: a scenario that is served is a TOML file")
    try:
        scenario = read_scenario(path)
        check_served(scenario)
        made = described(scenario.pump, options if "seed" in typed else replace(options, seed=scenario.seed))
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    return replace(made, scenario=scenario)


def _read_all(paths: Sequence[Path]) -> list[Scenario | PythonScenario] | None:
    """Return the scenarios of all files; None where one can't be taken, once all its slips were told."""
    found: list[Scenario | PythonScenario] = []
    good = True
    for path in paths:
        try:
            found += read(path)
        except OSError as error:
            good = False
            _warn(f"{path}: {error.strerror or error}")
        except ValueError as error:
            good = False
            for said in str(error).splitlines():
                _warn(said)
    return found if good else None


def _run_one(scenario: Scenario | PythonScenario, seed: int | None, folder: Path | None) -> Result:
    progress = _Progress(scenario.name)
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        return run(
            scenario,
            seed,
            now_ns=time.monotonic_ns,
            watch=progress.come,
            journal=None if folder is None else folder / _journal_of(scenario),
        )
    except JournalError as error:
        _warn(str(error))
        raise SystemExit(REFUSED) from error
    except OSError as error:
        _warn(f"{error.filename or folder}: {error.strerror or error}")
        raise SystemExit(REFUSED) from error
    except ValueError as error:
        _warn(f"{scenario.path}: there is no such pump: {error}")
        raise SystemExit(USAGE) from error
    finally:
        progress.end()


def _journal_of(scenario: Scenario | PythonScenario) -> str:
    """Return what to call the journal of a scenario: by its file, and by its name where a file has several."""
    several = scenario.path.suffix == PYTHON
    name = re.sub(r"[^0-9a-z]+", "-", scenario.name.lower()).strip("-")
    return f"{scenario.path.stem}-{name}.jsonl" if several else f"{scenario.path.stem}.jsonl"


class _Progress:
    """Shows on a terminal how far a scenario has come that takes more than a second."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._next_ns = time.monotonic_ns() + _NS_A_S
        self._shown = False

    def come(self, pump_time_us: int) -> None:
        now_ns = time.monotonic_ns()
        if now_ns >= self._next_ns and sys.stderr.isatty():
            self._next_ns = now_ns + _NS_A_S // 4
            self._shown = True
            print(f"\r{self._name}: {time_text(pump_time_us)}\033[K", end="", file=sys.stderr, flush=True)  # noqa: T201 - a line that is written over

    def end(self) -> None:
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)  # noqa: T201 - as above


def _warn(sentence: str) -> None:
    click.echo(f"pumpmock: {sentence}", err=True)
