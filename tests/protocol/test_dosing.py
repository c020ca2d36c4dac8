"""Each bound of a drug, at its value and a step beyond it; and what a host knows of the time since the last increase."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.bounds import SOFT_LIMITS, Assessment
from protocol.dosing import Rules
from protocol.drugs import PatientClass, read_library
from protocol.messages import EventRecord, Status
from protocol.vocabulary import EventKind, Refusal
from tests.protocol.helpers import READING
from tests.protocol.test_drugs import DATA

BACLOFEN = read_library("shipped", DATA).drugs["baclofen"]
S = 1_000_000
DAY_S = 86_400
SPINAL = Rules(BACLOFEN)
BY_CLASS = {who: Rules(BACLOFEN, who) for who in PatientClass}


def at(rate_nl_h: int, **changes: int) -> Status:
    """Return a reading of a pump that has run for ten days, at a rate, with 500 ug/mL and no limits of its own."""
    usual = {
        "programmed_rate_nl_h": rate_nl_h,
        "commanded_rate_nl_h": rate_nl_h,
        "concentration_ug_ml": 500,
        "pump_time_us": 10 * DAY_S * S,
        "least_rate_nl_h": 0,
        "most_rate_nl_h": 1_000_000,
        "step_up_percent": 0,
        "step_down_percent": 0,
    }
    return replace(READING, **(usual | changes))


def event(kind: EventKind, at_s: int, a: int = 0, b: int = 0) -> EventRecord:
    return EventRecord(1, at_s * S, 0, kind, 0, a, b)


def judged(old_nl_h: int, new_nl_h: int, rules: Rules = SPINAL, **changes: int) -> Assessment:
    return rules.assess(at(old_nl_h, **changes), (), new_nl_h)


def soft(old_nl_h: int, new_nl_h: int, rules: Rules = SPINAL, **changes: int) -> list[tuple[Refusal, int]]:
    return [(one.reason, one.bound) for one in judged(old_nl_h, new_nl_h, rules, **changes).soft]


def hard(old_nl_h: int, new_nl_h: int, rules: Rules = SPINAL) -> Refusal | None:
    found = judged(old_nl_h, new_nl_h, rules).hard
    return None if found is None else found.reason


@pytest.mark.parametrize(
    ("who", "least", "most"), [("spinal", 10, 30), ("cerebral", 5, 15), ("child", 5, 15)]
)
def test_the_titration_band_of_each_class_is_soft_at_both_ends(who: str, least: int, most: int) -> None:
    rules = BY_CLASS[PatientClass(who)]
    at_least, at_most = 20_000 + 200 * least, 20_000 + 200 * most
    # Rates are whole nL/h, as they are typed in mL/day: half a nL/h is allowed for each of the two.
    for within in (at_least, at_most, at_least - 1, at_most + 1):
        assert soft(20_000, within, rules) == [], within
    assert soft(20_000, at_least - 2, rules) == [(Refusal.STEP_UP, at_least)]
    assert soft(20_000, at_most + 2, rules) == [(Refusal.STEP_UP, at_most)]


def test_a_step_up_is_hard_at_40_percent_and_a_step_down_at_50() -> None:
    assert hard(20_000, 28_000) is None
    assert hard(20_000, 28_001) is Refusal.STEP_UP
    assert hard(20_000, 10_000) is None
    assert hard(20_000, 9_999) is Refusal.STEP_DOWN


def test_a_step_down_is_soft_from_20_percent_on_and_never_too_small() -> None:
    for within in (19_999, 16_000, 15_999):
        assert soft(20_000, within) == []
    assert soft(20_000, 15_998) == [(Refusal.STEP_DOWN, 16_000)]


# At 500 ug/mL, 1000 nL/h are 12 ug/day.
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (2_222, 1_834, []),  # 22.008 ug/day
        (2_222, 1_833, []),  # 21.996: 22 ug/day as typed
        (2_222, 1_832, [(Refusal.BELOW_DOSE, 22)]),
        (70_000, 83_333, []),  # 999.996
        (70_000, 83_334, [(Refusal.ABOVE_DOSE, 1_000)]),
    ],
)
def test_a_daily_dose_is_soft_outside_22_to_1000(
    old: int, new: int, expected: list[tuple[Refusal, int]]
) -> None:
    assert soft(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (1_200, 1_000, None),
        (1_200, 999, Refusal.BELOW_DOSE),
        (150_000, 166_916, None),
        (150_000, 166_917, Refusal.ABOVE_DOSE),
    ],
)
def test_a_daily_dose_is_hard_outside_12_to_2003(old: int, new: int, expected: Refusal | None) -> None:
    assert hard(old, new) is expected


@given(st.integers(2_000, 1_000_000), st.integers(1, 4_000))
def test_a_soft_dose_agrees_with_exact_fractions_to_half_a_nanolitre_an_hour(rate: int, held: int) -> None:
    found = {one.reason for one in judged(rate + 1, rate, concentration_ug_ml=held).soft}
    per_nl_h = Fraction(24 * held, 1_000_000)
    assert (Refusal.ABOVE_DOSE in found) is (per_nl_h * (rate - Fraction(1, 2)) > 1_000)
    assert (Refusal.BELOW_DOSE in found) is (per_nl_h * (rate + Fraction(1, 2)) < 22)


@pytest.mark.parametrize(
    ("age_s", "left"), [(0, DAY_S), (DAY_S - 1, 1), (DAY_S, None), (DAY_S + 1, None), (10 * DAY_S, None)]
)
def test_no_increase_in_the_first_24_hours(age_s: int, left: int | None) -> None:
    expected = [] if left is None else [(Refusal.TOO_SOON, left)]
    assert soft(20_000, 24_000, pump_time_us=age_s * S) == expected
    assert soft(20_000, 18_000, pump_time_us=age_s * S) == []


@pytest.mark.parametrize(("before_s", "left"), [(0, DAY_S), (DAY_S - 1, 1), (DAY_S, None)])
def test_one_increase_in_24_hours_by_the_pump_s_log(before_s: int, left: int | None) -> None:
    log = (
        event(EventKind.RATE_CHANGED, 10 * DAY_S - before_s, 18_000, 20_000),
        event(EventKind.RATE_CHANGED, 10 * DAY_S, 20_000, 19_000),  # a decrease is no reason to wait
        event(EventKind.BOLUS, 10 * DAY_S, 1, 2),
    )
    found = SPINAL.assess(at(20_000), log, 24_000).soft
    assert [(one.reason, one.bound) for one in found] == ([] if left is None else [(Refusal.TOO_SOON, left)])
    assert SPINAL.assess(at(20_000), log, 18_000).soft == ()


@pytest.mark.parametrize("held", [0, 499, 501])
def test_a_concentration_that_the_drug_does_not_have_is_a_soft_limit(held: int) -> None:
    assert (Refusal.DRUG_UNKNOWN, held) in soft(20_000, 22_000, concentration_ug_ml=held)


def test_every_soft_limit_that_is_crossed_is_named_with_bound_and_source() -> None:
    status = at(80_000, pump_time_us=DAY_S * S - S)
    log = (event(EventKind.RATE_CHANGED, 60, 1, 2),)
    sentences = [one.sentence for one in SPINAL.assess(status, log, 110_000).soft]
    assert sentences == [
        "no increase in the first 24 h (Saulino 2016): 1 s left",
        "one increase in 24 h (Saulino 2016): 1 min 1 s left",
        "the step up is above its upper soft limit, 30 % (Saulino 2016; upper hard an assumption)",
        "the daily dose is above its upper soft limit, 1000 ug/day (assumption)",
    ]


def test_no_change_crosses_no_soft_limit() -> None:
    assert soft(1, 1, pump_time_us=0, concentration_ug_ml=0) == []


def test_from_nothing_there_is_no_step() -> None:
    assert soft(0, 20_000) == []


def test_the_tighter_of_the_pump_s_steps_and_the_drug_s_is_hard() -> None:
    assert SPINAL.bounds(at(1, step_up_percent=39, step_down_percent=49)).step_up_percent == 39
    assert SPINAL.bounds(at(1, step_up_percent=41, step_down_percent=51)).step_up_percent == 40
    assert SPINAL.bounds(at(1, step_up_percent=41, step_down_percent=51)).step_down_percent == 50


def test_without_a_library_a_step_of_20_percent_is_the_only_soft_limit() -> None:
    assert Rules().soft == SOFT_LIMITS
    assert soft(20_000, 24_001, Rules(), pump_time_us=0, concentration_ug_ml=0) == []
    assert soft(20_000, 24_002, Rules(), pump_time_us=0, concentration_ug_ml=0) == [(Refusal.STEP_UP, 24_000)]
    assert Rules().assess_bolus(at(1), (), 10**9, 1) == ((), ())


def bolus(volume_nl: int, duration_s: int = 1_800, held: int = 500, log: tuple[EventRecord, ...] = ()) -> str:
    """Return the bounds that a bolus crosses, in short."""
    found = SPINAL.assess_bolus(at(20_000, concentration_ug_ml=held), log, volume_nl, duration_s)
    kinds = ("hard", "soft")
    return " ".join(
        f"{kind}:{one.reason.name}:{one.bound}"
        for kind, many in zip(kinds, found, strict=True)
        for one in many
    )


# At 500 ug/mL, 2 uL are 1 ug.
@pytest.mark.parametrize(
    ("volume_nl", "crossed"),
    [
        (1_999, "hard:BOLUS_DOSE:1 soft:BOLUS_DOSE:5"),
        (2_000, "soft:BOLUS_DOSE:5"),
        (9_999, "soft:BOLUS_DOSE:5"),
        (10_000, ""),
        (200_000, ""),
        (200_001, "soft:BOLUS_DOSE:100"),
        (600_000, "soft:BOLUS_DOSE:100"),
        (600_001, "hard:BOLUS_DOSE:300 soft:BOLUS_DOSE:100"),
    ],
)
def test_a_bolus_has_the_bounds_of_its_dose(volume_nl: int, crossed: str) -> None:
    assert bolus(volume_nl) == crossed


# At 50 ug/mL, the concentration of the trial, 1 mL is 50 ug.
@pytest.mark.parametrize(
    ("volume_nl", "crossed"),
    [
        (499_999, "hard:BOLUS_DOSE:25 soft:BOLUS_DOSE:50"),
        (500_000, "soft:BOLUS_DOSE:50"),  # 25 ug, for a very small patient
        (999_999, "soft:BOLUS_DOSE:50"),
        (1_000_000, ""),
        (1_500_000, ""),
        (2_000_000, ""),
        (2_000_001, "hard:BOLUS_DOSE:100 soft:BOLUS_DOSE:100"),
    ],
)
def test_a_screening_dose_is_50_to_100_ug_and_25_for_a_reason(volume_nl: int, crossed: str) -> None:
    assert bolus(volume_nl, held=50) == crossed


@pytest.mark.parametrize(("before_s", "crossed"), [(DAY_S - 1, "soft:TOO_SOON:1"), (DAY_S, "")])
def test_screening_doses_are_24_hours_apart(before_s: int, crossed: str) -> None:
    log = (event(EventKind.BOLUS, 10 * DAY_S - before_s, 1_000_000, 1_800),)
    assert bolus(1_500_000, held=50, log=log) == crossed
    assert bolus(10_000, log=log) == ""


@pytest.mark.parametrize(
    ("duration_s", "crossed"),
    [
        (59, "hard:DURATION:60 soft:DURATION:60"),
        (60, ""),
        (43_200, ""),
        (43_201, "soft:DURATION:43200"),
        (86_400, "soft:DURATION:43200"),
        (86_401, "hard:DURATION:86400 soft:DURATION:43200"),
    ],
)
def test_a_bolus_has_the_bounds_of_its_duration(duration_s: int, crossed: str) -> None:
    assert bolus(20_000, duration_s) == crossed
    assert bolus(20_000, duration_s, held=0) == crossed  # no dose is judged where none is known


def test_the_steps_of_the_pump_s_own_limits_are_kept_with_a_drug_and_without() -> None:
    status = at(25_000, least_rate_nl_h=2_000, step_up_percent=40, step_down_percent=50)
    for rules in (SPINAL, Rules(None)):
        found = rules.bounds(status)
        assert (found.least_rate_nl_h, found.step_up_percent, found.step_down_percent) == (2_000, 40, 50)
