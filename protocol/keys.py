"""Pairing keys: what they are, the text of their files, and the keys derived from them.

A key is 32 random bytes for one pump and one role. The file's text is made and judged here; opening files is the work
of the programs. Nothing on the wire sets, reads or lists keys. One key is no secret: the bench key, published below.
docs/decisions/0010-several-keys-a-role.md, docs/decisions/0011-bench-key.md
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import shlex
import stat
from dataclasses import dataclass, field
from typing import Any

from protocol.vocabulary import Role

KEY_SIZE = 32
KEY_ID_SIZE = 4
DEVICE_ID_SIZE = 8
MOST_FILE = 4_096  # bytes; a key file has some 200
_FORMAT = 1
_SERIAL = re.compile(r"[0-9A-Z](?:[0-9A-Z-]{0,6}[0-9A-Z])?")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]*")
_FIELDS = {"format", "serial_number", "role", "key_id", "key"}


class KeyFileError(ValueError):
    """A key file can't be taken; the message says why and what mends it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A pairing key.

    Attributes:
        serial_number: the pump it belongs to, 1 to 8 capitals, digits and inner hyphens; empty for the bench key, which
            fits any pump until it has met one.
        role: what it allows.
        key_id: 4 bytes that name it on the wire.
        secret: 32 bytes that never travel and are never printed.
    """

    serial_number: str
    role: Role
    key_id: bytes
    secret: bytes = field(repr=False)

    @property
    def is_bench(self) -> bool:
        """Whether this is the published bench key, which protects nothing."""
        return self.secret == BENCH_KEY.secret

    def fits(self, serial_number: str) -> bool:
        """Tell whether this is a key of that pump."""
        return self.serial_number == serial_number or self == BENCH_KEY


# The source of the bench key: whoever can read this sentence holds it. Its secret is the SHA-256 of the sentence, its
# key id the first 4 bytes of the SHA-256 of that secret.
BENCH_TEXT = "pumpmock bench key: published, held by everybody, protects nothing"
_BENCH_SECRET = hashlib.sha256(BENCH_TEXT.encode("ascii")).digest()
BENCH_KEY = Key("", Role.DEVELOPER, hashlib.sha256(_BENCH_SECRET).digest()[:KEY_ID_SIZE], _BENCH_SECRET)
BENCH_WARNING = "BENCH KEY: anyone can change this pump"


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


def file_name(serial_number: str, role: Role, key_id: bytes = b"") -> str:
    """Return the name of a key's file: "PM-00001.technician.key"; of a further one of this role with its key id inside."""
    parts = (serial_number, role.name.lower(), key_id.hex(), "key")
    return ".".join(part for part in parts if part)


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


def from_bytes(data: bytes, where: str) -> Key:
    """Return the key in the file `where`, of which the first `MOST_FILE` + 1 bytes are enough.

    Raises:
        KeyFileError: with the file's name and what is wrong; never with a part of the key.
    """
    if len(data) > MOST_FILE:
        raise KeyFileError(f"{where} is not a key file: it has more than {MOST_FILE} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise KeyFileError(f"{where} is not a key file: it is not text") from None
    return from_text(text, where)


def from_text(text: str, where: str) -> Key:
    """Return the key in the text of the file `where`.

    Raises:
        KeyFileError: with the file's name and what is wrong; never with a part of the key.
    """
    try:
        content = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        # What the parser has to say could quote the text.
        raise KeyFileError(f"{where} is not a key file: its text is not JSON") from None
    if not isinstance(content, dict) or set(content) != _FIELDS or not _is_format(content["format"]):
        raise KeyFileError(
            f"{where} is not a key file of format {_FORMAT}: it wants {', '.join(sorted(_FIELDS))}"
        )
    return _checked(content, where)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a field stands there twice")
    return content


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")  # although Python's parser takes NaN and Infinity


def _is_format(value: object) -> bool:
    return type(value) is int and value == _FORMAT  # True and 1.0 are equal to 1


def _checked(content: dict[str, Any], where: str) -> Key:
    texts = {name: value if isinstance(value, str) else "" for name, value in content.items()}
    roles = {role.name.lower(): role for role in Role}
    if texts["role"] not in roles:
        raise KeyFileError(f"{where}: role is not one of {', '.join(roles)}")
    try:
        serial_number = check_serial_number(texts["serial_number"])
    except ValueError:
        raise KeyFileError(f"{where}: serial_number is not one that a pump can have") from None
    key_id, secret = (_from_hex(texts[name]) for name in ("key_id", "key"))
    if len(key_id) != KEY_ID_SIZE or len(secret) != KEY_SIZE:
        raise KeyFileError(f"{where}: key_id is {KEY_ID_SIZE} bytes and key {KEY_SIZE}, in hexadecimal")
    if secret == BENCH_KEY.secret or key_id == BENCH_KEY.key_id:
        raise KeyFileError(f"{where} holds the published bench key: delete it; --bench-key needs no file")
    return Key(serial_number, roles[texts["role"]], key_id, secret)


def _from_hex(text: str) -> bytes:
    """Return the bytes, none where it is not hexadecimal: `bytes.fromhex` alone would take spaces too."""
    return bytes.fromhex(text) if _HEXADECIMAL.fullmatch(text) and len(text) % 2 == 0 else b""


def check_private(mode: int, where: str) -> None:
    """Refuse a key file that others than its owner may read or write, given its `st_mode`.

    Raises:
        KeyFileError: with the command that mends it.
    """
    if not stat.S_ISREG(mode):
        raise KeyFileError(f"{where} is not a regular file")
    if stat.S_IMODE(mode) & 0o077:
        raise KeyFileError(f"{where} is open to others than its owner: chmod 600 {shlex.quote(where)}")


def check_folder(mode: int, where: str) -> None:
    """Refuse a folder of keys that others than its owner may write to, given its `st_mode`: they could swap the files.

    Raises:
        KeyFileError: with the command that mends it.
    """
    if not stat.S_ISDIR(mode):
        raise KeyFileError(f"{where} is not a folder: keys are looked for in one")
    if (
        mode & stat.S_ISVTX and mode & stat.S_IWOTH
    ):  # /tmp and the like belong to everybody, and should stay so
        raise KeyFileError(f"{where} is everybody's: keep the keys in a folder of their own")
    if stat.S_IMODE(mode) & 0o022:
        raise KeyFileError(f"others than its owner can write to {where}: chmod 700 {shlex.quote(where)}")


def check_new(key: Key, path: str, taken: dict[tuple[str, bytes], str]) -> None:
    """Refuse a second key of a pump with the same key id: the pump could hold only one of them.

    Args:
        key: read from `path`.
        path: its file.
        taken: the file of each key read so far by serial number and key id; this one is added.

    Raises:
        KeyFileError: with both files.
    """
    other = taken.setdefault((key.serial_number, key.key_id), path)
    if other != path:
        raise KeyFileError(f"{path} has the key id of {other}: move one of them out of the folder")


def extract(salt: bytes, material: bytes) -> bytes:
    """HKDF-SHA256, first half (RFC 5869, 2.2)."""
    return hmac.digest(salt, material, hashlib.sha256)


def expand(key: bytes, info: bytes) -> bytes:
    """HKDF-SHA256, second half, one block of 32 bytes (RFC 5869, 2.3)."""
    return hmac.digest(key, info + b"\x01", hashlib.sha256)
