"""What a host meets when it opens the link: each promise on a real pseudo-terminal."""

from __future__ import annotations

import asyncio
import select
import termios
from typing import TYPE_CHECKING

import pytest
import serial

from pumpmock.ports import PortError, PortInUseError
from pumpmock.ports.pty import PtyPort, open_first_free

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pumpmock.ports import OpenConversation
    from tests.pumpmock.ports.conftest import Journal


def ask(url: str, request: bytes) -> bytes:
    with serial.serial_for_url(url, timeout=30) as host:
        host.write(request)
        return bytes(host.read_until(b"\n"))


def test_a_pyserial_host_is_answered_at_the_link(tmp_path: Path, journal: Journal) -> None:
    async def run() -> None:
        port = PtyPort(tmp_path / "pump", journal.open)
        await port.open()
        assert port.url == str(tmp_path / "pump")
        assert await asyncio.to_thread(ask, port.url, b"status\n") == b"<status>\n"
        await journal.until("close")
        await port.close()

    asyncio.run(run())
    assert journal.entries == ["open pty", "line status", "close"]


def test_all_byte_values_pass_both_ways(tmp_path: Path, open_echo: OpenConversation) -> None:
    def echo(url: str) -> bytes:
        with serial.serial_for_url(url, timeout=30) as host:
            host.write(bytes(range(256)))
            return bytes(host.read(256))

    async def run() -> bytes:
        port = PtyPort(tmp_path / "pump", open_echo)
        await port.open()
        reply = await asyncio.to_thread(echo, port.url)
        await port.close()
        return reply

    assert asyncio.run(run()) == bytes(range(256))


def test_with_nobody_connected_the_port_is_quiet(tmp_path: Path, journal: Journal) -> None:
    """Without a holder of the slave, the master would report a hang-up for ever, before and after each host."""

    async def run() -> None:
        port = PtyPort(tmp_path / "pump", journal.open)
        await port.open()
        assert port._line is not None
        poll = select.poll()
        poll.register(port._line._master)
        assert not is_readable_or_hung_up(poll)
        for times in (1, 2):
            await asyncio.to_thread(ask, port.url, b"x\n")
            await journal.until("close", times)
            assert not is_readable_or_hung_up(poll)
        await port.close()

    asyncio.run(run())


def is_readable_or_hung_up(poll: select.poll) -> bool:
    return any(event & ~select.POLLOUT for _, event in poll.poll(0))


def test_a_host_that_never_reads_harms_neither_port_nor_the_next_host(
    tmp_path: Path, journal: Journal
) -> None:
    reply = b"<" + bytes(200) + b">\n"
    journal.on_line = lambda _: reply

    def flood(url: str, flooded: Callable[[], None]) -> None:
        with serial.serial_for_url(url, timeout=30) as host:
            for _ in range(3_000):
                host.write(b"0123456789\n")
            flooded()

    async def run() -> None:
        port = PtyPort(tmp_path / "pump", journal.open)
        await port.open()
        loop = asyncio.get_running_loop()

        def flooded() -> None:
            asyncio.run_coroutine_threadsafe(journal.until("line 0123456789", 3_000), loop).result()

        await asyncio.to_thread(flood, port.url, flooded)
        await journal.until("close")
        assert journal.received == b"0123456789\n" * 3_000
        assert 0 < port.dropped_bytes < 3_000 * len(reply)
        assert await asyncio.to_thread(ask, port.url, b"x\n") == reply
        await port.close()

    asyncio.run(run())


def test_a_host_that_begins_to_read_late_is_answered_again(tmp_path: Path, journal: Journal) -> None:
    journal.on_line = lambda line: line + bytes(200) + b"\n"

    def flood_then_ask(url: str, flooded: Callable[[], None]) -> bytes:
        with serial.serial_for_url(url, timeout=30) as host:
            for _ in range(1_000):
                host.write(b"0123456789\n")
            flooded()
            host.reset_input_buffer()
            host.write(b"again\n")
            return bytes(host.read_until(b"\n"))

    async def run() -> None:
        port = PtyPort(tmp_path / "pump", journal.open)
        await port.open()
        loop = asyncio.get_running_loop()

        def flooded() -> None:
            asyncio.run_coroutine_threadsafe(journal.until("line 0123456789", 1_000), loop).result()

        assert (await asyncio.to_thread(flood_then_ask, port.url, flooded)).startswith(b"again")
        await port.close()

    asyncio.run(run())


def test_hosts_keep_each_other_out_and_a_refused_one_disturbs_nobody(
    tmp_path: Path, journal: Journal
) -> None:
    def meet(url: str) -> bytes:
        with serial.Serial(url, timeout=30, exclusive=True) as first:
            first.write(b"half ")
            with pytest.raises(serial.SerialException):
                serial.Serial(url, exclusive=True)
            first.write(b"a line\n")
            return bytes(first.read_until(b"\n"))

    async def run() -> None:
        port = PtyPort(tmp_path / "pump", journal.open)
        await port.open()
        assert await asyncio.to_thread(meet, port.url) == b"<half a line>\n"
        await journal.until("close")
        assert journal.entries == ["open pty", "line half a line", "close"]
        with serial.Serial(port.url, exclusive=True):
            pass
        await port.close()

    asyncio.run(run())


def test_unplugging_is_an_error_at_once_for_a_host_that_waits(tmp_path: Path, journal: Journal) -> None:
    def wait_for_more(url: str) -> None:
        with serial.serial_for_url(url, timeout=None) as host:
            host.write(b"x\n")
            with pytest.raises((serial.SerialException, termios.error)):
                host.read(len(b"<x>\n") + 1)

    async def run() -> None:
        port = PtyPort(tmp_path / "pump", journal.open)
        await port.open()
        waiting = asyncio.create_task(asyncio.to_thread(wait_for_more, port.url))
        await journal.until("line x")
        port.unplug()
        assert journal.entries[-1] == "close"
        assert not port.is_plugged
        assert not port.path.is_symlink()
        async with asyncio.timeout(60):
            await waiting
        port.unplug()  # what is unplugged stays so

        port.replug()
        assert port.is_plugged
        assert await asyncio.to_thread(ask, port.url, b"y\n") == b"<y>\n"
        await port.close()

    asyncio.run(run())


def test_replugging_swaps_the_terminal_behind_the_link(tmp_path: Path, journal: Journal) -> None:
    async def run() -> None:
        port = PtyPort(tmp_path / "pump", journal.open)
        await port.open()
        before = port.path.readlink()
        with serial.serial_for_url(port.url, timeout=30) as host:
            port.replug()
            assert port.path.readlink() != before
            assert not before.exists()
            with pytest.raises(OSError, match=r".*"):
                _ = host.in_waiting
        assert await asyncio.to_thread(ask, port.url, b"y\n") == b"<y>\n"
        await port.close()

    asyncio.run(run())


@pytest.mark.parametrize("back_again", [False, True], ids=["unplug", "unplug and replug"])
def test_a_conversation_can_pull_the_plug(tmp_path: Path, journal: Journal, *, back_again: bool) -> None:
    failures: list[object] = []

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
        port = PtyPort(tmp_path / "pump", journal.open)

        def pull(line: bytes) -> bytes:
            port.unplug()
            if back_again:
                port.replug()
            return line

        journal.on_line = pull
        await port.open()
        with serial.serial_for_url(port.url, timeout=30) as host:
            host.write(b"x\n")
            await journal.until("close")
        assert port.is_plugged is back_again
        await port.close()

    asyncio.run(run())
    assert failures == []
    assert journal.entries == ["open pty", "line x", "close"]


def is_empty(directory: Path) -> bool:
    return not any(directory.iterdir())


def test_closing_leaves_nothing_behind_and_the_port_can_be_opened_again(
    tmp_path: Path, journal: Journal
) -> None:
    async def run() -> None:
        port = PtyPort(tmp_path / "pump", journal.open)
        for _ in range(2):
            await port.open()
            assert await asyncio.to_thread(ask, port.url, b"x\n") == b"<x>\n"
            await port.close()
            assert is_empty(tmp_path)
        await port.close()
        with pytest.raises(RuntimeError):
            port.replug()

    asyncio.run(run())


def test_a_link_that_is_served_is_refused_and_goes_on_being_served(tmp_path: Path, journal: Journal) -> None:
    async def run() -> None:
        port = PtyPort(tmp_path / "pump", journal.open)
        await port.open()
        with pytest.raises(PortInUseError):
            await PtyPort(tmp_path / "pump", journal.open).open()
        assert await asyncio.to_thread(ask, port.url, b"x\n") == b"<x>\n"
        await port.close()

    asyncio.run(run())


def test_a_port_that_gets_no_terminal_gives_the_link_back(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left() -> tuple[int, int]:
        raise OSError("out of pty devices")

    async def run() -> None:
        port = PtyPort(tmp_path / "pump", journal.open)
        with monkeypatch.context() as patch:
            patch.setattr("os.openpty", none_left)
            with pytest.raises(PortError, match="no pseudo-terminal is to be had"):
                await port.open()
        assert is_empty(tmp_path)
        await port.open()
        await port.close()

    asyncio.run(run())


def test_without_a_link_asked_for_the_first_free_one_is_served(tmp_path: Path, journal: Journal) -> None:
    async def run() -> None:
        directory = tmp_path / "run"
        ports = [await open_first_free(directory, journal.open) for _ in range(10)]
        assert [port.path.name for port in ports] == [f"pump{number}" for number in range(10)]
        with pytest.raises(PortInUseError, match="are served: stop one, or choose another link with --pty"):
            await open_first_free(directory, journal.open)
        await ports[3].close()
        ports[3] = await open_first_free(directory, journal.open)
        assert ports[3].path.name == "pump3"
        for port in ports:
            await port.close()

    asyncio.run(run())


def test_a_bug_in_a_conversation_reaches_the_loops_exception_handler(
    tmp_path: Path, journal: Journal
) -> None:
    def fail(line: bytes) -> bytes:
        raise ArithmeticError(line.decode())

    async def run() -> list[object]:
        seen: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: seen.append(context["exception"]))
        port = PtyPort(tmp_path / "pump", journal.open)
        await port.open()
        journal.on_line = fail
        with serial.serial_for_url(port.url) as host:
            host.write(b"x\n")
            await journal.until("line x")
        await journal.until("close")
        journal.on_line = lambda line: line + b"\n"
        assert await asyncio.to_thread(ask, port.url, b"y\n") == b"y\n"
        await port.close()
        return seen

    (error,) = asyncio.run(run())
    assert isinstance(error, ArithmeticError)
