"""Between a host and somebody else's pump: bytes pass as they are, and what passes is written to a journal."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import TYPE_CHECKING

from pumpmock.journal.entry import CAME, HEARD, SAID, WENT, Entry
from pumpmock.ports.base import PortError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from pumpmock.journal.serial_end import SerialEnd
    from pumpmock.ports import Send

_MOST_WAITING = 1_000  # reads of a host that the line has not taken yet
_NOBODY = "nobody"  # hears what the pump says while no host is there


class Recorder:
    """The middle of a line.

    Everything but the line itself runs in the event loop's thread; two threads wait for the line, in place of the loop.

    Args:
        line: to the pump; nobody else reads it.
        wall_ns: the monotonic wall clock.
        note: told of each entry.
        loop: the loop that runs.
        lost: told in that loop why the line is gone.
    """

    def __init__(
        self,
        line: SerialEnd,
        wall_ns: Callable[[], int],
        note: Callable[[Entry], None],
        loop: asyncio.AbstractEventLoop,
        lost: Callable[[PortError], None],
    ) -> None:
        self._line = line
        self._wall_ns = wall_ns
        self._note = note
        self._loop = loop
        self._lost = lost
        self._made = 0
        self._hosts: dict[str, Send] = {}
        self._to_pump: queue.Queue[bytes | None] = queue.Queue(_MOST_WAITING)
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._reading, self._writing)]

    def start(self) -> None:
        """Begin to pass on what the pump says."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Pass nothing on any more; returns when nobody uses the line."""
        self._ended.set()
        with contextlib.suppress(queue.Full):  # it looks whether all has ended after each write
            self._to_pump.put_nowait(None)
        for thread in self._threads:
            thread.join()

    def open(self, peer: str, send: Send) -> _Host:
        """Begin a conversation, as a port does; what the pump says is said to all hosts there are."""
        self._hosts[peer] = send
        self._add(CAME, peer)
        return _Host(self, peer)

    def went(self, peer: str) -> None:
        """Forget a host."""
        self._hosts.pop(peer, None)
        self._add(WENT, peer)

    def heard(self, peer: str, data: bytes) -> None:
        """Pass on what a host says; where the line takes nothing, it is lost, and that is noted."""
        self._add(HEARD, peer, data)
        try:
            self._to_pump.put_nowait(data)
        except queue.Full:
            self._add("overrun", peer)

    def _said(self, data: bytes) -> None:
        for peer, send in [*self._hosts.items()] or [(_NOBODY, lambda _data: None)]:
            self._add(SAID, peer, data)
            send(data)

    def _add(self, what: str, peer: str, data: bytes = b"") -> None:
        self._made += 1
        self._note(Entry(self._made, self._wall_ns(), 0, what, peer, data))

    def _reading(self) -> None:
        while not self._ended.is_set():
            try:
                data = self._line.read()
            except PortError as error:
                self._tell_lost(error)
                return
            if data:
                self._loop.call_soon_threadsafe(self._said, data)

    def _writing(self) -> None:
        while (data := self._to_pump.get()) is not None and not self._ended.is_set():
            try:
                self._line.write(data)
            except PortError as error:
                self._tell_lost(error)
                return

    def _tell_lost(self, error: PortError) -> None:
        if not self._ended.is_set():
            self._loop.call_soon_threadsafe(self._lost, error)


class _Host:
    """One host's conversation."""

    def __init__(self, recorder: Recorder, peer: str) -> None:
        self._recorder = recorder
        self._peer = peer

    def receive(self, data: bytes) -> bytes:
        """Take what arrived; the answer comes later."""
        self._recorder.heard(self._peer, data)
        return b""

    def close(self) -> None:
        """End it: the host has gone."""
        self._recorder.went(self._peer)
