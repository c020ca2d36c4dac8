"""The pump's table of keys: one owner-only file a role, made at the first start and never sent anywhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from protocol.keys import (
    KEY_ID_SIZE,
    KEY_SIZE,
    Key,
    KeyFileError,
    check_private,
    file_name,
    from_text,
    to_text,
)
from protocol.messages import Role

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROLES = (Role.VIEWER, Role.TECHNICIAN)
_MOST_TEXT = 4_096


def ensure_keys(folder: Path, serial_number: str, random: Callable[[int], bytes]) -> dict[bytes, Key]:
    """Return the keys of a pump by key id, making those that are missing.

    Raises:
        KeyFileError: where a file is there and can't be taken.
        OSError: where a file can't be read or written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = [_ensure(folder, serial_number, role, random) for role in ROLES]
    return {key.key_id: key for key in keys}


def _ensure(folder: Path, serial_number: str, role: Role, random: Callable[[int], bytes]) -> Key:
    path = folder / file_name(serial_number, role)
    try:
        key = _read(path)
    except FileNotFoundError:
        key = _make(path, Key(serial_number, role, random(KEY_ID_SIZE), random(KEY_SIZE)))
    if (key.serial_number, key.role) != (serial_number, role):
        raise KeyFileError(f"{path} holds a key of another pump or role: move it away to have a new one made")
    return key


def _make(path: Path, key: Key) -> Key:
    # Written whole under another name and then linked, so that nobody ever finds half a key or makes a second one.
    draft = path.with_suffix(f".{key.key_id.hex()}.new")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor
            file.write(to_text(key))
        path.hardlink_to(draft)
    except FileExistsError:
        return _read(path)
    finally:
        draft.unlink(missing_ok=True)
    return key


def _read(path: Path) -> Key:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
        check_private(os.fstat(file.fileno()).st_mode, str(path))
        return from_text(file.read(_MOST_TEXT), str(path))
