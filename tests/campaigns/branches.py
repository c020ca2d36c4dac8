"""What the tests run of the code: of `protocol` every line and both ways of every branch, of the rest nearly all.

A line that is run is not yet a line that is tested; that is for mutation.py to find out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import coverage

from tests.campaigns.campaign import Achieved, Campaign

ROOT = Path(__file__).parents[2]
_SETTINGS = ROOT / "pyproject.toml"
_LEDGER_TESTS = "tests/protocol/test_ledger.py"
# Its program may write no file of more than a few bytes, what coverage notes included.
_NO_ROOM = "tests/pumpmock/test_snapshot.py::test_a_file_that_may_not_grow_leaves_the_old_one_whole"
_ONLY_TEST_OF_A_WAY = "test_so_many_void_changes_are_kept_and_each_is_counted_once"
_LEAST = 95  # percent of the branches, and of the lines


class _Step(NamedTuple):
    """Tests, and what has to have been run by them: packages or files, with the least percent of each."""

    tests: tuple[str, ...]
    least: dict[str, int]


_STEPS = (
    _Step((_LEDGER_TESTS,), {"protocol/ledger.py": 100}),
    _Step(("tests/protocol",), {"protocol": 100}),
    _Step(
        ("tests", "--ignore=tests/campaigns", f"--deselect={_NO_ROOM}", "-n", "auto"),
        {"pumpmock": _LEAST, "monitor": _LEAST},
    ),
)


class Covered(NamedTuple):
    """What was run of a package or a file.

    Attributes:
        lines: how many it has, and how many were run.
        branches: as above; a fork in the road is two.
        missed: where something was not run, a sentence each.
    """

    lines: tuple[int, int]
    branches: tuple[int, int]
    missed: list[str]

    @property
    def percent(self) -> int:
        """The lesser of both percentages, rounded down."""
        return min(run * 100 // max(1, there) for there, run in (self.lines, self.branches))


def run(size: int, _seed: int) -> Achieved:
    """Take `size` steps: one file under its tests, then `protocol` under its own, then the rest under all."""
    return _judged(_STEPS[:size])


def _judged(steps: tuple[_Step, ...]) -> Achieved:
    achieved = Achieved()
    for step in steps:
        report = measured(step.tests, {name.partition("/")[0] for name in step.least})
        for name, least in step.least.items():
            found = covered(report, name)
            achieved.add(f"lines of {name}", found.lines[0])
            achieved.add(f"branches of {name}", found.branches[0])
            achieved.add(f"percent of each run, {name}", found.percent)
            if found.percent < least:
                for place in found.missed:
                    achieved.fail(place)
    return achieved


def measured(tests: tuple[str, ...], packages: set[str]) -> dict[str, Any]:
    """Run tests, with the processes that they start, and return what coverage reports, by path of file.

    Raises:
        RuntimeError: where a test fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        data, report = Path(folder, "data"), Path(folder, "report.json")
        settings = (f"--rcfile={_SETTINGS}", f"--data-file={data}", f"--source={','.join(sorted(packages))}")
        pytest = ("pytest", "-q", "--assert=plain", "-p", "no:cacheprovider")
        done = subprocess.run(
            [sys.executable, "-m", "coverage", "run", *settings, "-m", *pytest, *tests],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"the tests fail: {done.stdout[-300:]} {done.stderr[-300:]}")
        measurement = coverage.Coverage(data_file=data, config_file=_SETTINGS, messages=False)
        measurement.combine([folder])
        measurement.json_report(outfile=str(report))
        files: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))["files"]
    return files


def covered(report: dict[str, Any], name: str) -> Covered:
    """Add up what was run of the package or file `name`."""
    found = {path: file for path, file in report.items() if path == name or path.startswith(f"{name}/")}
    sums = [file["summary"] for file in found.values()]
    missed = []
    for path, file in found.items():
        missed += [f"{path}:{line} is never run" for line in file["missing_lines"]]
        missed += [f"{path}: never from {came} to {went}" for came, went in file["missing_branches"]]
    lines = (sum(each["num_statements"] for each in sums), sum(each["covered_lines"] for each in sums))
    branches = (sum(each["num_branches"] for each in sums), sum(each["covered_branches"] for each in sums))
    return Covered(lines, branches, missed)


def _one_test_less(_size: int, _seed: int) -> Achieved:
    step = _STEPS[0]
    return _judged(
        (step._replace(tests=(*step.tests, f"--deselect={_LEDGER_TESTS}::{_ONLY_TEST_OF_A_WAY}")),)
    )


CAMPAIGN = Campaign(
    number=24,
    name="branches",
    promise="the tests run every line and take both ways of every branch of `protocol`, and nearly all of the rest",
    run=run,
    controls={
        "a branch that the tests take one way alone": _one_test_less,
    },
    counts="steps: a file under its own tests, then `protocol`, then the rest under all tests",
    short=1,
    full=len(_STEPS),
)
