"""`pump-monitor web` as a process, on a pump that is another one, in a real browser.

What a page shows is read from its terminal, where textual-serve's script keeps what it has drawn.
"""

from __future__ import annotations

import signal
import sqlite3
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.browser import ELSEWHERE
from tests.acceptance.conftest import WAIT_S
from tests.acceptance.served import Served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.acceptance.conftest import Bench

WAIT_MS = WAIT_S * 1_000
# The script keeps its terminal to itself; this has it passed on as soon as it gets its first addition.
_CATCH_TERMINAL = """
Object.defineProperty(Object.prototype, "fitAddon", {configurable: true, set(addition) {
    window.caught = this.terminal;
    Object.defineProperty(this, "fitAddon", {value: addition, writable: true});
}});
"""
_SHOWN = """() => {
    const terminal = window.caught, buffer = terminal && terminal.buffer.active;
    if (!buffer) return "";
    const lines = [...Array(terminal.rows).keys()].map(row => buffer.getLine(row));
    return lines.map(line => line ? line.translateToString(true) : "").join("\\n");
}"""


class Tab:
    """A page of the browser with the dashboard on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        page.add_init_script(_CATCH_TERMINAL)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda said: self.problems.append(said.text) if said.type == "error" else None)

    def open(self, address: str) -> Tab:
        self.page.goto(address)
        return self

    def sees(self, wanted: str) -> Tab:
        self.page.wait_for_function(f"wanted => ({_SHOWN})().includes(wanted)", arg=wanted, timeout=WAIT_MS)
        return self

    def shown(self) -> str:
        shown: str = self.page.evaluate(_SHOWN)
        return shown

    def press(self, *keys: str) -> Tab:
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def type(self, text: str) -> Tab:
        self.page.keyboard.type(text)
        return self

    def another(self, address: str) -> Tab:
        """Open one more page in the same browser."""
        return Tab(self.page.context.new_page()).open(address).sees("RUNNING")

    def told(self, selector: str, wanted: str) -> None:
        """Await that the page itself says something."""
        self.page.wait_for_function(
            "([selector, wanted]) => { const e = document.querySelector(selector);"
            "return e && e.checkVisibility() && e.textContent.includes(wanted) }",
            arg=[selector, wanted],
            timeout=WAIT_MS,
        )


@pytest.fixture
def tab(page: Page) -> Iterator[Tab]:
    tab = Tab(page)
    yield tab
    assert tab.problems == []  # nothing that the policy of the page forbids, above all


@pytest.fixture
def foreign() -> Iterator[str]:
    """Serve an empty page from another port of this machine."""

    class Empty(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.server.cookies.append(self.headers.get("Cookie"))  # type: ignore[attr-defined]
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Empty) as server:
        server.cookies = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()
    assert server.cookies  # type: ignore[attr-defined]
    assert set(server.cookies) == {None}  # type: ignore[attr-defined] # to another port, our cookie is not sent


def test_the_pump_appears_keys_work_and_unless_changes_were_asked_for_none_acts_on_the_pump(
    bench: Bench, tab: Tab
) -> None:
    served = Served(bench)
    tab.open(served.address).sees("RUNNING")
    assert "token" not in tab.page.url
    assert tab.page.evaluate("document.cookie") == ""
    assert tab.page.evaluate("document.fonts.check(\"16px 'Roboto Mono'\")")
    assert tab.page.evaluate("window.open('/') === null")  # what a device calls itself may look like a link
    first = tab.shown().splitlines()[0]
    assert "PM-00001" in first
    assert "read-only" in first
    tab.press("?").sees("HELP").press("Escape")
    for key in "rpasc":
        tab.press(key).sees("this page only looks")
    tab.page.reload()
    tab.sees("RUNNING").press("q")
    tab.told("#why", "this page was left; the monitor goes on")
    assert not tab.page.locator("#terminal").is_visible()
    tab.page.get_by_role("button", name="Connect again").click()
    tab.sees("RUNNING")
    assert served.end() == 0
    assert served.asked() <= {"Hello", "Confirm", "Identify", "Poll", "GetEvents"}


def test_two_tabs_share_one_port_and_one_history_and_with_changes_a_rate_reaches_the_pump_and_both(
    bench: Bench, tab: Tab
) -> None:
    history = bench.folder / "history.db"
    served = Served(bench, "--changes", "--history", str(history))
    tab.open(served.address).sees("RUNNING")
    other = tab.another(served.address)
    assert "read-only" not in tab.shown()
    tab.press("r").sees("SET RATE").type("0.6\n").sees("Say why").type("bench\n")
    tab.sees("step 2 of 2").type("0.6\n").sees("the pump reports 0.600 mL/day")
    other.sees("set 0.600")
    assert "SET RATE" not in other.shown()
    other.page.close()
    tab.press("Enter", "l").sees("Dark")
    assert served.end() == 0
    assert {"Prepare", "Commit"} <= served.asked()
    assert served.hosts() == 1
    with closing(sqlite3.connect(f"file:{history}?mode=ro", uri=True)) as stored:
        times = [at for (at,) in stored.execute("SELECT wall_ms FROM readings ORDER BY seq")]
        rates = [rate for (rate,) in stored.execute("SELECT commanded_rate_nl_h FROM readings ORDER BY seq")]
    assert times == sorted(set(times))  # each reading once
    assert (rates[0], rates[-1]) == (20_833, 25_000)


def test_a_page_of_another_port_or_of_another_name_gets_neither_in_nor_the_cookie(
    bench: Bench, tab: Tab, foreign: str
) -> None:
    served = Served(bench)
    tab.open(served.address).sees("RUNNING")
    ours = tab.page.url
    astray = tab.page.context.new_page()
    opens = (
        "url => new Promise(done => { const socket = new WebSocket(url);"
        "socket.onopen = () => done('open'); socket.onerror = () => done('refused') })"
    )
    websocket = f"{ours.replace('http', 'ws')}ws"
    assert tab.page.evaluate(opens, websocket) == "open"  # our own page can
    astray.goto(foreign)
    assert astray.evaluate(opens, websocket) == "refused"
    framed = (
        "url => new Promise(done => { const frame = document.createElement('iframe'); frame.src = url;"
        "frame.onload = () => { try { done(frame.contentDocument === null ? 'closed' : 'open') }"
        "catch { done('closed') } }; document.body.append(frame) })"
    )
    assert astray.evaluate(framed, ours) == "closed"
    answer = astray.goto(served.address.replace("127.0.0.1", ELSEWHERE))  # a name that was made to lead here
    assert answer is not None
    assert answer.status == 403
    assert "RUNNING" in tab.shown()
    assert served.end() == 0


def test_a_page_whose_monitor_hangs_says_so_and_one_whose_monitor_has_ended_too(
    bench: Bench, tab: Tab
) -> None:
    served = Served(bench)
    tab.open(served.address).sees("RUNNING")
    served.monitor.process.send_signal(signal.SIGSTOP)
    try:
        tab.told("#silent", "what is above is old")
    finally:
        served.monitor.process.send_signal(signal.SIGCONT)
    tab.page.wait_for_selector("#silent", state="hidden", timeout=WAIT_MS)
    served.monitor.process.send_signal(signal.SIGINT)
    tab.told("#why", "the monitor has ended")
    assert not tab.page.locator("#terminal").is_visible()  # nothing old is left standing
    assert served.monitor.wait() == 0
    assert served.monitor.line("err") is not None  # what it said at its start
    assert served.monitor.line("err") is None
    served.pump.end()
