"""Pairing keys: what they are, the text of their files, and the keys derived from them.

A key is 32 random bytes for one pump and one role. The file's text is made and judged here; opening files is the work
of the programs. Nothing on the wire sets, reads or lists keys.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import stat
from dataclasses import dataclass, field
from typing import Any

from protocol.messages import Role

KEY_SIZE = 32
KEY_ID_SIZE = 4
DEVICE_ID_SIZE = 8
_FORMAT = 1
_SERIAL = re.compile(r"[0-9A-Z](?:[0-9A-Z-]{0,6}[0-9A-Z])?")
_FIELDS = {"format", "serial_number", "role", "key_id", "key"}


class KeyFileError(ValueError):
    """A key file can't be taken; the message says why and what mends it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A pairing key.

    Attributes:
        serial_number: the pump it belongs to, 1 to 8 capitals, digits and inner hyphens.
        role: what it allows.
        key_id: 4 bytes that name it on the wire.
        secret: 32 bytes that never travel and are never printed.
    """

    serial_number: str
    role: Role
    key_id: bytes
    secret: bytes = field(repr=False)


def check_serial_number(serial_number: str) -> str:
    """Return `serial_number` if a pump can have it.

    Raises:
        ValueError: with a sentence that says what is allowed.
    """
    if not _SERIAL.fullmatch(serial_number):
        raise ValueError(f'"{serial_number}" is no serial number: 1 to 8 capitals and digits, hyphens inside')
    return serial_number


def device_id(serial_number: str) -> bytes:
    """Return the serial number as it stands in a challenge."""
    return check_serial_number(serial_number).encode("ascii").ljust(DEVICE_ID_SIZE, b"\0")


def serial_number_of(identifier: bytes) -> str:
    """Return the serial number in a challenge.

    Raises:
        ValueError: where it is none.
    """
    return check_serial_number(identifier.rstrip(b"\0").decode("ascii", "replace"))


def file_name(serial_number: str, role: Role) -> str:
    """Return the name of a key's file: "PM-00001.technician.key"."""
    return f"{serial_number}.{role.name.lower()}.key"


def to_text(key: Key) -> str:
    """Return the text of a key's file."""
    content = {
        "format": _FORMAT,
        "serial_number": key.serial_number,
        "role": key.role.name.lower(),
        "key_id": key.key_id.hex(),
        "key": key.secret.hex(),
    }
    return json.dumps(content, indent=2) + "\n"


def from_text(text: str, where: str) -> Key:
    """Return the key in the text of the file `where`.

    Raises:
        KeyFileError: with the file's name and what is wrong; never with a part of the key.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise KeyFileError(f"{where} is not a key file: its text is not JSON") from error
    if not isinstance(content, dict) or set(content) != _FIELDS or content["format"] != _FORMAT:
        raise KeyFileError(
            f"{where} is not a key file of format {_FORMAT}: it wants {', '.join(sorted(_FIELDS))}"
        )
    return _checked(content, where)


def _checked(content: dict[str, Any], where: str) -> Key:
    roles = {role.name.lower(): role for role in Role}
    if str(content["role"]) not in roles:
        raise KeyFileError(f"{where}: role is not one of {', '.join(roles)}")
    try:
        serial_number = check_serial_number(str(content["serial_number"]))
        key_id, secret = bytes.fromhex(str(content["key_id"])), bytes.fromhex(str(content["key"]))
    except ValueError:
        raise KeyFileError(f"{where}: serial_number, key_id or key is not what it should be") from None
    if len(key_id) != KEY_ID_SIZE or len(secret) != KEY_SIZE:
        raise KeyFileError(f"{where}: key_id is {KEY_ID_SIZE} bytes and key {KEY_SIZE}, in hexadecimal")
    return Key(serial_number, roles[content["role"]], key_id, secret)


def check_private(mode: int, where: str) -> None:
    """Refuse a key file that others than its owner may read or write, given its `st_mode`.

    Raises:
        KeyFileError: with the command that mends it.
    """
    if not stat.S_ISREG(mode):
        raise KeyFileError(f"{where} is not a regular file")
    if stat.S_IMODE(mode) & 0o077:
        raise KeyFileError(f"{where} is open to others than its owner: chmod 600 {where}")


def extract(salt: bytes, material: bytes) -> bytes:
    """HKDF-SHA256, first half (RFC 5869, 2.2)."""
    return hmac.digest(salt, material, hashlib.sha256)


def expand(key: bytes, info: bytes) -> bytes:
    """HKDF-SHA256, second half, one block of 32 bytes (RFC 5869, 2.3)."""
    return hmac.digest(key, info + b"\x01", hashlib.sha256)
