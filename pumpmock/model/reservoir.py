"""The reservoir as the firmware expects it: what was filled, what is left, and what has gone.

What is really in it, which the level sensor reads, is `hydraulics`.

The ledger is kept in whole nanolitres and held against itself at every event: of the present fill, fill = remaining +
delivered; of all fills before it together, filled = delivered + withdrawn + lost. So every nanolitre that was ever
filled is remaining, delivered, withdrawn or lost.
"""

from __future__ import annotations

from dataclasses import dataclass

MOST_UG_ML = 0xFFFF  # of a concentration: two bytes on the wire


class LedgerError(Exception):
    """The volumes no longer add up. Never caught in the model: figures that follow from it would all be wrong."""


@dataclass(frozen=True, slots=True)
class Reservoir:
    """Volumes in nL: at the last fill, still inside, and delivered since that fill."""

    fill_nl: int
    remaining_nl: int
    delivered_nl: int


@dataclass(frozen=True, slots=True)
class Past:
    """Volumes in nL of all fills before the present one, together: filled = delivered + withdrawn + lost.

    `lost_nl` is what was expected at a refill and not found: below 0 where more was found than expected.
    """

    filled_nl: int = 0
    delivered_nl: int = 0
    withdrawn_nl: int = 0
    lost_nl: int = 0


def filled(volume_nl: int) -> Reservoir:
    """Return a reservoir just after it was filled to `volume_nl`."""
    return Reservoir(volume_nl, volume_nl, 0)


def draw(reservoir: Reservoir, volume_nl: int, residual_nl: int) -> Reservoir:
    """Return the reservoir after the drive took `volume_nl` out of it.

    Raises:
        LedgerError: if the ledger does not add up, or if more was taken than can be delivered.
    """
    drawn = Reservoir(
        reservoir.fill_nl, reservoir.remaining_nl - volume_nl, reservoir.delivered_nl + volume_nl
    )
    if drawn.fill_nl != drawn.remaining_nl + drawn.delivered_nl:
        raise LedgerError(f"fill is not remaining + delivered: {drawn}")
    if volume_nl and drawn.remaining_nl < residual_nl:
        raise LedgerError(f"{volume_nl} nL drawn from below the residual volume of {residual_nl} nL: {drawn}")
    return drawn


def refilled(reservoir: Reservoir, past: Past, withdrawn_nl: int, volume_nl: int) -> tuple[Reservoir, Past]:
    """Return reservoir and past after it was emptied, which gave `withdrawn_nl`, and filled with `volume_nl`.

    Emptied means that: what was expected beyond what was withdrawn is not inside any more, it is lost.
    docs/decisions/0020-a-refill-begins-anew.md

    Raises:
        LedgerError: if the ledger does not add up.
    """
    lost_nl = reservoir.remaining_nl - withdrawn_nl
    then = Past(
        past.filled_nl + reservoir.fill_nl,
        past.delivered_nl + reservoir.delivered_nl,
        past.withdrawn_nl + withdrawn_nl,
        past.lost_nl + lost_nl,
    )
    if then.filled_nl != then.delivered_nl + then.withdrawn_nl + then.lost_nl:
        raise LedgerError(f"filled is not delivered + withdrawn + lost: {then}")
    return filled(volume_nl), then


def sensed_nl(held_nl: int, offset_nl: int, capacity_nl: int) -> int:
    """Return what the level sensor reads, in nL: off by a constant, and never outside an empty to a full reservoir."""
    return min(max(held_nl + offset_nl, 0), capacity_nl)
