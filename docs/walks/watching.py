"""The dashboard's own read loop, one turn at a time: no thread, and no instant but those that the bench's clock comes to."""

from __future__ import annotations

from concurrent.futures import Future
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from monitor.history.recorder import Recorder
from monitor.watch import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from docs.walks.bench import Bench
    from monitor.client import PumpClient
    from protocol.intent import Intent

_T = TypeVar("_T")


class HandWatcher(Watcher):
    """Watches a pump while time is moved by hand.

    Args:
        bench: the pump and the time.
        link: the pump's port.
        period_ms: from one reading to the next.
    """

    def __init__(self, bench: Bench, link: str, *, period_ms: int = 1_000) -> None:
        self._bench = bench
        seeds = count()

        def connect() -> PumpClient:
            return bench.client(link, next(seeds), trail=self._history)

        def history() -> Recorder:
            # Without ballast: a walk fills no disk.
            file = bench.home / "history.db"
            return Recorder(file, now_ns=bench.now_ns, now_ms=bench.now_ms, ballast_bytes=0)

        def left(serial_number: str | None) -> tuple[tuple[Intent, ...], str]:
            return bench.intents().left_in_doubt(None if serial_number is None else {serial_number})

        super().__init__(
            link,
            connect,
            left=left,
            period_ms=period_ms,
            now_ns=bench.now_ns,
            history=history,
        )

    def start(self) -> None:
        """Open the history and take the first turn."""
        self._history = self._open_history()
        self._turns()

    def stop(self) -> None:
        """Give the port back."""
        self._close()
        if self._history is not None:
            self._history.close()

    def watch(self, seconds: float) -> None:
        """Let so much time pass, with each turn at its own instant."""
        until_ns = self._now_ns() + round(seconds * 1_000_000_000)
        while self._next_ns <= until_ns:
            self._bench.pass_ns(max(0, self._next_ns - self._now_ns()))
            self._turns()
        self._bench.pass_ns(max(0, until_ns - self._now_ns()))

    def _turns(self) -> None:
        while self._now_ns() >= self._next_ns:
            self._turn()

    def _submit(self, work: Callable[[], _T]) -> Future[_T]:
        """Do it now, and read back what it changed, as the thread would."""
        future: Future[_T] = Future()
        self._do(work, future)
        self._turns()
        return future
