"""What hands change of a pump: both ledgers hold, the firmware knows what it is told, and nothing else is another."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.alarms import Alarm
from protocol.units import US_PER_H
from protocol.vocabulary import EventKind
from pumpmock.model.hydraulics import is_balanced
from pumpmock.model.pump import Pump
from pumpmock.model.troubles import Trouble
from tests.settings import usual_settings

RATE_NL_H = 20_833


def pump(**figures: int) -> Pump:
    return Pump(usual_settings(**figures), fill_nl=18_000_000, rate_nl_h=RATE_NL_H, concentration_ug_ml=500)


def test_what_is_taken_out_is_lost_and_only_the_sensor_knows() -> None:
    one = pump()
    one.find_held(3_000_000)

    assert (one.truth().held_nl, one.truth().lost_nl) == (3_000_000, 15_000_000)
    assert (one.sample().reservoir_nl, one.sample().sensed_nl) == (18_000_000, 3_000_000)
    assert one.sample().alarms == 0


def test_what_is_put_in_unseen_is_less_lost() -> None:
    one = pump()
    one.find_held(19_000_000)

    assert (one.truth().held_nl, one.truth().lost_nl) == (19_000_000, -1_000_000)


def test_an_emptied_reservoir_gives_nothing_more_and_nobody_is_alarmed() -> None:
    one = pump()
    one.find_held(0)
    one.advance(10 * US_PER_H)

    assert one.truth().tip_nl == 0
    assert one.sample().alarms == 0


def test_what_the_firmware_is_told_raises_its_alarm_at_once_and_is_in_its_log() -> None:
    one = pump()
    one.expect(1_500_000)

    assert one.sample().reservoir_nl == 1_500_000
    assert one.truth().held_nl == 18_000_000
    assert Alarm.LOW_RESERVOIR in {alarm for alarm in Alarm if one.sample().alarms >> alarm & 1}
    assert [(record.kind, record.a, record.b) for record in one.events.since(0)][-2] == (
        EventKind.REFILLED,
        1_500_000,
        1_500_000,
    )
    assert one.sample().delivered_nl == 0  # since that fill


def test_another_drug_reaches_the_tip_once_the_catheter_is_through() -> None:
    one = pump()
    one.find_drug(2_000)
    before = one.truth().tip_dose_pg_h
    one.advance(100 * US_PER_H)

    assert one.sample().concentration_ug_ml == 500
    assert one.truth().tip_dose_pg_h == 4 * before


def test_a_catheter_without_drug_gives_none() -> None:
    one = pump()
    one.find_primed(0)
    one.advance(US_PER_H)

    assert one.truth().tip_nl > 0
    assert one.truth().tip_pg == 0


@pytest.mark.parametrize(
    ("what", "figure", "said"),
    [
        ("find_held", -1, "reservoir is -1: it must be 0 to 20000000"),
        ("find_held", 20_000_001, "reservoir is 20000001"),
        ("expect", 20_000_001, "expected is 20000001"),
        ("find_drug", 70_000, "concentration is 70000: it must be 0 to 65535"),
        ("find_primed", -3, "catheter is -3"),
    ],
)
def test_a_figure_that_cannot_be_is_refused_and_changes_nothing(what: str, figure: int, said: str) -> None:
    one = pump()
    before = one.to_dict()

    with pytest.raises(ValueError, match=said):
        getattr(one, what)(figure)
    assert one.to_dict() == before


_VOLUMES = st.integers(0, 20_000_000)
_DRUGS = st.integers(0, 65_535)
_DEEDS = st.one_of(
    st.tuples(st.just("find_held"), _VOLUMES),
    st.tuples(st.just("expect"), _VOLUMES),
    st.tuples(st.just("find_drug"), _DRUGS),
    st.tuples(st.just("find_primed"), _DRUGS),
    st.tuples(st.just("weaken_battery"), st.integers(0, 100)),
    st.tuples(st.just("advance"), st.integers(0, 400 * US_PER_H)),
)


@given(st.lists(_DEEDS, max_size=12), st.booleans())
def test_whatever_hands_do_both_ledgers_hold_and_the_pump_can_be_stored(
    deeds: list[tuple[str, int]],
    leaks: bool,  # noqa: FBT001 - drawn
) -> None:
    one = pump(rate_error_ppm=30_000)
    if leaks:
        one.strike(Trouble.LEAK, 37)
    for what, figure in deeds:
        getattr(one, what)(figure)

    assert is_balanced(one._mechanism.hydraulics)
    assert Pump.from_dict(json.loads(json.dumps(one.to_dict()))).to_dict() == one.to_dict()
