"""Wall time of a pump in a test: the real one, which can be made to jump, so that nobody waits 15 s to see 15 s over."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pumpmock.model.clock import Clock
from pumpmock.wall import NS_A_S, Wall

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from pumpmock.wall import Planned


class JumpingWall:
    """Real time plus what it has jumped, for one pump; its hosts see the real one. Everything runs in the loop's thread.

    Args:
        loop: waits for what is planned.
        failed: told of an error in something planned, which a loop would log and forget.

    Attributes:
        wall: what to pass on.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, failed: Callable[[BaseException], None]) -> None:
        self._loop = loop
        self._failed = failed
        self._jumped_ns = 0
        self._is_jumping = False
        self._queue = Clock(time.monotonic_ns())  # an exact queue of instants, whatever their unit
        self._timer: asyncio.TimerHandle | None = None
        self.wall = Wall(self._now_ns, self._later)

    def jump(self, ns: int) -> None:
        """Let so many nanoseconds pass at once, with all that is due in them, each at its own instant."""
        target_ns = self._now_ns() + ns
        self._is_jumping = True
        try:
            self._queue.advance_to(target_ns)
        finally:
            self._is_jumping = False
        self._jumped_ns += ns
        self._plan()

    def close(self) -> None:
        """Give up all that is planned."""
        self._queue = Clock(self._queue.now_us)
        self._plan()

    def _now_ns(self) -> int:
        return self._queue.now_us if self._is_jumping else time.monotonic_ns() + self._jumped_ns

    def _later(self, delay_ns: int, action: Callable[[], None]) -> Planned:
        def act() -> None:
            try:
                action()
            except Exception as error:  # noqa: BLE001 - whoever ends the pump raises it
                self._failed(error)

        planned = self._queue.call_at(max(self._now_ns() + max(0, delay_ns), self._queue.now_us), act)
        self._plan()
        return planned

    def _plan(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_ns = self._queue.next_due_us
        if due_ns is not None and not self._is_jumping:
            self._timer = self._loop.call_later(max(0, due_ns - self._now_ns()) / NS_A_S, self._wake)

    def _wake(self) -> None:
        # A loop may be up to its clock's resolution early: what is due by then is left for the next turn.
        self._queue.advance_to(max(self._now_ns(), self._queue.now_us))
        self._plan()
