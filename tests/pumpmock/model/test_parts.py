from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.alarms import KINDS, Alarm
from protocol.units import US_PER_DAY, US_PER_H
from pumpmock.model.alarms import RULES, Alarms, Effect, Latch, acknowledging, following, members, raising
from pumpmock.model.battery import Battery, charged
from pumpmock.model.drive import Drive
from pumpmock.model.program import Therapy, simple_continuous
from pumpmock.model.reservoir import LedgerError, Reservoir, draw, filled, sensed_nl
from tests.settings import CELL

US_PER_YEAR = 8_766 * US_PER_H
RATES = st.integers(0, 1_000_000)


# --- the reservoir ------------------------------------------------------------------------------------------------


def test_what_is_drawn_goes_from_remaining_to_delivered() -> None:
    assert draw(filled(18_000_000), 7, 1_400_000) == Reservoir(18_000_000, 17_999_993, 7)


def test_the_last_nanolitre_above_the_residual_volume_can_be_drawn_and_no_more() -> None:
    assert draw(filled(11), 1, 10).remaining_nl == 10
    with pytest.raises(LedgerError, match="residual"):
        draw(filled(11), 2, 10)


def test_a_reservoir_filled_below_its_residual_volume_stands_but_gives_nothing() -> None:
    assert draw(filled(9), 0, 10) == filled(9)
    with pytest.raises(LedgerError, match="residual"):
        draw(filled(9), 1, 10)


@pytest.mark.parametrize("broken", [Reservoir(10, 6, 5), Reservoir(10, 4, 5)])
def test_a_ledger_that_does_not_add_up_is_never_passed_over(broken: Reservoir) -> None:
    with pytest.raises(LedgerError, match="remaining"):
        draw(broken, 0, 0)


@pytest.mark.requirement("R6.8.0(2)")
@pytest.mark.parametrize(
    ("remaining", "offset", "reads"),
    [(500, 20, 520), (500, -20, 480), (10, -20, 0), (990, 20, 1_000), (0, 0, 0)],
)
def test_the_sensor_reads_off_by_its_offset_within_an_empty_and_a_full_reservoir(
    remaining: int, offset: int, reads: int
) -> None:
    assert sensed_nl(remaining, offset, 1_000) == reads


# --- the drive ----------------------------------------------------------------------------------------------------


def test_half_a_millilitre_a_day_is_delivered_to_the_last_remainder() -> None:
    drive = Drive(20_833)
    assert drive.flown_nl(24 * US_PER_H) == 499_992
    assert drive.flown_nl(US_PER_H - 1) == 20_832
    assert drive.flown_nl(US_PER_H) == 20_833


@given(st.lists(st.tuples(RATES, st.integers(0, 10**12)), min_size=1))
def test_no_settling_loses_or_gains_a_part_of_a_nanolitre(legs: list[tuple[int, int]]) -> None:
    drive, delivered = Drive(), 0
    for rate, span in legs:
        drive = drive.turning(rate)
        now = drive.since_us + span
        drive, flown = drive.settled(now)
        delivered += flown
    assert divmod(sum(rate * span for rate, span in legs), US_PER_H) == (delivered, drive.carry)


@given(st.integers(1, 1_000_000), st.integers(0, US_PER_H - 1), st.integers(1, 20_000_000))
def test_a_volume_is_reached_at_its_instant_and_not_a_microsecond_before(
    rate: int, carry: int, volume: int
) -> None:
    drive = Drive(rate, 1_000, carry)
    at_us = drive.reaches_us(volume)
    assert at_us is not None
    assert drive.flown_nl(at_us) == volume
    assert drive.flown_nl(at_us - 1) == volume - 1


def test_a_motor_that_stands_reaches_nothing() -> None:
    assert Drive(0, 5, 9).reaches_us(1) is None
    assert Drive(0, 5, 9).flown_nl(10**15) == 0


# --- the battery --------------------------------------------------------------------------------------------------


def ends_us(battery: Battery, rate_nl_h: int, now_us: int) -> int:
    """Return the end of service with the motor at a constant rate."""
    lasts_us = Therapy(simple_continuous(rate_nl_h), 0).until_amount_us(
        now_us, 0, battery.left(CELL), CELL.cost
    )
    assert lasts_us is not None
    return replace(battery, empty_us=now_us + lasts_us).end_us(CELL)


@pytest.mark.requirement("R7.3.0(3)")
@pytest.mark.parametrize(
    ("rate_nl_h", "least_years_tenths", "most_years_tenths"),
    # life = 8 / (1 + 0.25 r): 6.4 years at 1 mL/day, 5.33 at 2, 3.2 at 6, 1.14 at 24
    [(41_667, 63, 64), (83_333, 53, 54), (250_000, 31, 32), (1_000_000, 11, 12)],
)
def test_a_battery_lasts_as_long_as_the_fit_says(
    rate_nl_h: int, least_years_tenths: int, most_years_tenths: int
) -> None:
    assert (
        least_years_tenths * US_PER_YEAR
        <= 10 * ends_us(charged(CELL, 100), rate_nl_h, 0)
        <= most_years_tenths * US_PER_YEAR
    )


def test_at_six_millilitres_a_day_the_battery_ends_after_exactly_28_051_point_2_hours() -> None:
    assert ends_us(charged(CELL, 100), 250_000, 0) * 10 == 280_512 * US_PER_H


@pytest.mark.parametrize("rate_nl_h", [0, 2_000, 20_833])
def test_a_battery_with_charge_left_ends_at_seven_years_of_age(rate_nl_h: int) -> None:
    assert ends_us(charged(CELL, 100), rate_nl_h, 0) == CELL.service_life_us == 7 * US_PER_YEAR


@pytest.mark.requirement("R7.3.0(3)")
@given(st.lists(st.tuples(RATES, st.integers(0, 10**12)), min_size=1, max_size=20))
def test_no_settling_loses_or_gains_a_part_of_a_unit(legs: list[tuple[int, int]]) -> None:
    battery = Battery()
    for rate, span in legs:
        battery = battery.drained(CELL, rate, span)
    drained = divmod(sum((1_000_000 + 6 * rate) * span for rate, span in legs), US_PER_H)
    assert drained == (battery.drained_units, battery.carry)


def test_after_eri_the_end_is_ninety_days_away_at_the_most() -> None:
    noticed = Battery(CELL.capacity_units // 2, 0, eri_us=5)
    assert ends_us(noticed, 0, 10) == 5 + 90 * US_PER_DAY == 5 + CELL.notice_us
    nearly_empty = Battery(CELL.capacity_units - 7_000_000, 0, eri_us=5)
    assert ends_us(nearly_empty, 1_000_000, 10) == 10 + US_PER_H


@pytest.mark.requirement("R7.3.0(2)")
@pytest.mark.parametrize(
    ("left", "percentage", "voltage"),
    [
        (CELL.capacity_units, 100, 3_100),
        (CELL.capacity_units - 1, 99, 3_099),
        (CELL.capacity_units // 2, 50, 2_750),
        (CELL.capacity_units // 100, 1, 2_407),
        (CELL.capacity_units // 100 - 1, 0, 2_406),
        (0, 0, 2_400),
    ],
)
def test_charge_and_voltage_are_rounded_down(left: int, percentage: int, voltage: int) -> None:
    assert (CELL.percent(left), CELL.millivolts(left)) == (percentage, voltage)


def test_an_empty_battery_has_nothing_left_however_long_ago() -> None:
    assert charged(CELL, 0).left_units(CELL, 0, 0) == 0
    assert charged(CELL, 1).left_units(CELL, 1_000_000, 10**15) == 0
    assert charged(CELL, 37).left_units(CELL, 0, 0) * 100 == CELL.capacity_units * 37


# --- the alarms ---------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R6.4.1(2)")
def test_every_alarm_has_its_row() -> None:
    assert set(RULES) == set(Alarm) == set(KINDS)


def test_an_alarm_ends_with_its_condition_unless_it_latches() -> None:
    every = sum(1 << alarm for alarm in Alarm)
    assert members(following(Alarms(every), 0).active) == (
        Alarm.ERI,
        Alarm.EOS,
        Alarm.MEMORY_ERROR,
        Alarm.LINK_WATCHDOG,
    )


@pytest.mark.requirement("R5.1.0(4)")
def test_the_motor_stands_for_these_alarms_alone() -> None:
    standing = {alarm for alarm, rule in RULES.items() if rule.effect in {Effect.STANDS, Effect.STOPS}}
    assert standing == {Alarm.EMPTY_RESERVOIR, Alarm.STOPPED, Alarm.EOS, Alarm.STALL, Alarm.DRUG_UNKNOWN}


def test_an_alarm_that_latches_until_it_is_seen_ends_once_it_is_seen_and_its_condition_is_over() -> None:
    for alarm in (alarm for alarm, rule in RULES.items() if rule.latch is Latch.UNTIL_SEEN):
        bit = 1 << alarm
        assert following(Alarms(bit), 0) == Alarms(bit)
        assert following(Alarms(bit, bit), bit) == Alarms(bit, bit)
        assert following(Alarms(bit, bit), 0) == Alarms()


def test_an_alarm_that_is_raised_anew_is_news_though_it_was_seen() -> None:
    low, stopped = 1 << Alarm.LOW_RESERVOIR, 1 << Alarm.STOPPED
    assert raising(Alarms(low | stopped, low | stopped), low) == Alarms(low | stopped, stopped)


def test_only_active_alarms_can_be_acknowledged() -> None:
    low, stopped = 1 << Alarm.LOW_RESERVOIR, 1 << Alarm.STOPPED
    assert acknowledging(Alarms(low), low | stopped) == Alarms(low, low)


def test_an_acknowledgement_ends_with_its_alarm() -> None:
    low, stopped = 1 << Alarm.LOW_RESERVOIR, 1 << Alarm.STOPPED
    assert following(Alarms(low | stopped, low | stopped), low) == Alarms(low, low)
    assert Alarm.STOPPED not in following(Alarms(stopped, stopped), 0)
