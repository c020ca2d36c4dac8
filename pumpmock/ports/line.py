"""One pseudo-terminal, seen from the pump's end: raw, never blocking, and as new again when it is asked for.

What a pseudo-terminal does otherwise than a wire, and what is done about it here:

- A master whose slave nobody holds answers EIO and keeps `poll` spinning: the slave is held open.
- A fresh slave is cooked: it echoes what the pump sends back to the pump, and eats control characters. It is made
  raw before the first host can open it.
- A host that doesn't read fills some 20 kB, and then a blocking write hangs: writes never block, and what does not
  fit is dropped, as a UART with nobody listening loses it.
- A host's TIOCEXCL sticks as long as the master lives, and would lock out the next one: `admit_all` takes it back.
- `flock` is for the hosts, who use it to keep each other out; it is never taken here.

It has no parity and no modem lines, and the rate that a host sets is kept and not heeded: who sets one or asks for two
stop bits is let through, and nothing changes on the line. What paces a link as its host set it asks for `baud`. A pump
whose line has them is served by RFC 2217; docs/ports.md says what hosts meet here.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import termios
import tty
from typing import TYPE_CHECKING

from protocol.frame import READ_SIZE
from pumpmock.ports import presence
from pumpmock.ports.base import PortError

if TYPE_CHECKING:
    from collections.abc import Callable

_OUTPUT_SPEED = 5  # of what tcgetattr returns
# What the codes of the system stand for: 9600 of B9600.
_BAUDS = {
    getattr(termios, name): int(name[1:]) for name in dir(termios) if name[:1] == "B" and name[1:].isdecimal()
}


class Line:
    """A new pseudo-terminal, served by the running loop until it is closed.

    Args:
        on_ready: called in the loop when there are bytes to read or signs of a host to take.

    Attributes:
        name: the device that hosts open, for instance "/dev/pts/7".
        watch: who comes, writes and goes; None where the system can't tell.

    Raises:
        PortError: the system has no pseudo-terminal left.
    """

    __slots__ = ("_as_new", "_loop", "_master", "_on_ready", "_slave", "name", "watch")

    def __init__(self, on_ready: Callable[[], None]) -> None:
        try:
            self._master, self._slave = os.openpty()
        except OSError as error:
            raise PortError(
                f"no pseudo-terminal is to be had ({error}): close some, or serve TCP alone"
            ) from error
        os.set_blocking(self._master, False)
        tty.setraw(self._slave)
        self._as_new = termios.tcgetattr(self._slave)
        self.name = os.ttyname(self._slave)
        self.watch = presence.watch(self.name, on_ready)
        self._on_ready = on_ready
        self._loop = asyncio.get_running_loop()
        self.resume()

    def pause(self) -> None:
        """Call `on_ready` no more for bytes: they wait with the kernel, and their writer after some 20 kB."""
        self._loop.remove_reader(self._master)

    def resume(self) -> None:
        """Call `on_ready` for bytes."""
        self._loop.add_reader(self._master, self._on_ready)

    @property
    def baud(self) -> int:
        """The rate that was set on it, in bits a second; 0 where it is none that the system names."""
        return _BAUDS.get(termios.tcgetattr(self._master)[_OUTPUT_SPEED], 0)

    def read(self) -> bytes:
        """Return some of what hosts have written; empty when that is nothing, which then is so for certain."""
        try:
            return os.read(self._master, READ_SIZE)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> int:
        """Send to the host, and return how many bytes there was room for."""
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0

    def forget_unread(self) -> None:
        """Throw away what was sent and no host has read."""
        termios.tcflush(self._slave, termios.TCIFLUSH)

    def renew(self) -> None:
        """Undo what a host has set: the next one may be one that sets nothing itself."""
        termios.tcsetattr(self._slave, termios.TCSANOW, self._as_new)

    def admit_all(self) -> None:
        """Take back a host's TIOCEXCL."""
        fcntl.ioctl(self._slave, termios.TIOCNXCL)

    def close(self) -> None:
        """Pull the plug: a host that has the device open gets an error at once, and its node is gone."""
        self._loop.remove_reader(self._master)
        if self.watch is not None:
            self.watch.close()
        os.close(self._master)
        os.close(self._slave)
