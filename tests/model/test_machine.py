"""Two hosts, one pump and every misfortune between them: the promises hold, and the machine finds each that is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.model.defects import DEFECTS, HOSTS, UsesAnIdAgain, the_pump_forgets_what_it_has_denied
from tests.model.machine import Conversations, run_machine

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.model.desk import Desk

SEED = 1
BUDGET = 600  # runs in which a defect has to be found; most are found in the first twenty

TestConversations = Conversations.TestCase
# As many as rows of the proof ask for: 200 runs of 50 rules in `make test`, 10,000 of 100 in `make fuzz`.
LONG = settings().max_examples > 1_000
TestConversations.settings = settings(
    max_examples=10_000 if LONG else 200, stateful_step_count=100 if LONG else 50
)


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_broken_pump_or_wire_is_found_out(defect: Callable[[], AbstractContextManager[None]]) -> None:
    with defect(), pytest.raises(AssertionError):
        run_machine(BUDGET, 50, SEED, shrink=False)


@pytest.mark.parametrize("desk", HOSTS.values(), ids=HOSTS)
def test_a_host_that_breaks_the_rules_is_found_out(desk: type[Desk]) -> None:
    with pytest.raises(AssertionError):
        run_machine(BUDGET, 50, SEED, make_desk=desk, shrink=False)


def test_a_host_that_uses_an_id_again_does_no_harm() -> None:
    assert run_machine(60, 50, SEED, make_desk=UsesAnIdAgain)["refused, VOID"]


def test_a_host_that_uses_an_id_again_would_do_harm_to_a_pump_that_forgets() -> None:
    with the_pump_forgets_what_it_has_denied(), pytest.raises(AssertionError):
        run_machine(BUDGET, 50, SEED, make_desk=UsesAnIdAgain, shrink=False)


def test_the_machine_comes_to_all_that_it_is_made_for() -> None:
    counts = run_machine(60, 50, SEED)
    missing = [
        what
        for what in (
            *("changes applied", "changes not applied", "deaths while storing", "saves that failed"),
            *("refused, STALE_REVISION", "refused, NOT_STORED", "refused, BUSY"),
            *("sent, late", "sent, late answer", "sent, a bit flips", "sent, a bit of the answer flips"),
            *("the pump is killed", "a host is killed", "a host is killed and unplugged"),
        )
        if not counts[what]
    ]
    assert missing == []


def test_two_runs_of_one_seed_are_alike() -> None:
    assert run_machine(5, 30, 7) == run_machine(5, 30, 7)
