"""A port without a descriptor: for hosts in the same process, with no kernel between and, step by step, no loop either.

`pumpmock.urls` makes ports of a URL of it, `in_loop` lets a pump that lives in an event loop answer from there.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pumpmock.ports.base import PortError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from pumpmock.ports.base import Conversation, OpenConversation, Send

MAX_UNREAD = 32 * 1024
"""Bytes kept for a host that does not read; what comes then is lost, as on a line that nobody reads."""


class MemoryPort:
    """The host's end of a line. Whatever the pump answers at once can be read when `write` returns; the rest comes later.

    Any thread may read, write and close, and what the pump sends later may come from any thread as well. The conversation
    runs in the thread of the host that writes, one write at a time.

    Args:
        open_conversation: called at once.

    Attributes:
        lost_bytes: so many that the pump sent found no room.
    """

    def __init__(self, open_conversation: OpenConversation) -> None:
        self.lost_bytes = 0
        self._unread = bytearray()
        self._is_open = self._is_plugged = True
        self._stirred = threading.Condition()
        self._writing = threading.Lock()
        self._conversation = open_conversation("memory", self._take)

    @property
    def in_waiting(self) -> int:
        """How many bytes can be read without waiting."""
        return len(self._unread)

    def write(self, data: bytes) -> int:
        """Send `data` to the pump, keep its reply for `read`, and return the number of bytes sent.

        Raises:
            PortError: the pump has gone.
        """
        with self._writing:
            self._check_plugged()
            self._take(self._conversation.receive(bytes(data)))
        return len(data)

    def read(self, size: int = 1, timeout_s: float | None = 0.0) -> bytes:
        """Return `size` bytes of what the pump has sent; fewer where no more came in time, or the port was closed.

        Args:
            size: at the most so many.
            timeout_s: how long to wait for them; None for as long as it takes.

        Raises:
            PortError: the pump has gone, and what it said has been read.
        """
        data = bytearray()

        def is_done() -> bool:
            fresh = self._unread[: size - len(data)]
            del self._unread[: len(fresh)]
            data.extend(fresh)
            return len(data) >= size or not (self._is_open and self._is_plugged)

        with self._stirred:
            if not is_done() and timeout_s != 0:
                self._stirred.wait_for(is_done, timeout_s)
            if size and not data:
                self._check_plugged()
        return bytes(data)

    def forget_unread(self) -> None:
        """Throw away what the pump has sent and nobody has read."""
        with self._stirred:
            self._unread.clear()

    def close(self) -> None:
        """Unplug the host: the conversation ends, and whoever waits in `read` waits no longer. Twice does nothing."""
        self._end()

    def unplug(self) -> None:
        """Unplug the pump: the conversation ends, and the host gets an error once it has read what was said before."""
        self._is_plugged = False
        self._end()

    def _end(self) -> None:
        with self._stirred:
            was_open, self._is_open = self._is_open, False
            self._stirred.notify_all()
        if was_open:
            self._conversation.close()

    def _check_plugged(self) -> None:
        if not self._is_plugged:
            raise PortError("the pump has gone: it is served no longer")

    def _take(self, data: bytes) -> None:
        with self._stirred:
            if not self._is_open:
                return
            taken = data[: MAX_UNREAD - len(self._unread)]
            self.lost_bytes += len(data) - len(taken)
            self._unread += taken
            self._stirred.notify_all()


def in_loop(open_conversation: OpenConversation, loop: asyncio.AbstractEventLoop) -> OpenConversation:
    """Return what opens the same conversations, to be run in the loop's thread, whichever thread a host is in.

    Such a line answers later: `write` hands the bytes over and returns.
    """

    def open_there(peer: str, send: Send) -> Conversation:
        return _HandedOver(peer, send, open_conversation, loop)

    return open_there


class _HandedOver:
    """A conversation in another thread."""

    def __init__(
        self, peer: str, send: Send, open_conversation: OpenConversation, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._peer = peer
        self._send = send
        self._open_conversation = open_conversation
        self._loop = loop
        self._conversation: Conversation | None = None
        self._there(self._open)

    def receive(self, data: bytes) -> bytes:
        self._there(self._receive, data)
        return b""

    def close(self) -> None:
        if not self._loop.is_closed():  # a loop that has ended has no conversations left
            self._there(self._close)

    def _there(self, action: Callable[..., None], *arguments: bytes) -> None:
        try:
            self._loop.call_soon_threadsafe(action, *arguments)
        except RuntimeError as error:
            raise PortError("the pump has gone: its event loop has ended") from error

    # What follows runs in the loop's thread.

    def _open(self) -> None:
        self._conversation = self._open_conversation(self._peer, self._send)

    def _receive(self, data: bytes) -> None:
        if self._conversation is not None and (reply := self._conversation.receive(data)):
            self._send(reply)

    def _close(self) -> None:
        if self._conversation is not None:
            self._conversation.close()
