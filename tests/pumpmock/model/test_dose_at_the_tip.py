"""Another concentration: what the catheter still holds, what a forgotten bridge does, and what a bridge is for."""

from __future__ import annotations

from itertools import pairwise

import pytest

from protocol.messages import Change
from protocol.units import US_PER_H
from protocol.vocabulary import ChangeKind, Mode
from pumpmock.model.catheter import Segment
from pumpmock.model.pump import Pump
from tests.pumpmock.conftest import to_rate
from tests.settings import usual_settings

FILL_NL, STROKE_NL = 18_000_000, 1_000
OLD_NL_H, NEW_NL_H = 25_000, 6_250  # 300 ug/day at 500 and at 2000 ug/mL
DOSE_PG_H = OLD_NL_H * 500
DEAD_NL = 395_000
REFILL = Change(ChangeKind.REFILL, withdrawn_nl=17_000_000, volume_nl=FILL_NL, concentration_ug_ml=2_000)


def refilled_pump() -> Pump:
    """Return a pump that has run for 40 h with the old drug, and was just filled with the new one."""
    settings = usual_settings(stroke_nl=STROKE_NL, catheter_nl=DEAD_NL)
    pump = Pump(settings, fill_nl=FILL_NL, rate_nl_h=OLD_NL_H, concentration_ug_ml=500)
    pump.advance(40 * US_PER_H)
    pump.apply(REFILL)
    return pump


def doses(pump: Pump, hours: int) -> list[int]:
    """Return the drug at the tip in each of the next hours, in pg."""
    found = [pump.truth().tip_pg]
    for _ in range(hours):
        pump.advance(US_PER_H)
        found.append(pump.truth().tip_pg)
    return [after - before for before, after in pairwise(found)]


def test_after_a_refill_the_old_drug_is_still_in_the_catheter() -> None:
    pump = refilled_pump()
    assert pump.truth().catheter == (Segment(DEAD_NL, 500),)
    pump.advance(4 * US_PER_H)
    assert pump.truth().catheter == (Segment(295_000, 500), Segment(100_000, 2_000))
    assert pump.truth().tip_dose_pg_h == DOSE_PG_H


def test_without_a_bridge_the_dose_is_off_by_the_old_over_the_new_concentration_until_the_catheter_is_through() -> (
    None
):
    pump = refilled_pump()
    pump.apply(to_rate(NEW_NL_H))
    assert pump.truth().tip_dose_pg_h * 2_000 == DOSE_PG_H * 500
    hours = 4 * 15
    assert sum(doses(pump, hours)) * 2_000 == DOSE_PG_H * hours * 500
    pump.advance(4 * US_PER_H)  # 400 of 395 uL
    assert pump.truth().tip_dose_pg_h == DOSE_PG_H
    assert pump.truth().catheter == (Segment(DEAD_NL, 2_000),)


def test_a_new_drug_at_the_old_rate_is_too_much_by_the_new_over_the_old_concentration_once_it_is_through() -> (
    None
):
    pump = refilled_pump()
    pump.advance(16 * US_PER_H)
    assert pump.truth().tip_dose_pg_h * 500 == DOSE_PG_H * 2_000


def test_with_a_bridge_of_the_dead_volume_at_the_old_rate_the_dose_never_changes() -> None:
    pump = refilled_pump()
    pump.apply(to_rate(NEW_NL_H))
    pump.apply(Change(ChangeKind.BRIDGE, OLD_NL_H, volume_nl=DEAD_NL))
    for _ in range(40):
        assert pump.truth().tip_dose_pg_h == DOSE_PG_H
        pump.advance(US_PER_H // 2)
    assert pump.sample().mode is Mode.PROGRAM
    assert pump.truth().catheter == (Segment(DEAD_NL, 2_000),)
    hours = pump.clock.now_us // US_PER_H
    assert abs(pump.truth().tip_pg - hours * DOSE_PG_H) <= STROKE_NL * 2_000


@pytest.mark.parametrize(("volume_nl", "off_by"), [(DEAD_NL // 2, (1, 4)), (DEAD_NL * 3 // 2, (4, 1))])
def test_a_bridge_of_another_volume_leaves_its_error_to_the_rest(
    volume_nl: int, off_by: tuple[int, int]
) -> None:
    pump = refilled_pump()
    pump.apply(to_rate(NEW_NL_H))
    pump.apply(Change(ChangeKind.BRIDGE, OLD_NL_H, volume_nl=volume_nl))
    seen = set()
    for _ in range(80):
        pump.advance(US_PER_H // 2)
        seen.add(pump.truth().tip_dose_pg_h)
    part, whole = off_by
    assert seen == {DOSE_PG_H, DOSE_PG_H * part // whole}


def test_a_prime_of_the_dead_volume_brings_the_drug_to_the_tip_of_a_catheter_that_had_none() -> None:
    pump = Pump(
        usual_settings(stroke_nl=STROKE_NL, catheter_nl=DEAD_NL),
        fill_nl=FILL_NL,
        rate_nl_h=0,
        concentration_ug_ml=0,
    )
    pump.apply(Change(ChangeKind.REFILL, withdrawn_nl=FILL_NL, volume_nl=FILL_NL, concentration_ug_ml=500))
    pump.apply(Change(ChangeKind.PRIME, volume_nl=DEAD_NL))
    pump.advance(US_PER_H // 10)
    assert (pump.sample().mode, pump.truth().tip_dose_pg_h) == (Mode.PRIME, 0)
    pump.advance(US_PER_H)
    assert (pump.truth().tip_nl, pump.truth().tip_pg) == (DEAD_NL, 0)
    assert pump.truth().catheter == (Segment(DEAD_NL, 500),)
    pump.apply(to_rate(OLD_NL_H))
    assert pump.truth().tip_dose_pg_h == DOSE_PG_H
