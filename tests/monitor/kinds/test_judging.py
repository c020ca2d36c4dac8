from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.drugs import find_rules
from monitor.kinds.ground import Ground, Judged
from monitor.kinds.table import KINDS
from protocol.drugs import PatientClass
from protocol.messages import Change, Step
from protocol.vocabulary import ChangeKind
from tests.monitor.conftest import STATUS

RUNNING = replace(STATUS, programmed_rate_nl_h=20_833, commanded_rate_nl_h=20_833, concentration_ug_ml=500)
GROUND = Ground(RUNNING, week=((Step(0, 20_833),),) * 7)
BACLOFEN = replace(GROUND, rules=find_rules(None, "baclofen", PatientClass.SPINAL))


def judged(change: Change, ground: Ground = GROUND) -> Judged:
    return KINDS[change.kind].judged(change, ground)


@pytest.mark.parametrize("kind", [ChangeKind.RATE, ChangeKind.TEMPORARY_RATE, ChangeKind.BRIDGE])
@pytest.mark.parametrize(
    ("rate_nl_h", "large"), [(25_000, False), (41_667, True), (10_417, True), (208_330, True)]
)
def test_a_rate_is_typed_again_from_twice_or_half_on(kind: ChangeKind, rate_nl_h: int, large: bool) -> None:  # noqa: FBT001 - a column
    found = judged(Change(kind, rate_nl_h, volume_nl=1, duration_s=1))
    assert ("Look at the decimal point." in found.large) is large
    assert found.hard is None


@pytest.mark.parametrize("kind", [ChangeKind.RATE, ChangeKind.TEMPORARY_RATE, ChangeKind.BRIDGE])
def test_a_rate_beyond_the_hard_limits_is_not_asked_for_by_any_kind(kind: ChangeKind) -> None:
    found = judged(Change(kind, 1_000_001, volume_nl=1, duration_s=1)).hard
    assert found is not None
    assert "above the greatest rate" in found.sentence


@pytest.mark.parametrize("kind", [ChangeKind.BOLUS, ChangeKind.PRIME, ChangeKind.BRIDGE])
def test_a_volume_that_is_given_at_once_is_always_typed_again(kind: ChangeKind) -> None:
    change = Change(kind, 20_833 if kind is ChangeKind.BRIDGE else 0, volume_nl=123_456, duration_s=3_600)
    assert judged(change).retype == "0.123456 mL"


@pytest.mark.parametrize("kind", [ChangeKind.STOP, ChangeKind.RESUME, ChangeKind.MINIMUM_RATE])
def test_what_has_no_figure_has_its_word_typed(kind: ChangeKind) -> None:
    assert judged(Change(kind)).retype == KINDS[kind].word != ""


def test_a_pattern_is_judged_by_the_day_that_it_replaces() -> None:
    week = list(GROUND.week)
    week[2] = (Step(0, 10_000),)  # Wednesday had less than half
    ground = replace(GROUND, week=tuple(week))
    steps = (Step(0, 20_833), Step(720, 22_000))
    assert judged(Change(ChangeKind.FLEX, weekdays=1, steps=steps), ground).retype == ""
    found = judged(Change(ChangeKind.FLEX, weekdays=0b101, steps=steps), ground)
    assert found.step == "Wed +114.2 %"
    assert found.retype == "0.514"
    assert found.label == 'Type "0.514"'


def test_a_pattern_that_is_the_program_already_is_nothing_to_change() -> None:
    same = Change(ChangeKind.FLEX, weekdays=0x7F, steps=GROUND.week[0])
    assert "nothing to change" in judged(same).idle


@pytest.mark.parametrize("rate_nl_h", [0, 1_999, 1_000_001])
def test_each_step_of_a_pattern_is_within_the_range(rate_nl_h: int) -> None:
    steps = (Step(0, 20_833), Step(1, rate_nl_h), Step(2, 20_833))
    assert judged(Change(ChangeKind.FLEX, weekdays=1, steps=steps)).hard is not None


def test_a_pattern_over_the_drug_s_soft_step_wants_a_reason() -> None:
    aged = replace(BACLOFEN, status=replace(RUNNING, pump_time_us=90 * 3_600 * 24 * 1_000_000))
    found = judged(Change(ChangeKind.FLEX, weekdays=1, steps=(Step(0, 28_000),)), aged)
    assert [one.sentence for one in found.soft] == [
        "the step up is above its upper soft limit, 30 % (Saulino 2016; upper hard an assumption)"
    ]


def fill(withdrawn_nl: int, concentration_ug_ml: int = 500) -> Change:
    return Change(
        ChangeKind.REFILL,
        withdrawn_nl=withdrawn_nl,
        volume_nl=18_000_000,
        concentration_ug_ml=concentration_ug_ml,
    )


@pytest.mark.parametrize(
    ("withdrawn_nl", "side"), [(9_999_999, "less"), (14_000_001, "more"), (10_000_000, ""), (14_000_000, "")]
)
def test_more_than_2_ml_beside_what_was_expected_wants_a_reason(withdrawn_nl: int, side: str) -> None:
    found = judged(fill(withdrawn_nl))  # 12 mL are expected
    assert bool(found.soft) is bool(side)
    assert all(f"{side} withdrawn than expected" in one.sentence for one in found.soft)


def test_a_refill_that_the_operator_has_done_is_never_refused_here() -> None:
    for concentration in (0, 1, 7, 2_000, 65_535):
        assert judged(fill(12_000_000, concentration), BACLOFEN).hard is None


@pytest.mark.parametrize(("concentration", "again"), [(1_000, "1000 ug/mL"), (250, "250 ug/mL"), (600, "")])
def test_twice_the_concentration_is_typed_again_for_it_is_twice_the_dose(
    concentration: int, again: str
) -> None:
    found = judged(fill(12_000_000, concentration))
    assert (found.retype if found.large else "") == again
    assert found.step.startswith("daily dose ")


def test_a_concentration_that_is_none_of_the_drug_s_wants_a_reason() -> None:
    assert any(
        "none of the drug's concentrations" in one.sentence
        for one in judged(fill(12_000_000, 600), BACLOFEN).soft
    )


@pytest.mark.parametrize(
    ("moved_s", "again"), [(3_599, False), (-3_599, False), (3_600, True), (-3_600, True)]
)
def test_a_clock_is_typed_again_from_an_hour_on(moved_s: int, again: bool) -> None:  # noqa: FBT001 - a column
    assert bool(judged(Change(ChangeKind.CLOCK, clock_s=RUNNING.clock_s + moved_s)).retype) is again


@pytest.mark.parametrize(
    ("kind", "again", "texts"),
    [
        (ChangeKind.RATE, "0.650 mL/day", ("0.65", "0.650 mL/day", "27083 nL/h")),
        (ChangeKind.BOLUS, "0.10 mL", ("50 ug", "0.1 mL", "100 uL")),
        (ChangeKind.PRIME, "0.20 mL", ("0.2", "200 uL")),
        (ChangeKind.REFILL, "1000 ug/mL", ("1000", "1 mg/mL")),
        (ChangeKind.CLOCK, "2026-11-29 12:00:00", ("2026-11-29 12:00",)),
        (ChangeKind.STOP, "stop", ("Stop", " stop ")),
    ],
)
def test_the_same_figure_may_be_typed_again_in_any_unit_and_no_other(
    kind: ChangeKind, again: str, texts: tuple[str, ...]
) -> None:
    row = KINDS[kind]
    assert all(row.same(again, text, GROUND) for text in texts)
    for other in ("", "6.5", "0.02", "5 ug", "10000", "now ", "resume"):
        assert not row.same(again, other, GROUND)
