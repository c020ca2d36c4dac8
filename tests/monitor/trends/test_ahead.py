from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.judgement import Span, forecast
from monitor.trends.ahead import USUAL_PACE, Pace, Pacer, volumes_ahead
from tests.monitor.ui.bench import STATUS

TO_EMPTY = forecast(STATUS).to_empty
assert TO_EMPTY is not None


def test_the_forecast_begins_at_what_is_left_and_ends_at_the_residual() -> None:
    assert set(volumes_ahead(STATUS, TO_EMPTY, 0)) == {STATUS.reservoir_nl}
    assert volumes_ahead(STATUS, TO_EMPTY, TO_EMPTY.expected_s).expected_nl == STATUS.residual_nl
    assert set(volumes_ahead(STATUS, TO_EMPTY, TO_EMPTY.late_s)) == {STATUS.residual_nl}


def test_the_low_limit_is_crossed_on_the_day_that_the_judgement_tells() -> None:
    to_low = forecast(STATUS).to_low
    assert to_low is not None
    # Of seconds cut off, no more than what flows in a second or two is left over: 20,833 nL/h are 6 nL a second.
    for at_s, which in ((to_low.expected_s, 0), (to_low.early_s, 1), (to_low.late_s, 2)):
        assert abs(volumes_ahead(STATUS, TO_EMPTY, at_s)[which] - STATUS.low_reservoir_nl) < 15


@given(st.integers(0, 10**8))
def test_what_is_expected_lies_within_what_is_likely(seconds: int) -> None:
    expected, least, most = volumes_ahead(STATUS, TO_EMPTY, seconds)
    assert STATUS.residual_nl <= least <= expected <= most <= STATUS.reservoir_nl


@pytest.mark.parametrize("lasts_s", [0, 1])
def test_what_lasts_no_time_is_at_its_end_at_once(lasts_s: int) -> None:
    span = Span(lasts_s, lasts_s, lasts_s)
    assert volumes_ahead(STATUS, span, 1).expected_nl == STATUS.residual_nl


def paced(*seen: tuple[int, int, int]) -> Pace:
    pacer = Pacer()
    for at_ms, pump_time_us, boot in seen:
        pacer.see(at_ms, replace(STATUS, pump_time_us=pump_time_us, boot=boot))
    return pacer.pace


def test_a_pump_of_which_nothing_else_is_known_keeps_the_usual_pace() -> None:
    assert paced() == USUAL_PACE
    assert paced((0, 0, 1), (1_999, 5_000_000_000, 1)) == USUAL_PACE
    assert paced((0, 0, 1), (5_000, 5_400_000, 1)) == USUAL_PACE


def test_a_time_that_runs_fast_is_measured() -> None:
    pace = paced((0, 0, 1), (5_000, 10_000_000_000, 1))
    assert pace.times == 2_000
    assert pace.pump_s(60_000) == 120_000
    assert pace.host_ms(120_000) == 60_000


def test_the_pace_is_that_of_the_last_ten_seconds() -> None:
    seen = [(second * 1_000, min(second, 20) * 3_600_000_000, 1) for second in range(60)]
    assert paced(*seen[:21]).times == 3_600
    assert paced(*seen) == USUAL_PACE  # it stands


def test_a_restart_begins_anew() -> None:
    assert paced((0, 0, 1), (5_000, 10_000_000_000, 1), (6_000, 11_000_000_000, 2)) == USUAL_PACE
