"""Writes a file whole or not at all, and over another one only where that was asked for."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from monitor.errors import MonitorError

if TYPE_CHECKING:
    from pathlib import Path


def write_new(path: Path, text: str, *, over: bool) -> None:
    """Write a text file; on the disk when this returns.

    Args:
        path: where.
        text: what is in it.
        over: whether a file that is there may be replaced.

    Raises:
        MonitorError: it can't be written, or is there already.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(draft, flags, 0o666), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if over:
            draft.replace(path)
        else:
            os.link(draft, path)  # as a rename, but for a file that is there
    except FileExistsError as error:
        raise MonitorError(f"{path} is there already: name another by --out, or add --force") from error
    except OSError as error:
        raise MonitorError(f"{path} can't be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            draft.unlink()
