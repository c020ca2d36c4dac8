"""Frames as no honest host would make them: any counter, any key, any damage. docs/protocol.md, "The frame".

An honest end (`protocol.session`) refuses to make most of these, so they are put together here from their parts.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from protocol.frame import HEADER, VERSION
from protocol.handshake import handshake_key
from protocol.messages import MINOR_VERSION, Challenge, Confirm, Hello, build
from protocol.session import Side, session_keys, tag

if TYPE_CHECKING:
    from protocol.keys import Key


def cobs(raw: bytes) -> bytes:
    """Return bytes in COBS, without delimiters; no run of them without a zero may have 254 or more."""
    return b"".join(bytes((len(piece) + 1,)) + piece for piece in raw.split(b"\0"))


def delimited(run: bytes) -> bytes:
    """Return a run between its two delimiters."""
    return b"\0" + run + b"\0"


def summed(body: bytes) -> bytes:
    """Return header, payload and tag with the right CRC-32 after them."""
    return body + zlib.crc32(body).to_bytes(4, "little")


def on_wire(body: bytes) -> bytes:
    """Return header, payload and tag, whatever they say, as a frame with a right CRC-32."""
    return delimited(cobs(summed(body)))


def turned(data: bytes, at: int, mask: int = 1) -> bytes:
    """Return `data` with the bits of `mask` turned in one byte."""
    at %= len(data)
    return data[:at] + bytes((data[at] ^ mask,)) + data[at + 1 :]


@dataclass(slots=True)
class Session:
    """The host's end of an open session, from which anything can be sealed.

    Attributes:
        key: the pairing key.
        number: of the session.
        keys: what each side seals with.
        sent: the highest counter that an honest host would have used.
        heard: the counter of the newest frame from the device.
    """

    key: Key
    number: int
    keys: dict[Side, bytes] = field(repr=False)
    sent: int = 0
    heard: int = 0

    def body(
        self,
        code: int,
        payload: bytes = b"",
        *,
        counter: int | None = None,
        session: int | None = None,
        ack: int | None = None,
        version: int = VERSION,
        length: int | None = None,
        by: Side = Side.HOST,
    ) -> bytes:
        """Return header, payload and a tag that is right for them; without a counter of its own it takes the next one."""
        if counter is None:
            self.sent += 1
            counter = self.sent
        signed = HEADER.pack(
            version,
            code,
            self.number if session is None else session,
            counter,
            self.heard if ack is None else ack,
            (len(payload) if length is None else length) & 0xFF,
        )
        signed += payload
        return signed + tag(self.keys[by], signed)

    def seal(
        self,
        code: int,
        payload: bytes = b"",
        *,
        counter: int | None = None,
        session: int | None = None,
        ack: int | None = None,
        by: Side = Side.HOST,
    ) -> bytes:
        """Return a frame on the wire, sealed as asked."""
        return on_wire(self.body(code, payload, counter=counter, session=session, ack=ack, by=by))


def _handshake_frame(
    key: Key, code: int, payload: bytes, header: tuple[int, int, int], *bound: bytes
) -> bytes:
    signed = HEADER.pack(VERSION, code, *header, len(payload)) + payload
    return on_wire(signed + tag(handshake_key(key), signed, *bound))


@dataclass(frozen=True, slots=True)
class Greeting:
    """A Hello that was, or will be, sent.

    Attributes:
        key: the pairing key; one with a wrong secret or key id makes a Hello that deserves silence.
        nonce: 16 bytes.
        minor_version: as told.
        header: session, counter and ack, which have no effect.
        surplus: bytes after the payload.
    """

    key: Key
    nonce: bytes
    minor_version: int = MINOR_VERSION
    header: tuple[int, int, int] = (0, 0, 0)
    surplus: bytes = b""

    def wire(self, cut: int = 0) -> bytes:
        """Return its bytes, `cut` bytes of payload left out at the end."""
        payload = build(Hello(self.key.key_id, self.nonce, self.minor_version)) + self.surplus
        return _handshake_frame(self.key, Hello.code, payload[: len(payload) - cut], self.header)


@dataclass(frozen=True, slots=True)
class Offer:
    """A Challenge that was received, and what can be made of it."""

    greeting: Greeting
    challenge: Challenge

    @property
    def nonces(self) -> bytes:
        """The host's nonce and the device's."""
        return self.greeting.nonce + self.challenge.device_nonce

    def confirm(
        self,
        *,
        key: Key | None = None,
        session: int | None = None,
        counts: tuple[int, int] = (0, 0),
        payload: bytes = b"",
    ) -> bytes:
        """Return the Confirm; with another key, session or payload, one that opens nothing."""
        header = (self.challenge.session if session is None else session, *counts)
        bound = (self.nonces, self.challenge.device_id)
        return _handshake_frame(key or self.greeting.key, Confirm.code, payload, header, *bound)

    def session(self) -> Session:
        """Return the session that its Confirm opens."""
        key, number = self.greeting.key, self.challenge.session
        context = self.challenge.device_id + bytes((key.role,))
        return Session(
            key, number, session_keys(number, secret=key.secret, nonces=self.nonces, context=context)
        )
