"""`pump-monitor web` as a process, reached by programs that are no browser."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.acceptance.conftest import WAIT_S
from tests.acceptance.served import Served

if TYPE_CHECKING:
    from tests.acceptance.conftest import Bench

COOKIE = "pump-monitor"


class Visitor:
    """Somebody who has opened the address, with a program of their own."""

    def __init__(self, session: aiohttp.ClientSession, served: Served) -> None:
        self.session = session
        self.address = served.address
        self.origin = served.address.partition("/?")[0]
        self.where = ""
        self.cookie = ""

    async def enter(self) -> None:
        async with self.session.get(self.address, allow_redirects=False) as answer:
            self.where = self.origin + answer.headers["Location"]
            self.cookie = f"{COOKIE}={answer.cookies[COOKIE].value}"

    async def page(self, **changed: str | None) -> aiohttp.ClientWebSocketResponse:
        """Open a WebSocket as our own page does, but for the headers that are changed, or left out with None."""
        headers = {"Cookie": self.cookie, "Origin": self.origin} | changed
        kept = {name: value for name, value in headers.items() if value is not None}
        return await self.session.ws_connect(f"{self.where}ws", headers=kept)


async def drawn(websocket: aiohttp.ClientWebSocketResponse, wanted: bytes) -> None:
    """Await that something is drawn."""
    got = b""
    while wanted not in got:
        got += await asyncio.wait_for(websocket.receive_bytes(), WAIT_S)


def test_who_is_no_page_of_ours_is_refused_and_pages_that_come_and_go_leave_nothing_behind(
    bench: Bench,
) -> None:
    served = Served(bench, "--no-history")  # which is read on threads, by descriptors that come and go
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{43}", served.address)  # of 32 bytes
    foreign: list[dict[str, str | None]] = [
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": None},
        {"Host": "pump.example"},
        {"Cookie": None},
        {"Cookie": f"{COOKIE}=wrong"},
    ]

    async def visit() -> None:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            visitor = Visitor(session, served)
            async with session.get(f"{visitor.address}x") as answer:
                assert answer.status == 403
            await visitor.enter()
            for changed in foreign:
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await visitor.page(**changed)
                assert refused.value.status == 403
            staying = await visitor.page()
            await drawn(staying, b"PM-00001")
            before = served.held()
            for _ in range(12):
                leaving = await visitor.page()
                await drawn(leaving, b"PM-00001")
                await leaving.close()
            threads, descriptors = served.held()
            assert threads <= before[0]
            assert descriptors <= before[1] + 1  # a connection that is just being closed
            await staying.send_json(["stdin", "?"])
            await drawn(staying, b"HELP")
            await staying.close()

    asyncio.run(visit())
    assert served.end() == 0
    assert served.hosts() == 1
    assert served.monitor.line() is None  # the address was all that was said on standard output
