"""Runs the tests against mutants: `python -m tests.campaigns.killing FOLDER`, an order in JSON on its input; FOLDER keeps
what Python compiles.

This process imports pytest and what else is slow to come, but nothing of what is tested. For each mutant it makes a fork
that imports all of that anew, the one file with the slip in it: tables and declarations are made by the mutant too, and
nothing is written to the tree. Tests that run a line of the slip are the ones that are asked; where it runs at import,
all are. docs/decisions/0028-mutation-testing.md
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import resource
import signal
import sys
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Any

import coverage
import pytest

from tests.campaigns.mutants import Mutant, mutants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import CodeType, ModuleType

KILLED, TIMED_OUT, SURVIVED = "killed", "timed out", "survived"
_SLOW_TO_IMPORT = ("hypothesis", "hypothesis.stateful", "construct", "cryptography", "cobs", "kaitaistruct")
# The first tests that are asked, so long and from so many files; most mutants do not outlive these.
_FIRST_S, _FIRST_FILES = 0.5, 3
_MORE_CPU = 10
_MOST_MEMORY = 4 << 30
_OPTIONS = (
    *("-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-profile=mutants"),
    "--assert=plain",  # nobody reads why a mutant fails
    "--timeout=0",  # processor time is what is limited
)


@dataclass(frozen=True)
class Order:
    """What is to be run.

    Attributes:
        package: folder of the files that are changed, which is the package's name.
        tests: the files and folders of tests.
        modules: the files by their stem; all where there is none.
        size: mutants a file, at the most.
        only: keys of the only mutants that are run, where there is one.
        seed: which mutants, where there are more.
        cpu_s: seconds of processor time that any mutant may take, beside ten times what the tests took without it.
    """

    package: str
    tests: Sequence[str]
    modules: Sequence[str] = ()
    size: int = 1_000_000
    only: Sequence[str] = ()
    seed: int = 1
    cpu_s: int = 20

    def paths(self) -> list[Path]:
        """Return the files that are changed."""
        if self.modules:
            return [Path(self.package, f"{stem}.py") for stem in self.modules]
        return sorted(Path(self.package).glob("*.py"))

    def choice(self, found: list[Mutant], name: str) -> list[Mutant]:
        """Return which mutants of a file are run, in their order."""
        found = [mutant for mutant in found if mutant.key in self.only] if self.only else found
        chance = random.Random(f"{self.seed}/{name}")  # noqa: S311 - repeatable, and no secret
        places = sorted(chance.sample(range(len(found)), min(self.size, len(found))))
        return [found[place] for place in places]


@dataclass
class Baseline:
    """What the tests do without a slip; a test is its function, whatever its parameters.

    Attributes:
        seconds: that each took.
        lines: of each file by its stem, the tests that run each line; "" where it runs outside of any.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[int, list[str]]] = field(default_factory=dict)

    def concerned(self, stem: str, mutant: Mutant) -> list[str]:
        """Return the tests to ask about a mutant, those of its own file first, and then the quickest."""
        first, last = mutant.lines
        at = self.lines.get(stem, {})
        asked = {test for line in range(first, last + 1) for test in at.get(line, ())}
        if "" in asked:
            asked = set(self.seconds)
        return sorted(asked, key=lambda test: (f"/test_{stem}" not in test, self.seconds[test]))


class _Mutated(SourceFileLoader):
    """Loads a file as if it had another text."""

    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._text, self.get_filename(fullname), "exec", dont_inherit=True)


class _Finder:
    """Finds one module in its mutated form; Python asks it before all others."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name == self._name else None
        if spec is not None and spec.origin is not None:
            spec.loader = _Mutated(name, spec.origin, self._text)
        return spec


class _Asked:
    """A pytest plugin: runs some tests alone, in this order, and keeps the first that fails."""

    def __init__(self, tests: Iterable[str]) -> None:
        self._place = {test: place for place, test in enumerate(tests)}
        self.failed = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if _function(item.nodeid) in self._place]
        items.sort(key=lambda item: self._place[_function(item.nodeid)])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = _function(report.nodeid)


class _Measured:
    """A pytest plugin: what each test takes, and which lines it runs."""

    def __init__(self, measurement: coverage.Coverage) -> None:
        self._measurement = measurement
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:  # noqa: ANN401 - as pytest declares it
        self._measurement.switch_context(_function(item.nodeid))
        try:
            return (yield)
        finally:
            self._measurement.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[_function(report.nodeid)] += report.duration


def _function(nodeid: str) -> str:
    return nodeid.partition("[")[0]


def _file(test: str) -> str:
    return test.partition("::")[0]


def _forked(work: Callable[[], object], cpu_s: int | None = None) -> tuple[int, Any]:
    """Do `work` in a fork of this process; return how that ended, as `subprocess` does, and what it returned."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        with suppress(BaseException):
            os.close(reading)
            if cpu_s is not None:
                resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 5))
                resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            nowhere = os.open(os.devnull, os.O_RDWR)
            for descriptor in range(3):
                os.dup2(nowhere, descriptor)
            told = json.dumps(work()).encode()
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(told)
            code = 0
        os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), json.loads(told) if told else None


def measure(order: Order) -> Baseline:
    """Run all tests once, without a slip.

    Raises:
        RuntimeError: where one of them fails: nothing can be told from tests that fail anyway.
    """

    def work() -> object:
        measurement = coverage.Coverage(data_file=None, include=[f"{order.package}/*"], config_file=False)
        plugin = _Measured(measurement)
        measurement.start()
        code = pytest.main([*_OPTIONS, *order.tests], plugins=[plugin])
        measurement.stop()
        data = measurement.get_data()
        lines = {Path(name).stem: data.contexts_by_lineno(name) for name in data.measured_files()}
        return int(code), plugin.seconds, lines

    code, told = _forked(work)
    if code or told[0]:
        raise RuntimeError(f"the tests fail without a mutant: pytest says {told[0] if told else code}")
    lines = {stem: {int(line): tests for line, tests in at.items()} for stem, at in told[2].items()}
    return Baseline(told[1], lines)


class Hunt:
    """Asks the tests about one mutant after another.

    Args:
        order: what is run.
        baseline: what the tests do without a slip.
    """

    def __init__(self, order: Order, baseline: Baseline) -> None:
        self._order = order
        self._baseline = baseline
        self._killers: defaultdict[str, list[str]] = defaultdict(list)  # of a file, the newest first

    def verdict(self, stem: str, mutant: Mutant) -> tuple[str, str]:
        """Return what became of a mutant, and the test that killed it, empty where it wasn't one."""
        tests = self._baseline.concerned(stem, mutant)
        killers = [test for test in self._killers[stem] if test in set(tests)]
        tests = list(dict.fromkeys((*killers, *tests)))
        first = self._quick(tests)
        rest = [test for test in tests if test not in set(first)]
        # A line that runs once a process is told of whichever test came first, so what survives has to survive them all.
        others = [test for test in self._baseline.seconds if test not in set(tests)]
        for asked in (first, rest, others):
            if not asked:
                continue
            verdict, test = self._ask(stem, mutant, asked)
            if verdict != SURVIVED:
                if test:
                    self._killers[stem] = list(dict.fromkeys((test, *killers)))[:5]
                return verdict, test
        return SURVIVED, ""

    def _quick(self, tests: list[str]) -> list[str]:
        files = list(dict.fromkeys(_file(test) for test in tests))[:_FIRST_FILES]
        quick, spent = [], 0.0
        for test in tests:
            spent += self._baseline.seconds[test] if _file(test) in files else 0.0
            if spent > _FIRST_S and quick:
                break
            quick += [test] if _file(test) in files else []
        return quick

    def _ask(self, stem: str, mutant: Mutant, tests: list[str]) -> tuple[str, str]:
        usual_s = sum(self._baseline.seconds[test] for test in tests)

        def work() -> object:
            sys.meta_path.insert(0, _Finder(f"{self._order.package}.{stem}", mutant.code))  # type: ignore[arg-type] # it has what is asked for
            plugin = _Asked(tests)
            files = sorted(set(map(_file, tests)))
            return int(pytest.main([*_OPTIONS, *files], plugins=[plugin])), plugin.failed

        code, told = _forked(work, int(self._order.cpu_s + _MORE_CPU * usual_s))
        if code in {-signal.SIGXCPU, -signal.SIGKILL}:
            return TIMED_OUT, ""
        if code or told is None:
            return KILLED, ""  # it took the whole process with it
        outcome, test = told
        return (SURVIVED, "") if outcome == pytest.ExitCode.OK else (KILLED, test)


def main() -> None:
    """Carry out an order: a line of JSON for all keys that there are, and one a mutant."""
    order = Order(**json.load(sys.stdin))
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - a string
    for name in _SLOW_TO_IMPORT:
        with suppress(ImportError):
            importlib.import_module(name)
    sys.pycache_prefix, sys.dont_write_bytecode = sys.argv[1], False
    found = {path.stem: mutants(path.stem, path.read_text(encoding="utf-8")) for path in order.paths()}
    chosen = {stem: order.choice(some, stem) for stem, some in found.items()}
    _tell(
        keys=[mutant.key for some in found.values() for mutant in some], chosen=sum(map(len, chosen.values()))
    )
    hunt = Hunt(order, measure(order))
    gc.freeze()
    for stem, some in chosen.items():
        for mutant in some:
            verdict, test = hunt.verdict(stem, mutant)
            _tell(key=mutant.key, verdict=verdict, test=test)


def _tell(**said: object) -> None:
    print(json.dumps(said), flush=True)  # noqa: T201 - this is the answer


if __name__ == "__main__":
    main()
