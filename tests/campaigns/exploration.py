"""The model of a change and of the handshake, searched to its last state, and the mutants that the search has to catch."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.campaigns.campaign import Achieved, Campaign
from tests.model.catalogue import CONFIGURATIONS, MUTANTS, Mutant, explore

if TYPE_CHECKING:
    from tests.model.explore import Explored

_CHEAP = 4  # mutants of the handshake; all others are among the searches


def run(size: int, seed: int) -> Achieved:
    """Make the first `size` searches: the configurations, and then the mutants. There is no chance in it."""
    del seed
    achieved = Achieved()
    for configuration in CONFIGURATIONS[:size]:
        explored = explore(configuration)
        _count(achieved, explored)
        if explored.violations or not explored.complete:
            achieved.fail(f"{configuration}: {explored}")
    for mutant in MUTANTS[: max(0, size - len(CONFIGURATIONS))]:
        caught = mutant.caught().violations
        if caught:
            achieved.add("mutants caught")
            achieved.most("steps of the longest of their shortest courses", len(caught[0].course))
        else:
            achieved.fail(f"not caught: {mutant.name}")
    return achieved


def _mutant(mutant: Mutant, _size: int, _seed: int) -> Achieved:
    achieved = Achieved()
    explored = mutant.caught()
    _count(achieved, explored)
    for promise, course in explored.violations:
        achieved.fail(f"{promise}: {len(course)} steps: {course}")
    return achieved


def _count(achieved: Achieved, explored: Explored) -> None:
    achieved.add("searches")
    achieved.add("states", explored.states)
    achieved.add("transitions", explored.transitions)


CAMPAIGN = Campaign(
    number=9,
    name="exploration",
    promise="whatever is lost, repeated, delayed, reordered or killed within bounds, a change happens once or not at all, "
    "and what is told of it is true for ever; no attacker without the key opens a session or speaks in one",
    run=run,
    controls={mutant.name: partial(_mutant, mutant) for mutant in (*MUTANTS[3:6], *MUTANTS[-_CHEAP:])},
    counts="searches: the configurations, then the mutants",
    short=2,
    full=len(CONFIGURATIONS) + len(MUTANTS),
)
