"""A port without a descriptor: for tests that talk to a conversation step by step, with no loop and no kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pumpmock.ports.base import OpenConversation


class MemoryPort:
    """The host's end of a line on which every byte has arrived, and been answered, when `write` returns."""

    def __init__(self, open_conversation: OpenConversation) -> None:
        self._unread = bytearray()
        self._is_open = True
        self._conversation = open_conversation("memory", self._take)

    def write(self, data: bytes) -> int:
        """Send `data` to the pump, keep its reply for `read`, and return the number of bytes sent."""
        self._unread += self._conversation.receive(bytes(data))
        return len(data)

    def read(self, size: int = 1) -> bytes:
        """Return up to `size` bytes of what the pump has replied; fewer where there are no more. Never waits."""
        data = bytes(self._unread[:size])
        del self._unread[:size]
        return data

    def close(self) -> None:
        """Unplug the host: the conversation ends."""
        self._is_open = False
        self._conversation.close()

    def _take(self, data: bytes) -> None:
        if self._is_open:
            self._unread += data
