"""Files at a path where somebody may have left something else: a link, a pipe, a folder, a file without an end."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def read_ordinary(path: Path, most_bytes: int, only_bytes: int | None = None) -> bytes:
    """Return what is in an ordinary file of a sensible size; a pipe or a device would never end.

    Args:
        path: where it is.
        most_bytes: how large it may be.
        only_bytes: how many bytes of its beginning are wanted; None for all of it.

    Raises:
        ValueError: where it is something else, or larger than `most_bytes`.
        OSError: where it can't be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            raise ValueError("it is a folder")
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("it is not an ordinary file")
        if found.st_size > most_bytes:
            raise ValueError(f"it is larger than {most_bytes} bytes")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(most_bytes if only_bytes is None else only_bytes)
    finally:
        os.close(descriptor)


def create_draft(path: Path) -> int:
    """Return the descriptor of a new file for its owner alone; what was left at its path is removed, never written into.

    Raises:
        OSError: where it can't be made.
    """
    path.unlink(missing_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
