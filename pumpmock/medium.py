"""What a link is like for good, whatever goes wrong on it: how fast, how late, in what pieces.

docs/decisions/0041-link-realism.md
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pumpmock.wall import NS_A_MS

if TYPE_CHECKING:
    from random import Random

AS_SET = -1  # a baud rate: the one that the host has set
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Jitter:
    """By how much more bytes come late, drawn anew for those that are sent together.

    Attributes:
        name: the distribution: "none", "uniform", "normal" or "lognormal".
        spread_ms: uniform: the most; normal: the standard deviation around no delay, and never early; lognormal: the
            median.
        shape_percent: lognormal: the standard deviation of the logarithm, in hundredths.
    """

    name: str = "none"
    spread_ms: int = 0
    shape_percent: int = 50

    def draw_ns(self, stream: Random) -> int:
        """Return what is added."""
        spread_ns = self.spread_ms * NS_A_MS
        match self.name:
            case "uniform":
                return stream.randint(0, spread_ns)
            case "normal":
                return max(0, round(stream.gauss(0, spread_ns)))
            case "lognormal":
                return round(spread_ns * stream.lognormvariate(0, self.shape_percent / _PERCENT))
        return 0


NO_JITTER = Jitter()


@dataclass(frozen=True, slots=True)
class Medium:
    """A link; each figure holds for either direction.

    Attributes:
        baud: bits a second; 0 for no limit, `AS_SET` for what the host has set.
        latency_ms: from the last bit that is sent to the last one that arrives.
        jitter: what is added to that.
        chunk: bytes that arrive together; 0 for as they come.
        gap_ms: between two chunks where no baud rate says when one is complete.
    """

    baud: int = 0
    latency_ms: int = 0
    jitter: Jitter = NO_JITTER
    chunk: int = 0
    gap_ms: int = 1

    @property
    def text(self) -> str:
        """What a person reads: "9600 baud, 20 ms either way"."""
        baud = {0: "", AS_SET: "as fast as the host sets"}.get(self.baud, f"{self.baud} baud")
        late = f"{self.latency_ms} ms either way" if self.latency_ms else ""
        jitter = (
            "" if self.jitter.name == "none" else f"{self.jitter.name} jitter of {self.jitter.spread_ms} ms"
        )
        chunk = f"{self.chunk} byte{'s' if self.chunk > 1 else ''} at a time" if self.chunk else ""
        return ", ".join(filter(None, (baud, late, jitter, chunk)))


PERFECT = Medium()
