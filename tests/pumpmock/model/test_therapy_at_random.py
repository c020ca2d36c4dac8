"""Any therapy: any changes, any clock, any refills. Nothing appears, nothing vanishes, and no cut of time shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from protocol.messages import EVERY_DAY, Change, Step
from protocol.units import US_PER_DAY, US_PER_H, US_PER_S
from protocol.vocabulary import ChangeKind, EventKind, Mode, State
from pumpmock.model.pump import Pump
from tests.settings import usual_settings

Leg = tuple[int, Change]

TURNABLE = st.one_of(st.just(0), st.integers(2_000, 1_000_000))
FLOWING = st.integers(2_000, 1_000_000)
SMALL = st.integers(1, 500_000)
VOLUMES = st.integers(0, 20_000_000)


@st.composite
def flexes(draw: st.DrawFn) -> Change:
    minutes = [0, *sorted(draw(st.sets(st.integers(1, 1_439), max_size=4)))]
    steps = tuple(Step(minute, draw(TURNABLE)) for minute in minutes)
    return Change(ChangeKind.FLEX, weekdays=draw(st.integers(1, EVERY_DAY)), steps=steps)


CHANGES = st.one_of(
    flexes(),
    flexes(),
    st.sampled_from([Change(kind) for kind in (ChangeKind.STOP, ChangeKind.RESUME, ChangeKind.MINIMUM_RATE)]),
    TURNABLE.map(lambda rate: Change(ChangeKind.RATE, rate)),
    st.builds(
        lambda r, s: Change(ChangeKind.TEMPORARY_RATE, r, duration_s=s), TURNABLE, st.integers(1, 10**6)
    ),
    st.builds(lambda v, s: Change(ChangeKind.BOLUS, volume_nl=v, duration_s=s), SMALL, st.integers(1, 10**6)),
    SMALL.map(lambda volume: Change(ChangeKind.PRIME, volume_nl=volume)),
    st.builds(lambda v, r: Change(ChangeKind.BRIDGE, r, volume_nl=v), SMALL, FLOWING),
    st.builds(lambda w, v: Change(ChangeKind.REFILL, withdrawn_nl=w, volume_nl=v), VOLUMES, VOLUMES),
    st.integers(0, 0xFFFF_FFFF).map(lambda clock_s: Change(ChangeKind.CLOCK, clock_s=clock_s)),
)
SPANS = st.one_of(st.integers(0, 10), st.integers(0, US_PER_H), st.integers(0, 60 * US_PER_DAY))
LEGS = st.lists(st.tuples(SPANS, CHANGES), max_size=10)
CHARGES = st.sampled_from([100, 100, 5, 1])


def new_pump(fill_nl: int, battery_percent: int) -> Pump:
    settings = usual_settings(epoch_s=1_767_225_600)
    return Pump(settings, fill_nl=fill_nl, rate_nl_h=25_000, battery_percent=battery_percent)


def act(pump: Pump, change: Change) -> bool:
    if pump.refuse(change) is not None:
        return False
    pump.apply(change)
    return True


def total_delivered(pump: Pump) -> int:
    return int(pump.to_dict()["past"]["delivered_nl"]) + pump.sample().delivered_nl


class Watch:
    """A pump with somebody who looks at it at each of its events, and adds up what it was told and what it did."""

    def __init__(self, pump: Pump, fill_nl: int) -> None:
        self.pump, self.filled_nl = pump, fill_nl
        self.told = self.turned = 0  # nL/h times us

    def advance(self, span_us: int) -> None:
        pump, end_us = self.pump, self.pump.clock.now_us + span_us
        while True:
            before, due_us = pump.sample(), pump.clock.next_due_us
            next_us = end_us if due_us is None else min(due_us, end_us)
            span_us = next_us - before.pump_time_us
            self.look()
            pump.advance_to(next_us)
            self.told += before.commanded_rate_nl_h * span_us
            self.turned += before.measured_rate_nl_h * span_us
            self.look()
            if next_us == end_us:
                return

    def act(self, change: Change) -> None:
        before = self.pump.sample()
        if act(self.pump, change) and change.kind is ChangeKind.REFILL:
            self.filled_nl += change.volume_nl
        assert self.pump.sample().pump_time_us == before.pump_time_us

    def look(self) -> None:
        """Hold one instant against everything that must be true of any."""
        pump, sample = self.pump, self.pump.sample()
        past = pump.to_dict()["past"]
        assert past["filled_nl"] == past["delivered_nl"] + past["withdrawn_nl"] + past["lost_nl"]
        assert self.filled_nl - past["filled_nl"] == sample.reservoir_nl + sample.delivered_nl
        delivered_nl = total_delivered(pump)
        assert delivered_nl == self.turned // US_PER_H
        assert delivered_nl <= self.told // US_PER_H
        assert sample.measured_rate_nl_h in {0, sample.commanded_rate_nl_h}
        assert sample.programmed_rate_nl_h == naive_rate(pump)
        if sample.mode is Mode.PROGRAM and sample.state is State.RUNNING:
            assert sample.measured_rate_nl_h == sample.programmed_rate_nl_h
        assert pump.mode_rate_nl_h == (0 if sample.mode is Mode.PROGRAM else sample.commanded_rate_nl_h)


def naive_rate(pump: Pump) -> int:
    now = datetime.fromtimestamp(pump.sample().clock_s, UTC)
    minute = now.hour * 60 + now.minute
    return [step.rate_nl_h for step in pump.program_of(now.weekday()) if step.minute <= minute][-1]


@given(VOLUMES, CHARGES, LEGS, st.integers(0, 10 * US_PER_DAY))
def test_at_every_event_the_ledger_adds_up_and_no_more_was_delivered_than_was_told(
    fill_nl: int, charge: int, legs: list[Leg], rest_us: int
) -> None:
    watch = Watch(new_pump(fill_nl, charge), fill_nl)
    for span_us, change in legs:
        watch.advance(min(span_us, 20 * US_PER_DAY))
        watch.act(change)
    watch.advance(rest_us)


@given(VOLUMES, CHARGES, LEGS, st.data())
def test_no_cut_of_time_shows(fill_nl: int, charge: int, legs: list[Leg], data: st.DataObject) -> None:
    whole, cut = new_pump(fill_nl, charge), new_pump(fill_nl, charge)
    for span_us, change in legs:
        start_us = cut.clock.now_us
        whole.advance(span_us)
        for part_us in sorted(data.draw(st.lists(st.integers(0, span_us), max_size=4))):
            cut.advance_to(start_us + part_us)
            cut.foresee(change)
            cut.to_dict()
        cut.advance_to(start_us + span_us)
        assert act(whole, change) is act(cut, change)
    assert json.dumps(cut.to_dict()) == json.dumps(whole.to_dict())


@given(VOLUMES, LEGS, CHANGES)
def test_a_minute_is_sixty_seconds(fill_nl: int, legs: list[Leg], change: Change) -> None:
    minute, seconds = new_pump(fill_nl, 100), new_pump(fill_nl, 100)
    for pump in (minute, seconds):
        for span_us, earlier in legs:
            pump.advance(span_us)
            act(pump, earlier)
        act(pump, change)
    minute.advance(60 * US_PER_S)
    for _ in range(60):
        seconds.advance(US_PER_S)
    assert json.dumps(seconds.to_dict()) == json.dumps(minute.to_dict())


@given(VOLUMES, CHARGES, LEGS, st.integers(0, 10), st.integers(0, 30 * US_PER_DAY))
def test_a_pump_read_back_goes_on_as_if_nothing_had_been(
    fill_nl: int, charge: int, legs: list[Leg], place: int, rest_us: int
) -> None:
    pump = new_pump(fill_nl, charge)
    for span_us, change in legs[:place]:
        pump.advance(span_us)
        act(pump, change)
    pump.advance(rest_us)
    data = json.loads(json.dumps(pump.to_dict()))
    again = Pump.from_dict(data)
    assert again.to_dict() == pump.to_dict() == data
    assert again.clock.next_due_us == pump.clock.next_due_us
    for span_us, change in legs[place:]:
        for either in (pump, again):
            either.advance(span_us)
            act(either, change)
    assert again.sample() == pump.sample()
    assert again.to_dict() == pump.to_dict()


@given(VOLUMES, LEGS, SMALL, st.integers(1, 10**6))
def test_a_bolus_that_ends_by_itself_delivered_its_volume_to_the_nanolitre_within_its_time(
    fill_nl: int, legs: list[Leg], volume_nl: int, duration_s: int
) -> None:
    pump = new_pump(fill_nl, 100)
    for span_us, change in legs:
        pump.advance(span_us)
        act(pump, change)
    before_nl, start_us = total_delivered(pump), pump.clock.now_us
    if not act(pump, Change(ChangeKind.BOLUS, volume_nl=volume_nl, duration_s=duration_s)):
        return
    while pump.sample().mode is Mode.BOLUS:
        due_us = pump.clock.next_due_us
        assert due_us is not None
        pump.advance_to(due_us)
    assert total_delivered(pump) - before_nl == volume_nl
    assert pump.clock.now_us - start_us <= duration_s * US_PER_S


@given(VOLUMES, LEGS, CHANGES)
def test_what_was_foreseen_of_a_change_is_what_happens(fill_nl: int, legs: list[Leg], change: Change) -> None:
    pump = new_pump(fill_nl, 100)
    for span_us, earlier in legs:
        pump.advance(min(span_us, 10 * US_PER_DAY))
        act(pump, earlier)
    if pump.refuse(change) is not None:
        return
    foreseen, start_us = pump.foresee(change), pump.clock.now_us
    pump.apply(change)
    assert pump.sample().commanded_rate_nl_h == foreseen.rate_nl_h
    assert pump.foresee() == foreseen
    if foreseen.to_empty_s is None or foreseen.to_empty_s > 400 * 86_400:
        return
    pump.advance(foreseen.to_empty_s * US_PER_S)
    if pump.sample().state is State.END_OF_SERVICE:
        return
    pump.advance(US_PER_S)
    assert pump.sample().state is State.EMPTY
    assert pump.clock.now_us == start_us + (foreseen.to_empty_s + 1) * US_PER_S


@given(VOLUMES, CHARGES, LEGS)
def test_the_steps_of_a_program_are_not_logged(fill_nl: int, charge: int, legs: list[Leg]) -> None:
    pump, applied = new_pump(fill_nl, charge), 0
    for span_us, change in legs:
        pump.advance(span_us)
        applied += act(pump, change)
    by_themselves = {EventKind.ALARM_RAISED, EventKind.ALARM_CLEARED, EventKind.MODE_ENDED}
    assert applied == sum(entry.kind not in by_themselves for entry in pump.events.since(0))


@given(VOLUMES, CHARGES, LEGS, SMALL, st.integers(1, 10**6), st.integers(0, US_PER_H))
def test_looking_closer_moves_no_instant_that_was_planned(
    fill_nl: int, charge: int, legs: list[Leg], volume_nl: int, duration_s: int, span_us: int
) -> None:
    """The clock set to what it shows changes nothing, but counts volumes and charge up to that instant.

    Past its end in 2106 the clock can't be set to what it shows: that is refused, and changes nothing either.
    """
    pump = new_pump(fill_nl, charge)
    for leg_us, change in legs:
        pump.advance(leg_us)
        act(pump, change)
    act(pump, Change(ChangeKind.BOLUS, volume_nl=volume_nl, duration_s=duration_s))
    pump.advance(span_us)
    empty_us, due_us = pump.to_dict()["battery"]["empty_us"], pump.clock.next_due_us
    act(pump, Change(ChangeKind.CLOCK, clock_s=pump.sample().clock_s))
    assert (pump.to_dict()["battery"]["empty_us"], pump.clock.next_due_us) == (empty_us, due_us)
