"""What is physically so: conserved to the nanolitre, whatever befalls it, and the same however time is cut up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpmock.model.catheter import MOST_SEGMENTS, Segment, drug_of, volume_of
from pumpmock.model.hydraulics import (
    Hydraulics,
    checked,
    held_after_nl,
    new_hydraulics,
    pumped,
    refilled_truly,
    stricken,
)
from pumpmock.model.reservoir import LedgerError
from pumpmock.model.troubles import Trouble, relieved
from tests.settings import usual_settings

if TYPE_CHECKING:
    from pumpmock.model.settings import Settings

SETTINGS = usual_settings(stroke_nl=1_000, rate_error_ppm=0, catheter_nl=395_000)
FILL_NL = 18_000_000

# What can happen: a volume is turned, a refill, or a trouble that comes or goes.
TURNED = st.one_of(st.integers(0, 5_000), st.integers(0, 8_000_000))
REFILLS = st.tuples(st.integers(0, 20_000_000), st.integers(0, 20_000_000), st.sampled_from([0, 500, 2_000]))
STRIKES = st.one_of(
    st.tuples(st.just(Trouble.LEAK), st.integers(1, 100)),
    st.tuples(st.just(Trouble.VALVE), st.integers(0, 10_000)),
    st.tuples(st.sampled_from([Trouble.OCCLUSION, Trouble.STALL]), st.just(0)),
)
STEPS = st.lists(st.tuples(TURNED, st.one_of(REFILLS, STRIKES)), max_size=10)
Step = tuple[int, tuple[int, int, int] | tuple[Trouble, int]]
ODD = st.builds(
    usual_settings,
    stroke_nl=st.sampled_from([1, 997, 2_500]),
    rate_error_ppm=st.sampled_from([-145_000, -1, 0, 333, 145_000]),
    catheter_nl=st.sampled_from([0, 1_000, 395_000]),
)


def befalls(
    true: Hydraulics, settings: Settings, what: tuple[int, int, int] | tuple[Trouble, int]
) -> Hydraulics:
    if len(what) == 3:
        return refilled_truly(true, *what)
    trouble, figure = what
    if trouble in true.troubles:
        return replace(true, troubles=relieved(true.troubles, trouble))
    return stricken(true, settings, trouble, figure)


def test_the_reservoir_gives_whole_strokes_which_come_out_of_the_tip() -> None:
    true = pumped(new_hydraulics(SETTINGS, FILL_NL, 500), 10_999, SETTINGS)
    assert (true.held_nl, true.tip_nl, true.tip_pg) == (FILL_NL - 10_000, 10_000, 5_000_000)


def test_a_pump_that_runs_fast_is_empty_before_it_believes_so_and_gives_nothing_more() -> None:
    settings = replace(SETTINGS, rate_error_ppm=145_000)
    true = pumped(new_hydraulics(settings, FILL_NL, 500), 14_000_000, settings)
    assert true.held_nl == FILL_NL - 16_030_000
    true = pumped(true, 2_000_000, settings)
    assert (true.held_nl, true.tip_nl) == (settings.residual_nl, FILL_NL - settings.residual_nl)
    assert true.strokes.done == 16_000


@pytest.mark.parametrize(
    ("trouble", "figure", "held_nl", "tip_nl", "leaked_nl", "strokes"),
    [
        (Trouble.OCCLUSION, 0, 0, 0, 0, 100),
        (Trouble.STALL, 0, 0, 0, 0, 0),
        (Trouble.VALVE, 10_000, -10_000, 10_000, 0, 100),
        (Trouble.LEAK, 30, -100_000, 70_000, 30_000, 100),
        (Trouble.LEAK, 100, -100_000, 0, 100_000, 100),
        (
            Trouble.HOLD,
            0,
            -100_000,
            100_000,
            0,
            100,
        ),  # the drive itself is held then, which is not judged here
    ],
)
def test_each_trouble_moves_what_it_says(
    trouble: Trouble, figure: int, held_nl: int, tip_nl: int, leaked_nl: int, strokes: int
) -> None:
    struck = stricken(new_hydraulics(SETTINGS, FILL_NL, 500), SETTINGS, trouble, figure)
    true = pumped(struck, 100_000, SETTINGS)
    assert (true.held_nl - FILL_NL, true.tip_nl, true.leaked_nl) == (held_nl, tip_nl, leaked_nl)
    assert true.strokes.done == strokes


def test_a_leak_keeps_its_part_of_a_nanolitre() -> None:
    settings = replace(SETTINGS, stroke_nl=1)
    true = stricken(new_hydraulics(settings, FILL_NL, 0), settings, Trouble.LEAK, 30)
    for _ in range(10):
        true = pumped(true, 1, settings)
    assert (true.leaked_nl, true.tip_nl) == (3, 7)


def test_a_refill_empties_what_is_there_and_leaves_the_catheter_as_it_is() -> None:
    true = pumped(new_hydraulics(SETTINGS, FILL_NL, 500), 15_000_000, SETTINGS)
    after = refilled_truly(true, 2_900_000, 20_000_000, 2_000)
    assert (after.held_nl, after.withdrawn_nl, after.lost_nl) == (20_000_000, 2_900_000, 100_000)
    assert after.catheter == (Segment(395_000, 500),)
    assert pumped(after, 1_000, SETTINGS).catheter == (Segment(394_000, 500), Segment(1_000, 2_000))


def test_a_hundred_drugs_in_turn_never_make_more_segments_than_there_can_be() -> None:
    true = new_hydraulics(SETTINGS, FILL_NL, 1)
    drug_pg = drug_of(true.catheter)
    for concentration in range(2, 102):
        true = refilled_truly(true, 0, FILL_NL, concentration)
        true = pumped(true, 1_000, SETTINGS)
        drug_pg += 1_000 * concentration
        assert len(true.catheter) <= MOST_SEGMENTS
    assert drug_of(true.catheter) + true.tip_pg == drug_pg


@given(ODD, st.integers(0, 20_000_000), STEPS)
def test_every_nanolitre_and_every_picogram_is_somewhere(
    settings: Settings, fill_nl: int, steps: list[Step]
) -> None:
    true = new_hydraulics(settings, fill_nl, 500)
    filled_nl, went_pg = fill_nl, settings.catheter_nl * 500
    for volume_nl, what in steps:
        flowed = pumped(true, volume_nl, settings)
        after = befalls(flowed, settings, what)
        went_pg += (flowed.tip_nl - true.tip_nl) * true.concentration_ug_ml
        went_pg += (after.tip_nl - flowed.tip_nl) * flowed.concentration_ug_ml  # a valve's bolus
        true = after
        filled_nl += what[1] if len(what) == 3 else 0
        assert filled_nl == true.held_nl + true.tip_nl + true.leaked_nl + true.withdrawn_nl + true.lost_nl
        assert volume_of(true.catheter) == settings.catheter_nl
        assert drug_of(true.catheter) + true.tip_pg == went_pg
        assert 0 <= true.leak_carry < 100


@given(ODD, st.integers(0, 20_000_000), STEPS, st.data())
def test_settling_in_between_changes_nothing_to_the_last_carry(
    settings: Settings, fill_nl: int, steps: list[Step], data: st.DataObject
) -> None:
    whole = cut = new_hydraulics(settings, fill_nl, 500)
    for volume_nl, what in steps:
        assert held_after_nl(whole, volume_nl, settings) == pumped(whole, volume_nl, settings).held_nl
        whole = befalls(pumped(whole, volume_nl, settings), settings, what)
        part_nl = data.draw(st.integers(0, volume_nl))
        cut = pumped(pumped(cut, part_nl, settings), volume_nl - part_nl, settings)
        cut = befalls(cut, settings, what)
        assert cut == whole


@pytest.mark.requirement("R7.4.0(1-6) at intervals")
@pytest.mark.parametrize("name", ["filled_nl", "held_nl", "tip_nl", "leaked_nl", "withdrawn_nl", "lost_nl"])
def test_a_nanolitre_too_many_anywhere_is_never_passed_over(name: str) -> None:
    true = pumped(new_hydraulics(SETTINGS, FILL_NL, 500), 5_000, SETTINGS)
    assert checked(true, SETTINGS) == true
    with pytest.raises(LedgerError, match="filled is not held"):
        pumped(replace(true, **{name: getattr(true, name) + 1}), 1_000, SETTINGS)


def test_a_catheter_that_is_not_full_or_a_reservoir_below_nothing_is_never_passed_over() -> None:
    true = new_hydraulics(SETTINGS, FILL_NL, 500)
    with pytest.raises(LedgerError, match="catheter"):
        pumped(replace(true, catheter=(Segment(394_999, 500),)), 1_000, SETTINGS)
    with pytest.raises(LedgerError, match="less than nothing"):
        checked(replace(true, held_nl=-1, tip_nl=FILL_NL + 1), SETTINGS)
