"""From the first page to the signal: one watch, one set of alarms, and the pages that come and go."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
from typing import TYPE_CHECKING, Protocol

from monitor.annunciator import Annunciator
from monitor.web.gate import draw
from monitor.web.server import serving
from monitor.web.tab import Screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.memo import Memos
    from monitor.sharing import Seat, Shared
    from monitor.snapshot import Snapshot
    from monitor.web.outlet import Outlet


class Page(Screen, Protocol):
    """The dashboard on a page."""

    def look_again(self) -> None:
        """Draw what has changed."""
        ...


class Desk:
    """What all pages share, and the pages that are open. Used in one event loop.

    Args:
        shared: the watch.
        memos: where is remembered what is shelved.
        new_page: makes a page.
        now_ns: the host's monotonic clock.
    """

    def __init__(
        self,
        shared: Shared,
        memos: Memos | None,
        new_page: Callable[[Seat, Outlet, Annunciator], Page],
        now_ns: Callable[[], int],
    ) -> None:
        self.shared = shared
        self._now_ns = now_ns
        self._new_page = new_page
        self._open: set[Page] = set()
        self._annunciator = Annunciator(shared.seat(), memos, changed=self._look_again)

    @property
    def pages(self) -> int:
        """How many pages are open."""
        return len(self._open)

    @contextlib.contextmanager
    def page(self, outlet: Outlet) -> Iterator[Page]:
        """Have a page, as long as the context lasts."""
        page = self._new_page(self.shared.seat(), outlet, self._annunciator)
        self._open.add(page)
        try:
            yield page
        finally:
            self._open.discard(page)

    def start(self) -> None:
        """Begin to watch. What goes unseen because no page is open stays unseen, so alarms are looked at by each reading."""
        loop = asyncio.get_running_loop()

        def told(snapshot: Snapshot) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._annunciator.look, snapshot, self._now_ns())

        self.shared.subscribe(told)
        self.shared.start()

    def _look_again(self) -> None:
        for page in self._open:
            page.look_again()


def run(desk: Desk, address: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve pages until SIGINT, SIGTERM or SIGHUP, then end them, the watch and the history, in this order.

    Args:
        desk: what is served.
        address: to listen on.
        port: as above; 0 for one that is free.
        announce: is told the address to open, once.

    Raises:
        PortError: nothing can listen there.
    """
    asyncio.run(_run(desk, address, port, announce))


async def _run(desk: Desk, address: str, port: int, announce: Callable[[str], None]) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        # Windows has neither the handlers nor SIGHUP.
        with contextlib.suppress(NotImplementedError, AttributeError):
            loop.add_signal_handler(getattr(signal, name), ended.set)
    try:
        async with serving(address, port, draw(secrets.token_urlsafe), desk.page) as where:
            desk.start()
            announce(where)
            await ended.wait()
    finally:
        await asyncio.to_thread(desk.shared.stop)
