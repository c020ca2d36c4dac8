"""One host's line to the pump, between the port and the dialect.

What came and went is noted here, and nothing more is said once the pump's state is in doubt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpmock.journal import HEARD, SAID
from pumpmock.model.reservoir import LedgerError
from pumpmock.snapshot import InDoubtError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.emulator import Emulator
    from pumpmock.ports import Conversation, Send


class Wire:
    """A conversation that a port opens, with the dialect's behind it.

    Args:
        emulator: whose pump it leads to.
        peer: which host it is.
        send: sends to that host.
        open_dialect: begins the dialect's conversation.

    Attributes:
        peer: which host it is.
    """

    __slots__ = ("_conversation", "_emulator", "_open_dialect", "_send", "peer")

    def __init__(
        self, emulator: Emulator, peer: str, send: Send, open_dialect: Callable[[str], Conversation]
    ) -> None:
        self._emulator = emulator
        self.peer = peer
        self._send = send
        self._open_dialect = open_dialect
        self._conversation = open_dialect(peer)

    def receive(self, data: bytes) -> bytes:
        """Let the pump take what arrived, and return its answer; none once the state is in doubt."""
        emulator = self._emulator
        if emulator.doubt is not None:
            return b""
        emulator.journal.passed(HEARD, self.peer, data)
        try:
            reply = self._conversation.receive(data)
        except (InDoubtError, LedgerError) as doubt:
            emulator.stop(doubt)
            return b""
        emulator.plan()
        if reply:
            emulator.journal.passed(SAID, self.peer, reply)
        return reply

    def renew(self) -> None:
        """End the session: it was with a pump that is no longer behind this line."""
        self.end()
        self._conversation = self._open_dialect(self.peer)

    def close(self) -> None:
        """The host has gone."""
        self._emulator.unplugged(self)

    def end(self) -> None:
        """End the dialect's conversation."""
        self._conversation.close()
