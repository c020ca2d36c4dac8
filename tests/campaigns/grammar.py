"""Bytes that are nearly right: frames with everything in order but one thing, and noise of several kinds."""

from __future__ import annotations

import zlib
from itertools import pairwise
from typing import TYPE_CHECKING

from cobs import cobs

from protocol.frame import FROM_DEVICE, HEADER, MOST_PAYLOAD, MOST_WIRE, TAG_SIZE, VERSION, encode
from protocol.messages import MESSAGES
from protocol.session import LAST_COUNTER

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from protocol.session import Session

_U32 = 2**32
CODES = sorted(MESSAGES)


def wire_of(body: bytes) -> bytes:
    """Return bytes on the wire that decode to `body` and a right CRC-32, whatever it says; not by our own encoder."""
    return b"\0" + bytes(cobs.encode(body + zlib.crc32(body).to_bytes(4, "little"))) + b"\0"


def cut(data: bytes, chance: Random, cuts: int) -> list[bytes]:
    """Return `data` in pieces, cut at so many places, of which some may be the same."""
    places = sorted(chance.randrange(len(data) + 1) for _ in range(cuts))
    return [data[start:end] for start, end in pairwise([0, *places, len(data)])]


class Speaker:
    """Who speaks to one end: with the peer's session where there is one, so that all but one thing can be right.

    Args:
        chance: makes the choices.
        from_device: whether it speaks as the pump does.
        session: the peer's end of the session.
        recorded: what the peer has sent before, whole.
    """

    def __init__(
        self, chance: Random, *, from_device: bool, session: Session | None, recorded: list[bytes]
    ) -> None:
        self._chance = chance
        self._session = session
        self._recorded = recorded
        self._codes = [code for code in CODES if bool(code & FROM_DEVICE) is from_device]

    def noise(self, size: int) -> bytes:
        """Return noise: of all bytes, of few, or of one."""
        kind = self._chance.randrange(4)
        if kind == 0:
            return self._chance.randbytes(1) * size
        if kind == 1:
            return bytes(self._chance.choices(b"\x00\x01\x02\x30\xff", k=size))
        return self._chance.randbytes(size)

    def cut(self, data: bytes) -> list[bytes]:
        """Return bytes in a few pieces."""
        return cut(data, self._chance, 3)

    def nearly(self) -> tuple[str, bytes]:
        """Return what is wrong with a frame, and the frame."""
        make = self._chance.choice(_WRONG)
        return _NAMES[make], make(self)

    def nonsense(self) -> bytes:
        """Return a frame that the peer has truly sealed around any payload, of any type of its side."""
        if self._session is None:
            return b""
        code = self._chance.choice([*self._codes, self._any_code(self._codes[-1])])
        return self._session.seal(code, self._payload())

    def _any_code(self, like: int) -> int:
        return self._chance.randrange(0x80) | like & FROM_DEVICE

    def _payload(self) -> bytes:
        return self._chance.randbytes(self._chance.choice((0, 1, 4, 8, 16, 22, MOST_PAYLOAD)))

    def _header(self, payload: bytes, **changed: int) -> bytes:
        number, sent = (0, 0) if self._session is None else (self._session.number, self._session.sent)
        fields = {
            "version": VERSION,
            "type": self._chance.choice(self._codes),
            "session": number,
            "counter": sent + 1,
            "ack": 0,
            "length": len(payload),
        }
        return HEADER.pack(*(fields | changed).values()) + payload

    def _forged(self, **changed: int) -> bytes:
        return wire_of(self._header(self._payload(), **changed) + self._chance.randbytes(TAG_SIZE))

    def forged_least(self) -> bytes:
        """Return a whole frame of the least size."""
        return wire_of(self._header(b"") + self._chance.randbytes(TAG_SIZE))

    def wrong_tag(self) -> bytes:
        return self._forged()

    def wrong_session(self) -> bytes:
        return self._forged(session=self._chance.randrange(_U32))

    def wrong_counter(self) -> bytes:
        return self._forged(counter=self._chance.choice((0, LAST_COUNTER, LAST_COUNTER + 1, _U32 - 1)))

    def wrong_version(self) -> bytes:
        return self._forged(version=self._chance.choice((0, 2, 255)))

    def wrong_length(self) -> bytes:
        return self._forged(length=self._chance.randrange(256))

    def other_direction(self) -> bytes:
        return self._forged(type=self._chance.choice(CODES) ^ FROM_DEVICE)

    def seen_before(self) -> bytes:
        return self._chance.choice(self._recorded) if self._recorded else self.wrong_tag()

    def any_size(self) -> bytes:
        """Return a right CRC-32 around too few bytes for a frame, or too many."""
        return wire_of(self._chance.randbytes(self._chance.randrange(2 * MOST_WIRE)))

    def broken(self) -> bytes:
        """Return a recorded frame with some bytes overwritten."""
        frame = bytearray(self.seen_before())
        for _ in range(self._chance.randint(1, 3)):
            frame[self._chance.randrange(len(frame))] = self._chance.randrange(256)
        return bytes(frame)

    def wrong_sum(self) -> bytes:
        signed = self._header(self._payload())
        wire = bytearray(encode(signed, self._chance.randbytes(TAG_SIZE)))
        wire[-2] = wire[-2] % 255 + 1
        return bytes(wire)


_WRONG: list[Callable[[Speaker], bytes]] = [
    Speaker.wrong_tag,
    Speaker.wrong_session,
    Speaker.wrong_counter,
    Speaker.wrong_version,
    Speaker.wrong_length,
    Speaker.other_direction,
    Speaker.seen_before,
    Speaker.any_size,
    Speaker.broken,
    Speaker.wrong_sum,
]
_NAMES = {make: make.__name__.replace("_", " ") for make in _WRONG}
