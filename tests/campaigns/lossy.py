"""A wire that flips bits, loses, doubles, delays and reorders, in virtual time: nothing here waits for a clock."""

from __future__ import annotations

import heapq
import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

_BIT_ERRORS = (0.0, 1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 1e-2)  # per bit
_MOST_LOSS = 0.5
_MOST_REPEATS = 0.3
_MOST_LATE = 0.3
_LATENCY_MS = (2, 30)
_LATEST_MS = 60_000


@dataclass(frozen=True)
class Line:
    """How bad a wire is.

    Attributes:
        bit_errors: the chance of each bit to be flipped.
        loss: the chance of a write to be lost, whole.
        repeats: the chance of a write to arrive twice.
        late: the chance of a write to be delayed by up to a minute, so that later ones overtake it.
    """

    bit_errors: float = 0.0
    loss: float = 0.0
    repeats: float = 0.0
    late: float = 0.0


GOOD = Line()


def bad_line(chance: Random) -> Line:
    """Return a line as bad as chance makes it."""
    return Line(
        bit_errors=chance.choice(_BIT_ERRORS),
        loss=chance.uniform(0, _MOST_LOSS),
        repeats=chance.uniform(0, _MOST_REPEATS),
        late=chance.uniform(0, _MOST_LATE),
    )


class Channel:
    """Carries writes from one end to the other, later.

    Attributes:
        line: how bad the wire is at present; what is under way already is not helped by a better one.
        now_ms: virtual time.
        happened: how many writes were lost, doubled, delayed and hit by bit errors.
    """

    def __init__(self, line: Line, chance: Random) -> None:
        self.line = line
        self.now_ms = 0
        self.happened = dict.fromkeys(("writes", "lost", "doubled", "late", "with flipped bits"), 0)
        self._chance = chance
        self._under_way: list[tuple[int, int, Callable[[bytes], None], bytes]] = []
        self._numbers = itertools.count()

    def send(self, data: bytes, deliver: Callable[[bytes], None]) -> None:
        """Put a write on the wire; `deliver` may hear of it, once, twice or never."""
        self.happened["writes"] += 1
        if self._chance.random() < self.line.loss:
            self.happened["lost"] += 1
            return
        self._post(data, deliver)
        if self._chance.random() < self.line.repeats:
            self.happened["doubled"] += 1
            self._post(data, deliver)

    def run(self, until_ms: int, done: Callable[[], bool]) -> None:
        """Let time pass until `until_ms`, or until `done`."""
        while not done() and self._under_way and self._under_way[0][0] <= until_ms:
            self.now_ms, _, deliver, data = heapq.heappop(self._under_way)
            deliver(data)
        if not done():
            self.now_ms = until_ms

    def _post(self, data: bytes, deliver: Callable[[bytes], None]) -> None:
        delay_ms = self._chance.randint(*_LATENCY_MS)
        if self._chance.random() < self.line.late:
            self.happened["late"] += 1
            delay_ms = int(math.exp(self._chance.uniform(math.log(delay_ms), math.log(_LATEST_MS))))
        entry = (self.now_ms + delay_ms, next(self._numbers), deliver, self._hit(data))
        heapq.heappush(self._under_way, entry)

    def _hit(self, data: bytes) -> bytes:
        if not self.line.bit_errors:
            return data
        changed = bytearray(data)
        # The distance to the next bit error, instead of a throw for each bit.
        at = -1
        scale = math.log1p(-self.line.bit_errors)
        while (at := at + 1 + int(math.log(1 - self._chance.random()) / scale)) < len(data) * 8:
            changed[at // 8] ^= 1 << at % 8
        self.happened["with flipped bits"] += changed != data
        return bytes(changed)
