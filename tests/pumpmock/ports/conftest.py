"""A pump that answers lines, and a journal of what it was told: enough to see what a port does to its bytes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.ports import OpenConversation, Send

PATIENCE_S = 60  # only reached by a test that fails


class Journal:
    """Opens conversations that answer each line `x` with `<x>`, and writes down, in order, what happened to them."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self.received = bytearray()
        self.on_line: Callable[[bytes], bytes] = lambda line: b"<" + line + b">\n"
        self.send: Send = lambda _data: None  # to the newest host, at a moment of the test's own
        self._changed = asyncio.Event()

    def open(self, peer: str, send: Send = lambda _data: None) -> LineConversation:
        self.send = send
        self.note(f"open {peer}")
        return LineConversation(self)

    def note(self, entry: str) -> None:
        self.entries.append(entry)
        self._changed.set()

    async def until(self, entry: str, times: int = 1) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.entries.count(entry) < times:
                self._changed.clear()
                await self._changed.wait()


class LineConversation:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._unfinished = b""

    def receive(self, data: bytes) -> bytes:
        self._journal.received += data
        *lines, self._unfinished = (self._unfinished + data).split(b"\n")
        reply = b""
        for line in lines:
            self._journal.note(f"line {line.decode('latin-1')}")
            reply += self._journal.on_line(line)
        return reply

    def close(self) -> None:
        self._journal.note("close")


class EchoConversation:
    def receive(self, data: bytes) -> bytes:
        return data

    def close(self) -> None:
        pass


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def open_echo() -> OpenConversation:
    return lambda _peer, _send: EchoConversation()
