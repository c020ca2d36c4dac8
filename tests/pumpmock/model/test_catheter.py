"""The catheter: first in, first out, always full, no picogram lost, and the same however the flow is cut up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pumpmock.model.catheter import (
    MOST_SEGMENTS,
    Catheter,
    Segment,
    drug_of,
    full_of,
    is_proper,
    pushed,
    simplified,
    volume_of,
)
from pumpmock.model.reservoir import MOST_UG_ML

CONCENTRATIONS = st.sampled_from([0, 50, 500, 501, 2_000, MOST_UG_ML])
PUSHES = st.lists(st.tuples(st.integers(0, 600_000), CONCENTRATIONS), max_size=12)
DEAD_NL = st.sampled_from([0, 1, 199_000, 395_000])


def pushed_all(catheter: Catheter, pushes: list[tuple[int, int]]) -> tuple[Catheter, int]:
    out_pg = 0
    for volume_nl, concentration in pushes:
        catheter, drug_pg = pushed(catheter, volume_nl, concentration)
        out_pg += drug_pg
    return catheter, out_pg


def test_what_went_in_first_comes_out_first() -> None:
    catheter, drug_pg = pushed(full_of(395_000, 500), 100_000, 2_000)
    assert (catheter, drug_pg) == ((Segment(295_000, 500), Segment(100_000, 2_000)), 100_000 * 500)
    catheter, drug_pg = pushed(catheter, 300_000, 2_000)
    assert (catheter, drug_pg) == ((Segment(395_000, 2_000),), 295_000 * 500 + 5_000 * 2_000)


def test_more_than_it_holds_goes_straight_through() -> None:
    assert pushed(full_of(10, 500), 25, 7) == ((Segment(10, 7),), 10 * 500 + 15 * 7)


def test_without_a_dead_volume_all_that_goes_in_comes_out() -> None:
    assert pushed(full_of(0, 500), 25, 7) == ((), 25 * 7)


def test_neighbours_of_one_concentration_are_one_segment() -> None:
    catheter, _ = pushed_all(full_of(100, 5), [(10, 7), (10, 7), (10, 5)])
    assert catheter == (Segment(70, 5), Segment(20, 7), Segment(10, 5))


@given(DEAD_NL, CONCENTRATIONS, PUSHES)
def test_it_stays_full_and_what_drug_went_in_is_inside_or_came_out(
    dead_nl: int, first: int, pushes: list[tuple[int, int]]
) -> None:
    catheter, out_pg = pushed_all(full_of(dead_nl, first), pushes)
    assert volume_of(catheter) == dead_nl
    assert is_proper(catheter)
    in_pg = dead_nl * first + sum(volume_nl * concentration for volume_nl, concentration in pushes)
    assert drug_of(catheter) + out_pg == in_pg


@given(DEAD_NL, CONCENTRATIONS, PUSHES, st.data())
def test_no_cutting_of_the_flow_changes_what_is_inside_or_came_out(
    dead_nl: int, first: int, pushes: list[tuple[int, int]], data: st.DataObject
) -> None:
    cut: list[tuple[int, int]] = []
    for volume_nl, concentration in pushes:
        part_nl = data.draw(st.integers(0, volume_nl))
        cut += [(part_nl, concentration), (volume_nl - part_nl, concentration)]
    whole = pushed_all(full_of(dead_nl, first), pushes)
    assert pushed_all(full_of(dead_nl, first), cut) == whole


@given(
    st.lists(st.tuples(st.integers(1, 9_000), st.integers(0, MOST_UG_ML)), max_size=40), st.integers(3, 10)
)
def test_too_many_segments_become_few_without_a_nanolitre_or_a_picogram_lost(
    rows: list[tuple[int, int]], most: int
) -> None:
    catheter, _ = pushed_all(full_of(sum(volume_nl for volume_nl, _ in rows), 0), rows)
    simple = simplified(catheter, most)
    assert len(simple) <= most
    assert (volume_of(simple), drug_of(simple)) == (volume_of(catheter), drug_of(catheter))
    assert is_proper(simple)
    if len(catheter) <= most:
        assert simple == catheter
    greatest = max((one.concentration_ug_ml for one in catheter), default=0)
    assert all(one.concentration_ug_ml <= greatest for one in simple)


def test_an_improper_catheter_is_told() -> None:
    assert is_proper(())
    assert not is_proper((Segment(0, 5),))
    assert not is_proper((Segment(1, 5), Segment(1, 5)))
    assert not is_proper(tuple(Segment(1, place) for place in range(MOST_SEGMENTS + 1)))
