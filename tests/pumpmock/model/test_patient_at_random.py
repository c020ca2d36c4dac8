"""A patient who presses whenever: nothing appears, nothing vanishes, no cut of time shows, and no restart."""

from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import event, given
from hypothesis import strategies as st

from protocol.messages import Change
from protocol.units import US_PER_DAY, US_PER_H, US_PER_S
from protocol.vocabulary import ChangeKind, EventKind, Mode, State
from pumpmock.model.pump import Pump
from tests.pumpmock.model.test_therapy_at_random import CHANGES, CHARGES, SMALL, total_delivered
from tests.settings import usual_settings

Act = Change | None  # None presses the button
Leg = tuple[int, Act]

OFFER = {
    "patient_bolus_nl": 50_001,
    "patient_bolus_s": 1_301,
    "patient_lockout_s": 1_800,
    "patient_boluses_a_day": 6,
    "epoch_s": 1_767_225_600,
}
BOLUSES = st.builds(
    lambda v, s: Change(ChangeKind.BOLUS, volume_nl=v, duration_s=s), SMALL, st.integers(1, 20_000)
)
INTERRUPTED = st.one_of(
    BOLUSES,
    st.builds(
        lambda r, s: Change(ChangeKind.TEMPORARY_RATE, r, duration_s=s),
        st.integers(2_000, 1_000_000),
        st.integers(1, 4_000),
    ),
)
ACTS = st.one_of(st.none(), st.none(), BOLUSES, CHANGES)
SPANS = st.one_of(
    *(st.integers(0, most_us) for most_us in (10, 10 * 60 * US_PER_S, US_PER_H, 60 * US_PER_DAY))
)
BUSY = st.tuples(st.integers(0, 15 * 60 * US_PER_S), st.one_of(st.none(), INTERRUPTED))
FILLS = st.sampled_from([20_000_000, 20_000_000, 5_000_000, 1_500_000, 1_400_000])
LEGS = st.one_of(st.lists(st.tuples(SPANS, ACTS), max_size=12), st.lists(BUSY, min_size=2, max_size=12))


def new_pump(fill_nl: int, battery_percent: int = 100) -> Pump:
    return Pump(usual_settings(**OFFER), fill_nl=fill_nl, rate_nl_h=25_000, battery_percent=battery_percent)


def act(pump: Pump, what: Act) -> bool:
    if what is None:
        return pump.press() is None
    if pump.refuse(what) is not None:
        return False
    pump.apply(what)
    return True


@given(FILLS, CHARGES, LEGS, st.data())
def test_no_cut_of_time_shows(fill_nl: int, charge: int, legs: list[Leg], data: st.DataObject) -> None:
    whole, cut = new_pump(fill_nl, charge), new_pump(fill_nl, charge)
    for span_us, what in legs:
        start_us = cut.clock.now_us
        whole.advance(span_us)
        for part_us in sorted(data.draw(st.lists(st.integers(0, span_us), max_size=4))):
            cut.advance_to(start_us + part_us)
            cut.foresee()
            cut.to_dict()
        cut.advance_to(start_us + span_us)
        assert act(whole, what) is act(cut, what)
    assert json.dumps(cut.to_dict()) == json.dumps(whole.to_dict())


@given(FILLS, CHARGES, LEGS, st.integers(0, 12), st.integers(0, 10 * 60 * US_PER_S))
def test_a_pump_read_back_goes_on_as_if_nothing_had_been(
    fill_nl: int, charge: int, legs: list[Leg], place: int, rest_us: int
) -> None:
    pump = new_pump(fill_nl, charge)
    for span_us, what in legs[:place]:
        pump.advance(span_us)
        act(pump, what)
    pump.press()
    pump.advance(rest_us)
    event(f"read back under {pump.sample().mode.name}")
    data = json.loads(json.dumps(pump.to_dict()))
    again = Pump.from_dict(data)
    assert again.to_dict() == pump.to_dict() == data
    assert again.clock.next_due_us == pump.clock.next_due_us
    for span_us, what in legs[place:]:
        for either in (pump, again):
            either.advance(span_us)
            act(either, what)
    assert again.to_dict() == pump.to_dict()


@given(
    st.integers(1, 500_000),
    st.integers(1, 20_000),
    st.lists(st.integers(0, 4 * US_PER_H), min_size=1, max_size=8),
    st.integers(0, US_PER_H),
)
def test_an_interrupted_bolus_and_what_interrupted_it_are_delivered_to_the_nanolitre(
    volume_nl: int, duration_s: int, spans_us: list[int], first_us: int
) -> None:
    pump = new_pump(20_000_000)
    pump.advance(first_us)
    before_nl, granted = total_delivered(pump), 0
    if not act(pump, Change(ChangeKind.BOLUS, volume_nl=volume_nl, duration_s=duration_s)):
        return
    for span_us in spans_us:
        end_us = pump.clock.now_us + span_us
        while pump.sample().mode is not Mode.PROGRAM and (pump.clock.next_due_us or end_us) <= end_us:
            pump.advance_to(pump.clock.next_due_us or end_us)
        if pump.sample().mode is Mode.PROGRAM:
            break
        pump.advance_to(end_us)
        granted += pump.press() is None
    while pump.sample().mode is not Mode.PROGRAM:
        pump.advance_to(pump.clock.next_due_us or 0)
    event(f"interrupted {granted} times")
    assert total_delivered(pump) - before_nl == volume_nl + granted * OFFER["patient_bolus_nl"]


@given(INTERRUPTED, st.integers(0, 2_000 * US_PER_S))
def test_whatever_is_interrupted_each_flow_begins_when_it_was_planned_and_the_battery_lasts_as_long(
    change: Change, span_us: int
) -> None:
    pump = new_pump(20_000_000)
    pump.advance(7)
    if not act(pump, change):
        return
    pump.advance(span_us)
    event(f"pressed under {pump.sample().mode.name}")
    assert pump.press() is None
    empty_us = pump.to_dict()["battery"]["empty_us"]
    *_, program = (span for span in pump.planned() if span.rate_nl_h)
    expected = {span.since_us: span.rate_nl_h for span in pump.planned() if span.rate_nl_h}
    while pump.sample().mode is not Mode.PROGRAM:
        assert expected.pop(pump.clock.now_us) == pump.sample().measured_rate_nl_h
        pump.advance_to(pump.clock.next_due_us or 0)
        assert pump.to_dict()["battery"]["empty_us"] == empty_us
    assert (expected, pump.clock.now_us) == ({program.since_us: 25_000}, program.since_us)


@given(FILLS, LEGS)
def test_what_is_foreseen_is_what_happens(fill_nl: int, legs: list[Leg]) -> None:
    pump = new_pump(fill_nl)
    for span_us, what in legs:
        pump.advance(min(span_us, 10 * US_PER_DAY))
        act(pump, what)
    pump.press()
    foreseen, start_us = pump.foresee(), pump.clock.now_us
    if foreseen.to_empty_s is None or foreseen.to_empty_s > 400 * 86_400:
        return
    pump.advance(foreseen.to_empty_s * US_PER_S)
    if pump.sample().state is State.END_OF_SERVICE:
        return
    pump.advance(US_PER_S)
    assert pump.sample().state is State.EMPTY
    assert pump.clock.now_us == start_us + (foreseen.to_empty_s + 1) * US_PER_S


@given(FILLS, CHARGES, LEGS, st.integers(0, US_PER_H))
def test_looking_closer_moves_no_instant_that_was_planned(
    fill_nl: int, charge: int, legs: list[Leg], span_us: int
) -> None:
    """The clock set to what it shows changes nothing, but counts volumes and charge up to that instant."""
    pump = new_pump(fill_nl, charge)
    for leg_us, what in legs:
        pump.advance(leg_us)
        act(pump, what)
    pump.press()
    pump.advance(span_us)
    empty_us, due_us = pump.to_dict()["battery"]["empty_us"], pump.clock.next_due_us
    act(pump, Change(ChangeKind.CLOCK, clock_s=pump.sample().clock_s))
    assert (pump.to_dict()["battery"]["empty_us"], pump.clock.next_due_us) == (empty_us, due_us)


class Records:
    """What a pump had delivered in all at each of its events: nL by pump time."""

    def __init__(self, pump: Pump) -> None:
        self.pump, self.known = pump, {0: 0}

    def advance_to(self, end_us: int) -> None:
        while self.pump.clock.now_us < end_us:
            due_us = self.pump.clock.next_due_us
            self.pump.advance_to(end_us if due_us is None else min(due_us, end_us))
            self.known[self.pump.clock.now_us] = total_delivered(self.pump)

    def fullest_day_nl(self) -> int:
        """Return the most between any two records within 24 h."""
        times = self.known.items()
        return max(
            nl - earlier_nl for at, nl in times for was, earlier_nl in times if 0 <= at - was <= US_PER_DAY
        )


@given(st.lists(st.tuples(st.integers(0, 6 * US_PER_H), ACTS), max_size=12), st.integers(300_000, 1_500_000))
def test_after_a_press_that_was_granted_no_24_h_hold_more_than_the_limit(
    legs: list[Leg], most_day_nl: int
) -> None:
    pump = Pump(usual_settings(**OFFER, most_day_nl=most_day_nl), fill_nl=20_000_000, rate_nl_h=10_000)
    records = Records(pump)
    for span_us, what in legs:
        records.advance_to(pump.clock.now_us + span_us)
        if act(pump, what) and what is None:
            alone = Records(Pump.from_dict(pump.to_dict()))
            alone.known = {at: nl for at, nl in records.known.items() if at > pump.clock.now_us - US_PER_DAY}
            alone.advance_to(pump.clock.now_us + US_PER_DAY)
            assert alone.fullest_day_nl() <= most_day_nl + 1  # a nanolitre for the parts of one at both ends


@given(LEGS, LEGS)
def test_neither_the_lockout_nor_the_daily_maximum_is_ever_broken(one: list[Leg], other: list[Leg]) -> None:
    pump = new_pump(20_000_000)
    for span_us, what in (*one, *other):
        pump.advance(min(span_us, US_PER_H))
        act(pump, what)
        pump.press()
    granted_us = [e.pump_time_us for e in pump.events.since(0) if e.kind == EventKind.PATIENT_BOLUS]
    lockout_us, most = OFFER["patient_lockout_s"] * US_PER_S, OFFER["patient_boluses_a_day"]
    assert all(later - one >= lockout_us for one, later in pairwise(granted_us))
    assert all(later - one >= US_PER_DAY for one, later in zip(granted_us, granted_us[most:], strict=False))
