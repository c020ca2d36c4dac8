"""What a test says shall be seen, and the error of what was not: with the journal, so that nobody has to run it again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from pumpmock.testing.spans import Span, span_us, text_of

if TYPE_CHECKING:
    import concurrent.futures
    from collections.abc import Callable

    from pumpmock.testing.sightings import Sighting, Wanted

WITHIN: Span = "10 s"
"""Wall time that is waited for what is expected, where nobody says how long: the host lives in wall time."""


class UnmetError(AssertionError):
    """What was expected of a host or of the pump was not seen; the message has the journal."""


class Expectation:
    """Something that shall be seen from now on: by the end of a `with` block and `within` after it, or by the test's end.

    Args:
        wanted: what.
        times: how often at the least.
        within: wall time that is waited at the end of the block.
        begin: begins to wait, and returns the sightings when there are enough or the time is up.
        report: returns the end of an error's message.

    Attributes:
        found: what was seen, once it was looked for.
        is_open: whether nobody has looked yet.
    """

    def __init__(
        self,
        wanted: Wanted,
        times: int,
        within: Span,
        *,
        begin: Callable[[Wanted, int, int], concurrent.futures.Future[list[Sighting]]],
        report: Callable[[], str],
    ) -> None:
        if times < 1:
            raise ValueError(
                f"times={times}: expect something once at the least; assert_quiet expects nothing"
            )
        span_us(within)  # a slip is told where it was made
        self.found: list[Sighting] = []
        self.is_open = True
        self._wanted = wanted
        self._times = times
        self._within = within
        self._begin = begin
        self._report = report

    def check(self) -> list[Sighting]:
        """Wait for it, and return what was seen.

        Raises:
            UnmetError: where it was not seen often enough in time.
        """
        __tracebackhide__ = True  # of pytest: the line of the test is what matters
        return self._judged(self._begun(self._within).result(), self._in_time)

    async def check_async(self) -> list[Sighting]:
        """Do as `check`, and let the caller's own loop run meanwhile.

        Raises:
            UnmetError: as `check`.
        """
        __tracebackhide__ = True
        return self._judged(await asyncio.wrap_future(self._begun(self._within)), self._in_time)

    def check_now(self) -> list[Sighting]:
        """Do as `check`, at the end of a test, and wait no more.

        Raises:
            UnmetError: where it has not been seen often enough by now.
        """
        return self._judged(self._begun("0 s").result(), "by the end of the test")

    @property
    def _in_time(self) -> str:
        return f"within {text_of(self._within)} of wall time"

    def _begun(self, within: Span) -> concurrent.futures.Future[list[Sighting]]:
        return self._begin(self._wanted, self._times, span_us(within))

    def _judged(self, found: list[Sighting], in_time: str) -> list[Sighting]:
        __tracebackhide__ = True
        self.is_open = False
        self.found = found
        if len(found) < self._times:
            often = f"seen {len(found)} of {self._times} times" if self._times > 1 else "not seen"
            raise UnmetError(f"{self._wanted}: {often} {in_time}{self._report()}")
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        __tracebackhide__ = True
        if kind is None:
            self.check()
        self.is_open = False  # of a block that failed by itself nothing is expected

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        __tracebackhide__ = True
        if kind is None:
            await self.check_async()
        self.is_open = False
