"""The program and the therapy as values: against a naive calendar, and against adding up step by step."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.messages import Step
from protocol.units import US_PER_DAY, US_PER_H, US_PER_S
from protocol.vocabulary import Mode
from pumpmock.model.program import (
    FLOW,
    WEEK_US,
    Cost,
    Pattern,
    Therapy,
    Weekly,
    day_volume_nl,
    simple_continuous,
)

RATES = st.one_of(st.just(0), st.integers(1, 1_000_000))


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    minutes = [0, *sorted(draw(st.sets(st.integers(1, 1_439), max_size=12)))]
    return tuple(Step(minute, draw(RATES)) for minute in minutes)


PROGRAMS = st.lists(patterns(), min_size=7, max_size=7).map(lambda days: Weekly(tuple(days)))
EPOCHS = st.integers(0, 0xFFFF_FFFF)
TIMES = st.integers(0, 5 * WEEK_US)
COSTS = st.sampled_from([FLOW, Cost(1_000_000, 6), Cost(1, 0)])


def naive_rate(days: tuple[Pattern, ...], clock_s: int) -> int:
    """Look a rate up as a person would, with a calendar and a wrist watch."""
    now = datetime.fromtimestamp(clock_s, UTC)
    minute = now.hour * 60 + now.minute
    return [step.rate_nl_h for step in days[now.weekday()] if step.minute <= minute][-1]


def counted_up(therapy: Therapy, start_us: int, end_us: int, cost: Cost) -> int:
    """Add the amount up from one change of the program to the next."""
    total, at_us = 0, start_us
    while at_us < end_us:
        next_us = therapy.next_step_us(at_us)
        stop_us = end_us if next_us is None else min(next_us, end_us)
        total += (cost.per_h + cost.per_nl * therapy.programmed_rate_nl_h(at_us)) * (stop_us - at_us)
        at_us = stop_us
    return total


def test_the_first_of_january_2026_was_a_thursday() -> None:
    week = Weekly(tuple((Step(0, 1_000 * (day + 1)),) for day in range(7)))
    assert Therapy(week, 1_767_225_600).programmed_rate_nl_h(0) == 4_000
    assert Therapy(week, 0).programmed_rate_nl_h(0) == 4_000  # as the first of January 1970
    assert Therapy(week, 1_767_225_600).programmed_rate_nl_h(4 * US_PER_DAY - 1) == 7_000
    assert Therapy(week, 1_767_225_600).programmed_rate_nl_h(4 * US_PER_DAY) == 1_000


@given(PROGRAMS, EPOCHS, TIMES)
def test_the_rate_is_the_one_that_a_person_reads_off_the_calendar(
    program: Weekly, epoch_s: int, now_us: int
) -> None:
    therapy = Therapy(program, epoch_s)
    assert therapy.programmed_rate_nl_h(now_us) == naive_rate(program.days, epoch_s + now_us // US_PER_S)


@given(PROGRAMS, EPOCHS, TIMES)
def test_a_rate_holds_until_its_next_change_and_not_a_microsecond_longer(
    program: Weekly, epoch_s: int, now_us: int
) -> None:
    therapy = Therapy(program, epoch_s)
    rate, next_us = therapy.programmed_rate_nl_h(now_us), therapy.next_step_us(now_us)
    if next_us is None:
        assert {step.rate_nl_h for day in program.days for step in day} == {rate}
        return
    assert now_us < next_us <= now_us + WEEK_US
    assert therapy.programmed_rate_nl_h(next_us - 1) == rate
    assert therapy.programmed_rate_nl_h(next_us) != rate
    for hour_us in range(now_us, next_us, US_PER_H):
        assert therapy.programmed_rate_nl_h(hour_us) == rate


@given(PROGRAMS, EPOCHS, TIMES, COSTS, st.integers(1, 20_000_000), st.integers(0, US_PER_H - 1))
def test_an_amount_is_together_at_its_instant_and_not_a_microsecond_before(
    program: Weekly, epoch_s: int, now_us: int, cost: Cost, units: int, carry: int
) -> None:
    therapy, amount = Therapy(program, epoch_s), units * US_PER_H - carry
    span_us = therapy.until_amount_us(now_us, 0, amount, cost)
    week = counted_up(therapy, now_us, now_us + WEEK_US, cost)
    if span_us is None:
        assert week == 0
        return
    weeks, rest_us = divmod(span_us, WEEK_US)
    end_us = now_us + rest_us
    assert weeks * week + counted_up(therapy, now_us, end_us, cost) >= amount
    before = (
        counted_up(therapy, now_us, end_us - 1, cost)
        if rest_us
        else counted_up(therapy, now_us, now_us + WEEK_US - 1, cost) - week
    )
    assert weeks * week + before < amount


@given(
    PROGRAMS,
    EPOCHS,
    TIMES,
    RATES,
    st.integers(0, 3 * WEEK_US),
    st.integers(0, 20_000_000),
    st.integers(0, US_PER_H - 1),
)
def test_a_mode_that_ends_by_time_is_counted_before_the_program(
    program: Weekly, epoch_s: int, now_us: int, rate: int, span_us: int, volume: int, carry: int
) -> None:
    therapy = Therapy(program, epoch_s)
    mode = therapy.under(Mode.TEMPORARY_RATE, rate, until_us=now_us + span_us)
    found = mode.until_volume_us(now_us, carry, volume)
    in_mode = rate * span_us + carry
    if volume == 0:
        assert found == 0
    elif in_mode >= volume * US_PER_H:
        assert found is not None
        assert rate * found + carry >= volume * US_PER_H > rate * (found - 1) + carry
    else:
        rest = therapy.until_amount_us(now_us + span_us, 0, volume * US_PER_H - in_mode, FLOW)
        assert found == (None if rest is None else span_us + rest)


@given(PROGRAMS, EPOCHS, TIMES, st.integers(1, 1_000_000), st.integers(1, 5_000_000), st.integers(0, 10**9))
def test_a_mode_that_ends_by_volume_is_counted_before_the_program(
    program: Weekly, epoch_s: int, now_us: int, rate: int, left: int, carry: int
) -> None:
    therapy = Therapy(program, epoch_s)
    mode = therapy.under(Mode.BOLUS, rate, left_nl=left)
    span_us = mode.mode_span_us(now_us, carry)
    assert span_us is not None
    assert (rate * span_us + carry) // US_PER_H == left
    assert (rate * (span_us - 1) + carry) // US_PER_H == left - 1
    assert mode.until_volume_us(now_us, carry, left) == span_us
    over = (rate * span_us + carry) % US_PER_H
    rest = therapy.until_volume_us(now_us + span_us, over, 1)
    assert mode.until_volume_us(now_us, carry, left + 1) == (None if rest is None else span_us + rest)


def test_a_mode_without_an_end_goes_on_for_ever() -> None:
    mode = Therapy(simple_continuous(25_000), 0).under(Mode.MINIMUM_RATE, 250)
    assert mode.mode_span_us(0, 0) is None
    assert mode.until_volume_us(0, 0, 250 * 1_000) == 1_000 * US_PER_H
    still = Therapy(simple_continuous(25_000), 0).under(Mode.MINIMUM_RATE, 0)
    assert still.until_volume_us(0, 0, 1) is None


def test_what_never_flows_is_never_together() -> None:
    assert Therapy(simple_continuous(0), 0).until_volume_us(0, 0, 1) is None
    assert Therapy(simple_continuous(0), 0).until_volume_us(0, 0, 0) == 0


def test_years_are_as_near_as_hours() -> None:
    # 250 nL/h on Mondays alone: 6,000 nL a week, so that 16.6 mL last 2,766 weeks, and 4,000 nL of the next.
    week = simple_continuous(0).with_days(1, (Step(0, 250),))
    therapy = Therapy(week, 4 * 86_400)  # 5 January 1970 was a Monday
    assert therapy.until_volume_us(0, 0, 16_600_000) == 2_766 * WEEK_US + 16 * US_PER_H


def test_days_that_are_not_named_keep_their_pattern() -> None:
    week = simple_continuous(25_000).with_days(0b110_0000, (Step(0, 10_000), Step(720, 20_000)))
    assert week.days[:5] == simple_continuous(25_000).days[:5]
    assert week.days[5] == week.days[6] == (Step(0, 10_000), Step(720, 20_000))


@pytest.mark.parametrize(
    ("pattern", "volume_nl"),
    [
        ((Step(0, 25_000),), 600_000),
        ((Step(0, 10_000), Step(480, 30_000), Step(1_439, 60_000)), 80_000 + 479_500 + 1_000),
        ((Step(0, 0), Step(1_439, 59)), 0),
    ],
)
def test_the_volume_of_a_day_is_rounded_down(pattern: Pattern, volume_nl: int) -> None:
    assert day_volume_nl(pattern) == volume_nl


def test_a_volume_that_whole_weeks_just_give_is_together_when_the_last_of_them_stops_giving() -> None:
    week = simple_continuous(0).with_days(1, (Step(0, 250), Step(720, 0)))
    therapy = Therapy(week, 4 * 86_400)
    assert therapy.until_volume_us(0, 0, 3_000) == 12 * US_PER_H
    assert therapy.until_volume_us(0, 0, 6_000) == WEEK_US + 12 * US_PER_H
    assert therapy.until_volume_us(US_PER_H, 0, 3_000) == WEEK_US
    assert therapy.until_volume_us(12 * US_PER_H, 0, 3_000) == WEEK_US
