"""What is on its way to one page. A page that does not read holds up nobody and fills no memory.

What a terminal is sent only says what has changed, so nothing of it can be left out. Where more waits than is kept, all
of it is thrown away, nothing is taken until the page reads again, and then everything is drawn anew.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MOST: Final = 1 << 20  # characters that wait: some thirty whole screens


class Outlet:
    """The way to one page; used in one event loop.

    Args:
        most: how many characters may wait.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._chunks: list[str] = []
        self._waiting = 0
        self._behind = False
        self._ended = False
        self._news = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many characters wait to be sent."""
        return self._waiting

    def write(self, text: str) -> None:
        """Have `text` sent, or everything drawn anew later; never waits."""
        if self._behind or self._ended:
            return
        self._waiting += len(text)
        self._chunks.append(text)
        if self._waiting > self._most:
            self._behind = True
            self._clear()
        self._news.set()

    def end(self) -> None:
        """Take nothing more; `flow` returns once all is sent."""
        self._ended = True
        self._news.set()

    async def flow(self, send: Callable[[bytes], Awaitable[None]], draw_anew: Callable[[], object]) -> None:
        """Send what is written, until the end.

        Args:
            send: returns when the page has taken so much that more may follow.
            draw_anew: called when it reads again after something was thrown away.

        Raises:
            OSError: `send` did, because the page has gone.
        """
        while True:
            await self._news.wait()
            self._news.clear()
            text = "".join(self._chunks)
            self._clear()
            if text:
                await send(text.encode(errors="replace"))
            if self._behind:
                self._behind = False
                draw_anew()
            elif self._ended and not self._chunks:
                return

    def _clear(self) -> None:
        self._chunks.clear()
        self._waiting = 0
