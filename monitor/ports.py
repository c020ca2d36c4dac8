"""A serial line as a client wants it: opened by pyserial, read without a copy where there is a descriptor."""

from __future__ import annotations

import errno
import fcntl
import math
import os
import select
import tempfile
import termios
from pathlib import Path
from typing import TYPE_CHECKING

import serial

from monitor.errors import LinkError
from protocol.frame import READ_SIZE
from protocol.places import BAUD, DEFAULT_LINK, runtime_folder
from protocol.timeouts import line_ms

if TYPE_CHECKING:
    from collections.abc import Callable

_WRITE_TIMEOUT_MS = 1_000  # beside the time of the bytes
_TICK_MS = 50  # how long a read without a descriptor may last beyond its time
_BEYOND_SELECT = 1_024
_RFC2217, _SOCKET = "rfc2217://", "socket://"
_IN_USE = "is in use by another program: close that one first"
_NOT_ALLOWED = "may not be opened by this user: join the group that owns it"
_ADVICE = {
    errno.EAGAIN: _IN_USE,
    errno.EBUSY: _IN_USE,
    errno.EACCES: _NOT_ALLOWED,
    errno.EPERM: _NOT_ALLOWED,
}


def is_in_use(problem: str) -> bool:
    """Tell whether a port could not be opened because another program has it, by what was said of it."""
    return problem.endswith(_IN_USE)


def default_url() -> str:
    """Return the emulator's default port on this machine."""
    return f"{runtime_folder(os.environ, tempfile.gettempdir(), os.getuid())}/{DEFAULT_LINK}"


class Line:
    """An open serial line.

    Args:
        url: a device or any URL that pyserial opens ("/dev/ttyUSB0", "socket://127.0.0.1:7070").
        baud: bits a second; a pseudo-terminal and a socket take any.

    Raises:
        LinkError: where it can't be opened, with a sentence that says what to do.
    """

    def __init__(self, url: str, baud: int = BAUD) -> None:
        self.url = url
        self._baud = baud
        try:
            # Two plain opens of one device would steal each other's bytes; only two exclusive ones shut each other out.
            self._is_device = "://" not in url
            self._serial = serial.serial_for_url(
                url,
                baudrate=baud,
                timeout=0 if self._is_device else _TICK_MS / 1000,
                # pyserial has none there, and refuses to open with one; its socket gives up by itself.
                write_timeout=None
                if url.lower().startswith(_RFC2217)
                else self._write_timeout_ms(READ_SIZE) / 1000,
                exclusive=True if self._is_device else None,
            )
        except (OSError, ValueError) as error:
            raise LinkError(_why_not_open(url, error)) from error
        self._read = self._reader()

    def _reader(self) -> Callable[[float], bytes | None]:
        try:
            descriptor = self._serial.fileno()
        except (
            OSError,
            AttributeError,
        ):  # an URL handler without one says so by io.UnsupportedOperation, an OSError
            return self._read_by_pyserial
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)

        def read(timeout_ms: float) -> bytes | None:
            if not poll.poll(timeout_ms):
                return None
            data = os.read(descriptor, READ_SIZE)
            if not data:
                raise OSError(errno.EIO, "closed by its other end")
            return data

        return read

    def _read_by_pyserial(self, timeout_ms: float) -> bytes | None:
        # Its time-out stays as it was at the opening: to set another is to negotiate the whole line anew by RFC 2217.
        ticks = math.ceil(timeout_ms / _TICK_MS)
        first = b""
        while not first and (self._serial.in_waiting or ticks > 0):
            first = self._serial.read(1)
            ticks -= 1
        if not first:
            return None
        rest: bytes = self._serial.read(min(self._serial.in_waiting, READ_SIZE - 1))
        return first + rest

    def read(self, timeout_ms: float) -> bytes | None:
        """Return what has arrived, waiting for it at the most `timeout_ms`; None if nothing came.

        Raises:
            LinkError: where the port has vanished.
        """
        try:
            return self._read(timeout_ms)
        except OSError as error:
            raise LinkError(f"{self.url} has gone: unplugged, or its other end has ended") from error

    def write(self, data: bytes) -> None:
        """Send `data`.

        Raises:
            LinkError: where the port has vanished or takes nothing any more.
        """
        try:
            if self._is_device:
                self._write_to_device(data)
            else:
                self._serial.write(data)
        except serial.SerialTimeoutException as error:
            raise LinkError(f"{self.url} takes no more bytes: its other end does not read") from error
        except OSError as error:
            raise LinkError(f"{self.url} has gone: unplugged, or its other end has ended") from error

    def _write_to_device(self, data: bytes) -> None:
        # pyserial waits for room after each write, whether or not anything is left to be written.
        descriptor = self._serial.fileno()
        room = select.poll()  # `select` knows no descriptor from 1,024 up
        room.register(descriptor, select.POLLOUT)
        while True:
            try:
                sent = os.write(descriptor, data)
            except BlockingIOError:
                sent = 0
            data = data[sent:]
            if not data:
                return
            if not room.poll(self._write_timeout_ms(len(data))):
                raise serial.SerialTimeoutException

    def _write_timeout_ms(self, size: int) -> int:
        return _WRITE_TIMEOUT_MS + line_ms(size, self._baud)

    def detach(self) -> int | None:
        """Give up everything but the descriptor, and return that: non-blocking, and the caller's to close.

        pyserial holds five a port, and its own `select` ends at number 1,023: so the one that is kept goes beyond that
        where the system allows, and room stays below for the next opening. The device stays exclusively ours.

        Returns:
            None where the line has no descriptor, and stays as it is.
        """
        try:
            descriptor = self._serial.fileno()
        except (OSError, AttributeError):
            return None
        try:
            kept = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _BEYOND_SELECT)
        except OSError:  # not so many are allowed
            kept = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 0)
        connection = getattr(self._serial, "_socket", None)
        if connection is None:
            self._serial.close()
        else:  # pyserial would shut the connection down
            connection.close()
            self._serial.is_open = False
        return kept

    def close(self) -> None:
        """Close the line. Closing twice does nothing."""
        # pyserial shuts a socket down before it closes it, and leaves one open that its other end has reset.
        connection = getattr(self._serial, "_socket", None)
        self._serial.close()
        if connection is not None:
            connection.close()


def _why_not_open(url: str, error: Exception) -> str:
    if "://" in url:
        return _why_not_reached(url, error)
    if not Path(url).exists():
        if url == default_url():
            return f"no emulator serves {url}: start one with pumpmock serve, or name a port"
        return f"there is no port {url}: is it plugged in, is the emulator running?"
    advice = _ADVICE.get(getattr(error, "errno", None) or 0)
    if advice:
        return f"{url} {advice}"
    if not Path(url).is_char_device() or isinstance(error.__context__, termios.error):
        return f"{url} is not a serial port"
    return f"{url} can't be opened: {error}"


def _why_not_reached(url: str, error: Exception) -> str:
    if "does not seem to support" in str(error):
        plain = _SOCKET + url[len(_RFC2217) :].partition("?")[0]
        return f"{url} answers, but not by RFC 2217: if it is a plain TCP port, name it {plain}"
    if "refused" in str(error):
        return f"nobody listens on {url}: is the emulator running, is the port right?"
    return f"{url} can't be opened: {error}"
