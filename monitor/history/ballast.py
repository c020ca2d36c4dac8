"""Room that is kept beside the history for the day on which the disk is full.

A full disk takes no record that says so, nor the verdict of a change that was sent before: even to delete, SQLite wants
room first. So a file of zeros lies there, to be given up then. As long as it can't be laid again, the disk is full.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BALLAST_BYTES = 1024 * 1024  # a hundred audit records, each with the pages that SQLite's journal takes for it


def ballast_of(file: Path) -> Path:
    """Return where the ballast of a history lies."""
    return file.with_name(file.name + "-ballast")


def lay(file: Path, size: int = BALLAST_BYTES) -> None:
    """Have the ballast of a history lie on the disk, with all its bytes.

    Raises:
        OSError: there is no room for it.
    """
    path = ballast_of(file)
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        missing = size - os.fstat(descriptor).st_size
        os.lseek(descriptor, 0, os.SEEK_END)
        while missing > 0:  # written, since a hole would take no room
            missing -= os.write(descriptor, bytes(missing))
    except OSError:
        path.unlink()
        raise
    finally:
        os.close(descriptor)


def give_up(file: Path) -> None:
    """Make room."""
    ballast_of(file).unlink(missing_ok=True)
