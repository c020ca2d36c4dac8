"""Any therapy and any trouble: the truth adds up, no cut of time shows in it, and it survives being stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.messages import Change
from protocol.units import US_PER_DAY, US_PER_H, US_PER_S
from protocol.vocabulary import ChangeKind
from pumpmock.model.catheter import volume_of
from pumpmock.model.pump import Pump
from pumpmock.model.troubles import TROUBLES, Trouble
from tests.pumpmock.model.test_therapy_at_random import CHANGES, SPANS, VOLUMES
from tests.settings import usual_settings

if TYPE_CHECKING:
    from pumpmock.model.settings import Settings

Act = Change | Trouble | None
Leg = tuple[int, Act]

REFILLS = st.builds(
    lambda volume, concentration: Change(
        ChangeKind.REFILL, withdrawn_nl=1_000_000, volume_nl=volume, concentration_ug_ml=concentration
    ),
    VOLUMES,
    st.sampled_from([0, 500, 2_000]),
)
ACTS: st.SearchStrategy[Act] = st.one_of(
    CHANGES, REFILLS, st.sampled_from(Trouble), st.sampled_from(Trouble), st.none()
)
LEGS = st.lists(st.tuples(SPANS, ACTS), max_size=12)
MAKES = st.builds(
    usual_settings,
    stroke_nl=st.sampled_from([1, 997, 2_500]),
    rate_error_ppm=st.sampled_from([-145_000, -1, 0, 333, 145_000]),
    catheter_nl=st.sampled_from([0, 1_000, 395_000]),
    stall_detect_s=st.sampled_from([0, 60, 7_200]),
    epoch_s=st.just(1_767_225_600),
)


def new_pump(make: Settings, fill_nl: int) -> Pump:
    return Pump(make, fill_nl=fill_nl, rate_nl_h=25_000, concentration_ug_ml=500)


def act(pump: Pump, what: Act) -> None:
    """Make a change, let a trouble come or go, or interrogate."""
    if what is None:
        pump.interrogated()
    elif isinstance(what, Change):
        if pump.refuse(what) is None:
            pump.apply(what)
    elif what in pump.troubles:
        pump.relieve(what)
    else:
        pump.strike(what, {Trouble.LEAK: 37, Trouble.VALVE: 9_999}.get(what, 0))


def is_sound(pump: Pump) -> bool:
    """Hold the truth of one instant against what must be true of any."""
    truth, true = pump.truth(), pump.to_dict()["hydraulics"]
    gone_nl = truth.tip_nl + truth.leaked_nl + truth.lost_nl + true["withdrawn_nl"]
    slowed = truth.measured_rate_nl_h >= truth.motor_rate_nl_h and (
        truth.motor_rate_nl_h * (1_000_000 + pump.settings.rate_error_ppm) >= truth.tip_rate_nl_h * 1_000_000
    )
    shut = any(TROUBLES[trouble].path_shut for trouble in truth.troubles)
    return (
        true["filled_nl"] == truth.held_nl + gone_nl
        and volume_of(truth.catheter) == pump.settings.catheter_nl
        and slowed
        and not (shut and truth.tip_rate_nl_h)
    )


@given(MAKES, VOLUMES, LEGS, st.data())
def test_no_cut_of_time_shows_in_anything(
    make: Settings, fill_nl: int, legs: list[Leg], data: st.DataObject
) -> None:
    whole, cut = new_pump(make, fill_nl), new_pump(make, fill_nl)
    for span_us, what in legs:
        whole.advance(span_us)
        start_us = cut.clock.now_us
        for part_us in sorted(data.draw(st.lists(st.integers(0, span_us), max_size=3))):
            cut.advance_to(start_us + part_us)
            assert is_sound(cut)
        cut.advance_to(start_us + span_us)
        assert cut.truth() == whole.truth()
        act(whole, what)
        act(cut, what)
    assert cut.to_dict() == whole.to_dict()


@settings(max_examples=25)
@given(MAKES, st.integers(1_400_000, 2_100_000), LEGS)
def test_a_minute_is_sixty_seconds(make: Settings, fill_nl: int, legs: list[Leg]) -> None:
    """Near the end of a reservoir, at its greatest rates, where in any minute something happens."""
    minute, seconds = new_pump(make, fill_nl), new_pump(make, fill_nl)
    for _, what in legs:
        act(minute, what)
        act(seconds, what)
        minute.advance(60 * US_PER_S)
        for _ in range(60):
            seconds.advance(US_PER_S)
        assert seconds.to_dict() == minute.to_dict()
        assert seconds.truth() == minute.truth()


@given(MAKES, VOLUMES, LEGS, st.lists(st.integers(0, 60 * US_PER_DAY), max_size=5))
def test_settling_at_any_instant_leaves_no_trace_in_the_truth(
    make: Settings, fill_nl: int, legs: list[Leg], touches: list[int]
) -> None:
    """Each settles all volumes anew: only exact carries keep that from showing."""
    plain, touched = new_pump(make, fill_nl), new_pump(make, fill_nl)
    for touch in touches:
        touched.clock.call_at(touch, lambda: settle(touched))
    for span_us, what in legs:
        for pump in (plain, touched):
            pump.advance(span_us)
            act(pump, what)
    rest_us = max([plain.clock.now_us, *touches])
    plain.advance_to(rest_us)
    touched.advance_to(rest_us)
    assert touched.truth() == plain.truth()
    settle(plain)
    settle(touched)
    assert touched.to_dict()["hydraulics"] == plain.to_dict()["hydraulics"]


def settle(pump: Pump) -> None:
    """Make the pump count all up to now: a leak comes and goes within no time."""
    if Trouble.LEAK not in pump.troubles:
        pump.strike(Trouble.LEAK, 50)
        pump.relieve(Trouble.LEAK)


@given(MAKES, VOLUMES, LEGS, st.integers(0, 12), st.integers(0, 60 * US_PER_DAY))
def test_a_pump_read_back_at_any_instant_goes_on_as_if_nothing_had_been(
    make: Settings, fill_nl: int, legs: list[Leg], place: int, rest_us: int
) -> None:
    pump = new_pump(make, fill_nl)
    for span_us, what in legs[:place]:
        pump.advance(span_us)
        act(pump, what)
    pump.advance(rest_us)
    data = json.loads(json.dumps(pump.to_dict()))
    again = Pump.from_dict(data)
    assert again.to_dict() == data
    assert again.truth() == pump.truth()
    for span_us, what in legs[place:]:
        for either in (pump, again):
            either.advance(span_us)
            act(either, what)
    assert again.to_dict() == pump.to_dict()


@given(MAKES, VOLUMES, LEGS)
def test_looking_at_the_truth_leaves_no_trace(make: Settings, fill_nl: int, legs: list[Leg]) -> None:
    pump = new_pump(make, fill_nl)
    for span_us, what in legs:
        pump.advance(span_us)
        act(pump, what)
        before = pump.to_dict()
        assert pump.truth() == pump.truth()
        assert pump.sample().sensed_nl == min(pump.truth().held_nl, pump.settings.capacity_nl)
        assert pump.to_dict() == before


@given(VOLUMES, st.lists(st.tuples(st.integers(0, US_PER_DAY), CHANGES), max_size=8))
def test_without_an_error_a_catheter_or_a_trouble_truth_and_belief_are_a_stroke_apart_at_most(
    fill_nl: int, legs: list[tuple[int, Change]]
) -> None:
    make = usual_settings(stroke_nl=1_000, rate_error_ppm=0, catheter_nl=0, epoch_s=1_767_225_600)
    pump = new_pump(make, fill_nl)
    for span_us, change in legs:
        pump.advance(span_us)
        act(pump, change)
    pump.advance(US_PER_H)
    refills = sum(change.kind is ChangeKind.REFILL for _, change in legs)
    delivered_nl = pump.to_dict()["past"]["delivered_nl"] + pump.sample().delivered_nl
    # A stroke begun before a refill is done after it, and may find that much less in an empty reservoir.
    assert 0 <= delivered_nl - pump.truth().tip_nl < 1_000 * (1 + refills)
