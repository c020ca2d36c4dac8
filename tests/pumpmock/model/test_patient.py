"""The patient's bolus, worked out by hand and held to the microsecond and the nanolitre."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protocol.alarms import Alarm
from protocol.changes import Effect
from protocol.messages import NEVER_S, Change, Step
from protocol.units import US_PER_DAY, US_PER_H, US_PER_S
from protocol.vocabulary import ChangeKind, EventKind, Mode, PressRefusal, Refusal, State
from pumpmock.limits_file import BENCH_LIMITS
from pumpmock.model.alarms import RULES
from pumpmock.model.alarms import Effect as OnRate
from pumpmock.model.drug import DrugRules
from pumpmock.model.guard import Span, worst_day_nl
from pumpmock.model.log import MOST_TALK
from pumpmock.model.pump import Pump
from pumpmock.model.troubles import Trouble
from pumpmock.profile_file import shipped, shipped_names
from tests.pumpmock.conftest import to_rate
from tests.settings import usual_settings

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE_US = 60 * US_PER_S
LOCKOUT_US = 30 * MINUTE_US
BOLUS_US = 5 * MINUTE_US
# 50 uL in 5 min are 600,000 nL/h, to the nanolitre.
OFFER = {
    "patient_bolus_nl": 50_000,
    "patient_bolus_s": 300,
    "patient_lockout_s": 1_800,
    "patient_boluses_a_day": 4,
}
PATIENT, BOLUS = Mode.PATIENT_BOLUS, Mode.BOLUS
STOP, RESUME = Change(ChangeKind.STOP), Change(ChangeKind.RESUME)
MINIMUM_RATE = Change(ChangeKind.MINIMUM_RATE)
PRIME = Change(ChangeKind.PRIME, volume_nl=500_000)
BRIDGE = Change(ChangeKind.BRIDGE, 12_500, volume_nl=500_000)
FULL = Change(ChangeKind.REFILL, volume_nl=20_000_000)


def bolus(volume_nl: int = 100_000, duration_s: int = 1_800) -> Change:
    return Change(ChangeKind.BOLUS, volume_nl=volume_nl, duration_s=duration_s)


def temporary(rate_nl_h: int = 60_000, duration_s: int = 7_200) -> Change:
    return Change(ChangeKind.TEMPORARY_RATE, rate_nl_h, duration_s=duration_s)


def drug(concentrations_ug_ml: tuple[int, ...] = (500,), **doses: int) -> DrugRules:
    return DrugRules("bench", "0" * 64, "baclofen", concentrations_ug_ml, **doses)


def pump_at(
    rate_nl_h: int = 25_000, *, fill_nl: int = 18_000_000, battery_percent: int = 100, **figures: int
) -> Pump:
    settings = usual_settings(**{**OFFER, **figures})
    return Pump(settings, fill_nl=fill_nl, rate_nl_h=rate_nl_h, battery_percent=battery_percent)


def now(pump: Pump) -> tuple[Mode, int]:
    sample = pump.sample()
    return sample.mode, sample.measured_rate_nl_h


def entries(pump: Pump) -> list[tuple[int, int, int, int]]:
    return [(entry.kind, entry.detail, entry.a, entry.b) for entry in pump.events.since(0)]


# --- over the program ---------------------------------------------------------------------------------------------


def test_a_press_gives_the_volume_within_its_time_and_then_the_program_goes_on() -> None:
    pump = pump_at()
    pump.advance(US_PER_H)
    assert pump.press() is None
    assert now(pump) == (PATIENT, 600_000)
    assert (pump.sample().mode_left_s, pump.sample().programmed_rate_nl_h) == (300, 25_000)
    pump.advance(BOLUS_US - 1)
    assert (now(pump), pump.sample().delivered_nl) == ((PATIENT, 600_000), 25_000 + 49_999)
    pump.advance(1)
    assert (now(pump), pump.sample().delivered_nl) == ((Mode.PROGRAM, 25_000), 25_000 + 50_000)
    assert pump.sample().mode_left_s == NEVER_S
    assert entries(pump) == [
        (EventKind.PATIENT_BOLUS, 0, 50_000, 300),
        (EventKind.MODE_ENDED, PATIENT, 600_000, 25_000),
    ]
    assert pump.events.since(0)[1].pump_time_us == US_PER_H + BOLUS_US


def test_a_volume_that_no_whole_rate_gives_in_its_time_comes_at_the_least_that_is_in_time() -> None:
    pump = pump_at(patient_bolus_nl=50_001, patient_bolus_s=301)
    assert pump.press() is None
    assert now(pump) == (PATIENT, 598_019)  # 598,018.6 nL/h
    pump.advance(301 * US_PER_S)
    assert now(pump) == (Mode.PROGRAM, 25_000)


def test_a_pump_that_lives_by_boluses_alone_gives_them() -> None:
    pump = pump_at(0)
    assert pump.press() is None
    pump.advance(US_PER_DAY)
    assert pump.sample().delivered_nl == 50_000


# --- lock-out and daily maximum -----------------------------------------------------------------------------------


@pytest.mark.requirement("R5.2.0(3)")
def test_a_press_within_the_lockout_gives_nothing_to_the_last_microsecond() -> None:
    pump = pump_at()
    pump.advance(7)
    assert pump.press() is None
    pump.advance(LOCKOUT_US - 1)
    assert pump.press() is PressRefusal.LOCKOUT
    pump.advance(1)
    assert pump.press() is None


@pytest.mark.requirement("R5.2.0(3)")
def test_neither_a_refused_press_nor_a_bolus_cut_short_moves_the_lockout() -> None:
    pump = pump_at()
    assert pump.press() is None
    pump.advance(MINUTE_US)
    pump.apply(to_rate(20_000))
    for _ in range(28):
        pump.advance(MINUTE_US)
        assert pump.press() is PressRefusal.LOCKOUT
    pump.advance(MINUTE_US)
    assert pump.press() is None


def test_a_lockout_longer_than_a_day_holds() -> None:
    pump = pump_at(patient_lockout_s=2 * 86_400, patient_boluses_a_day=1)
    assert pump.press() is None
    pump.advance(2 * US_PER_DAY - 1)
    assert pump.press() is PressRefusal.LOCKOUT
    pump.advance(1)
    assert pump.press() is None


def test_no_24_h_hold_more_than_the_daily_maximum() -> None:
    pump = pump_at()
    for _ in range(4):
        assert pump.press() is None
        pump.advance(US_PER_H)
    assert pump.press() is PressRefusal.DAILY_MAXIMUM
    pump.advance_to(US_PER_DAY - 1)
    assert pump.press() is PressRefusal.DAILY_MAXIMUM
    pump.advance(1)
    assert pump.press() is None
    # It is a window that moves, not a day that begins: the second one of yesterday frees the next place.
    pump.advance_to(US_PER_DAY + US_PER_H - 1)
    assert pump.press() is PressRefusal.DAILY_MAXIMUM
    pump.advance(1)
    assert pump.press() is None


def test_one_a_day_is_one_in_24_h() -> None:
    pump = pump_at(patient_boluses_a_day=1)
    assert pump.press() is None
    pump.advance(US_PER_DAY - 1)
    assert pump.press() is PressRefusal.DAILY_MAXIMUM
    pump.advance(1)
    assert pump.press() is None


def test_neither_lockout_nor_daily_maximum_ends_with_a_restart() -> None:
    pump = pump_at(patient_boluses_a_day=2)
    for _ in range(2):
        assert pump.press() is None
        pump = Pump.from_dict(pump.to_dict())
        assert pump.press() is PressRefusal.RUNNING
        pump.advance(LOCKOUT_US - 1)
        pump = Pump.from_dict(pump.to_dict())
        assert pump.press() is PressRefusal.LOCKOUT
        pump.advance(1)
    assert Pump.from_dict(pump.to_dict()).press() is PressRefusal.DAILY_MAXIMUM


# --- the volume of a day ------------------------------------------------------------------------------------------


@pytest.mark.requirement("R5.2.0(5)")
@pytest.mark.parametrize(("most_day_nl", "reason"), [(289_167, None), (289_166, PressRefusal.DAY_VOLUME)])
def test_a_bolus_that_would_take_any_24_h_over_the_limit_is_refused(
    most_day_nl: int, reason: PressRefusal | None
) -> None:
    # 24 h at 10,000 nL/h, but for 5 min in which it is 50,000 nL: 240,000 - 833.3 + 50,000.
    pump = pump_at(10_000, most_day_nl=most_day_nl)
    pump.advance(3 * US_PER_DAY)
    assert pump.press() is reason


@pytest.mark.requirement("R5.2.0(5)")
@pytest.mark.parametrize(("most_day_nl", "reason"), [(150_000, None), (149_999, PressRefusal.DAY_VOLUME)])
def test_what_is_left_of_a_clinicians_bolus_is_committed(
    most_day_nl: int, reason: PressRefusal | None
) -> None:
    pump = pump_at(0, most_day_nl=most_day_nl)
    pump.apply(bolus(100_000))
    pump.advance(MINUTE_US)
    assert pump.press() is reason


@pytest.mark.requirement("R5.3.0(7)")
def test_what_the_patient_had_counts_against_a_clinicians_bolus() -> None:
    pump = pump_at(0)
    assert pump.press() is None
    pump.advance(MINUTE_US)
    # The bolus ends the patient's: 10,000 nL of that were delivered, and no more will be.
    assert worst_day_nl(pump.guard.turned, pump.planned(bolus(100_000))) == 110_000
    pump.advance(BOLUS_US)
    assert worst_day_nl(pump.guard.turned, pump.planned(bolus(100_000))) == 150_000


# --- over a clinician's bolus -------------------------------------------------------------------------------------


@pytest.mark.requirement("R5.3.0(3)")
def test_a_clinicians_bolus_gives_way_and_goes_on_with_what_was_left() -> None:
    # 100 uL in 30 min are 200,000 nL/h: 9 min, then 5 min of the patient's, then the other 21 min.
    pump = pump_at()
    pump.apply(bolus())
    pump.advance(9 * MINUTE_US)
    assert pump.press() is None
    assert (now(pump), pump.sample().mode_left_s) == ((PATIENT, 600_000), 300)
    pump.advance(BOLUS_US)
    assert (now(pump), pump.sample().mode_left_s) == ((BOLUS, 200_000), 1_260)
    pump.advance(21 * MINUTE_US - 1)
    assert (now(pump), pump.sample().delivered_nl) == ((BOLUS, 200_000), 149_999)
    pump.advance(1)
    assert (now(pump), pump.sample().delivered_nl) == ((Mode.PROGRAM, 25_000), 150_000)
    assert entries(pump) == [
        (EventKind.BOLUS, 0, 100_000, 1_800),
        (EventKind.PATIENT_BOLUS, 0, 50_000, 300),
        (EventKind.MODE_ENDED, PATIENT, 600_000, 200_000),
        (EventKind.MODE_ENDED, BOLUS, 200_000, 25_000),
    ]


@pytest.mark.requirement("R5.3.0(3)")
def test_it_gives_way_more_than_once() -> None:
    pump = pump_at()
    pump.apply(bolus(500_000, 9_000))
    for interrupted_us in (0, BOLUS_US, BOLUS_US):
        pump.advance(39 * MINUTE_US + interrupted_us)
        assert pump.press() is None
        assert pump.press() is PressRefusal.RUNNING
    pump.advance_to(9_000 * US_PER_S + 3 * BOLUS_US - 1)
    assert now(pump)[0] is BOLUS
    pump.advance(1)
    assert (now(pump)[0], pump.sample().delivered_nl) == (Mode.PROGRAM, 650_000)


def test_what_is_foreseen_and_planned_counts_all_three() -> None:
    # 16 mL to low: 50 uL and what is left of 100 uL in 26 min, and 15.85 mL by the program in 634 h.
    pump = pump_at()
    pump.apply(bolus())
    pump.advance(9 * MINUTE_US)
    assert pump.press() is None
    begun_us = 9 * MINUTE_US
    rest_s = 15_850_000 * 3_600 // 25_000 + 26 * 60
    assert pump.foresee() == Effect(600_000, rest_s, rest_s + 24 * 3_600)
    assert pump.planned()[:3] == (
        Span(begun_us, 600_000),
        Span(begun_us + BOLUS_US, 200_000),
        Span(begun_us + BOLUS_US + 21 * MINUTE_US, 25_000),
    )
    pump.advance(rest_s * US_PER_S - 1)
    assert Alarm.LOW_RESERVOIR not in alarms(pump)
    pump.advance(1)
    assert Alarm.LOW_RESERVOIR in alarms(pump)


# --- over a temporary rate ----------------------------------------------------------------------------------------


def test_a_temporary_rate_goes_on_afterwards_until_its_own_time() -> None:
    pump = pump_at()
    pump.apply(temporary())
    pump.advance(US_PER_H)
    assert pump.press() is None
    assert pump.planned()[:3] == (
        Span(US_PER_H, 600_000),
        Span(US_PER_H + BOLUS_US, 60_000),
        Span(2 * US_PER_H, 25_000),
    )
    pump.advance(BOLUS_US)
    assert (now(pump), pump.sample().mode_left_s) == ((Mode.TEMPORARY_RATE, 60_000), 3_300)
    pump.advance_to(2 * US_PER_H)
    assert now(pump) == (Mode.PROGRAM, 25_000)


@pytest.mark.parametrize("left_us", [1, BOLUS_US - 1, BOLUS_US])
def test_one_that_is_over_by_then_does_not_come_back_and_its_end_is_logged(left_us: int) -> None:
    pump = pump_at()
    pump.apply(temporary())
    pump.advance(2 * US_PER_H - left_us)
    assert pump.press() is None
    pump.advance(BOLUS_US)
    assert now(pump) == (Mode.PROGRAM, 25_000)
    assert entries(pump)[-2:] == [
        (EventKind.MODE_ENDED, PATIENT, 600_000, 25_000),
        (EventKind.MODE_ENDED, Mode.TEMPORARY_RATE, 60_000, 25_000),
    ]


def test_one_that_lasts_a_microsecond_longer_has_it() -> None:
    pump = pump_at()
    pump.apply(temporary())
    pump.advance(2 * US_PER_H - BOLUS_US - 1)
    assert pump.press() is None
    pump.advance(BOLUS_US)
    assert now(pump) == (Mode.TEMPORARY_RATE, 60_000)
    pump.advance(1)
    assert now(pump) == (Mode.PROGRAM, 25_000)


# --- what refuses a press -----------------------------------------------------------------------------------------


def after(change: Change, **figures: int) -> Callable[[], Pump]:
    def made() -> Pump:
        pump = pump_at(**figures)
        pump.apply(change)
        return pump

    return made


def in_trouble(trouble: Trouble) -> Pump:
    pump = pump_at()
    pump.strike(trouble)
    pump.advance(US_PER_H)
    return pump


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda: pump_at(patient_boluses_a_day=0), PressRefusal.NOT_OFFERED),
        (after(STOP), PressRefusal.STANDS),
        (after(temporary(0)), PressRefusal.STANDS),
        (lambda: in_trouble(Trouble.HOLD), PressRefusal.STANDS),
        (lambda: in_trouble(Trouble.STALL), PressRefusal.ALARM),
        (lambda: pump_at(fill_nl=1_400_000), PressRefusal.ALARM),
        (lambda: pump_at(battery_percent=0), PressRefusal.ALARM),
        (after(MINIMUM_RATE), PressRefusal.MINIMUM_RATE),
        (after(PRIME), PressRefusal.UNDISTURBED),
        (after(BRIDGE), PressRefusal.UNDISTURBED),
        (lambda: pump_at(most_bolus_nl=49_999), PressRefusal.OUTSIDE_LIMITS),
        (lambda: pump_at(most_rate_nl_h=599_999), PressRefusal.OUTSIDE_LIMITS),
        (lambda: pump_at(fill_nl=1_449_999), PressRefusal.RESERVOIR),
    ],
)
def test_a_press_that_is_refused_says_why_and_changes_nothing_but_the_log(
    made: Callable[[], Pump], reason: PressRefusal
) -> None:
    pump = made()
    before = pump.to_dict()
    assert pump.press() is reason
    after_it = pump.to_dict()
    *rest, entry = after_it.pop("events")
    assert entry[3:] == [EventKind.PATIENT_BOLUS_REFUSED, reason, 0, 0]
    assert rest == before.pop("events")
    assert after_it == before


@pytest.mark.parametrize(
    ("doses", "reason"),
    [
        ({"most_bolus_ug": 25}, None),
        ({"most_bolus_ug": 24}, PressRefusal.OUTSIDE_LIMITS),
        ({"least_bolus_ug": 25, "most_bolus_ug": 30}, None),
        ({"least_bolus_ug": 26, "most_bolus_ug": 30}, PressRefusal.OUTSIDE_LIMITS),
    ],
)
def test_its_dose_is_held_to_the_bounds_of_the_drug(
    doses: dict[str, int], reason: PressRefusal | None
) -> None:
    pump = Pump(usual_settings(**OFFER), fill_nl=18_000_000, rate_nl_h=25_000, concentration_ug_ml=500)
    pump.hold(drug(**doses))  # 50 uL at 500 ug/mL are 25 ug
    assert pump.press() is reason


@pytest.mark.parametrize(
    "figures",
    [{"most_bolus_nl": 50_000}, {"most_rate_nl_h": 600_000}, {"fill_nl": 1_450_000}, {"battery_percent": 1}],
)
def test_the_bound_itself_is_inside(figures: dict[str, int]) -> None:
    assert pump_at(**figures).press() is None


def test_a_lock_of_changes_and_a_lockout_of_changes_do_not_keep_the_patient_out() -> None:
    pump = pump_at(lockout_s=86_400, refusals_allowed=1, refusal_window_s=600, lock_s=600)
    pump.apply(to_rate(20_000))
    pump.note_refusal(Refusal.ABOVE_MOST)
    assert Alarm.CHANGES_LOCKED in alarms(pump)
    assert pump.press() is None


def test_a_patient_who_presses_without_end_pushes_out_nothing_but_talk() -> None:
    pump = pump_at()
    pump.apply(to_rate(20_000))
    assert pump.press() is None
    for _ in range(1_500):
        pump.press()
    kinds = [entry.kind for entry in pump.events.since(0)]
    assert kinds[:2] == [EventKind.RATE_CHANGED, EventKind.PATIENT_BOLUS]
    assert len(kinds) == 2 + MOST_TALK


# --- what ends it -------------------------------------------------------------------------------------------------

STRUCK: dict[Alarm, Callable[[Pump], None]] = {
    # 10 uL above the residual volume: empty before the patient's bolus is over, as a refill by the way lets it be.
    Alarm.EMPTY_RESERVOIR: lambda pump: pump.apply(Change(ChangeKind.REFILL, volume_nl=1_410_000)),
    Alarm.LOW_RESERVOIR: lambda pump: pump.apply(Change(ChangeKind.REFILL, volume_nl=1_900_000)),
    Alarm.STALL: lambda pump: pump.strike(Trouble.STALL),
    Alarm.RESET: lambda pump: pump.reset_critically(),
    Alarm.DRUG_UNKNOWN: lambda pump: pump.hold(drug(concentrations_ug_ml=(501,))),
    Alarm.MEMORY_ERROR: lambda pump: pump.memory_error(),
    Alarm.CLOCK_LOST: lambda pump: pump.lose_clock(),
}


@pytest.mark.requirement("R5.2.0(6)", "R5.3.0(4)")
@pytest.mark.parametrize("alarm", STRUCK)
def test_an_alarm_ends_both_or_none_as_the_table_says(alarm: Alarm) -> None:
    pump = pump_at(stall_detect_s=10)
    pump.apply(bolus())
    pump.advance(MINUTE_US)
    assert pump.press() is None
    pump.advance(MINUTE_US)
    STRUCK[alarm](pump)
    pump.advance(2 * MINUTE_US)
    assert alarm in alarms(pump)
    shown = now(pump)
    assert (
        shown
        == {
            OnRate.NONE: (PATIENT, 600_000),
            OnRate.MINIMUM: (Mode.MINIMUM_RATE, 250),
            OnRate.STANDS: (Mode.PROGRAM, 0),
            OnRate.STOPS: (Mode.PROGRAM, 0),
        }[RULES[alarm].effect]
    )
    ended = [entry[1] for entry in entries(pump) if entry[0] == EventKind.MODE_ENDED]
    assert ended == ([PATIENT, BOLUS] if RULES[alarm].effect is OnRate.STANDS else [])


@pytest.mark.requirement("R5.2.0(6)")
def test_the_end_of_service_ends_both() -> None:
    alone = pump_at(battery_percent=1)
    while alone.sample().state is State.RUNNING:
        alone.advance_to(alone.clock.next_due_us or 0)
    pump = pump_at(battery_percent=1)
    pump.advance_to(alone.clock.now_us - 2 * MINUTE_US)
    pump.apply(bolus())
    assert pump.press() is None
    pump.advance(2 * MINUTE_US)  # to work more, it ends no later
    assert (pump.sample().state, now(pump)) == (State.END_OF_SERVICE, (Mode.PROGRAM, 0))
    assert [entry[1] for entry in entries(pump) if entry[0] == EventKind.MODE_ENDED] == [PATIENT, BOLUS]


def test_a_motor_that_stands_ends_the_boluses_and_leaves_a_temporary_rate_its_time() -> None:
    # As without the patient's bolus: what a time ends goes on with it.
    pump = pump_at()
    pump.apply(temporary())
    assert pump.press() is None
    pump.strike(Trouble.HOLD)
    assert now(pump) == (Mode.TEMPORARY_RATE, 0)
    pump.interrogated()
    assert now(pump) == (Mode.TEMPORARY_RATE, 60_000)


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (to_rate(20_000), (Mode.PROGRAM, 20_000)),
        (STOP, (Mode.PROGRAM, 0)),
        (RESUME, (Mode.PROGRAM, 25_000)),
        (MINIMUM_RATE, (Mode.MINIMUM_RATE, 250)),
        (temporary(), (Mode.TEMPORARY_RATE, 60_000)),
        (bolus(30_000, 3_600), (BOLUS, 30_000)),
        (Change(ChangeKind.FLEX, weekdays=0x7F, steps=(Step(0, 30_000),)), (Mode.PROGRAM, 30_000)),
        (PRIME, (Mode.PRIME, 1_000_000)),
        (BRIDGE, (Mode.BRIDGE, 12_500)),
    ],
)
def test_a_change_of_the_flow_ends_both(change: Change, shown: tuple[Mode, int]) -> None:
    pump = pump_at()
    pump.apply(bolus())
    assert pump.press() is None
    pump.advance(MINUTE_US)
    pump.apply(change)
    assert now(pump) == shown
    assert pump.to_dict()["therapy"]["beneath"] is None


@pytest.mark.parametrize("change", [FULL, Change(ChangeKind.CLOCK, clock_s=1_767_225_600)])
def test_a_refill_and_the_clock_leave_both_standing(change: Change) -> None:
    pump = pump_at()
    pump.apply(bolus())
    pump.advance(9 * MINUTE_US)
    assert pump.press() is None
    pump.advance(MINUTE_US)
    pump.apply(change)
    assert now(pump) == (PATIENT, 600_000)
    pump.advance(4 * MINUTE_US)
    assert (now(pump), pump.sample().mode_left_s) == ((BOLUS, 200_000), 1_260)


# --- the shipped profiles -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped_names())
def test_what_a_shipped_profile_offers_its_pump_gives(name: str) -> None:
    profile = shipped(name)
    pump = Pump(profile.settings.limited(BENCH_LIMITS), fill_nl=profile.fill_nl, rate_nl_h=profile.rate_nl_h)
    offered = profile.settings.patient_boluses_a_day > 0
    assert offered is (name in {"bench", "prometra-like"})
    assert pump.press() is (None if offered else PressRefusal.NOT_OFFERED)


def alarms(pump: Pump) -> set[Alarm]:
    return {alarm for alarm in Alarm if pump.sample().alarms >> alarm & 1}
