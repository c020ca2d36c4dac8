"""What two independent clients, pyserial and serialx, and hosts without any client find at an RFC 2217 port."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import pytest
import serial
import serialx
from hypothesis import given
from hypothesis import strategies as st

from pumpmock.journal.journal import Journal as Kept
from pumpmock.ports.com_port import Command, LineChange
from pumpmock.ports.rfc2217 import MAX_HELD, LineConversation, Rfc2217Port, noted_in
from pumpmock.ports.telnet import Option, Verb, negotiate, subnegotiate
from tests.pumpmock.ports.conftest import EchoConversation

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.ports import OpenConversation, Send
    from tests.pumpmock.ports.conftest import Journal

BEGIN = negotiate(Verb.WILL, Option.COM_PORT)
# What a host that begins is answered: agreed, eight bits both ways, carrier, data set ready and clear to send.
BEGUN = (
    negotiate(Verb.DO, Option.COM_PORT)
    + negotiate(Verb.DO, Option.BINARY)
    + negotiate(Verb.WILL, Option.BINARY)
    + subnegotiate(Option.COM_PORT, b"\x6b\xb0")
)


def command(code: int, *value: int) -> bytes:
    return subnegotiate(Option.COM_PORT, bytes([code, *value]))


class Desk:
    """A host's line without a port: an echo behind it, and all that was told of it and sent outside of an answer."""

    def __init__(self) -> None:
        self.told: list[tuple[str, object]] = []
        self.sent: list[bytes] = []
        self.line = LineConversation("a host", self.sent.append, self.open, self._tell)

    def open(self, peer: str, send: Send) -> EchoConversation:
        assert peer == "a host"
        self.send = send
        return EchoConversation()

    def _tell(self, peer: str, change: LineChange) -> None:
        assert peer == "a host"
        self.told.append((change.setting.value, change.value))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_host_that_speaks_no_telnet_is_sent_none(desk: Desk) -> None:
    assert desk.line.receive(b"plain\r\0\n") == b"plain\r\0\n"


def test_the_byte_that_telnet_means_something_by_is_doubled_both_ways(desk: Desk) -> None:
    assert desk.line.receive(b"a\xff\xffb") == b"a\xff\xffb"
    desk.send(b"\xff")
    assert desk.sent == [b"\xff\xff"]


def test_a_host_that_begins_is_agreed_with_and_told_of_the_modem_lines(desk: Desk) -> None:
    assert desk.line.receive(BEGIN) == BEGUN
    assert desk.line.receive(BEGIN) == b""


def test_what_both_sides_want_is_agreed_to_and_anything_else_refused(desk: Desk) -> None:
    for verb, yes, no in ((Verb.WILL, Verb.DO, Verb.DONT), (Verb.DO, Verb.WILL, Verb.WONT)):
        assert desk.line.receive(negotiate(verb, 3)) == negotiate(yes, 3)  # suppress go ahead
        assert desk.line.receive(negotiate(verb, 1)) == negotiate(
            no, 1
        )  # echo: the pump's own answers are no echo


def test_a_line_is_not_set_before_the_host_has_said_that_it_means_to(desk: Desk) -> None:
    assert desk.line.receive(command(Command.SET_PARITY, 3)) == b""
    desk.line.receive(BEGIN)
    assert desk.line.receive(command(Command.SET_PARITY, 3)) == command(Command.SET_PARITY + 100, 3)
    desk.line.receive(negotiate(Verb.WONT, Option.COM_PORT))
    assert desk.line.receive(command(Command.SET_PARITY, 1)) == b""
    assert desk.told == [("parity", "even")]


def test_answers_come_in_the_order_of_what_they_answer(desk: Desk) -> None:
    desk.line.receive(BEGIN)
    asked = b"a" + command(Command.SET_DATASIZE, 7) + b"b" + command(Command.PURGE_DATA, 1)
    assert desk.line.receive(asked) == b"a" + command(102, 7) + b"b" + command(112, 1)


def test_telnets_break_and_the_ports_are_told(desk: Desk) -> None:
    desk.line.receive(b"\xff\xf3" + BEGIN + command(Command.SET_CONTROL, 5) + command(Command.SET_CONTROL, 6))
    assert desk.told == [("break", True), ("break", False)] * 2


def test_during_a_pause_nothing_is_sent_and_after_it_everything_in_order(desk: Desk) -> None:
    desk.line.receive(BEGIN)
    assert desk.line.receive(b"a" + command(Command.FLOWCONTROL_SUSPEND) + b"b") == b"a"
    desk.send(b"\xffc")
    assert desk.line.receive(command(Command.SET_DATASIZE, 7)) == b""
    assert desk.sent == []
    resumed = desk.line.receive(command(Command.FLOWCONTROL_RESUME))
    assert resumed == b"b" + b"\xff\xffc" + command(102, 7)
    desk.send(b"d")
    assert desk.sent == [b"d"]


def test_a_pause_without_end_keeps_a_bounded_number_of_bytes_and_cuts_no_command_in_two(desk: Desk) -> None:
    desk.line.receive(BEGIN + command(Command.FLOWCONTROL_SUSPEND))
    desk.line.receive(b"x" * (MAX_HELD - 1))
    desk.line.receive(b"\xff\xff" + command(Command.SET_DATASIZE, 7) + b"y")
    assert desk.line.lost_bytes == 2 + len(command(102, 7))
    assert desk.line.receive(b"z" + command(Command.FLOWCONTROL_RESUME)) == b"x" * (MAX_HELD - 1) + b"y"


def test_a_pause_ends_with_the_agreement_by_which_it_could_be_ended(desk: Desk) -> None:
    desk.line.receive(BEGIN + command(Command.FLOWCONTROL_SUSPEND) + b"held")
    answer = desk.line.receive(negotiate(Verb.WONT, Option.COM_PORT))
    assert answer.endswith(negotiate(Verb.DONT, Option.COM_PORT))
    assert answer.startswith(b"held")
    assert desk.line.receive(b"on") == b"on"


@given(st.lists(st.binary(max_size=40)))
def test_no_garbage_raises_and_a_host_is_answered_after_it(garbage: list[bytes]) -> None:
    line = Desk().line
    for data in garbage:
        line.receive(data)
        assert len(line._held) <= MAX_HELD
    line.receive(b"\0\0\xff\xf0")  # ends whatever was begun
    line.receive(negotiate(Verb.WONT, Option.COM_PORT) + BEGIN + command(Command.FLOWCONTROL_RESUME))
    assert line.receive(b"ask" + command(Command.SET_DATASIZE, 6)) == b"ask" + command(102, 6)


def served(
    open_conversation: OpenConversation, host: Callable[[str], Any]
) -> tuple[Any, list[tuple[str, object]]]:
    """Return what the host makes of a port, and what the port was told of its line."""
    told: list[tuple[str, object]] = []

    def tell(peer: str, change: LineChange) -> None:
        assert peer.startswith("rfc2217 127.0.0.1:")
        told.append((change.setting.value, change.value))

    async def run() -> object:
        failures: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
        port = Rfc2217Port("127.0.0.1", 0, open_conversation, tell)
        await port.open()
        try:
            return await asyncio.to_thread(host, port.url)
        finally:
            await port.close()
            assert failures == []

    return asyncio.run(run()), told


def test_pyserial_opens_the_port_and_gets_every_byte_value_back(open_echo: OpenConversation) -> None:
    def echo(url: str) -> tuple[bytes, tuple[bool, ...]]:
        with serial.serial_for_url(url, 115_200, timeout=30) as host:
            host.write(bytes(range(256)))
            return host.read(256), (host.cd, host.dsr, host.cts, host.ri)

    (reply, lines), told = served(open_echo, echo)
    assert reply == bytes(range(256))
    assert lines == (True, True, True, False)
    # pyserial asserts both lines and empties both buffers when it opens.
    assert told == [("dtr", True), ("rts", True), ("purge", "receive"), ("purge", "transmit")]


def test_what_pyserial_sets_is_told(open_echo: OpenConversation) -> None:
    def set_all(url: str) -> None:
        with serial.serial_for_url(
            url, 9_600, bytesize=7, parity="E", stopbits=1.5, rtscts=True, timeout=30
        ) as host:
            host.baudrate = 250_000
            host.dtr = False
            host.break_condition = True
            host.break_condition = False
            host.rtscts, host.xonxoff = False, True

    _, told = served(open_echo, set_all)
    assert [change for change in told if change[0] != "purge"] == [
        ("baud_rate", 9_600),
        ("data_bits", 7),
        ("parity", "even"),
        ("stop_bits", "1.5"),
        ("flow_control", "hardware"),
        ("dtr", True),
        ("baud_rate", 250_000),
        ("dtr", False),
        ("break", True),
        ("break", False),
        ("flow_control", "none"),
        ("flow_control", "xon/xoff"),
    ]


def test_what_a_host_does_to_its_line_stands_in_the_journal_under_its_name(desk: Desk) -> None:
    kept = Kept(lambda: 5, lambda: 7, lambda _ns: 7, {})
    line = LineConversation("a host", desk.sent.append, desk.open, noted_in(kept))
    line.receive(BEGIN + command(Command.SET_PARITY, 3) + command(Command.SET_CONTROL, 8))
    assert [(entry.what, entry.peer, dict(entry.fields)) for entry in kept.entries] == [
        ("line", "a host", {"setting": "parity", "value": "even"}),
        ("line", "a host", {"setting": "dtr", "value": True}),
    ]


@pytest.mark.parametrize("parity", ["N", "O", "M", "S"])
def test_pyserial_is_confirmed_every_parity(open_echo: OpenConversation, parity: str) -> None:
    def echo(url: str) -> bytes:
        with serial.serial_for_url(url, parity=parity, timeout=30) as host:
            host.write(b"\xff")
            return bytes(host.read(1))

    assert served(open_echo, echo)[0] == b"\xff"


def test_each_hosts_rate_is_known_by_its_name_while_it_is_there(journal: Journal) -> None:
    def names() -> list[str]:
        return [entry.removeprefix("open ") for entry in journal.entries if entry.startswith("open ")]

    async def run() -> list[int]:
        port = Rfc2217Port("127.0.0.1", 0, journal.open)
        await port.open()
        slow = await asyncio.to_thread(serial.serial_for_url, port.url, 300)
        fast = await asyncio.to_thread(serial.serial_for_url, port.url, 250_000)
        bare = socket.create_connection(("127.0.0.1", int(port.url.rpartition(":")[2])))
        bare.sendall(b"x\n")
        await journal.until("line x")
        rates = [port.baud_of(name) for name in (*names(), "rfc2217 nobody")]
        bare.close()
        for host in (slow, fast):
            await asyncio.to_thread(host.close)
        await port.close()
        return rates

    assert asyncio.run(run()) == [300, 250_000, 0, 0]


def test_serialx_opens_the_port_and_gets_every_byte_value_back(open_echo: OpenConversation) -> None:
    def echo(url: str) -> tuple[bytes, object]:
        with serialx.serial_for_url(url, baudrate=115_200) as host:
            host.write(bytes(range(256)))
            return host.readexactly(256, timeout=30), host.get_modem_pins()

    (reply, pins), _ = served(open_echo, echo)
    assert reply == bytes(range(256))
    assert (pins.car, pins.dsr, pins.cts, pins.rng) == (*(serialx.PinState.HIGH,) * 3, serialx.PinState.LOW)


def test_what_serialx_sets_is_told_and_its_flush_and_resets_are_answered(open_echo: OpenConversation) -> None:
    def set_all(url: str) -> None:
        with serialx.serial_for_url(
            url, baudrate=9_600, byte_size=7, parity=serialx.Parity.EVEN, stopbits=serialx.StopBits.TWO
        ) as host:
            host.set_modem_pins(dtr=True, rts=True)
            host.set_modem_pins(dtr=False)
            host.flush()
            host.reset_read_buffer()
            host.reset_write_buffer()

    _, told = served(open_echo, set_all)
    assert told[:4] == [("baud_rate", 9_600), ("data_bits", 7), ("parity", "even"), ("stop_bits", "2")]
    assert told[4:7] == [("dtr", True), ("rts", True), ("dtr", False)]
    assert told[7:] == [("purge", "transmit"), ("purge", "receive")]


def test_serialx_without_blocking_is_served_too(open_echo: OpenConversation) -> None:
    async def echo(url: str) -> bytes:
        async with serialx.async_serial_for_url(url, baudrate=115_200) as host:
            await host.write(bytes(range(256)))
            return await host.readexactly(256)

    reply, _ = served(open_echo, lambda url: asyncio.run(echo(url)))
    assert reply == bytes(range(256))


def test_bytes_sent_at_a_moment_of_the_pumps_own_reach_the_host_escaped(journal: Journal) -> None:
    async def run() -> None:
        port = Rfc2217Port("127.0.0.1", 0, journal.open)
        await port.open()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port.url.rpartition(":")[2]))
        writer.write(b"x\n")
        assert await reader.readexactly(4) == b"<x>\n"
        journal.send(b"a\xffb")
        assert await reader.readexactly(4) == b"a\xff\xffb"
        writer.close()
        await writer.wait_closed()
        await port.close()

    asyncio.run(run())


def test_a_host_that_never_reads_is_dropped_and_nobody_else(journal: Journal) -> None:
    journal.on_line = lambda _: bytes(64 * 1024 * 1024)

    def ask(url: str) -> bytes:
        with serial.serial_for_url(url, timeout=30) as host:
            host.write(b"other\n")
            return bytes(host.read_until(b"\n"))

    async def run() -> bytes:
        port = Rfc2217Port("127.0.0.1", 0, journal.open)
        await port.open()
        deaf = socket.create_connection(("127.0.0.1", int(port.url.rpartition(":")[2])))
        deaf.sendall(b"flood\n")
        await journal.until("close")
        journal.on_line = lambda line: line + b"\n"
        reply = await asyncio.to_thread(ask, port.url)
        deaf.close()
        await port.close()
        return reply

    assert asyncio.run(run()) == b"other\n"


def test_a_flood_of_commands_without_reading_the_answers_is_dropped_as_well(journal: Journal) -> None:
    async def run() -> None:
        port = Rfc2217Port("127.0.0.1", 0, journal.open)
        await port.open()
        _, writer = await asyncio.open_connection("127.0.0.1", int(port.url.rpartition(":")[2]))
        writer.write(BEGIN)
        ended = asyncio.create_task(journal.until("close"))
        while not ended.done():
            try:
                writer.write(command(Command.SIGNATURE) * 10_000)
                await writer.drain()
            except ConnectionError:
                break
            await asyncio.sleep(0)
        await ended
        writer.close()
        await port.close()

    asyncio.run(run())


def test_the_url_is_pyserials_and_the_warning_for_other_machines_that_of_tcp(journal: Journal) -> None:
    assert Rfc2217Port("::1", 7070, journal.open).url == "rfc2217://[::1]:7070"
    assert Rfc2217Port("127.0.0.1", 7070, journal.open).is_loopback
    assert not Rfc2217Port("0.0.0.0", 7070, journal.open).is_loopback  # noqa: S104 - what the warning is for
