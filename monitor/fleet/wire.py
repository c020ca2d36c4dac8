"""The lines of a fleet: a bare descriptor for the selector where a port has one, a plain thread for it where not."""

from __future__ import annotations

import contextlib
import os
import resource
import threading
from typing import TYPE_CHECKING, Protocol

from monitor.errors import LinkError
from monitor.ports import Line
from protocol.frame import READ_SIZE
from protocol.places import BAUD

if TYPE_CHECKING:
    from collections.abc import Callable

_TICK_MS = 200  # how long the thread of a line without a descriptor takes to see that it is to end
_BELOW = 1_024  # descriptors kept free for openings: see `Line.detach`
_BESIDE = 64  # what a program has open anyway


class Wire(Protocol):
    """An open line: what is written never waits."""

    descriptor: int | None

    def write(self, data: bytes) -> None:
        """Send `data`; LinkError where the port has gone or takes nothing."""
        ...

    def close(self) -> None:
        """Give the port back."""
        ...


class Descriptor:
    """A line that the selector looks after.

    Args:
        url: its port.
        descriptor: non-blocking; closed with the wire.
    """

    def __init__(self, url: str, descriptor: int) -> None:
        self.url = url
        self.descriptor: int | None = descriptor
        self._file = descriptor

    def read(self) -> bytes:
        """Return what has arrived; empty where that was a false alarm.

        Raises:
            LinkError: the port has gone.
        """
        try:
            data = os.read(self._file, READ_SIZE)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise _gone(self.url) from error
        if not data:
            raise _gone(self.url)
        return data

    def write(self, data: bytes) -> None:
        """Send `data`, a request, which fits into the buffer of any port that is read at all.

        Raises:
            LinkError: the port has gone, or its other end does not read.
        """
        try:
            sent = os.write(self._file, data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise _gone(self.url) from error
        if sent < len(data):
            raise LinkError(f"{self.url} takes no more bytes: its other end does not read")

    def close(self) -> None:
        """Close the descriptor."""
        if self.descriptor is not None:
            self.descriptor = None
            os.close(self._file)


class Threaded:
    """A line without a descriptor, which the thread that opened it goes on to read.

    Args:
        line: the line; closed by that thread, since pyserial can't be closed under a read.
    """

    descriptor: int | None = None

    def __init__(self, line: Line) -> None:
        self._line = line
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._is_closed = False
        self._tell_closed: Callable[[], None] = lambda: None

    def read_on(self, heard: Callable[[bytes | LinkError], None]) -> None:
        """Tell what arrives until the line is closed or lost."""
        try:
            while not self._ending.is_set():
                data = self._line.read(_TICK_MS)
                if data:
                    heard(data)
        except LinkError as error:
            heard(error)
        finally:
            self._line.close()
            with self._lock:
                self._is_closed = True
            self._tell_closed()

    def when_closed(self, tell: Callable[[], None]) -> None:
        """Have `tell` called, once, when the port has been given back."""
        with self._lock:
            if not self._is_closed:
                self._tell_closed = tell
                return
        tell()

    def write(self, data: bytes) -> None:
        """Send `data`."""
        self._line.write(data)

    def close(self) -> None:
        """Have the thread close the line at its next tick."""
        self._ending.set()


def open_wire(url: str, baud: int = BAUD) -> Wire:
    """Open a port at so many bits a second.

    Raises:
        LinkError: where it can't be opened, with what to do.
    """
    line = Line(url, baud)
    try:
        descriptor = line.detach()
    except OSError as error:
        line.close()
        raise LinkError(f"{url} can't be kept open: {error.strerror}: raise ulimit -n") from error
    return Threaded(line) if descriptor is None else Descriptor(url, descriptor)


def room_for(ports: int) -> None:
    """Let this process have as many descriptors as so many ports want, as far as the system allows; once for all."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ports + _BELOW + _BESIDE
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # each port that finds no room says so
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _gone(url: str) -> LinkError:
    return LinkError(f"{url} has gone: unplugged, or its other end has ended")
