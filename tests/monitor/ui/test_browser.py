"""Pages as apps: several in one process, each with a screen of its own, none with the process for itself."""

from __future__ import annotations

import asyncio
import gc
import io
import re
import signal
import sys
import threading
import weakref
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from textual._styles_cache import StylesCache

from monitor.bell import Calls
from monitor.sharing import Shared
from monitor.ui.browser import BrowserApp
from monitor.web.outlet import Outlet
from monitor.web.running import Desk
from tests.monitor.ui.bench import Clock, FakeSource, low, snapshot
from tests.monitor.ui.stage import text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    import pytest

    from monitor.annunciator import Annunciator
    from monitor.sharing import Seat

WAIT_S = 30
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Glass(Outlet):
    """What is drawn on, and says when something is."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn = ""
        self.news = asyncio.Event()

    def write(self, text: str) -> None:
        self.drawn += text
        self.news.set()


class Page:
    """An app on a page, and what is seen there."""

    def __init__(self, app: BrowserApp, glass: Glass) -> None:
        self.app = app
        self.glass = glass
        self.showing: asyncio.Task[bool]

    async def until(self, holds: Callable[[], bool]) -> None:
        async def wait() -> None:
            while not holds():
                self.glass.news.clear()
                await self.glass.news.wait()

        await asyncio.wait_for(wait(), WAIT_S)

    async def sees(self, wanted: str) -> None:
        await self.until(lambda: wanted in "\n".join(text(self.app)))

    async def sees_no(self, unwanted: str) -> None:
        await self.until(lambda: unwanted not in "\n".join(text(self.app)))

    async def press(self, keys: str, wanted: str) -> None:
        self.app.feed(keys)
        await self.sees(wanted)


class Bench:
    """A watch with pages."""

    def __init__(self, source: FakeSource, why: str) -> None:
        self.source = source
        self.clock = Clock()
        self.desk = Desk(Shared(source, why), None, self._made, self.clock)

    def _made(self, seat: Seat, outlet: Outlet, annunciator: Annunciator) -> BrowserApp:
        calls = Calls(bell=False, blink=False)
        return BrowserApp(seat, outlet, annunciator, calls=calls, now_ns=self.clock)

    @asynccontextmanager
    async def page(self, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Page]:
        glass = Glass()
        with self.desk.page(glass) as app:
            assert isinstance(app, BrowserApp)
            page = Page(app, glass)
            page.showing = asyncio.create_task(app.show(*size))
            await page.until(lambda: bool(glass.drawn))
            await page.sees("02-1187")
            yield page
            app.leave()
            await page.showing


def bench(
    act: Callable[[Bench], Coroutine[None, None, None]], made: FakeSource | None = None, why: str = ""
) -> Bench:
    async def stage() -> Bench:
        on = Bench(made or FakeSource(snapshot()), why)
        await act(on)
        return on

    return asyncio.run(stage())


def test_a_page_is_drawn_in_its_size_and_in_all_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")

    async def act(on: Bench) -> None:
        async with on.page((100, 30)) as page:
            assert (len(text(page.app)), page.app.size) == (30, (100, 30))
            assert "38;2;" in page.glass.drawn
            assert "48;2;36;39;43" in page.glass.drawn  # the ground, #24272b
            page.app.resize(120, 40)
            await page.until(lambda: len(text(page.app)) == 40)

    bench(act)


def test_keys_are_heard_an_escape_alone_too() -> None:
    async def act(on: Bench) -> None:
        async with on.page() as page:
            await page.press("?", "HELP")
            page.app.feed("\x1b")
            await page.sees_no("HELP")
            page.app.feed("")
            await page.press("c", "CHANGE")
            await page.press("\x1b[B\r", "TEMPORARY RATE")

    bench(act)


def test_two_pages_show_the_same_pump_and_one_that_ends_leaves_the_other_as_it_is() -> None:
    async def act(on: Bench) -> None:
        async with on.page() as staying:
            async with on.page((80, 24)) as leaving:
                on.source.publish(low())
                await leaving.sees("LOW RESERVOIR")
                await staying.sees("LOW RESERVOIR")
                await leaving.press("?", "HELP")
                assert "HELP" not in "\n".join(text(staying.app))
                leaving.app.feed("\x1b")
                await leaving.sees_no("HELP")
                leaving.app.feed("q")
                assert await leaving.showing
            await staying.press("?", "HELP")
        assert on.source.calls == []  # nobody stopped the watch

    bench(act)


def test_an_alarm_that_was_seen_on_one_page_was_seen_on_all() -> None:
    async def act(on: Bench) -> None:
        async with on.page() as one, on.page() as other:
            on.source.publish(low())
            await other.sees("LOW RESERVOIR")
            on.source.publish(snapshot())
            await one.sees("has gone")
            await other.sees("has gone")
            one.app.feed("a")
            await other.sees("no active alarms")

    bench(act)


def test_an_alarm_that_came_and_went_while_no_page_was_open_is_told_on_the_next() -> None:
    async def act(on: Bench) -> None:
        on.desk.start()
        for made in (low(), snapshot()):
            on.source.publish(made)
            await asyncio.sleep(0)  # what came from another thread is looked at in the loop's next round
        async with on.page() as page:
            await page.sees("has gone")

    bench(act)


def test_a_page_takes_neither_the_signals_of_the_process_nor_its_output() -> None:
    before = (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGHUP), sys.stdout, sys.stderr)

    async def act(on: Bench) -> None:
        async with on.page():
            async with on.page():
                assert (sys.stdout, sys.stderr) == before[2:]
            assert (sys.stdout, sys.stderr) == before[2:]
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGHUP)) == before[:2]

    bench(act)
    assert (sys.stdout, sys.stderr) == before[2:]


def test_everything_is_drawn_anew_when_it_is_asked_for() -> None:
    async def act(on: Bench) -> None:
        async with on.page() as page:
            page.glass.drawn = ""
            page.app.draw_anew()
            await page.until(lambda: "bench tool" in page.glass.drawn)
            assert "\x1b[?1049h" in page.glass.drawn  # it may have been thrown away before it was seen
            plain = _ESCAPES.sub("", page.glass.drawn)
            assert [line for line in text(page.app) if line not in plain] == []

    bench(act)


def test_a_page_opens_no_other_page_and_sends_no_file() -> None:
    async def act(on: Bench) -> None:
        async with on.page() as page:
            page.glass.drawn = ""
            page.app.open_url("http://pump.example/")
            page.app.deliver_text(io.StringIO("a file"), save_filename="file.txt")
            assert page.glass.drawn == ""

    bench(act)


def test_a_bug_ends_its_own_page_alone_and_is_told_where_the_server_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken() -> None:
        secret = "key material"  # noqa: F841, S105 - that no traceback may show
        raise ZeroDivisionError

    async def act(on: Bench) -> None:
        async with on.page() as staying:
            async with on.page() as failing:
                failing.app.call_later(broken)
                assert not await failing.showing
            await staying.press("?", "HELP")

    bench(act)
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert "key material" not in said.replace('secret = "key material"', "")


def test_pages_that_come_and_go_leave_nothing_behind() -> None:
    before = drawn()
    apps: list[weakref.ref[BrowserApp]] = []

    async def act(on: Bench) -> None:
        async with on.page((80, 24)):
            tasks, threads = len(asyncio.all_tasks()), threading.active_count()
            for _ in range(3):
                async with on.page((80, 24)) as page:
                    await page.press("?", "HELP")
                    apps.append(weakref.ref(page.app))
                del page
            assert (len(asyncio.all_tasks()), threading.active_count()) == (tasks, threads)
            assert on.desk.pages == 1

    bench(act)
    assert drawn() <= before
    assert [app() for app in apps] == [None] * 3


def drawn() -> int:
    """Return how many widgets' drawings are kept."""
    gc.collect()
    return sum(type(one) is StylesCache for one in gc.get_objects())
