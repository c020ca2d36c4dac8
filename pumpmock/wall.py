"""Wall time, passed in: what the host sees of the link runs in it, and the pump's own time follows it at a pace."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pumpmock.model.clock import Clock

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

NS_A_S = 1_000_000_000
NS_A_MS = 1_000_000


class Planned(Protocol):
    """What was asked for later."""

    def cancel(self) -> None:
        """Take it back; what has been done already stays done."""


@dataclass(frozen=True, slots=True)
class Wall:
    """Wall time as a pump on a bench needs it.

    Attributes:
        now_ns: monotonic.
        later: calls something so many nanoseconds from now, in the thread that everything of the pump runs in.
    """

    now_ns: Callable[[], int]
    later: Callable[[int, Callable[[], None]], Planned]


def wall_of(loop: asyncio.AbstractEventLoop) -> Wall:
    """Return the real one, by the timers of an event loop."""
    return Wall(time.monotonic_ns, lambda delay_ns, action: loop.call_later(delay_ns / NS_A_S, action))


class HandWall:
    """One that stands still until it is moved by hand: for runs that shall be the same to the byte, at any speed.

    Attributes:
        wall: what to pass on.
    """

    def __init__(self, now_ns: int = 0) -> None:
        self._clock = Clock(now_ns)  # an exact queue of instants, whatever their unit
        self.wall = Wall(lambda: self._clock.now_us, self._later)

    def _later(self, delay_ns: int, action: Callable[[], None]) -> Planned:
        return self._clock.call_at(self._clock.now_us + max(0, delay_ns), action)

    @property
    def next_due_ns(self) -> int | None:
        """When something is to happen next; None where nothing is."""
        return self._clock.next_due_us

    def advance(self, ns: int) -> None:
        """Let so many nanoseconds pass, with all that is due in them, each at its own instant."""
        self._clock.advance_to(self._clock.now_us + ns)
