"""The frame a second time, from docs/protocol.md and other people's code, to hold ours against.

COBS is the `cobs` package's, HMAC and HKDF are those of `cryptography`, and the CRC-32 is worked out bit by bit.
"""

from __future__ import annotations

import struct

from cobs import cobs
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from protocol.frame import Damage

_LEAST, _MOST = 35, 235  # bytes of a frame before COBS


def crc32(data: bytes) -> int:
    """Return the CRC-32 with the polynomial 0x04C11DB7, reflected, a bit at a time."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xEDB88320 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def encode(signed: bytes, tag: bytes) -> bytes:
    """Return the bytes on the wire."""
    body = signed + tag
    return b"\0" + bytes(cobs.encode(body + struct.pack("<L", crc32(body)))) + b"\0"


def examine(run: bytes) -> tuple[bytes, bytes] | Damage:
    """Return what is signed in the bytes between two delimiters, and the tag; or what is wrong with them."""
    if not _LEAST + 1 <= len(run) <= _MOST + 1:
        return Damage.SIZE
    try:
        raw = cobs.decode(run)
    except cobs.DecodeError:
        return Damage.COBS
    body, crc = raw[:-4], raw[-4:]
    if struct.pack("<L", crc32(body)) != crc:
        return Damage.CRC
    if body[0] != 1:
        return Damage.VERSION
    if body[14] != len(body) - 31:
        return Damage.LENGTH
    return body[:-16], body[-16:]


def mac(key: bytes, data: bytes) -> bytes:
    """Return HMAC-SHA256, whole."""
    made = hmac.HMAC(key, hashes.SHA256())
    made.update(data)
    return made.finalize()


def derive(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """Return 32 bytes of HKDF-SHA256."""
    return HKDF(hashes.SHA256(), 32, salt, info).derive(secret)


def expand(key: bytes, info: bytes) -> bytes:
    """Return 32 bytes of the second half of HKDF-SHA256."""
    return HKDFExpand(hashes.SHA256(), 32, info).derive(key)
