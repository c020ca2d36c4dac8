"""A line under the monitor's own conversation that holds frames back, plays them again and stops the host, in virtual time."""

from __future__ import annotations

import heapq
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, cast
from unittest.mock import patch

from monitor.conversation import Conversation
from monitor.keys import Keyring
from monitor.snapshot import NS_PER_MS
from tests.pumpmock.conftest import TECHNICIAN, Bench

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.ports import Line

_LATENCY_MS = 2


class HeldLine:
    """What the monitor takes for its port, with a real pump at the other end.

    Args:
        bench: the pump, whose clock is that of the whole line.

    Attributes:
        held_ms: how long the next writes are under way, either way; what is behind them waits for them.
        stop_ms: for how long the host is stopped when it reads next, once.
        said: every write of the pump so far, oldest first.
    """

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.held_ms = _LATENCY_MS
        self.stop_ms = 0
        self.said: list[bytes] = []
        self._next_ms = 0
        self._port = bench.open()
        self._under_way: list[tuple[int, int, bool, bytes]] = []
        self._numbers = itertools.count()
        self._last_ns = {True: 0, False: 0}

    def now_ns(self) -> int:
        """Return the time of everybody's monotonic clock."""
        return self.bench.now_ns

    def conversation(self, random: Callable[[int], bytes]) -> Conversation:
        """Return the monitor's conversation over this line."""
        keyring = Keyring(Path(), (TECHNICIAN,), ())
        with patch("monitor.conversation.Line", lambda *_: cast("Line", self)):
            return Conversation("held", keyring, None, random, self.now_ns)

    def write(self, data: bytes) -> None:
        """Send to the pump."""
        self._post(data, self._next_ms or self.held_ms, to_pump=True)
        self._next_ms = 0

    def read(self, timeout_ms: float) -> bytes | None:
        """Return what arrives first, or all that has come while the host was stopped; None where nothing comes in time."""
        if self.stop_ms:
            self.bench.now_ns += self._stopped_ns()
        began_ns, until_ns = self.bench.now_ns, self.bench.now_ns + int(timeout_ms) * NS_PER_MS
        heard = b""
        while self._under_way and self._under_way[0][0] <= (began_ns if heard else until_ns):
            due_ns, _, to_pump, data = heapq.heappop(self._under_way)
            self.bench.now_ns = due_ns  # the pump does not stop with the host
            if to_pump:
                self._at_pump(data)
            else:
                heard += data
        self.bench.now_ns = max(self.bench.now_ns, began_ns) if heard else until_ns
        return heard or None

    def close(self) -> None:
        """Take the host off the line; what is under way stays so."""

    def hold_next(self, delay_ms: int) -> None:
        """Hold the next write to the pump for so long, and no other."""
        self._next_ms = delay_ms

    def replay(self, writes: list[bytes]) -> None:
        """Let the host hear again what the pump once said."""
        for data in writes:
            self._post(data, self.held_ms, to_pump=False)

    def _stopped_ns(self) -> int:
        stop_ms, self.stop_ms = self.stop_ms, 0
        return stop_ms * NS_PER_MS

    def _at_pump(self, data: bytes) -> None:
        reply = self._port.receive(data)
        if reply:
            self.said.append(reply)
            self._post(reply, self.held_ms, to_pump=False)

    def _post(self, data: bytes, held_ms: int, *, to_pump: bool) -> None:
        due_ns = max(self._last_ns[to_pump], self.bench.now_ns + held_ms * NS_PER_MS)
        self._last_ns[to_pump] = due_ns
        heapq.heappush(self._under_way, (due_ns, next(self._numbers), to_pump, data))
