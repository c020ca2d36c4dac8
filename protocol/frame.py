"""Bytes to frames and back: delimiter, COBS, size, CRC-32, version, length; in step again after any garbage.

    00 | COBS( header 15 | payload 0..200 | tag 16 | CRC-32 ) | 00

The checks come in that order and a frame that fails one is counted and dropped: no answer, no change of state. A whole
frame here is undamaged, as far as a CRC can tell; whether it is from the peer is for `session` to say.
"""

from __future__ import annotations

import struct
import zlib
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

VERSION = 1
MOST_PAYLOAD = 200
TAG_SIZE = 16
HEADER = struct.Struct("<BBLLLB")  # version, type, session, counter, ack, length of the payload
_CRC = struct.Struct("<L")
_LEAST_RAW = HEADER.size + TAG_SIZE + _CRC.size
_MOST_RAW = _LEAST_RAW + MOST_PAYLOAD
_CRC_OF_ITSELF = 0x2144DF1C  # CRC-32 of any bytes followed by their own CRC-32, least significant byte first
# Under 254 raw bytes, COBS adds exactly one byte, whatever the content.
MOST_ENCODED = _MOST_RAW + 1
MOST_WIRE = MOST_ENCODED + 2  # and its two delimiters
LEAST_WIRE = MOST_WIRE - MOST_PAYLOAD  # a frame without a payload
READ_SIZE = 4_096  # bytes that a receiver looks at together: some hundred of the shortest frames
_NOT_ZERO = bytes(1) + b"\xff" * 255  # a table for bytes.translate
_CODES = [bytes((length + 1,)) for length in range(254)]
FROM_DEVICE = 0x80  # bit of the type code


class Damage(Enum):
    """Why bytes between two delimiters are not a frame."""

    SIZE = "too short or too long"
    COBS = "not COBS"
    CRC = "wrong CRC-32"
    VERSION = "another version"
    LENGTH = "length of the payload does not fit"


class Frame(NamedTuple):
    """An undamaged frame, not yet authenticated.

    Attributes:
        type: the message's type code; bit 7 is set on what the pump sends.
        session: the session it claims to belong to, 0 before there is one.
        counter: its place in that session, from 1.
        ack: the newest counter that its sender has accepted from the peer.
        payload: the message's body, which nobody may parse before the tag was verified.
        tag: the first 16 bytes of the HMAC.
        signed: header and payload, the bytes that the tag signs.
    """

    type: int
    session: int
    counter: int
    ack: int
    payload: bytes
    tag: bytes
    signed: bytes


def header(code: int, session: int, counter: int, ack: int, payload: bytes) -> bytes:
    """Return the 15 bytes before a payload.

    Raises:
        ValueError: where the payload is longer than a frame can carry.
    """
    if len(payload) > MOST_PAYLOAD:
        raise ValueError(f"a payload of {len(payload)} bytes; a frame carries {MOST_PAYLOAD}")
    return HEADER.pack(VERSION, code, session, counter, ack, len(payload))


def encode(signed: bytes, tag: bytes) -> bytes:
    """Return the bytes on the wire for a header with its payload and their tag."""
    body = signed + tag
    return _stuffed(bytes(body) + _CRC.pack(zlib.crc32(body)))


def spoiled_crc(whole: bytes) -> bytes:
    """Return the bytes of a sound frame with a wrong CRC-32, and nothing else wrong: for a peer that plays a faulty one."""
    *rest, last = _raw(whole)
    return _stuffed(bytes((*rest, last ^ 0xFF)))


def spoiled_length(whole: bytes) -> bytes:
    """Return the bytes of a sound frame that says another length than its payload has, and is undamaged by its CRC."""
    body = bytearray(_raw(whole)[: -_CRC.size])
    body[HEADER.size - 1] ^= 1
    return _stuffed(bytes(body) + _CRC.pack(zlib.crc32(body)))


def _raw(whole: bytes) -> bytes:
    return cast("bytes", _uncobs(whole.strip(b"\0")))


def _stuffed(raw: bytes) -> bytes:
    # Each run between zeros is shorter than 254, so COBS is this: its length, counted with the zero, and the run.
    return b"\0%b\0" % b"".join([_CODES[len(run)] + run if run else b"\1" for run in raw.split(b"\0")])


def _uncobs(run: bytes) -> bytes | None:
    """Return the decoded bytes; None unless the chain of codes lands exactly on the delimiter.

    No block is as long as 254 bytes, so each code stands where the decoded bytes have a zero: they are put in place.
    """
    size = len(run)
    if 0 in run:
        return None
    decoded = bytearray(run)
    at = run[0]
    while at < size:
        decoded[at] = 0
        at += run[at]
    return bytes(decoded[1:]) if at == size else None


class Unstuffer:
    """Takes COBS off one run after another; the quicker, the more they are alike.

    One reading has its zeros mostly where the last one had them. Where a run has the very codes of the run before it, its
    chain is the same one: all of them give way to zeros at once. Else the chain is followed, as always for the first.
    docs/decisions/0018-the-last-frames-zeros.md
    """

    __slots__ = ("_codes", "_places", "_size")

    def __init__(self) -> None:
        self._size = 0
        self._codes = 0  # of the last run, as a number: each code in its place, and nothing between them
        self._places = 0  # the same with all bits set in place of each code

    def __call__(self, run: bytes) -> bytes | None:
        """Return the decoded bytes; None unless the chain of codes lands exactly on the delimiter."""
        number = int.from_bytes(run, "big")
        size = len(run)
        if size == self._size and number & self._places == self._codes and 0 not in run:
            return (number ^ self._codes).to_bytes(size, "big")[1:]
        decoded = _uncobs(run)
        if decoded is not None:
            self._size = size
            self._codes = number ^ int.from_bytes(decoded, "big")
            self._places = int.from_bytes(self._codes.to_bytes(size, "big").translate(_NOT_ZERO), "big")
        return decoded


def pieces(data: bytes) -> Iterable[bytes]:
    """Return a read in pieces of `READ_SIZE` at the most: what one makes is done with before the next is looked at."""
    if len(data) <= READ_SIZE:
        return (data,)
    return (data[at : at + READ_SIZE] for at in range(0, len(data), READ_SIZE))


class Decoder:
    """Finds the frames in a stream of bytes, however it is cut up, and holds one maximum frame at the most.

    Attributes:
        damaged: how many candidates were dropped, by reason.
    """

    __slots__ = ("_held", "_skipping", "_unstuff", "damaged")

    def __init__(self) -> None:
        self.damaged = dict.fromkeys(Damage, 0)
        self._held = b""
        self._skipping = False
        self._unstuff = Unstuffer()

    def feed(self, data: bytes) -> list[Frame]:
        """Return the undamaged frames that `data` completes; memory and time grow with its length, see `pieces`."""
        runs = (self._held + data).split(b"\0")
        rest = runs.pop()
        if self._skipping and runs:
            runs[0] = b""
            self._skipping = False
        if self._skipping:
            rest = b""
        elif len(rest) > MOST_ENCODED:
            self.damaged[Damage.SIZE] += 1
            self._skipping = True
            rest = b""
        self._held = rest
        frames = []
        for run in filter(None, runs):
            found = examine(run, self._unstuff)
            if isinstance(found, Frame):
                frames.append(found)
            else:
                self.damaged[found] += 1
        return frames

    @property
    def dropped(self) -> int:
        """All that was dropped so far."""
        return sum(self.damaged.values())


def examine(run: bytes, unstuff: Callable[[bytes], bytes | None] = _uncobs) -> Frame | Damage:
    """Return the frame in the bytes between two delimiters, or what is wrong with them."""
    if not _LEAST_RAW < len(run) <= MOST_ENCODED:
        return Damage.SIZE
    raw = unstuff(run)
    if raw is None:
        return Damage.COBS
    if zlib.crc32(raw) != _CRC_OF_ITSELF:
        return Damage.CRC
    version, code, session, counter, ack, length = HEADER.unpack_from(raw)
    if version != VERSION:
        return Damage.VERSION
    if length != len(raw) - _LEAST_RAW:
        return Damage.LENGTH
    end = HEADER.size + length
    return Frame(code, session, counter, ack, raw[HEADER.size : end], raw[end : end + TAG_SIZE], raw[:end])
