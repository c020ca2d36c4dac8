"""Mutants: the code with one slip in it, and tests that have to notice; what they don't notice is listed with a reason.

`python -m tests.campaigns.mutation frame session --size 20` runs some of two files, and prints new survivors as the list
wants them.
docs/decisions/0028-mutation-testing.md
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import click

from tests.campaigns.campaign import SEED, Achieved, Campaign
from tests.campaigns.killing import KILLED, SURVIVED, TIMED_OUT, Order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).with_name("survivors.toml")
PROTOCOL = Order(package="protocol", tests=("tests/protocol",), seed=SEED)
# A trial of the hunt itself, in two seconds: to learn which of all tests run which line takes longer than that.
SAMPLE = Order("protocol", ("tests/protocol/test_ledger.py",), modules=("ledger",))
_WHOLE = 20
_LEAST_KILLED = 95  # of a hundred, where all mutants are run
UNLISTED = "survived: "
GONE = "listed, but there is no such mutant: "
_SURELY_KILLED = (
    "ledger Ledger.is_void: `return command_id in self._void` -> `return command_id not in self._void`"
)
_FIGURES = {KILLED: "killed", TIMED_OUT: "killed by the time they took"}


def listed(path: Path = LIST) -> dict[str, str]:
    """Return the mutants that may survive, by their keys, with the reason of each.

    Raises:
        ValueError: where one stands there twice or without a reason.
    """
    reasons: dict[str, str] = {}
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["survivors"]:
        for key in entry["mutants"]:
            if key in reasons or not entry["why"].strip():
                raise ValueError(f"{path.name}: twice, or without a reason: {key}")
            reasons[key] = entry["why"]
    return reasons


def hunt(
    order: Order, reasons: Mapping[str, str], say: Callable[[str], None] = print, folder: Path = ROOT
) -> Achieved:
    """Run the tests against mutants, and judge by the list what survived.

    Args:
        order: what is run.
        reasons: why a mutant may survive, by its key.
        say: hears of each failure.
        folder: where the package and its tests are.

    Raises:
        RuntimeError: where the run broke off.
    """
    achieved = Achieved()
    answers = _answers(order, folder)
    head = next(answers, {"keys": (), "chosen": 1})
    stems = {_stem(key) for key in head["keys"]}
    failures = [f"{GONE}{key}" for key in sorted(reasons.keys() - head["keys"]) if _stem(key) in stems]
    for answer in answers:
        figure, failure = _judged(reasons, **answer)
        achieved.add("mutants")
        achieved.add(figure)
        failures += [failure] if failure else []
        for said in failures:
            achieved.fail(said)
            say(said)
        failures.clear()
    count = achieved.figures["mutants"]
    if count != head["chosen"]:
        raise RuntimeError(f"the run broke off after {count:,} of {head['chosen']:,} mutants")
    killed = sum(achieved.figures[figure] for figure in _FIGURES.values())
    if count == len(head["keys"]) and killed * 100 < count * _LEAST_KILLED:
        achieved.fail(f"less than {_LEAST_KILLED} % were killed: {killed:,} of {count:,}")
    return achieved


def _stem(key: str) -> str:
    return key.split(" ", maxsplit=1)[0].rstrip(":")


def _judged(reasons: Mapping[str, str], *, key: str, verdict: str, test: str) -> tuple[str, str]:
    """Return the figure that a mutant counts in, and what is wrong with that, if anything is."""
    if verdict != SURVIVED:
        stale = f"listed, but killed by {test or 'a crash or its time'}: {key}" if key in reasons else ""
        return _FIGURES[verdict], stale
    if key in reasons:
        return "survived, listed with a reason", ""
    return "survived, not listed", f"{UNLISTED}{key}"


def _answers(order: Order, folder: Path) -> Iterator[dict[str, Any]]:
    """Yield what `killing` tells, as it tells it."""
    with (
        tempfile.TemporaryDirectory() as compiled,
        subprocess.Popen(
            [sys.executable, "-m", "tests.campaigns.killing", compiled],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        ) as hunter,
    ):
        try:
            with cast("IO[str]", hunter.stdin) as pipe:
                json.dump(dataclasses.asdict(order), pipe)
            for line in cast("IO[str]", hunter.stdout):
                yield json.loads(line)
        finally:
            hunter.terminate()


def _say(line: str) -> None:
    click.echo(line, err=True)


def run(size: int, seed: int) -> Achieved:
    """Run `size` mutants of each file of `protocol`, all where it has no more; of the sample alone for a small size."""
    order = PROTOCOL if size >= _WHOLE else SAMPLE
    return hunt(dataclasses.replace(order, size=size, seed=seed), listed(), _say)


def _under_other_tests(size: int, seed: int) -> Achieved:
    order = dataclasses.replace(SAMPLE, tests=("tests/protocol/test_places.py",), size=size, seed=seed)
    return hunt(order, listed(), _silent)


def _list_with_a_killed_one(_size: int, seed: int) -> Achieved:
    order = dataclasses.replace(SAMPLE, only=(_SURELY_KILLED,), seed=seed)
    return hunt(order, {_SURELY_KILLED: "it is not"}, _silent)


def _silent(_line: str) -> None:
    return


CAMPAIGN = Campaign(
    number=23,
    name="mutants",
    promise="a slip in any line of the wire is noticed by its tests, but for those that change nothing",
    run=run,
    controls={
        "a file under the tests of another": _under_other_tests,
        "a list of survivors with one that is killed": _list_with_a_killed_one,
    },
    counts=f"mutants of each file, at the most; fewer than {_WHOLE}: of the ledger alone, under its own tests",
    short=8,
    full=10_000,
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("modules", nargs=-1)
@click.option(
    "--size", type=click.IntRange(1), default=CAMPAIGN.full, help="Mutants of each file, at the most."
)
@click.option("--seed", type=click.IntRange(0), default=SEED, show_default=True, help="Which ones.")
def main(modules: tuple[str, ...], size: int, seed: int) -> None:
    """Run mutants of MODULES of `protocol` (all without one); print what survives unlisted as the list wants it."""
    unlisted: list[str] = []

    def say(line: str) -> None:
        if line.startswith(UNLISTED):
            unlisted.append(line.removeprefix(UNLISTED))
        _say(line)

    achieved = hunt(dataclasses.replace(PROTOCOL, modules=modules, size=size, seed=seed), listed(), say)
    if unlisted:
        keys = "".join(f"    '''{key}''',\n" for key in unlisted)
        click.echo(f'[[survivors]]\nwhy = ""\nmutants = [\n{keys}]')
    click.echo("; ".join(f"{count:,} {what}" for what, count in achieved.figures.items()), err=True)
    sys.exit(1 if achieved.failures else 0)


if __name__ == "__main__":
    main()
