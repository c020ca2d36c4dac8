"""The way from the reservoir to the tip of the catheter: a plug flow, in which the first that went in comes out first.

The dead volume, that of the tubing inside the pump and of the catheter, is always full: as much comes out at the tip as
goes in at the pump. Nothing mixes on the way. Volumes are whole nanolitres, drug is whole picograms: 1 nL at 1 ug/mL
holds 1 pg.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

MOST_SEGMENTS = 64  # more than ever are: another one takes a refill with another concentration


class Segment(NamedTuple):
    """A volume in nL of one concentration in ug/mL (0: without drug, or not known)."""

    volume_nl: int
    concentration_ug_ml: int


Catheter = tuple[Segment, ...]
"""Segments from the tip to the pump. Neighbours differ in their concentration, and none is empty."""


def full_of(volume_nl: int, concentration_ug_ml: int) -> Catheter:
    """Return a catheter with one concentration all along; of no volume at all, one without a segment."""
    return (Segment(volume_nl, concentration_ug_ml),) if volume_nl else ()


def pushed(catheter: Catheter, volume_nl: int, concentration_ug_ml: int) -> tuple[Catheter, int]:
    """Return the catheter after `volume_nl` went in at the pump, and the drug in pg that came out at the tip."""
    if len(catheter) == 1 and catheter[0].concentration_ug_ml == concentration_ug_ml:
        return catheter, volume_nl * concentration_ug_ml  # as good as always, and five times as fast
    segments = list(_joined(catheter, Segment(volume_nl, concentration_ug_ml)))
    left_nl, drug_pg, place = volume_nl, 0, 0
    while left_nl:
        there_nl, own_ug_ml = segments[place]
        gone_nl = min(left_nl, there_nl)
        left_nl, drug_pg = left_nl - gone_nl, drug_pg + gone_nl * own_ug_ml
        if gone_nl == there_nl:
            place += 1
        else:
            segments[place] = Segment(there_nl - gone_nl, own_ug_ml)
    return tuple(segments[place:]), drug_pg


def simplified(catheter: Catheter, most: int = MOST_SEGMENTS) -> Catheter:
    """Return a catheter of `most` segments or fewer, `most` above 2, with the volume and the drug of the one given.

    Where there are too many, three neighbours of the least volume are made into two: a mean in whole ug/mL, and
    the next one above it for what is left over, so that no picogram is lost.
    """
    segments = list(catheter)
    while len(segments) > most:
        trios = [segments[at : at + 3] for at in range(len(segments) - 2)]
        place, trio = min(enumerate(trios), key=lambda one: volume_of(one[1]))
        volume_nl = volume_of(trio)
        mean_ug_ml, above_nl = divmod(drug_of(trio), volume_nl)
        two = Segment(above_nl, mean_ug_ml + 1), Segment(volume_nl - above_nl, mean_ug_ml)
        rebuilt: Catheter = ()
        for segment in (*segments[:place], *two, *segments[place + 3 :]):
            rebuilt = _joined(rebuilt, segment)
        segments = list(rebuilt)
    return tuple(segments)


def volume_of(segments: Catheter | list[Segment]) -> int:
    """Return the volume of segments, in nL."""
    return sum([segment.volume_nl for segment in segments])


def drug_of(segments: Catheter | list[Segment]) -> int:
    """Return the drug in segments, in pg."""
    return sum(volume_nl * concentration for volume_nl, concentration in segments)


def is_proper(catheter: Catheter) -> bool:
    """Tell whether no segment is empty, neighbours differ, and there are no more than there can be."""
    differ = all(one.concentration_ug_ml != next_.concentration_ug_ml for one, next_ in pairwise(catheter))
    return differ and all(one.volume_nl > 0 for one in catheter) and len(catheter) <= MOST_SEGMENTS


def _joined(catheter: Catheter, last: Segment) -> Catheter:
    if not last.volume_nl:
        return catheter
    if catheter and catheter[-1].concentration_ug_ml == last.concentration_ug_ml:
        *others, own = catheter
        return (*others, Segment(own.volume_nl + last.volume_nl, last.concentration_ug_ml))
    return (*catheter, last)
