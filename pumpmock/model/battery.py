"""The battery: drained by living and by delivering, counted in whole units with an exact carry.

The arithmetic, an assumption. Such pumps are said to last five to seven years, by how much they deliver, and to shut
off at seven. A fit that honours this is life = 8 years / (1 + 0.25 * r), with r in mL/day and 8,766 hours a year:
7.1 years at 0.5 mL/day, 6.4 at 1, 5.3 at 2. In integers, one hour of living costs 1,000,000 units; a rate of 1 mL/day
is 1e6/24 nL/h and must cost a quarter of that, which is 250,000 * 24 / 1e6 = 6 units for each nanolitre; and the
capacity is eight years of living: 8 * 8,766 * 1,000,000 = 70,128,000,000 units.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.units import US_PER_DAY, US_PER_H, volume_at
from pumpmock.model.program import Cost

LIVING_UNITS_PER_H = 1_000_000
UNITS_PER_NL = 6
H_PER_YEAR = 8_766  # 365.25 days
COST = Cost(LIVING_UNITS_PER_H, UNITS_PER_NL)
CAPACITY_UNITS = 8 * H_PER_YEAR * LIVING_UNITS_PER_H

NOTICE_US = (
    90 * US_PER_DAY
)  # from the elective replacement indicator to the end of service, as makers state it
SERVICE_LIFE_US = 7 * H_PER_YEAR * US_PER_H  # the hard stop at seven years of age, as makers state it

EMPTY_MV = 2_400  # an assumption: a voltage that falls evenly from 3,100 mV full to 2,400 mV empty
FULL_MV = 3_100


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

    def drained(self, rate_nl_h: int, elapsed_us: int) -> Battery:
        """Return the battery after `elapsed_us` with the motor at `rate_nl_h`; an empty one stays empty."""
        units, carry = volume_at(drain_per_h(rate_nl_h), elapsed_us, self.carry)
        drained_units = self.drained_units + units
        if drained_units >= CAPACITY_UNITS:
            return Battery(CAPACITY_UNITS, 0, self.eri_us, self.empty_us)
        return Battery(drained_units, carry, self.eri_us, self.empty_us)

    def left_units(self, rate_nl_h: int, elapsed_us: int) -> int:
        """Return the whole units left after `elapsed_us` at `rate_nl_h`; an empty battery has 0, however long ago."""
        drained = self.drained_units + volume_at(drain_per_h(rate_nl_h), elapsed_us, self.carry)[0]
        return max(CAPACITY_UNITS - drained, 0)

    def emptied_at(self, empty_us: int) -> Battery:
        """Return the battery with another instant at which it will be empty."""
        return Battery(self.drained_units, self.carry, self.eri_us, empty_us)

    @property
    def left(self) -> int:
        """What is left, in units times 3.6e9, as `program.Weekly` counts amounts."""
        return (CAPACITY_UNITS - self.drained_units) * US_PER_H - self.carry

    @property
    def end_us(self) -> int:
        """The instant of the end of service: the battery is empty, the pump is seven years old, or ERI was 90 days ago."""
        return min(self.empty_us, self._latest_us)

    def has_ended(self, now_us: int) -> bool:
        """Tell whether the service has ended."""
        return self.left == 0 or now_us >= self._latest_us

    @property
    def _latest_us(self) -> int:
        return SERVICE_LIFE_US if self.eri_us is None else min(SERVICE_LIFE_US, self.eri_us + NOTICE_US)


def charged(percent: int) -> Battery:
    """Return a battery with `percent` of its charge left."""
    return Battery(CAPACITY_UNITS * (100 - percent) // 100)


def drain_per_h(rate_nl_h: int) -> int:
    """Return what one hour with the motor at `rate_nl_h` costs, in units."""
    return LIVING_UNITS_PER_H + UNITS_PER_NL * rate_nl_h


def percent(left_units: int) -> int:
    """Return the charge left in per cent, rounded down."""
    return left_units * 100 // CAPACITY_UNITS


def millivolts(left_units: int) -> int:
    """Return the cell voltage in mV, rounded down."""
    return EMPTY_MV + (FULL_MV - EMPTY_MV) * left_units // CAPACITY_UNITS
