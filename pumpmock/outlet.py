"""Lines to a stream whose reader may stop reading: the pump goes on, and the reader is told what it missed.

A pipe holds some 64 KiB. A test that reads the first line of `pumpmock serve` and no other would otherwise stop the pump
in the middle of a day's work, as soon as so much was told: a thread of its own writes, and waits in the pump's stead.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_WAITING = 10_000  # lines, some 2 MB
_LAST_WORDS_S = 1.0  # for a reader that is slow and not gone, at the end


class Outlet:
    """A stream and the thread that writes to it. It is held until its first line is there, whatever is said before.

    Args:
        stream: where lines go, each flushed.
        missed: says in a line that so many were not read in time and are lost.
    """

    def __init__(self, stream: TextIO, missed: Callable[[int], str]) -> None:
        self._stream = stream
        self._missed = missed
        self._waiting: deque[str] = deque()
        self._lost = 0
        self._is_held = True
        self._is_open = True
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="outlet", daemon=True)
        self._thread.start()

    def say_first(self, line: str) -> None:
        """Write the first line, and then what was said before it."""
        with self._changed:
            self._waiting.appendleft(line)
            self._is_held = False
            self._changed.notify()

    def say(self, line: str) -> None:
        """Write a line as soon as the reader takes it; never waits."""
        with self._changed:
            if len(self._waiting) < MOST_WAITING:
                self._waiting.append(line)
            else:
                self._lost += 1
            self._changed.notify()

    def close(self) -> None:
        """Let the reader have what is left, if it takes it within a second."""
        with self._changed:
            self._is_open = self._is_held = False
            self._changed.notify()
        self._thread.join(_LAST_WORDS_S)

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._is_open and (self._is_held or not self._waiting):
                    self._changed.wait()
                if not self._waiting:
                    return
                lines = list(self._waiting)
                self._waiting.clear()
                lost, self._lost = self._lost, 0
            if lost:
                lines.append(self._missed(lost))  # they were told after all that waited
            write_out("\n".join(lines), self._stream)


def write_out(text: str, stream: TextIO) -> None:
    """Print to a stream whose reader may be gone."""
    try:
        print(text, file=stream, flush=True)
    except OSError:
        # Whoever read this has gone, or its disk is full. The pump goes on: a report that fails must not fail what it
        # reports. And the interpreter must find a place to flush to at its end.
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, not a path of ours
            os.dup2(nowhere.fileno(), stream.fileno())
