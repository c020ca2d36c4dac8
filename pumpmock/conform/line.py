"""The line as a check sees it: frames that come or don't, and all that has passed."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

from protocol.frame import MOST_WIRE, Damage, Frame, examine
from protocol.places import BAUD
from protocol.timeouts import line_ms
from pumpmock.conform.check import FailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.conform.wire import Wire

KEPT = 40  # frames of a check that a report can show
_CLEAR_STALE_MS = 20


class Outside(Protocol):
    """The clock and the randomness of whoever runs the checks."""

    def now_ms(self) -> int:
        """Return monotonic wall time."""
        ...

    def sleep(self, ms: int) -> None:
        """Let so much of it pass."""
        ...

    def random(self, size: int) -> bytes:
        """Return that many random bytes."""
        ...


class Sent(NamedTuple):
    """Bytes that passed, and which way."""

    by_host: bool
    data: bytes


class Line:
    """A line that is open.

    Args:
        dial: opens it, and opens it again.
        outside: clock and randomness.
        patience_ms: how long to wait for an answer that must come, beside the time that bytes take.
        baud: of the line, bits a second.

    Attributes:
        seen: what passed on the line in this check.
        raw: the bytes that came from the device in it.
    """

    def __init__(
        self, dial: Callable[[], Wire], outside: Outside, patience_ms: int, baud: int = BAUD
    ) -> None:
        self.dial = dial
        self.outside = outside
        self.patience_ms = patience_ms
        self.baud = baud
        self.seen: deque[Sent] = deque(maxlen=KEPT)
        self.raw = b""
        self._wire = dial()
        self._held = b""
        self._sent_ms = 0  # when the last byte that was written will have left
        self._runs: deque[bytes] = deque()

    def send(self, *chunks: bytes) -> None:
        """Send bytes, a write a chunk."""
        for chunk in chunks:
            self.seen.append(Sent(by_host=True, data=chunk))
            self._write(chunk)

    def send_together(self, *chunks: bytes) -> None:
        """Send bytes in one write: a second one would wait on TCP for the first to be acknowledged."""
        self.seen += [Sent(by_host=True, data=chunk) for chunk in chunks]
        self._write(b"".join(chunks))

    def _write(self, data: bytes) -> None:
        self._wire.write(data)
        self._sent_ms = max(self._sent_ms, self.outside.now_ms()) + line_ms(len(data), self.baud)

    def run(self, deadline_ms: int) -> bytes | None:
        """Return what stands between the next two delimiters; None where nothing comes in time."""
        while not self._runs:
            left_ms = deadline_ms - self.outside.now_ms()
            data = self._wire.read(left_ms) if left_ms > 0 else b""
            if not data:
                return None
            self.raw += data
            *runs, self._held = (self._held + data).split(b"\0")
            self._runs.extend(filter(None, runs))
        run = self._runs.popleft()
        self.seen.append(Sent(by_host=False, data=run))
        return run

    def frame(self) -> Frame:
        """Return the next frame from the device.

        Raises:
            FailedError: where none comes, or it is damaged.
        """
        began_ms = self.outside.now_ms()
        deadline_ms = max(began_ms, self._sent_ms) + self.patience_ms + line_ms(MOST_WIRE, self.baud)
        run = self.run(deadline_ms)
        if run is None:
            raise FailedError(f"an answer within {deadline_ms - began_ms} ms", "silence")
        found = examine(run)
        if isinstance(found, Damage):
            raise FailedError("an undamaged frame", f"{found.value}: {run.hex()}")
        return found

    def hang_up(self) -> None:
        """Close the line and open it again."""
        self._wire.close()
        self._runs.clear()
        self._held = b""
        self._sent_ms = 0
        self._wire = self.dial()

    def close(self) -> None:
        """Close the line."""
        self._wire.close()

    def clear(self) -> None:
        """Pass over what has arrived before anything was asked."""
        while self.run(self.outside.now_ms() + _CLEAR_STALE_MS) is not None:
            pass
