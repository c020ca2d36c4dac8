"""Telnet as far as a serial line needs it (RFC 854, 855): bytes apart from commands, and options agreed on. No I/O.

The line is always eight bits wide: no byte but IAC means anything, whether or not BINARY was agreed on, for the pump's
frames are full of what a terminal would take for line ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

IAC = 0xFF
"""Interpret as command: what follows is one. Twice in a row it is the byte itself."""

MAX_SUBNEGOTIATION = 64
"""Bytes kept of one; the longest that is understood has five. A longer one is passed over to its end."""


class Verb(IntEnum):
    """The commands that negotiate an option (RFC 854)."""

    WILL = 251
    WONT = 252
    DO = 253
    DONT = 254


_SE, _BREAK, _SB = 240, 243, 250


class Option(IntEnum):
    """The options known here: RFC 856, RFC 858, RFC 2217."""

    BINARY = 0
    SUPPRESS_GO_AHEAD = 3
    COM_PORT = 44


@dataclass(frozen=True, slots=True)
class Negotiation:
    """The peer wants, offers or refuses an option, known here or not."""

    verb: Verb
    option: int


@dataclass(frozen=True, slots=True)
class Subnegotiation:
    """What the peer says within an option; IACs are single again."""

    option: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """The peer's break key (RFC 854)."""


Item = bytes | Negotiation | Subnegotiation | Break


class Parser:
    """Takes a telnet stream apart, cut wherever. Whatever arrives, it raises nothing and keeps a bounded number of bytes."""

    def __init__(self) -> None:
        self._in_command = False  # an IAC has been seen
        self._verb: Verb | None = None  # and then a verb: the option is due
        self._sub: bytearray | None = None  # the subnegotiation under way

    def feed(self, data: bytes) -> Iterator[Item]:
        """Yield what `data` brings, oldest first; bytes come in pieces of any size but none."""
        at = 0
        while at < len(data):
            if self._in_command or self._verb is not None:
                item = self._command(data[at])
                at += 1
            else:
                end = data.find(IAC, at)
                end = len(data) if end < 0 else end
                item = self._plain(data[at:end])
                self._in_command = end < len(data)
                at = end + 1
            if item:
                yield item

    def _plain(self, data: bytes) -> bytes:
        """Return what is the line's of bytes without an IAC."""
        if self._sub is None:
            return data
        self._sub += data[: MAX_SUBNEGOTIATION + 1 - len(self._sub)]
        return b""

    def _command(self, byte: int) -> Item | None:
        """Take a byte after an IAC."""
        if self._verb is not None:
            verb, self._verb = self._verb, None
            return Negotiation(verb, byte)
        self._in_command = False
        if byte == IAC:
            return self._plain(bytes([IAC])) or None
        # Within a subnegotiation anything but its end is an error of the peer's: the command stands, the rest is void.
        sub, self._sub = self._sub, None
        if byte == _SE and sub and len(sub) <= MAX_SUBNEGOTIATION:
            return Subnegotiation(sub[0], bytes(sub[1:]))
        if byte == _SB:
            self._sub = bytearray()
        elif byte == _BREAK:
            return Break()
        elif byte in _VERBS:
            self._verb = Verb(byte)
        return None


_VERBS = frozenset(Verb)


def escape(data: bytes) -> bytes:
    """Return bytes of the line as they stand in the stream."""
    return data.replace(b"\xff", b"\xff\xff")


def negotiate(verb: Verb, option: int) -> bytes:
    """Return the command that negotiates `option`."""
    return bytes([IAC, verb, option])


def subnegotiate(option: int, payload: bytes) -> bytes:
    """Return the command that says `payload` within `option`."""
    return bytes([IAC, _SB]) + escape(bytes([option]) + payload) + bytes([IAC, _SE])


_YES = {Verb.WILL: Verb.DO, Verb.DO: Verb.WILL}
_NO = {Verb.WILL: Verb.DONT, Verb.DO: Verb.WONT, Verb.WONT: Verb.DONT, Verb.DONT: Verb.WONT}
_TAKEN_BACK = {Verb.WONT: Verb.WILL, Verb.DONT: Verb.DO}


@dataclass(slots=True)
class Agreements:
    """Which options are on, on either side: RFC 1143 for a side that never takes anything back.

    A side of an option is named by what the peer says to have it: WILL for the peer's own, DO for ours.

    Args:
        wanted: the sides that we agree to.
    """

    wanted: frozenset[tuple[Verb, int]]
    _on: set[tuple[Verb, int]] = field(default_factory=set)
    _asked: set[tuple[Verb, int]] = field(default_factory=set)

    def has(self, side: tuple[Verb, int]) -> bool:
        """Whether this side of an option is on."""
        return side in self._on

    def ask(self, side: tuple[Verb, int]) -> bytes:
        """Return what asks for a side that is off and was not asked for; nothing for another."""
        if side in self._on or side in self._asked:
            return b""
        self._asked.add(side)
        return negotiate(_YES[side[0]], side[1])

    def answer(self, said: Negotiation) -> bytes:
        """Take what the peer said, and return the answer: none to what is so already, so that no two sides go on for ever."""
        if said.verb in _TAKEN_BACK:
            side = (_TAKEN_BACK[said.verb], said.option)
            self._asked.discard(side)
            if side not in self._on:
                return b""
            self._on.discard(side)
            return negotiate(_NO[said.verb], said.option)
        side = (said.verb, said.option)
        if side not in self.wanted:
            return negotiate(_NO[said.verb], said.option)
        was_asked, was_on = side in self._asked, side in self._on
        self._asked.discard(side)
        self._on.add(side)
        return b"" if was_asked or was_on else negotiate(_YES[said.verb], said.option)
