"""The name that stays: a symbolic link to the pseudo-terminal of the moment, and the lock that says whose it is.

A pseudo-terminal is `/dev/pts/7` today and `/dev/pts/12` after the next start, so hosts are given a link. Who serves
a link is decided by `flock` on the file `LINK.lock` beside it, because the kernel lets go of that lock however its
owner dies; a link left behind by a killed emulator is recognised by its free lock, and replaced.

The lock file is removed by its owner, while it still holds the lock. Another process that had already opened that
file then gets a lock on a file without a name, which keeps nobody out: so whoever gets a lock looks whether the name
still leads to the file it locked, and starts over if not. A link is only ever written under the lock. Two things are
outside the promise: a lock file removed by hand while its owner lives, and a file system without `flock`.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
from typing import TYPE_CHECKING

from pumpmock.ports.base import PortError, PortInUseError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFAULT_LINKS = 10
_PID = re.compile(rb"[0-9]{0,10}\n?")
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class Link:
    """One stable link and its lock: claim it, point it at devices, take it down, release it.

    Args:
        path: where the link shall be.
    """

    __slots__ = ("_lock", "_lock_path", "_target", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock_path = path.with_name(f"{path.name}.lock")
        self._lock: int | None = None
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
        left_behind = self._lock_path.exists()
        self._lock = self._take_lock()
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
        if self._lock is None:
            return
        lock, self._lock = self._lock, None
        if _is_named(lock, self._lock_path):
            self._lock_path.unlink(missing_ok=True)
        os.close(lock)

    def _take_lock(self) -> int:
        while True:
            lock = self._open_lock()
            try:
                if self._lock_and_sign(lock):
                    return lock
            except BaseException:
                os.close(lock)
                raise
            os.close(lock)  # its owner removed it while we stood at the door: the next one is ours to make

    def _open_lock(self) -> int:
        # O_NONBLOCK: a FIFO of that name must not hang us. O_NOFOLLOW: a link of that name must not lead us astray.
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            return os.open(self._lock_path, flags, 0o600)
        except OSError as error:
            raise PortError(
                f"{self._lock_path} can't be written ({error.strerror}); choose another path"
            ) from error

    def _lock_and_sign(self, lock: int) -> bool:
        """Lock the open file and write our pid into it; False if it has lost its name meanwhile."""
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.pread(lock, 16, 0).decode("ascii", "replace").strip() or "not yet written"
            raise PortInUseError(
                f"{self.path} is served by another pumpmock (pid {pid}): stop it, or choose another link with --pty"
            ) from error
        if not _is_named(lock, self._lock_path):
            return False
        if not _PID.fullmatch(os.pread(lock, 16, 0)):
            raise PortError(f"{self._lock_path} is a file of something else; choose another path")
        os.ftruncate(lock, 0)
        os.pwrite(lock, b"%d\n" % os.getpid(), 0)
        return True


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


def _is_named(descriptor: int, path: Path) -> bool:
    """Whether `path` leads to the very file that is open."""
    try:
        named = path.lstat()
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), named)
