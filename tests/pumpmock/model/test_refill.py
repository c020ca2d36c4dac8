"""A refill: what it closes, what it begins, and the ledger across any number of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.alarms import Alarm
from protocol.messages import Change
from protocol.units import US_PER_H
from protocol.vocabulary import ChangeKind, EventKind, Mode, State
from pumpmock.model.pump import Pump
from pumpmock.model.reservoir import LedgerError, Past, Reservoir, filled, refilled
from tests.settings import usual_settings

VOLUMES = st.integers(0, 20_000_000)


def refill(withdrawn_nl: int, volume_nl: int, concentration_ug_ml: int = 0) -> Change:
    return Change(
        ChangeKind.REFILL,
        withdrawn_nl=withdrawn_nl,
        volume_nl=volume_nl,
        concentration_ug_ml=concentration_ug_ml,
    )


def pump_with(fill_nl: int = 18_000_000) -> Pump:
    return Pump(usual_settings(), fill_nl=fill_nl, rate_nl_h=25_000, concentration_ug_ml=500)


def test_a_refill_begins_a_new_fill_with_what_was_filled_and_nothing_else() -> None:
    pump = pump_with()
    pump.advance(600 * US_PER_H)  # 15 mL delivered, 3 mL expected
    pump.apply(refill(2_900_000, 19_000_000, 2_000))
    sample = pump.sample()
    assert (sample.reservoir_nl, sample.delivered_nl, sample.concentration_ug_ml) == (19_000_000, 0, 2_000)
    stored = pump.to_dict()
    assert stored["past"] == {
        "filled_nl": 18_000_000,
        "delivered_nl": 15_000_000,
        "withdrawn_nl": 2_900_000,
        "lost_nl": 100_000,
    }
    entry = pump.events.since(0)[-1]
    assert (entry.kind, entry.detail, entry.a, entry.b) == (EventKind.REFILLED, 0, 2_900_000, 19_000_000)
    pump.advance(US_PER_H)
    assert (pump.sample().reservoir_nl, pump.sample().delivered_nl) == (18_975_000, 25_000)


def test_more_found_than_expected_is_a_loss_below_zero() -> None:
    pump = pump_with()
    pump.advance(600 * US_PER_H)
    pump.apply(refill(3_200_000, 18_000_000))
    assert pump.to_dict()["past"]["lost_nl"] == -200_000


def test_a_refill_ends_low_and_empty_and_the_motor_turns_again() -> None:
    pump = pump_with()
    pump.advance(700 * US_PER_H)
    assert pump.sample().state is State.EMPTY
    logged = pump.events.newest
    pump.apply(refill(1_400_000, 18_000_000))
    assert (pump.sample().state, pump.sample().alarms, pump.sample().measured_rate_nl_h) == (
        State.RUNNING,
        0,
        25_000,
    )
    assert [(entry.kind, entry.detail) for entry in pump.events.since(logged + 1)] == [
        (EventKind.REFILLED, 0),
        (EventKind.ALARM_CLEARED, Alarm.LOW_RESERVOIR),
        (EventKind.ALARM_CLEARED, Alarm.EMPTY_RESERVOIR),
    ]
    pump.advance(640 * US_PER_H - 1)
    assert pump.sample().alarms == 0
    pump.advance(1)
    assert pump.sample().alarms == 1 << Alarm.LOW_RESERVOIR


def test_a_pump_that_is_emptied_and_not_filled_is_low_and_empty_at_once() -> None:
    pump = pump_with()
    pump.apply(refill(18_000_000, 0))
    assert pump.sample().state is State.EMPTY
    assert pump.sample().alarms == 1 << Alarm.LOW_RESERVOIR | 1 << Alarm.EMPTY_RESERVOIR


def test_a_refill_leaves_stop_and_mode_alone() -> None:
    pump = pump_with()
    pump.apply(Change(ChangeKind.TEMPORARY_RATE, 40_000, duration_s=7_200))
    pump.apply(refill(18_000_000, 18_000_000))
    assert (pump.sample().mode, pump.sample().mode_left_s) == (Mode.TEMPORARY_RATE, 7_200)
    pump.apply(Change(ChangeKind.STOP))
    pump.apply(refill(18_000_000, 18_000_000))
    assert pump.sample().state is State.STOPPED


def test_no_part_of_a_nanolitre_is_lost_at_a_refill() -> None:
    pump = pump_with()
    for _ in range(10):
        pump.advance(1)  # 25,000 nL/h for 1 us: far less than a nanolitre
        pump.apply(refill(0, 18_000_000))
    assert pump.to_dict()["drive"]["carry"] == 10 * 25_000


@given(VOLUMES, st.lists(st.tuples(st.integers(0, 1_000 * US_PER_H), VOLUMES, VOLUMES), max_size=8))
def test_every_nanolitre_ever_filled_is_remaining_delivered_withdrawn_or_lost(
    fill_nl: int, refills: list[tuple[int, int, int]]
) -> None:
    pump = pump_with(fill_nl)
    filled_nl, withdrawn_nl, delivered_nl = fill_nl, 0, 0
    for span_us, out_nl, in_nl in refills:
        pump.advance(span_us)
        delivered_nl += pump.sample().delivered_nl
        pump.apply(refill(out_nl, in_nl))
        filled_nl, withdrawn_nl = filled_nl + in_nl, withdrawn_nl + out_nl
    pump.advance(US_PER_H)
    sample, past = pump.sample(), pump.to_dict()["past"]
    assert (past["withdrawn_nl"], past["delivered_nl"]) == (withdrawn_nl, delivered_nl)
    gone_nl = delivered_nl + sample.delivered_nl + withdrawn_nl + past["lost_nl"]
    assert filled_nl == sample.reservoir_nl + gone_nl


def test_a_past_that_does_not_add_up_is_never_passed_over() -> None:
    whole = filled(10)
    assert refilled(whole, Past(5, 3, 1, 1), 9, 20) == (filled(20), Past(15, 3, 10, 2))
    for broken in (Past(5, 3, 1, 2), Past(5, 3, 2, 1), Past(6, 3, 1, 1)):
        with pytest.raises(LedgerError, match="lost"):
            refilled(whole, broken, 9, 20)
    with pytest.raises(LedgerError, match="lost"):
        refilled(replace(whole, delivered_nl=1), Past(), 9, 20)
    assert Reservoir(20, 20, 0) == filled(20)
