"""Belief and truth side by side: what telemetry says, what the motor does, and what comes out of the tip."""

from __future__ import annotations

import pytest

from protocol.alarms import Alarm
from protocol.messages import Change
from protocol.units import US_PER_DAY, US_PER_H
from protocol.vocabulary import ChangeKind, EventKind, Mode, State
from pumpmock.model.pump import Pump
from pumpmock.model.troubles import Trouble
from tests.pumpmock.conftest import to_rate
from tests.settings import usual_settings

RATE_NL_H = 25_000
FILL_NL = 18_000_000
DETECT_US = 600 * 1_000_000
STALL = 1 << Alarm.STALL


def pump_with(rate_error_ppm: int = 0, fill_nl: int = FILL_NL, **own: int) -> Pump:
    figures = {"stroke_nl": 1_000, "catheter_nl": 395_000, "stall_detect_s": 600} | own
    settings = usual_settings(rate_error_ppm=rate_error_ppm, **figures)
    return Pump(settings, fill_nl=fill_nl, rate_nl_h=RATE_NL_H, concentration_ug_ml=500)


def flows(pump: Pump) -> tuple[int, int, int, int]:
    """Return what was commanded, what telemetry says, what the rotor does, and what comes out."""
    truth = pump.truth()
    sample = pump.sample()
    assert truth.commanded_rate_nl_h == sample.commanded_rate_nl_h
    assert truth.measured_rate_nl_h == sample.measured_rate_nl_h
    return (
        truth.commanded_rate_nl_h,
        truth.measured_rate_nl_h,
        truth.motor_rate_nl_h,
        truth.tip_rate_nl_h,
    )


def alarms_logged(pump: Pump) -> list[tuple[EventKind, int, int]]:
    kinds = {EventKind.ALARM_RAISED, EventKind.ALARM_CLEARED}
    return [(e.kind, e.detail, e.pump_time_us) for e in pump.events.since(0) if e.kind in kinds]


# --- a sound pump -----------------------------------------------------------------------------------------------


@pytest.mark.requirement("R5.1.0(3)")
def test_a_sound_pump_delivers_what_it_believes_but_for_the_stroke_that_is_begun() -> None:
    pump = pump_with()
    pump.advance(1_001 * US_PER_H // 25)  # 1,001,000 nL
    truth, sample = pump.truth(), pump.sample()
    assert (sample.delivered_nl, truth.tip_nl, truth.strokes) == (1_001_000, 1_001_000, 1_001)
    pump.advance(US_PER_H // 50)  # half a stroke
    assert (pump.sample().delivered_nl, pump.truth().tip_nl) == (1_001_500, 1_001_000)
    assert (pump.truth().held_nl, pump.truth().expected_nl) == (FILL_NL - 1_001_000, FILL_NL - 1_001_500)
    assert flows(pump) == (RATE_NL_H,) * 4
    assert pump.truth().tip_dose_pg_h == RATE_NL_H * 500
    assert pump.truth().tip_pg == 1_001_000 * 500


@pytest.mark.requirement("R7.2.0(7)")
def test_a_stroke_comes_out_at_the_very_microsecond_at_which_it_is_believed_done() -> None:
    pump = pump_with(stroke_nl=2_500)
    pump.advance(US_PER_H // 10 - 1)
    assert pump.truth().strokes == 0
    pump.advance(1)
    assert (pump.truth().strokes, pump.truth().tip_nl) == (1, 2_500)


@pytest.mark.requirement("R6.8.0(2)")
def test_a_rate_error_is_for_the_host_to_find_between_what_is_expected_and_what_is_sensed() -> None:
    pump = pump_with(rate_error_ppm=100_000)
    pump.advance(400 * US_PER_H)  # 10 mL believed, 11 mL gone
    assert (pump.sample().reservoir_nl, pump.sample().sensed_nl) == (8_000_000, 7_000_000)
    assert flows(pump) == (RATE_NL_H, RATE_NL_H, RATE_NL_H, 27_500)
    assert pump.sample().alarms == 0


def test_a_pump_that_runs_fast_gives_nothing_more_while_it_still_believes_that_it_does() -> None:
    pump = pump_with(rate_error_ppm=100_000)
    pump.advance(610 * US_PER_H)  # 15.25 mL believed, 16.6 mL is all there is
    truth = pump.truth()
    assert (truth.held_nl, truth.tip_nl, truth.expected_nl) == (1_400_000, 16_600_000, 2_750_000)
    assert flows(pump) == (RATE_NL_H, RATE_NL_H, RATE_NL_H, 0)
    assert (pump.sample().alarms, pump.sample().state) == (0, State.RUNNING)


def test_a_pump_that_runs_slow_stops_as_empty_with_drug_in_it() -> None:
    pump = pump_with(rate_error_ppm=-100_000)
    pump.advance(700 * US_PER_H)
    assert pump.sample().state is State.EMPTY
    assert pump.truth().held_nl == FILL_NL - 16_600_000 * 9 // 10
    assert pump.sample().sensed_nl == pump.truth().held_nl


def test_the_difference_of_truth_and_word_is_lost_in_the_true_ledger_and_not_in_the_believed_one() -> None:
    pump = pump_with(rate_error_ppm=100_000)
    pump.advance(400 * US_PER_H)
    pump.apply(Change(ChangeKind.REFILL, withdrawn_nl=6_900_000, volume_nl=FILL_NL, concentration_ug_ml=500))
    stored = pump.to_dict()
    assert (stored["past"]["lost_nl"], stored["hydraulics"]["lost_nl"]) == (1_100_000, 100_000)
    assert (pump.truth().held_nl, pump.truth().expected_nl) == (FILL_NL, FILL_NL)
    assert pump.truth().lost_nl == 100_000


# --- what raises no alarm ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("trouble", "bolus_nl"), [(Trouble.OCCLUSION, 0), (Trouble.VALVE, 10_000)])
def test_behind_a_shut_path_all_is_well_by_telemetry_and_nothing_comes_out(
    trouble: Trouble, bolus_nl: int
) -> None:
    pump = pump_with()
    pump.strike(trouble, bolus_nl)
    pump.advance(20 * US_PER_DAY)
    assert flows(pump) == (RATE_NL_H, RATE_NL_H, RATE_NL_H, 0)
    assert (pump.truth().tip_nl, pump.truth().held_nl) == (bolus_nl, FILL_NL - bolus_nl)
    assert (pump.sample().delivered_nl, pump.sample().alarms) == (12_000_000, 0)
    assert pump.sample().sensed_nl - pump.sample().reservoir_nl == 12_000_000 - bolus_nl
    assert alarms_logged(pump) == []
    pump.relieve(trouble)
    assert flows(pump) == (RATE_NL_H,) * 4
    assert pump.truth().troubles == frozenset()


def test_a_shut_valve_stays_shut_whatever_is_asked_of_the_pump() -> None:
    pump = pump_with()
    pump.strike(Trouble.VALVE, 10_000)
    pump.interrogated()
    pump.apply(to_rate(50_000))
    pump.apply(Change(ChangeKind.STOP))
    pump.apply(Change(ChangeKind.RESUME))
    pump.advance(US_PER_H)
    assert pump.truth().tip_nl == 10_000


@pytest.mark.parametrize(("percent", "tip_nl_h"), [(1, 24_750), (30, 17_500), (100, 0)])
def test_a_leak_takes_its_share_before_the_catheter(percent: int, tip_nl_h: int) -> None:
    pump = pump_with()
    pump.strike(Trouble.LEAK, percent)
    pump.advance(40 * US_PER_H)
    assert flows(pump) == (RATE_NL_H, RATE_NL_H, RATE_NL_H, tip_nl_h)
    assert (pump.truth().tip_nl, pump.truth().leaked_nl) == (tip_nl_h * 40, 1_000_000 - tip_nl_h * 40)
    assert pump.truth().tip_dose_pg_h == tip_nl_h * 500
    assert (pump.sample().reservoir_nl, pump.sample().sensed_nl) == (17_000_000, 17_000_000)
    assert pump.sample().alarms == 0


# --- what the firmware notices ----------------------------------------------------------------------------------


@pytest.mark.requirement("R6.4.0(3)")
def test_a_stall_is_noticed_at_its_exact_instant_and_the_belief_is_ahead_by_what_came_before() -> None:
    pump = pump_with()
    pump.advance(US_PER_H)
    pump.strike(Trouble.STALL)
    assert flows(pump) == (RATE_NL_H, RATE_NL_H, 0, 0)
    pump.advance(DETECT_US - 1)
    assert (pump.sample().alarms, flows(pump)) == (0, (RATE_NL_H, RATE_NL_H, 0, 0))
    pump.advance(1)
    assert (pump.sample().alarms, flows(pump)) == (STALL, (RATE_NL_H, 0, 0, 0))
    assert pump.sample().state is State.STALLED
    assert alarms_logged(pump) == [(EventKind.ALARM_RAISED, Alarm.STALL, US_PER_H + DETECT_US)]
    pump.advance(US_PER_DAY)
    ahead_nl = RATE_NL_H // 6  # ten minutes
    assert pump.sample().delivered_nl - pump.truth().tip_nl == ahead_nl
    assert pump.truth().held_nl - pump.sample().reservoir_nl == ahead_nl


def test_a_rotor_that_turns_again_clears_the_alarm_which_is_logged_and_delivery_goes_on() -> None:
    pump = pump_with()
    pump.strike(Trouble.STALL)
    pump.advance(US_PER_DAY)
    pump.relieve(Trouble.STALL)
    assert (pump.sample().alarms, flows(pump)) == (0, (RATE_NL_H,) * 4)
    assert pump.sample().state is State.RUNNING
    assert alarms_logged(pump) == [
        (EventKind.ALARM_RAISED, Alarm.STALL, DETECT_US),
        (EventKind.ALARM_CLEARED, Alarm.STALL, US_PER_DAY),
    ]
    assert [entry.kind for entry in pump.faults.since(0)] == [
        EventKind.ALARM_RAISED,
        EventKind.ALARM_CLEARED,
    ]
    before_nl = pump.truth().tip_nl
    pump.advance(US_PER_DAY)
    assert pump.truth().tip_nl - before_nl == 600_000
    assert len(alarms_logged(pump)) == 2


def test_a_stall_that_ends_before_it_is_noticed_leaves_no_trace_but_a_dose_that_is_missing() -> None:
    pump = pump_with()
    pump.strike(Trouble.STALL)
    pump.advance(DETECT_US - 1)
    pump.relieve(Trouble.STALL)
    pump.advance(US_PER_DAY)
    assert alarms_logged(pump) == []
    assert pump.sample().delivered_nl - pump.truth().tip_nl >= RATE_NL_H // 6 - 1


def test_a_drive_that_stands_notices_no_stall_until_it_is_to_turn_again() -> None:
    pump = pump_with()
    pump.apply(Change(ChangeKind.STOP))
    pump.strike(Trouble.STALL)
    pump.advance(US_PER_DAY)
    assert not pump.sample().alarms & STALL
    pump.apply(Change(ChangeKind.RESUME))
    pump.advance(DETECT_US - 1)
    assert not pump.sample().alarms & STALL
    pump.advance(1)
    assert pump.sample().alarms == STALL


def test_a_stall_that_is_known_stays_known_whatever_is_asked_of_the_pump() -> None:
    pump = pump_with()
    pump.strike(Trouble.STALL)
    pump.advance(DETECT_US)
    pump.apply(Change(ChangeKind.STOP))
    pump.apply(Change(ChangeKind.RESUME))
    pump.apply(to_rate(40_000))
    assert (pump.sample().alarms, flows(pump)) == (STALL, (40_000, 0, 0, 0))


@pytest.mark.requirement("R5.3.0(4)")
def test_a_bolus_ends_with_a_stall_that_is_noticed() -> None:
    pump = pump_with()
    pump.apply(Change(ChangeKind.BOLUS, volume_nl=100_000, duration_s=3_600))
    pump.strike(Trouble.STALL)
    pump.advance(DETECT_US)
    assert pump.sample().mode is Mode.PROGRAM
    assert [entry.kind for entry in pump.events.since(0)][-2:] == [
        EventKind.MODE_ENDED,
        EventKind.ALARM_RAISED,
    ]


def test_a_stall_is_noticed_at_once_by_a_firmware_that_needs_no_time_for_it() -> None:
    pump = pump_with(stall_detect_s=0)
    pump.strike(Trouble.STALL)
    pump.advance(0)
    assert pump.sample().alarms == STALL


def test_a_pump_held_for_telemetry_stands_without_an_alarm_and_knows_what_it_did_not_deliver() -> None:
    pump = pump_with()
    pump.strike(Trouble.HOLD)
    assert flows(pump) == (RATE_NL_H, 0, 0, 0)
    pump.advance(10 * US_PER_DAY)
    assert (pump.sample().delivered_nl, pump.truth().tip_nl, pump.sample().alarms) == (0, 0, 0)
    pump.interrogated()
    assert flows(pump) == (RATE_NL_H,) * 4
    assert pump.truth().troubles == frozenset()


def test_an_interrogation_ends_nothing_but_a_hold() -> None:
    pump = pump_with()
    pump.strike(Trouble.OCCLUSION)
    pump.strike(Trouble.STALL)
    pump.strike(Trouble.LEAK, 10)
    before = pump.to_dict()
    pump.interrogated()
    assert pump.to_dict() == before


def test_a_trouble_that_is_refused_changes_nothing() -> None:
    pump = pump_with()
    pump.strike(Trouble.OCCLUSION)
    before = pump.to_dict()
    for act in (
        lambda: pump.strike(Trouble.OCCLUSION),
        lambda: pump.strike(Trouble.LEAK, 101),
        lambda: pump.relieve(Trouble.STALL),
    ):
        with pytest.raises(ValueError, match=r"^(the pump|a leak)"):
            act()
    assert pump.to_dict() == before
