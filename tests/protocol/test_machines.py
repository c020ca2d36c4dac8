"""The tables that both ends run by: whole, without a dead end, and without a way round what they promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from protocol.machines import (
    CALL,
    PORT,
    SLOT,
    STAGE,
    Call,
    CallEvent,
    Port,
    PortEvent,
    Slot,
    SlotEvent,
    Stage,
    StageEvent,
    step,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import Enum

TABLES: dict[str, tuple[Mapping[Any, Mapping[Any, Any]], type[Enum], type[Enum]]] = {
    "port": (PORT, Port, PortEvent),
    "call": (CALL, Call, CallEvent),
    "slot": (SLOT, Slot, SlotEvent),
    "stage": (STAGE, Stage, StageEvent),
}
ENDS = {Call.ENDED, Stage.APPLIED, Stage.NOT_APPLIED}


def reached(
    table: Mapping[Any, Mapping[Any, Any]], start: object, without: frozenset[Any] = frozenset()
) -> set[Any]:
    """Return the states that can follow `start` while the events in `without` do not come."""
    found, todo = {start}, [start]
    while todo:
        for event, state in table[todo.pop()].items():
            if event not in without and state not in found:
                found.add(state)
                todo.append(state)
    return found


@pytest.mark.parametrize("name", TABLES)
def test_every_state_has_its_row_can_be_reached_and_every_event_comes_somewhere(name: str) -> None:
    table, states, events = TABLES[name]
    assert list(table) == list(states)
    assert reached(table, next(iter(states))) == set(states)
    assert {event for row in table.values() for event in row} == set(events)


@pytest.mark.parametrize("name", TABLES)
def test_only_a_verdict_or_the_end_of_a_call_is_final(name: str) -> None:
    table, states, _ = TABLES[name]
    assert {state for state in states if not table[state]} == {state for state in states if state in ENDS}


def test_an_event_that_cannot_come_is_told_as_a_defect() -> None:
    assert step(SLOT, Slot.FREE, SlotEvent.PREPARE) is Slot.TAKEN
    with pytest.raises(ValueError, match=r"^COMMIT cannot come while FREE$"):
        step(SLOT, Slot.FREE, SlotEvent.COMMIT)


def test_no_hello_ends_a_session() -> None:
    for state in (Port.OPEN, Port.REPLACING):
        assert step(PORT, state, PortEvent.HELLO) is Port.REPLACING
    assert step(PORT, Port.REPLACING, PortEvent.LATE) is Port.OPEN


def test_a_session_opens_by_a_confirm_alone_at_the_pump_and_by_a_sealed_frame_alone_at_the_host() -> None:
    assert Port.OPEN not in reached(PORT, Port.CLOSED, frozenset({PortEvent.CONFIRM}))
    assert Call.OPEN not in reached(CALL, Call.GREETING, frozenset({CallEvent.SEALED}))


def test_nothing_is_committed_that_was_not_read_back_and_confirmed() -> None:
    for missing in (StageEvent.ECHO, StageEvent.APPROVE):
        assert Stage.COMMITTING not in reached(STAGE, Stage.INTENDED, frozenset({missing}))


def test_silence_a_restart_and_a_refusal_for_its_past_never_decide_a_change() -> None:
    for state, row in STAGE.items():
        for event in (StageEvent.SILENCE, StageEvent.RESTART, StageEvent.SPENT):
            if event in row:
                assert row[event] is Stage.RESOLVING, state


def test_once_the_verdict_is_asked_for_nothing_but_asking_follows() -> None:
    assert reached(STAGE, Stage.RESOLVING) == {Stage.RESOLVING, Stage.APPLIED, Stage.NOT_APPLIED}


def test_a_change_is_applied_only_where_the_pump_says_so() -> None:
    sources = {event for row in STAGE.values() for event, state in row.items() if state is Stage.APPLIED}
    assert sources == {StageEvent.APPLIED}


def test_wherever_a_restart_may_come_the_verdict_can_be_had() -> None:
    for state in set(Stage) - ENDS:
        assert StageEvent.RESTART in STAGE[state]
        assert {Stage.APPLIED, Stage.NOT_APPLIED} <= reached(STAGE, step(STAGE, state, StageEvent.RESTART))
