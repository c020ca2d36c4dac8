"""The pairing keys at hand: owner-only files in the user's configuration folder, or the published bench key."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, replace
from pathlib import Path

import platformdirs

from protocol.keys import (
    BENCH_KEY,
    MOST_FILE,
    Key,
    KeyFileError,
    check_folder,
    check_new,
    check_private,
    from_bytes,
)
from protocol.places import APP, HOME, KEYS
from protocol.vocabulary import Role


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
            if key == BENCH_KEY:
                pumps.setdefault("", []).append(replace(key, serial_number=serial_number or ""))
            elif serial_number in {None, key.serial_number}:
                pumps.setdefault(key.serial_number, []).append(key)
        depth = max(map(len, pumps.values()), default=0)
        return [[keys[place] for keys in pumps.values() if place < len(keys)] for place in range(depth)]

    def for_looking(self) -> Keyring:
        """Return the keyring without the keys that change a pump, of each pump for which one is there that only reads."""
        looking = {key.serial_number for key in self.keys if key.role is Role.VIEWER}
        kept = tuple(key for key in self.keys if key.role is Role.VIEWER or key.serial_number not in looking)
        return replace(self, keys=kept)

    def what_is_missing(self, serial_number: str | None) -> str:
        """Return the sentence for a person who has no key that fits."""
        of_whom = f" for pump {serial_number}" if serial_number else ""
        said = f"there is no key{of_whom} in {self.folder}: pumpmock serve makes them at its first start"
        return "; ".join([f"{said}, and a key from another machine is copied there", *self.problems])

    def why_silent(self, rounds: list[list[Key]]) -> str:
        """Return what a person should think of where no pump answered to the keys of these rounds."""
        if BENCH_KEY in self.keys:
            return "to the bench key: it is off, it is another device, or it was started without --bench-key"
        whose = ", ".join(sorted({key.serial_number for keys in rounds for key in keys}))
        said = f"to the key of {whose}: it is off, it is another device, or its key is not in {self.folder}"
        return "; ".join([said, *self.problems])


def default_folder() -> Path:
    """Return the folder of the key files: in the user's configuration, or in the home that the environment names."""
    home = os.environ.get(HOME)
    return (Path(home) if home else platformdirs.user_config_path(APP)) / KEYS


def bench_keyring() -> Keyring:
    """Return the published bench key alone: for a pump that was started with it. It is never tried unasked."""
    return Keyring(Path(), (BENCH_KEY,), ())


def one_key(path: Path) -> Keyring:
    """Return the key of one file as a keyring; an empty one with the reason where it can't be used."""
    try:
        return Keyring(path.parent, (read_key(path),), ())
    except KeyFileError as error:
        return Keyring(path.parent, (), (str(error),))
    except OSError as error:
        return Keyring(path.parent, (), (f"{path} can't be read: {error.strerror}",))


def find_keys(folder: Path | None = None) -> Keyring:
    """Return the keys in `folder`, by default the user's; none of them where others can write to it."""
    where = folder or default_folder()
    try:
        check_folder(where.stat().st_mode, str(where))
        paths = sorted(path for path in where.iterdir() if path.suffix == ".key")
    except FileNotFoundError:
        return Keyring(where, (), ())
    except KeyFileError as error:
        return Keyring(where, (), (str(error),))
    except OSError as error:
        return Keyring(where, (), (f"{where} can't be read: {error.strerror}",))
    keys: list[Key] = []
    problems: list[str] = []
    taken: dict[tuple[str, bytes], str] = {}
    for path in paths:
        try:
            key = read_key(path)
            check_new(key, str(path), taken)
        except KeyFileError as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(f"{path} can't be read: {error.strerror}")
        else:
            keys.append(key)
    return Keyring(where, tuple(keys), tuple(problems))


def read_key(path: Path) -> Key:
    """Return the key in a file.

    Raises:
        KeyFileError: where the file can't be taken, with what mends it.
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
