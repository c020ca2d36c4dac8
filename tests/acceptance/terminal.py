"""A terminal with a program on it: what is on its screen now can be awaited, cell by cell, and it can be resized or vanish.

The emulation is pyte's. Everything that was ever written is kept beside it, for what leaves no cell: a bell, a mode.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING, Self

import pyte

from tests.acceptance.conftest import WAIT_S

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyte.screens import Char

_ESCAPES = re.compile(rb"\x1b\[[0-9;:?<>=]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>]")
# What pyte 0.8 would print: sequences with a private mark that it does not know.
_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<=>][0-9;:]*[@-~]")
_ASKS_FOR_FRAMES = b"\x1b[?2026$p"
_HAS_FRAMES = b"\x1b[?2026;2$y"
_FRAME_END = b"\x1b[?2026l"
_BEGUN = re.compile(rb"\x1b(?:\[[0-9;:?<>=]*)?\Z")

# Takes its terminal for its controlling one, as a shell's programs have it, and becomes the program that is named to it.
_CONTROLLED = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


class _Emulation(pyte.Screen):
    """pyte's screen, with its bell counted."""

    rings = 0

    def bell(self, *_: object) -> None:
        self.rings += 1


class Screen:
    """A terminal of 120 by 40, or of another size, with a program on it.

    Args:
        command: the module to run, and its arguments.
        controlling: whether the terminal also signals to the program, as a window does.
        size: columns and rows.
        env: what else the program's environment says.

    Attributes:
        process: the program.
        painted: every byte that it has written.
        on_frame: called with the screen's lines whenever a frame is whole: a program that asks is told that this terminal
            shows none in part.
    """

    def __init__(
        self,
        *command: str,
        controlling: bool = False,
        size: tuple[int, int] = (120, 40),
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._master, slave = os.openpty()
        self._emulation = _Emulation(*size)
        self._stream = pyte.ByteStream(self._emulation)
        self._begun = b""
        self._say_size(size)
        self.process = subprocess.Popen(
            [sys.executable, *(("-c", _CONTROLLED) if controlling else ()), "-m", *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={
                **_without_a_size(),
                "TERM": "xterm-256color",
                "TEXTUAL_ANIMATIONS": "none",
                **(env or {}),
            },
            start_new_session=True,
        )
        os.close(slave)
        self.painted = b""
        self._frame: list[list[Char]] | None = None
        self.on_frame: Callable[[list[str]], None] = lambda _: None

    # --- what is on it ------------------------------------------------------------------------------------------------

    @property
    def rows(self) -> list[str]:
        """The screen's lines as they are now, or at the last whole frame where the program tells of frames."""
        return ["".join(cell.data for cell in row).rstrip() for row in self.cells()]

    @property
    def text(self) -> str:
        """The screen as it is now."""
        return "\n".join(self.rows)

    @property
    def rings(self) -> int:
        """How often its bell has rung; what ends a sequence for the desktop is no bell."""
        return self._emulation.rings

    def cells(self) -> list[list[Char]]:
        """Return every cell with its colours, row by row, as `rows` has them."""
        if self._frame is not None:
            return self._frame
        shown = self._emulation
        return [[shown.buffer[row][column] for column in range(shown.columns)] for row in range(shown.lines)]

    def wait_until(self, holds: Callable[[str], object], what: str) -> None:
        """Await that the screen's text is as it should be.

        Raises:
            AssertionError: it never was; with what the screen shows.
        """
        deadline = time.monotonic() + WAIT_S
        while not holds(self.text):
            assert time.monotonic() < deadline, f"{what}; the screen shows:\n{self.text}"
            if not self._read(deadline):  # nothing more is to come: the program has ended, or it is too late
                assert holds(self.text), f"{what}, and nothing more came; the screen shows:\n{self.text}"

    def wait_for(self, *texts: str) -> None:
        """Await that all of `texts` are on the screen."""
        self.wait_until(lambda shown: all(text in shown for text in texts), f"not on the screen: {texts!r}")

    def wait_for_written(self, *texts: str) -> None:
        """Await texts that leave no cell behind: what a desktop is told."""
        self.wait_until(
            lambda _: all(text.encode() in self.painted for text in texts), f"not written: {texts!r}"
        )

    def wait_for_more(self) -> None:
        """Await that something is painted from now on."""
        before = len(self.painted)
        self.wait_until(lambda _: len(self.painted) > before, "nothing more was painted")

    # --- what is done to it -------------------------------------------------------------------------------------------

    def resize(self, columns: int, rows: int, *, told: bool = True) -> None:
        """Make the window another size, which the program is told, or not."""
        self._emulation.resize(rows, columns)
        self._say_size((columns, rows))
        if told:
            self.process.send_signal(signal.SIGWINCH)

    def _say_size(self, size: tuple[int, int]) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def type_until(self, keys: str, text: str) -> None:
        """Press keys that may be pressed again until `text` is on the screen."""
        deadline = time.monotonic() + WAIT_S
        while text not in self.text and time.monotonic() < deadline:
            self.type(keys)
            self._read(time.monotonic() + 1)
        self.wait_for(text)

    def quit(self) -> int:
        """Press q until the program ends: while a box is open, the key is the box's."""
        deadline = time.monotonic() + WAIT_S
        while self.process.poll() is None and time.monotonic() < deadline:
            self.type("q")
            self._read(time.monotonic() + 0.1)
        return self.end()

    def end(self) -> int:
        """Await the end of the program, having read all that it painted."""
        deadline = time.monotonic() + WAIT_S
        while self._read(deadline):
            pass
        return self.process.wait(timeout=WAIT_S)

    def wait_until_full(self) -> None:
        """Let the program draw until the terminal holds all that it can hold, without looking."""
        waiting = -1
        while (now := _held(self._master)) != waiting or not now:
            assert self.process.poll() is None
            waiting = now
            time.sleep(0.5)  # many times the period in which a busy dashboard draws

    def vanish(self) -> None:
        """Take the terminal away."""
        os.close(self._master)
        self._master = -1

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._master, 65_536)
        except OSError:
            return False
        self.painted += data
        if _ASKS_FOR_FRAMES in data:
            os.write(self._master, _HAS_FRAMES)
        self._show(self._begun + data)
        return bool(data)

    def _show(self, data: bytes) -> None:
        """Draw what was written, up to a sequence of which only the beginning is there."""
        begun = _BEGUN.search(data)
        self._begun = data[begun.start() :] if begun else b""
        *frames, rest = data[: len(data) - len(self._begun)].split(_FRAME_END)
        for frame in frames:
            self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", frame))
            self._frame = None
            self._frame = self.cells()
            self.on_frame(self.rows)
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", rest))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._master >= 0:
            os.close(self._master)


def plain(painted: bytes) -> bytes:
    """Return what was written without the sequences that move and colour it."""
    return _ESCAPES.sub(b"", painted)


def _without_a_size() -> dict[str, str]:
    """Return the environment without what would overrule the terminal's own size, as whoever runs tests in parallel sets it."""
    return {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}


def _held(master: int) -> int:
    """Return the bytes that a terminal has ready for whoever looks at it."""
    return int.from_bytes(fcntl.ioctl(master, termios.FIONREAD, bytes(4)), sys.byteorder)
