"""What must hold of the real code after each step, whatever has happened: the pump and its hosts looked at from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.vocabulary import ChangeKind, State, Verdict
from tests.model.plant import FILL_NL, RATE_NL_H

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.model.desk import Desk
    from tests.model.plant import Plant


def a_change_is_applied_once_and_the_motor_turns_once_for_it(plant: Plant, _hosts: list[Desk]) -> None:
    memory = plant.device.memory
    lines = memory.ledger.lines
    assert len({line.command_id for line in lines}) == len(lines)
    assert memory.revision == len(lines)
    assert plant.turned == len(lines) - plant.revision_at_start


def the_motor_runs_at_the_rate_of_the_newest_revision(plant: Plant, _hosts: list[Desk]) -> None:
    lines, now = plant.device.memory.ledger.lines, plant.device.pump.sample()
    assert now.commanded_rate_nl_h == (lines[-1].rate_nl_h if lines else RATE_NL_H)
    assert now.measured_rate_nl_h == (0 if now.state is State.EMPTY else now.commanded_rate_nl_h)


def no_nanolitre_is_lost_and_each_is_accounted_for_by_the_ledger(plant: Plant, _hosts: list[Desk]) -> None:
    now = plant.device.pump.sample()
    assert now.reservoir_nl + now.delivered_nl == FILL_NL
    assert now.delivered_nl == plant.flown_nl()


def what_was_told_is_what_the_ledger_says(plant: Plant, _hosts: list[Desk]) -> None:
    lines = {line.command_id: line for line in plant.device.memory.ledger.lines}
    for command_id, told in plant.outcomes.items():
        line = lines.get(command_id)
        assert (line is not None) is (told.verdict is Verdict.APPLIED)
        if line is not None:
            assert (line.revision, line.rate_nl_h) == (told.revision, told.rate_nl_h)


def what_was_told_as_not_applied_is_not_prepared(plant: Plant, _hosts: list[Desk]) -> None:
    slot = plant.device._desk._slot
    told = None if slot is None else plant.outcomes.get(slot.request.command_id)
    assert told is None


def what_was_applied_was_noted_before_and_decided_on_what_it_changed(plant: Plant, hosts: list[Desk]) -> None:
    rate = RATE_NL_H
    noted = {key: intent for host in hosts for key, intent in host.disk.items()}
    for line in plant.device.memory.ledger.lines:
        assert line.command_id in noted, "nobody noted it"
        intent = noted[line.command_id]
        assert (intent.revision, intent.old_rate_nl_h) == (line.revision - 1, rate)
        assert intent.change.kind is line.kind
        if line.kind is ChangeKind.RATE:
            assert line.rate_nl_h == intent.change.rate_nl_h
        rate = line.rate_nl_h


def what_a_host_holds_for_decided_is_true(plant: Plant, hosts: list[Desk]) -> None:
    applied = {line.command_id for line in plant.device.memory.ledger.lines}
    for host in hosts:
        for command_id, verdict in host.verdicts().items():
            assert (command_id in applied) is (verdict is Verdict.APPLIED)


PROMISES: tuple[Callable[[Plant, list[Desk]], None], ...] = (
    a_change_is_applied_once_and_the_motor_turns_once_for_it,
    the_motor_runs_at_the_rate_of_the_newest_revision,
    no_nanolitre_is_lost_and_each_is_accounted_for_by_the_ledger,
    what_was_told_is_what_the_ledger_says,
    what_was_told_as_not_applied_is_not_prepared,
    what_was_applied_was_noted_before_and_decided_on_what_it_changed,
    what_a_host_holds_for_decided_is_true,
)
