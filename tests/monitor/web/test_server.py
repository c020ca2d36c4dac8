"""The server over real sockets, with a screen that only notes what it is told."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from monitor.web import tab
from monitor.web.gate import COOKIE, draw
from monitor.web.server import ENDED, MOST_PAGES, PortError, serving
from monitor.web.tab import FAILED, LEFT, size

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

    from monitor.web.outlet import Outlet

    Act = Callable[["Visitor"], Coroutine[None, None, None]]

WAIT_S = 30
FILES = ("", "page.js", "page.css", "textual.js", "xterm.css", "letters.ttf")


class FakeScreen:
    """Notes what it is told, and draws a greeting."""

    def __init__(self, outlet: Outlet) -> None:
        self.outlet = outlet
        self.told: list[tuple[Any, ...]] = []
        self.news = asyncio.Condition()
        self.ending = asyncio.Event()
        self.is_well = True

    async def show(self, width: int, height: int) -> bool:
        self.outlet.write(f"{width} by {height}")
        await self.ending.wait()
        self.outlet.write("last words")
        return self.is_well

    def feed(self, text: str) -> None:
        self.told.append(("feed", text))
        if text == "q":
            self.ending.set()
        if text == "fail":
            self.is_well = False
            self.ending.set()

    def resize(self, width: int, height: int) -> None:
        self.told.append(("resize", width, height))

    def focus(self, *, has: bool) -> None:
        self.told.append(("focus", has))

    def draw_anew(self) -> None:
        self.told.append(("draw_anew",))
        self.outlet.write("everything")

    def leave(self) -> None:
        self.told.append(("leave",))
        self.ending.set()


class Visitor:
    """Somebody with a browser of their own making."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self.session = session
        self.address = address
        self.base, _, token = address.partition("/?")
        self.token = token.removeprefix("token=")
        self.screens: list[FakeScreen] = []
        self.open = 0
        self.closed = asyncio.Event()

    @contextlib.contextmanager
    def page(self, outlet: Outlet) -> Iterator[FakeScreen]:
        screen = FakeScreen(outlet)
        self.screens.append(screen)
        self.open += 1
        yield screen
        self.open -= 1
        self.closed.set()

    async def enter(self) -> tuple[str, dict[str, str]]:
        """Open the address, and return where it leads and the cookie that it gives."""
        async with self.session.get(self.address, allow_redirects=False) as answer:
            assert answer.status == 303
            given = answer.cookies[COOKIE]
            return self.base + answer.headers["Location"], {"Cookie": f"{COOKIE}={given.value}"}

    async def status(self, url: str, method: str = "GET", **headers: str) -> int:
        async with self.session.request(method, url, headers=headers, allow_redirects=False) as answer:
            await answer.read()
            assert_protected(answer)
            return answer.status

    @contextlib.asynccontextmanager
    async def websocket(self, query: str = "") -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        where, cookie = await self.enter()
        headers = {**cookie, "Origin": self.base}
        async with self.session.ws_connect(f"{where}ws{query}", headers=headers) as websocket:
            yield websocket

    async def until_closed(self) -> None:
        await asyncio.wait_for(self.closed.wait(), WAIT_S)


def assert_protected(answer: aiohttp.ClientResponse) -> None:
    headers = answer.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Server"] == "pump-monitor"
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == "'self'"
    port = answer.url.port
    assert set(policy["connect-src"].split()) - {f"ws://127.0.0.1:{port}"} == {
        "'self'",
        f"ws://localhost:{port}",
    }


def visit(act: Act, address: str = "127.0.0.1", after: Act | None = None) -> Visitor:
    """Serve pages and do something with them, and something more after the server has ended."""

    async def stage() -> Visitor:
        visitors: list[Visitor] = []

        def page(outlet: Outlet) -> contextlib.AbstractContextManager[FakeScreen]:
            return visitors[0].page(outlet)

        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            async with serving(address, 0, draw(secrets.token_urlsafe), page) as where:
                visitors.append(Visitor(session, where))
                await act(visitors[0])
            if after is not None:
                await after(visitors[0])
        assert visitors[0].open == 0
        return visitors[0]

    return asyncio.run(stage())


async def text(websocket: aiohttp.ClientWebSocketResponse, wanted: str) -> None:
    """Await something that is drawn."""
    got = ""
    while wanted not in got:
        message = await asyncio.wait_for(websocket.receive(), WAIT_S)
        assert message.type is WSMsgType.BINARY, message
        got += message.data.decode()


async def ending(websocket: aiohttp.ClientWebSocketResponse) -> tuple[int, str]:
    """Await the end; return its code and its reason."""
    while (message := await asyncio.wait_for(websocket.receive(), WAIT_S)).type is not WSMsgType.CLOSE:
        assert message.type is WSMsgType.BINARY, message
    return message.data, message.extra


# --- who is let in ------------------------------------------------------------------------------------------------


def test_the_address_gives_a_cookie_that_no_script_and_no_other_site_gets_and_leads_on_without_the_token() -> (
    None
):
    async def act(visitor: Visitor) -> None:
        async with visitor.session.get(visitor.address, allow_redirects=False) as answer:
            assert_protected(answer)
            cookie = answer.cookies[COOKIE]
            assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
            assert cookie["path"] == answer.headers["Location"]  # no other server of this machine is sent it
            assert len(cookie["path"]) > 20
            assert visitor.token not in answer.headers["Location"]
            assert visitor.token != cookie.value

    visit(act)


def test_with_the_cookie_every_file_of_the_page_is_served_with_its_type() -> None:
    async def act(visitor: Visitor) -> None:
        where, cookie = await visitor.enter()
        types = {}
        for name in FILES:
            async with visitor.session.get(where + name, headers=cookie) as answer:
                assert_protected(answer)
                assert answer.status == 200
                assert await answer.read()
                types[name] = answer.content_type
        assert types == dict(
            zip(
                FILES,
                ("text/html", "text/javascript", "text/css", "text/javascript", "text/css", "font/ttf"),
                strict=True,
            )
        )
        assert await visitor.status(f"{where}page.html", **cookie) == 404

    visit(act)


@pytest.mark.parametrize("name", [*FILES, "ws", "nothing"])
@pytest.mark.parametrize(
    "headers", [{}, {"Cookie": f"{COOKIE}=wrong"}, {"Cookie": f"{COOKIE}="}, {"Cookie": "other=1"}], ids=str
)
def test_without_the_cookie_nothing_is_served(name: str, headers: dict[str, str]) -> None:
    async def act(visitor: Visitor) -> None:
        where, _ = await visitor.enter()
        assert await visitor.status(where + name, Origin=visitor.base, **headers) == 403

    visit(act)


def test_without_the_token_or_with_another_one_nobody_comes_in() -> None:
    async def act(visitor: Visitor) -> None:
        _, cookie = await visitor.enter()
        for query in ("", "?token=", "?token=wrong", f"?token={visitor.token}x", "?Token=" + visitor.token):
            assert await visitor.status(f"{visitor.base}/{query}") == 403
        assert await visitor.status(f"{visitor.base}/favicon.ico?token={visitor.token}") == 403
        assert await visitor.status(f"{visitor.base}/x/?token={visitor.token}", **cookie) == 404

    visit(act)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_pages_are_got_and_nothing_else(method: str) -> None:
    async def act(visitor: Visitor) -> None:
        where, cookie = await visitor.enter()
        assert await visitor.status(where, method, **cookie) == 405
        assert await visitor.status(where, method) == 403

    visit(act)


@pytest.mark.parametrize("name", [*FILES, "ws"])
@pytest.mark.parametrize(
    "foreign", [{"Host": "pump.example"}, {"Origin": "http://pump.example"}, {"Origin": "null"}], ids=str
)
def test_a_foreign_host_or_origin_is_refused_with_the_cookie_too(name: str, foreign: dict[str, str]) -> None:
    async def act(visitor: Visitor) -> None:
        where, cookie = await visitor.enter()
        assert await visitor.status(where + name, **cookie, **foreign) == 403
        assert await visitor.status(visitor.address, **foreign) == 403

    visit(act)


@pytest.mark.parametrize(
    "broken", ["no cookie", "wrong cookie", "no origin", "foreign origin", "foreign host"]
)
def test_a_websocket_opens_for_our_own_page_alone(broken: str) -> None:
    async def act(visitor: Visitor) -> None:
        where, cookie = await visitor.enter()
        headers = {**cookie, "Origin": visitor.base}
        if broken == "no cookie":
            del headers["Cookie"]
        elif broken == "wrong cookie":
            headers["Cookie"] = f"{COOKIE}={visitor.token}"
        elif broken == "no origin":
            del headers["Origin"]
        elif broken == "foreign origin":
            headers["Origin"] = "http://127.0.0.1:1"
        else:
            headers["Host"] = headers["Origin"] = "pump.example"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await visitor.session.ws_connect(f"{where}ws", headers=headers)
        assert refused.value.status == 403
        assert visitor.screens == []

    visit(act)


@pytest.mark.parametrize(
    "sent",
    [
        b"garbage\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 2_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ],
    ids=lambda sent: sent[:16].decode(),
)
def test_what_is_no_request_is_answered_so_and_fills_no_terminal(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def act(visitor: Visitor) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(visitor.base.rpartition(":")[2]))
        writer.write(sent)
        assert b" 400 " in await reader.readline()
        writer.close()
        await writer.wait_closed()

    visit(act)
    assert caplog.records == []


def test_a_bug_of_ours_is_told_where_the_server_runs(caplog: pytest.LogCaptureFixture) -> None:
    async def act(visitor: Visitor) -> None:
        def broken(_outlet: Outlet) -> None:
            raise ZeroDivisionError

        visitor.page = broken  # type: ignore[method-assign,assignment]
        async with visitor.websocket() as websocket:
            await websocket.receive()

    visit(act)
    assert ["ZeroDivisionError" in record.exc_text for record in caplog.records] == [True]


def test_it_can_be_reached_by_the_name_of_this_machine_and_leads_to_its_own_websocket_there() -> None:
    async def act(visitor: Visitor) -> None:
        visitor.base = visitor.base.replace("127.0.0.1", "localhost")
        visitor.address = visitor.address.replace("127.0.0.1", "localhost")
        where, cookie = await visitor.enter()
        async with visitor.session.get(where, headers=cookie) as answer:
            assert f'"{where.replace("http", "ws")}ws"' in await answer.text()
        async with visitor.websocket() as websocket:
            await text(websocket, "80 by 24")

    visit(act)


def test_it_can_be_served_over_ipv6() -> None:
    async def act(visitor: Visitor) -> None:
        assert visitor.base.startswith("http://[::1]:")
        async with visitor.websocket() as websocket:
            await text(websocket, "80 by 24")

    visit(act, "::1")


# --- what goes to and fro -----------------------------------------------------------------------------------------


def test_what_a_page_says_reaches_its_screen_and_what_is_drawn_reaches_the_page() -> None:
    async def act(visitor: Visitor) -> None:
        async with visitor.websocket("?width=120&height=40") as websocket:
            await text(websocket, "120 by 40")
            for said in (["stdin", "ä\x1b[A"], ["resize", {"width": 90, "height": 30}], ["focus"], ["blur"]):
                await websocket.send_json(said)
            await websocket.send_json(["ping", "7"])
            assert await websocket.receive_json(timeout=WAIT_S) == ["pong", "7"]
        await visitor.until_closed()

    assert visit(act).screens[0].told == [
        ("feed", "ä\x1b[A"),
        ("resize", 90, 30),
        ("focus", True),
        ("focus", False),
        ("leave",),
    ]


@pytest.mark.parametrize(
    "said",
    [
        "",
        "{",
        "null",
        "[]",
        '["stdin"]',
        '["stdin", 7]',
        '["stdin", "x", "y"]',
        '["resize", {"width": "80", "height": 24}]',
        '["resize", {"width": 1.5, "height": 24}]',
        '["ping", 7]',
        '["deliver_chunk_request", {}]',
        '{"stdin": "x"}',
        "[" * 60_000,
        b'["stdin", "x"]',
    ],
    ids=lambda said: str(said)[:30],
)
def test_a_page_that_says_something_else_is_closed_and_no_other(said: str | bytes) -> None:
    async def act(visitor: Visitor) -> None:
        async with visitor.websocket() as other, visitor.websocket() as websocket:
            await (websocket.send_bytes(said) if isinstance(said, bytes) else websocket.send_str(said))
            assert await ending(websocket) == (1002, "the page said what is not understood")
            await other.send_json(["ping", "7"])
            await text(other, "80 by 24")
            assert await other.receive_json(timeout=WAIT_S) == ["pong", "7"]

    visit(act)


def test_a_message_that_nobody_types_is_too_long() -> None:
    async def act(visitor: Visitor) -> None:
        async with visitor.websocket() as websocket:
            await websocket.send_json(["stdin", "x" * 70_000])
            assert (await ending(websocket))[0] == 1009
        assert ("feed", "x" * 70_000) not in visitor.screens[0].told

    visit(act)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (("120", "40"), (120, 40)),
        (("", ""), (80, 24)),
        (("-5", "1e9"), (80, 24)),
        (("0", "0"), (1, 1)),
        (("501", "999999"), (500, 200)),
        (("9" * 5_000, "²"), (80, 24)),
    ],
)
def test_a_page_is_drawn_in_a_size_that_can_be_drawn(asked: tuple[str, str], given: tuple[int, int]) -> None:
    assert size(*asked) == given


def test_a_size_that_no_page_has_is_cut() -> None:
    async def act(visitor: Visitor) -> None:
        async with visitor.websocket() as websocket:
            await websocket.send_json(["resize", {"width": 10**12, "height": -1}])
            await websocket.send_json(["ping", "7"])
            await text(websocket, "80 by 24")
            await websocket.receive_json(timeout=WAIT_S)
        assert ("resize", 500, 1) in visitor.screens[0].told

    visit(act)


# --- how it ends --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("typed", "why"), [("q", LEFT), ("fail", FAILED)])
def test_a_screen_that_ends_says_its_last_words_and_tells_its_page_why(typed: str, why: str) -> None:
    async def act(visitor: Visitor) -> None:
        async with visitor.websocket() as websocket:
            await websocket.send_json(["stdin", typed])
            await text(websocket, "last words")
            assert await ending(websocket) == (1000, why)

    visit(act)


def test_a_page_that_goes_without_a_word_ends_its_screen() -> None:
    async def act(visitor: Visitor) -> None:
        async with visitor.websocket() as websocket:
            await text(websocket, "80 by 24")
            connection = websocket._response.connection
            assert connection is not None
            assert connection.transport is not None
            connection.transport.abort()
            await visitor.until_closed()
        assert visitor.screens[0].told == [("leave",)]

    visit(act)


def test_every_page_is_told_that_the_monitor_ends() -> None:
    reasons = []

    async def act(visitor: Visitor) -> None:
        where, cookie = await visitor.enter()
        for _ in range(2):
            websocket = await visitor.session.ws_connect(
                f"{where}ws", headers={**cookie, "Origin": visitor.base}
            )
            await text(websocket, "80 by 24")
            reasons.append(asyncio.create_task(ending(websocket)))

    async def after(visitor: Visitor) -> None:
        assert [await reason for reason in reasons] == [(1001, ENDED)] * 2
        assert [screen.told for screen in visitor.screens] == [[("leave",)]] * 2

    visit(act, after=after)


def test_one_page_too_many_is_told_so_and_one_that_is_closed_makes_room() -> None:
    async def act(visitor: Visitor) -> None:
        async with contextlib.AsyncExitStack() as stack:
            pages = [await stack.enter_async_context(visitor.websocket()) for _ in range(MOST_PAGES)]
            for page in pages:
                await text(page, "80 by 24")
            async with visitor.websocket() as websocket:
                assert await ending(websocket) == (1013, f"{MOST_PAGES} pages are open already: close one")
            await pages[0].close()
            await visitor.until_closed()
            async with visitor.websocket() as websocket:
                await text(websocket, "80 by 24")

    visit(act)


async def deaf_page(visitor: Visitor) -> tuple[socket.socket, FakeScreen]:
    """Open a page that reads nothing, and have so much drawn on it that no socket holds it."""
    where, cookie = await visitor.enter()
    host, _, port = visitor.base.removeprefix("http://").partition(":")
    lines = (
        f"GET {where.removeprefix(visitor.base)}ws HTTP/1.1",
        f"Host: {host}:{port}",
        f"Origin: {visitor.base}",
        f"Cookie: {cookie['Cookie']}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==",
    )
    page = socket.create_connection((host, int(port)))
    page.sendall("\r\n".join((*lines, "", "")).encode())
    async with visitor.websocket() as other:  # once this one is drawn, so is the one before it
        await text(other, "80 by 24")
    screen = visitor.screens[0]
    for _ in range(200):  # 20 MB
        screen.outlet.write("x" * 100_000)
        await asyncio.sleep(0)
    assert screen.outlet.waiting <= 1 << 20
    return page, screen


def test_a_page_that_does_not_read_holds_up_no_other_and_is_drawn_anew_when_it_does() -> None:
    async def act(visitor: Visitor) -> None:
        page, screen = await deaf_page(visitor)
        with page:
            assert screen.told == []
            async with visitor.websocket() as other:
                await text(other, "80 by 24")
                await other.send_json(["ping", "7"])
                assert await other.receive_json(timeout=WAIT_S) == ["pong", "7"]
            page.setblocking(False)
            got = b""
            while not got.endswith(b"everything"):
                got = got[-20:] + await asyncio.get_running_loop().sock_recv(page, 1 << 20)
            assert screen.told == [("draw_anew",)]

    visit(act)


def test_a_page_that_does_not_read_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tab, "CLOSE_S", 0.01)
    deaf = []

    async def act(visitor: Visitor) -> None:
        page, screen = await deaf_page(visitor)
        deaf.append((page, screen))

    async def after(_visitor: Visitor) -> None:
        for page, screen in deaf:
            assert screen.told == [("leave",)]
            page.close()

    visit(act, after=after)


def test_a_port_that_is_taken_is_told_with_what_to_do() -> None:
    async def act(visitor: Visitor) -> None:
        port = int(visitor.base.rpartition(":")[2])
        with pytest.raises(PortError, match=f"port {port} of 127.0.0.1 .* name another with --port"):
            async with serving("127.0.0.1", port, draw(secrets.token_urlsafe), visitor.page):
                raise AssertionError

    visit(act)
