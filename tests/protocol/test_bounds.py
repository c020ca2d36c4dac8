from __future__ import annotations

import dataclasses
import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.bounds import (
    SOFT_LIMITS,
    Basis,
    Bounds,
    SoftLimits,
    allowed,
    assess,
    bolus_finding,
    day_finding,
    hard_finding,
)
from protocol.drugs import Range
from protocol.messages import MOST_RATE_NL_H
from protocol.units import parse_rate
from protocol.vocabulary import Refusal
from tests.protocol.helpers import BOUNDS

THOUSANDTHS = st.integers(48, 24_000)
RATES = st.integers(0, MOST_RATE_NL_H)
WIDE = Bounds(0, MOST_RATE_NL_H)


def typed(thousandths: int) -> int:
    """Return the rate that is typed as so many thousandths of a mL/day."""
    return parse_rate(f"{Decimal(thousandths).scaleb(-3)} mL/day")


def step_of(percent: int) -> SoftLimits:
    """Return soft limits of a step of so many per cent either way, and of nothing else."""
    step = Range(0, 0, 0, percent, 0xFFFF, "assumption")
    return SoftLimits(step, step)


@given(st.integers(1, 99), st.integers(1, 24_000))
def test_any_step_as_typed_is_not_over_a_soft_limit_of_that_step(percent: int, thousandths: int) -> None:
    soft = step_of(percent)
    whole = thousandths * 100 // math.gcd(percent, 100)
    change = whole * percent // 100
    current = typed(whole)
    assert change * 100 == whole * percent
    assert assess(Basis(current), typed(whole + change), WIDE, soft).soft == ()
    assert assess(Basis(current), typed(whole - change), WIDE, soft).soft == ()
    assert assess(Basis(current), typed(whole + change + 1), WIDE, soft).soft
    assert assess(Basis(current), typed(whole - change - 1), WIDE, soft).soft


@given(st.integers(10, 4_000))
def test_twenty_per_cent_as_typed_is_not_over_the_soft_limit_and_a_thousandth_more_is(fifths: int) -> None:
    current = typed(5 * fifths)
    assert assess(Basis(current), typed(6 * fifths), WIDE).soft == ()
    assert assess(Basis(current), typed(4 * fifths), WIDE).soft == ()
    (above,) = assess(Basis(current), typed(6 * fifths + 1), WIDE).soft
    (below,) = assess(Basis(current), typed(4 * fifths - 1), WIDE).soft
    assert (above.reason, below.reason) == (Refusal.STEP_UP, Refusal.STEP_DOWN)


@given(THOUSANDTHS)
def test_double_and_half_as_typed_ask_for_retyping(thousandths: int) -> None:
    single, double = typed(thousandths), typed(2 * thousandths)
    assert assess(Basis(single), double, WIDE).retype
    assert assess(Basis(double), single, WIDE).retype


@given(THOUSANDTHS)
def test_a_thousandth_less_than_double_does_not_ask_for_retyping(thousandths: int) -> None:
    single, less = typed(thousandths), typed(2 * thousandths - 1)
    assert not assess(Basis(single), less, WIDE).retype
    assert not assess(Basis(less), single, WIDE).retype


@given(THOUSANDTHS)
def test_a_slip_of_ten_always_asks_for_retyping(thousandths: int) -> None:
    assert assess(Basis(typed(thousandths)), typed(10 * thousandths), WIDE).retype
    assert assess(Basis(typed(10 * thousandths)), typed(thousandths), WIDE).retype


@given(RATES)
def test_no_change_is_no_finding(rate: int) -> None:
    found = assess(Basis(rate), rate, WIDE)
    assert (found.hard, found.soft) == (None, ())


@pytest.mark.parametrize(
    ("proposed", "reason", "bound"),
    [
        (1_999, Refusal.BELOW_LEAST, 2_000),
        (2_000, None, None),
        (1_000_000, None, None),
        (1_000_001, Refusal.ABOVE_MOST, 1_000_000),
    ],
)
def test_a_limit_itself_is_within(proposed: int, reason: Refusal | None, bound: int | None) -> None:
    found = hard_finding(Basis(20_833), proposed, Bounds(2_000, 1_000_000))
    assert (found and found.reason, found and found.bound) == (reason, bound)


@given(RATES, RATES, st.integers(0, 400), st.integers(0, 100))
def test_hard_limits_agree_with_exact_fractions(current: int, proposed: int, up: int, down: int) -> None:
    found = hard_finding(Basis(current), proposed, Bounds(2_000, 900_000, up, down))
    within = 2_000 <= proposed <= 900_000
    within = within and (not up or not current or proposed <= Decimal(current) * (100 + up) / 100)
    within = within and (not down or not current or proposed >= Decimal(current) * (100 - down) / 100)
    assert (found is None) is within


@given(RATES, RATES, st.integers(1, 400), st.integers(1, 100))
def test_the_bound_that_is_told_is_the_last_rate_allowed(
    current: int, proposed: int, up: int, down: int
) -> None:
    bounds = Bounds(0, MOST_RATE_NL_H, up, down)
    found = hard_finding(Basis(current), proposed, bounds)
    if found is not None:
        assert hard_finding(Basis(current), found.bound, Bounds(0, 2**32, up, down)) is None
        beyond = 1 if found.reason in {Refusal.STEP_UP, Refusal.ABOVE_MOST} else -1
        assert hard_finding(Basis(current), found.bound + beyond, bounds) is not None


@pytest.mark.parametrize(
    ("current", "proposed", "change"),
    [
        (20_000, 26_000, "+30.0 %"),
        (20_000, 15_000, "-25.0 %"),
        (20_000, 20_000, "+0.0 %"),
        (20_833, 25_000, "+20.0 %"),
        (30_000, 40_000, "+33.3 %"),
        (30_000, 20_000, "-33.3 %"),
        (10_000, 9_995, "+0.0 %"),
        (10_000, 9_994, "-0.1 %"),
        (20_000, 0, "-100.0 %"),
        (2_000, 1_000_000, "+49900.0 %"),
        (0, 20_000, "from zero"),
    ],
)
def test_the_step_is_told_in_tenths_of_a_per_cent(current: int, proposed: int, change: str) -> None:
    assert assess(Basis(current), proposed, WIDE).change == change


@given(st.integers(1, MOST_RATE_NL_H), RATES)
def test_the_percentage_is_the_nearest_tenth(current: int, proposed: int) -> None:
    tenths = assess(Basis(current), proposed, WIDE).percent_tenths
    assert tenths is not None
    assert abs(tenths - Decimal(1000 * (proposed - current)) / current) <= Decimal("0.5")


@given(RATES, st.integers(0, 2**32 - 1))
def test_every_sentence_is_short_and_printable(current: int, proposed: int) -> None:
    found = assess(Basis(current), proposed, BOUNDS)
    for finding in (found.hard, *found.soft):
        if finding is not None:
            assert finding.sentence.isascii()
            assert finding.sentence.isprintable()
            assert len(finding.sentence) <= 120
            assert 0 <= finding.bound < 2**32


DOSED = Bounds(0, MOST_RATE_NL_H, least_dose_ug_day=12, most_dose_ug_day=2_003)


@given(RATES, st.integers(1, 4_000))
def test_a_daily_dose_is_judged_to_the_last_microgram(rate: int, concentration: int) -> None:
    found = hard_finding(Basis(rate, concentration), rate, DOSED)
    dose = Fraction(rate * 24 * concentration, 1_000_000)
    reason = Refusal.BELOW_DOSE if dose < 12 else Refusal.ABOVE_DOSE if dose > 2_003 else None
    assert (found and found.reason) == reason
    if found is not None:
        assert found.bound in {12, 2_003}


def test_a_dose_is_not_judged_where_the_concentration_is_not_known() -> None:
    assert hard_finding(Basis(20_000), MOST_RATE_NL_H, DOSED) is None


@pytest.mark.parametrize(("proposed", "reason"), [(30_000, None), (30_001, Refusal.DAY_UP)])
def test_all_increases_of_a_day_are_measured_from_its_least_rate(
    proposed: int, reason: Refusal | None
) -> None:
    basis = Basis(28_000, day_least_nl_h=20_000)
    found = hard_finding(basis, proposed, Bounds(0, MOST_RATE_NL_H, day_up_percent=50))
    assert (found and found.reason, found and found.bound) == (reason, reason and 30_000)


@given(
    st.builds(Basis, RATES, st.integers(0, 4_000), st.none() | RATES),
    RATES,
    st.builds(Bounds, RATES, RATES, *[st.integers(0, 100)] * 3, st.integers(0, 50), st.integers(0, 3_000)),
)
def test_what_is_allowed_is_what_crosses_no_limit(basis: Basis, proposed: int, bounds: Bounds) -> None:
    least, most = allowed(basis, bounds)
    assert (hard_finding(basis, proposed, bounds) is None) is (least <= proposed <= most)


@pytest.mark.parametrize(
    ("volume", "duration", "reason", "bound"),
    [
        (50_000, 180, None, None),
        (50_001, 3_600, Refusal.BOLUS_VOLUME, 50_000),
        (50_000, 179, Refusal.DURATION, 180),
    ],
)
def test_a_bolus_has_a_greatest_volume_and_takes_its_time(
    volume: int, duration: int, reason: Refusal | None, bound: int | None
) -> None:
    found = bolus_finding(volume, duration, Bounds(0, MOST_RATE_NL_H, most_bolus_nl=50_000))
    assert (found and found.reason, found and found.bound) == (reason, bound)


@pytest.mark.parametrize(
    ("volume", "limit", "crosses"), [(500, 500, False), (501, 500, True), (501, 0, False)]
)
def test_any_24_hours_have_a_greatest_volume(volume: int, limit: int, *, crosses: bool) -> None:
    found = day_finding(volume, Bounds(0, MOST_RATE_NL_H, most_day_nl=limit))
    assert (found is not None) is crosses


@pytest.mark.parametrize(
    ("volume_nl", "said"),
    [
        (0, ""),
        (24_999, "the dose is less than 25 ug, the least of one bolus"),
        (25_000, ""),
        (100_000, ""),
        (100_001, "the dose is more than 100 ug, the greatest of one bolus"),
    ],
)
def test_the_dose_of_a_bolus_has_bounds_where_the_concentration_is_known(volume_nl: int, said: str) -> None:
    bounds = Bounds(0, MOST_RATE_NL_H, least_bolus_ug=25, most_bolus_ug=100)
    found = bolus_finding(volume_nl, 3_600, bounds, 1_000)
    assert (found.sentence if found else "") == said
    assert found is None or (found.reason, found.bound) == (
        Refusal.BOLUS_DOSE,
        25 if volume_nl < 25_000 else 100,
    )
    assert bolus_finding(volume_nl, 3_600, bounds, 0) is None


def test_what_is_not_given_is_no_limit() -> None:
    none = dict.fromkeys((f.name for f in dataclasses.fields(Bounds)), 0)
    assert dataclasses.asdict(Bounds(1, 2)) == none | {"least_rate_nl_h": 1, "most_rate_nl_h": 2}
    step = Range(1, 2, 3, 4, 5, "")
    assert SoftLimits(step, step) == SoftLimits(step, step, None, (), 0, 0, "", 2)


def test_without_a_drug_library_a_step_of_more_than_twenty_per_cent_wants_a_second_act() -> None:
    up, down = Range(0, 0, 10, 20, 65_535, "assumption"), Range(0, 0, 10, 20, 100, "assumption")
    assert SoftLimits(up, down) == SOFT_LIMITS
