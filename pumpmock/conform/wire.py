"""The line to the device: bytes, opened by pyserial, and nothing that knows what they mean."""

from __future__ import annotations

import errno
import os
import select
from typing import TYPE_CHECKING, Protocol

import serial

from protocol.frame import READ_SIZE
from protocol.places import BAUD

if TYPE_CHECKING:
    from collections.abc import Callable

_WRITE_TIMEOUT_S = 5.0
_PTYS = "/dev/pts/"
_RFC2217, _SOCKET = "rfc2217://", "socket://"
_TICK_MS = 50  # how long a read without a descriptor may last beyond its time


class LinkError(OSError):
    """There is no line, or no longer; the message is a sentence that says what to do."""


class Wire(Protocol):
    """What a rig plays on."""

    def write(self, data: bytes) -> None:
        """Send bytes.

        Raises:
            LinkError: where the line has gone.
        """
        ...

    def read(self, timeout_ms: int) -> bytes:
        """Return what has arrived, waiting for the first byte at the most so long; nothing where nothing came.

        Raises:
            LinkError: where the line has gone.
        """
        ...

    def close(self) -> None:
        """Hang up. Closing twice does nothing."""
        ...


class SerialWire:
    """A line that pyserial opens.

    Args:
        url: a device, or any URL that pyserial knows ("/dev/ttyUSB0", "socket://127.0.0.1:7070").
        baud: bits a second; a pseudo-terminal and a socket take any.

    Raises:
        LinkError: where it can't be opened.
    """

    def __init__(self, url: str, baud: int = BAUD) -> None:
        self._url = url
        try:
            self._serial = serial.serial_for_url(
                url,
                baudrate=baud,
                timeout=_TICK_MS / 1000,
                # pyserial has none there, and refuses to open with one.
                write_timeout=None if url.lower().startswith(_RFC2217) else _WRITE_TIMEOUT_S,
                # Two plain opens of one device would steal each other's bytes.
                exclusive=None if "://" in url else True,
            )
        except (OSError, ValueError) as error:
            raise LinkError(_why_not_open(url, error)) from error
        self._read = self._reader()

    def _reader(self) -> Callable[[int], bytes]:
        try:
            descriptor = self._serial.fileno()
        except (OSError, AttributeError):  # a handler without a descriptor says so by an OSError
            return self._read_by_pyserial
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)

        def read(timeout_ms: int) -> bytes:
            if not poll.poll(timeout_ms):
                return b""
            data = os.read(descriptor, READ_SIZE)
            if not data:
                raise OSError(errno.EIO, "closed by its other end")
            return data

        return read

    def _read_by_pyserial(self, timeout_ms: int) -> bytes:
        # Its time-out stays as it was at the opening: to set another is to negotiate the whole line anew by RFC 2217.
        first = b""
        for _ in range(-(-timeout_ms // _TICK_MS)):
            first = self._serial.read(1)
            if first:
                break
        rest: bytes = self._serial.read(min(self._serial.in_waiting, READ_SIZE - 1)) if first else b""
        return first + rest

    def read(self, timeout_ms: int) -> bytes:
        """Return what has arrived, waiting for the first byte at the most so long; nothing where nothing came.

        Raises:
            LinkError: where the line has gone.
        """
        try:
            return self._read(max(0, timeout_ms))
        except OSError as error:
            raise LinkError(f"{self._url} has gone: unplugged, or its other end has ended") from error

    def write(self, data: bytes) -> None:
        """Send bytes.

        Raises:
            LinkError: where the line has gone or takes nothing any more.
        """
        try:
            self._serial.write(data)
        except serial.SerialTimeoutException as error:
            raise LinkError(f"{self._url} takes no more bytes: its other end does not read") from error
        except OSError as error:
            raise LinkError(f"{self._url} has gone: unplugged, or its other end has ended") from error

    def close(self) -> None:
        """Hang up. Closing twice does nothing."""
        # pyserial shuts a socket down before it closes it, and leaves one open that its other end has reset.
        connection = getattr(self._serial, "_socket", None)
        self._serial.close()
        if connection is not None:
            connection.close()


def tells_of_hanging_up(url: str) -> bool:
    """Say whether a device can notice that this line is closed: a socket or a pseudo-terminal, not three bare wires."""
    return url.startswith(_SOCKET) or os.path.realpath(url).startswith(_PTYS)


def takes_two(url: str) -> bool:
    """Say whether two hosts can have this line at a time, each a port of its own."""
    return url.startswith(_SOCKET)


def _why_not_open(url: str, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        return f"there is no port {url}: is it plugged in, is the device running?"
    if number in {errno.EAGAIN, errno.EBUSY}:
        return f"{url} is in use by another program: close that one first"
    if number in {errno.EACCES, errno.EPERM}:
        return f"{url} may not be opened by this user: join the group that owns it"
    if "does not seem to support" in str(error):
        plain = _SOCKET + url[len(_RFC2217) :].partition("?")[0]
        return f"{url} answers, but not by RFC 2217: if it is a plain TCP port, name it {plain}"
    if "refused" in str(error):
        return f"nobody listens on {url}: is the device running, is the port right?"
    return f"{url} can't be opened: {error}"
