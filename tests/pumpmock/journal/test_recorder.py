"""What passes between a host and a pump is passed on and noted, whoever is there, and whatever the line takes."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from pumpmock.journal.recorder import Recorder
from pumpmock.ports.base import PortError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pumpmock.journal.entry import Entry


class Line:
    """A line whose pump says what a test lets it say, and that takes nothing until it is let."""

    url = "line"

    def __init__(self) -> None:
        self.said = b""
        self.taken: list[bytes] = []
        self.takes = threading.Event()
        self.writing = threading.Event()
        self.took_two = threading.Event()
        self.is_gone = False
        self._turn = threading.Condition()

    def say(self, data: bytes) -> None:
        with self._turn:
            self.said += data
            self._turn.notify()

    def read(self) -> bytes:
        with self._turn:
            self._turn.wait_for(lambda: self.said, timeout=0.01)
            data, self.said = self.said, b""
        if self.is_gone:
            raise PortError("line is gone")
        return data

    def write(self, data: bytes) -> None:
        self.writing.set()
        self.takes.wait()
        self.taken.append(data)
        if len(self.taken) == 2:
            self.took_two.set()


class Bench:
    """A recorder on such a line, in a running loop."""

    def __init__(self) -> None:
        self.line = Line()
        self.entries: list[Entry] = []
        self.noted = asyncio.Event()
        self.lost: asyncio.Future[PortError] = asyncio.get_running_loop().create_future()
        self.recorder = Recorder(
            self.line,  # type: ignore[arg-type]
            lambda: 0,
            self._note,
            asyncio.get_running_loop(),
            self.lost.set_result,
        )
        self.recorder.start()

    def _note(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.noted.set()

    async def wait_for(self, what: str) -> None:
        while what not in self.what():
            self.noted.clear()
            await self.noted.wait()

    def what(self) -> list[str]:
        return [entry.what for entry in self.entries]

    def stop(self) -> None:
        self.line.takes.set()
        self.recorder.stop()


def on_a_bench(test: Callable[[Bench], Awaitable[None]]) -> None:
    async def run() -> None:
        bench = Bench()
        try:
            await test(bench)
        finally:
            bench.stop()

    asyncio.run(run())


def test_what_the_pump_says_while_nobody_is_there_is_noted_too() -> None:
    async def test(bench: Bench) -> None:
        bench.line.say(b"late")
        await bench.wait_for("out")
        assert (bench.entries[0].peer, bench.entries[0].data) == ("nobody", b"late")

    on_a_bench(test)


def test_what_the_pump_says_reaches_every_host_that_is_there() -> None:
    async def test(bench: Bench) -> None:
        heard: list[tuple[str, bytes]] = []
        first = bench.recorder.open("tcp 1", lambda data: heard.append(("1", data)))
        bench.recorder.open("tcp 2", lambda data: heard.append(("2", data)))
        bench.line.say(b"to both")
        await bench.wait_for("out")
        assert heard == [("1", b"to both"), ("2", b"to both")]
        first.close()
        assert bench.what() == ["connected", "connected", "out", "out", "disconnected"]

    on_a_bench(test)


def test_what_a_host_says_goes_on_in_its_order() -> None:
    async def test(bench: Bench) -> None:
        bench.line.takes.set()
        host = bench.recorder.open("pty", lambda _data: None)
        for data in (b"one", b"two"):
            assert host.receive(data) == b""
        bench.line.took_two.wait()
        assert bench.line.taken == [b"one", b"two"]
        assert [entry.data for entry in bench.entries] == [b"", b"one", b"two"]

    on_a_bench(test)


def test_a_line_that_takes_nothing_holds_nobody_and_what_is_lost_is_noted() -> None:
    async def test(bench: Bench) -> None:
        host = bench.recorder.open("pty", lambda _data: None)
        host.receive(b"first")
        bench.line.writing.wait()
        for _ in range(1_001):
            host.receive(b"x")
        assert bench.what()[-2:] == ["in", "overrun"]
        assert bench.what().count("overrun") == 1

    on_a_bench(test)


def test_a_line_that_is_gone_is_told_once() -> None:
    async def test(bench: Bench) -> None:
        bench.line.is_gone = True
        assert "line is gone" in str(await bench.lost)

    on_a_bench(test)
