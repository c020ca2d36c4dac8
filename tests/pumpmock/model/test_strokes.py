"""Strokes: closed form, exact to the last part of a nanolitre, and the same however the turning is cut up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpmock.model.strokes import PPM, Strokes, turned

VOLUMES = st.integers(0, 40_000_000)
STROKES = st.integers(1, 100_000)
ERRORS = st.integers(-PPM, PPM)


@pytest.mark.requirement("R7.2.0(7)")
def test_nothing_comes_out_before_a_stroke_is_done_and_all_of_it_then() -> None:
    begun, displaced_nl = turned(Strokes(), 2_499, 2_500, 0)
    assert (begun, displaced_nl) == (Strokes(0, 2_499, 0), 0)
    assert turned(begun, 1, 2_500, 0) == (Strokes(1, 0, 0), 2_500)


@pytest.mark.requirement("R5.1.0(3)")
def test_a_stroke_displaces_more_by_its_error_and_keeps_the_part_of_a_nanolitre() -> None:
    first, displaced_nl = turned(Strokes(), 1_000, 1_000, 1_500)  # 1001.5 nL each
    assert (displaced_nl, first.carry) == (1_001, PPM // 2)
    assert turned(first, 1_000, 1_000, 1_500) == (Strokes(2, 0, 0), 1_002)


def test_a_drive_that_is_off_by_all_of_it_displaces_nothing() -> None:
    assert turned(Strokes(), 9_999, 1_000, -PPM) == (Strokes(9, 999, 0), 0)


@given(VOLUMES, STROKES, ERRORS)
def test_the_number_of_strokes_and_their_volume_follow_from_the_volume_turned(
    volume_nl: int, stroke_nl: int, error_ppm: int
) -> None:
    strokes, displaced_nl = turned(Strokes(), volume_nl, stroke_nl, error_ppm)
    assert strokes.done == volume_nl // stroke_nl
    assert displaced_nl == strokes.done * stroke_nl * (PPM + error_ppm) // PPM


@given(st.lists(VOLUMES, max_size=8), STROKES, ERRORS)
def test_no_cutting_of_the_turning_changes_what_comes_out(
    parts: list[int], stroke_nl: int, error_ppm: int
) -> None:
    strokes, displaced_nl = Strokes(), 0
    for part in parts:
        strokes, more_nl = turned(strokes, part, stroke_nl, error_ppm)
        displaced_nl += more_nl
    assert (strokes, displaced_nl) == turned(Strokes(), sum(parts), stroke_nl, error_ppm)
