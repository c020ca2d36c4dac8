"""A terminal that may vanish: its window is closed, its multiplexer killed, its connection cut.

Textual's driver does not survive that. The first write that fails ends its writing thread; then whoever draws waits for
ever in front of a full queue, while the reading thread spins over an end of file. Here the app is told to end instead,
and whatever is still drawn or read until it has goes nowhere.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
from typing import IO, TYPE_CHECKING, Any

from rich.console import Console
from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from collections.abc import Callable


def has_sixteen_colours() -> bool:
    """Whether the terminal, by what it is said to be, has no more than sixteen colours."""
    return Console(force_terminal=True).color_system == "standard"


class TerminalDriver(LinuxDriver):
    """Textual's driver, but for what becomes of the app when its terminal vanishes: it ends, as at a signal."""

    _file: Any  # the terminal, or what stands in for it: it need only write, flush and have a descriptor

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Textual's signature
        super().__init__(*args, **options)
        self._vanished = threading.Event()
        self._file = Output(self._file, self._on_vanished)
        watching = threading.Thread(target=self._watch, name="terminal", daemon=True)
        watching.start()

    def run_input_thread(self) -> None:
        """Read what is typed; the end of the terminal is no bug."""
        try:
            super().run_input_thread()
        except OSError:  # EIO, where the program is in no foreground any more
            self._on_vanished()

    def _watch(self) -> None:
        """Wait for the end of the terminal: a program without a controlling one gets no signal, and may draw nothing."""
        ends = select.poll()
        ends.register(self.fileno, 0)  # a hang-up is told whether it is asked for or not
        ends.poll()
        self._on_vanished()

    def _on_vanished(self) -> None:
        """Have the app end and nobody wait for the terminal; called by any thread, and more than once."""
        if self._vanished.is_set():
            return
        self._vanished.set()
        self.exit_event.set()
        # What the interpreter flushes last would fail as well, and cost the exit code. All three are the terminal.
        nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        os.close(nowhere)
        with contextlib.suppress(RuntimeError):  # the app has ended meanwhile, and its loop with it
            self._loop.call_soon_threadsafe(self._app.exit)


class Output:
    """What the driver writes to, as long as there is something to write to.

    Args:
        file: the terminal.
        on_vanished: told of each write that fails.
    """

    def __init__(self, file: IO[str], on_vanished: Callable[[], None]) -> None:
        self._file = file
        self._on_vanished = on_vanished

    def write(self, text: str) -> None:
        """Write to the terminal, if it is there."""
        try:
            self._file.write(text)
        except OSError:
            self._on_vanished()

    def flush(self) -> None:
        """Have it drawn."""
        try:
            self._file.flush()
        except OSError:
            self._on_vanished()

    def fileno(self) -> int:
        """Return the terminal's descriptor."""
        return self._file.fileno()
