"""Where the control socket of a pump is, and that nobody else can come to it.

A socket on the file system, for its owner alone. The lock beside it (`pumpmock.ports.lock`) says whose it is, so that
what a killed emulator left is replaced, and what a live one serves is not.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from typing import TYPE_CHECKING

from pumpmock.ports.base import PortError
from pumpmock.ports.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIX = ".ctl"
_ADVICE = "choose another socket with --control"
_MOST_PATH = 100  # bytes that every system takes as the address of a socket


def beside(link: Path) -> Path:
    """Return where the control socket of a pump is whose virtual serial port is at `link`."""
    return link.with_name(link.name + SUFFIX)


class Address:
    """The place of one control socket, from `listen` to `close`.

    Args:
        path: where.
    """

    __slots__ = ("_lock", "_made", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock(path, _ADVICE)
        self._made: os.stat_result | None = None

    def listen(self) -> socket.socket:
        """Return a socket that listens there.

        Raises:
            PortInUseError: another process serves it.
            PortError: something that isn't ours is in the way, or others could take its place.
        """
        _check_folder(self.path.parent)
        self._lock.take()
        try:
            _make_way(self.path)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
            try:
                self._bind(listener)
                listener.listen()
            except OSError as error:
                listener.close()
                raise PortError(
                    f"{self.path} can't be served ({error.strerror or error}); {_ADVICE}"
                ) from error
        except BaseException:
            self._lock.release()
            raise
        self._made = self.path.lstat()
        return listener

    def _bind(self, listener: socket.socket) -> None:
        mask = os.umask(0o177)  # for its owner alone from the instant that it is there
        try:
            with reachable(self.path) as address:
                listener.bind(address)
        finally:
            os.umask(mask)

    def close(self) -> None:
        """Remove the socket if it is still the one that was made, and let others have its place."""
        made, self._made = self._made, None
        if made is not None:
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(self.path.lstat(), made):
                    self.path.unlink()
        self._lock.release()


@contextlib.contextmanager
def reachable(path: Path) -> Iterator[str]:
    """Give an address for a socket at `path`, which may be longer than the system takes one.

    Raises:
        OSError: where its folder can't be opened, or is too far down on a system without /proc.
    """
    if len(os.fsencode(path)) <= _MOST_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _check_folder(folder: Path) -> None:
    try:
        found = folder.stat()
    except OSError as error:
        raise PortError(f"there is no directory {folder}: create it, or {_ADVICE}") from error
    replaceable = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
    if replaceable:
        raise PortError(
            f"other users can put another socket in its place in {folder}: chmod 700 it, or {_ADVICE}"
        )


def _make_way(path: Path) -> None:
    """Remove the socket of an emulator that was killed; the lock says that it is dead.

    Raises:
        PortError: where something else is there.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
        raise PortError(f"{path} is there and is no socket of ours; {_ADVICE}")
    path.unlink()
