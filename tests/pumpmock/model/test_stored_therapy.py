"""A stored therapy that was damaged is refused by the name of what is wrong, and no pump comes of it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.messages import Change, Step
from protocol.units import US_PER_DAY, US_PER_H
from protocol.vocabulary import ChangeKind, Mode
from pumpmock.model.pump import Pump
from tests.settings import usual_settings

FLEX = Change(ChangeKind.FLEX, weekdays=0x1F, steps=(Step(0, 10_000), Step(480, 30_000)))
MODES = {
    Mode.MINIMUM_RATE: Change(ChangeKind.MINIMUM_RATE),
    Mode.TEMPORARY_RATE: Change(ChangeKind.TEMPORARY_RATE, 40_000, duration_s=7_200),
    Mode.BOLUS: Change(ChangeKind.BOLUS, volume_nl=100_000, duration_s=7_200),
    Mode.PRIME: Change(ChangeKind.PRIME, volume_nl=5_000_000),
    Mode.BRIDGE: Change(ChangeKind.BRIDGE, 3_000, volume_nl=9_000),
}

PATIENT = {
    "patient_bolus_nl": 30_000,
    "patient_bolus_s": 7_200,
    "patient_lockout_s": 14_400,
    "patient_boluses_a_day": 4,
}


def stored(mode: Mode = Mode.PROGRAM) -> dict[str, Any]:
    """Return the state of a pump with a flex program, an hour into a mode, refilled before."""
    pump = Pump(usual_settings(**PATIENT), fill_nl=18_000_000, rate_nl_h=20_833)
    pump.apply(FLEX)
    pump.advance(10 * US_PER_DAY + 7)
    pump.apply(Change(ChangeKind.REFILL, withdrawn_nl=9_000_000, volume_nl=18_000_000))
    if mode is Mode.PATIENT_BOLUS:
        pump.apply(MODES[Mode.BOLUS])
        assert pump.press() is None
    elif mode is not Mode.PROGRAM:
        pump.apply(MODES[mode])
    pump.advance(US_PER_H)
    assert pump.sample().mode is mode
    return pump.to_dict()


def damage(data: dict[str, Any], **figures: object) -> dict[str, Any]:
    damaged = copy.deepcopy(data)
    damaged["therapy"] |= figures
    return damaged


@pytest.mark.parametrize("mode", Mode)
def test_each_mode_as_it_stands_is_taken(mode: Mode) -> None:
    assert Pump.from_dict(stored(mode)).to_dict() == stored(mode)


@pytest.mark.parametrize("place", range(7))
@pytest.mark.parametrize(
    "pattern",
    [
        None,
        [],
        [[0, 1_999]],
        [[0, 1_000_001]],
        [[1, 25_000]],
        [[0]],
        [[0, 25_000, 1]],
        [[0, True]],
        [[0, 25_000], [0, 26_000]],
        [[0, 25_000], [9, 26_000], [8, 25_000]],
        [[0, 25_000], [1_440, 26_000]],
        [[0, 25_000], *([minute, 26_000] for minute in range(1, 14))],
    ],
)
def test_a_day_that_is_no_pattern_is_named(place: int, pattern: object) -> None:
    days = stored()["therapy"]["program"]
    days[place] = pattern
    with pytest.raises(ValueError, match=rf"^therapy\.program\[{place}\]"):
        Pump.from_dict(damage(stored(), program=days))


@pytest.mark.parametrize("count", [0, 6, 8])
def test_a_week_has_seven_days(count: int) -> None:
    days = [[[0, 25_000]]] * count
    with pytest.raises(ValueError, match=r"^therapy\.program does not have 7 days"):
        Pump.from_dict(damage(stored(), program=days))


@pytest.mark.parametrize(
    ("mode", "key", "value"),
    [
        (Mode.PROGRAM, "mode", 7),
        (Mode.PROGRAM, "mode", Mode.BOLUS),
        (Mode.PROGRAM, "mode_rate_nl_h", 1),
        (Mode.PROGRAM, "mode_left_nl", 1),
        (Mode.PROGRAM, "mode_until_us", 10**15),
        (Mode.PROGRAM, "epoch_s", 2**32),
        (Mode.PROGRAM, "epoch_s", -864_000 - 3_601),
        (Mode.PROGRAM, "epoch_s", 8 * 3_600),  # the program would be at another step
        (Mode.MINIMUM_RATE, "mode_rate_nl_h", 251),
        (Mode.TEMPORARY_RATE, "mode_until_us", None),
        (Mode.TEMPORARY_RATE, "mode_until_us", 10 * US_PER_DAY),
        (Mode.TEMPORARY_RATE, "mode_rate_nl_h", 1_999),
        (Mode.TEMPORARY_RATE, "mode", Mode.MINIMUM_RATE),
        (Mode.BOLUS, "mode_left_nl", None),
        (Mode.BOLUS, "mode_left_nl", 0),
        (Mode.BOLUS, "mode_left_nl", 20_000_001),
        (Mode.BOLUS, "mode_rate_nl_h", 249),
        (Mode.PRIME, "mode_rate_nl_h", 999_999),
        (Mode.BRIDGE, "mode_rate_nl_h", 0),
        (Mode.BRIDGE, "mode", Mode.PROGRAM),
    ],
)
def test_a_figure_that_contradicts_the_others_is_named(mode: Mode, key: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"^(therapy\.|drive\.rate_nl_h|battery\.empty_us)"):
        Pump.from_dict(damage(stored(mode), **{key: value}))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("mode", int(Mode.BOLUS), r"therapy\.beneath is under a mode that suspends nothing"),
        ("beneath", None, r"battery\.empty_us"),  # the program would go on earlier
        ("beneath", [], r"therapy\.beneath is not an object"),
        ("beneath", {}, r"therapy\.beneath\.mode is missing"),
        ("beneath.mode", 9, r"therapy\.beneath\.mode is 9, which is no mode"),
        ("beneath.mode", int(Mode.PRIME), r"therapy\.beneath\.mode is one that nothing suspends"),
        ("beneath.mode", int(Mode.TEMPORARY_RATE), r"therapy\.beneath\.mode_left_nl is not what the mode"),
        ("beneath.mode_rate_nl_h", 0, r"therapy\.beneath\.mode_rate_nl_h is none at which a volume ends"),
        ("beneath.mode_rate_nl_h", 1_000_001, r"therapy\.beneath\.mode_rate_nl_h is above"),
        ("beneath.mode_left_nl", 0, r"therapy\.beneath\.mode_left_nl is 0, and the mode not over"),
        ("beneath.mode_left_nl", 20_000_001, r"therapy\.beneath\.mode_left_nl is more than the capacity"),
        ("beneath.mode_left_nl", None, r"therapy\.beneath\.mode_left_nl is not what the mode"),
        ("beneath.mode_until_us", 10**15, r"therapy\.beneath\.mode_until_us is not what the mode"),
    ],
)
def test_a_figure_of_the_patients_bolus_or_of_what_it_suspends_that_contradicts_the_others_is_named(
    key: str, value: object, said: str
) -> None:
    data = stored(Mode.PATIENT_BOLUS)
    name, _, inner = key.partition(".")
    if inner:
        data["therapy"][name][inner] = value
    else:
        data["therapy"][name] = value
    with pytest.raises(ValueError, match=f"^{said}"):
        Pump.from_dict(data)


def test_more_than_the_patients_bolus_is_not_left_of_it() -> None:
    data = stored(Mode.PATIENT_BOLUS)
    data["settings"]["patient_bolus_nl"] = data["therapy"]["mode_left_nl"]
    assert Pump.from_dict(data).to_dict() == data
    data["settings"]["patient_bolus_nl"] -= 1
    with pytest.raises(ValueError, match=r"^therapy\.mode_left_nl is more than the patient's bolus"):
        Pump.from_dict(data)


def test_a_temporary_rate_that_was_over_when_the_patient_pressed_is_not_beneath() -> None:
    pump = Pump(usual_settings(**PATIENT), fill_nl=18_000_000, rate_nl_h=20_833)
    pump.apply(Change(ChangeKind.TEMPORARY_RATE, 40_000, duration_s=60))
    pump.advance(7)
    assert pump.press() is None
    data = pump.to_dict()
    assert Pump.from_dict(data).to_dict() == data
    data["therapy"]["beneath"]["mode_until_us"] = 7
    with pytest.raises(ValueError, match=r"^therapy\.beneath\.mode_until_us was over"):
        Pump.from_dict(data)


@pytest.mark.parametrize(
    ("granted_us", "said"),
    [
        ([], "lacks the bolus that runs"),
        ([2, 1], "does not rise in time"),
        ([0, 1, 2, 3, 4], "has more than the 4 of a day"),
        ([2**60], "has an instant after drive.since_us"),
        ([None], "is not an integer"),
        (None, "is not a list"),
    ],
)
def test_presses_that_can_not_have_been_granted_are_refused(granted_us: object, said: str) -> None:
    data = stored(Mode.PATIENT_BOLUS)
    data["guard"]["granted_us"] = granted_us
    with pytest.raises(ValueError, match=rf"^guard\.granted_us {said}"):
        Pump.from_dict(data)


def test_a_stop_under_a_mode_is_none() -> None:
    with pytest.raises(ValueError, match=r"^stopped"):
        Pump.from_dict(stored(Mode.BOLUS) | {"stopped": True})


def test_a_clock_beyond_a_step_that_did_not_happen_is_refused() -> None:
    for mode in (Mode.PROGRAM, Mode.MINIMUM_RATE):
        data = stored(mode)
        with pytest.raises(ValueError, match=r"^(now_us|drive\.rate_nl_h)"):
            Pump.from_dict(data | {"now_us": data["now_us"] + US_PER_DAY})


@given(
    st.sampled_from(Mode),
    st.sampled_from(["epoch_s", "mode", "mode_rate_nl_h", "mode_left_nl", "mode_until_us"]),
    st.one_of(st.integers(-(2**70), 2**70), st.integers(0, 10), st.none(), st.booleans()),
)
def test_any_other_figure_gives_a_refusal_or_a_pump_that_keeps_its_ledger(
    mode: Mode, key: str, value: object
) -> None:
    try:
        pump = Pump.from_dict(damage(stored(mode), **{key: value}))
    except ValueError:
        return
    pump.advance(400 * US_PER_DAY)
    sample = pump.sample()
    assert sample.reservoir_nl + sample.delivered_nl == 18_000_000
    assert Pump.from_dict(pump.to_dict()).to_dict() == pump.to_dict()
