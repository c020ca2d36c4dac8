"""Bare hosts, which set nothing, and a port for them to come to."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from pumpmock.ports.pty import PtyPort

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from pumpmock.ports import OpenConversation


def plug_in(port: PtyPort) -> int:
    return os.open(port.path, os.O_RDWR | os.O_NOCTTY)


async def read(host: int, size: int) -> bytes:
    """Read exactly `size` bytes, as many as the reply that is due."""
    data = b""
    while len(data) < size:
        data += await asyncio.to_thread(os.read, host, size - len(data))
    return data


def serve(
    tmp_path: Path,
    open_conversation: OpenConversation,
    story: Callable[[PtyPort], Coroutine[None, None, None]],
) -> PtyPort:
    """Open a port, let the story happen, close the port, and return it for its counts. No callback may fail."""
    failures: list[object] = []

    async def run() -> PtyPort:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
        port = PtyPort(tmp_path / "pump", open_conversation)
        await port.open()
        try:
            await story(port)
        finally:
            await port.close()
        return port

    port = asyncio.run(run())
    assert failures == []
    return port
