from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.kinds.ground import Ground
from monitor.kinds.table import KINDS, ROWS
from monitor.kinds.wording import wanted
from protocol.changes import misfit
from protocol.messages import USED, Step
from protocol.vocabulary import ChangeKind
from tests.monitor.conftest import STATUS

GROUND = Ground(replace(STATUS, concentration_ug_ml=500), week=((Step(0, 20_000),),) * 7, host_s=1_000)


def test_every_kind_of_change_has_its_row_and_its_letter() -> None:
    assert set(KINDS) == set(ChangeKind)
    assert len({row.letter for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
def test_a_row_asks_for_the_fields_that_its_kind_uses_and_no_others(row: object) -> None:
    kind = next(one for one in ROWS if one is row)
    assert {one.name for one in kind.fields} == USED[kind.kind]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
def test_the_examples_of_a_row_make_a_change_that_no_pump_calls_malformed(row: object) -> None:
    kind = next(one for one in ROWS if one is row)
    change = kind.change({one.name: one.example for one in kind.fields}, GROUND)
    assert misfit(change) == ""
    assert wanted(change, GROUND, "")
    assert len(kind.facts(change, GROUND, None)) == len(kind.facts(None, GROUND, None))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
def test_labels_and_facts_fit_their_places(row: object) -> None:
    kind = next(one for one in ROWS if one is row)
    assert all(len(one.label) < 18 for one in kind.fields)
    assert all(len(fact.name) <= 14 and len(fact.now) <= 15 for fact in kind.facts(None, GROUND, None))


def test_a_dose_goes_by_the_concentration_in_the_reservoir_to_the_nearest_nanolitre() -> None:
    bolus = KINDS[ChangeKind.BOLUS]
    texts = {"volume_nl": "50 ug", "duration_s": "30 min"}
    assert bolus.change(texts, GROUND).volume_nl == 100_000
    third = replace(GROUND, status=replace(STATUS, concentration_ug_ml=300))
    assert bolus.change(texts, third).volume_nl == 166_667
    with pytest.raises(ValueError, match="give the bolus as a volume"):
        bolus.change(texts, Ground(STATUS))


def test_now_is_the_host_s_clock_and_an_empty_concentration_is_the_one_that_is() -> None:
    assert KINDS[ChangeKind.CLOCK].change({"clock_s": "now"}, GROUND).clock_s == 1_000
    texts = {"withdrawn_nl": "1.9 mL", "volume_nl": "18 mL", "concentration_ug_ml": ""}
    assert KINDS[ChangeKind.REFILL].change(texts, GROUND).concentration_ug_ml == 500
