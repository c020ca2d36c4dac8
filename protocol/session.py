"""Sealing and opening frames inside an established session: tag, counter, ack.

Keys differ by direction, so a frame sent back to its sender opens for nobody. A counter is accepted once and only
upwards, without a window: a serial line does not reorder honestly. docs/protocol.md, "Sessions".
"""

from __future__ import annotations

import hashlib
import hmac
from enum import Enum

from protocol.frame import FROM_DEVICE, TAG_SIZE, Frame, encode, header
from protocol.keys import expand, extract

LAST_COUNTER = 2**31
LONGEST_SESSION_MS = 24 * 3_600_000
_BLOCK_SIZE = 64  # of SHA-256


class Side(Enum):
    """Which end of the wire this is."""

    HOST = "host"
    DEVICE = "device"


class Intrusion(Enum):
    """Why an undamaged frame was not accepted."""

    SESSION = "of another session"
    DIRECTION = "not from the peer's side"
    COUNTER = "seen before"
    TAG = "wrong tag"


class SessionEndedError(Exception):
    """The session has used up its counters or its time: a new handshake is due."""


def tag(key: bytes, *parts: bytes) -> bytes:
    """Return the first 16 bytes of HMAC-SHA256 over `parts`."""
    return hmac.digest(key, b"".join(parts), "sha256")[:TAG_SIZE]


def is_tag(key: bytes, given: bytes, *parts: bytes) -> bool:
    """Tell in constant time whether `given` is the tag of `parts`."""
    return hmac.compare_digest(tag(key, *parts), given)


class Tagger:
    """HMAC-SHA256 under one key, cut to 16 bytes (RFC 2104).

    The two hash states that depend on the key alone are worked out once. `hmac.digest` works them out for every frame
    and takes more than twice as long; the tests hold the two against each other.

    Args:
        key: 32 bytes; a key longer than a block of the hash would have to be hashed first.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = key.ljust(_BLOCK_SIZE, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def tag(self, data: bytes) -> bytes:
        """Return the tag of `data`."""
        inner = self._inner.copy()
        inner.update(data)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()[:TAG_SIZE]


def session_keys(number: int, *, secret: bytes, nonces: bytes, context: bytes) -> dict[Side, bytes]:
    """Return the key that each side of a session seals with; the arguments are those of `Session`."""
    root = extract(nonces, secret)
    bound = number.to_bytes(4, "little") + context
    return {side: expand(root, b"pump1 " + side.value.encode() + b" " + bound) for side in Side}


class Session:
    """One end of an established session.

    Args:
        side: which end this is.
        number: the session's number from the challenge.
        secret: the pairing key.
        nonces: the host's nonce followed by the device's.
        context: what the keys are bound to beside the nonces: device id and role.

    Attributes:
        number: the session's number.
        heard: the highest counter accepted from the peer.
    """

    __slots__ = ("_open", "_peer_bit", "_seal", "_sent", "heard", "number")

    def __init__(self, side: Side, number: int, *, secret: bytes, nonces: bytes, context: bytes) -> None:
        keys = session_keys(number, secret=secret, nonces=nonces, context=context)
        self.number = number
        self.heard = 0
        self._sent = 0
        self._seal = Tagger(keys[side])
        self._open = Tagger(keys[Side.HOST if side is Side.DEVICE else Side.DEVICE])
        self._peer_bit = FROM_DEVICE if side is Side.HOST else 0

    @property
    def sent(self) -> int:
        """The counter of the newest frame sealed."""
        return self._sent

    def seal(self, code: int, payload: bytes) -> bytes:
        """Return the next frame of this session, as bytes for the wire.

        Raises:
            SessionEndedError: after 2^31 frames.
        """
        if self._sent >= LAST_COUNTER:
            raise SessionEndedError
        self._sent += 1
        signed = header(code, self.number, self._sent, self.heard, payload) + payload
        return encode(signed, self._seal.tag(signed))

    def forge(self, code: int, payload: bytes, *, number: int, counter: int, ack: int) -> bytes:
        """Return a frame under our key with a header of any kind, and count nothing: for one that plays a faulty peer.

        An honest end never calls it.
        """
        signed = header(code, number, counter, ack, payload) + payload
        return encode(signed, self._seal.tag(signed))

    def open(self, frame: Frame) -> Intrusion | None:
        """Accept a frame from the peer (None), or say why not; only then may its payload be parsed."""
        if frame.session != self.number:
            return Intrusion.SESSION
        if frame.type & FROM_DEVICE != self._peer_bit:
            return Intrusion.DIRECTION
        if not self.heard < frame.counter <= LAST_COUNTER:
            return Intrusion.COUNTER
        if not hmac.compare_digest(self._open.tag(frame.signed), frame.tag):
            return Intrusion.TAG
        self.heard = frame.counter
        return None
