"""What is said while campaigns run: a line as each begins and, where it is wanted, how far it has come.

A thread of its own looks now and then at the newest counts. It keeps still while memory is traced, since whatever it takes
would be counted as the campaign's.
"""

from __future__ import annotations

import threading
import tracemalloc
from typing import TYPE_CHECKING, Self

from tests.campaigns.campaign import Achieved

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

TERMINAL_S, LOG_S = 1.0, 30.0  # between two looks
_CLEAR = "\r\x1b[K"
_SHOWN = 3  # counts
_WIDTH = 78


class Progress:
    """Says what is under way, on one stream.

    Args:
        stream: where to.
        clock: gives seconds.
        period_s: between two looks; 0 for none.
        rewriting: whether a look replaces the last one, as on a terminal.
    """

    def __init__(
        self, stream: TextIO, clock: Callable[[], float], period_s: float = 0, *, rewriting: bool = False
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._period_s = period_s
        self._rewriting = rewriting
        self._begun_s = clock()
        self._writing = threading.Lock()
        self._ending = threading.Lock()
        self._thread = threading.Thread(target=self._look_now_and_then, name="progress", daemon=True)

    def say(self, line: str) -> None:
        """Say that something begins, or anything else; what is told from here on counts from now."""
        with self._writing:
            self._clear()
            self._begun_s = self._clock()
            Achieved.newest = None
            print(line, file=self._stream, flush=True)

    def clear(self) -> None:
        """Take the last look off the terminal, so that something else may be printed."""
        with self._writing:
            self._clear()

    def look(self) -> None:
        """Say how long it has been since something began, and what was counted."""
        with self._writing:
            line = f"     {self._clock() - self._begun_s:,.0f} s{_counts(Achieved.newest)}"
            if self._rewriting:
                print(f"{_CLEAR}{line[:_WIDTH]}", end="", file=self._stream, flush=True)
            else:
                print(line, file=self._stream, flush=True)

    def __enter__(self) -> Self:
        self._ending.acquire()
        if self._period_s:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.release()
        if self._period_s:
            self._thread.join()
        self.clear()

    def _clear(self) -> None:
        if self._rewriting:
            print(_CLEAR, end="", file=self._stream, flush=True)

    def _look_now_and_then(self) -> None:
        while not self._ending.acquire(timeout=self._period_s):
            if not tracemalloc.is_tracing():
                self.look()


def _counts(achieved: Achieved | None) -> str:
    if achieved is None:
        return ""
    figures = [*achieved.figures.items(), *achieved.varying.items()]  # at once: the campaign goes on counting
    return "".join(f"; {count:,} {what}" for what, count in figures[:_SHOWN])
