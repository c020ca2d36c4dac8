"""One fault that was asked for: when its turn has come, and what is left of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pumpmock.faults.asked import GREETING
from pumpmock.faults.kinds import KINDS, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from pumpmock.faults.kinds import Kind
    from pumpmock.snapshot import Memory
    from pumpmock.wall import Planned

ALWAYS_PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Active:
    """A fault as it is now.

    Attributes:
        id: names it; numbers are not used again.
        kind: the name of its row in `KINDS`.
        seam: where it strikes.
        on: the request that it waits for; None for any.
        left: how many times it will strike yet; None without end, 0 of one that has struck and lasts.
        struck: how many times it has struck.
        figures: by their names in `KINDS`.
    """

    id: int
    kind: str
    seam: str
    on: str | None
    left: int | None
    struck: int
    figures: Mapping[str, int | str]

    @property
    def text(self) -> str:
        """What a person reads: "3 lose-reply on Commit, once more"."""
        told = [f"{name}={value}" for name, value in self.figures.items() if value not in ("", "none")]
        what = " ".join([str(self.id), self.kind, *told, *([f"on {self.on}"] if self.on else [])])
        return f"{what}, {self._left_text}"

    @property
    def _left_text(self) -> str:
        if self.left is None or KINDS[self.kind].lasts:
            return "until cleared"
        return "once more" if self.left == 1 else f"{self.left} times more"


@dataclass(slots=True)
class Fault:
    """The same as its plan keeps it.

    Attributes:
        after: so many that match are passed by first.
        chance_ppm: of striking one that matches, in parts in a million.
        first_us: pump time from which on it may strike.
        until_us: pump time at which it ends.
        seed: of its own randomness.
        stream: that randomness.
        matched: how many have matched.
        undo: ends what lasts.
        kept: the pump's memory when it was asked for, where it goes back to that.
        stuck_nl: what a sensor stays at.
        timers: what was planned for it in wall time.
        instants: what was planned for it on the pump's clock.
    """

    id: int
    kind: Kind
    on: str | None
    left: int | None
    after: int
    chance_ppm: int
    first_us: int | None
    until_us: int | None
    figures: dict[str, int | str]
    seed: str
    stream: Random
    struck: int = 0
    matched: int = 0
    undo: Callable[[], None] | None = None
    kept: Memory | None = None
    stuck_nl: int | None = None
    timers: list[Planned] = field(default_factory=list)
    instants: list[Planned] = field(default_factory=list)

    def number(self, name: str) -> int:
        """Return a figure that is a number; 0 where it was left out."""
        value = self.figures.get(name, 0)
        return value if isinstance(value, int) else 0

    def word(self, name: str) -> str:
        """Return a figure that is a word; "" where it was left out."""
        return str(self.figures.get(name, ""))

    @property
    def is_of_itself(self) -> bool:
        """Whether it waits for no request, but at the most for an instant."""
        return self.kind.stage is Stage.ONCE and self.on is None

    @property
    def is_over(self) -> bool:
        """Whether it will neither strike again nor lasts."""
        return self.left == 0 and not self.kind.lasts

    def is_due(self, labels: frozenset[str], now_us: int) -> bool:
        """Tell whether it strikes what goes by these names now; counts it as one that matched if it does match."""
        if self.left == 0 or self.is_of_itself or not self._matches(labels, now_us):
            return False
        self.matched += 1
        if self.matched <= self.after:
            return False
        return self.chance_ppm >= ALWAYS_PPM or self.stream.randrange(ALWAYS_PPM) < self.chance_ppm

    def _matches(self, labels: frozenset[str], now_us: int) -> bool:
        if self.first_us is not None and now_us < self.first_us:
            return False
        if self.until_us is not None and now_us >= self.until_us:
            return False
        return GREETING not in labels if self.on is None else self.on in labels

    def seen(self) -> Active:
        """Return it as others see it."""
        kind = self.kind
        return Active(
            self.id, kind.name, kind.seam.value, self.on, self.left, self.struck, dict(self.figures)
        )
