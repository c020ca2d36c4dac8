"""A `mock://` URL is a serial port: what a host sees of it is what it sees of a pseudo-terminal."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
import serial

from pumpmock.ports import PortError, PortInUseError
from pumpmock.ports.pty import PtyPort
from pumpmock.urls import plug_in, served
from tests.pumpmock.ports.conftest import EchoConversation, Journal

if TYPE_CHECKING:
    from pathlib import Path

    from pumpmock.ports import Send

LONG_S = 30  # only reached by a test that fails


@pytest.fixture
def journal() -> Journal:
    return Journal()


def open_echo(_peer: str, _send: Send) -> EchoConversation:
    return EchoConversation()


def course(url: str) -> list[Any]:
    """Return all that a host sees of a port with an echo at its other end."""
    seen: list[Any] = []
    with serial.serial_for_url(url, 115_200, timeout=0, write_timeout=LONG_S) as host:
        seen += [host.is_open, host.port == url, host.timeout, host.in_waiting, host.read(5), host.read_all()]
        host.timeout = 0.01
        seen += [host.read(5), host.readline(), host.read_until(b"z")]
        host.timeout = LONG_S
        seen += [host.write(bytes(range(256))), host.read(256)]
        seen += [
            host.write(bytearray(b"one\ntwo\nthree")),
            host.readline(),
            host.read_until(b"\n"),
            host.read(5),
        ]
        host.write(b"abcdef")
        seen += [host.read(1), host.in_waiting, host.read_all(), host.in_waiting, host.out_waiting]
        host.write(b"xyz")
        seen += [host.read(1)]
        host.reset_input_buffer()
        host.flush()
        seen += [host.in_waiting, host.write(b"heard"), host.read(1)]
        host.reset_output_buffer()  # takes nothing back of what was heard
        seen += [host.read(4)]
        buffer = bytearray(2)
        host.write(b"in")
        seen += [host.readinto(buffer), bytes(buffer), host.write(b""), host.read(0)]
        host.timeout, host.inter_byte_timeout = 0.02, 0.001
        host.write(b"short")
        while host.in_waiting < len(b"short"):
            pass
        seen += [host.read(6)]  # the time-out alone counts
        host.inter_byte_timeout = None
        host.baudrate, host.stopbits = 9_600, 2
        seen += [host.get_settings()["baudrate"], host.readable(), host.writable(), host.seekable()]
    seen.append(host.is_open)
    for closed in (
        lambda: host.read(1),
        lambda: host.write(b"x"),
        host.reset_input_buffer,
    ):
        with pytest.raises(serial.PortNotOpenError):
            closed()
    host.close()
    host.open()  # the same object, again
    host.timeout = LONG_S
    host.write(b"again")
    seen.append(host.read(5))
    with pytest.raises(serial.SerialException):
        host.open()
    host.close()
    return seen


def test_a_host_sees_of_a_url_what_it_sees_of_a_pseudo_terminal(tmp_path: Path) -> None:
    async def on_a_pty() -> list[Any]:
        port = PtyPort(tmp_path / "pump", open_echo)
        await port.open()
        try:
            return await asyncio.to_thread(course, port.url)
        finally:
            await port.close()

    expected = asyncio.run(on_a_pty())
    with served("bench", open_echo) as url:
        assert url == "mock://bench"
        assert course(url) == expected


def test_each_host_has_a_conversation_that_ends_with_it(journal: Journal) -> None:
    with served("bench", journal.open) as url:
        with (
            serial.serial_for_url(url, timeout=LONG_S) as one,
            serial.serial_for_url(url, timeout=LONG_S) as two,
        ):
            one.write(b"half ")
            two.write(b"whole\n")
            assert two.read_until() == b"<whole>\n"
            one.write(b"a line\n")
            assert one.read_until() == b"<half a line>\n"
        assert journal.entries[-2:] == ["close", "close"]


def test_what_comes_later_from_another_thread_ends_a_read_that_waits(journal: Journal) -> None:
    with served("bench", journal.open) as url, serial.serial_for_url(url, timeout=None) as host:
        later = threading.Thread(target=lambda: journal.send(b"unasked\n"), daemon=True)
        later.start()
        assert host.read_until(b"\n") == b"unasked\n"
        later.join()


def test_a_name_that_nobody_serves_is_refused_and_told_what_is_served() -> None:
    with pytest.raises(serial.SerialException) as alone:
        serial.serial_for_url("mock://bench")
    with served("one", open_echo), served("two", open_echo), pytest.raises(serial.SerialException) as beside:
        serial.serial_for_url("mock://bench")
    assert str(alone.value) == (
        "no pump is served as mock://bench in this process: none is served, see pumpmock.urls.served"
    )
    assert str(beside.value) == (
        "no pump is served as mock://bench in this process: there is mock://one, mock://two"
    )


def test_a_port_without_a_name_is_not_opened() -> None:
    with served("bench", open_echo) as url:
        host = serial.serial_for_url(url, do_not_open=True)
        assert not host.is_open
        host.port = None
        with pytest.raises(serial.SerialException, match="must have a name"):
            host.open()


def test_a_name_is_served_once_at_a_time_and_a_pump_needs_one() -> None:
    with served("bench", open_echo):
        with (
            pytest.raises(PortInUseError, match="mock://bench is served already"),
            served("bench", open_echo),
        ):
            pass
        plug_in("mock://bench").close()  # the refused one has not disturbed the first
    with served("bench", open_echo):
        pass
    with pytest.raises(ValueError, match="by a name"), served("", open_echo):
        pass


def test_the_end_of_the_pump_is_an_error_at_once_for_a_host_that_waits(journal: Journal) -> None:
    outcome: list[str] = []

    def wait_for_more(host: serial.Serial, begun: threading.Event) -> None:
        begun.set()
        try:
            host.read(1)
        except serial.SerialException as error:
            outcome.append(str(error))

    with served("bench", journal.open) as url:
        host = serial.serial_for_url(url, timeout=None)
        begun = threading.Event()
        waiting = threading.Thread(target=wait_for_more, args=(host, begun), daemon=True)
        waiting.start()
        begun.wait(LONG_S)
    waiting.join(LONG_S)
    assert outcome == ["the pump has gone: it is served no longer"]
    with pytest.raises(serial.SerialException, match="the pump has gone"):
        host.write(b"x")
    host.close()
    assert journal.entries == ["open memory", "close"]


def test_a_host_that_is_closed_by_another_thread_waits_no_longer(journal: Journal) -> None:
    outcome: list[type] = []
    with served("bench", journal.open) as url:
        host = serial.serial_for_url(url, timeout=None)

        def wait_for_more() -> None:
            try:
                host.read(1)
            except serial.SerialException as error:
                outcome.append(type(error))

        waiting = threading.Thread(target=wait_for_more, daemon=True)
        waiting.start()
        host.close()
        waiting.join(LONG_S)
    assert outcome == [serial.PortNotOpenError]


def test_the_lines_of_the_port_show_a_device_that_is_there_and_can_be_set(journal: Journal) -> None:
    with served("bench", journal.open) as url, serial.serial_for_url(url) as host:
        assert (host.cts, host.dsr, host.cd, host.ri) == (True, True, True, False)
        host.dtr = host.rts = False
        host.break_condition = True
    with pytest.raises(serial.PortNotOpenError):
        _ = host.cts


def test_a_pump_that_fails_to_open_leaves_the_port_closed() -> None:
    def refuse(_peer: str, _send: Send) -> EchoConversation:
        raise PortError("the pump has gone: its event loop has ended")

    with (
        served("bench", refuse) as url,
        pytest.raises(serial.SerialException, match="its event loop has ended"),
    ):
        serial.serial_for_url(url)


def test_what_a_host_left_behind_is_kept_for_nobody(journal: Journal) -> None:
    with served("bench", journal.open) as url:
        with serial.serial_for_url(url, timeout=0) as first:
            first.write(b"half a ")
            journal.send(b"unread")
        with serial.serial_for_url(url, timeout=LONG_S) as second:
            second.write(b"line\n")
            assert second.read_until() == b"<line>\n"
