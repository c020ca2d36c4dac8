"""COBS, CRC-32, HMAC and the keys: each piece of the wire by itself, beside the vectors of the standards."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from docs.vectors.given import (
    DEVICE_NONCE,
    HOST_NONCE,
    SESSION,
    TECHNICIAN,
    VIEWER,
    Json,
    crc_hex,
    key_json,
    keys_of,
    topic,
)
from protocol.frame import _uncobs
from protocol.keys import Key, device_id, expand, extract
from protocol.session import Side, tag
from protocol.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

# RFC 4231, 4.2 to 4.6: key, data, HMAC-SHA256; the last is cut to 16 bytes, as our tags are.
_RFC_4231 = (
    ("4.2", "0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        "4.3",
        b"Jefe".hex(),
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    ("4.4", "aa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (
        "4.5",
        bytes(range(1, 26)).hex(),
        b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
    ("4.6", "0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
)
# RFC 5869, A.1 to A.3: input keying material, salt, info, PRK, and the first block of the output.
_RFC_5869 = (
    (
        "A.1",
        "0b" * 22,
        bytes(range(0x0D)).hex(),
        bytes(range(0xF0, 0xFA)).hex(),
        "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
    ),
    (
        "A.2",
        bytes(range(0x50)).hex(),
        bytes(range(0x60, 0xB0)).hex(),
        bytes(range(0xB0, 0x100)).hex(),
        "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c",
    ),
    (
        "A.3",
        "0b" * 22,
        "",
        "",
        "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d",
    ),
)
_PLAIN = (
    *("", "00", "0000", "11", "11220033", "11000000", "11223344", "0011", "00112200"),
    *("ff" * 235, "00" * 235, "ff00" * 117, bytes(range(235)).hex(), "01" * 234 + "00"),
)
_NOT_COBS = (
    ("00", "a zero inside"),
    ("0511", "the length points past the end"),
    ("0211ff", "the last length points past the end"),
    ("03110022", "a zero inside"),
    ("ff" * 100, "the first length points past the end"),
)


def cobs() -> Json:
    """Return plain bytes and the same in COBS, and runs that are not COBS."""
    return topic(
        "COBS of fewer than 254 bytes. `plain` and `coded` belong together; what stands in `refused` is not COBS.",
        vectors=[{"plain": plain, "coded": _coded(bytes.fromhex(plain))} for plain in _PLAIN],
        refused=[{"coded": _refused(coded), "why": why} for coded, why in _NOT_COBS],
    )


def _coded(plain: bytes) -> str:
    """Return bytes in COBS by its definition, checked by the decoder."""
    run = b"".join(bytes((len(piece) + 1,)) + piece for piece in plain.split(b"\0"))
    if _uncobs(run) != plain:
        raise ValueError("the decoder does not agree with the definition of COBS")
    return run.hex()


def _refused(coded: str) -> str:
    if _uncobs(bytes.fromhex(coded)) is not None:
        raise ValueError(f"the decoder takes {coded}")
    return coded


def crc() -> Json:
    """Return data and its CRC-32, as a number and as it stands on the wire."""
    data = (
        b"123456789",
        b"",
        b"\0",
        b"\0" * 4,
        b"\xff" * 4,
        b"a",
        bytes(range(231)),
        *(bytes((1 << bit,)) for bit in range(8)),
    )
    return topic(
        "CRC-32 of zlib and Ethernet. `wire` is the number, least significant byte first.",
        vectors=[{"data": one.hex(), "crc": zlib.crc32(one), "wire": crc_hex(one)} for one in data],
    )


def keys() -> Json:
    """Return HMAC, HKDF and all keys that are derived."""
    return topic(
        "HMAC-SHA256 and HKDF-SHA256 by the RFCs, and the keys derived from a pairing key. `info` is without the 01 "
        "that HKDF appends for its first block; the wire never takes a second block.",
        hmac=[_hmac(*row) for row in _RFC_4231],
        hkdf=[_hkdf(*row) for row in _RFC_5869],
        derived=list(_derived()),
    )


def _hmac(section: str, key: str, data: bytes, expected: str) -> Json:
    made = tag(bytes.fromhex(key), data).hex()
    if not expected.startswith(made):
        raise ValueError(f"HMAC does not agree with RFC 4231, {section}")
    return {"source": f"RFC 4231, {section}", "key": key, "data": data.hex(), "hmac": expected, "tag": made}


def _hkdf(section: str, material: str, salt: str, info: str, prk: str, okm: str) -> Json:
    made = extract(bytes.fromhex(salt), bytes.fromhex(material)).hex()
    if (made, expand(bytes.fromhex(made), bytes.fromhex(info)).hex()) != (prk, okm):
        raise ValueError(f"HKDF does not agree with RFC 5869, {section}")
    return {
        "source": f"RFC 5869, {section}",
        "material": material,
        "salt": salt,
        "info": info,
        "prk": prk,
        "first_block": okm,
    }


def _derived() -> Iterator[Json]:
    developer = Key("A", Role.DEVELOPER, b"\0\0\0\0", b"\xff" * 32)
    for key in (TECHNICIAN, VIEWER, developer):
        for session in (1, SESSION, 0xFFFFFFFF):
            nonces = HOST_NONCE + DEVICE_NONCE
            sealing = keys_of(session, key)
            yield {
                "key": key_json(key),
                "device_id": device_id(key.serial_number).hex(),
                "host_nonce": HOST_NONCE.hex(),
                "device_nonce": DEVICE_NONCE.hex(),
                "session": session,
                "root": extract(nonces, key.secret).hex(),
                "host_key": sealing[Side.HOST].hex(),
                "pump_key": sealing[Side.DEVICE].hex(),
            }
