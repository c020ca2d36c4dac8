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
from typing import IO, TYPE_CHECKING, Any, Final

from rich.console import Console
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.geometry import Size

if TYPE_CHECKING:
    from collections.abc import Callable


def has_sixteen_colours() -> bool:
    """Whether the terminal, by what it is said to be, has no more than sixteen colours."""
    return Console(force_terminal=True).color_system == "standard"


_LOOK_MS: Final = 1_000


class TerminalDriver(LinuxDriver):
    """Textual's driver, but for what becomes of the app when its terminal vanishes, or changes its size twice at once.

    It ends, as at a signal; and it looks once a second how large the terminal is: of two signals in a row the handler of the
    second may run within that of the first, and the size that the first had read before is told last.
    """

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
        while not ends.poll(_LOOK_MS):
            with contextlib.suppress(RuntimeError):  # the app has ended, and its loop with it
                self._loop.call_soon_threadsafe(self._heed_size)
        self._on_vanished()

    def _heed_size(self) -> None:
        size = Size(*self._get_terminal_size())
        if self._app.is_running and not self._in_band_window_resize and size != self._app.size:
            self._app.post_message(Resize(size, size))

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
