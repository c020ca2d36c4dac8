"""Alarm conditions in any order: over restarts, in both logs, and against the table of effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.alarms import Alarm
from protocol.messages import EVERY_DAY, Change
from protocol.units import US_PER_H, US_PER_S
from protocol.vocabulary import ChangeKind, EventKind, Mode, State
from pumpmock.model.drug import DrugRules
from pumpmock.model.log import LENGTH
from pumpmock.model.pump import Pump
from tests.pumpmock.conftest import to_rate
from tests.pumpmock.model.test_alarm_conditions import (
    BOLUS,
    EPOCH_S,
    RESUME,
    STOP,
    faults,
    flex,
    has,
    pump_at,
)
from tests.settings import usual_settings

if TYPE_CHECKING:
    from collections.abc import Callable

MORPHINE = DrugRules("library", "0" * 64, "morphine")  # which that library does not have
ACTS: dict[str, Callable[[Pump], object]] = {
    "memory error": Pump.memory_error,
    "reset": Pump.reset_critically,
    "clock lost": Pump.lose_clock,
    "drug unknown": lambda pump: pump.hold(MORPHINE),
    "drug known": lambda pump: pump.hold(None),
    "asked": Pump.hear,
    "seen": lambda pump: pump.acknowledge(0xFFFF_FFFF),
    **{
        change.kind.name.lower(): lambda pump, change=change: pump.refuse(change) or pump.apply(change)  # type: ignore[misc]
        for change in (
            *(STOP, RESUME, BOLUS, to_rate(30_000), flex(EVERY_DAY), flex(1)),
            *(Change(ChangeKind.MINIMUM_RATE), Change(ChangeKind.CLOCK, clock_s=EPOCH_S)),
        )
    },
}
LIVES = st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 40 * US_PER_H)), max_size=25)


@given(LIVES)
def test_a_pump_that_is_restarted_between_any_two_acts_lives_on_as_if_it_had_not_been(
    life: list[tuple[str, int]],
) -> None:
    steady, restarted = (pump_at(watchdog_s=30 * 3_600) for _ in range(2))
    for act, wait_us in life:
        for pump in (steady, restarted):
            ACTS[act](pump)
        restarted = Pump.from_dict(restarted.to_dict())
        steady.advance(wait_us)
        restarted.advance(wait_us // 3)
        restarted.advance(wait_us - wait_us // 3)
    assert restarted.sample() == steady.sample()
    assert restarted.events.since(0) == steady.events.since(0)
    assert restarted.faults.since(0) == steady.faults.since(0)


@pytest.mark.requirement("R5.1.0(4)", "R6.4.1(2)")
@given(LIVES)
def test_the_flow_is_what_the_table_of_effects_says(life: list[tuple[str, int]]) -> None:
    pump = pump_at(watchdog_s=30 * 3_600)
    for act, wait_us in life:
        ACTS[act](pump)
        pump.advance(wait_us)
        sample = pump.sample()
        if has(pump, Alarm.DRUG_UNKNOWN):
            assert sample.state is State.STOPPED
        if has(pump, Alarm.STOPPED):
            assert sample.state is State.STOPPED
        if sample.state is State.STOPPED:
            assert sample.commanded_rate_nl_h == sample.measured_rate_nl_h == 0
        elif has(pump, Alarm.RESET):
            assert (sample.mode, sample.measured_rate_nl_h) == (Mode.MINIMUM_RATE, 250)


# --- the fault log --------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R6.6.0(1-3) faults")
def test_faults_are_in_a_log_of_their_own_and_no_everyday_alarm_is() -> None:
    pump = Pump(
        usual_settings(stopped_alarm_s=0, watchdog_s=60),
        fill_nl=2_000_000,
        rate_nl_h=25_000,
        battery_percent=1,
    )
    pump.apply(STOP)
    pump.advance(120 * US_PER_S)
    assert faults(pump) == []
    pump.reset_critically()
    pump.lose_clock()
    pump.hold(MORPHINE)
    pump.hold(None)
    at = 120 * US_PER_S
    assert faults(pump) == [
        (EventKind.ALARM_RAISED, Alarm.RESET, at),
        (EventKind.ALARM_RAISED, Alarm.CLOCK_LOST, at),
        (EventKind.ALARM_RAISED, Alarm.DRUG_UNKNOWN, at),
        (EventKind.ALARM_CLEARED, Alarm.DRUG_UNKNOWN, at),
    ]


@pytest.mark.requirement("R6.6.0(6-8) length")
def test_a_thousand_faults_are_kept_and_no_event_pushes_one_out() -> None:
    pump = pump_at()
    for second in range(LENGTH + 3):
        pump.advance_to(second * US_PER_S)
        pump.memory_error()
    for _ in range(LENGTH):
        pump.record(EventKind.START)
    kept = pump.faults.since(0)
    assert [entry.number for entry in kept] == list(range(4, LENGTH + 4))
    assert kept[0].pump_time_us == 3 * US_PER_S
    assert {entry.kind for entry in pump.events.since(0)} == {EventKind.START}
