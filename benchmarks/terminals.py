"""Programs with a screen, on a terminal that nobody looks at: 120 columns, 40 lines, and no answer to any query."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import termios
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from emulators import end
from rig import RigError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIZE = (40, 120)  # lines, columns
FIRST_TEXT = "PUMP"  # stands in the dashboard's first line, and is the reference's whole text
LINKED_TEXT = "RUNNING"  # stands there as soon as the dashboard has its first reading
_PATIENCE_S = 20
_READ_SIZE = 65_536
_ROOT = Path(__file__).resolve().parents[1]
# What the shell that runs the benchmarks has set must not change what is drawn.
_LEFT_OUT = ("COLUMNS", "LINES", "COLORTERM", "NO_COLOR")


def dashboard_command(port: str, keys: str) -> list[str]:
    """Return the command of the dashboard on `port`, at one reading a second; its history goes with its keys."""
    history = str(Path(keys).with_name("history.db"))
    return [sys.executable, "-m", "monitor", "dashboard", port, "--keys", keys, "--history", history]


def label_command() -> list[str]:
    """Return the command of the smallest Textual app: one label, drawn anew each second."""
    return [sys.executable, str(Path(__file__).with_name("label_app.py"))]


class Terminal:
    """A program that was started on a pty of its own.

    Args:
        command: the program and its arguments.
    """

    def __init__(self, command: list[str]) -> None:
        self._output = b""
        self._master, slave = os.openpty()
        termios.tcsetwinsize(slave, _SIZE)
        self._started_ns = time.perf_counter_ns()
        try:
            # Textual draws on standard error, so that the pty is all three.
            self._process = subprocess.Popen(
                command,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                cwd=_ROOT,
                env=_environment(),
                start_new_session=True,
            )
        except BaseException:
            os.close(self._master)
            raise
        finally:
            os.close(slave)

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._process.pid

    def seconds_to(self, text: str) -> float:
        """Return the seconds from the program's start until `text` is on the screen.

        Raises:
            RigError: it never comes.
        """
        wanted = text.encode()
        while wanted not in self._output:
            if not self._read(_PATIENCE_S):
                tail = self._output[-400:].decode("utf-8", "replace")
                raise RigError(f"{text} was not painted in {_PATIENCE_S} s; the last output was {tail!r}")
        return (time.perf_counter_ns() - self._started_ns) / 1e9

    def look_on(self, seconds: float) -> None:
        """Read what is drawn for so long, as a terminal does; else the program would wait for room.

        Raises:
            RigError: the program ends.
        """
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._read(left)
            if self._process.poll() is not None:
                raise RigError(f"the program on the terminal ended: {self._output[-400:]!r}")

    def drawn_in(self, seconds: float) -> list[tuple[int, bytes]]:
        """Return what is drawn in so long, and when each piece of it came, monotonic ns.

        Raises:
            RigError: nothing is.
        """
        drawn = []
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._output = b""
            if self._read(left):
                drawn.append((time.monotonic_ns(), self._output))
        if not drawn:
            raise RigError(f"nothing was drawn in {seconds:.0f} s")
        return drawn

    def press(self, keys: bytes) -> None:
        """Send what a terminal sends for some keys."""
        os.write(self._master, keys)

    def ns_of(self, text: str) -> int:
        """Return the instant, in monotonic nanoseconds, at which `text` is drawn from now on.

        Raises:
            RigError: it never is.
        """
        self._output = b""
        self.seconds_to(text)
        return time.monotonic_ns()

    def close(self) -> None:
        """End the program and the terminal."""
        self._process.terminate()
        until = time.monotonic() + _PATIENCE_S
        with contextlib.suppress(OSError):  # a terminal whose program has gone
            while self._process.poll() is None and time.monotonic() < until:
                self._read(0.01)  # it restores the screen on its way out, and needs the room for that
        end(self._process)
        os.close(self._master)

    def _read(self, timeout_s: float) -> bool:
        """Take what was drawn, waiting for it; False if nothing comes any more."""
        if not select.select([self._master], [], [], timeout_s)[0]:
            return False
        try:
            data = os.read(self._master, _READ_SIZE)
        except OSError:  # EIO: nobody has the terminal open any more
            time.sleep(0.001)  # and so it stays readable; not in a spin, though
            return False
        self._output = self._output[-_READ_SIZE:] + data
        return True


@contextmanager
def on_terminal(command: list[str]) -> Iterator[Terminal]:
    """Run a program on a terminal, and end both."""
    terminal = Terminal(command)
    try:
        yield terminal
    finally:
        terminal.close()


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _LEFT_OUT and not name.startswith("TEXTUAL")
    }
    return kept | {"TERM": "xterm-256color"}
