"""A serial line that somebody else's pump is at the other end of, as pyserial opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import serial

from protocol.frame import READ_SIZE
from protocol.places import BAUD
from pumpmock.ports.base import PortError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

LOOK_S = 0.05  # how long a read waits for a first byte
_WRITE_TIMEOUT_S = 5.0
_WITHOUT_WRITE_TIMEOUT = "rfc2217://"  # pyserial refuses one there


class SerialEnd:
    """An open serial line.

    Args:
        url: a device or any URL that pyserial opens.
        baud: bits a second; a pseudo-terminal and a socket take any.

    Raises:
        PortError: where it can't be opened.
    """

    def __init__(self, url: str, baud: int = BAUD) -> None:
        self.url = url
        self.baud = baud
        try:
            self._serial = serial.serial_for_url(
                url,
                baudrate=baud,
                timeout=LOOK_S,
                write_timeout=None if url.lower().startswith(_WITHOUT_WRITE_TIMEOUT) else _WRITE_TIMEOUT_S,
                # Two plain opens of one device would steal each other's bytes.
                exclusive=None if "://" in url else True,
            )
        except (OSError, ValueError, NotImplementedError) as error:
            raise PortError(f"{url} can't be opened: {error}") from error

    def read(self) -> bytes:
        """Return what is there, or comes within `LOOK_S`; b"" for nothing.

        Raises:
            PortError: where the line is gone.
        """
        try:
            first: bytes = self._serial.read(1)
            waiting = min(self._serial.in_waiting, READ_SIZE) if first else 0
            return first + (self._serial.read(waiting) if waiting else b"")
        except (
            OSError,
            TypeError,
        ) as error:  # pyserial's word for a line that was closed meanwhile is a TypeError
            raise PortError(f"{self.url} is gone: {error}") from error

    def write(self, data: bytes) -> None:
        """Send bytes.

        Raises:
            PortError: where the line is gone, or takes nothing for seconds.
        """
        try:
            self._serial.write(data)
        except (OSError, TypeError) as error:
            raise PortError(f"{self.url} takes nothing: {error}") from error

    def close(self) -> None:
        """Give it up."""
        self._serial.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
