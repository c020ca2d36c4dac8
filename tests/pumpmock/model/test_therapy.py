"""Each kind of therapy, worked out by hand and held to the microsecond and the nanolitre."""

from __future__ import annotations

import pytest

from protocol.alarms import Alarm
from protocol.changes import Effect
from protocol.messages import NEVER_S, SENTENCE, Change, Step
from protocol.units import US_PER_DAY, US_PER_H, US_PER_S
from protocol.vocabulary import ChangeKind, EventKind, Mode, Refusal, State
from pumpmock.model.pump import Pump
from tests.pumpmock.conftest import to_rate
from tests.settings import usual_settings

MONDAY_S = 1_767_571_200  # 2026-01-05 00:00:00 UTC
STOP, RESUME = Change(ChangeKind.STOP), Change(ChangeKind.RESUME)
MINIMUM_RATE = Change(ChangeKind.MINIMUM_RATE)
MINUTE_US = 60 * US_PER_S
NIGHT_AND_DAY = (Step(0, 10_000), Step(480, 30_000), Step(1_200, 20_000))  # from 0, 8 and 20 o'clock


def bolus(volume_nl: int, duration_s: int) -> Change:
    return Change(ChangeKind.BOLUS, volume_nl=volume_nl, duration_s=duration_s)


def temporary(rate_nl_h: int, duration_s: int) -> Change:
    return Change(ChangeKind.TEMPORARY_RATE, rate_nl_h, duration_s=duration_s)


def prime(volume_nl: int) -> Change:
    return Change(ChangeKind.PRIME, volume_nl=volume_nl)


def bridge(volume_nl: int, rate_nl_h: int) -> Change:
    return Change(ChangeKind.BRIDGE, rate_nl_h, volume_nl=volume_nl)


def flex(*steps: Step, weekdays: int = 0x7F) -> Change:
    return Change(ChangeKind.FLEX, weekdays=weekdays, steps=steps)


def pump_at(rate_nl_h: int = 25_000, *, fill_nl: int = 18_000_000, **figures: int) -> Pump:
    return Pump(usual_settings(epoch_s=MONDAY_S), fill_nl=fill_nl, rate_nl_h=rate_nl_h, **figures)


def rates(pump: Pump) -> tuple[int, int, int]:
    sample = pump.sample()
    return sample.commanded_rate_nl_h, sample.measured_rate_nl_h, sample.programmed_rate_nl_h


def entries(pump: Pump) -> list[tuple[int, int, int, int]]:
    return [(entry.kind, entry.detail, entry.a, entry.b) for entry in pump.events.since(0)]


# --- the minimum rate ---------------------------------------------------------------------------------------------


@pytest.mark.requirement("R6.5.0(22)")
def test_the_minimum_rate_stands_until_somebody_resumes() -> None:
    pump = pump_at()
    pump.apply(MINIMUM_RATE)
    pump.advance(1_000 * US_PER_H)
    sample = pump.sample()
    assert rates(pump) == (250, 250, 25_000)
    assert (sample.mode, sample.mode_left_s, sample.state) == (Mode.MINIMUM_RATE, NEVER_S, State.RUNNING)
    assert sample.delivered_nl == 250_000
    pump.apply(RESUME)
    assert rates(pump) == (25_000, 25_000, 25_000)
    assert pump.sample().mode is Mode.PROGRAM
    assert entries(pump) == [
        (EventKind.MINIMUM_RATE, 0, 25_000, 250),
        (EventKind.RESUMED, 0, 250, 25_000),
    ]


# --- a temporary rate ---------------------------------------------------------------------------------------------


def test_a_temporary_rate_ends_at_its_instant_and_the_program_goes_on() -> None:
    pump = pump_at()
    pump.advance(7)
    pump.apply(temporary(40_000, 7_200))
    pump.advance(2 * US_PER_H - 1)
    assert rates(pump) == (40_000, 40_000, 25_000)
    assert (pump.sample().mode, pump.sample().mode_left_s) == (Mode.TEMPORARY_RATE, 0)
    pump.advance(1)
    assert rates(pump) == (25_000, 25_000, 25_000)
    assert (pump.sample().mode, pump.sample().mode_left_s) == (Mode.PROGRAM, NEVER_S)
    assert pump.sample().delivered_nl == 80_000
    assert entries(pump) == [
        (EventKind.TEMPORARY_RATE, 0, 40_000, 7_200),
        (EventKind.MODE_ENDED, Mode.TEMPORARY_RATE, 40_000, 25_000),
    ]
    assert pump.events.since(0)[1].pump_time_us == 7 + 2 * US_PER_H


def test_a_temporary_rate_of_zero_is_a_pause_that_ends_by_itself() -> None:
    pump = pump_at()
    pump.apply(temporary(0, 3_600))
    pump.advance(2 * US_PER_H)
    assert pump.sample().delivered_nl == 25_000
    assert pump.sample().alarms == 0


def test_the_longest_temporary_rate_does_not_pass_for_one_without_an_end() -> None:
    pump = pump_at()
    pump.apply(temporary(2_000, 0xFFFF_FFFF))
    assert pump.sample().mode_left_s == NEVER_S - 1


# --- bolus, prime, bridge -----------------------------------------------------------------------------------------


def test_a_bolus_replaces_the_program_and_ends_with_its_last_nanolitre() -> None:
    # 100 uL over 30 min are 200,000 nL/h, and nothing of the program's 25,000 beside them.
    pump = pump_at()
    pump.advance(US_PER_H)
    pump.apply(bolus(100_000, 1_800))
    assert rates(pump) == (200_000, 200_000, 25_000)
    assert (pump.sample().mode, pump.sample().mode_left_s) == (Mode.BOLUS, 1_800)
    pump.advance(30 * MINUTE_US - 1)
    assert pump.sample().delivered_nl == 25_000 + 99_999
    pump.advance(1)
    assert pump.sample().delivered_nl == 25_000 + 100_000
    assert rates(pump) == (25_000, 25_000, 25_000)
    pump.advance(30 * MINUTE_US)
    assert pump.sample().delivered_nl == 25_000 + 100_000 + 12_500
    assert entries(pump) == [
        (EventKind.BOLUS, 0, 100_000, 1_800),
        (EventKind.MODE_ENDED, Mode.BOLUS, 200_000, 25_000),
    ]


def test_a_bolus_that_does_not_divide_ends_by_its_volume_not_by_its_time() -> None:
    # 1,000 nL over 7 s are 514,285.7 nL/h: the motor takes 514,286, and is 3 us early.
    pump = pump_at(0)
    pump.apply(bolus(1_000, 7))
    assert pump.sample().commanded_rate_nl_h == 514_286
    end_us = -(-1_000 * US_PER_H // 514_286)
    assert end_us == 6_999_997
    pump.advance(end_us - 1)
    assert pump.sample().delivered_nl == 999
    pump.advance(1)
    assert (pump.sample().delivered_nl, pump.sample().mode) == (1_000, Mode.PROGRAM)


@pytest.mark.parametrize("before_us", [1, 12_345_678, 86_399_999_999])
def test_a_bolus_is_exact_whatever_part_of_a_nanolitre_had_flowed_before(before_us: int) -> None:
    pump = pump_at(31_111)
    pump.advance(before_us)
    before = pump.sample().delivered_nl
    pump.apply(bolus(54_321, 777))
    while pump.sample().mode is Mode.BOLUS:
        due_us = pump.clock.next_due_us
        assert due_us is not None
        pump.advance_to(due_us)
    assert pump.sample().delivered_nl - before == 54_321
    assert pump.clock.now_us - before_us <= 777 * US_PER_S


def test_a_prime_goes_at_the_greatest_rate() -> None:
    # 199 uL of tubing at 1,000,000 nL/h: 716.4 s.
    pump = pump_at()
    pump.apply(prime(199_000))
    assert rates(pump) == (1_000_000, 1_000_000, 25_000)
    assert (pump.sample().mode, pump.sample().mode_left_s) == (Mode.PRIME, 716)
    pump.advance(716_400_000)
    assert (pump.sample().mode, pump.sample().delivered_nl) == (Mode.PROGRAM, 199_000)
    assert entries(pump) == [
        (EventKind.PRIME, 0, 199_000, 0),
        (EventKind.MODE_ENDED, Mode.PRIME, 1_000_000, 25_000),
    ]


def test_a_bridge_holds_the_old_drug_at_its_own_rate() -> None:
    # 395 uL of pump and catheter at 12,500 nL/h: 31.6 h.
    pump = pump_at()
    pump.apply(bridge(395_000, 12_500))
    assert rates(pump) == (12_500, 12_500, 25_000)
    assert (pump.sample().mode, pump.sample().mode_left_s) == (Mode.BRIDGE, 113_760)
    pump.advance(32 * US_PER_H)
    assert (pump.sample().mode, pump.sample().delivered_nl) == (Mode.PROGRAM, 395_000 + 10_000)
    assert entries(pump) == [
        (EventKind.BRIDGE, 0, 395_000, 12_500),
        (EventKind.MODE_ENDED, Mode.BRIDGE, 12_500, 25_000),
    ]


# --- what ends a mode ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first",
    [MINIMUM_RATE, temporary(40_000, 7_200), bolus(100_000, 1_800), prime(9_000), bridge(9_000, 2_000)],
)
@pytest.mark.parametrize(
    ("then", "mode", "rate_nl_h"),
    [
        (to_rate(30_000), Mode.PROGRAM, 30_000),
        (flex(Step(0, 31_000)), Mode.PROGRAM, 31_000),
        (RESUME, Mode.PROGRAM, 25_000),
        (STOP, Mode.PROGRAM, 0),
        (temporary(2_000, 60), Mode.TEMPORARY_RATE, 2_000),
        (bolus(1_000, 10), Mode.BOLUS, 360_000),
        (prime(1), Mode.PRIME, 1_000_000),
        (bridge(1, 2_000), Mode.BRIDGE, 2_000),
    ],
)
def test_the_newest_change_of_the_flow_is_in_force_and_no_mode_comes_back(
    first: Change, then: Change, mode: Mode, rate_nl_h: int
) -> None:
    pump = pump_at()
    pump.apply(first)
    pump.advance(1)
    assert pump.foresee(then).rate_nl_h == rate_nl_h
    pump.apply(then)
    assert (pump.sample().mode, pump.sample().commanded_rate_nl_h) == (mode, rate_nl_h)
    pump.advance(10 * US_PER_DAY)
    assert pump.sample().mode is Mode.PROGRAM
    ended = [entry for entry in entries(pump) if entry[0] == EventKind.MODE_ENDED]
    assert ended == ([(EventKind.MODE_ENDED, mode, rate_nl_h, 25_000)] if mode else [])


def test_what_was_missing_of_a_bolus_at_a_stop_is_not_made_up_for() -> None:
    pump = pump_at()
    pump.apply(bolus(100_000, 3_600))
    pump.advance(US_PER_H // 2)
    pump.apply(STOP)
    assert (pump.sample().mode, pump.sample().mode_left_s) == (Mode.PROGRAM, NEVER_S)
    pump.advance(US_PER_H)
    pump.apply(RESUME)
    pump.advance(US_PER_H)
    assert pump.sample().delivered_nl == 50_000 + 25_000


@pytest.mark.requirement("R5.3.0(4)")
def test_what_was_missing_of_a_bolus_when_the_service_ended_never_comes() -> None:
    # 1 % of the charge lasts longer at 1,000,000 nL/h than this bolus, were it not for what was drained before.
    pump = Pump(usual_settings(capacity_nl=100_000_000), fill_nl=100_000_000, rate_nl_h=0, battery_percent=1)
    end_us = pump.sample().service_days * US_PER_DAY
    pump.advance(end_us - US_PER_H)
    pump.apply(bolus(98_000_000, 98 * 3_600))
    pump.advance(2 * US_PER_DAY)
    sample = pump.sample()
    assert (sample.state, sample.mode) == (State.END_OF_SERVICE, Mode.PROGRAM)
    assert sample.delivered_nl < 98_000_000
    assert (EventKind.MODE_ENDED, Mode.BOLUS, 1_000_000, 0) in entries(pump)


@pytest.mark.requirement("R5.3.0(4)")
def test_a_bolus_ends_with_the_reservoir_and_does_not_go_on_after_a_refill() -> None:
    pump = pump_at(fill_nl=1_500_000)
    pump.apply(bolus(100_000, 3_600))
    pump.apply(
        Change(ChangeKind.REFILL, withdrawn_nl=1_500_000, volume_nl=1_450_000)
    )  # less than was thought
    pump.advance(US_PER_H)
    assert (pump.sample().state, pump.sample().mode) == (State.EMPTY, Mode.PROGRAM)
    assert rates(pump) == (25_000, 0, 25_000)
    assert entries(pump)[-2:] == [
        (EventKind.MODE_ENDED, Mode.BOLUS, 100_000, 25_000),
        (EventKind.ALARM_RAISED, Alarm.EMPTY_RESERVOIR, 0, 0),
    ]
    pump.apply(Change(ChangeKind.REFILL, withdrawn_nl=0, volume_nl=18_000_000))
    pump.advance(US_PER_H)
    assert pump.sample().delivered_nl == 25_000


def test_the_last_that_a_reservoir_can_give_may_be_a_bolus() -> None:
    pump = pump_at(fill_nl=1_500_000)
    pump.apply(bolus(100_000, 3_600))
    pump.advance(US_PER_H)
    assert pump.sample().delivered_nl == 100_000
    assert pump.sample().state is State.EMPTY
    assert (EventKind.MODE_ENDED, Mode.BOLUS, 100_000, 25_000) in entries(pump)


def test_a_temporary_rate_runs_out_by_time_though_nothing_is_left_to_deliver() -> None:
    pump = pump_at(fill_nl=1_410_000)
    pump.apply(temporary(20_000, 7_200))
    pump.advance(US_PER_H)
    assert (pump.sample().state, pump.sample().mode) == (State.EMPTY, Mode.TEMPORARY_RATE)
    assert pump.sample().mode_left_s == 3_600
    pump.advance(US_PER_H)
    assert pump.sample().mode is Mode.PROGRAM


def test_a_short_time_at_the_greatest_rate_is_no_reason_for_a_new_battery() -> None:
    # At this rate for good, a tenth of the charge would not last ninety days: it would be ERI at once.
    pump = pump_at(2_000, battery_percent=15)
    days = pump.sample().service_days
    pump.apply(prime(199_000))
    assert pump.sample().alarms == 0
    assert days - 1 <= pump.sample().service_days <= days
    pump.advance(US_PER_H)
    pump.apply(to_rate(1_000_000))
    assert pump.sample().alarms == 1 << Alarm.ERI


# --- flex ---------------------------------------------------------------------------------------------------------


def test_a_flex_program_changes_the_rate_at_its_minutes_and_logs_no_step() -> None:
    pump = pump_at()
    pump.apply(flex(*NIGHT_AND_DAY))
    seen = []
    for _ in range(6):
        seen.append((pump.clock.now_us // US_PER_H, *rates(pump)))
        due_us = pump.clock.next_due_us
        assert due_us is not None
        pump.advance_to(due_us - 1)
        assert rates(pump) == seen[-1][1:]
        pump.advance(1)
    day = [(0, 10_000), (8, 30_000), (20, 20_000), (24, 10_000), (32, 30_000), (44, 20_000)]
    assert seen == [(hour, rate, rate, rate) for hour, rate in day]
    # 8 h x 10,000 + 12 h x 30,000 + 4 h x 20,000 = 520,000 nL a day
    pump.advance_to(10 * US_PER_DAY)
    assert pump.sample().delivered_nl == 5_200_000
    assert entries(pump) == [(EventKind.FLEX, 0x7F, 520_000, 0)]


def test_days_that_are_not_named_keep_their_pattern_and_a_rate_sets_all_seven() -> None:
    pump = pump_at()
    pump.apply(flex(*NIGHT_AND_DAY, weekdays=0b110_0000))
    assert [pump.program_of(day) for day in (0, 4, 5, 6)] == [
        (Step(0, 25_000),),
        (Step(0, 25_000),),
        NIGHT_AND_DAY,
        NIGHT_AND_DAY,
    ]
    pump.advance_to(7 * US_PER_DAY)
    assert pump.sample().delivered_nl == 5 * 600_000 + 2 * 520_000
    pump.apply(to_rate(26_000))
    assert {pump.program_of(day) for day in range(7)} == {(Step(0, 26_000),)}


def test_the_program_goes_on_by_the_calendar_under_a_mode_and_a_stop() -> None:
    pump = pump_at()
    pump.apply(flex(*NIGHT_AND_DAY))
    pump.apply(temporary(5_000, 10 * 3_600))
    pump.advance(9 * US_PER_H)
    assert rates(pump) == (5_000, 5_000, 30_000)
    pump.advance(US_PER_H)
    assert rates(pump) == (30_000, 30_000, 30_000)
    assert entries(pump)[-1] == (EventKind.MODE_ENDED, Mode.TEMPORARY_RATE, 5_000, 30_000)
    pump.apply(STOP)
    pump.advance(10 * US_PER_H)
    assert rates(pump) == (0, 0, 20_000)
    pump.apply(RESUME)
    assert rates(pump) == (20_000, 20_000, 20_000)
    assert pump.events.since(0)[-1].b == 20_000


def test_a_step_of_zero_is_a_pause_of_the_program_not_a_stop() -> None:
    pump = pump_at()
    pump.apply(flex(Step(0, 0), Step(720, 50_000)))
    assert (pump.sample().state, pump.sample().alarms, pump.sample().commanded_rate_nl_h) == (
        State.RUNNING,
        0,
        0,
    )
    pump.advance(US_PER_DAY)
    assert pump.sample().delivered_nl == 600_000


# --- the calendar clock -------------------------------------------------------------------------------------------


def test_setting_the_clock_moves_the_calendar_and_the_program_with_it_and_no_pump_time() -> None:
    pump = pump_at()
    pump.apply(flex(*NIGHT_AND_DAY))
    pump.advance(7 * US_PER_H + 500_000)
    pump.apply(Change(ChangeKind.CLOCK, clock_s=MONDAY_S + 8 * 3_600))  # summer time began
    assert (pump.sample().clock_s, pump.sample().pump_time_us) == (
        MONDAY_S + 8 * 3_600,
        7 * US_PER_H + 500_000,
    )
    assert rates(pump) == (30_000, 30_000, 30_000)
    entry = pump.events.since(0)[-1]
    assert (entry.kind, entry.a, entry.clock_s) == (EventKind.CLOCK_SET, MONDAY_S + 25_200, MONDAY_S + 28_800)
    pump.apply(Change(ChangeKind.CLOCK, clock_s=MONDAY_S))
    assert rates(pump) == (10_000, 10_000, 10_000)
    # The pump's seconds stay where they were: the step comes half a second early.
    assert pump.clock.next_due_us == 15 * US_PER_H


def test_a_clock_set_back_to_1970_is_before_the_pump_was() -> None:
    pump = pump_at()
    pump.advance(US_PER_DAY)
    pump.apply(Change(ChangeKind.CLOCK, clock_s=0))
    assert pump.sample().clock_s == 0
    assert Pump.from_dict(pump.to_dict()).sample() == pump.sample()


def test_the_clock_leaves_a_mode_and_a_stop_alone() -> None:
    pump = pump_at()
    pump.apply(temporary(40_000, 7_200))
    pump.apply(Change(ChangeKind.CLOCK, clock_s=1))
    assert (pump.sample().mode, pump.sample().mode_left_s) == (Mode.TEMPORARY_RATE, 7_200)
    pump.apply(STOP)
    pump.apply(Change(ChangeKind.CLOCK, clock_s=2))
    assert pump.sample().state is State.STOPPED


# --- what is refused ----------------------------------------------------------------------------------------------


def under(*changes: Change, **figures: int) -> Pump:
    pump = pump_at(**figures)
    for change in changes:
        pump.apply(change)
    return pump


@pytest.mark.parametrize(
    ("pump", "change", "reason", "bound", "said"),
    [
        (under(), bolus(0, 60), Refusal.MALFORMED, 0, "0 nL is none"),
        (under(), prime(0), Refusal.MALFORMED, 0, "0 nL is none"),
        (under(), bolus(100_000, 0), Refusal.MALFORMED, 0, "0 s"),
        (under(), Change(ChangeKind.FLEX, weekdays=1), Refusal.MALFORMED, 0, "first step"),
        (under(), Change(ChangeKind.STOP, 1), Refusal.MALFORMED, 0, "does not use"),
        (under(), bolus(16_600_001, 99_999), Refusal.VOLUME, 16_600_000, "than the reservoir can give"),
        (under(), prime(16_600_001), Refusal.VOLUME, 16_600_000, "than the reservoir can give"),
        (under(), bridge(16_600_001, 2_000), Refusal.VOLUME, 16_600_000, "than the reservoir can give"),
        (under(), bolus(100_000, 359), Refusal.DURATION, 360, "at the greatest rate"),
        (under(), bolus(1_000, 14_401), Refusal.DURATION, 14_400, "at the minimum rate"),
        (under(), temporary(1_000_001, 60), Refusal.ABOVE_MOST, 1_000_000, "above the greatest rate"),
        (under(), temporary(1_999, 60), Refusal.BELOW_LEAST, 2_000, "below the least rate"),
        (under(), bridge(1_000, 0), Refusal.BELOW_LEAST, 2_000, "below the least rate"),
        (under(), flex(Step(0, 25_000), Step(9, 1_999)), Refusal.BELOW_LEAST, 2_000, "below the least"),
        (under(), RESUME, Refusal.WRONG_STATE, 0, "nothing to resume"),
        (under(MINIMUM_RATE), MINIMUM_RATE, Refusal.WRONG_STATE, 0, "minimum rate already"),
        (under(STOP), MINIMUM_RATE, Refusal.WRONG_STATE, 0, "resume it first"),
        (under(STOP), bolus(1_000, 10), Refusal.WRONG_STATE, 0, "resume it first"),
        (under(STOP), flex(Step(0, 25_000)), Refusal.WRONG_STATE, 0, "resume it first"),
        (under(fill_nl=0), bolus(1_000, 3_600), Refusal.WRONG_STATE, 0, "refill it"),
        (under(fill_nl=0), temporary(25_001, 60), Refusal.WRONG_STATE, 0, "refill it"),
        (under(fill_nl=0), flex(Step(0, 25_001)), Refusal.WRONG_STATE, 0, "refill it"),
        (under(MINIMUM_RATE, fill_nl=0), RESUME, Refusal.WRONG_STATE, 0, "refill it"),
        (under(battery_percent=0), MINIMUM_RATE, Refusal.WRONG_STATE, 0, "end of service"),
        (under(battery_percent=0), prime(1_000), Refusal.WRONG_STATE, 0, "end of service"),
        (
            under(),
            Change(ChangeKind.REFILL, volume_nl=20_000_001),
            Refusal.VOLUME,
            20_000_000,
            "filled is more than the reservoir holds",
        ),
        (
            under(),
            Change(ChangeKind.REFILL, withdrawn_nl=20_000_001),
            Refusal.VOLUME,
            20_000_000,
            "withdrawn is more than the reservoir holds",
        ),
        (under(), Change(ChangeKind.CLOCK, clock_s=2**32), Refusal.MALFORMED, 0, "2106"),
    ],
)
def test_what_the_pump_cannot_do_is_refused_with_the_bound_and_changes_nothing(
    pump: Pump, change: Change, reason: Refusal, bound: int, said: str
) -> None:
    before = pump.to_dict()
    refused = pump.refuse(change)
    assert refused is not None
    assert (refused.reason, refused.bound) == (reason, bound)
    assert said in refused.sentence
    assert len(refused.sentence) <= SENTENCE
    with pytest.raises(ValueError, match=said):
        pump.apply(change)
    assert pump.to_dict() == before


@pytest.mark.parametrize(
    ("pump", "change"),
    [
        (under(), bolus(16_600_000, 16_600 * 3_600)),
        (under(), bolus(100_000, 360)),
        (under(), bolus(1_000, 14_400)),
        (under(fill_nl=0), temporary(25_000, 60)),
        (under(fill_nl=0), MINIMUM_RATE),
        (under(fill_nl=0), flex(Step(0, 25_000))),
        (under(STOP), Change(ChangeKind.REFILL, volume_nl=20_000_000)),
        (under(battery_percent=0), Change(ChangeKind.REFILL)),
        (under(battery_percent=0), Change(ChangeKind.CLOCK, clock_s=2**32 - 1)),
    ],
)
def test_the_bound_itself_is_inside(pump: Pump, change: Change) -> None:
    assert pump.refuse(change) is None
    pump.apply(change)


# --- what is foreseen ---------------------------------------------------------------------------------------------


def test_what_is_foreseen_of_a_bolus_counts_the_program_after_it() -> None:
    # 16 mL to low: 1 mL by the bolus in an hour, and 15 mL at 25,000 nL/h in 600 h.
    pump = pump_at()
    assert pump.foresee(bolus(1_000_000, 3_600)) == Effect(1_000_000, 601 * 3_600, 625 * 3_600)
    assert pump.foresee() == Effect(25_000, 640 * 3_600, 664 * 3_600)
    pump.apply(bolus(1_000_000, 3_600))
    pump.advance(US_PER_H // 2)
    assert pump.foresee() == Effect(1_000_000, 601 * 3_600 - 1_800, 625 * 3_600 - 1_800)


def test_what_is_foreseen_of_a_flex_program_is_when_it_happens() -> None:
    # 520,000 nL a day: 16 mL are 30 days and 400,000 nL, of which 80,000 by 8 o'clock and 320,000 in 10.667 h more.
    pump = pump_at()
    change = flex(*NIGHT_AND_DAY)
    low_s = 30 * 86_400 + 8 * 3_600 + 38_400
    assert pump.foresee(change).to_low_s == low_s
    pump.apply(change)
    pump.advance(low_s * US_PER_S)
    assert pump.sample().alarms == 1 << Alarm.LOW_RESERVOIR
    assert pump.events.since(0)[-1].pump_time_us == low_s * US_PER_S


def test_what_is_foreseen_of_refill_clock_and_stop() -> None:
    pump = pump_at()
    assert pump.foresee(Change(ChangeKind.REFILL, volume_nl=20_000_000)) == Effect(
        25_000, 720 * 3_600, 744 * 3_600
    )
    assert pump.foresee(STOP) == Effect(0, None, None)
    pump.apply(flex(*NIGHT_AND_DAY))
    assert pump.foresee(Change(ChangeKind.CLOCK, clock_s=MONDAY_S + 9 * 3_600)).rate_nl_h == 30_000
    pump.apply(STOP)
    assert pump.foresee() == Effect(0, None, None)
    assert pump.foresee(RESUME).rate_nl_h == 10_000


def test_what_is_foreseen_of_a_refill_that_leaves_nothing_for_a_bolus_is_the_program() -> None:
    pump = pump_at()
    pump.apply(bolus(100_000, 3_600))
    drained = Change(ChangeKind.REFILL, withdrawn_nl=18_000_000)
    assert pump.foresee(drained) == Effect(25_000, 0, 0)
    pump.apply(drained)
    assert (pump.sample().commanded_rate_nl_h, pump.sample().mode) == (25_000, Mode.PROGRAM)
