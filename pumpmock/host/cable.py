"""A cable in memory between a host and the pump, on a port of its own that can be unplugged, closed and deaf."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pumpmock.ports.base import Conversation, OpenConversation


class PulledError(Exception):
    """Nothing is at the other end of the cable."""


class Cable:
    """The host's end of it. What is written has arrived when `write` returns; an answer may come then, later or never.

    Args:
        peer: what the journal calls the host, and faults the port.
        open_conversation: opens a conversation with the pump, as a port does when a host turns up.
    """

    def __init__(self, peer: str, open_conversation: OpenConversation) -> None:
        self._peer = peer
        self._open_conversation = open_conversation
        self._conversation: Conversation | None = None
        self._unread = bytearray()
        self._plugged = True
        self._refusing = False
        self._deaf = False
        self._unheard = bytearray()
        self._hearing = False
        self._given_up: Conversation | None = None

    # --- the host's -------------------------------------------------------------------------------------------------

    @property
    def has_data(self) -> bool:
        """Whether there is something to read."""
        return bool(self._unread)

    def connect(self) -> None:
        """Open the port; one that is open stays as it is.

        Raises:
            PulledError: where the cable is not plugged in, or nobody is let in.
        """
        if self._conversation is not None:
            return
        if not self._plugged or self._refusing:
            raise PulledError
        self._unread.clear()
        self._unheard.clear()
        self._conversation = self._open_conversation(self._peer, self._take)

    def hang_up(self) -> None:
        """Close the port: the pump forgets this host, once it has heard what has arrived already."""
        conversation, self._conversation = self._conversation, None
        self._unread.clear()
        if conversation is None:
            return
        if self._hearing:
            self._given_up = conversation
        else:
            conversation.close()

    def write(self, data: bytes) -> None:
        """Send to the pump.

        Raises:
            PulledError: where the port is not open any more.
        """
        if self._conversation is None:
            raise PulledError
        if self._deaf:
            self._unheard += data
        else:
            self._hear(self._conversation, data)

    def read(self) -> bytes:
        """Return what has come and was not read yet; never waits.

        Raises:
            PulledError: where the port is not open any more.
        """
        if self._conversation is None:
            raise PulledError
        data = bytes(self._unread)
        self._unread.clear()
        return data

    # --- the port's -------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """What the journal calls it: no other process can open it."""
        return f"cable:{self._peer}"

    @property
    def is_open(self) -> bool:
        """Whether it is there at all, plugged in or not: always."""
        return True

    async def open(self) -> None:
        """Plug it in."""
        self.replug()

    async def close(self) -> None:
        """Pull it out."""
        self.unplug()

    def unplug(self) -> None:
        """Pull the cable: whatever was under way to the host is lost."""
        self._plugged = False
        self.hang_up()

    def replug(self) -> None:
        """Plug it in again; the host has to open its port anew."""
        self._plugged = True

    def refuse(self, *, refusing: bool) -> None:
        """Let the host not open its port, or let it again; where it is open it stays so."""
        self._refusing = refusing

    def deafen(self, *, deaf: bool) -> None:
        """Hear nothing of what the host sends, or all that has waited meanwhile."""
        self._deaf = deaf
        if not deaf and self._unheard and self._conversation is not None:
            data = bytes(self._unheard)
            self._unheard.clear()
            self._hear(self._conversation, data)

    def _hear(self, conversation: Conversation, data: bytes) -> None:
        self._hearing = True
        try:
            reply = conversation.receive(data)
        finally:
            self._hearing = False
            given_up, self._given_up = self._given_up, None
            if given_up is not None:
                given_up.close()
        if self._conversation is conversation:  # else the cable was pulled before the answer came
            self._unread += reply

    def _take(self, data: bytes) -> None:
        if self._conversation is not None:
            self._unread += data
