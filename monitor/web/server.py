"""The server of the pages: a handful of files and a WebSocket, each behind the gate.

The script, its style sheet and the letters are textual-serve's. The rest of textual-serve is not used: it lets in whoever
asks, and starts a process a page, each of which would want the port (docs/decisions/0052-in-a-browser.md).
"""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import AbstractContextManager, asynccontextmanager
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Final

from aiohttp import WSCloseCode, web
from aiohttp.http import HttpProcessingError

from monitor.errors import MonitorError
from monitor.web.gate import COOKIE, WHERE_TO, Gate, Secrets
from monitor.web.outlet import Outlet
from monitor.web.tab import Screen, attend, close, size

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aiohttp.typedefs import Handler

ENDED: Final = "the monitor has ended"
MOST_PAGES: Final = 16
_TOO_MANY: Final = f"{MOST_PAGES} pages are open already: close one"
_MOST_MESSAGE: Final = 1 << 16  # bytes of what a page sends at once: more is pasted by nobody
_HEARTBEAT_S: Final = 15  # a page that does not answer by half of it has gone
# Name, type, package and place in it.
_FILES: Final = (
    ("page.js", "text/javascript", "monitor.web", "page.js"),
    ("page.css", "text/css", "monitor.web", "page.css"),
    ("textual.js", "text/javascript", "textual_serve", "static/js/textual.js"),
    ("xterm.css", "text/css", "textual_serve", "static/css/xterm.css"),
    ("letters.ttf", "font/ttf", "textual_serve", "static/fonts/RobotoMono-VariableFont_wght.ttf"),
)
# The terminal writes its own rules into the page: hence inline styles. Of scripts there is none but those two files.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src data:; "
    "connect-src 'self' {}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "pump-monitor",
}


_LOG: Final = logging.getLogger("pump-monitor.web")
# Who sends what is no request is answered so, and does not get to fill the terminal with it.
_LOG.addFilter(lambda record: not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError)))


class PortError(MonitorError):
    """The server can't listen where it was told to."""


@asynccontextmanager
async def serving(
    address: str, port: int, secrets: Secrets, new_screen: Callable[[Outlet], AbstractContextManager[Screen]]
) -> AsyncIterator[str]:
    """Serve pages as long as the context lasts; it has the address to open, with the token.

    Args:
        address: of this machine, as a figure.
        port: 0 for one that is free.
        secrets: of this run.
        new_screen: lends the screen of a page that was opened; it writes to the outlet.

    Raises:
        PortError: nothing can listen there.
    """
    listening = _listen(address, port)
    gate = Gate(address, listening.getsockname()[1], secrets)
    pages = _Pages(gate, new_screen)
    runner = web.AppRunner(
        pages.application(), handle_signals=False, access_log=None, logger=_LOG, shutdown_timeout=5
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        yield gate.address
    finally:
        await runner.cleanup()


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family)
    except OSError as error:
        why = error.strerror or error
        raise PortError(f"port {port} of {address} can't be had ({why}): name another with --port") from error


class _Pages:
    """What is served.

    Args:
        gate: who is let in.
        new_screen: as for `serving`.
    """

    def __init__(self, gate: Gate, new_screen: Callable[[Outlet], AbstractContextManager[Screen]]) -> None:
        self._gate = gate
        self._new_screen = new_screen
        self._page = Template(_text("monitor.web", "page.html"))
        self._files = {name: (kind, _bytes(package, place)) for name, kind, package, place in _FILES}
        self._open: set[web.WebSocketResponse] = set()

    def application(self) -> web.Application:
        """Return the server's routes."""
        made = web.Application(middlewares=[self._let_in], client_max_size=1)
        made.on_response_prepare.append(self._protect)
        made.on_shutdown.append(self._end)
        folder = self._gate.folder
        made.router.add_get("/", self._enter, allow_head=False)
        made.router.add_get(folder, self._index, allow_head=False)
        made.router.add_get(f"{folder}ws", self._attend, allow_head=False)
        made.router.add_get(f"{folder}{{name}}", self._file, allow_head=False)
        return made

    @web.middleware
    async def _let_in(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse whoever may not come in, whatever is asked for."""
        headers = request.headers
        websocket = "Upgrade" in headers or request.path == f"{self._gate.folder}ws"
        why = self._gate.foreign(
            headers.getall("Host", []), headers.getall("Origin", []), websocket=websocket
        )
        enters = request.path == "/" and self._gate.has_token(request.query.get("token", ""))
        if not why and not enters and not self._gate.has_cookie(request.cookies.get(COOKIE, "")):
            why = WHERE_TO
        if why:
            raise web.HTTPForbidden(text=f"pump-monitor: {why}\n")
        return await handler(request)

    async def _enter(self, _request: web.Request) -> web.StreamResponse:
        """Give the cookie for the token, and lead on to where the address has none."""
        response = web.Response(status=303, headers={"Location": self._gate.folder})
        response.set_cookie(
            COOKIE, self._gate.cookie, path=self._gate.folder, httponly=True, samesite="Strict"
        )
        return response

    async def _index(self, request: web.Request) -> web.StreamResponse:
        socket_address = f"ws://{request.host}{self._gate.folder}ws"
        return web.Response(text=self._page.substitute(socket=socket_address), content_type="text/html")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        found = self._files.get(request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        return web.Response(body=found[1], content_type=found[0])

    async def _attend(self, request: web.Request) -> web.StreamResponse:
        websocket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, compress=False, max_msg_size=_MOST_MESSAGE)
        await websocket.prepare(request)
        if len(self._open) >= MOST_PAGES:
            await close(websocket, WSCloseCode.TRY_AGAIN_LATER, _TOO_MANY)
            return websocket
        self._open.add(websocket)
        transport = request.transport
        try:
            outlet = Outlet()
            at = size(request.query.get("width", ""), request.query.get("height", ""))
            with self._new_screen(outlet) as screen:
                ended = await attend(websocket, screen, outlet, at)
            await close(websocket, *ended)
        finally:
            self._open.discard(websocket)
            if transport is not None:
                transport.abort()  # else what a page does not read is kept until it does
        return websocket

    async def _protect(self, _request: web.Request, response: web.StreamResponse) -> None:
        """Tell the browser what may not be done with an answer, a refusal too."""
        response.headers.update(_HEADERS)
        response.headers["Content-Security-Policy"] = _POLICY.format(self._gate.websockets)

    async def _end(self, _application: web.Application) -> None:
        """Tell every page that the monitor ends."""
        await asyncio.gather(*(close(one, WSCloseCode.GOING_AWAY, ENDED) for one in self._open))


def _bytes(package: str, place: str) -> bytes:
    return files(package).joinpath(place).read_bytes()


def _text(package: str, place: str) -> str:
    return _bytes(package, place).decode()
