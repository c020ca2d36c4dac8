"""The one thread in which all live pumps of a process run: an event loop, started when the first pump wants it."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import threading
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

_T = TypeVar("_T")
_NAME = "pumpmock"


class PumpThread:
    """A daemon thread with an event loop.

    Attributes:
        loop: its loop.
        errors: what went wrong there and is no pump's by name, oldest first: a bug of ours.
    """

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.errors: list[BaseException] = []
        self.loop.set_exception_handler(self._note)
        self._thread = threading.Thread(target=self.loop.run_forever, name=_NAME, daemon=True)
        self._thread.start()

    def call(self, action: Callable[[], _T]) -> _T:
        """Do something there, and return what comes of it, or raise what it raises."""
        self._check()
        found: concurrent.futures.Future[_T] = concurrent.futures.Future()

        def act() -> None:
            try:
                found.set_result(action())
            except BaseException as error:  # noqa: BLE001 - it is raised where it was asked for
                found.set_exception(error)

        self.loop.call_soon_threadsafe(act)
        return found.result()

    def begin(self, work: Coroutine[Any, Any, _T]) -> concurrent.futures.Future[_T]:
        """Begin something there that takes its time."""
        self._check()
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do something there that takes its time; whoever is interrupted meanwhile takes it back."""
        future = self.begin(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def end(self) -> None:
        """End the thread and close its loop."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def _check(self) -> None:
        if threading.current_thread() is self._thread:
            raise RuntimeError(
                "this is the pumps' own thread, which can't wait for itself: call from another"
            )

    def _note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.errors.append(context.get("exception") or RuntimeError(str(context.get("message"))))


_starting = threading.Lock()


@cache
def _started() -> PumpThread:
    thread = PumpThread()
    atexit.register(thread.end)
    return thread


def pump_thread() -> PumpThread:
    """Return the process's thread of pumps, started at the first call and ended with the process."""
    with _starting:
        return _started()
