"""A folder that keeps account of what of it would outlast a power cut, as the names and the contents were synced."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_LOCK = ".lock"  # files that nobody misses
# What a crash leaves: all that was written; what was synced; or the newest names, but of the contents what was synced.
KILLED, CUT, CUT_NAMES_KEPT = "killed", "power cut", "power cut, names kept"
ENDS = (KILLED, CUT, CUT_NAMES_KEPT)


class Disk:
    """See the module.

    Args:
        folder: the folder, empty.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._contents: dict[int, bytes] = {}  # synced, by inode
        self._synced: dict[Path, bytes] = {}

    def calls(self) -> dict[str, Callable[..., Any]]:
        """Return what stands for functions of `os` while the disk is in use."""
        return {"open": self._opening(os.open), "fsync": self._syncing(os.fsync)}

    def sync_names(self) -> None:
        """Keep the present names, and with them what was synced of their files."""
        self._synced = self._named()

    def crash(self, end: str) -> None:
        """Leave in the folder what is there after such an end."""
        if end == KILLED:
            return
        left = self._synced if end == CUT else self._named()
        for path in self._folder.iterdir():
            path.unlink()
        self._contents.clear()
        for path, data in left.items():
            path.write_bytes(data)
            self._contents[path.stat().st_ino] = data
        self._synced = left

    def _named(self) -> dict[Path, bytes]:
        names = [path for path in self._folder.iterdir() if path.suffix != _LOCK]
        return {path: self._contents.get(path.stat().st_ino, b"") for path in names}

    def _opening(self, honest: Callable[..., int]) -> Callable[..., int]:
        def opened(path: Any, flags: int, *rest: Any) -> int:  # noqa: ANN401 - of the system
            descriptor = honest(path, flags, *rest)
            if flags & os.O_EXCL:
                self._contents.pop(os.fstat(descriptor).st_ino, None)  # whose number was another's
            return descriptor

        return opened

    def _syncing(self, honest: Callable[[int], None]) -> Callable[[int], None]:
        def synced(descriptor: int) -> None:
            honest(descriptor)
            found = os.fstat(descriptor)
            if os.path.samestat(found, self._folder.stat()):
                self.sync_names()
            else:
                self._contents[found.st_ino] = Path(f"/proc/self/fd/{descriptor}").read_bytes()

        return synced
