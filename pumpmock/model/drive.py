"""The drive: a motor that turns at a rate since an instant.

A volume is the rate times the time, to the last remainder: the carry goes from one rate to the next, so that neither
the number of events nor the number of readings changes what was delivered.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.units import time_until, volume_at


@dataclass(frozen=True, slots=True)
class Drive:
    """The motor's rate in nL/h since an instant of pump time in us.

    `carry` is the part of a nanolitre that had flowed by then, in nL/h times us: 0 to 3.6e9 - 1.
    """

    rate_nl_h: int = 0
    since_us: int = 0
    carry: int = 0

    def flown_nl(self, now_us: int) -> int:
        """Return the whole nanolitres that flowed since `since_us`."""
        return volume_at(self.rate_nl_h, now_us - self.since_us, self.carry)[0]

    def settled(self, now_us: int) -> tuple[Drive, int]:
        """Return the same motion counted from `now_us` on, and the whole nanolitres that flowed by then."""
        flown_nl, carry = volume_at(self.rate_nl_h, now_us - self.since_us, self.carry)
        return Drive(self.rate_nl_h, now_us, carry), flown_nl

    def turning(self, rate_nl_h: int) -> Drive:
        """Return the drive at another rate from `since_us` on; what had flowed by then is kept."""
        return Drive(rate_nl_h, self.since_us, self.carry)

    def reaches_us(self, volume_nl: int) -> int | None:
        """Return the first instant at which `volume_nl` have flowed since `since_us`; None if they never will."""
        wait_us = time_until(self.rate_nl_h, volume_nl, self.carry)
        return None if wait_us is None else self.since_us + wait_us
