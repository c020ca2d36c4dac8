"""What a pump does when it is left alone, to the microsecond."""

from __future__ import annotations

from dataclasses import fields

import pytest

from protocol.alarms import Alarm
from protocol.changes import Effect
from protocol.messages import NEVER_S, Change, EventRecord, Status
from protocol.units import US_PER_DAY, US_PER_H
from protocol.vocabulary import ChangeKind, EventKind, Mode, State
from pumpmock.model.pump import Pump
from pumpmock.model.sample import Sample
from tests.pumpmock.conftest import to_rate
from tests.settings import usual_settings

STOP, RESUME = Change(ChangeKind.STOP), Change(ChangeKind.RESUME)
LOW, EMPTY, ERI, STOPPED, EOS, *_ = (1 << alarm for alarm in Alarm)
SEVEN_YEARS_US = 7 * 8_766 * US_PER_H


def full_pump(
    rate_nl_h: int = 25_000, *, fill_nl: int = 18_000_000, battery_percent: int = 100, **figures: int
) -> Pump:
    return Pump(
        usual_settings(**figures), fill_nl=fill_nl, rate_nl_h=rate_nl_h, battery_percent=battery_percent
    )


def raised(pump: Pump) -> dict[Alarm, int]:
    entries = (entry for entry in pump.events.since(0) if entry.kind is EventKind.ALARM_RAISED)
    return {Alarm(entry.detail): entry.pump_time_us for entry in entries}


def ceil_div(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)


def test_a_sample_has_every_field_of_a_status_that_the_pump_owns() -> None:
    device_owned = {"revision", "boot", "frames_bad", "limits_crc", "audio_pause_s", "refusing_s"}
    device_owned.add("bench_faults")
    assert set(Sample._fields) == {f.name for f in fields(Status)} - device_owned


@pytest.mark.requirement("R6.8.0(3)")
def test_each_figure_of_a_sample_stands_under_its_own_name() -> None:
    settings = usual_settings(
        capacity_nl=40_000_000,
        residual_nl=1_000_000,
        low_reservoir_nl=3_000_000,
        least_rate_nl_h=250,
        most_rate_nl_h=900_000,
        step_up_percent=40,
        step_down_percent=50,
        sensor_offset_nl=-300_000,
        sensed_band_nl=600_000,
        epoch_s=1_700_000_000,
        stopped_alarm_s=0,
    )
    pump = Pump(settings, fill_nl=30_000_000, rate_nl_h=100_000, battery_percent=90, concentration_ug_ml=500)
    pump.advance(10 * US_PER_H)
    pump.apply(STOP)
    pump.acknowledge(STOPPED)
    pump.advance(1_999_999)
    assert pump.sample() == Sample(
        state=State.STOPPED,
        mode=Mode.PROGRAM,
        commanded_rate_nl_h=0,
        measured_rate_nl_h=0,
        programmed_rate_nl_h=100_000,
        mode_left_s=NEVER_S,
        concentration_ug_ml=500,
        reservoir_nl=29_000_000,
        sensed_nl=28_700_000,
        sensed_band_nl=600_000,
        capacity_nl=40_000_000,
        low_reservoir_nl=3_000_000,
        residual_nl=1_000_000,
        delivered_nl=1_000_000,
        battery_percent=89,
        battery_mv=3_029,
        service_days=2_556,
        alarms=STOPPED,
        acknowledged=STOPPED,
        pump_time_us=10 * US_PER_H + 1_999_999,
        clock_s=1_700_036_001,
        newest_event=3,
        least_rate_nl_h=250,
        most_rate_nl_h=900_000,
        step_up_percent=40,
        step_down_percent=50,
    )


@pytest.mark.requirement("R6.8.0(9)")
def test_eighteen_millilitres_at_25_000_nl_h_are_low_after_exactly_640_hours() -> None:
    pump = full_pump()
    assert pump.clock.next_due_us == 640 * US_PER_H
    pump.advance_to(640 * US_PER_H - 1)
    assert (pump.sample().alarms, pump.sample().reservoir_nl) == (0, 2_000_001)
    pump.advance(1)
    assert (pump.sample().alarms, pump.sample().reservoir_nl) == (LOW, 2_000_000)
    assert pump.sample().state is State.RUNNING
    assert pump.sample().measured_rate_nl_h == 25_000


@pytest.mark.requirement("R6.8.0(10)")
def test_delivery_stops_exactly_at_the_residual_volume() -> None:
    pump = full_pump()
    pump.advance_to(664 * US_PER_H - 1)
    assert (pump.sample().state, pump.sample().reservoir_nl) == (State.RUNNING, 1_400_001)
    pump.advance(1)
    for _ in range(2):
        sample = pump.sample()
        assert sample.state is State.EMPTY
        assert (sample.reservoir_nl, sample.delivered_nl) == (1_400_000, 16_600_000)
        assert (sample.commanded_rate_nl_h, sample.measured_rate_nl_h) == (25_000, 0)
        assert sample.alarms == LOW | EMPTY
        pump.advance(100 * US_PER_DAY)


def test_half_a_millilitre_a_day_reaches_each_volume_at_its_own_microsecond() -> None:
    pump = full_pump(20_833)
    pump.advance(60 * US_PER_DAY)
    assert raised(pump) == {
        Alarm.LOW_RESERVOIR: ceil_div(16_000_000 * US_PER_H, 20_833),
        Alarm.EMPTY_RESERVOIR: ceil_div(16_600_000 * US_PER_H, 20_833),
    }
    assert raised(pump)[Alarm.LOW_RESERVOIR] == 2_764_844_237_508


def test_an_alarm_is_planned_anew_from_the_instant_of_a_change_with_the_remainder_kept() -> None:
    pump = full_pump(20_833)
    pump.advance(1_000_000_000_001)
    pump.apply(to_rate(31_111))
    pump.advance(30 * US_PER_DAY)
    rest = 16_000_000 * US_PER_H - 20_833 * 1_000_000_000_001
    assert raised(pump)[Alarm.LOW_RESERVOIR] == 1_000_000_000_001 + ceil_div(rest, 31_111)


def test_low_and_empty_at_one_instant_are_logged_in_that_order() -> None:
    pump = Pump(usual_settings(low_reservoir_nl=1_400_000), fill_nl=2_000_000, rate_nl_h=25_000)
    pump.advance(30 * US_PER_DAY)
    assert [entry.detail for entry in pump.events.since(0)] == [Alarm.LOW_RESERVOIR, Alarm.EMPTY_RESERVOIR]


def test_while_no_fluid_moves_the_reservoir_plans_nothing() -> None:
    pump = full_pump(0)
    assert pump.sample().state is State.RUNNING
    assert pump.clock.next_due_us == SEVEN_YEARS_US - 90 * US_PER_DAY
    pump.advance(365 * US_PER_DAY)
    assert (pump.sample().reservoir_nl, pump.sample().alarms) == (18_000_000, 0)


@pytest.mark.parametrize(
    ("fill_nl", "alarms", "state"),
    [
        (2_000_001, 0, State.RUNNING),
        (2_000_000, LOW, State.RUNNING),
        (1_400_000, LOW | EMPTY, State.EMPTY),
        (0, LOW | EMPTY, State.EMPTY),
    ],
)
def test_a_pump_judges_its_alarms_from_the_first_instant(fill_nl: int, alarms: int, state: State) -> None:
    pump = full_pump(fill_nl=fill_nl)
    assert (pump.sample().alarms, pump.sample().state) == (alarms, state)
    assert set(raised(pump).values()) <= {0}
    assert sum(1 << alarm for alarm in raised(pump)) == alarms
    assert all((entry.a, entry.b) == (0, 0) for entry in pump.events.since(0))


def test_at_six_millilitres_a_day_an_endless_reservoir_would_see_eri_ninety_days_before_the_battery_ends() -> (
    None
):
    settings = usual_settings(capacity_nl=100_000_000, residual_nl=0, low_reservoir_nl=0)
    # 1 % of the charge lasts 280.512 h at this rate: ERI at once, and the battery is empty long before 90 days are over.
    pump = Pump(settings, fill_nl=100_000_000, rate_nl_h=250_000, battery_percent=1)
    assert raised(pump) == {Alarm.ERI: 0}
    assert pump.sample().service_days == 11
    end_us = 280_512 * US_PER_H // 1_000
    pump.advance_to(end_us - 1)
    assert pump.sample().state is State.RUNNING
    assert (pump.sample().battery_percent, pump.sample().service_days) == (0, 0)
    pump.advance(1)
    sample = pump.sample()
    assert sample.state is State.END_OF_SERVICE
    assert (sample.measured_rate_nl_h, sample.battery_mv, sample.service_days) == (0, 2_400, 0)
    assert sample.alarms == ERI | EOS
    assert sample.delivered_nl == 70_128_000


@pytest.mark.requirement("R7.3.0(4)")
def test_eri_is_raised_at_the_first_instant_with_ninety_days_left() -> None:
    # Stopped, 10 % of the charge lasts 7,012.8 h; 90 days are 2,160 h.
    pump = full_pump(0, battery_percent=10)
    eri_us = 70_128 * US_PER_H // 10 - 90 * US_PER_DAY
    pump.advance_to(eri_us - 1)
    assert (pump.sample().alarms, pump.sample().service_days) == (0, 90)
    pump.advance(1)
    assert (pump.sample().alarms, pump.sample().service_days) == (ERI, 90)
    pump.advance(1)
    assert pump.sample().service_days == 89
    pump.advance(90 * US_PER_DAY)
    assert raised(pump) == {Alarm.ERI: eri_us, Alarm.EOS: eri_us + 90 * US_PER_DAY}


def test_eri_comes_at_once_with_a_rate_that_the_battery_cannot_bear_for_ninety_days() -> None:
    pump = full_pump(0, battery_percent=10)
    pump.advance(US_PER_H)
    pump.apply(to_rate(1_000_000))
    assert raised(pump) == {Alarm.ERI: US_PER_H}


def test_eri_latches_and_the_end_comes_ninety_days_later_though_the_battery_would_last() -> None:
    pump = full_pump(0, battery_percent=10)
    pump.apply(to_rate(1_000_000))
    pump.apply(to_rate(0))
    assert pump.sample().alarms == ERI
    pump.advance_to(90 * US_PER_DAY - 1)
    assert pump.sample().state is State.RUNNING
    pump.advance(1)
    assert pump.sample().state is State.END_OF_SERVICE
    assert pump.sample().battery_percent > 0


def test_seven_years_end_service_with_ninety_days_of_notice() -> None:
    pump = full_pump(0)
    pump.advance_to(SEVEN_YEARS_US - 1)
    assert pump.sample().alarms == ERI
    pump.advance(1)
    assert pump.sample().alarms == ERI | EOS
    assert raised(pump) == {Alarm.ERI: SEVEN_YEARS_US - 90 * US_PER_DAY, Alarm.EOS: SEVEN_YEARS_US}
    pump.advance(SEVEN_YEARS_US)
    assert pump.sample().state is State.END_OF_SERVICE
    assert pump.clock.next_due_us is None


@pytest.mark.requirement("R7.3.0(5)")
def test_an_empty_battery_is_at_its_end_from_the_first_instant() -> None:
    pump = full_pump(battery_percent=0)
    assert raised(pump) == {Alarm.ERI: 0, Alarm.EOS: 0}
    assert pump.sample().state is State.END_OF_SERVICE
    assert pump.sample().measured_rate_nl_h == 0


def test_seven_years_of_hourly_readings_change_nothing() -> None:
    read, left_alone = full_pump(2_000), full_pump(2_000)
    for hour in range(7 * 8_766 + 1):
        read.advance_to(hour * US_PER_H)
        read.sample()
    left_alone.advance_to(SEVEN_YEARS_US)
    assert read.sample() == left_alone.sample()
    assert read.to_dict() == left_alone.to_dict()
    assert read.sample().state is State.END_OF_SERVICE


def test_somebody_elses_action_at_the_instant_of_an_alarm_finds_the_alarm_raised() -> None:
    # The pump plans its second alarm only at its first, so that each of these actions is before it in the queue.
    refusing, acknowledging, storing = full_pump(), full_pump(), full_pump()
    found: list[object] = []
    at_us = 664 * US_PER_H
    refusing.clock.call_at(at_us, lambda: found.append(refusing.refuse(to_rate(30_000)) is not None))
    acknowledging.clock.call_at(at_us, lambda: found.append(acknowledging.acknowledge(EMPTY)))
    storing.clock.call_at(at_us, lambda: found.append(Pump.from_dict(storing.to_dict()).sample().alarms))
    for pump in (refusing, acknowledging, storing):
        pump.advance_to(at_us)
        assert list(raised(pump)) == [Alarm.LOW_RESERVOIR, Alarm.EMPTY_RESERVOIR]
    assert found == [True, EMPTY, LOW | EMPTY]


def test_what_is_foreseen_counts_whole_seconds_from_now() -> None:
    pump = full_pump()
    assert pump.foresee() == Effect(25_000, 640 * 3_600, 664 * 3_600)
    pump.advance(1)
    assert pump.foresee() == Effect(25_000, 640 * 3_600 - 1, 664 * 3_600 - 1)
    assert pump.foresee(to_rate(50_000)) == Effect(50_000, 320 * 3_600, 332 * 3_600)
    assert pump.foresee(to_rate(0)) == pump.foresee(STOP) == Effect(0, None, None)
    pump.advance_to(650 * US_PER_H)
    assert pump.foresee(to_rate(25_000)) == Effect(25_000, 0, 14 * 3_600)
    assert pump.foresee(STOP) == Effect(0, 0, None)
    pump.advance(US_PER_DAY)
    assert pump.foresee() == Effect(25_000, 0, 0)


def test_whoever_listens_hears_each_entry_and_finds_the_state_after_it() -> None:
    pump = full_pump(stopped_alarm_s=0)
    heard: list[tuple[EventRecord, State, int]] = []
    pump.on_event = lambda entry: heard.append((entry, pump.sample().state, pump.events.newest))
    pump.advance_to(650 * US_PER_H)
    pump.apply(STOP)
    pump.apply(RESUME)
    assert tuple(entry for entry, _, _ in heard) == pump.events.since(0)
    assert [state for _, state, _ in heard] == [State.RUNNING, *[State.STOPPED] * 2, *[State.RUNNING] * 2]
    assert [newest for _, _, newest in heard] == [1, 3, 3, 5, 5]


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"fill_nl": 20_000_001}, "fill_nl is 20000001"),
        ({"fill_nl": -1}, "fill_nl is -1"),
        ({"rate_nl_h": 1_999}, "rate_nl_h is 1999: it must be 0, or 2000 to 1000000"),
        ({"rate_nl_h": 1_000_001}, "rate_nl_h is 1000001"),
        ({"rate_nl_h": -1}, "rate_nl_h is -1"),
        ({"battery_percent": 101}, "battery_percent is 101"),
        ({"battery_percent": -1}, "battery_percent is -1"),
        ({"concentration_ug_ml": 65_536}, "concentration_ug_ml is 65536"),
    ],
)
def test_a_pump_that_cannot_be_is_refused(figures: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}"):
        Pump(usual_settings(), **({"fill_nl": 18_000_000, "rate_nl_h": 25_000} | figures))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("capacity_nl", 0),
        ("residual_nl", -1),
        ("low_reservoir_nl", 1_399_999),
        ("low_reservoir_nl", 20_000_001),
        ("least_rate_nl_h", 1_000_001),
        ("most_rate_nl_h", 1_000_001),
        ("most_rate_nl_h", 0),
        ("minimum_rate_nl_h", -1),
        ("minimum_rate_nl_h", 1_000_001),
        ("step_up_percent", -1),
        ("step_down_percent", 101),
        ("sensor_offset_nl", -20_000_001),
        ("sensed_band_nl", -1),
        ("epoch_s", -1),
    ],
)
def test_settings_that_no_pump_can_have_are_refused_by_name(setting: str, value: int) -> None:
    with pytest.raises(ValueError, match=setting.partition("_")[0]):
        usual_settings(**{setting: value})
