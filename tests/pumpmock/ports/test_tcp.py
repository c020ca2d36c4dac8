from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import pytest
import serial

from protocol.frame import READ_SIZE
from pumpmock.ports import PortError, PortInUseError
from pumpmock.ports.tcp import MAX_UNSENT, TcpPort, parse_host_port
from tests.pumpmock.ports.conftest import EchoConversation

if TYPE_CHECKING:
    from pumpmock.ports import OpenConversation
    from tests.pumpmock.ports.conftest import Journal


def ask(url: str, request: bytes) -> bytes:
    with serial.serial_for_url(url, timeout=30) as host:
        host.write(request)
        return bytes(host.read_until(b"\n"))


def test_a_pyserial_host_is_answered_at_the_url(journal: Journal) -> None:
    async def run() -> None:
        port = TcpPort("127.0.0.1", 0, journal.open)
        await port.open()
        assert await asyncio.to_thread(ask, port.url, b"status\n") == b"<status>\n"
        await journal.until("close")
        await port.close()

    asyncio.run(run())
    assert journal.entries[0].startswith("open tcp 127.0.0.1:")


def test_all_byte_values_pass_both_ways(open_echo: OpenConversation) -> None:
    def echo(url: str) -> bytes:
        with serial.serial_for_url(url, timeout=30) as host:
            host.write(bytes(range(256)))
            return bytes(host.read(256))

    async def run() -> bytes:
        port = TcpPort("127.0.0.1", 0, open_echo)
        await port.open()
        reply = await asyncio.to_thread(echo, port.url)
        await port.close()
        return reply

    assert asyncio.run(run()) == bytes(range(256))


def test_hosts_at_the_same_time_have_conversations_of_their_own(journal: Journal) -> None:
    def two_at_once(url: str) -> list[bytes]:
        with serial.serial_for_url(url, timeout=30) as one, serial.serial_for_url(url, timeout=30) as two:
            one.write(b"ask\n")
            first = one.read_until(b"\n")
            one.write(b"half ")
            two.write(b"whole\n")
            second = two.read_until(b"\n")
            one.write(b"a line\n")
            return [first, second, one.read_until(b"\n")]

    async def run() -> None:
        port = TcpPort("127.0.0.1", 0, journal.open)
        await port.open()
        replies = await asyncio.to_thread(two_at_once, port.url)
        assert replies == [b"<ask>\n", b"<whole>\n", b"<half a line>\n"]
        await port.close()

    asyncio.run(run())


def test_a_host_that_never_reads_is_dropped_and_nobody_else(journal: Journal) -> None:
    """Its replies are far more than the kernel and the port keep: it ends, and the port's memory is not its to use."""
    journal.on_line = lambda _: bytes(64 * 1024 * 1024)

    async def run() -> None:
        port = TcpPort("127.0.0.1", 0, journal.open)
        await port.open()
        deaf = socket.create_connection(("127.0.0.1", int(port.url.rpartition(":")[2])))
        deaf.sendall(b"flood\n")
        await journal.until("close")
        journal.on_line = lambda line: line + b"\n"
        assert await asyncio.to_thread(ask, port.url, b"other\n") == b"other\n"
        deaf.close()
        await port.close()

    asyncio.run(run())


def test_what_is_kept_for_a_slow_host_is_bounded(journal: Journal) -> None:
    limits: list[tuple[int, int]] = []

    async def run() -> None:
        port = TcpPort("127.0.0.1", 0, journal.open)
        await port.open()
        _, writer = await asyncio.open_connection("127.0.0.1", int(port.url.rpartition(":")[2]))
        writer.write(b"x\n")
        await journal.until("line x")
        (connection,) = port._connections
        limits.append(connection._transport.get_write_buffer_limits())
        sock: Any = connection._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        writer.close()
        await writer.wait_closed()
        await port.close()

    asyncio.run(run())
    assert limits[0][1] == MAX_UNSENT


def test_closing_cuts_the_hosts_and_ends_their_conversations(journal: Journal) -> None:
    async def run() -> None:
        port = TcpPort("127.0.0.1", 0, journal.open)
        await port.open()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port.url.rpartition(":")[2]))
        writer.write(b"x\n")
        await journal.until("line x")
        await port.close()
        assert journal.entries[-1] == "close"
        assert await reader.read() in {b"", b"<x>\n"}
        await port.close()
        writer.close()
        await writer.wait_closed()

    asyncio.run(run())


def test_a_port_opened_again_is_found_at_the_same_url(journal: Journal) -> None:
    async def run() -> None:
        port = TcpPort("127.0.0.1", 0, journal.open)
        await port.open()
        url = port.url
        await asyncio.to_thread(ask, url, b"x\n")
        await port.close()
        await port.open()
        assert port.url == url
        assert await asyncio.to_thread(ask, url, b"y\n") == b"<y>\n"
        await port.close()

    asyncio.run(run())


def test_a_port_in_use_is_refused_with_a_sentence(journal: Journal) -> None:
    async def run() -> tuple[str, str]:
        first = TcpPort("127.0.0.1", 0, journal.open)
        await first.open()
        number = int(first.url.rpartition(":")[2])
        with pytest.raises(PortInUseError) as refusal:
            await TcpPort("127.0.0.1", number, journal.open).open()
        await first.close()
        return str(refusal.value), f"127.0.0.1:{number}"

    message, where = asyncio.run(run())
    assert message == f"{where} is in use by another program: choose another port, or 0 for any that is free"


def test_an_address_of_another_machine_is_refused_with_a_sentence(journal: Journal) -> None:
    with pytest.raises(PortError) as refusal:
        asyncio.run(TcpPort("192.0.2.1", 0, journal.open).open())  # reserved for documentation: nobody has it
    assert str(refusal.value) == "192.0.2.1 is not an address of this machine: try 127.0.0.1"


def test_a_bug_in_a_conversation_reaches_the_loops_exception_handler(journal: Journal) -> None:
    def fail(line: bytes) -> bytes:
        raise ArithmeticError(line.decode())

    journal.on_line = fail

    async def run() -> list[object]:
        seen: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: seen.append(context["exception"]))
        port = TcpPort("127.0.0.1", 0, journal.open)
        await port.open()
        await asyncio.to_thread(ask_and_be_cut, port.url)
        await journal.until("close")
        await port.close()
        return seen

    (error,) = asyncio.run(run())
    assert isinstance(error, ArithmeticError)


def ask_and_be_cut(url: str) -> None:
    with serial.serial_for_url(url, timeout=30) as host:
        host.write(b"x\n")
        with pytest.raises(serial.SerialException):
            host.read(1)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_a_loopback_port_needs_no_warning(journal: Journal, host: str) -> None:
    assert TcpPort(host, 7070, journal.open).is_loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "bench.example"])  # noqa: S104 - what the warning is for
def test_a_port_that_other_machines_can_reach_is_known_as_one(journal: Journal, host: str) -> None:
    assert not TcpPort(host, 7070, journal.open).is_loopback


def test_an_ipv6_address_stands_in_brackets_in_the_url(journal: Journal) -> None:
    assert TcpPort("::1", 7070, journal.open).url == "socket://[::1]:7070"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:7070", ("127.0.0.1", 7070)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:65535", ("::1", 65535)),
    ],
)
def test_host_and_port_are_read(text: str, expected: tuple[str, int]) -> None:
    assert parse_host_port(text) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("127.0.0.1", "'127.0.0.1' has no port: write it as HOST:PORT, for instance 127.0.0.1:7070"),
        ("[::1]", "'[::1]' has no port: write it as HOST:PORT, for instance 127.0.0.1:7070"),
        ("", "'' has no port: write it as HOST:PORT, for instance 127.0.0.1:7070"),
        (":7070", "':7070' has no host: write it as HOST:PORT, for instance 127.0.0.1:7070"),
        ("[]:7070", "'[]:7070' has no host: write it as HOST:PORT, for instance [::1]:7070"),
        ("host:", "'' in 'host:' is not a port number: write digits, for instance 7070"),
        ("host:http", "'http' in 'host:http' is not a port number: write digits, for instance 7070"),
        ("host:-1", "'-1' in 'host:-1' is not a port number: write digits, for instance 7070"),
        ("host:\u0667", "'\u0667' in 'host:\u0667' is not a port number: write digits, for instance 7070"),
        ("host:65536", "port 65536 is out of range: ports go from 0 (any that is free) to 65535"),
        ("::1:7070", "'::1:7070' is ambiguous: write an IPv6 address in brackets, for instance [::1]:7070"),
    ],
)
def test_what_is_no_host_and_port_is_refused_with_the_sentence_that_mends_it(
    text: str, sentence: str
) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole sentence is compared below
        parse_host_port(text)
    assert str(refusal.value) == sentence


def test_a_conversation_is_handed_no_more_than_a_read_at_a_time(journal: Journal) -> None:
    sizes = []
    sent = 64 * READ_SIZE

    class Sizes(EchoConversation):
        def receive(self, data: bytes) -> bytes:
            sizes.append(len(data))
            if sum(sizes) == sent:
                journal.note("all")
            return b""

    async def run() -> None:
        port = TcpPort("127.0.0.1", 0, lambda _peer, _send: Sizes())
        await port.open()
        _, writer = await asyncio.open_connection("127.0.0.1", int(port.url.rpartition(":")[2]))
        writer.write(bytes(sent))
        await journal.until("all")
        writer.close()
        await writer.wait_closed()
        await port.close()

    asyncio.run(run())
    assert max(sizes) == READ_SIZE
