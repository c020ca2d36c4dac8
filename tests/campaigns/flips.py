"""Flipped bits: every one and every two of every type of frame on the wire, delimiters included, and three at random.

A damaged frame is followed by an intact one without a pause, so that a flipped delimiter meets a beginning.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from tests.campaigns.campaign import Achieved, Campaign, dice, under
from tests.campaigns.defects import neither_sums_nor_tags, slow_to_recover
from tests.campaigns.specimens import Specimen, specimens, taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from random import Random

_TRIPLES = 10  # for so many pairs, one flip of three bits


def run(size: int, seed: int) -> Achieved:
    """Flip every bit of every frame, `size` pairs of bits of each (all where it has no more), and triples."""
    achieved = Achieved()
    for specimen in specimens():
        achieved.add("frames")
        bits = len(specimen.wire) * 8
        chance = dice(seed, specimen.name)
        _judge(achieved, specimen, "flips of one bit", ((bit,) for bit in range(bits)))
        if size >= math.comb(bits, 2):
            pairs: Iterable[tuple[int, ...]] = itertools.combinations(range(bits), 2)
            _judge(achieved, specimen, "flips of two bits, which is all", pairs)
        else:
            _judge(achieved, specimen, "flips of two bits, by chance", _some(chance, bits, 2, size))
        _judge(achieved, specimen, "flips of three bits, by chance", _some(chance, bits, 3, size // _TRIPLES))
    return achieved


def _some(chance: Random, bits: int, flips: int, count: int) -> Iterator[tuple[int, ...]]:
    return (tuple(chance.sample(range(bits), flips)) for _ in range(count))


def _judge(achieved: Achieved, specimen: Specimen, what: str, variants: Iterable[tuple[int, ...]]) -> None:
    wire = specimen.wire
    sent = int.from_bytes(wire, "little")
    count = 0
    for variant in variants:
        changed = sent
        for bit in variant:
            changed ^= 1 << bit
        right, wrong = taken(specimen, changed.to_bytes(len(wire), "little") + wire)
        count += 1
        if wrong:
            achieved.fail(f"{specimen.name} with bits {variant} flipped was accepted")
        if right != 1:
            achieved.fail(f"the intact {specimen.name} after one with bits {variant} flipped was lost")
    achieved.add(what, count)


CAMPAIGN = Campaign(
    number=1,
    name="bit flips",
    promise="no frame with one, two or three flipped bits is accepted, and the intact frame after it is",
    run=run,
    controls={
        "a receiver that checks neither sum nor tag": under(neither_sums_nor_tags, run),
        "a decoder that loses the frame after a damaged one": under(slow_to_recover, run),
    },
    counts="pairs of bits a frame, at the most",
    short=100,
    full=2_000_000,
)
