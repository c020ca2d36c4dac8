"""One page that is open: a screen of its own, which ends when the page goes, and tells the page when it ends itself.

What goes to and fro is what textual-serve's script speaks: from the page a list in JSON, whose first entry says what it
is; to the page what a terminal is sent, in binary messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Final, Protocol

from aiohttp import WSCloseCode, WSMsgType

if TYPE_CHECKING:
    from aiohttp.web import WebSocketResponse

    from monitor.web.outlet import Outlet

LEFT: Final = "this page was left; the monitor goes on"
FAILED: Final = "this page has failed, and the terminal of pump-monitor web says why; the monitor goes on"
_NOT_UNDERSTOOD: Final = "the page said what is not understood"
_MOST_WIDTH: Final = 500  # columns and rows that are drawn, whatever a page says it has
_MOST_HEIGHT: Final = 200
_MOST_DIGITS: Final = 6
_END_S: Final = 5  # the longest that a screen may take to end by itself
CLOSE_S: Final = 2  # the longest that a page may take to hear that it is closed
_FLUSH_S: Final = 1  # the longest that its last words are waited for
_MOST_REASON: Final = 123  # bytes; RFC 6455, 5.5 and 5.5.1


class Screen(Protocol):
    """What is shown on a page."""

    async def show(self, width: int, height: int) -> bool:
        """Run until `leave`, or until somebody quits; False where it ended of a bug."""
        ...

    def feed(self, text: str) -> None:
        """Take what a terminal would send: keys, the mouse, what is pasted."""
        ...

    def resize(self, width: int, height: int) -> None:
        """Take the page's size, in columns and rows."""
        ...

    def focus(self, *, has: bool) -> None:
        """Take whether the page has the focus."""
        ...

    def draw_anew(self) -> None:
        """Draw everything, whatever was drawn before."""
        ...

    def leave(self) -> None:
        """End."""
        ...


def size(width: str, height: str) -> tuple[int, int]:
    """Return the columns and rows that a page asks for; of 80 by 24 where it asks for nothing that there is."""
    return _within(_number(width, 80), _number(height, 24))


async def attend(
    websocket: WebSocketResponse, screen: Screen, outlet: Outlet, at: tuple[int, int]
) -> tuple[WSCloseCode, str]:
    """Show a screen on a page until one of them ends; return what the page is to be told of it.

    Args:
        websocket: to the page, open.
        screen: what it shows.
        outlet: what the screen writes to.
        at: columns and rows.
    """
    showing = asyncio.create_task(screen.show(*at))
    flowing = asyncio.create_task(outlet.flow(websocket.send_bytes, screen.draw_anew))
    reading = asyncio.create_task(_read(websocket, screen))
    tasks = {showing, flowing, reading}
    why = ""
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if reading.done() and not reading.cancelled() and reading.exception() is None:
            why = reading.result()
    finally:
        screen.leave()
        await asyncio.wait({showing}, timeout=_END_S)
        outlet.end()
        await asyncio.wait({flowing}, timeout=_FLUSH_S)
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(showing, flowing, reading, return_exceptions=True)
    code = WSCloseCode.PROTOCOL_ERROR if why else WSCloseCode.OK
    return code, why or (LEFT if ended[0] is True else FAILED)


async def close(websocket: WebSocketResponse, code: WSCloseCode, why: str) -> None:
    """Close a page's connection and tell it why; one that is closed already stays as it is.

    A page that does not read can't be told anything: it is not waited for.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_S):
            await websocket.close(code=code, message=why.encode()[:_MOST_REASON])


async def _read(websocket: WebSocketResponse, screen: Screen) -> str:
    """Take what the page sends until it goes; return why it is to be closed, empty where it went by itself."""
    async for message in websocket:
        if message.type is not WSMsgType.TEXT or not await _take(websocket, screen, message.data):
            return _NOT_UNDERSTOOD
    return ""


async def _take(websocket: WebSocketResponse, screen: Screen, text: str) -> bool:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return False
    match said:
        case ["stdin", str(typed)]:
            screen.feed(typed)
        case ["resize", {"width": int(width), "height": int(height)}]:
            screen.resize(*_within(width, height))
        case ["ping", str(when)]:
            await websocket.send_json(["pong", when])
        case ["focus" | "blur" as which]:
            screen.focus(has=which == "focus")
        case _:
            return False
    return True


def _within(width: int, height: int) -> tuple[int, int]:
    return min(max(width, 1), _MOST_WIDTH), min(max(height, 1), _MOST_HEIGHT)


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else otherwise
