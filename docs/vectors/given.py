"""What all vectors start from: keys and nonces fixed for comparison, and messages as JSON values."""

from __future__ import annotations

import itertools
import zlib
from typing import TYPE_CHECKING, Any

from protocol.fields import specs
from protocol.frame import FROM_DEVICE, HEADER, VERSION, Decoder, Frame
from protocol.handshake import handshake_key
from protocol.keys import Key, device_id
from protocol.messages import MESSAGES, MINOR_VERSION, build, parse
from protocol.session import Side, session_keys
from protocol.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.fields import Message

Json = dict[str, Any]

SERIAL_NUMBER = "PM-00001"
TECHNICIAN = Key(SERIAL_NUMBER, Role.TECHNICIAN, bytes.fromhex("a1a2a3a4"), bytes(range(32)))
VIEWER = Key(SERIAL_NUMBER, Role.VIEWER, bytes.fromhex("b1b2b3b4"), bytes(range(32, 64)))
STORE_ID = bytes(range(0x11, 0x19))
BOOT = 3
HOST_NONCE = bytes(range(0x40, 0x50))
DEVICE_NONCE = bytes(range(0x60, 0x70))
SESSION = 0x01020304


def topic(about: str, **content: Any) -> Json:  # noqa: ANN401 - JSON values
    """Return the content of a file: which protocol it is of, what it is about, and the rest."""
    return {"protocol": {"version": VERSION, "minor_version": MINOR_VERSION}, "about": about, **content}


def key_json(key: Key) -> Json:
    """Return a pairing key as it stands in its file, with the key that tags its handshakes."""
    return {
        "serial_number": key.serial_number,
        "role": int(key.role),
        "key_id": key.key_id.hex(),
        "secret": key.secret.hex(),
        "handshake_key": handshake_key(key).hex(),
    }


def keys_of(
    session: int, key: Key = TECHNICIAN, nonces: bytes = HOST_NONCE + DEVICE_NONCE
) -> dict[Side, bytes]:
    """Return what each side of a session seals with."""
    context = device_id(key.serial_number) + bytes((key.role,))
    return session_keys(session, secret=key.secret, nonces=nonces, context=context)


def counting(start: int = 1) -> Callable[[int], bytes]:
    """Return a source of bytes in place of a random one, which never gives the same twice."""
    numbers = itertools.count(start)
    return lambda size: (next(numbers).to_bytes(2, "little") * 8)[:size]


def fields_of(message: Any) -> Json:  # noqa: ANN401 - any message or record
    """Return the fields of a message as JSON values: bytes in hexadecimal, members of an enumeration by number."""
    return {name: _value(getattr(message, name)) for name in specs(type(message))}


def _value(value: Any) -> Any:  # noqa: ANN401 - a field of any type
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [fields_of(one) for one in value]
    return int(value) if isinstance(value, int) else value if isinstance(value, str) else fields_of(value)


def frame_of(wire: bytes) -> Frame:
    """Return the one frame in `wire`."""
    (frame,) = Decoder().feed(wire)
    return frame


def sender(code: int) -> str:
    """Return who sends messages of this type."""
    return "pump" if code & FROM_DEVICE else "host"


def message_json(message: Message, wire: bytes) -> Json:
    """Return a message with all the pieces of its frame, which is checked to carry it."""
    frame = frame_of(wire)
    if parse(frame.type, frame.payload) != message or frame.payload != build(message):
        raise ValueError(f"the frame does not carry this {type(message).__name__}")
    raw = frame.signed + frame.tag
    return {
        "message": MESSAGES[frame.type].__name__,
        "type": frame.type,
        "from": sender(frame.type),
        "session": frame.session,
        "counter": frame.counter,
        "ack": frame.ack,
        "fields": fields_of(message),
        "header": frame.signed[: HEADER.size].hex(),
        "payload": frame.payload.hex(),
        "tag": frame.tag.hex(),
        "crc": crc_hex(raw),
        "raw": raw.hex() + crc_hex(raw),
        "wire": wire.hex(),
    }


def crc_hex(data: bytes) -> str:
    """Return the CRC-32 of `data` as it stands on the wire."""
    return zlib.crc32(data).to_bytes(4, "little").hex()


def spoken(wire: bytes) -> Json:
    """Return what a frame says, without its pieces."""
    frame = frame_of(wire)
    message = parse(frame.type, frame.payload)
    return {"message": type(message).__name__, "fields": fields_of(message), "wire": wire.hex()}
