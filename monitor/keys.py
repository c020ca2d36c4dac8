"""The pairing keys at hand: owner-only files in the user's configuration folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import platformdirs

from protocol.keys import Key, KeyFileError, check_private, from_text
from protocol.places import APP, KEYS

if TYPE_CHECKING:
    from pathlib import Path

_MOST_TEXT = 4_096


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys found in a folder.

    Attributes:
        folder: where they were looked for.
        keys: those that can be used.
        problems: a sentence for each file that can't.
    """

    folder: Path
    keys: tuple[Key, ...]
    problems: tuple[str, ...]

    def rounds(self, serial_number: str | None) -> list[list[Key]]:
        """Return the keys in the order to try them: in each round one key a pump, the most capable first."""
        pumps: dict[str, list[Key]] = {}
        for key in sorted(self.keys, key=lambda key: -key.role):
            if serial_number in {None, key.serial_number}:
                pumps.setdefault(key.serial_number, []).append(key)
        depth = max(map(len, pumps.values()), default=0)
        return [[keys[place] for keys in pumps.values() if place < len(keys)] for place in range(depth)]

    def what_is_missing(self, serial_number: str | None) -> str:
        """Return the sentence for a person who has no key that fits."""
        of_whom = f" for pump {serial_number}" if serial_number else ""
        said = f"there is no key{of_whom} in {self.folder}: pumpmock serve makes them at its first start"
        return "; ".join([f"{said}, and a key from another machine is copied there", *self.problems])


def default_folder() -> Path:
    """Return the folder of the key files in the user's configuration."""
    return platformdirs.user_config_path(APP) / KEYS


def find_keys(folder: Path | None = None) -> Keyring:
    """Return the keys in `folder`, by default the user's."""
    where = folder or default_folder()
    keys: list[Key] = []
    problems: list[str] = []
    for path in sorted(where.glob("*.key")):
        try:
            keys.append(_read(path))
        except KeyFileError as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(f"{path} can't be read: {error.strerror}")
    return Keyring(where, tuple(keys), tuple(problems))


def _read(path: Path) -> Key:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
        check_private(os.fstat(file.fileno()).st_mode, str(path))
        return from_text(file.read(_MOST_TEXT), str(path))
