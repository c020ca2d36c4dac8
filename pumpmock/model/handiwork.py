"""What somebody's hands change of a pump, beside every message: for a bench, a scenario, a test.

Nothing appears or vanishes by it: both ledgers hold after each of them as they do after a refill.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pumpmock.model.catheter import MOST_SEGMENTS, full_of, simplified
from pumpmock.model.plain import figure
from pumpmock.model.reservoir import MOST_UG_ML, refilled

if TYPE_CHECKING:
    from pumpmock.model.mechanism import Mechanism
    from pumpmock.model.settings import Settings


def holding(mechanism: Mechanism, settings: Settings, held_nl: int) -> Mechanism:
    """Return a settled mechanism whose reservoir holds `held_nl`, of which its firmware knows nothing.

    What went is lost; what came is less lost than there was, below 0 where more came than went.

    Raises:
        ValueError: for a volume that the reservoir can't hold.
    """
    figure(held_nl, "reservoir", 0, settings.capacity_nl)
    true = mechanism.hydraulics
    found = replace(true, held_nl=held_nl, lost_nl=true.lost_nl + true.held_nl - held_nl)
    return replace(mechanism, hydraulics=found)


def expecting(mechanism: Mechanism, settings: Settings, expected_nl: int) -> Mechanism:
    """Return a settled mechanism whose firmware expects `expected_nl` in the reservoir, whatever is in it.

    To either ledger it is a refill that withdrew as much as it filled: the firmware begins to count anew, and what it
    had expected beyond that is lost to it.

    Raises:
        ValueError: for a volume that the reservoir can't hold.
    """
    figure(expected_nl, "expected", 0, settings.capacity_nl)
    reservoir, past = refilled(mechanism.reservoir, mechanism.past, expected_nl, expected_nl)
    true = mechanism.hydraulics
    counted = replace(
        true, filled_nl=true.filled_nl + expected_nl, withdrawn_nl=true.withdrawn_nl + expected_nl
    )
    return replace(mechanism, reservoir=reservoir, past=past, hydraulics=counted)


def with_drug(mechanism: Mechanism, _settings: Settings, concentration_ug_ml: int) -> Mechanism:
    """Return a settled mechanism with another concentration in its reservoir than its firmware was told.

    Raises:
        ValueError: for a concentration that can't be.
    """
    figure(concentration_ug_ml, "concentration", 0, MOST_UG_ML)
    true = mechanism.hydraulics
    catheter = simplified(true.catheter, MOST_SEGMENTS - 1)  # as at a refill: one more segment can come of it
    return replace(
        mechanism, hydraulics=replace(true, concentration_ug_ml=concentration_ug_ml, catheter=catheter)
    )


def primed_with(mechanism: Mechanism, settings: Settings, concentration_ug_ml: int) -> Mechanism:
    """Return a settled mechanism whose catheter is full of one concentration; 0 is a catheter without drug.

    Raises:
        ValueError: for a concentration that can't be.
    """
    figure(concentration_ug_ml, "catheter", 0, MOST_UG_ML)
    catheter = full_of(settings.catheter_nl, concentration_ug_ml)
    return replace(mechanism, hydraulics=replace(mechanism.hydraulics, catheter=catheter))
