"""What the pump remembers of changes, refusals and rates: exact at each instant, bounded, and never too lenient."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.alarms import Alarm
from protocol.messages import Change
from protocol.units import US_PER_DAY, US_PER_H, US_PER_S
from protocol.vocabulary import ChangeKind, EventKind, Refusal
from pumpmock.model.guard import (
    MOST_SPANS,
    OVER_A_LIMIT,
    Course,
    Guard,
    Span,
    day_least_nl_h,
    watched,
    worst_day_nl,
)
from pumpmock.model.pump import Pump
from tests.settings import usual_settings

if TYPE_CHECKING:
    from pumpmock.model.settings import Settings

LOCKING = usual_settings(lockout_s=60, refusals_allowed=3, refusal_window_s=600, lock_s=600)
RATE_NL_H = 20_000
S, H, DAY = US_PER_S, US_PER_H, US_PER_DAY


def new_pump(settings: Settings = LOCKING) -> Pump:
    return Pump(settings, fill_nl=18_000_000, rate_nl_h=RATE_NL_H)


def again(pump: Pump) -> Pump:
    """Return the pump after a restart."""
    return Pump.from_dict(json.loads(json.dumps(pump.to_dict())))


def refused_at(*instants_us: int) -> Pump:
    pump = new_pump()
    for at_us in instants_us:
        pump.advance_to(at_us)
        pump.note_refusal(Refusal.STEP_UP)
    return pump


def is_locked(pump: Pump) -> bool:
    return bool(pump.sample().alarms >> Alarm.CHANGES_LOCKED & 1)


# --- locks ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R6.5.0(18)")
def test_three_refusals_within_ten_minutes_lock_changes_and_raise_the_alarm_at_that_instant() -> None:
    pump = refused_at(0, 300 * S, 600 * S)
    assert is_locked(pump)
    assert pump.refusing_s == 600
    (raised,) = [entry for entry in pump.events.since(0) if entry.kind == EventKind.ALARM_RAISED]
    assert (raised.detail, raised.pump_time_us) == (Alarm.CHANGES_LOCKED, 600 * S)


def test_three_refusals_in_a_microsecond_more_than_ten_minutes_do_not() -> None:
    pump = refused_at(0, 300 * S, 600 * S + 1)
    assert not is_locked(pump)
    assert pump.refusing_s == 0


def test_the_lock_ends_at_its_exact_instant_and_the_alarm_with_it() -> None:
    pump = refused_at(1, 2, 3)
    pump.advance_to(600 * S + 2)
    assert (is_locked(pump), pump.refusing_s) == (True, 1)
    pump.advance_to(600 * S + 3)
    assert (is_locked(pump), pump.refusing_s) == (False, 0)
    cleared = pump.events.since(0)[-1]
    told = (cleared.kind, cleared.detail, cleared.pump_time_us)
    assert told == (EventKind.ALARM_CLEARED, Alarm.CHANGES_LOCKED, 600 * S + 3)


@pytest.mark.requirement("R6.6.0(6-8) stamps")
def test_a_lock_that_is_slept_through_is_logged_as_ending_when_it_did() -> None:
    pump = refused_at(1, 2, 3)
    pump.advance(DAY)
    assert pump.events.since(0)[-1].pump_time_us == 600 * S + 3


def test_after_a_lock_the_count_begins_anew() -> None:
    pump = refused_at(1, 2, 3)
    pump.advance_to(600 * S + 3)
    pump.note_refusal(Refusal.STEP_UP)
    pump.note_refusal(Refusal.STEP_UP)
    assert not is_locked(pump)
    pump.note_refusal(Refusal.STEP_UP)
    assert is_locked(pump)


@pytest.mark.parametrize("reason", Refusal)
def test_only_a_refusal_over_a_limit_counts(reason: Refusal) -> None:
    pump = new_pump()
    for _ in range(3):
        pump.note_refusal(reason)
    assert is_locked(pump) is (reason in OVER_A_LIMIT)


def test_what_counts_as_over_a_limit_is_a_quantity_and_never_a_role_a_state_or_a_lock() -> None:
    names = {reason.name for reason in OVER_A_LIMIT}
    assert names == {
        *("BELOW_LEAST", "ABOVE_MOST", "STEP_UP", "STEP_DOWN"),
        *("BELOW_DOSE", "ABOVE_DOSE", "DAY_UP", "DAY_VOLUME", "BOLUS_VOLUME"),
        "BOLUS_DOSE",
    }


def test_without_a_number_of_refusals_nothing_ever_locks() -> None:
    pump = new_pump(usual_settings(lock_s=600, refusal_window_s=600))
    for _ in range(300):
        pump.note_refusal(Refusal.STEP_UP)
    assert not is_locked(pump)
    assert pump.guard.refusals_us == ()


@pytest.mark.parametrize("refusals", [1, 2, 3])
def test_neither_a_count_nor_a_lock_ends_with_a_restart(refusals: int) -> None:
    pump = again(refused_at(*range(1, refusals + 1)))
    assert is_locked(pump) is (refusals == 3)
    for _ in range(3 - refusals):
        pump.note_refusal(Refusal.STEP_UP)
    assert is_locked(pump)
    pump.advance(600 * S - 1)
    assert is_locked(again(pump))
    pump.advance(1)
    assert not is_locked(again(pump))


def test_a_change_keeps_the_next_one_out_for_the_lockout_and_not_a_microsecond_longer() -> None:
    pump = new_pump()
    assert pump.refusing_s == 0
    pump.advance(5)
    pump.apply(Change(ChangeKind.STOP))
    assert pump.refusing_s == 60
    pump.advance(1)
    assert pump.refusing_s == 60
    pump.advance(60 * S - 2)
    assert again(pump).refusing_s == 1
    pump.advance(1)
    assert pump.refusing_s == 0


# --- the rates of the last 24 h -------------------------------------------------------------------------------------


def test_the_least_rate_is_remembered_until_it_ended_24_h_ago_and_no_longer() -> None:
    pump = new_pump(usual_settings())
    pump.advance(H)
    pump.apply(Change(ChangeKind.RATE, 30_000))
    pump.advance(DAY - 1)
    assert day_least_nl_h(pump.guard, pump.clock.now_us) == RATE_NL_H
    pump.advance(1)
    assert day_least_nl_h(pump.guard, pump.clock.now_us) == 30_000


def test_a_rate_that_was_programmed_for_no_time_counts_too() -> None:
    pump = new_pump(usual_settings())
    pump.apply(Change(ChangeKind.RATE, 30_000))
    pump.apply(Change(ChangeKind.RATE, 40_000))
    assert day_least_nl_h(pump.guard, 0) == RATE_NL_H


def test_a_stop_is_no_lower_rate_of_the_program() -> None:
    pump = new_pump(usual_settings())
    pump.apply(Change(ChangeKind.STOP))
    pump.advance(DAY)
    assert day_least_nl_h(pump.guard, pump.clock.now_us) == RATE_NL_H


def test_a_program_of_0_says_nothing_of_how_far_one_may_go() -> None:
    guard = watched(watched(Guard(), 0, 0, 0), H, 5_000, 5_000)
    assert day_least_nl_h(guard, 2 * H) == 5_000
    assert day_least_nl_h(watched(Guard(), 0, 0, 0), 2 * H) is None


def course_of(steps: list[tuple[int, int]]) -> tuple[Course, int]:
    """Return the whole course of rates in `steps` (time until it begins, rate), and the instant of the last."""
    now_us, spans = 0, []
    for wait_us, rate in steps:
        now_us += wait_us
        spans.append(Span(now_us, rate))
    return tuple(spans), now_us


def seen(course: Course) -> Guard:
    guard = Guard()
    for at_us, rate in course:
        guard = watched(guard, at_us, rate, rate)
    return guard


STEPS = st.lists(st.tuples(st.integers(0, 8 * H), st.integers(0, 9_000)), min_size=1, max_size=40)


@given(STEPS, st.integers(0, 30 * H), st.integers(0, 9_000))
def test_what_was_forgotten_makes_no_difference(
    steps: list[tuple[int, int]], wait_us: int, rate: int
) -> None:
    course, now_us = course_of(steps)
    guard, now_us = seen(course), now_us + wait_us
    planned = (Span(now_us, rate),)
    assert worst_day_nl(guard.turned, planned) == worst_day_nl(course, planned)
    ends = [until for (_, _), (until, _) in pairwise(course)] + [now_us + 1]
    recent = [one.rate_nl_h for one, end in zip(course, ends, strict=True) if end > now_us - DAY]
    assert day_least_nl_h(guard, now_us) == min(filter(None, recent), default=None)


def test_a_memory_that_is_full_errs_towards_refusing() -> None:
    rates = [1_000 + place * 7919 % 5_000 for place in range(4 * MOST_SPANS)]
    course = tuple(Span(place * 20 * S, rate) for place, rate in enumerate(rates))
    guard, now_us = seen(course), course[-1].since_us
    assert len(guard.turned) == len(guard.programmed) == MOST_SPANS
    assert (day_least_nl_h(guard, now_us) or 0) <= min(rates)
    for wait_h in (0, 10, 20, 23):
        planned = (Span(now_us + wait_h * H, 4_000),)
        true_nl = worst_day_nl(course, planned)
        assert true_nl <= worst_day_nl(guard.turned, planned) <= true_nl * 2
    assert guard.turned[-1].rate_nl_h == guard.programmed[-1].rate_nl_h == rates[-1]


# --- the volume of any 24 h -----------------------------------------------------------------------------------------


def delivered_alone_nl(turned: Course, planned: Course) -> int:
    """Return what the wrong rule counts: the 24 h before now, and nothing of what is to come."""
    return worst_day_nl(turned, (Span(planned[0].since_us, 0),))


@pytest.mark.requirement("R5.3.0(7)")
def test_a_day_counts_what_was_delivered_and_what_is_committed_to_come() -> None:
    # 2 mL a day are allowed. The pump stood for 18 h, then delivered 6 h at 0.1 mL/h: 0.6 mL lie behind.
    turned = (Span(0, 0), Span(18 * H, 100_000))
    # From now on 0.1 mL/h, for ever: the check that looks back sees 0.6 mL and lets 2.4 mL a day through.
    planned = (Span(24 * H, 100_000),)
    assert delivered_alone_nl(turned, planned) == 600_000
    assert worst_day_nl(turned, planned) == 2_400_000


@pytest.mark.requirement("R5.3.0(7)")
def test_the_worst_day_may_lie_across_now() -> None:
    # 12 h of a bolus-like rate behind, 12 h of it to come, then nothing: neither half shows what both are together.
    turned, planned = (Span(0, 0), Span(12 * H, 90_000)), (Span(24 * H, 90_000), Span(36 * H, 0))
    assert worst_day_nl(turned, planned) == 24 * 90_000
    assert worst_day_nl((), planned) == 12 * 90_000


@given(STEPS, STEPS)
def test_no_hour_by_hour_window_holds_more_than_the_worst_day(
    past: list[tuple[int, int]], future: list[tuple[int, int]]
) -> None:
    # In whole hours, an hour-by-hour sum is exact, and every corner lies on an hour.
    rates: list[int] = []
    for wait_us, rate in past:
        rates += [rate] * (wait_us // H)
    now_h = len(rates)
    for wait_us, rate in future:
        rates += [rate] * (1 + wait_us // H)
    spans = tuple(Span(hour * H, rate) for hour, rate in enumerate(rates))
    rates += [rates[-1]] * 24
    worst = max(sum(rates[max(end - 24, 0) : end]) for end in range(now_h, len(rates) + 1))
    assert worst_day_nl(spans[:now_h], spans[now_h:]) == worst
