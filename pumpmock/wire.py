"""One host's line to the pump, between the port and the dialect.

What came and went is noted here, and nothing more is said once the pump's state is in doubt. A line that is not perfect,
or on which something is to go wrong, has a `Transit` beside it; one that is does not know of any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpmock.journal.journal import HEARD, SAID
from pumpmock.medium import PERFECT
from pumpmock.model.reservoir import LedgerError
from pumpmock.snapshot import InDoubtError
from pumpmock.transit import Transit

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.emulator import Emulator
    from pumpmock.medium import Medium
    from pumpmock.ports import Conversation, Send


class Wire:
    """A conversation that a port opens, with the dialect's behind it.

    Args:
        emulator: whose pump it leads to.
        peer: which host it is.
        send: sends to that host.
        open_dialect: begins the dialect's conversation.
        medium: what the link is like.
        number: of the line, counted by the emulator.

    Attributes:
        peer: which host it is.
    """

    __slots__ = (
        "_conversation",
        "_emulator",
        "_medium",
        "_number",
        "_open_dialect",
        "_send",
        "_transit",
        "peer",
    )

    def __init__(
        self,
        emulator: Emulator,
        peer: str,
        send: Send,
        open_dialect: Callable[[str], Conversation],
        medium: Medium,
        number: int,
    ) -> None:
        self._emulator = emulator
        self.peer = peer
        self._send = send
        self._open_dialect = open_dialect
        self._conversation = open_dialect(peer)
        self._medium = medium
        self._number = number
        self._transit: Transit | None = None
        if emulator.faults.live or medium != PERFECT:
            self._transit = self._line()
            self._transit.opened()

    def receive(self, data: bytes) -> bytes:
        """Let what arrived go its way to the pump, and return what of the answer is to be sent now."""
        if self._transit is None:
            if not (self._emulator.faults.live or self._emulator.faults.watchers):
                reply = self._hear(data)
                if reply:
                    self._emulator.journal.passed(SAID, self.peer, reply)
                return reply
            self._transit = self._line()
        return self._transit.heard(data)

    def renew(self) -> None:
        """End the session: it was with a pump that is no longer behind this line, and what is under way is lost."""
        self.end()
        self._conversation = self._open_dialect(self.peer)

    def close(self) -> None:
        """The host has gone."""
        self._emulator.unplugged(self)

    def end(self) -> None:
        """End the dialect's conversation, and lose what is under way."""
        if self._transit is not None:
            self._transit.lose()
        self._conversation.close()

    def _line(self) -> Transit:
        return Transit(self._emulator, self.peer, self._number, self._medium, self._hear, self._tell)

    def _hear(self, data: bytes) -> bytes:
        """Let the pump take bytes, and return its answer; none once the state is in doubt."""
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
        return reply

    def _tell(self, data: bytes) -> None:
        """Send what arrives at the host later than it was said; nothing once the state is in doubt."""
        if self._emulator.doubt is None:
            self._send(data)
