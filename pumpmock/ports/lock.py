"""Who serves a name in a folder: a lock on the file `NAME.lock` beside it.

The kernel lets go of that lock however its owner dies, so what a killed emulator left behind is recognised by its free
lock. The lock file is removed by its owner, while it still holds the lock. Another process that had already opened that
file then gets a lock on a file without a name, which keeps nobody out: so whoever gets a lock looks whether the name
still leads to the file it locked, and starts over if not. Two things are outside the promise: a lock file removed by
hand while its owner lives, and a file system without `flock`.
"""

from __future__ import annotations

import fcntl
import os
import re
from typing import TYPE_CHECKING

from pumpmock.ports.base import PortError, PortInUseError

if TYPE_CHECKING:
    from pathlib import Path

_PID = re.compile(rb"[0-9]{0,10}\n?")


class Lock:
    """The lock of one name.

    Args:
        whose: the name that is served.
        advice: what somebody can do who finds it served, as the end of a sentence.
    """

    __slots__ = ("_advice", "_held", "_whose")

    def __init__(self, whose: Path, advice: str) -> None:
        self._whose = whose
        self._advice = advice
        self._held: int | None = None

    @property
    def path(self) -> Path:
        """The lock file."""
        return self._whose.with_name(f"{self._whose.name}.lock")

    def take(self) -> None:
        """Become the one who serves the name, until `release` or the end of the process.

        Raises:
            PortInUseError: another process, or another one of this process, serves it.
            PortError: something that isn't ours is in the way, or the folder can't be used.
        """
        self._held = self._taken()

    def release(self) -> None:
        """Let others have the name."""
        if self._held is None:
            return
        lock, self._held = self._held, None
        if _is_named(lock, self.path):
            self.path.unlink(missing_ok=True)
        os.close(lock)

    def _taken(self) -> int:
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
            return os.open(self.path, flags, 0o600)
        except OSError as error:
            raise PortError(
                f"{self.path} can't be written ({error.strerror}); choose another path"
            ) from error

    def _lock_and_sign(self, lock: int) -> bool:
        """Lock the open file and write our pid into it; False if it has lost its name meanwhile."""
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.pread(lock, 16, 0).decode("ascii", "replace").strip() or "not yet written"
            raise PortInUseError(
                f"{self._whose} is served by another pumpmock (pid {pid}): stop it, or {self._advice}"
            ) from error
        if not _is_named(lock, self.path):
            return False
        if not _PID.fullmatch(os.pread(lock, 16, 0)):
            raise PortError(f"{self.path} is a file of something else; choose another path")
        os.ftruncate(lock, 0)
        os.pwrite(lock, b"%d\n" % os.getpid(), 0)
        return True


def _is_named(descriptor: int, path: Path) -> bool:
    """Whether `path` leads to the very file that is open."""
    try:
        named = path.lstat()
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), named)
