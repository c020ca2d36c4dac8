"""Who is at the line: inotify tells a pseudo-terminal's owner of the clients' opens, writes and closes, in order.

The owner holds the slave end open, because a master whose slave nobody holds answers EIO and keeps `poll` spinning;
but that hides hosts coming and going. inotify on the slave's node shows both (Linux only). Writes are watched too:
bytes carry no name, and where one host left and the next came before we looked, the writes between the opens and
closes say whose the bytes are (see `visits`).

The kernel allows a user 128 inotify instances by default, so the ports of one event loop share one. Where none is to
be had, on another system or beyond a limit of the kernel, `watch` returns None and a port does without.
"""

from __future__ import annotations

import asyncio
import enum
import os
import struct
import sys
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

    from inotify_simple import INotify  # type: ignore[import-untyped]


class Sign(enum.Enum):
    """What happened at the slave's node."""

    OPENED = enum.auto()
    WROTE = enum.auto()
    CLOSED = enum.auto()


# The events of <sys/inotify.h>; a close is told apart by whether the client could have written.
_SIGN_OF = {0x02: Sign.WROTE, 0x08: Sign.CLOSED, 0x10: Sign.CLOSED, 0x20: Sign.OPENED}
_EVENT = struct.Struct("iIII")  # watch, mask, cookie, size of the name: 0, the node being no directory
_READ_SIZE = 256 * _EVENT.size
_watchers: WeakKeyDictionary[asyncio.AbstractEventLoop, _Watcher] = WeakKeyDictionary()


def watch(path: str, on_signs: Callable[[], None]) -> Watch | None:
    """Watch the node at `path`; `on_signs` is called in the running loop when there are signs to take.

    Returns:
        The watch, to be closed while the node exists; or None where the system can't watch.
    """
    loop = asyncio.get_running_loop()
    try:
        watcher = _watchers.get(loop) or _start(loop)
        return None if watcher is None else watcher.add(path, on_signs)
    except OSError:  # EMFILE, ENOSPC: this user has as many instances or watches as the kernel allows
        return None


def _start(loop: asyncio.AbstractEventLoop) -> _Watcher | None:
    if sys.platform != "linux":
        return None
    from inotify_simple import INotify  # noqa: PLC0415 - it can be installed, and imported, on Linux alone

    _watchers[loop] = watcher = _Watcher(loop, INotify(nonblocking=True))
    return watcher


class Watch:
    """The signs at one node, kept in order until they are taken."""

    __slots__ = ("_descriptor", "_on_signs", "_signs", "_watcher")

    def __init__(self, watcher: _Watcher, descriptor: int, on_signs: Callable[[], None]) -> None:
        self._watcher = watcher
        self._descriptor = descriptor
        self._signs: list[Sign] = []
        self._on_signs = on_signs

    def take(self) -> list[Sign]:
        """Return every sign up to now, oldest first, each once. The kernel makes one of two like signs in a row."""
        self._watcher.collect(taker=self)
        signs, self._signs = self._signs, []
        return signs

    def keep(self, sign: Sign) -> None:
        """Keep one sign until it is taken."""
        self._signs.append(sign)

    def tell(self) -> None:
        """Call `on_signs` if there are signs that nobody has taken meanwhile."""
        if self._signs:
            self._on_signs()

    def close(self) -> None:
        """Watch no more; nothing is told afterwards."""
        self._signs.clear()
        self._watcher.remove(self._descriptor)


class _Watcher:
    """The one inotify instance of a loop; it ends with its last watch.

    The kernel's queue takes 16,384 events and drops the rest. Every port reads it whenever it reads bytes, so that
    takes a loop that stood still; a port's count of its clients is then wrong, which `visits` can live with.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, inotify: INotify) -> None:
        self._loop = loop
        self._inotify = inotify
        self._watches: dict[int, Watch] = {}
        loop.add_reader(inotify.fileno(), self.collect)

    def add(self, path: str, on_signs: Callable[[], None]) -> Watch:
        try:
            descriptor = self._inotify.add_watch(path, sum(_SIGN_OF))
            watch = self._watches[descriptor] = Watch(self, descriptor, on_signs)
        finally:
            self._end_if_idle()
        return watch

    def remove(self, descriptor: int) -> None:
        del self._watches[descriptor]
        self._inotify.rm_watch(descriptor)
        self._end_if_idle()

    def collect(self, taker: Watch | None = None) -> None:
        """Hand the waiting events to their watches, and tell all but the one that is taking its own."""
        touched: dict[Watch, None] = {}
        for descriptor, mask, _, _ in _EVENT.iter_unpack(self._read()):
            # A watch that was removed may still have events in the queue, and its end is an event too.
            watch = self._watches.get(descriptor)
            sign = _SIGN_OF.get(mask)
            if watch is not None and sign is not None:
                watch.keep(sign)
                touched[watch] = None
        for watch in touched:
            if watch is taker:
                continue
            # Each in a turn of its own, so that an error in one port's conversation keeps nothing from the others.
            self._loop.call_soon(watch.tell)

    def _read(self) -> bytes:
        """Return every event that waits; inotify_simple's own way of doing so costs more than answering a poll."""
        data = b""
        while len(data) % _READ_SIZE == 0:
            try:
                data += os.read(self._inotify.fileno(), _READ_SIZE)
            except BlockingIOError:
                break
        return data

    def _end_if_idle(self) -> None:
        if not self._watches:
            self._loop.remove_reader(self._inotify.fileno())
            self._inotify.close()
            del _watchers[self._loop]
