"""The pump's keys: owner-only files in one folder, made here, read at the start, and never sent anywhere.

docs/decisions/0010-several-keys-a-role.md
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol.keys import (
    BENCH_KEY,
    KEY_ID_SIZE,
    KEY_SIZE,
    MOST_FILE,
    Key,
    KeyFileError,
    check_folder,
    check_new,
    check_private,
    file_name,
    from_bytes,
    to_text,
)
from protocol.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

ROLES = (Role.VIEWER, Role.TECHNICIAN)  # whose keys are made at the first start; a developer's is asked for


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A file in the folder of the keys.

    Attributes:
        path: the file.
        key: the key in it; None where it can't be taken.
        problem: why not, with what mends it; empty where it can.
    """

    path: Path
    key: Key | None
    problem: str = ""


def ensure_keys(folder: Path, serial_number: str, random: Callable[[int], bytes]) -> dict[bytes, Key]:
    """Return the keys of a pump by key id, making a viewer's and a technician's where there is none.

    Raises:
        KeyFileError: where the folder, or a file that names this pump, is there and can't be taken.
        OSError: where a file can't be read or written.
    """
    keys = load_keys(folder, serial_number)
    for role in ROLES:
        if role not in {key.role for key in keys.values()}:
            generate(folder, serial_number, role, random, keys, first=True)
    return load_keys(folder, serial_number)


def load_keys(folder: Path, serial_number: str) -> dict[bytes, Key]:
    """Return the keys of a pump by key id; none where there is no folder.

    Raises:
        KeyFileError: where the folder, or a file that names this pump, can't be taken.
    """
    found = [file for file in list_keys(folder) if file.path.name.startswith(f"{serial_number}.")]
    problems = [file.problem for file in found if file.problem]
    if problems:
        raise KeyFileError("; ".join(problems))
    return {file.key.key_id: file.key for file in found if file.key is not None}


def list_keys(folder: Path) -> list[KeyFile]:
    """Return all key files in a folder, by name; none where there is no folder.

    Raises:
        KeyFileError: where others can write to the folder.
        OSError: where it can't be read.
    """
    try:
        check_folder(folder.stat().st_mode, str(folder))
    except FileNotFoundError:
        return []
    taken: dict[tuple[str, bytes], str] = {}
    return [_look_at(path, taken) for path in sorted(folder.iterdir()) if path.suffix == ".key"]


def generate(
    folder: Path,
    serial_number: str,
    role: Role,
    random: Callable[[int], bytes],
    keys: Mapping[bytes, Key],
    *,
    first: bool = False,
) -> KeyFile:
    """Make a key file beside those of `keys` and return it.

    Args:
        folder: where; it is made for its owner alone where it is not there.
        serial_number: the pump's.
        role: what the key allows.
        random: returns that many random bytes, from a cryptographic source.
        keys: the pump's keys so far, whose key ids are taken.
        first: whether no more than one key of the role is wanted: where somebody else has just made it, it is that.

    Raises:
        OSError: where it can't be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key_id = random(KEY_ID_SIZE)
    while key_id in keys or key_id == BENCH_KEY.key_id:
        key_id = random(KEY_ID_SIZE)
    key = Key(serial_number, role, key_id, random(KEY_SIZE))
    path = folder / file_name(serial_number, role)
    try:
        _write(path, key)
    except FileExistsError:
        if not first:
            path = folder / file_name(serial_number, role, key_id)
            _write(path, key)
    return KeyFile(path, key)


def drop(folder: Path, key_id: bytes, serial_number: str | None) -> KeyFile:
    """Delete the file of a key, and return what it was.

    Raises:
        KeyFileError: where there is no such key, or more than one.
        OSError: where it can't be deleted.
    """
    found = [
        file
        for file in list_keys(folder)
        if file.key is not None
        and file.key.key_id == key_id
        and serial_number in {None, file.key.serial_number}
    ]
    if not found:
        raise KeyFileError(
            f"there is no key {key_id.hex()} in {folder}: pumpmock keys list shows those there are"
        )
    if len(found) > 1:
        whose = ", ".join(file.key.serial_number for file in found if file.key is not None)
        raise KeyFileError(f"several pumps have a key {key_id.hex()}: name one by --serial-number ({whose})")
    found[0].path.unlink()
    return found[0]


def _look_at(path: Path, taken: dict[tuple[str, bytes], str]) -> KeyFile:
    try:
        key = read_key(path)
        _check_name(path, key)
        check_new(key, str(path), taken)
    except KeyFileError as error:
        return KeyFile(path, None, str(error))
    except OSError as error:
        return KeyFile(path, None, f"{path} can't be read: {error.strerror}")
    return KeyFile(path, key)


def _check_name(path: Path, key: Key) -> None:
    names = {file_name(key.serial_number, key.role, key_id) for key_id in (b"", key.key_id)}
    if path.name not in names:
        said = f"{path} holds the {key.role.name.lower()} key {key.key_id.hex()} of pump {key.serial_number}"
        raise KeyFileError(f"{said}, which its name does not say: move it out of the folder")


def _write(path: Path, key: Key) -> None:
    # Written whole under another name and then linked, so that nobody ever finds half a key or makes a second one.
    draft = path.with_suffix(f".{key.key_id.hex()}.new")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor
            file.write(to_text(key))
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)


def read_key(path: Path) -> Key:
    """Return the key in an owner-only file.

    Raises:
        KeyFileError: where the file can't be taken.
        OSError: where it can't be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise KeyFileError(f"{path} is a symbolic link: put the file itself there") from None
        raise
    try:
        check_private(os.fstat(descriptor).st_mode, str(path))
        return from_bytes(os.read(descriptor, MOST_FILE + 1), str(path))
    finally:
        os.close(descriptor)
