"""A pump at `mock://NAME`, as a port like the others: for hosts in the same process, with no kernel between."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING

from pumpmock.ports.base import PortError
from pumpmock.ports.memory import in_loop
from pumpmock.urls import SCHEME, served

if TYPE_CHECKING:
    from pumpmock.ports.base import Conversation, OpenConversation, Send

MAX_HELD = 32 * 1024
"""Bytes kept of a host that is not read; what comes then is lost. A write never waits here, so that nobody is held up."""


class MockPort:
    """A name that hosts in this process can open. All but that happens in the running loop's thread.

    Args:
        name: what they open, after "mock://".
        open_conversation: called once a host.
    """

    def __init__(self, name: str, open_conversation: OpenConversation) -> None:
        self._name = name
        self._open_conversation = open_conversation
        self._loop = asyncio.get_running_loop()
        self._serving = ExitStack()
        self._is_opened = False
        self._is_served = False
        self._is_refusing = False
        self._is_deaf = False
        self._ears: set[_Ear] = set()

    @property
    def url(self) -> str:
        """What a host passes to `serial.serial_for_url`."""
        return SCHEME + self._name

    @property
    def is_open(self) -> bool:
        """Whether it was opened and not closed since, whatever it is plugged into."""
        return self._is_opened

    async def open(self) -> None:
        """Let hosts in.

        Raises:
            PortInUseError: the name is served already.
        """
        self.replug()
        self._is_opened = True

    async def close(self) -> None:
        """Throw every host out, and give the name back. Closing twice does nothing."""
        self._is_opened = False
        self.unplug()

    def unplug(self) -> None:
        """Pull the plug: every host gets an error at once, and none can come."""
        self._is_served = False
        self._serving.close()

    def replug(self) -> None:
        """Plug in again.

        Raises:
            PortInUseError: the name is served by somebody else meanwhile.
        """
        if not self._is_served:
            self._serving.enter_context(served(self._name, self._open))
            self._is_served = True

    def refuse(self, *, refusing: bool) -> None:
        """Let no further host come, or let them come again; who is there stays."""
        self._is_refusing = refusing

    def deafen(self, *, deaf: bool) -> None:
        """Read nothing, or read again what waits."""
        self._is_deaf = deaf
        if not deaf:
            for ear in list(self._ears):
                ear.hear_held()

    def _open(self, peer: str, send: Send) -> Conversation:
        """Open a conversation, in the thread of its host."""
        if self._is_refusing:
            raise PortError(f"{self.url} refuses: it is there, and takes no further host now")
        return in_loop(self._open_ear, self._loop)(peer, send)

    def _open_ear(self, peer: str, send: Send) -> Conversation:
        ear = _Ear(self._open_conversation(peer, send), send, self)
        self._ears.add(ear)
        return ear

    @property
    def is_deaf(self) -> bool:
        """Whether nothing is read now."""
        return self._is_deaf

    def forget(self, ear: _Ear) -> None:
        """Forget a host that has gone."""
        self._ears.discard(ear)


class _Ear:
    """One host's conversation, which holds back what comes while its port is deaf."""

    def __init__(self, conversation: Conversation, send: Send, port: MockPort) -> None:
        self._conversation = conversation
        self._send = send
        self._port = port
        self._held = b""

    def receive(self, data: bytes) -> bytes:
        if not self._port.is_deaf:
            return self._conversation.receive(data)
        self._held += data[: MAX_HELD - len(self._held)]
        return b""

    def hear_held(self) -> None:
        held, self._held = self._held, b""
        reply = self._conversation.receive(held) if held else b""
        if reply:
            self._send(reply)

    def close(self) -> None:
        self._port.forget(self)
        self._conversation.close()
