"""Pump time against wall time: exact, and never early."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpmock.pace import REAL_SPEED, Pace

moments_ns = st.integers(0, 10**18)
paces = st.builds(Pace, st.integers(1, 10**9), moments_ns, st.integers(0, 10**15))


@pytest.mark.parametrize(
    ("speed", "wall_ns", "pump_us"),
    [
        (REAL_SPEED, 1_000, 1),
        (REAL_SPEED, 999, 0),
        (60_000, 1_000_000_000, 60_000_000),
        (864_000, 100_000_000_000, 86_400_000_000),
        (500, 4_000, 2),
        (1, 1_000_000, 1),
    ],
)
def test_pump_time_is_wall_time_times_the_speed(speed: int, wall_ns: int, pump_us: int) -> None:
    assert Pace(speed, 0, 0).pump_us_at(wall_ns) == pump_us
    assert Pace(speed, 5_000, 700).pump_us_at(5_000 + wall_ns) == 700 + pump_us


@settings(deadline=None)
@given(paces, moments_ns)
def test_the_mapping_is_exact_and_rounds_down(pace: Pace, later_ns: int) -> None:
    exact = pace.pump_us + Fraction(later_ns * pace.speed, REAL_SPEED * 1_000)
    assert 0 <= exact - pace.pump_us_at(pace.wall_ns + later_ns) < 1


@settings(deadline=None)
@given(paces, st.integers(1, 10**15))
def test_the_inverse_is_the_first_wall_instant_and_never_early(pace: Pace, later_us: int) -> None:
    due_us = pace.pump_us + later_us
    wall_ns = pace.wall_ns_at(due_us)
    assert wall_ns is not None
    assert pace.pump_us_at(wall_ns) >= due_us
    assert pace.pump_us_at(wall_ns - 1) < due_us


@settings(deadline=None)
@given(paces, moments_ns, moments_ns)
def test_pump_time_never_runs_backwards(pace: Pace, one_ns: int, other_ns: int) -> None:
    earlier, later = sorted((one_ns, other_ns))
    assert pace.pump_us_at(pace.wall_ns + earlier) <= pace.pump_us_at(pace.wall_ns + later)


def test_a_frozen_pump_stands_still_and_nothing_is_ever_due() -> None:
    pace = Pace(0, 100, 42)
    assert {pace.pump_us_at(wall_ns) for wall_ns in (100, 101, 10**18)} == {42}
    assert pace.wall_ns_at(43) is None
