"""What a peer may cause as often as it likes, told to a log so many times a minute and then as a count.

docs/decisions/0022-who-fills-the-log.md
"""

from __future__ import annotations

from dataclasses import dataclass

MINUTE_MS = 60_000


@dataclass(slots=True)
class Talk:
    """One kind of it, from one source. All times are monotonic wall time: a flood does not run in pump time.

    Attributes:
        singly: so many a minute are told one by one.
        begun_ms: when the minute began, which is when the first of it was told.
        told: how many were told in it.
        held: how many were not told yet.
    """

    singly: int
    begun_ms: int = 0
    told: int = 0
    held: int = 0

    def admits(self, now_ms: int) -> bool:
        """Say whether one more is to be told now; if not, it is held."""
        if self.told >= self.singly:
            self.held += 1
            return False
        if not self.told:
            self.begun_ms = now_ms
        self.told += 1
        return True

    def release(self, now_ms: int) -> int:
        """Return how many were held in a minute that is over, to be told as one; 0 while it is not."""
        if now_ms - self.begun_ms < MINUTE_MS:
            return 0
        held, self.held = self.held, 0
        # The sum is the first to be told in the minute that begins with it.
        self.begun_ms, self.told = now_ms, 1 if held else 0
        return held
