"""The drive's strokes: what the motor turns comes out in portions, each a little more or less than it should be.

Strokes are not events. How many were done follows from the volume that was turned, so that years cost what seconds do.
"""

from __future__ import annotations

from dataclasses import dataclass

PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Strokes:
    """Strokes done since the first start, and what is begun.

    Attributes:
        done: whole strokes.
        phase_nl: nominal volume turned since the last of them, 0 to the stroke's less 1.
        carry: the part of a nanolitre displaced beyond whole ones, in nL times ppm: 0 to 999,999.
    """

    done: int = 0
    phase_nl: int = 0
    carry: int = 0


def turned(strokes: Strokes, volume_nl: int, stroke_nl: int, rate_error_ppm: int) -> tuple[Strokes, int]:
    """Return the strokes after the motor turned a nominal `volume_nl` more, and what they displace, in nL.

    Args:
        strokes: those so far.
        volume_nl: what the motor would deliver if it were exact and without strokes.
        stroke_nl: the nominal volume of a stroke, above 0.
        rate_error_ppm: by how much a stroke displaces more than that.
    """
    more, phase_nl = divmod(strokes.phase_nl + volume_nl, stroke_nl)
    displaced_nl, carry = divmod(more * stroke_nl * (PPM + rate_error_ppm) + strokes.carry, PPM)
    return Strokes(strokes.done + more, phase_nl, carry), displaced_nl
