"""What a receiver makes of a stream of bytes, and of frames in a session."""

from __future__ import annotations

import random
import zlib
from typing import TYPE_CHECKING

from docs.vectors.given import (
    DEVICE_NONCE,
    HOST_NONCE,
    SESSION,
    TECHNICIAN,
    Json,
    crc_hex,
    keys_of,
    topic,
)
from docs.vectors.typical import READING
from protocol.frame import FROM_DEVICE, MOST_ENCODED, MOST_PAYLOAD, Damage, Decoder, encode, header
from protocol.keys import device_id
from protocol.messages import Poll, Status, build
from protocol.session import LAST_COUNTER, Session, Side, tag

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEED = 1
_KEYS = keys_of(SESSION)
_COUNTERS = {
    Damage.SIZE: "size",
    Damage.COBS: "cobs",
    Damage.CRC: "crc",
    Damage.VERSION: "version",
    Damage.LENGTH: "length",
}


def _sealed(
    code: int,
    counter: int,
    payload: bytes = b"",
    *,
    session: int = SESSION,
    by: Side | None = None,
    ack: int = 0,
) -> bytes:
    """Return a frame sealed by whoever sends this type, or by the other side."""
    side = by or (Side.DEVICE if code & FROM_DEVICE else Side.HOST)
    signed = header(code, session, counter, ack, payload) + payload
    return encode(signed, tag(_KEYS[side], signed))


_POLL = _sealed(Poll.code, 1)
_READING = _sealed(Status.code, 1, build(READING))
_LARGEST = _sealed(Status.code, 2, b"\xa5" * MOST_PAYLOAD)


def streams() -> Json:
    """Return streams in chunks with the frames that come out of them and what is counted as dropped."""
    return topic(
        "Streams of bytes as they arrive, in chunks. `frames` are the undamaged ones before COBS, `dropped` is what a "
        "receiver has counted at the end.",
        vectors=[_received(name, chunks) for name, chunks in _streams()],
    )


def _received(name: str, chunks: list[bytes]) -> Json:
    decoder = Decoder()
    frames = [frame for chunk in chunks for frame in decoder.feed(chunk)]
    bodies = [frame.signed + frame.tag for frame in frames]
    return {
        "name": name,
        "chunks": [chunk.hex() for chunk in chunks],
        "frames": [body.hex() + crc_hex(body) for body in bodies],
        "dropped": {_COUNTERS[damage]: count for damage, count in decoder.damaged.items()},
    }


def _turned(data: bytes, at: int, mask: int = 1) -> bytes:
    return data[:at] + bytes((data[at] ^ mask,)) + data[at + 1 :]


def _as_frame(raw: bytes) -> bytes:
    """Return bytes with a right CRC-32 and COBS, whatever they say."""
    body = raw + zlib.crc32(raw).to_bytes(4, "little")
    return b"\0" + b"".join(bytes((len(piece) + 1,)) + piece for piece in body.split(b"\0")) + b"\0"


def _streams() -> Iterator[tuple[str, list[bytes]]]:
    raw = header(Poll.code, SESSION, 1, 0, b"") + bytes(16)
    yield "nothing", [b""]
    yield "delimiters alone", [b"\0" * 10]
    yield "a frame", [_POLL]
    yield "the largest frame", [_LARGEST]
    yield "two frames", [_POLL + _READING]
    yield "two frames that share a delimiter", [_POLL + _READING[1:]]
    yield "a frame without its first delimiter", [_POLL[1:]]
    yield "a frame without its last delimiter", [_POLL[:-1]]
    yield "its last delimiter comes later", [_POLL[:-1], b"\0"]
    yield "byte by byte", [bytes((byte,)) for byte in _POLL + _READING]
    yield "three chunks that cut frames", [_POLL[:20], _POLL[20:] + _READING[:100], _READING[100:]]
    yield "joined in the middle of a frame", [_READING[60:] + _POLL]
    yield "joined at the end of a frame", [_READING[-1:] + _POLL]
    yield "noise before a frame", [b"\x55\xaa\x01\xff" + _POLL]
    yield "noise with zeros in it", [random.Random(_SEED).randbytes(600) + _POLL]  # noqa: S311 - noise, not a secret
    yield "the delimiter between two frames is lost", [_POLL[:-1] + _READING[1:]]
    yield "both delimiters between two frames are lost, but one", [_POLL[:-1] + _READING]
    yield "a delimiter appears inside a frame", [_POLL[:20] + b"\0" + _POLL[21:] + _READING]
    yield "a byte is lost", [_READING[:50] + _READING[51:] + _POLL]
    yield "a byte is doubled", [_READING[:50] + _READING[49:] + _POLL]
    yield "a bit is turned in the payload", [_turned(_READING, 40) + _POLL]
    yield "a bit is turned in the tag", [_turned(_POLL, 25) + _POLL]
    yield "a bit is turned in the CRC-32", [_turned(_POLL, len(_POLL) - 2) + _POLL]
    yield "a length of COBS is turned", [_turned(_POLL, 1, 0x40) + _POLL]
    yield "too short by a byte, with a right CRC-32", [_as_frame(raw[:-1]) + _POLL]
    yield "another version, with a right CRC-32", [_as_frame(b"\x02" + raw[1:]) + _POLL]
    yield "a length too large, with a right CRC-32", [_as_frame(_turned(raw, 14)) + _POLL]
    yield "a length of 255, with a right CRC-32", [_as_frame(raw[:14] + b"\xff" + raw[15:]) + _POLL]
    yield (
        "a payload of 201 bytes, with a right CRC-32",
        [_as_frame(raw[:14] + b"\xc9" + b"\xa5" * 201 + raw[15:]) + _POLL],
    )
    yield "as much as a receiver holds, without a delimiter", [b"\xff" * MOST_ENCODED, b"\0" + _POLL]
    yield "a byte more than a receiver holds", [b"\xff" * (MOST_ENCODED + 1), b"\0" + _POLL]
    yield "a thousand bytes without a delimiter, counted once", [b"\xff" * 100] * 10 + [b"\0" + _POLL]
    yield (
        "a frame straight after what is too long, without a delimiter",
        [b"\xff" * 300 + _POLL[1:] + _READING],
    )


def sessions() -> Json:
    """Return frames in a session with what its receiver makes of each."""
    return topic(
        "Undamaged frames in a session, one after the other, with what the receiver makes of each: accepted, or "
        "dropped for its session, direction, counter or tag. `heard` is the highest counter accepted so far.",
        session=SESSION,
        host_key=_KEYS[Side.HOST].hex(),
        pump_key=_KEYS[Side.DEVICE].hex(),
        vectors=[_judged(name, receiver, frames) for name, receiver, frames in _sequences()],
    )


def _judged(name: str, side: Side, frames: list[bytes]) -> Json:
    context = device_id(TECHNICIAN.serial_number) + bytes((TECHNICIAN.role,))
    nonces = HOST_NONCE + DEVICE_NONCE
    session = Session(side, SESSION, secret=TECHNICIAN.secret, nonces=nonces, context=context)
    steps = []
    for wire in frames:
        (frame,) = Decoder().feed(wire)
        why = session.open(frame)
        steps.append(
            {
                "counter": frame.counter,
                "verdict": "accepted" if why is None else "dropped",
                "why": None if why is None else why.name.lower(),
                "heard": session.heard,
                "wire": wire.hex(),
            }
        )
    return {"name": name, "receiver": "host" if side is Side.HOST else "pump", "steps": steps}


def _poll(counter: int, **changed: int) -> bytes:
    return _sealed(Poll.code, counter, **changed)  # type: ignore[arg-type] # ack and session


def _bad_tag(wire: bytes) -> bytes:
    (frame,) = Decoder().feed(wire)
    return encode(frame.signed, _turned(frame.tag, 15))


def _sequences() -> Iterator[tuple[str, Side, list[bytes]]]:
    pump, host = Side.DEVICE, Side.HOST
    reading = build(READING)
    yield "one after the other", pump, [_poll(counter) for counter in (1, 2, 3)]
    yield "one after the other, at the host", host, [_sealed(Status.code, n, reading, ack=n) for n in (1, 2)]
    yield "a repetition", pump, [_poll(1), _poll(1), _poll(2), _poll(1), _poll(2)]
    yield "a gap, and what was left out comes late", pump, [_poll(1), _poll(5), _poll(2), _poll(4), _poll(6)]
    yield "a counter of 0", pump, [_poll(0), _poll(1)]
    yield "the last counter", pump, [_poll(LAST_COUNTER - 1), _poll(LAST_COUNTER), _poll(LAST_COUNTER + 1)]
    yield "beyond the last counter", pump, [_poll(LAST_COUNTER + 1), _poll(0xFFFF_FFFF), _poll(1)]
    yield "a wrong tag does not move the counter", pump, [_poll(1), _bad_tag(_poll(9)), _poll(2)]
    yield "a wrong tag on a repetition is a repetition", pump, [_poll(1), _bad_tag(_poll(1))]
    yield "of another session", pump, [_poll(1, session=SESSION + 1), _poll(1, session=0), _poll(1)]
    yield "a frame comes back to the host that sent it", host, [_poll(1)]
    yield "a frame comes back to the pump that sent it", pump, [_sealed(Status.code, 1, reading)]
    yield "the peer's type under the receiver's own key", pump, [_sealed(Poll.code, 1, by=pump)]
    yield "the same at the host", host, [_sealed(Status.code, 1, reading, by=host)]
    yield "an ack is not looked at", pump, [_poll(1, ack=7), _poll(2, ack=0xFFFF_FFFF), _poll(3)]
    yield "a type that nobody knows is accepted, and answered", pump, [_sealed(0x7F, 1), _poll(2)]
