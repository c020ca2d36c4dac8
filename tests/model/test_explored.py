"""The change and the handshake, explored to the last state: what is promised holds in each, and each rule is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.model import transaction
from tests.model.catalogue import MUTANTS, QUICK, SURVIVORS, Configuration, Mutant, Survivor, explore
from tests.model.explore import search
from tests.model.state import Configuration as Transaction
from tests.model.state import Record, Rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.model.state import Spot


@pytest.mark.parametrize("configuration", QUICK, ids=str)
def test_no_promise_breaks_in_any_state(configuration: Configuration) -> None:
    explored = explore(configuration)
    print(f"{explored.states:,} states, {explored.transitions:,} transitions")  # noqa: T201 - the figure is the point
    assert explored.violations == ()
    assert explored.complete


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.name}, against: {mutant.breaks}")
def test_a_mutant_is_caught(mutant: Mutant) -> None:
    (violation,) = mutant.caught().violations
    print(f"shortest course: {len(violation.course)} steps", *violation.course, sep="\n  ")  # noqa: T201 - as above
    assert violation.promise == mutant.breaks


@pytest.mark.parametrize("survivor", SURVIVORS, ids=lambda survivor: survivor.name)
def test_a_rule_that_others_stand_behind_is_not_needed_alone(survivor: Survivor) -> None:
    explored = explore(survivor.within, survivor.rules)
    assert explored.violations == ()
    assert explored.complete


# --- and what should happen can: promises that hold because nothing happens are worth nothing ---------------------------


def can_happen(configuration: Transaction, wanted: Callable[[Spot], bool]) -> bool:
    found = search(
        transaction.start(configuration),
        lambda spot: transaction.steps(spot, configuration, Rules()),
        lambda spot: "it happened" if wanted(spot) else None,
    )
    return found.violations != ()


def test_a_change_can_be_applied_and_its_host_told() -> None:
    assert can_happen(Transaction(1, 1, 2, 0, 0), lambda spot: spot[1][0].disk == (Record.APPLIED,))


def test_a_change_can_be_resolved_as_applied_after_both_sides_were_killed() -> None:
    def wanted(spot: Spot) -> bool:
        pump, (host,) = spot[0], spot[1]
        return pump.kills == host.kills == 0 and host.disk == (Record.APPLIED,)

    assert can_happen(Transaction(1, 2, 2, 1, 1), wanted)


def test_a_pump_killed_between_storing_and_turning_the_motor_can_go_on_at_the_new_rate() -> None:
    def wanted(spot: Spot) -> bool:
        pump = spot[0]
        return pump.kills == 0 and pump.motor == 1 and not spot[3][0][1:]  # nothing said but Prepared

    assert can_happen(Transaction(1, 1, 2, 1, 0), wanted)


def test_a_second_try_can_be_applied_after_the_first_was_resolved_as_not_applied() -> None:
    disk = (Record.NOT_APPLIED, Record.APPLIED)
    assert can_happen(Transaction(1, 2, 3, 0, 0, changes=2), lambda spot: spot[1][0].disk == disk)


def test_of_two_hosts_one_can_be_applied_and_the_other_refused() -> None:
    def wanted(spot: Spot) -> bool:
        return {host.disk for host in spot[1]} == {(Record.APPLIED,), (Record.NOT_APPLIED,)}

    assert can_happen(Transaction(2, 1, 2, 0, 0), wanted)


def test_two_hosts_can_both_be_applied_one_on_what_the_other_made() -> None:
    def wanted(spot: Spot) -> bool:
        return all(host.disk == (Record.APPLIED,) for host in spot[1])

    assert can_happen(Transaction(2, 1, 2, 0, 0), wanted)
