"""What a campaign is: a promise, a run that counts how it is kept, and the same run against something broken.

A run has a size (what it counts is the campaign's own affair) and a seed, and gives the same figures for the same two on
every machine. A control is a run with a defect built in: one that reports no failure proves that the campaign looks away.
docs/decisions/0015-campaigns.md
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    Run = Callable[[int, int], "Achieved"]  # of size and seed
    Defect = Callable[[], AbstractContextManager[object]]

SEED = 1
_EXAMPLES = 3
_MOST_SAID = 400  # characters of each


@dataclass
class Achieved:
    """What a run has counted so far.

    Attributes:
        figures: counts and greatest values, by what they are of, in the order in which they came up.
        varying: counts that real processes and their timing have a hand in: told too, and not the same in every run.
        failures: how often the promise was broken.
        examples: the first few failures, a sentence each.
        newest: what the run under way has counted so far, for whoever shows its progress.
    """

    newest: ClassVar[Achieved | None] = None

    figures: Counter[str] = field(default_factory=Counter)
    varying: Counter[str] = field(default_factory=Counter, compare=False)
    failures: int = 0
    examples: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        Achieved.newest = self

    def add(self, figure: str, count: int = 1) -> None:
        """Count something that happened."""
        self.figures[figure] += count

    def vary(self, figure: str, count: int = 1) -> None:
        """Count something of which another run may count another number."""
        self.varying[figure] += count

    def most(self, figure: str, value: int) -> None:
        """Keep the greatest value of a figure."""
        self.figures[figure] = max(self.figures[figure], value)

    def fail(self, said: str) -> None:
        """Count a broken promise; `said` is enough to find it again."""
        self.failures += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(said[:_MOST_SAID])


@dataclass(frozen=True)
class Campaign:
    """A row of the proof.

    Attributes:
        number: its place in the list of campaigns; numbers are never used twice.
        name: one or two words.
        promise: what holds if it passes, in a sentence.
        run: counts how the promise is kept, of size and seed.
        controls: the same with a defect, by what is broken; each has to report failures.
        counts: what the size counts.
        short: size in `make test`, a second or two with all controls.
        full: size in `make trust`.
    """

    number: int
    name: str
    promise: str
    run: Run
    controls: Mapping[str, Run]
    counts: str
    short: int
    full: int


def under(defect: Defect, run: Run) -> Run:
    """Return a control: `run`, while `defect` holds."""
    return partial(_under, defect, run)


def _under(defect: Defect, run: Run, size: int, seed: int) -> Achieved:
    with defect():
        return run(size, seed)


def dice(seed: int, *names: object) -> random.Random:
    """Return a source of chance of its own for a part of a run."""
    return random.Random("/".join(map(str, (seed, *names))))  # noqa: S311 - repeatable, and no secret
