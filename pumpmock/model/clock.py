"""The pump's own time: an event queue in whole microseconds.

What advances it is somebody else's business: real time, a script or a test. However an advance is cut up, the same
actions run in the same order at the same instants.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, order=True)
class Handle:
    """One planned action; `number` keeps those of one instant in the order in which they were planned."""

    at_us: int
    number: int
    action: Callable[[], object] = field(compare=False)
    _queue: list[Handle] = field(compare=False, repr=False)

    def cancel(self) -> None:
        """Take the action off the queue; one that has run, or was cancelled before, is passed over."""
        place = bisect_left(self._queue, self)
        if place < len(self._queue) and self._queue[place] is self:
            del self._queue[place]


class Clock:
    """Pump time in microseconds, and what is to happen when. It moves only by `advance_to`."""

    __slots__ = ("_advancing", "_now_us", "_planned", "_queue")

    def __init__(self, now_us: int = 0) -> None:
        self._now_us = now_us
        # A sorted list, not a heap: cancelling really removes, so that a pump that replans for years does not grow.
        self._queue: list[Handle] = []
        self._planned = 0
        self._advancing = False

    @property
    def now_us(self) -> int:
        """Pump time; inside an action, the instant for which the action was planned."""
        return self._now_us

    @property
    def next_due_us(self) -> int | None:
        """The instant of the next planned action; None if nothing is planned."""
        return self._queue[0].at_us if self._queue else None

    def call_at(self, at_us: int, action: Callable[[], object]) -> Handle:
        """Plan `action` for an instant; the same instant as now is allowed, also from inside an action.

        Raises:
            ValueError: if the instant has passed.
        """
        if at_us < self._now_us:
            raise ValueError(f"{at_us} us has passed: pump time is {self._now_us} us")
        handle = Handle(at_us, self._planned, action, self._queue)
        self._planned += 1
        insort(self._queue, handle)
        return handle

    def advance_to(self, t_us: int) -> None:
        """Run every action due until and at `t_us`, each at its own instant, and stand at `t_us`.

        An action that raises ends the advance at its instant; it counts as run, and what was due later stays planned.

        Raises:
            ValueError: if `t_us` has passed: pump time never runs backwards.
            RuntimeError: if an action tries to advance the clock that is running it.
        """
        if t_us < self._now_us:
            raise ValueError(f"pump time never runs backwards: from {self._now_us} us to {t_us} us")
        if self._advancing:
            raise RuntimeError("an action can't advance the clock that is running it: plan with call_at")
        self._advancing = True
        try:
            while self._queue and self._queue[0].at_us <= t_us:
                due = self._queue.pop(0)
                self._now_us = due.at_us
                due.action()
            self._now_us = t_us
        finally:
            self._advancing = False
