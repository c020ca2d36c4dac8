"""What a port and the pump behind it agree on: bytes in, bytes out, and the errors that a person gets to read.

A port knows descriptors, sockets and links; a conversation knows the protocol. Neither knows more of the other than
stands here, so that any dialect can be plugged into any port and be tested without one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable


class Conversation(Protocol):
    """What a port talks to: one host's conversation with the pump. Bytes in, bytes out; never blocks."""

    def receive(self, data: bytes) -> bytes:
        """Take what arrived, cut wherever the line cut it, and return the bytes to send now (`b""` for none).

        What it raises is a bug of ours: no port catches it, the event loop's exception handler gets to see it.
        """
        ...

    def close(self) -> None:
        """End session and parser state: the host has gone. Nothing is received afterwards."""
        ...


Send = Callable[[bytes], None]
"""Sends bytes to one host at a moment of the pump's own choosing; once that host has gone, it does nothing."""

OpenConversation = Callable[[str, Send], Conversation]
"""Called by a port when a host turns up, with the peer's name for the journal ("pty", "tcp 127.0.0.1:51234") and what
sends to this host outside of an answer."""


class Port(Protocol):
    """Where a host can plug in. Opened and closed inside a running event loop; may be opened again after a close."""

    @property
    def url(self) -> str:
        """What a host passes to `serial.serial_for_url`."""
        ...

    async def open(self) -> None:
        """Start to serve.

        Raises:
            PortInUseError: somebody else serves here.
            PortError: the port can't be had for another reason; the message says what to do.
        """
        ...

    async def close(self) -> None:
        """Stop to serve, end every conversation and give everything back. Closing twice does nothing."""
        ...


@runtime_checkable
class Pluggable(Protocol):
    """A port that can go wrong, as a fault asks it to. None of it waits; what is so already stays so."""

    @property
    def is_open(self) -> bool:
        """Whether it is served at all, plugged in or not; else there is nothing to do to it."""
        ...

    def unplug(self) -> None:
        """Pull the plug: every host is cut off, and none can come."""
        ...

    def replug(self) -> None:
        """Plug in again."""
        ...

    def refuse(self, *, refusing: bool) -> None:
        """Let no further host come, or let them come again; those that are there stay."""
        ...

    def deafen(self, *, deaf: bool) -> None:
        """Read nothing, so that a host that writes on is held up, or read again."""
        ...


@runtime_checkable
class Rated(Protocol):
    """A port that knows how fast its hosts mean to talk."""

    def baud_of(self, peer: str) -> int:
        """Return the rate that a host has set, in bits a second; 0 where none was."""
        ...


class PortError(OSError):
    """The port can't be had; the message is a sentence that says what to do about it."""


class PortInUseError(PortError):
    """Somebody else is served or serves there."""
