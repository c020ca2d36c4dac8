"""One direction of a line: bytes arrive in the order in which they were sent, each at its own instant of wall time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol.timeouts import BITS_A_BYTE
from pumpmock.wall import NS_A_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.wall import Planned, Wall

MOST_WAITING = 64 * 1024  # bytes under way: more than a minute of them at 9,600 baud


@dataclass(frozen=True, slots=True)
class Speed:
    """How bytes that were sent together arrive.

    Attributes:
        baud: bits a second; 0 for all at once.
        chunk: bytes that arrive together; 0 for as many as have come.
        gap_ns: from one chunk to the next, where no baud rate says when it is complete.
    """

    baud: int = 0
    chunk: int = 0
    gap_ns: int = 0

    def due_ns(self, end: int) -> int:
        """Return how long after the first bit the byte before place `end` has arrived."""
        if self.baud:
            return end * BITS_A_BYTE * NS_A_S // self.baud
        return (end - 1) // self.chunk * self.gap_ns if self.chunk else 0


AT_ONCE = Speed()


@dataclass(slots=True)
class _Run:
    """Bytes that were sent together: when their first bit comes, and how many have arrived."""

    start_ns: int
    data: bytes
    speed: Speed
    step: int
    at: int = 0

    @property
    def next_end(self) -> int:
        return min(self.at + self.step, len(self.data))

    @property
    def next_ns(self) -> int:
        return self.start_ns + self.speed.due_ns(self.next_end)


class Lane:
    """One direction.

    Args:
        wall: its time.
        arrive: takes what arrives later than it was sent.
        whole: whether what was sent together is passed on together, when its last byte has arrived, unless it is chunked.

    Attributes:
        overrun: bytes that were lost because too many were under way.
    """

    def __init__(self, wall: Wall, arrive: Callable[[bytes], None], *, whole: bool = False) -> None:
        self.overrun = 0
        self._wall = wall
        self._arrive = arrive
        self._whole = whole
        self._runs: deque[_Run] = deque()
        self._waiting = 0
        self._free_ns = 0
        self._timer: Planned | None = None

    def send(self, data: bytes, delay_ns: int = 0, speed: Speed = AT_ONCE) -> bytes:
        """Send bytes, and return those that arrive at once; the others do so by `arrive`."""
        if not data:
            return b""
        now_ns = self._wall.now_ns()
        start_ns = max(now_ns + delay_ns, self._free_ns)
        if not self._runs and start_ns <= now_ns and speed == AT_ONCE:
            return data
        if self._waiting + len(data) > MOST_WAITING:
            self.overrun += len(data)
            return b""
        self._waiting += len(data)
        step = speed.chunk or (1 if speed.baud and not self._whole else len(data))
        self._runs.append(_Run(start_ns, data, speed, step))
        self._free_ns = start_ns + speed.due_ns(len(data))
        if self._timer is None:
            self._plan()
        return b""

    def clear(self) -> None:
        """Lose what is under way."""
        self._runs.clear()
        self._waiting = 0
        self._free_ns = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _plan(self) -> None:
        due_ns = self._runs[0].next_ns
        self._timer = self._wall.later(max(0, due_ns - self._wall.now_ns()), self._wake)

    def _wake(self) -> None:
        """Pass on what has arrived by now: a late timer makes up for all that it missed, and adds nothing to the rest."""
        self._timer = None
        arrived = self._due()
        if self._runs:
            self._plan()
        for data in arrived:
            self._arrive(data)

    def _due(self) -> list[bytes]:
        """Take what has arrived; bytes that nothing keeps apart are together."""
        now_ns = self._wall.now_ns()
        arrived: list[bytes] = []
        while self._runs:
            run = self._runs[0]
            began = run.at
            while run.at < len(run.data) and run.next_ns <= now_ns:
                run.at = run.next_end
                if run.speed.chunk:
                    break
            if run.at == began:
                break
            self._waiting -= run.at - began
            arrived.append(run.data[began : run.at])
            if run.at == len(run.data):
                self._runs.popleft()
        return arrived
