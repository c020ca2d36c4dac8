"""The pump behind RFC 2217: a TCP port through which a host sets a serial line too, as `rfc2217://` of pyserial does.

Telnet is spoken to those who begin with it: a host that sends plain bytes is sent plain bytes, but for the one byte
that telnet doubles. docs/decisions/0034-rfc2217.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from pumpmock.ports.com_port import ComPort, LineChange
from pumpmock.ports.tcp import TcpPort
from pumpmock.ports.telnet import (
    Agreements,
    Break,
    Negotiation,
    Option,
    Parser,
    Subnegotiation,
    Verb,
    escape,
    subnegotiate,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pumpmock.journal.journal import Journal
    from pumpmock.ports.base import Conversation, OpenConversation, Send
    from pumpmock.ports.telnet import Item

MAX_HELD = 32 * 1024
"""Bytes kept for a host that has asked for a pause; what comes then is lost, as on a line that nobody reads."""

_THEIRS, _OURS = Verb.WILL, Verb.DO
_WANTED = frozenset(
    (side, option)
    for side in (_THEIRS, _OURS)
    for option in (Option.BINARY, Option.SUPPRESS_GO_AHEAD, Option.COM_PORT)
)


class Rfc2217Port(TcpPort):
    """A listening socket on which any number of hosts can talk to the pump, each with a serial line of its own to set.

    Args:
        host: as of a TcpPort.
        port: as of a TcpPort.
        open_conversation: called once a connection, with "rfc2217 HOST:PORT" of the peer.
        told: told of each change on a line, and the peer that made it.
    """

    scheme = kind = "rfc2217"

    def __init__(
        self,
        host: str,
        port: int,
        open_conversation: OpenConversation,
        told: Callable[[str, LineChange], None] = lambda _peer, _change: None,
    ) -> None:
        def open_line(peer: str, send: Send) -> LineConversation:
            line = self._lines[peer] = LineConversation(peer, send, open_conversation, told)
            return line

        self._lines: WeakValueDictionary[str, LineConversation] = WeakValueDictionary()
        super().__init__(host, port, open_line)

    def baud_of(self, peer: str) -> int:
        """Return the rate of a host's line in bits a second; 0 of one that has not begun to set its line."""
        line = self._lines.get(peer)
        return 0 if line is None else line.baud


def noted_in(journal: Journal) -> Callable[[str, LineChange], None]:
    """Return what notes the changes of every host's line in a journal, as entries "line"."""

    def note(peer: str, change: LineChange) -> None:
        journal.note("line", peer, setting=change.setting.value, value=change.value)

    return note


class LineConversation:
    """A conversation with the pump inside one with a telnet host about its line. Bytes in, bytes out.

    Args:
        peer: the host's name.
        send: takes what goes to the host outside of `receive`.
        open_conversation: opens the conversation with the pump.
        told: told of each change on the line, and the peer's name.

    Attributes:
        lost_bytes: of what was to be sent to a host that had asked for a pause, so many found no room.
    """

    def __init__(
        self,
        peer: str,
        send: Send,
        open_conversation: OpenConversation,
        told: Callable[[str, LineChange], None],
    ) -> None:
        self.lost_bytes = 0
        self._send = send
        self._parser = Parser()
        self._agreements = Agreements(_WANTED)
        self._com_port = ComPort(lambda change: told(peer, change))
        self._held = bytearray()
        self._conversation: Conversation = open_conversation(peer, self._send_later)

    @property
    def baud(self) -> int:
        """What the host has set, in bits a second, which at first is the pump's own; 0 before it may set anything."""
        return self._com_port.baud if self._agreements.has((_THEIRS, Option.COM_PORT)) else 0

    def receive(self, data: bytes) -> bytes:
        """Take what arrived, and return what to send now."""
        return b"".join(
            self._unless_suspended(part) for item in self._parser.feed(data) for part in self._answers(item)
        )

    def close(self) -> None:
        """End the conversation with the pump."""
        self._conversation.close()

    def _send_later(self, data: bytes) -> None:
        now = self._unless_suspended(escape(data))
        if now:
            self._send(now)

    def _unless_suspended(self, data: bytes) -> bytes:
        """Return what may be sent: with what was held once the pause is over, nothing before. A command is held whole."""
        if not self._com_port.is_suspended:
            data, self._held = bytes(self._held) + data, bytearray()
            return data
        if len(self._held) + len(data) > MAX_HELD:
            self.lost_bytes += len(data)
        else:
            self._held += data
        return b""

    def _answers(self, item: Item) -> Iterator[bytes]:
        match item:
            case Negotiation():
                yield from self._negotiate(item)
            case Subnegotiation(option=Option.COM_PORT, payload=payload):
                if self._agreements.has((_THEIRS, Option.COM_PORT)):
                    answer = self._com_port.answer(payload)
                    yield subnegotiate(Option.COM_PORT, answer) if answer else b""
            case Subnegotiation():
                pass
            case Break():
                self._com_port.press_break()
            case _:
                yield escape(self._conversation.receive(item))

    def _negotiate(self, said: Negotiation) -> Iterator[bytes]:
        side = (_THEIRS, Option.COM_PORT)
        began = not self._agreements.has(side)
        yield self._agreements.answer(said)
        if began and self._agreements.has(side):
            # pyserial agrees to eight bits both ways, but doesn't ask.
            yield from (self._agreements.ask((whose, Option.BINARY)) for whose in (_THEIRS, _OURS))
            yield subnegotiate(Option.COM_PORT, self._com_port.announce())
        elif not self._agreements.has(side):
            self._com_port.is_suspended = False  # it could not be ended any more
            yield b""
