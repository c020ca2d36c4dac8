"""Each limit at its bound and one unit beyond it, for each kind of change, and the pump that enforces them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.bounds import Basis, Bounds
from protocol.messages import (
    EVERY_DAY,
    Acknowledge,
    Change,
    Commit,
    GetEvents,
    GetLimits,
    Limits,
    Outcome,
    Poll,
    Prepare,
    Prepared,
    Rejected,
    Status,
    Step,
)
from protocol.vocabulary import ChangeKind, Refusal, Role
from pumpmock.limits import DAYS, Facts, Week, hold_finding, limit_finding
from pumpmock.model.guard import Course, Guard, Span
from pumpmock.model.pump import Pump
from tests.pumpmock.conftest import RATE_NL_H, Bench, new_memory
from tests.settings import usual_settings

S, H, MINUTE, DAY = 10**6, 3_600 * 10**6, 60 * 10**6, 86_400 * 10**6
MONDAY_S = 1_767_571_200  # Mon 5 Jan 2026, 00:00 UTC
BOUNDS = Bounds(
    least_rate_nl_h=2_000,
    most_rate_nl_h=1_000_000,
    step_up_percent=40,
    step_down_percent=50,
    day_up_percent=100,
    least_dose_ug_day=60,
    most_dose_ug_day=2_003,
    most_bolus_nl=100_000,
    most_day_nl=0,
)
OPEN = Bounds(2_000, 1_000_000)


def continuous(rate_nl_h: int) -> Week:
    return ((Step(0, rate_nl_h),),) * 7


def pump_of(week: Week, *, age_us: int = 10 * DAY, clock_s: int = MONDAY_S) -> Pump:
    """Return a pump of that age with a weekly program, whose calendar clock shows `clock_s`."""
    settings = usual_settings(capacity_nl=100_000_000, least_rate_nl_h=0, epoch_s=clock_s - age_us // S)
    pump = Pump(settings, fill_nl=100_000_000, rate_nl_h=0, concentration_ug_ml=500)
    pump.advance(age_us)
    for weekday, steps in enumerate(week):
        pump.apply(Change(ChangeKind.FLEX, weekdays=1 << weekday, steps=steps))
    return pump


def facts(rate_nl_h: int = 10_000, *, least_nl_h: int | None = None, week: Week | None = None) -> Facts:
    """Return the facts of a pump that has run at a rate for ten days, as far as limits are concerned."""
    week = week or continuous(rate_nl_h)
    basis = Basis(rate_nl_h, 500, least_nl_h or rate_nl_h)
    return Facts(basis, week, (Span(0, rate_nl_h),), pump_of(week).planned)


def stopped(pump: Pump) -> Pump:
    pump.apply(Change(ChangeKind.STOP))
    return pump


def reason(change: Change, judged: Facts, bounds: Bounds = BOUNDS) -> Refusal | None:
    finding = limit_finding(change, judged, bounds)
    return None if finding is None else finding.reason


# --- rates: the program's, for a while, and of a bridge --------------------------------------------------------------

RATES = {
    "rate": lambda rate: Change(ChangeKind.RATE, rate),
    "temporary rate": lambda rate: Change(ChangeKind.TEMPORARY_RATE, rate, duration_s=600),
    "bridge": lambda rate: Change(ChangeKind.BRIDGE, rate, volume_nl=200_000),
}


@pytest.mark.parametrize("kind", RATES)
@pytest.mark.parametrize(
    ("bounds", "judged", "allowed", "refused", "why"),
    [
        (OPEN, facts(), 2_000, 1_999, Refusal.BELOW_LEAST),
        (OPEN, facts(), 1_000_000, 1_000_001, Refusal.ABOVE_MOST),
        (BOUNDS, facts(10_001), 14_001, 14_002, Refusal.STEP_UP),  # 14,001.4
        (BOUNDS, facts(20_001), 10_001, 10_000, Refusal.STEP_DOWN),  # 10,000.5
        (BOUNDS, facts(8_000), 5_000, 4_999, Refusal.BELOW_DOSE),  # 60 ug/day at 500 ug/mL
        (BOUNDS, facts(150_000), 166_916, 166_917, Refusal.ABOVE_DOSE),  # 2,003 ug/day
        (BOUNDS, facts(10_000, least_nl_h=6_001), 12_002, 12_003, Refusal.DAY_UP),
    ],
)
def test_a_rate_at_a_bound_is_allowed_and_a_nanolitre_an_hour_beyond_is_not(
    kind: str, bounds: Bounds, judged: Facts, allowed: int, refused: int, why: Refusal
) -> None:
    assert reason(RATES[kind](allowed), judged, bounds) is None
    assert reason(RATES[kind](refused), judged, bounds) is why


def test_where_the_concentration_is_not_known_no_dose_is_judged() -> None:
    unknown = replace(facts(150_000), basis=Basis(150_000, 0, 150_000))
    assert reason(Change(ChangeKind.RATE, 200_000), unknown) is None


# --- a bolus and a prime ----------------------------------------------------------------------------------------------


def test_a_bolus_at_its_greatest_volume_is_allowed_and_a_nanolitre_more_is_not() -> None:
    for kind, used in ((ChangeKind.BOLUS, {"duration_s": 600}), (ChangeKind.PRIME, {})):
        assert reason(Change(kind, volume_nl=100_000, **used), facts()) is None
        assert reason(Change(kind, volume_nl=100_001, **used), facts()) is Refusal.BOLUS_VOLUME


def test_a_bolus_takes_at_least_the_time_that_the_greatest_rate_needs() -> None:
    # 100 uL at 1 mL/h take 360 s.
    assert reason(Change(ChangeKind.BOLUS, volume_nl=100_000, duration_s=360), facts()) is None
    short = limit_finding(Change(ChangeKind.BOLUS, volume_nl=100_000, duration_s=359), facts(), BOUNDS)
    assert short is not None
    assert (short.reason, short.bound) == (Refusal.DURATION, 360)


# --- a day's pattern ----------------------------------------------------------------------------------------------------


def flex(*steps: tuple[int, int], weekdays: int = EVERY_DAY) -> Change:
    return Change(ChangeKind.FLEX, weekdays=weekdays, steps=tuple(Step(*step) for step in steps))


def test_each_step_of_a_pattern_is_within_the_range() -> None:
    assert reason(flex((0, 2_000), (720, 18_000)), facts(), OPEN) is None
    for low in (1_999, 0):
        said = limit_finding(flex((0, 18_000), (725, low)), facts(), OPEN)
        assert said is not None
        assert said.reason is Refusal.BELOW_LEAST
        assert said.sentence.startswith("from 12:05, ")
    assert reason(flex((0, 10_000), (725, 1_000_001)), facts(), OPEN) is Refusal.ABOVE_MOST


@pytest.mark.parametrize(
    ("old", "allowed", "refused", "why"),
    [
        (10_001, 14_001, 14_002, Refusal.STEP_UP),
        (20_001, 10_001, 10_000, Refusal.STEP_DOWN),
        (8_000, 5_000, 4_999, Refusal.BELOW_DOSE),
        (150_000, 166_916, 166_917, Refusal.ABOVE_DOSE),
    ],
)
def test_the_volume_of_a_day_is_held_against_the_day_it_replaces(
    old: int, allowed: int, refused: int, why: Refusal
) -> None:
    for half_day in (0, 1_000):  # the same volume, evenly and in two halves
        for rate, expected in ((allowed, None), (refused, why)):
            change = flex((0, rate - half_day), (720, rate + half_day))
            assert reason(change, facts(old)) is expected


def test_a_minute_at_one_nanolitre_an_hour_more_than_a_bound_is_more_than_the_bound() -> None:
    assert reason(flex((0, 14_000)), facts(10_000)) is None
    assert reason(flex((0, 14_000), (1_439, 14_001)), facts(10_000)) is Refusal.STEP_UP


def test_only_the_days_that_are_named_are_held_against_their_own_volume() -> None:
    week = (*continuous(10_000)[:5], (Step(0, 30_000),), (Step(0, 30_000),))
    weekend, friday = 0b1100000, 0b0010000
    wide = replace(BOUNDS, day_up_percent=0)
    assert reason(flex((0, 40_000), weekdays=weekend), facts(week=week), wide) is None
    finding = limit_finding(flex((0, 40_000), weekdays=weekend | friday), facts(week=week), wide)
    assert finding is not None
    assert finding.reason is Refusal.STEP_UP
    assert finding.sentence.startswith(f"{DAYS[4]}'s ")


def test_a_day_may_not_hold_more_than_all_increases_within_24_h_allow() -> None:
    assert reason(flex((0, 12_000)), facts(10_000, least_nl_h=6_000)) is None
    assert reason(flex((0, 12_001)), facts(10_000, least_nl_h=6_000)) is Refusal.DAY_UP


# --- the volume of any 24 h ------------------------------------------------------------------------------------------


def daily(most_nl: int) -> Bounds:
    return replace(OPEN, most_day_nl=most_nl)


@pytest.mark.requirement("R5.3.0(7)")
@pytest.mark.parametrize(
    ("change", "worst_nl"),
    [
        (Change(ChangeKind.RATE, 20_000), 480_000),
        # An hour at 0.1 mL/h on top of 23 h of the program.
        (Change(ChangeKind.TEMPORARY_RATE, 100_000, duration_s=3_600), 330_000),
        (Change(ChangeKind.BOLUS, volume_nl=100_000, duration_s=3_600), 330_000),
        (Change(ChangeKind.PRIME, volume_nl=1_000_000), 1_230_000),
        (Change(ChangeKind.BRIDGE, 50_000, volume_nl=100_000), 320_000),
        (flex((0, 10_000), (720, 30_000)), 480_000),
        (flex((0, 10_000), (720, 30_000), weekdays=0b1), 480_000),
        # Monday's evening and Tuesday's morning meet in one day of 24 h, which no calendar day shows.
        (Change(ChangeKind.FLEX, weekdays=0b10, steps=(Step(0, 30_000), Step(720, 10_000))), 480_000),
    ],
    ids=lambda value: value.kind.name if isinstance(value, Change) else "",
)
def test_a_change_at_the_volume_of_a_day_is_allowed_and_a_nanolitre_beyond_is_not(
    change: Change, worst_nl: int
) -> None:
    assert reason(change, facts(), daily(worst_nl)) is None
    finding = limit_finding(change, facts(), daily(worst_nl - 1))
    assert finding is not None
    assert (finding.reason, finding.bound) == (Refusal.DAY_VOLUME, worst_nl - 1)


def test_a_pattern_is_judged_across_midnight() -> None:
    # Each calendar day has 0.48 mL; from Monday noon to Tuesday noon it is twice as much.
    week = ((Step(0, 2_000), Step(720, 38_000)), *continuous(2_000)[1:])
    tuesday = Change(ChangeKind.FLEX, weekdays=0b10, steps=(Step(0, 38_000), Step(720, 2_000)))
    judged = facts(week=week)
    judged = replace(judged, turned=(Span(0, 2_000),))
    assert reason(tuesday, judged, daily(24 * 38_000)) is None
    assert reason(tuesday, judged, daily(24 * 38_000 - 1)) is Refusal.DAY_VOLUME


def test_setting_the_clock_back_may_give_a_peak_twice_and_is_judged_for_it() -> None:
    week = ((Step(0, 10_000), Step(720, 30_000)),) * 7
    turned = (Span(0, 10_000), Span(10 * DAY - 12 * H, 30_000))
    judged = replace(facts(week=week), turned=turned)
    # It is midnight, half a day at the high rate lies behind: back to noon, and there is another half.
    back = Change(ChangeKind.CLOCK, clock_s=MONDAY_S - 43_200)
    assert reason(back, judged, daily(719_999)) is Refusal.DAY_VOLUME
    assert reason(back, judged, daily(720_000)) is None
    assert reason(Change(ChangeKind.CLOCK, clock_s=MONDAY_S), judged, daily(719_999)) is None


def test_setting_the_clock_is_judged_by_the_mode_that_goes_on_meanwhile() -> None:
    week = ((Step(0, 2_000), Step(720, 30_000)),) * 7
    pump = pump_of(week, clock_s=MONDAY_S + 12 * 3_600)
    pump.apply(Change(ChangeKind.TEMPORARY_RATE, 50_000, duration_s=6 * 3_600))
    judged = Facts(Basis(2_000, 500, 2_000), week, (Span(0, 2_000),), pump.planned)
    # It is noon, and half of the peak lies under the temporary rate; by a clock at six, it would all come after that.
    noon_then = Change(ChangeKind.CLOCK, clock_s=MONDAY_S + 6 * 3_600)
    worst_nl = 6 * 50_000 + 12 * 30_000 + 6 * 2_000
    assert reason(noon_then, judged, daily(worst_nl)) is None
    assert reason(noon_then, judged, daily(worst_nl - 1)) is Refusal.DAY_VOLUME


def test_a_bolus_slower_than_the_program_is_over_when_its_volume_is_in() -> None:
    # 2,501 nL within 10 h ask for 250.1 nL/h: at 251 nL/h they are in after 9 h 57 min 51 s, and the program goes on.
    pump = pump_of(continuous(100_000))
    slow = Change(ChangeKind.BOLUS, volume_nl=2_501, duration_s=36_000)
    (bolus, after) = pump.planned(slow)
    assert bolus == Span(10 * DAY, 251)
    assert after == Span(10 * DAY + -(-2_501 * H // 251), 100_000)


def test_resuming_is_judged_by_what_the_program_will_deliver() -> None:
    now_us = 10 * DAY
    turned = (Span(0, 0), Span(now_us - 6 * H, 40_000), Span(now_us - H, 0))
    judged = replace(facts(), turned=turned, planned=stopped(pump_of(continuous(10_000))).planned)
    # 5 h at 0.04 mL/h lie behind; the worst day ends in 18 h, with 18 h of the program in it.
    worst_nl = 5 * 40_000 + 18 * 10_000
    assert reason(Change(ChangeKind.RESUME), judged, daily(worst_nl)) is None
    assert reason(Change(ChangeKind.RESUME), judged, daily(worst_nl - 1)) is Refusal.DAY_VOLUME


def test_a_change_that_makes_no_day_worse_is_let_through_even_where_the_day_is_full() -> None:
    full = daily(1)
    assert reason(Change(ChangeKind.RATE, 9_999), facts(), full) is None
    assert reason(Change(ChangeKind.RATE, 10_001), facts(), full) is Refusal.DAY_VOLUME
    assert reason(Change(ChangeKind.REFILL, volume_nl=1, concentration_ug_ml=500), facts(), full) is None


@pytest.mark.parametrize("kind", [ChangeKind.STOP, ChangeKind.MINIMUM_RATE])
def test_less_drug_can_always_be_had(kind: ChangeKind) -> None:
    strict = replace(BOUNDS, least_rate_nl_h=1_000_000, most_day_nl=1)
    assert limit_finding(Change(kind), facts(), strict) is None
    locked = Guard(applied_us=9 * S, locked_until_us=1_000 * S)
    settings = usual_settings(lockout_s=60, refusals_allowed=3)
    assert hold_finding(kind, locked, 10 * S, settings) is None
    assert hold_finding(ChangeKind.RATE, locked, 10 * S, settings) is not None


@given(
    week=st.lists(
        st.dictionaries(st.integers(1, 1_439), st.integers(0, 90_000), max_size=4).map(
            lambda steps: tuple(Step(minute, rate) for minute, rate in sorted({0: 7, **steps}.items()))
        ),
        min_size=7,
        max_size=7,
    ).map(tuple),
    minute=st.integers(0, 10_079),
    past=st.lists(st.integers(0, 90_000), max_size=6),
)
def test_the_course_of_a_week_is_what_each_minute_of_it_says(
    week: Week, minute: int, past: list[int]
) -> None:
    now_us = 400 * MINUTE
    turned = tuple(Span(place * 60 * MINUTE, rate) for place, rate in enumerate(past))
    pump = stopped(pump_of(week, age_us=now_us, clock_s=MONDAY_S + minute * 60))
    judged = Facts(Basis(0), week, turned, pump.planned)
    course = pump.planned(Change(ChangeKind.RESUME))
    rates = [rate_at(week, (minute + ahead) % 10_080) for ahead in range(8 * 1_440)]
    assert [at_minute(course, now_us + ahead * MINUTE) for ahead in range(0, 8 * 1_440, 7)] == rates[::7]
    # The same as a sum over minutes, in which every corner lies.
    behind = [past[place // 60] if place // 60 < len(past) else (past or [0])[-1] for place in range(400)]
    sums = [0]
    for rate in [0] * (1_440 - 400) + behind + rates:
        sums.append(sums[-1] + rate)
    worst = max(sums[end] - sums[end - 1_440] for end in range(1_440, len(sums)))
    volume_nl = -(-worst // 60)
    assert reason(Change(ChangeKind.RESUME), judged, daily(max(volume_nl, 1))) is None
    behind_nl = -(-sums[1_440] // 60)  # which no change can make less
    if volume_nl > max(behind_nl, 1):
        assert reason(Change(ChangeKind.RESUME), judged, daily(volume_nl - 1)) is Refusal.DAY_VOLUME


def rate_at(week: Week, minute: int) -> int:
    day, minute = divmod(minute, 1_440)
    return next(step.rate_nl_h for step in reversed(week[day]) if step.minute <= minute)


def at_minute(course: Course, at_us: int) -> int:
    return next(span.rate_nl_h for span in reversed(course) if span.since_us <= at_us)


# --- the pump that enforces them -------------------------------------------------------------------------------------

LIMITED = {
    "step_up_percent": 40,
    "step_down_percent": 50,
    "day_up_percent": 100,
    "most_dose_ug_day": 2_003,
    "lockout_s": 60,
    "refusals_allowed": 3,
    "refusal_window_s": 600,
    "lock_s": 600,
}


@pytest.fixture
def limited() -> Bench:
    return Bench(new_memory(**LIMITED))


def ask_for(bench: Bench, rate_nl_h: int, kind: ChangeKind = ChangeKind.RATE) -> Prepared | Rejected:
    bench.device.catch_up()
    seen = bench.status()
    change = Change(kind, rate_nl_h)
    request = Prepare(bench.random(8), seen.revision, seen.commanded_rate_nl_h, 0, change)
    answer = bench.device.serve(request, Role.TECHNICIAN, 1, 0)
    assert isinstance(answer, Prepared | Rejected)
    return answer


def refusal(bench: Bench, rate_nl_h: int, kind: ChangeKind = ChangeKind.RATE) -> tuple[Refusal, int]:
    answer = ask_for(bench, rate_nl_h, kind)
    assert isinstance(answer, Rejected)
    return Refusal(answer.reason), answer.bound


def make(bench: Bench, rate_nl_h: int, kind: ChangeKind = ChangeKind.RATE) -> None:
    prepared = ask_for(bench, rate_nl_h, kind)
    assert isinstance(prepared, Prepared), prepared
    done = bench.device.serve(Commit(prepared.command_id, prepared.token), Role.TECHNICIAN, 1, 0)
    assert isinstance(done, Outcome)


def test_the_limits_of_the_settings_are_those_on_the_wire(limited: Bench) -> None:
    told = limited.serve(GetLimits(), Limits)
    assert {name: getattr(told, name) for name in LIMITED} == LIMITED
    assert (told.minimum_rate_nl_h, told.least_rate_nl_h) == (250, 2_000)
    other = Bench(new_memory(**LIMITED | {"lock_s": 601}))
    assert other.status().limits_crc != limited.status().limits_crc


def test_a_prepared_change_names_the_range_that_all_limits_together_leave(limited: Bench) -> None:
    prepared = ask_for(limited, 25_000)
    assert isinstance(prepared, Prepared)
    assert (prepared.least_rate_nl_h, prepared.most_rate_nl_h) == (10_417, 29_166)


def test_the_next_change_is_too_soon_until_the_lockout_is_over(limited: Bench) -> None:
    make(limited, 25_000)
    assert limited.status().refusing_s == 60
    assert refusal(limited, 24_000) == (Refusal.TOO_SOON, 60)
    limited.now_ns += 60 * 10**9 - 1_000
    assert refusal(limited, 24_000) == (Refusal.TOO_SOON, 1)
    limited.now_ns += 1_000
    make(limited, 24_000)


def test_increases_add_up_over_24_h(limited: Bench) -> None:
    for rate in (29_000, 40_000):
        make(limited, rate)
        limited.now_ns += 3_600 * 10**9
    assert refusal(limited, 41_667) == (Refusal.DAY_UP, 41_666)
    make(limited, 41_666)


@pytest.mark.requirement("R6.5.0(18)")
def test_three_refusals_over_a_limit_lock_all_but_less_drug_and_reading(limited: Bench) -> None:
    for _ in range(3):
        assert refusal(limited, 90_000)[0] is Refusal.STEP_UP
    assert refusal(limited, 25_000) == (Refusal.LOCKED, 600)
    assert refusal(limited, 90_000) == (Refusal.LOCKED, 600)
    assert limited.status().refusing_s == 600
    assert isinstance(limited.serve(Acknowledge(1 << 5), Status), Status)
    make(limited, 0, ChangeKind.STOP)
    assert refusal(limited, 0, ChangeKind.RESUME)[0] is Refusal.LOCKED
    limited.now_ns += 600 * 10**9
    make(limited, 0, ChangeKind.RESUME)


def test_a_change_that_was_prepared_before_a_lock_is_not_committed_in_it(limited: Bench) -> None:
    prepared = ask_for(limited, 25_000)
    assert isinstance(prepared, Prepared)
    for rate in (90_000, 91_000, 92_000):
        again = Prepare(prepared.command_id, 0, RATE_NL_H, 0, Change(ChangeKind.RATE, rate))
        answer = limited.device.serve(again, Role.TECHNICIAN, 1, 0)
        assert isinstance(answer, Rejected)
    answer = limited.device.serve(Commit(prepared.command_id, prepared.token), Role.TECHNICIAN, 1, 0)
    assert isinstance(answer, Rejected)
    assert answer.reason == Refusal.LOCKED


def test_a_request_that_is_repeated_for_want_of_an_answer_counts_once(limited: Bench) -> None:
    request = Prepare(b"command1", 0, RATE_NL_H, 0, Change(ChangeKind.RATE, 90_000))
    for _ in range(5):
        assert isinstance(limited.device.serve(request, Role.TECHNICIAN, 1, 0), Rejected)
    assert len(limited.device.pump.guard.refusals_us) == 1


@pytest.mark.requirement("R6.5.0(18)")
def test_a_viewer_cannot_lock_the_changes_of_others(limited: Bench) -> None:
    for number in range(9):
        request = Prepare(bytes(8), 0, RATE_NL_H, 0, Change(ChangeKind.RATE, 900_000 + number))
        answer = limited.device.serve(request, Role.VIEWER, 1, 0)
        assert isinstance(answer, Rejected)
        assert answer.reason == Refusal.ROLE
    make(limited, 25_000)


def test_what_the_host_saw_wrongly_never_counts_against_it(limited: Bench) -> None:
    for revision in range(1, 10):
        request = Prepare(limited.random(8), revision, 1, 0, Change(ChangeKind.RATE, 900_000))
        limited.device.serve(request, Role.TECHNICIAN, 1, 0)
    make(limited, 25_000)


def test_reading_goes_on_while_changes_are_locked(limited: Bench) -> None:
    for _ in range(3):
        ask_for(limited, 90_000)
    for request in (Poll(), GetEvents(1)):
        assert not isinstance(limited.device.serve(request, Role.VIEWER, 1, 0), Rejected)
