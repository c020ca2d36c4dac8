"""A pump for a test: on a real port, in this process, in a thread of its own, with everything about it at hand.

    with live_pump(transport="tcp", reservoir="3 mL") as pump:
        host = Driver(pump.url)
        pump.clock.advance("8 h")
        assert host.alarms() == ["low reservoir"]

`LivePump` waits where there is something to wait for; `AsyncPump` awaits it in whatever asyncio loop it is used in.
docs/decisions/0045-pytest-plugin.md
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pumpmock.testing.expectations import WITHIN, UnmetError
from pumpmock.testing.face import Face
from pumpmock.testing.home import HOME_OF_ALL
from pumpmock.testing.options import read_options
from pumpmock.testing.running import Running
from pumpmock.testing.spans import Span, pump_span_us, span_us
from pumpmock.testing.thread import pump_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pumpmock.testing.sightings import Sighting


class ViolationError(AssertionError):
    """A host broke the protocol; the message says where, which section of docs/protocol.md it is, and has the journal."""


class PumpError(RuntimeError):
    """The pump itself failed, which is a bug of ours; its cause is the error."""


class LivePump(Face):
    """A live pump; every call is over when it returns."""

    def wait_for(self, name: str, *, within: Span = WITHIN, **fields: Any) -> Sighting:  # noqa: ANN401 - any field's value
        """Wait for a message or an event, and return it: the first after the one that was waited for last.

        Args:
            name: as of `expect`.
            within: wall time.
            fields: as of `expect`.

        Raises:
            UnmetError: where it does not come in time.
            ValueError: for a name or a field that nothing has.
        """
        return self._found(self._awaited(name, within, fields).check())

    def settle(self) -> None:
        """Return once all that hosts have written so far is answered."""
        self._thread.run(self._running.settle())

    def assert_quiet(self, for_: Span = "1 s") -> None:
        """Make sure that no host sends anything for so much wall time, once all that was written is answered.

        Raises:
            UnmetError: where one does.
        """
        self._noisy(self._thread.run(self._running.heard(span_us(for_))), for_)

    # --- its end ----------------------------------------------------------------------------------------------------

    def leave_the_journal_out(self) -> None:
        """Leave the journal out of errors: for whoever shows it beside them."""
        self._running.quotes_journal = False

    def close(self, *, judge: bool = True) -> None:
        """End the pump; closing twice does nothing.

        Args:
            judge: whether unmet expectations and violations are errors: not where something has failed already.

        Raises:
            PumpError: where the pump itself failed.
            UnmetError: where what was expected by now has not been seen, by a scenario too.
            ViolationError: where a host broke the protocol, and the pump is strict.
        """
        if self._running.is_over:
            return
        try:
            self._thread.run(self._running.end())
        finally:
            HOME_OF_ALL.move_out(self.serial_number)
        errors, self._thread.errors = [*self._running.errors, *self._thread.errors], []
        if errors:
            raise PumpError(f"pump {self.serial_number} failed: {errors[0]}{self._report()}") from errors[0]
        if not judge:
            return
        for expectation in self._running.expected:
            if expectation.is_open:
                expectation.check_now()
        for result in (played.result for played in self._running.played):
            if not result.is_good:
                raise UnmetError("\n".join(result.sentences) + self._report())
        found = self.violations if self._running.asked.strict else []
        if found:
            told = "\n".join(f"  {violation}" for violation in found)
            said = f"a host of pump {self.serial_number} broke the protocol (strict=False allows it):\n{told}"
            raise ViolationError(said + self._report())


class AsyncPump(Face):
    """The same pump for tests that run in an asyncio loop, whichever it is: what waits is awaited."""

    async def advance(self, span: Span | int) -> None:
        """Let pump time pass at once, as `clock.advance` does."""
        await self._in_thread(self._running.advance(pump_span_us(span)))

    async def wait_for(self, name: str, *, within: Span = WITHIN, **fields: Any) -> Sighting:  # noqa: ANN401 - any field's value
        """Wait for a message or an event, and return it: the first after the one that was waited for last.

        Raises:
            UnmetError: where it does not come in time.
            ValueError: for a name or a field that nothing has.
        """
        return self._found(await self._awaited(name, within, fields).check_async())

    async def settle(self) -> None:
        """Return once all that hosts have written so far is answered."""
        await self._in_thread(self._running.settle())

    async def assert_quiet(self, for_: Span = "1 s") -> None:
        """Make sure that no host sends anything for so much wall time, once all that was written is answered.

        Raises:
            UnmetError: where one does.
        """
        self._noisy(await self._in_thread(self._running.heard(span_us(for_))), for_)

    async def _in_thread(self, work: Any) -> Any:  # noqa: ANN401 - a coroutine, and what it returns
        return await asyncio.wrap_future(self._thread.begin(work))


def start_pump(**options: Any) -> LivePump:  # noqa: ANN401 - see `read_options`
    """Start a pump that somebody will `close`; `live_pump` does that by itself.

    Raises:
        OptionError: for an option that there is none of, or that no pump can have.
        PortError: where the port can't be had.
        JournalError, OSError: where the journal can't be written to the file that was asked for.
    """
    asked = read_options(options)
    thread = pump_thread()
    serial_number = HOME_OF_ALL.move_in(asked.serial_number)
    try:
        running = Running(asked, serial_number, thread.loop)
        key_file = HOME_OF_ALL.put(running.key)
        thread.run(running.begin(HOME_OF_ALL.path))
    except BaseException:
        HOME_OF_ALL.move_out(serial_number)
        raise
    return LivePump(running, thread, key_file)


def asynchronous(pump: LivePump) -> AsyncPump:
    """Return the same pump for those who await; whoever has started it closes it."""
    return AsyncPump(pump._running, pump._thread, pump.key_file)  # noqa: SLF001 - two faces of one pump


@contextmanager
def live_pump(**options: Any) -> Iterator[LivePump]:  # noqa: ANN401 - see `read_options`
    """Have a pump for a `with` block; at its end, what was expected of its hosts and what they did wrong is an error.

    Args:
        options: as docs/testing.md lists them: `transport`, `profile`, `reservoir`, `rate`, `seed`, `limits` ...

    Raises:
        OptionError: for an option that there is none of, or that no pump can have.
        PortError: where the port can't be had.
        PumpError, UnmetError, ViolationError: as `LivePump.close`.
    """
    pump = start_pump(**options)
    try:
        yield pump
    except BaseException:
        pump.close(judge=False)
        raise
    pump.close()
