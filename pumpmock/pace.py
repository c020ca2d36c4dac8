"""How pump time follows wall time: frozen, real, or faster, exactly."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.units import QuantityError, parse_decimal

REAL_SPEED = 1_000
_SPEED_DECIMALS = 3
_MOST_SPEED = 1_000_000  # a day in 86 ms; the pump's clocks last for months of that
_NS_A_US = 1_000


@dataclass(frozen=True, slots=True)
class Pace:
    """Pump time runs from `pump_us` at `speed` thousandths of wall time, from the wall instant `wall_ns` on.

    Attributes:
        speed: 0 frozen, 1,000 real, 60,000 a minute a second.
        wall_ns: monotonic wall time at the start.
        pump_us: pump time at the start.
    """

    speed: int
    wall_ns: int
    pump_us: int

    def pump_us_at(self, wall_ns: int) -> int:
        """Return the pump time at a wall time."""
        return self.pump_us + (wall_ns - self.wall_ns) * self.speed // (REAL_SPEED * _NS_A_US)

    def wall_ns_at(self, pump_us: int) -> int | None:
        """Return the wall time at which a pump time is reached; None if the pump is frozen."""
        if self.speed == 0:
            return None
        return self.wall_ns + -(-(pump_us - self.pump_us) * REAL_SPEED * _NS_A_US // self.speed)


def parse_speed(text: str) -> int:
    """Read a speed such as "60" or "2.5" in thousandths of real time.

    Raises:
        QuantityError: with a sentence that says how to write it.
    """
    speed = parse_decimal(text, _SPEED_DECIMALS)
    if speed > _MOST_SPEED * 10**_SPEED_DECIMALS:
        raise QuantityError(f"a pump runs {_MOST_SPEED} times as fast as real time at the most")
    return speed
