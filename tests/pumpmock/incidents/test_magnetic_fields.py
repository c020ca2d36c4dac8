"""Pumps in magnetic resonance imaging: what was reported, and what of it a host can see afterwards."""

from __future__ import annotations

import pytest

from protocol.alarms import KINDS, TWO_TONE, Alarm
from protocol.messages import GetLimits, Limits
from protocol.units import US_PER_H
from protocol.vocabulary import Log, State
from pumpmock.model.troubles import Trouble
from tests.pumpmock.incidents.scene import CLEARED, RAISED, Telemetry, a_pump, alarms_of

H, MINUTE = US_PER_H, US_PER_H // 60
NOTICED = 20 * MINUTE  # by this pump's profile


@pytest.mark.requirement("R6.4.0(3)")
def test_a_rotor_that_stops_in_the_scanner_turns_again_at_its_exit_and_the_log_has_both() -> None:
    """The magnet stops the rotor during a scan, and it resumes at the exit (maker's guidelines for MRI; MHRA MDA/2008/087).

    Here from 10:00 to 10:45. At 10:20 it is noticed; 25,000 / 3 = 8,333 nL were believed to flow in that time. From 10:45 to
    20:00 come 9.25 h * 25,000 = 231,250 nL. So the pump tells of 250,000 + 8,333 + 231,250, and 92 strokes came after
    the first hundred.
    """
    pump = a_pump()
    pump.advance_to(10 * H)
    pump.strike(Trouble.STALL)
    host = Telemetry(pump)
    pump.advance_to(10 * H + 30 * MINUTE)
    during = host.status()
    assert (during.state, during.measured_rate_nl_h) == (State.STALLED, 0)
    assert during.alarms == 1 << Alarm.STALL
    pump.advance_to(10 * H + 45 * MINUTE)
    pump.relieve(Trouble.STALL)
    pump.advance_to(20 * H)
    after = host.status()
    assert (after.state, after.measured_rate_nl_h, after.alarms) == (State.RUNNING, 25_000, 0)
    told = [(RAISED, Alarm.STALL, 10 * H + NOTICED), (CLEARED, Alarm.STALL, 10 * H + 45 * MINUTE)]
    assert host.alarms() == host.alarms(Log.FAULTS) == told
    assert after.delivered_nl == 489_583
    assert (pump.truth().strokes, pump.truth().tip_pg) == (192, 240_000_000)


@pytest.mark.parametrize(("delay_h", "tip_nl"), [(2, 1_425_000), (24, 875_000)])
def test_a_rotor_that_stands_for_hours_after_the_scan_sounds_two_tones_until_it_turns(
    delay_h: int, tip_nl: int
) -> None:
    """A rotor may take 2 to 24 hours after the exit to resume, under the critical sound (maker's guidelines for MRI).

    The scan is from 10:00 to 11:00. After 2 h more, 10 + 47 of 60 h are delivered, after 24 h more 10 + 25: times 25,000.
    Of the real log it is said that it sometimes has the stall at a second interrogation only; this one has it at once.
    """
    pump = a_pump()
    pump.advance_to(10 * H)
    pump.strike(Trouble.STALL)
    pump.advance_to(11 * H + delay_h * H)
    sounding = Telemetry(pump).status().alarms
    assert sounding == 1 << Alarm.STALL
    assert KINDS[Alarm.STALL].sound is TWO_TONE
    assert TWO_TONE.critical
    pump.relieve(Trouble.STALL)
    pump.advance_to(60 * H)
    assert alarms_of(pump.events.since(0)) == [
        (RAISED, Alarm.STALL, 10 * H + NOTICED),
        (CLEARED, Alarm.STALL, (11 + delay_h) * H),
    ]
    assert pump.truth().tip_nl == tip_nl
    assert pump.sample().delivered_nl == tip_nl + 8_333  # in the 20 minutes before it was noticed


def test_a_stall_too_short_to_be_noticed_is_in_no_log_and_the_dose_is_missing() -> None:
    """Of the incidents reported worldwide, 9 were stalls and 70 were errors of the event log (MHRA MDA/2008/087).

    A scan of 15 minutes: 6,250 nL are believed and do not come, far less than the level sensor can tell.
    """
    pump = a_pump()
    pump.advance_to(10 * H)
    pump.strike(Trouble.STALL)
    pump.advance(15 * MINUTE)
    pump.relieve(Trouble.STALL)
    pump.advance_to(20 * H)
    host = Telemetry(pump)
    now = host.status()
    assert (host.alarms(), host.alarms(Log.FAULTS)) == ([], [])
    assert now.delivered_nl == 500_000
    assert pump.truth().tip_nl == 492_500  # 9.75 h: 97 strokes of 2,500 and 1,250 nL towards the next
    assert now.sensed_nl - now.reservoir_nl == 7_500 < now.sensed_band_nl


def test_a_pump_that_sounds_an_alarm_in_the_scanner_stands_until_somebody_interrogates_it() -> None:
    """Interference puts a pump that is sounding into telemetry, and it does not resume by itself (TGA).

    3 mL at 25,000 nL/h are low after 1,000,000 / 25,000 = 40 h. The scan is at 41 h and nobody asks until 65 h: 24 h of
    12,500,000 pg are missing, no alarm told of it, and the pump knows: it has delivered 41 * 25,000 nL.
    """
    pump = a_pump(fill_nl=3_000_000)
    pump.advance_to(41 * H)
    host = Telemetry(pump)
    pump.strike(Trouble.HOLD)
    pump.advance_to(65 * H)
    assert pump.sample().measured_rate_nl_h == 0
    assert host.alarms() == [(RAISED, Alarm.LOW_RESERVOIR, 40 * H)]
    host.ask(GetLimits(), Limits)
    assert Trouble.HOLD in pump.troubles  # to read the log or the limits is no interrogation
    now = host.status()
    assert (now.measured_rate_nl_h, now.delivered_nl) == (25_000, 1_025_000)
    assert now.alarms == 1 << Alarm.LOW_RESERVOIR
    assert pump.truth().tip_pg == 41 * 12_500_000
    pump.advance(4 * H)
    assert pump.truth().tip_pg == 45 * 12_500_000


@pytest.mark.parametrize("bolus_nl", [0, 4_000, 10_000])
def test_a_valve_that_the_scanner_shut_gives_its_bolus_and_then_nothing_until_it_is_reset(
    bolus_nl: int,
) -> None:
    """In MRI up to 10 uL come at once and a valve shuts, which is reset by hand (Prometra II, instructions for use, page 14).

    6,000 nL/h at 2,000 ug/mL are 12,000,000 pg/h, in 2 strokes of 3,000 nL. After 5 h, 10 uL are 20,000,000 pg: 100
    minutes of therapy at once. Then none for two days, of which telemetry says 53 * 6,000 nL.
    """
    pump = a_pump(profile="prometra-like", rate_nl_h=6_000, concentration_ug_ml=2_000)
    pump.advance_to(5 * H)
    pump.strike(Trouble.VALVE, bolus_nl)
    assert pump.truth().tip_pg == 5 * 12_000_000 + bolus_nl * 2_000
    pump.advance_to(53 * H)
    host = Telemetry(pump)
    now = host.status()
    assert (now.state, now.measured_rate_nl_h, now.alarms) == (State.RUNNING, 6_000, 0)
    assert now.delivered_nl == 318_000
    assert host.alarms() == []
    assert pump.truth().tip_nl == 30_000 + bolus_nl
    assert now.sensed_nl - now.reservoir_nl == 288_000 - bolus_nl
    pump.relieve(Trouble.VALVE)
    pump.advance(10 * H)
    assert pump.truth().tip_nl == 90_000 + bolus_nl
