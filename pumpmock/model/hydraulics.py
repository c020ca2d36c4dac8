"""What is physically so, whatever the firmware believes: what is in the reservoir, on its way, and out of the tip.

It is driven by what the drive turns and by nothing else, so it is settled where the drive is. Its ledger, in whole
nanolitres and held against itself at every event: what was ever filled is held, out of the tip, leaked, withdrawn or
lost. What was in the catheter before the first fill came out for as much that is in it now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pumpmock.model.catheter import MOST_SEGMENTS, Catheter, full_of, pushed, simplified, volume_of
from pumpmock.model.reservoir import LedgerError
from pumpmock.model.strokes import Strokes, turned
from pumpmock.model.troubles import Trouble, Troubles, befallen

if TYPE_CHECKING:
    from pumpmock.model.settings import Settings

_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Hydraulics:
    """Volumes in nL since the first start, drug in pg.

    Attributes:
        filled_nl: all that was ever filled in.
        held_nl: what is in the reservoir, its residual volume included.
        concentration_ug_ml: of what is in the reservoir; 0 without drug, or where it is not known.
        tip_nl: what came out of the tip of the catheter.
        tip_pg: the drug in that.
        leaked_nl: what was lost before the catheter.
        leak_carry: the part of a nanolitre leaked beyond whole ones, in nL times per cent: 0 to 99.
        withdrawn_nl: what was withdrawn at refills, as the host says.
        lost_nl: what was held then beyond that; below 0 where the host says more.
        strokes: the drive's strokes.
        catheter: what is between the reservoir and the tip.
        troubles: what is wrong.
    """

    filled_nl: int
    held_nl: int
    concentration_ug_ml: int
    tip_nl: int
    tip_pg: int
    leaked_nl: int
    leak_carry: int
    withdrawn_nl: int
    lost_nl: int
    strokes: Strokes
    catheter: Catheter
    troubles: Troubles


def new_hydraulics(
    settings: Settings, fill_nl: int, concentration_ug_ml: int, *, primed: bool = True
) -> Hydraulics:
    """Return what is so at pump time 0: filled, and primed with the same; or with a catheter that holds no drug."""
    catheter = full_of(settings.catheter_nl, concentration_ug_ml if primed else 0)
    return Hydraulics(
        fill_nl, fill_nl, concentration_ug_ml, 0, 0, 0, 0, 0, 0, Strokes(), catheter, Troubles()
    )


def pumped(true: Hydraulics, volume_nl: int, settings: Settings) -> Hydraulics:
    """Return what is so after the drive turned for `volume_nl`.

    Raises:
        LedgerError: if the volumes do not add up.
    """
    if not volume_nl or true.troubles.rotor_stands:
        return true
    strokes, displaced_nl = turned(true.strokes, volume_nl, settings.stroke_nl, settings.rate_error_ppm)
    return _moved(true, strokes, _given_nl(true, displaced_nl, settings), settings)


def held_after_nl(true: Hydraulics, volume_nl: int, settings: Settings) -> int:
    """Return what the reservoir will hold after the drive turned for `volume_nl`: as `pumped`, for less."""
    if not volume_nl or true.troubles.rotor_stands:
        return true.held_nl
    _, displaced_nl = turned(true.strokes, volume_nl, settings.stroke_nl, settings.rate_error_ppm)
    return true.held_nl - _given_nl(true, displaced_nl, settings)


def refilled_truly(
    true: Hydraulics, withdrawn_nl: int, volume_nl: int, concentration_ug_ml: int
) -> Hydraulics:
    """Return what is so after the reservoir was emptied, which gave `withdrawn_nl` by the host's word, and filled.

    The catheter still has what it had: docs/decisions/0030-belief-and-truth.md.
    """
    return replace(
        true,
        filled_nl=true.filled_nl + volume_nl,
        held_nl=volume_nl,
        concentration_ug_ml=concentration_ug_ml,
        withdrawn_nl=true.withdrawn_nl + withdrawn_nl,
        lost_nl=true.lost_nl + true.held_nl - withdrawn_nl,
        # Here and not where it flows, so that how time is cut up makes no difference: one more segment can come of it.
        catheter=simplified(true.catheter, MOST_SEGMENTS - 1),
    )


def stricken(true: Hydraulics, settings: Settings, trouble: Trouble, figure: int = 0) -> Hydraulics:
    """Return what is so when a trouble has befallen the pump; of a valve, `figure` is the bolus that shuts it.

    Raises:
        ValueError: for a trouble that is present, or an extent that it can't have.
        LedgerError: if the volumes do not add up.
    """
    troubles = befallen(true.troubles, trouble, figure)
    if trouble is Trouble.VALVE:
        true = _moved(true, true.strokes, _given_nl(true, figure, settings), settings)
    return replace(true, troubles=troubles)


def deliverable_nl(true: Hydraulics, settings: Settings) -> int:
    """Return what the reservoir can give."""
    return max(true.held_nl - settings.residual_nl, 0)


def is_balanced(true: Hydraulics) -> bool:
    """Tell whether every nanolitre that was ever filled is somewhere."""
    gone_nl = true.tip_nl + true.leaked_nl + true.withdrawn_nl + true.lost_nl
    return true.filled_nl == true.held_nl + gone_nl


def checked(true: Hydraulics, settings: Settings) -> Hydraulics:
    """Return what is so, if its volumes add up.

    Raises:
        LedgerError: if they do not.
    """
    if not is_balanced(true):
        raise LedgerError(f"filled is not held + tip + leaked + withdrawn + lost: {true}")
    if volume_of(true.catheter) != settings.catheter_nl:
        raise LedgerError(f"the catheter is not full with {settings.catheter_nl} nL: {true}")
    if true.held_nl < 0:
        raise LedgerError(f"the reservoir holds less than nothing: {true}")
    return true


def _given_nl(true: Hydraulics, asked_nl: int, settings: Settings) -> int:
    return 0 if true.troubles.path_shut else min(asked_nl, deliverable_nl(true, settings))


def _moved(true: Hydraulics, strokes: Strokes, volume_nl: int, settings: Settings) -> Hydraulics:
    """Return what is so after `volume_nl` left the reservoir: through the leak, and into the catheter."""
    leaked_nl, leak_carry = divmod(volume_nl * true.troubles.leak_percent + true.leak_carry, _PERCENT)
    on_nl = volume_nl - leaked_nl
    catheter, drug_pg = pushed(true.catheter, on_nl, true.concentration_ug_ml)
    # By place, in the order of the declaration: this runs at every event.
    after = Hydraulics(
        true.filled_nl,
        true.held_nl - volume_nl,
        true.concentration_ug_ml,
        true.tip_nl + on_nl,
        true.tip_pg + drug_pg,
        true.leaked_nl + leaked_nl,
        leak_carry,
        true.withdrawn_nl,
        true.lost_nl,
        strokes,
        catheter,
        true.troubles,
    )
    return checked(after, settings)
