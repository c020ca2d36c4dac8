"""What every benchmark shares: interleaved rounds, medians, and the one line that a budget is printed on."""

from __future__ import annotations

import gc
import math
import os
import platform
import statistics
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PACKAGES = ("pyserial", "textual", "pymodbus", "pymavlink", "fastcrc", "psutil")
_WHOLE_FROM = 100  # from this figure on, decimals are noise


class RigError(Exception):
    """Something could not be measured; the message says why."""


@dataclass(frozen=True, slots=True)
class Result:
    """A budget, measured.

    Attributes:
        name: what was measured.
        value: our median, in `unit`.
        unit: of `value` and `reference`.
        reference: the reference's median from the same rounds.
        ratio: value / reference.
        budget: what is allowed, as printed.
        ok: whether the budget is kept.
    """

    name: str
    value: float
    unit: str
    reference: float
    ratio: float
    budget: str
    ok: bool

    def __str__(self) -> str:
        """Return the line that is printed."""
        figures = f"{_figure(self.value)} {self.unit}, reference {_figure(self.reference)}"
        verdict = "ok" if self.ok else "short"
        return f"bench {self.name}: {figures}, ratio {self.ratio:.2f}, budget {self.budget}, {verdict}"


@dataclass(frozen=True, slots=True)
class Medians:
    """Our median and the reference's, of rounds that took turns."""

    ours: float
    reference: float

    @property
    def ratio(self) -> float:
        """Ours over the reference's."""
        return self.ours / self.reference if self.reference else math.inf

    def at_least(self, name: str, unit: str, least: float) -> Result:
        """Judge by a ratio that may not be lower."""
        kept = self.ratio >= least
        return Result(name, self.ours, unit, self.reference, self.ratio, f">= {least:.1f}", kept)

    def at_most(self, name: str, unit: str, most: float) -> Result:
        """Judge by a ratio that may not be higher."""
        kept = self.ratio <= most
        return Result(name, self.ours, unit, self.reference, self.ratio, f"<= {most:.1f}", kept)

    def value_at_least(self, name: str, unit: str, least: float) -> Result:
        """Judge by our own figure, of which more is better."""
        return Result(
            name, self.ours, unit, self.reference, self.ratio, f">= {least:g} {unit}", self.ours >= least
        )

    def value_at_most(self, name: str, unit: str, most: float) -> Result:
        """Judge by our own figure; the reference only tells what a part of it is not ours."""
        budget = f"<= {most:g} {unit}"
        return Result(name, self.ours, unit, self.reference, self.ratio, budget, self.ours <= most)


def take_turns(name: str, rounds: int, ours: Callable[[], float], reference: Callable[[], float]) -> Medians:
    """Measure both in turns, so that a machine that gets slower or faster meanwhile does so for both."""
    found: list[tuple[float, float]] = []
    for number in range(1, rounds + 1):
        theirs = reference()
        found.append((ours(), theirs))
        said = f"{_figure(found[-1][0])}, reference {_figure(theirs)}"
        print(f"{name}: round {number} of {rounds}: {said}", file=sys.stderr, flush=True)
    return Medians(*(statistics.median(column) for column in zip(*found, strict=True)))


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the garbage collector out of a short measurement, as timeit does: its turn is not the measured code's."""
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def machine_facts() -> list[str]:
    """Return what a reader of the figures must know of the machine, a comment a line."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = ", ".join(f"{figure:.2f}" for figure in os.getloadavg())
    return [
        f"# python {platform.python_version()} {platform.python_implementation()}",
        f"# platform {platform.platform()}",
        f"# cores {os.cpu_count()}, usable {usable}, load {load}",
        f"# {', '.join(_versions())}",
    ]


def _versions() -> Iterator[str]:
    for package in _PACKAGES:
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            yield f"{package} missing"


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= _WHOLE_FROM else f"{value:.2f}"
