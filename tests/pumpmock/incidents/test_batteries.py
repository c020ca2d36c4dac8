"""Reduced performance of the battery (the maker's advisory of 2011): an early alarm, a rate reset to very low, or the end.

The battery of this pump holds 70,128,000,000 units, of which 3 % are 2,103,840,000. At 2,500 nL/h an hour costs 1,000,000
+ 6 * 2,500 = 1,015,000 of them, at the minimum rate of 250 nL/h 1,001,500.
"""

from __future__ import annotations

import pytest

from protocol.alarms import KINDS, SINGLE_TONE, TWO_TONE, Alarm
from protocol.messages import Change, Rejected
from protocol.units import US_PER_DAY
from protocol.vocabulary import ChangeKind, Log, Mode, Refusal, State
from tests.pumpmock.conftest import to_rate
from tests.pumpmock.incidents.scene import RAISED, Telemetry, a_pump

DAY = US_PER_DAY


@pytest.mark.requirement("R6.6.0(6-8) stamps", "R7.3.0(4)")
def test_a_battery_that_was_not_as_good_as_it_seemed_asks_for_replacement_years_too_early() -> None:
    """A pump may ask for its replacement early, or stop, on account of its battery (maker's advisory, 2011).

    After 100 days 2,400 * 1,015,000 units are gone, 3.5 %, and 2,456.75 days are left of seven years of 8,766 h. Then 3 % are
    left: 2,103,840,000 * 3,600,000,000 / 1,015,000 = 7,461,895,566,502.5 us, 86.4 days, fewer than the 90 of the notice. So
    ERI comes at once, and the end with the last of the charge.
    """
    pump = a_pump(rate_nl_h=2_500)
    host = Telemetry(pump)
    pump.advance_to(100 * DAY)
    before = host.status()
    assert (before.service_days, before.battery_percent, before.alarms) == (2_456, 96, 0)
    pump.weaken_battery(3)
    after = host.status()
    assert (after.service_days, after.battery_percent, after.measured_rate_nl_h) == (86, 3, 2_500)
    assert KINDS[Alarm.ERI].sound is SINGLE_TONE
    pump.advance(87 * DAY)
    ended = host.status()
    assert (ended.state, ended.measured_rate_nl_h) == (State.END_OF_SERVICE, 0)
    assert host.alarms() == [
        (RAISED, Alarm.ERI, 100 * DAY),
        (RAISED, Alarm.EOS, 100 * DAY + 7_461_895_566_503),
    ]


def test_a_pump_that_its_battery_reset_gives_a_tenth_until_it_is_programmed_anew() -> None:
    """The rate may be reset to a very low one (maker's advisory, 2011), under the critical sound.

    250 for 2,500 nL/h: in a day 6,000 of 60,000 nL, 3 of 30 ug. The old program is not resumed; a new one ends it.
    """
    pump = a_pump(rate_nl_h=2_500)
    host = Telemetry(pump)
    pump.advance_to(100 * DAY)
    pump.weaken_battery(3)
    pump.reset_critically()
    given_pg = pump.truth().tip_pg
    pump.advance(DAY)
    now = host.status()
    assert (now.state, now.mode) == (State.RUNNING, Mode.MINIMUM_RATE)
    assert (now.measured_rate_nl_h, now.programmed_rate_nl_h) == (250, 2_500)
    assert now.alarms == 1 << Alarm.ERI | 1 << Alarm.RESET
    assert KINDS[Alarm.RESET].sound is TWO_TONE
    assert host.alarms(Log.FAULTS) == [(RAISED, Alarm.RESET, 100 * DAY)]
    assert (
        pump.truth().tip_pg - given_pg == 5_000 * 500
    )  # two strokes of 2,500, and 1,000 nL towards the next
    refused = host.ask(host.preparing(Change(ChangeKind.RESUME)), Rejected)
    assert refused.reason == Refusal.WRONG_STATE
    host.change(to_rate(2_500))
    after = host.status()
    assert (after.mode, after.measured_rate_nl_h) == (Mode.PROGRAM, 2_500)
    assert after.alarms == 1 << Alarm.ERI


@pytest.mark.requirement("R7.3.0(5)")
def test_a_battery_that_fails_at_once_ends_the_therapy_at_that_instant() -> None:
    """A pump may lose its therapy without an early alarm (maker's advisory, 2011); it still answers."""
    pump = a_pump(rate_nl_h=2_500)
    host = Telemetry(pump)
    pump.advance_to(100 * DAY)
    pump.weaken_battery(0)
    assert host.alarms() == [(RAISED, Alarm.ERI, 100 * DAY), (RAISED, Alarm.EOS, 100 * DAY)]
    pump.advance(DAY)
    now = host.status()
    assert (now.state, now.measured_rate_nl_h, now.battery_percent) == (State.END_OF_SERVICE, 0, 0)
    assert pump.truth().tip_nl == 100 * 24 * 2_500


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_charge_that_no_battery_can_have_is_refused_and_nothing_is_changed(percent: int) -> None:
    pump = a_pump()
    before = pump.to_dict()
    with pytest.raises(ValueError, match=rf"^battery_percent is {percent}: it must be 0 to 100$"):
        pump.weaken_battery(percent)
    assert pump.to_dict() == before


def test_a_battery_that_has_less_than_that_already_stays_as_it_is() -> None:
    pump = a_pump(rate_nl_h=2_500)
    pump.weaken_battery(40)
    pump.advance(DAY)
    before = pump.sample()
    pump.weaken_battery(40)
    assert pump.sample() == before
    assert pump.battery.drained_units == 42_076_800_000 + 24 * 1_015_000


def test_what_a_weak_battery_is_found_with_outlives_the_process() -> None:
    pump = a_pump()
    pump.weaken_battery(40)
    again = type(pump).from_dict(pump.to_dict())
    assert again.sample().battery_percent == 40
    assert again.to_dict() == pump.to_dict()
    assert [entry.kind for entry in again.events.since(0)] == []  # the firmware tells of what it notices
