"""pyserial's handler of `mock://`: a `serial.Serial` whose other end is a pump in this process. See `pumpmock.urls`.

It behaves as a port on Linux does, where a pump can tell: nothing waits to be sent, so that a write never times out and
nothing that was written can be taken back; baud rate, parity and the lines can be set, and change nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from serial.serialutil import PortNotOpenError, SerialBase, SerialException

from pumpmock.ports.base import PortError
from pumpmock.urls import plug_in

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from pumpmock.ports.memory import MemoryPort


class Serial(SerialBase):
    """A host's port. Everything not here is pyserial's own."""

    _line: MemoryPort | None = None

    def open(self) -> None:
        """Plug in.

        Raises:
            SerialException: no pump is served there, or the port is open already.
        """
        if self.port is None:
            raise SerialException("the port must have a name before it can be opened: mock://NAME")
        if self.is_open:
            raise SerialException("the port is open already")
        try:
            self._line = plug_in(self.port)
        except PortError as error:
            raise SerialException(str(error)) from error
        self.is_open = True

    def close(self) -> None:
        """Unplug; closing twice does nothing."""
        self.is_open = False
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _open_line(self) -> MemoryPort:
        if self._line is None:
            raise PortNotOpenError
        return self._line

    @property
    def in_waiting(self) -> int:
        """How many bytes can be read without waiting."""
        return self._open_line().in_waiting

    @property
    def out_waiting(self) -> int:
        """How many bytes are not sent yet: none."""
        self._open_line()
        return 0

    def read(self, size: int = 1, /) -> bytes:
        """Return `size` bytes; fewer where the time-out came first.

        Raises:
            SerialException: the pump has gone, or the port was closed meanwhile.
        """
        line = self._open_line()
        try:
            data = line.read(size, self.timeout)
        except PortError as error:
            raise SerialException(str(error)) from error
        if not data and not self.is_open:
            raise PortNotOpenError
        return data

    def write(self, data: ReadableBuffer, /) -> int:
        """Send `data` and return how many bytes that were.

        Raises:
            SerialException: the pump has gone.
        """
        try:
            return self._open_line().write(bytes(data))
        except PortError as error:
            raise SerialException(str(error)) from error

    def flush(self) -> None:
        """Do nothing: all is sent."""
        self._open_line()

    def reset_input_buffer(self) -> None:
        """Throw away what has arrived and was not read."""
        self._open_line().forget_unread()

    def reset_output_buffer(self) -> None:
        """Do nothing: what was written has been sent."""
        self._open_line()

    @property
    def cts(self) -> bool:
        """Clear to send: always."""
        return self._is_there()

    @property
    def dsr(self) -> bool:
        """Data set ready: always."""
        return self._is_there()

    @property
    def cd(self) -> bool:
        """Carrier detected: always."""
        return self._is_there()

    @property
    def ri(self) -> bool:
        """Ring indicator: never."""
        return not self._is_there()

    def _is_there(self) -> bool:
        self._open_line()
        return True

    # pyserial calls these when something is set.

    def _reconfigure_port(self) -> None:
        pass

    def _update_dtr_state(self) -> None:
        pass

    def _update_rts_state(self) -> None:
        pass

    def _update_break_state(self) -> None:
        pass
