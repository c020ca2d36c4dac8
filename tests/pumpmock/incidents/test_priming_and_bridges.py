"""What is in the catheter is given first, whatever the pump is told: figures by hand for too much, too little, too late.

The dead volume is 395,000 nL: 158 strokes. A prime goes at 1,000,000 nL/h, therapy at 300 ug a day: 12,500,000 pg/h.
"""

from __future__ import annotations

import pytest

from protocol.messages import Change
from protocol.units import US_PER_H, US_PER_S
from protocol.vocabulary import ChangeKind, Mode
from pumpmock.model.catheter import Segment
from tests.pumpmock.incidents.scene import Telemetry, a_pump

H = US_PER_H
DEAD_NL = 395_000
THERAPY_PG_H = 12_500_000


def test_a_prime_of_the_dead_volume_brings_the_drug_to_the_tip_and_not_beyond() -> None:
    """The corrected software primes by the right volume (FDA, Class I recall of 2017); the catheter is implanted without drug.

    395,000 nL at 1,000,000 nL/h take 1,422 s. Not a picogram comes in that time, and all that is due from then on.
    """
    pump = a_pump(primed=False)
    pump.apply(Change(ChangeKind.PRIME, volume_nl=DEAD_NL))
    pump.advance_to(1_422 * US_PER_S - 1)
    assert pump.sample().mode is Mode.PRIME
    pump.advance_to(1_422 * US_PER_S)
    assert (pump.sample().mode, pump.truth().tip_nl, pump.truth().tip_pg) == (Mode.PROGRAM, DEAD_NL, 0)
    assert pump.truth().catheter == (Segment(DEAD_NL, 500),)
    pump.advance(4 * H)
    assert pump.truth().tip_pg == 4 * THERAPY_PG_H


def test_a_prime_that_is_too_large_gives_eight_hours_of_therapy_in_twelve_minutes() -> None:
    """A priming bolus that reaches the patient with drug is an overdose at a high flow (FDA, Class I recall of 2017).

    200,000 nL too much of 500 ug/mL are 100,000,000 pg. They come from 1,422 s to 2,142 s, forty times as fast as therapy. That
    drug and fluid mix at such a flow, which spreads both out, is not modelled.
    """
    pump = a_pump(primed=False)
    pump.apply(Change(ChangeKind.PRIME, volume_nl=595_000))
    pump.advance_to(1_422 * US_PER_S)
    assert (pump.truth().tip_pg, pump.truth().tip_dose_pg_h) == (0, 40 * THERAPY_PG_H)
    pump.advance_to(2_142 * US_PER_S)
    assert (pump.truth().tip_pg, pump.truth().tip_dose_pg_h) == (8 * THERAPY_PG_H, THERAPY_PG_H)
    assert pump.sample().mode is Mode.PROGRAM


@pytest.mark.parametrize(("prime_nl", "without_s"), [(195_000, 28_800), (0, 56_880)])
def test_a_prime_that_is_too_small_or_forgotten_leaves_the_patient_without_drug_for_hours(
    prime_nl: int, without_s: int
) -> None:
    """The other side of a wrong priming volume is a period without drug (FDA, Class I recall of 2017).

    200,000 nL too little take 8 h at 25,000 nL/h. Without a prime 395,000 nL take 15.8 h. Telemetry tells of the drug that
    is in the reservoir, and of the rate, all the time.
    """
    pump = a_pump(primed=False)
    if prime_nl:
        pump.apply(Change(ChangeKind.PRIME, volume_nl=prime_nl))
        pump.advance(prime_nl * H // 1_000_000)
    host = Telemetry(pump)
    pump.advance(without_s * US_PER_S - 1)
    now = host.status()
    assert (now.mode, now.measured_rate_nl_h, now.concentration_ug_ml) == (Mode.PROGRAM, 25_000, 500)
    assert (pump.truth().tip_dose_pg_h, pump.truth().tip_pg) == (0, 0)
    pump.advance(1)
    assert (pump.truth().tip_dose_pg_h, pump.truth().tip_pg) == (THERAPY_PG_H, 0)
    pump.advance(2 * H)
    assert pump.truth().tip_pg == 2 * THERAPY_PG_H


@pytest.mark.parametrize(
    ("old_ug_ml", "new_ug_ml", "new_nl_h", "wrong_s", "wrong_pg", "due_pg"),
    [
        (2_000, 500, 25_000, 56_880, 790_000_000, 197_500_000),
        (500, 2_000, 6_250, 227_520, 197_500_000, 790_000_000),
    ],
    ids=["four times too much", "a quarter"],
)
def test_without_a_bridge_the_old_drug_comes_at_the_new_rate_until_the_catheter_is_through(
    old_ug_ml: int, new_ug_ml: int, new_nl_h: int, wrong_s: int, wrong_pg: int, due_pg: int
) -> None:
    """A change of concentration needs a bridge bolus, or the first days are off by the ratio (Saulino, 2016).

    395,000 nL at 25,000 nL/h take 15.8 h and hold 790 ug at 2,000 ug/mL, where 15.8 * 12.5 = 197.5 are due. At 6,250 nL/h
    they take 63.2 h and hold 197.5 ug at 500 ug/mL, where 63.2 * 12.5 = 790 are due.
    """
    pump = a_pump(rate_nl_h=new_nl_h, concentration_ug_ml=old_ug_ml)
    host = Telemetry(pump)
    refill = Change(
        ChangeKind.REFILL, withdrawn_nl=18_000_000, volume_nl=18_000_000, concentration_ug_ml=new_ug_ml
    )
    host.change(refill)
    pump.advance(wrong_s * US_PER_S)
    assert pump.truth().tip_pg == wrong_pg
    assert THERAPY_PG_H * wrong_s // 3_600 == due_pg
    now = host.status()  # which knows of nothing: by the rate and the drug, the dose is right
    assert now.measured_rate_nl_h * now.concentration_ug_ml == THERAPY_PG_H
    assert now.alarms == 0
    pump.advance(10 * H)
    assert pump.truth().tip_pg == wrong_pg + 10 * THERAPY_PG_H
