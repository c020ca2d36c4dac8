from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from monitor.web.outlet import Outlet

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

MOST = 1_000


class Page:
    """Takes what is sent when it is let."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.anew = 0

    async def send(self, data: bytes) -> None:
        self.got.append(data)
        await self.reads.wait()

    def draw_anew(self) -> None:
        self.anew += 1


def run(act: Callable[[Outlet, Page], Coroutine[None, None, None]]) -> Page:
    """Do something with an outlet that flows, and let it flow to its end."""

    async def stage() -> Page:
        outlet, page = Outlet(MOST), Page()
        flowing = asyncio.create_task(outlet.flow(page.send, page.draw_anew))
        await act(outlet, page)
        page.reads.set()
        outlet.end()
        await flowing
        return page

    return asyncio.run(stage())


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_what_is_written_arrives_in_its_order() -> None:
    async def act(outlet: Outlet, _page: Page) -> None:
        for text in ("a", "b", "ü▲"):
            outlet.write(text)
            await settle()

    page = run(act)
    assert b"".join(page.got).decode() == "abü▲"
    assert page.anew == 0


def test_what_waits_is_sent_as_one() -> None:
    async def act(outlet: Outlet, _page: Page) -> None:
        for text in "abc":
            outlet.write(text)

    assert run(act).got == [b"abc"]


def test_a_page_that_does_not_read_fills_no_memory_and_is_drawn_anew_when_it_does() -> None:
    async def act(outlet: Outlet, page: Page) -> None:
        page.reads.clear()
        outlet.write("begin")
        await settle()
        most = 0
        for _ in range(1_000):
            outlet.write("x" * 100)
            most = max(most, outlet.waiting)
        await settle()
        assert most <= MOST
        assert outlet.waiting == 0
        assert page.anew == 0  # not before it reads
        page.reads.set()
        await settle()
        assert page.anew == 1
        outlet.write("everything")
        await settle()

    assert run(act).got == [b"begin", b"everything"]


def test_what_was_begun_is_not_left_half_done_where_something_is_thrown_away() -> None:
    async def act(outlet: Outlet, page: Page) -> None:
        page.reads.clear()
        outlet.write("begin")
        await settle()
        outlet.write("some")
        outlet.write("x" * MOST)  # too much
        outlet.write("more")  # of no use without what was thrown away
        page.reads.set()
        await settle()
        outlet.write("everything")

    page = run(act)
    assert page.got == [b"begin", b"everything"]
    assert page.anew == 1


def test_an_outlet_that_has_ended_sends_what_was_written_and_takes_nothing_more() -> None:
    async def act(outlet: Outlet, _page: Page) -> None:
        outlet.write("last words")
        outlet.end()
        outlet.write("too late")

    assert run(act).got == [b"last words"]


def test_text_that_no_encoding_has_ends_nothing() -> None:
    async def act(outlet: Outlet, _page: Page) -> None:
        outlet.write("\udc80")

    assert run(act).got == [b"?"]


def test_a_page_that_has_gone_ends_the_flow() -> None:
    async def stage() -> None:
        outlet = Outlet(MOST)

        async def send(_data: bytes) -> None:
            raise ConnectionResetError

        outlet.write("x")
        await outlet.flow(send, lambda: None)

    with pytest.raises(ConnectionResetError):
        asyncio.run(stage())
