"""However time is cut up, and wherever the state was stored and read back, the same pump comes out to the byte."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.alarms import Alarm
from protocol.messages import Change
from protocol.units import US_PER_DAY, US_PER_H
from protocol.vocabulary import ChangeKind, EventKind, State
from pumpmock.model.pump import Pump
from tests.pumpmock.conftest import to_rate
from tests.settings import usual_settings

Act = Change | int
Step = tuple[int, Act]

RATES = st.one_of(st.just(0), st.integers(2_000, 1_000_000))
CHANGES = st.one_of(
    RATES.map(to_rate),
    st.sampled_from([Change(ChangeKind.STOP), Change(ChangeKind.RESUME)]),
)
ACTS = st.one_of(CHANGES, CHANGES, st.integers(0, 31))  # an integer acknowledges
SPANS = st.one_of(st.integers(0, 10), st.integers(0, 30 * US_PER_DAY), st.integers(0, 900 * US_PER_DAY))
STEPS = st.lists(st.tuples(SPANS, ACTS), max_size=12)
FILLS = st.integers(0, 20_000_000)
CHARGES = st.integers(0, 100)


def new_pump(fill_nl: int, battery_percent: int) -> Pump:
    return Pump(
        usual_settings(epoch_s=77), fill_nl=fill_nl, rate_nl_h=25_000, battery_percent=battery_percent
    )


def act(pump: Pump, what: Act) -> None:
    if isinstance(what, int):
        pump.acknowledge(what)
    elif pump.refuse(what) is None:
        pump.apply(what)


def conserved(pump: Pump, fill_nl: int) -> bool:
    sample = pump.sample()
    return fill_nl == sample.reservoir_nl + sample.delivered_nl


@given(FILLS, CHARGES, STEPS, st.data())
def test_any_cutting_of_time_gives_the_same_pump(
    fill_nl: int, charge: int, steps: list[Step], data: st.DataObject
) -> None:
    whole, cut = new_pump(fill_nl, charge), new_pump(fill_nl, charge)
    for span, what in steps:
        whole.advance(span)
        start = cut.clock.now_us
        for part in sorted(data.draw(st.lists(st.integers(0, span), max_size=4))):
            cut.advance_to(start + part)
            assert conserved(cut, fill_nl)
        cut.advance_to(start + span)
        act(whole, what)
        act(cut, what)
        assert cut.sample() == whole.sample()
    assert cut.to_dict() == whole.to_dict()


@given(FILLS, CHARGES, STEPS, st.lists(st.integers(0, 900 * US_PER_DAY), max_size=6))
def test_commands_that_change_nothing_move_no_volume_and_no_alarm(
    fill_nl: int, charge: int, steps: list[Step], touches: list[int]
) -> None:
    """Each such command settles the volumes anew: only an exact carry keeps that from showing."""
    plain, touched = new_pump(fill_nl, charge), new_pump(fill_nl, charge)
    for touch in touches:
        touched.clock.call_at(touch, lambda: act(touched, to_rate(touched.sample().programmed_rate_nl_h)))
    for span, what in steps:
        for pump in (plain, touched):
            pump.advance(span)
            act(pump, what)
    before, after = plain.sample(), touched.sample()
    assert before.delivered_nl == after.delivered_nl
    assert (before.alarms, before.battery_mv, before.service_days) == (
        after.alarms,
        after.battery_mv,
        after.service_days,
    )
    assert alarm_instants(plain) == alarm_instants(touched)


def alarm_instants(pump: Pump) -> list[tuple[int, int]]:
    return [
        (entry.detail, entry.pump_time_us)
        for entry in pump.events.since(0)
        if entry.kind is EventKind.ALARM_RAISED
    ]


@given(FILLS, st.lists(st.tuples(st.integers(0, 30 * US_PER_DAY), RATES), max_size=12))
def test_what_was_delivered_is_the_sum_of_rate_times_time_as_far_as_the_reservoir_gives(
    fill_nl: int, legs: list[tuple[int, int]]
) -> None:
    pump = new_pump(fill_nl, 100)
    flow, rate = 0, 25_000
    for span, new_rate in legs:
        pump.advance(span)
        flow += rate * span
        if pump.refuse(to_rate(new_rate)) is None:
            pump.apply(to_rate(new_rate))
            rate = new_rate
        assert pump.sample().delivered_nl == min(flow // US_PER_H, max(fill_nl - 1_400_000, 0))
        assert conserved(pump, fill_nl)


@pytest.mark.requirement("R6.8.0(9)", "R6.8.0(10)")
@given(FILLS, CHARGES, STEPS)
def test_low_and_empty_are_raised_at_the_very_volume(fill_nl: int, charge: int, steps: list[Step]) -> None:
    pump = new_pump(fill_nl, charge)
    seen: list[tuple[Alarm, int]] = []
    pump.on_event = lambda entry: (
        seen.append((Alarm(entry.detail), pump.sample().reservoir_nl))
        if entry.kind is EventKind.ALARM_RAISED
        else None
    )
    for span, what in steps:
        pump.advance(span)
        act(pump, what)
        sample = pump.sample()
        assert sample.reservoir_nl > 2_000_000 or sample.alarms >> Alarm.LOW_RESERVOIR & 1
        assert sample.reservoir_nl > 1_400_000 or sample.alarms >> Alarm.EMPTY_RESERVOIR & 1
        assert sample.state is State.RUNNING or sample.measured_rate_nl_h == 0
    volumes = dict(seen)
    assert volumes.get(Alarm.LOW_RESERVOIR, 2_000_000) == 2_000_000
    assert volumes.get(Alarm.EMPTY_RESERVOIR, 1_400_000) == 1_400_000


@pytest.mark.requirement("R7.3.0(5)")
@given(FILLS, CHARGES, STEPS)
def test_service_ends_at_the_latest_ninety_days_after_eri(
    fill_nl: int, charge: int, steps: list[Step]
) -> None:
    pump = new_pump(fill_nl, charge)
    for span, what in steps:
        pump.advance(span)
        act(pump, what)
    instants = dict(alarm_instants(pump))
    if Alarm.EOS in instants:
        assert 0 <= instants[Alarm.EOS] - instants[Alarm.ERI] <= 90 * US_PER_DAY
        assert instants[Alarm.EOS] <= 7 * 8_766 * US_PER_H
    elif Alarm.ERI in instants:
        assert pump.clock.now_us < instants[Alarm.ERI] + 90 * US_PER_DAY
    else:
        assert pump.sample().service_days >= 90


@pytest.mark.requirement("R6.6.0(4)")
@given(FILLS, CHARGES, STEPS, st.integers(0, 12), st.integers(0, 900 * US_PER_DAY))
def test_a_pump_read_back_at_any_instant_goes_on_as_if_nothing_had_been(
    fill_nl: int, charge: int, steps: list[Step], place: int, rest: int
) -> None:
    pump = new_pump(fill_nl, charge)
    for span, what in steps[:place]:
        pump.advance(span)
        act(pump, what)
    pump.advance(rest)
    data = json.loads(json.dumps(pump.to_dict()))
    again = Pump.from_dict(data)
    assert again.to_dict() == pump.to_dict() == data
    assert again.clock.next_due_us == pump.clock.next_due_us
    for span, what in steps[place:]:
        for either in (pump, again):
            either.advance(span)
            act(either, what)
        assert again.sample() == pump.sample()
    assert again.to_dict() == pump.to_dict()


@given(FILLS, CHARGES, STEPS)
def test_reading_leaves_no_trace(fill_nl: int, charge: int, steps: list[Step]) -> None:
    pump = new_pump(fill_nl, charge)
    for span, what in steps:
        pump.advance(span)
        act(pump, what)
        before = pump.to_dict()
        assert pump.sample() == pump.sample()
        pump.foresee(to_rate(25_000))
        assert pump.to_dict() == before


@given(FILLS, CHARGES, STEPS)
def test_the_log_is_in_order_of_time_and_number(fill_nl: int, charge: int, steps: list[Step]) -> None:
    pump = new_pump(fill_nl, charge)
    for span, what in steps:
        pump.advance(span)
        act(pump, what)
    for older, newer in pairwise(pump.events.since(0)):
        assert newer.number == older.number + 1
        assert newer.pump_time_us >= older.pump_time_us
