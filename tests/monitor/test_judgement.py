"""What a reading means: low reservoir by three facts, when it will be, and whether it may be shown as the present."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.judgement import (
    DEADBAND_NL,
    SOON_S,
    Level,
    LowReservoir,
    Span,
    days,
    forecast,
    forecast_at,
    is_live,
    low_reservoir,
    stale_after_ms,
)
from monitor.snapshot import Link, Reading, Snapshot
from protocol.alarms import Alarm
from protocol.vocabulary import State
from tests.monitor.conftest import MS, SERIAL_NUMBER, STATUS, S, bits

NOW_NS = 1_000 * S
READING = Reading(SERIAL_NUMBER, STATUS, NOW_NS)
LIVE = Snapshot("/dev/x", 1_000, link=Link.LIVE, reading=READING)
STOPPED = replace(STATUS, state=State.STOPPED, commanded_rate_nl_h=0, measured_rate_nl_h=0)
WEEK_NL = 20_000 * 24 * 7  # what flows in a week


# --- the three facts ----------------------------------------------------------------------------------------------


def test_a_full_reservoir_is_enough_and_has_no_source() -> None:
    assert low_reservoir(STATUS) == LowReservoir(Level.ENOUGH, "")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"alarms": bits(Alarm.LOW_RESERVOIR)}, LowReservoir(Level.LOW, "the pump's alarm")),
        ({"alarms": bits(Alarm.EMPTY_RESERVOIR)}, LowReservoir(Level.EMPTY, "the pump's alarm")),
        ({"reservoir_nl": 2_000_000}, LowReservoir(Level.LOW, "the expected volume")),
        ({"reservoir_nl": 1_400_000}, LowReservoir(Level.EMPTY, "the expected volume")),
        ({"reservoir_nl": 2_000_001}, LowReservoir(Level.SOON, "the forecast")),
        ({"reservoir_nl": 2_000_000 + WEEK_NL}, LowReservoir(Level.SOON, "the forecast")),
        ({"reservoir_nl": 2_000_000 + WEEK_NL + 6}, LowReservoir(Level.ENOUGH, "")),
    ],
)
def test_each_fact_alone_decides_and_is_named(changes: dict[str, int], verdict: LowReservoir) -> None:
    assert low_reservoir(replace(STATUS, **changes)) == verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        # A reservoir that is low by volume, though the pump does not say so, and the other way round.
        (
            {"alarms": bits(Alarm.LOW_RESERVOIR), "reservoir_nl": 1_300_000},
            LowReservoir(Level.EMPTY, "the expected volume"),
        ),
        (
            {"alarms": bits(Alarm.EMPTY_RESERVOIR), "reservoir_nl": 1_900_000},
            LowReservoir(Level.EMPTY, "the pump's alarm"),
        ),
        (
            {"alarms": bits(Alarm.LOW_RESERVOIR), "reservoir_nl": 1_900_000},
            LowReservoir(Level.LOW, "the pump's alarm"),
        ),
        (
            {"alarms": bits(Alarm.LOW_RESERVOIR), "reservoir_nl": 3_000_000},
            LowReservoir(Level.LOW, "the pump's alarm"),
        ),
        ({"alarms": bits(Alarm.ERI, Alarm.STOPPED)}, LowReservoir(Level.ENOUGH, "")),
    ],
)
def test_of_several_facts_the_highest_wins(changes: dict[str, int], verdict: LowReservoir) -> None:
    assert low_reservoir(replace(STATUS, **changes)) == verdict


@settings(deadline=None)
@given(st.integers(0, 20_000_000), st.integers(0, 31), st.sampled_from(Level))
def test_no_fact_is_ever_talked_down_by_another(volume_nl: int, alarms: int, before: Level) -> None:
    found = low_reservoir(replace(STATUS, reservoir_nl=volume_nl, alarms=alarms), before)
    alone = (
        low_reservoir(replace(STATUS, alarms=alarms), before),
        low_reservoir(replace(STATUS, reservoir_nl=volume_nl), before),
    )
    assert found.level == max(verdict.level for verdict in alone)
    assert found.source in {verdict.source for verdict in alone}


@settings(deadline=None)
@given(st.lists(st.integers(-DEADBAND_NL, DEADBAND_NL), min_size=2, max_size=50))
def test_jitter_within_the_deadband_toggles_the_verdict_once_at_the_most(jitter: list[int]) -> None:
    level, lows = Level.ENOUGH, []
    for offset_nl in jitter:
        level = low_reservoir(replace(STATUS, reservoir_nl=2_000_000 + offset_nl), level).level
        lows.append(level >= Level.LOW)
    assert sum(one != other for one, other in pairwise(lows)) <= 1


def test_low_is_left_just_above_the_deadband_and_not_before() -> None:
    above = replace(STATUS, reservoir_nl=2_000_000 + DEADBAND_NL)
    assert low_reservoir(above, Level.LOW).level is Level.LOW
    assert low_reservoir(above, Level.SOON).level is Level.SOON
    over = replace(STATUS, reservoir_nl=2_000_001 + DEADBAND_NL)
    assert low_reservoir(over, Level.LOW).level is Level.SOON


# --- the forecast -------------------------------------------------------------------------------------------------


def test_the_forecast_by_hand() -> None:
    # 10 mL above the limit at 20 uL/h: 500 h. 14.5 % faster 436.68 h, 14.5 % slower 584.79 h.
    # 10.6 mL above the residual volume: 530 h, 462.88 h and 619.88 h.
    ahead = forecast(STATUS)
    assert ahead.to_low == Span(1_800_000, 1_572_052, 2_105_263)
    assert ahead.to_empty == Span(1_908_000, 1_666_375, 2_231_578)


def test_the_forecast_follows_a_rate_that_is_only_proposed() -> None:
    assert forecast_at(STATUS, 40_000).to_low == Span(900_000, 786_026, 1_052_631)
    assert forecast_at(STATUS, 0).to_low is None


@settings(deadline=None)
@given(st.integers(1, 1_000_000), st.integers(0, 20_000_000))
def test_the_band_holds_the_expected_time_between_it(rate_nl_h: int, volume_nl: int) -> None:
    ahead = forecast_at(replace(STATUS, reservoir_nl=volume_nl), rate_nl_h)
    for span in (ahead.to_low, ahead.to_empty):
        assert span is not None
        assert span.early_s <= span.expected_s <= span.late_s
    assert ahead.to_low is not None
    assert ahead.to_empty is not None
    assert ahead.to_low.expected_s <= ahead.to_empty.expected_s


@settings(deadline=None)
@given(st.integers(1, 1_000_000), st.integers(0, 20_000_000), st.integers(1, 1_000_000))
def test_more_flow_never_makes_it_last_longer(rate_nl_h: int, volume_nl: int, more_nl_h: int) -> None:
    assume(rate_nl_h + more_nl_h <= 1_000_000)
    status = replace(STATUS, reservoir_nl=volume_nl)
    slow, fast = (forecast_at(status, rate).to_low for rate in (rate_nl_h, rate_nl_h + more_nl_h))
    assert slow is not None
    assert fast is not None
    assert fast.expected_s <= slow.expected_s


@pytest.mark.parametrize(
    "still", [STOPPED, replace(STATUS, measured_rate_nl_h=0), replace(STATUS, commanded_rate_nl_h=0)]
)
def test_a_motor_that_does_not_turn_never_gets_there(still: object) -> None:
    assert forecast(still).to_low is None
    assert forecast(still).to_empty is None
    assert low_reservoir(still).level is Level.ENOUGH


def test_a_stopped_pump_that_is_low_already_is_low_now() -> None:
    low = replace(STOPPED, reservoir_nl=1_900_000)
    assert forecast(low).to_low == Span(0, 0, 0)
    assert forecast(low).to_empty is None
    assert low_reservoir(low).level is Level.LOW


def test_days_have_two_decimals_and_never_is_nothing() -> None:
    assert days(Span(1_800_000, 0, 0)) == 20.83
    assert days(Span(SOON_S, 0, 0)) == 7.0
    assert days(None) is None


# --- is it the present? -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period_ms", "stale_ms"), [(1, 3_000), (500, 3_000), (1_000, 3_000), (1_001, 3_003), (60_000, 180_000)]
)
def test_stale_comes_after_three_periods_and_never_under_three_seconds(period_ms: int, stale_ms: int) -> None:
    assert stale_after_ms(period_ms) == stale_ms


def test_a_reading_is_live_up_to_the_bound_and_not_a_nanosecond_longer() -> None:
    assert is_live(LIVE, NOW_NS)
    assert is_live(LIVE, NOW_NS + 3_000 * MS)
    assert not is_live(LIVE, NOW_NS + 3_000 * MS + 1)


@pytest.mark.parametrize("link", [Link.CONNECTING, Link.LOST])
def test_nothing_is_live_without_a_link(link: Link) -> None:
    assert not is_live(replace(LIVE, link=link), NOW_NS)


def test_nothing_is_live_without_a_reading() -> None:
    assert not is_live(replace(LIVE, reading=None), NOW_NS)


def test_an_age_is_rounded_up_and_never_negative() -> None:
    assert [READING.age_ms(NOW_NS + later) for later in (-5, 0, 1, MS, MS + 1)] == [0, 0, 1, 1, 2]
