"""Round figures for the axes of values: volumes in nL, rates in nL a day, so that what is written in mL/day is exact."""

from __future__ import annotations

from typing import Final, NamedTuple

from protocol.units import NL_PER_ML

HOURS_A_DAY: Final = 24
_TOPS: Final = (10, 15, 20, 25, 30, 40, 50, 60, 80, 100)  # tops of the volume axis, over a power of ten
_TICKS: Final = (10, 20, 25, 50, 100)  # from label to label of the rate axis, over a power of ten
_LABELS: Final = 4  # labels of the rate axis at the most, less one
_LEAST_SHARE: Final = (
    5  # the rate axis spans at least one part in so many of the rate: noise is to look like noise
)
_FROM_ZERO: Final = 4  # below one part in so many of the highest rate, the axis begins at zero


def next_round(volume_nl: int) -> int:
    """Return the next round volume: 18.2 mL gives 20 mL, 2.31 mL gives 2.5 mL."""
    power = NL_PER_ML // 1_000
    while power * _TOPS[-1] < volume_nl:
        power *= 10
    return next(power * step for step in _TOPS if power * step >= volume_nl)


class RateAxis(NamedTuple):
    """An axis of rates, in nL a day.

    Attributes:
        floor: at the bottom.
        top: at the top, always higher.
        step: from label to label.
        decimals: that a label in mL/day needs.
    """

    floor: int
    top: int
    step: int
    decimals: int

    def labels(self) -> list[int]:
        """Return the labelled rates, from the bottom on."""
        return list(range(self.floor, self.top + 1, self.step))


def rate_axis(least_nl_h: int, most_nl_h: int) -> RateAxis:
    """Return an axis with room for rates from one to another, nL/h."""
    low, high = least_nl_h * HOURS_A_DAY, max(most_nl_h, 1) * HOURS_A_DAY
    if low * _FROM_ZERO < high:
        low = 0
    slack = max(high // _LEAST_SHARE - (high - low), 0)
    low, high = max(low - slack // 2, 0), high + slack // 2
    step = _step(high - low)
    floor, top = low // step * step, -(-high // step) * step
    return RateAxis(floor, max(top, floor + step), step, _decimals(step))


def _step(spread: int) -> int:
    power = 1
    while power * _TICKS[-1] * _LABELS < spread:
        power *= 10
    return next(power * step for step in _TICKS if power * step * _LABELS >= spread)


def _decimals(step: int) -> int:
    decimals = 0
    while decimals < len(str(NL_PER_ML)) - 1 and step * 10**decimals % NL_PER_ML:
        decimals += 1
    return decimals
