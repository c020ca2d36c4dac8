"""The battery: drained by living and by delivering, counted in whole units with an exact carry.

A unit is the millionth part of what an hour with the motor at rest costs. So an hour at r nL/h costs 1,000,000 + r *
`units_per_nl` units, a battery that lasts h hours with the motor at rest holds h * 1,000,000, and n units a nanolitre
are what n hours at rest cost for each millilitre. How large and how long is the make's: a profile says it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from protocol.units import US_PER_H, volume_at
from pumpmock.model.plain import figure
from pumpmock.model.program import Cost

LIVING_UNITS_PER_H = 1_000_000
_H_PER_YEAR = 8_766  # 365.25 days
_MOST_LIFE_H = 100 * _H_PER_YEAR  # what the wire carries in days; beyond it a figure was mistyped
_MOST_UNITS_PER_NL = 1_000_000
_MOST_MV = 0xFFFF  # two bytes on the wire


@dataclass(frozen=True, slots=True)
class Cell:
    """What a battery is by its make.

    Attributes:
        capacity_units: the charge of a new one.
        units_per_nl: what a delivered nanolitre costs.
        notice_us: from the elective replacement indicator to the end of service.
        service_life_us: the age at which the pump stops for good, however much charge is left.
        empty_mv: the voltage of an empty one; in between it falls evenly.
        full_mv: the voltage of a full one.

    Raises:
        ValueError: for figures that no battery can have; the sentence names the figure first, as `cell.full_mv`.
    """

    capacity_units: int
    units_per_nl: int
    notice_us: int
    service_life_us: int
    empty_mv: int
    full_mv: int

    def __post_init__(self) -> None:
        """Refuse figures that no battery can have."""
        figure(self.capacity_units, "cell.capacity_units", 1, _MOST_LIFE_H * LIVING_UNITS_PER_H)
        figure(self.units_per_nl, "cell.units_per_nl", 0, _MOST_UNITS_PER_NL)
        figure(self.service_life_us, "cell.service_life_us", 1, _MOST_LIFE_H * US_PER_H)
        figure(self.notice_us, "cell.notice_us", 0, self.service_life_us)
        figure(self.full_mv, "cell.full_mv", 0, _MOST_MV)
        figure(self.empty_mv, "cell.empty_mv", 0, self.full_mv)

    @property
    def cost(self) -> Cost:
        """What is counted of it while the motor turns."""
        return Cost(LIVING_UNITS_PER_H, self.units_per_nl)

    def drain_per_h(self, rate_nl_h: int) -> int:
        """Return what one hour with the motor at `rate_nl_h` costs, in units."""
        return LIVING_UNITS_PER_H + self.units_per_nl * rate_nl_h

    def percent(self, left_units: int) -> int:
        """Return the charge left in per cent, rounded down."""
        return left_units * 100 // self.capacity_units

    def millivolts(self, left_units: int) -> int:
        """Return the voltage in mV, rounded down."""
        return self.empty_mv + (self.full_mv - self.empty_mv) * left_units // self.capacity_units


@dataclass(frozen=True, slots=True)
class Battery:
    """Units drained, the part of a unit beyond them (units/h times us, 0 to 3.6e9 - 1), and when ERI was reached.

    `empty_us` is the instant at which it will be empty if motor and therapy go on as they do: like the rate of the
    drive, it follows from the rest at each event.
    """

    drained_units: int = 0
    carry: int = 0
    eri_us: int | None = None
    empty_us: int = 0

    def drained(self, cell: Cell, rate_nl_h: int, elapsed_us: int) -> Battery:
        """Return the battery after `elapsed_us` with the motor at `rate_nl_h`; an empty one stays empty."""
        units, carry = volume_at(cell.drain_per_h(rate_nl_h), elapsed_us, self.carry)
        drained_units = self.drained_units + units
        if drained_units >= cell.capacity_units:
            return Battery(cell.capacity_units, 0, self.eri_us, self.empty_us)
        return Battery(drained_units, carry, self.eri_us, self.empty_us)

    def left_units(self, cell: Cell, rate_nl_h: int, elapsed_us: int) -> int:
        """Return the whole units left after `elapsed_us` at `rate_nl_h`; an empty battery has 0, however long ago."""
        drained = self.drained_units + volume_at(cell.drain_per_h(rate_nl_h), elapsed_us, self.carry)[0]
        return max(cell.capacity_units - drained, 0)

    def weakened(self, cell: Cell, percent: int) -> Battery:
        """Return the battery with no more than `percent` of a new one's charge left."""
        drained_units = charged(cell, percent).drained_units
        return (
            self
            if drained_units <= self.drained_units
            else replace(self, drained_units=drained_units, carry=0)
        )

    def emptied_at(self, empty_us: int) -> Battery:
        """Return the battery with another instant at which it will be empty."""
        if empty_us == self.empty_us:
            return self
        return Battery(self.drained_units, self.carry, self.eri_us, empty_us)

    def left(self, cell: Cell) -> int:
        """What is left, in units times 3.6e9, as `program.Weekly` counts amounts."""
        return (cell.capacity_units - self.drained_units) * US_PER_H - self.carry

    def end_us(self, cell: Cell) -> int:
        """Return when service ends: the battery is empty, the pump too old, or the notice since ERI is over."""
        return min(self.empty_us, self._latest_us(cell))

    def has_ended(self, cell: Cell, now_us: int) -> bool:
        """Tell whether the service has ended."""
        return self.left(cell) == 0 or now_us >= self._latest_us(cell)

    def _latest_us(self, cell: Cell) -> int:
        life_us = cell.service_life_us
        return life_us if self.eri_us is None else min(life_us, self.eri_us + cell.notice_us)


def charged(cell: Cell, percent: int) -> Battery:
    """Return a battery with `percent` of its charge left.

    Raises:
        ValueError: for a charge that no battery can have; the sentence names it `battery_percent`.
    """
    figure(percent, "battery_percent", 0, 100)
    return Battery(cell.capacity_units * (100 - percent) // 100)
