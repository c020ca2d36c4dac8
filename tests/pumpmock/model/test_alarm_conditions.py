"""Each alarm condition that follows from no volume and no charge: when it comes, what it does, and what ends it."""

from __future__ import annotations

import pytest

from protocol.alarms import Alarm
from protocol.messages import EVERY_DAY, Change, Step
from protocol.units import US_PER_DAY, US_PER_H, US_PER_S
from protocol.vocabulary import ChangeKind, EventKind, Mode, Refusal, State
from pumpmock.model.drug import DrugRules
from pumpmock.model.pump import Pump
from tests.pumpmock.conftest import to_rate
from tests.settings import usual_settings

MORPHINE = DrugRules("library", "0" * 64, "morphine")  # which that library does not have
STOP, RESUME = Change(ChangeKind.STOP), Change(ChangeKind.RESUME)
BOLUS = Change(ChangeKind.BOLUS, volume_nl=50_000, duration_s=3_600)
EPOCH_S = 1_767_225_600  # Thu 1 Jan 2026, midnight
DAY = (Step(0, 30_000), Step(720, 40_000))


def pump_at(**figures: int) -> Pump:
    return Pump(usual_settings(epoch_s=EPOCH_S, **figures), fill_nl=18_000_000, rate_nl_h=25_000)


def flex(weekdays: int) -> Change:
    return Change(ChangeKind.FLEX, weekdays=weekdays, steps=DAY)


def has(pump: Pump, alarm: Alarm) -> bool:
    return bool(pump.sample().alarms >> alarm & 1)


def told(pump: Pump, since: int = 0) -> list[tuple[EventKind, int]]:
    return [(EventKind(entry.kind), entry.detail) for entry in pump.events.since(since)]


def faults(pump: Pump) -> list[tuple[EventKind, int, int]]:
    return [(EventKind(entry.kind), entry.detail, entry.pump_time_us) for entry in pump.faults.since(0)]


def raised_and_cleared(alarm: Alarm) -> list[tuple[EventKind, int]]:
    return [(EventKind.ALARM_RAISED, alarm), (EventKind.ALARM_CLEARED, alarm)]


# --- stopped too long ----------------------------------------------------------------------------------------------


def test_a_stop_is_a_state_at_once_and_an_alarm_after_exactly_48_hours() -> None:
    pump = pump_at()
    pump.advance(7 * US_PER_H + 3)
    pump.apply(STOP)
    assert (pump.sample().state, pump.sample().measured_rate_nl_h, pump.sample().alarms) == (
        State.STOPPED,
        0,
        0,
    )
    pump.advance(48 * US_PER_H - 1)
    assert not has(pump, Alarm.STOPPED)
    pump.advance(1)
    assert has(pump, Alarm.STOPPED)
    assert pump.events.since(0)[-1].pump_time_us == 55 * US_PER_H + 3
    assert pump.sample().state is State.STOPPED


def test_a_resume_in_time_keeps_the_alarm_away_and_the_next_stop_counts_anew() -> None:
    pump = pump_at()
    pump.apply(STOP)
    pump.advance(47 * US_PER_H)
    pump.apply(RESUME)
    pump.advance(US_PER_H)
    pump.apply(STOP)
    pump.advance(48 * US_PER_H - 1)
    assert not has(pump, Alarm.STOPPED)
    pump.advance(1)
    assert has(pump, Alarm.STOPPED)
    pump.apply(RESUME)
    assert not has(pump, Alarm.STOPPED)
    assert told(pump)[-3:] == [
        (EventKind.ALARM_RAISED, Alarm.STOPPED),
        (EventKind.RESUMED, 0),
        (EventKind.ALARM_CLEARED, Alarm.STOPPED),
    ]


def test_a_restart_neither_forgets_nor_prolongs_the_48_hours() -> None:
    pump = pump_at()
    pump.apply(STOP)
    pump.advance(30 * US_PER_H)
    again = Pump.from_dict(pump.to_dict())
    again.advance(18 * US_PER_H - 1)
    assert not has(again, Alarm.STOPPED)
    again.advance(1)
    assert has(again, Alarm.STOPPED)


# --- a memory error -------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R7.4.0(1-6) masked")
def test_a_memory_error_stays_until_somebody_acknowledges_it_and_changes_no_flow() -> None:
    pump = pump_at()
    pump.memory_error()
    pump.advance(US_PER_DAY)
    assert has(pump, Alarm.MEMORY_ERROR)
    assert pump.sample().measured_rate_nl_h == 25_000
    pump.acknowledge(1 << Alarm.MEMORY_ERROR)
    assert (pump.sample().alarms, pump.sample().acknowledged) == (0, 0)
    raised, cleared = raised_and_cleared(Alarm.MEMORY_ERROR)
    assert told(pump) == [raised, (EventKind.ACKNOWLEDGED, Alarm.MEMORY_ERROR), cleared]


@pytest.mark.requirement("R7.4.0(1-6) masked")
def test_each_memory_error_is_in_both_logs_whether_or_not_the_last_one_was_seen() -> None:
    pump = pump_at()
    for hour in range(3):
        pump.advance_to(hour * US_PER_H)
        pump.memory_error()
    raised = EventKind.ALARM_RAISED, Alarm.MEMORY_ERROR
    assert told(pump) == [raised] * 3
    assert faults(pump) == [(*raised, hour * US_PER_H) for hour in range(3)]


def test_a_new_memory_error_ends_the_silence_as_any_new_alarm_does() -> None:
    pump = pump_at()
    pump.memory_error()
    pump.pause_audio(600)
    pump.memory_error()
    assert pump.audio_pause_s == 0


# --- a reset --------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R7.4.0(1-6) unmasked")
def test_a_reset_puts_the_pump_to_its_minimum_rate_and_a_new_rate_ends_that() -> None:
    pump = pump_at()
    pump.advance(US_PER_H)
    pump.reset_critically()
    sample = pump.sample()
    assert (sample.state, sample.mode) == (State.RUNNING, Mode.MINIMUM_RATE)
    assert sample.commanded_rate_nl_h == sample.measured_rate_nl_h == 250
    pump.advance(4 * US_PER_H)
    assert pump.sample().delivered_nl == 25_000 + 1_000
    pump.apply(to_rate(26_000))
    assert (pump.sample().mode, pump.sample().measured_rate_nl_h, pump.sample().alarms) == (
        Mode.PROGRAM,
        26_000,
        0,
    )
    raised, cleared = raised_and_cleared(Alarm.RESET)
    assert told(pump) == [(EventKind.MINIMUM_RATE, 0), raised, (EventKind.RATE_CHANGED, 0), cleared]
    assert pump.events.since(0)[0].a == 25_000
    assert pump.events.since(0)[0].b == pump.events.since(0)[2].a == 250


@pytest.mark.requirement("R5.3.0(4)")
def test_a_reset_ends_a_bolus_and_the_log_says_to_which_rate() -> None:
    pump = pump_at()
    pump.apply(BOLUS)
    pump.reset_critically()
    assert pump.sample().mode is Mode.MINIMUM_RATE
    newest = pump.events.since(0)[-2]
    assert (newest.kind, newest.a, newest.b) == (EventKind.MINIMUM_RATE, 50_000, 250)


@pytest.mark.parametrize(
    "change",
    [
        RESUME,
        BOLUS,
        flex(EVERY_DAY - 1),  # on the Monday left out, it would deliver by the program that is not trusted
        Change(ChangeKind.TEMPORARY_RATE, rate_nl_h=30_000, duration_s=600),
        Change(ChangeKind.PRIME, volume_nl=1_000),
        Change(ChangeKind.BRIDGE, volume_nl=1_000, rate_nl_h=9_000),
    ],
    ids=lambda change: change.kind.name,
)
def test_after_a_reset_nothing_is_delivered_by_the_program_of_before(change: Change) -> None:
    pump = pump_at()
    pump.reset_critically()
    found = pump.refuse(change)
    assert found is not None
    assert found.reason is Refusal.WRONG_STATE
    assert "was reset" in found.sentence


def test_a_pattern_for_the_whole_week_programs_a_pump_that_was_reset() -> None:
    pump = pump_at()
    pump.reset_critically()
    pump.apply(flex(EVERY_DAY))
    assert (pump.sample().alarms, pump.sample().measured_rate_nl_h) == (0, 30_000)


def test_a_stopped_pump_stays_stopped_through_a_reset_and_resumes_at_the_minimum_rate() -> None:
    pump = pump_at()
    pump.apply(STOP)
    pump.reset_critically()
    assert (pump.sample().state, pump.sample().measured_rate_nl_h) == (State.STOPPED, 0)
    assert pump.foresee(RESUME).rate_nl_h == 250
    pump.apply(RESUME)
    resumed = pump.events.since(0)[-1]
    assert (resumed.kind, resumed.b) == (EventKind.RESUMED, 250)
    assert (pump.sample().mode, pump.sample().measured_rate_nl_h) == (Mode.MINIMUM_RATE, 250)
    assert has(pump, Alarm.RESET)


def test_the_old_program_is_kept_for_the_limits_to_be_judged_by() -> None:
    pump = pump_at()
    pump.reset_critically()
    assert pump.sample().programmed_rate_nl_h == 25_000


# --- the calendar clock ---------------------------------------------------------------------------------------------


def test_a_lost_clock_begins_in_1970_and_a_program_by_the_hour_follows_it() -> None:
    pump = pump_at()
    pump.apply(flex(EVERY_DAY))
    pump.advance(11 * US_PER_H + 500_000)
    pump.lose_clock()
    assert has(pump, Alarm.CLOCK_LOST)
    assert pump.sample().clock_s == 0
    pump.advance(2 * US_PER_H)
    assert pump.sample().measured_rate_nl_h == 30_000  # it would be 40,000 by now
    pump.advance_to(11 * US_PER_H + 12 * US_PER_H - 1)
    assert pump.sample().measured_rate_nl_h == 30_000
    pump.advance(1)
    assert pump.sample().measured_rate_nl_h == 40_000


def test_setting_the_clock_ends_its_loss_and_the_log_tells_both() -> None:
    pump = pump_at()
    pump.advance(90 * US_PER_S)
    pump.lose_clock()
    pump.apply(to_rate(26_000))
    assert has(pump, Alarm.CLOCK_LOST)
    pump.apply(Change(ChangeKind.CLOCK, clock_s=EPOCH_S + 90))
    assert not has(pump, Alarm.CLOCK_LOST)
    lost, raised, _, set_, cleared = pump.events.since(0)
    assert (lost.kind, lost.a, lost.clock_s) == (EventKind.CLOCK_SET, EPOCH_S + 90, 0)
    assert (raised.detail, cleared.detail) == (Alarm.CLOCK_LOST, Alarm.CLOCK_LOST)
    assert (set_.kind, set_.a, set_.clock_s) == (EventKind.CLOCK_SET, 0, EPOCH_S + 90)


# --- the drug -------------------------------------------------------------------------------------------------------


def test_a_drug_that_the_library_does_not_know_stops_the_pump_and_keeps_it_stopped() -> None:
    pump = pump_at()
    pump.apply(BOLUS)
    pump.hold(MORPHINE)
    assert (pump.sample().state, pump.sample().mode) == (State.STOPPED, Mode.PROGRAM)
    assert pump.sample().commanded_rate_nl_h == pump.sample().measured_rate_nl_h == 0
    assert told(pump)[1:] == [(EventKind.STOPPED, 0), (EventKind.ALARM_RAISED, Alarm.DRUG_UNKNOWN)]
    assert pump.events.since(0)[1].a == 50_000
    found = pump.refuse(RESUME)
    assert found is not None
    assert found.reason is Refusal.DRUG_UNKNOWN
    assert pump.refuse(Change(ChangeKind.REFILL, volume_nl=9_000_000, concentration_ug_ml=500)) is None


def test_a_drug_that_is_known_again_ends_the_alarm_and_the_stop_takes_a_resume() -> None:
    pump = pump_at()
    pump.hold(MORPHINE)
    pump.advance(US_PER_H)
    pump.hold(None)
    assert (pump.sample().state, pump.sample().alarms) == (State.STOPPED, 0)
    pump.apply(RESUME)
    assert pump.sample().measured_rate_nl_h == 25_000


def test_a_stop_by_the_drug_counts_towards_the_48_hours() -> None:
    pump = pump_at()
    pump.hold(MORPHINE)
    pump.advance(48 * US_PER_H)
    assert has(pump, Alarm.STOPPED)


# --- nobody asks ----------------------------------------------------------------------------------------------------


def test_the_link_watchdog_is_off_by_default() -> None:
    pump = pump_at()
    pump.advance(600 * US_PER_H)
    assert pump.sample().alarms == 0


def test_the_link_watchdog_bites_exactly_so_long_after_the_last_question() -> None:
    pump = pump_at(watchdog_s=3_600)
    pump.advance(US_PER_H - 1)
    pump.hear()
    pump.advance(US_PER_H - 1)
    assert not has(pump, Alarm.LINK_WATCHDOG)
    pump.advance(1)
    assert has(pump, Alarm.LINK_WATCHDOG)
    assert pump.events.since(0)[-1].pump_time_us == 2 * US_PER_H - 1
    assert pump.sample().measured_rate_nl_h == 25_000


def test_whoever_ends_the_silence_still_hears_of_it_until_it_is_acknowledged() -> None:
    pump = pump_at(watchdog_s=3_600)
    pump.advance(2 * US_PER_H)
    pump.hear()
    pump.advance(US_PER_H // 2)
    assert has(pump, Alarm.LINK_WATCHDOG)
    pump.acknowledge(1 << Alarm.LINK_WATCHDOG)
    assert not has(pump, Alarm.LINK_WATCHDOG)
    pump.advance(US_PER_H // 2)
    assert has(pump, Alarm.LINK_WATCHDOG)


def test_silence_that_is_acknowledged_goes_on_as_an_alarm_until_somebody_asks() -> None:
    pump = pump_at(watchdog_s=3_600)
    pump.advance(2 * US_PER_H)
    pump.acknowledge(1 << Alarm.LINK_WATCHDOG)
    pump.advance(US_PER_H)
    assert has(pump, Alarm.LINK_WATCHDOG)
    pump.hear()
    assert not has(pump, Alarm.LINK_WATCHDOG)
