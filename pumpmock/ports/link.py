"""The name that stays: a symbolic link to the pseudo-terminal of the moment, and the lock that says whose it is.

A pseudo-terminal is `/dev/pts/7` today and `/dev/pts/12` after the next start, so hosts are given a link. Who serves
a link is decided by the lock on the file `LINK.lock` beside it (see `lock`); a link left behind by a killed emulator is
recognised by its free lock, and replaced. A link is only ever written under the lock.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from pumpmock.ports.base import PortError
from pumpmock.ports.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFAULT_LINKS = 10
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class Link:
    """One stable link and its lock: claim it, point it at devices, take it down, release it.

    Args:
        path: where the link shall be.
    """

    __slots__ = ("_lock", "_lock_path", "_target", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock(path, "choose another link with --pty")
        self._target: str | None = None

    def claim(self) -> None:
        """Become the one who serves this link, until `release` or the end of the process.

        Raises:
            PortInUseError: another process, or another port of this one, serves it.
            PortError: something that isn't ours is in the way, or the directory can't be used.
        """
        if not self.path.parent.is_dir():
            raise PortError(f"there is no directory {self.path.parent}: create it, or choose another path")
        if self.path.exists() and not self.path.is_symlink():
            raise PortError(f"{self.path} is a file, not a link; choose another path")
        left_behind = self._lock.path.exists()
        self._lock.take()
        # Whatever dangles is dead. What leads somewhere is ours only if a lock file and a terminal say so: the number
        # of a killed emulator's terminal may be somebody else's by now, but a link to a disk is not from us.
        ours = not self.path.exists() or (left_behind and self.path.is_char_device())
        if not ours:
            leads_to = self.path.readlink()
            self.release()
            raise PortError(
                f"{self.path} is a link to {leads_to} that pumpmock did not make; choose another path"
            )

    def point_at(self, target: str) -> None:
        """Make the link lead to `target` in one step: whoever opens it gets the old device or the new, never none."""
        # One fixed name, so that what a process killed between these lines leaves is cleared by the next.
        fresh = self.path.with_name(f".{self.path.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(self.path)
        self._target = target

    def take_down(self) -> None:
        """Remove the link if it still leads where we pointed it: a closed terminal's number is soon another's."""
        target, self._target = self._target, None
        if target is not None and self.path.is_symlink() and str(self.path.readlink()) == target:
            self.path.unlink(missing_ok=True)

    def release(self) -> None:
        """Let others have the link."""
        self._lock.release()


def default_links(runtime_dir: Path) -> Iterator[Path]:
    """Yield the links tried when none was asked for: pump0 to pump9 in `runtime_dir`."""
    for number in range(DEFAULT_LINKS):
        yield runtime_dir / f"pump{number}"


def own_directory(directory: Path) -> None:
    """Create the directory of the default links, closed to others, or make sure that it is ours.

    Who can write there can lead a host to another device.

    Raises:
        PortError: it is a link, belongs to another user, or can be written by others.
    """
    for missing in reversed([path for path in (directory, *directory.parents) if not path.exists()]):
        if not missing.is_symlink():
            missing.mkdir(mode=0o700, exist_ok=True)
    status = directory.lstat()
    advice = "remove it, or choose a link with --pty"
    if not stat.S_ISDIR(status.st_mode):
        raise PortError(f"{directory} is not a directory: {advice}")
    if status.st_uid != os.geteuid():
        raise PortError(f"{directory} belongs to another user: {advice}")
    if status.st_mode & _WRITABLE_BY_OTHERS:
        raise PortError(
            f"{directory} can be written by other users: chmod 700 it, or choose a link with --pty"
        )
