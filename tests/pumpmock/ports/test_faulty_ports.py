"""A port can be unplugged, refuse further hosts, and be deaf; and is as it was afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import os
import termios
from typing import TYPE_CHECKING

import pytest

from pumpmock.ports.tcp import TcpPort
from tests.pumpmock.ports.conftest import PATIENCE_S
from tests.pumpmock.ports.stage import plug_in, read, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from pumpmock.ports.pty import PtyPort
    from tests.pumpmock.ports.conftest import Journal


def served(journal: Journal, story: Callable[[TcpPort], Coroutine[None, None, None]]) -> None:
    async def run() -> None:
        port = TcpPort("127.0.0.1", 0, journal.open)
        await port.open()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await story(port)
        finally:
            await port.close()

    asyncio.run(run())


async def connect(port: TcpPort) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", int(port.url.rpartition(":")[2]))


def test_tcp_unplugged_cuts_its_hosts_and_refuses_others_until_it_is_plugged_in_at_the_same_port(
    journal: Journal,
) -> None:
    async def story(port: TcpPort) -> None:
        url = port.url
        reader, writer = await connect(port)
        writer.write(b"a\n")
        assert await reader.readline() == b"<a>\n"
        port.unplug()
        assert await reader.read() == b""
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await connect(port)
        port.replug()
        port.replug()  # is plugged in already
        reader, writer = await connect(port)
        writer.write(b"b\n")
        assert await reader.readline() == b"<b>\n"
        writer.close()
        assert port.url == url

    served(journal, story)


def test_tcp_that_refuses_keeps_who_is_there(journal: Journal) -> None:
    async def story(port: TcpPort) -> None:
        reader, writer = await connect(port)
        writer.write(b"a\n")
        assert await reader.readline() == b"<a>\n"
        port.refuse(refusing=True)
        with pytest.raises(ConnectionRefusedError):
            await connect(port)
        writer.write(b"b\n")
        assert await reader.readline() == b"<b>\n"
        port.refuse(refusing=False)
        _, other = await connect(port)
        other.close()
        writer.close()

    served(journal, story)


def test_tcp_unplugged_while_it_is_being_plugged_in_stays_unplugged(journal: Journal) -> None:
    async def story(port: TcpPort) -> None:
        port.unplug()
        port.replug()
        port.unplug()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await port.close()
        assert journal.entries == []

    served(journal, story)


def test_deaf_tcp_reads_nothing_and_then_all(journal: Journal) -> None:
    async def story(port: TcpPort) -> None:
        reader, writer = await connect(port)
        writer.write(b"a\n")
        assert await reader.readline() == b"<a>\n"
        port.deafen(deaf=True)
        writer.write(b"b\n")
        late_reader, late_writer = await connect(port)  # a host that comes meanwhile is not heard either
        late_writer.write(b"c\n")
        await journal.until("open", 0)
        assert not {"line b", "line c"} & set(journal.entries)
        port.deafen(deaf=False)
        assert await reader.readline() == b"<b>\n"
        assert await late_reader.readline() == b"<c>\n"
        writer.close()
        late_writer.close()

    served(journal, story)


def test_a_pty_that_refuses_can_not_be_opened_and_keeps_who_is_there(
    tmp_path: Path, journal: Journal
) -> None:
    async def story(port: PtyPort) -> None:
        host = plug_in(port)
        port.refuse(refusing=True)
        with pytest.raises(FileNotFoundError):
            plug_in(port)
        os.write(host, b"a\n")
        assert await read(host, 4) == b"<a>\n"
        port.refuse(refusing=False)
        os.close(plug_in(port))
        os.close(host)

    serve(tmp_path, journal.open, story)


def test_a_pty_plugged_in_while_it_refuses_has_no_link_until_it_takes_hosts_again(
    tmp_path: Path, journal: Journal
) -> None:
    async def story(port: PtyPort) -> None:
        port.refuse(refusing=True)
        port.unplug()
        port.replug()
        assert not port.path.is_symlink()
        port.refuse(refusing=False)
        host = plug_in(port)
        os.write(host, b"a\n")
        assert await read(host, 4) == b"<a>\n"
        os.close(host)

    serve(tmp_path, journal.open, story)


def test_a_deaf_pty_holds_up_its_writer_and_reads_all_of_it_later(tmp_path: Path, journal: Journal) -> None:
    async def story(port: PtyPort) -> None:
        host = plug_in(port)
        os.set_blocking(host, False)
        port.deafen(deaf=True)
        written = 0
        with contextlib.suppress(BlockingIOError):
            while written < 1 << 20:
                written += os.write(host, b"x" * 1_023 + b"\n")
        assert written < 1 << 20
        for _ in range(20):  # turns of the loop, in which nothing is read
            await asyncio.sleep(0)
        assert journal.received == b""
        port.deafen(deaf=False)
        os.set_blocking(host, True)
        await journal.until(f"line {'x' * 1_023}", written // 1_024)
        assert len(journal.received) == written
        os.close(host)

    serve(tmp_path, journal.open, story)


def test_a_pty_tells_the_rate_that_its_host_set(tmp_path: Path, journal: Journal) -> None:
    async def story(port: PtyPort) -> None:
        host = plug_in(port)
        set_to = termios.tcgetattr(host)
        set_to[4] = set_to[5] = termios.B9600
        termios.tcsetattr(host, termios.TCSANOW, set_to)
        assert port.baud_of("pty") == 9_600
        os.close(host)

    port = serve(tmp_path, journal.open, story)
    assert port.baud_of("pty") == 0
