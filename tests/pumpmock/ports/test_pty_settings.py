"""What hosts may ask of a pseudo-terminal that it has not: rates, parity, modem lines, a break. None of it harms the port.

What pyserial and serialx make of it is theirs and the system's, and is told in docs/ports.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import termios
from typing import TYPE_CHECKING, Any

import pytest
import serial
import serialx

from pumpmock.ports.pty import PtyPort
from tests.pumpmock.ports.conftest import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.pumpmock.ports.conftest import Journal


def answered(url: str) -> bool:
    """Return whether a host that sets nothing unusual is answered."""
    with serial.Serial(url, timeout=PATIENCE_S) as host:
        host.write(b"x\n")
        return bytes(host.read_until(b"\n")) == b"<x>\n"


def hosted(tmp_path: Path, journal: Journal, host: Callable[[str], None]) -> None:
    """Let the host do what it does, and another come after it."""

    async def run() -> None:
        port = PtyPort(tmp_path / "pump", journal.open)
        await port.open()
        try:
            await asyncio.to_thread(host, port.url)
            assert await asyncio.to_thread(answered, port.url)
        finally:
            await port.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    "settings",
    [
        {"baudrate": 300},
        {"baudrate": 250_000},
        {"baudrate": 4_000_000},
        {"stopbits": 2},
        {"rtscts": True},
        {"xonxoff": True},
        {"dsrdtr": True},
    ],
)
def test_a_setting_that_the_line_has_not_is_taken_and_changes_nothing(
    tmp_path: Path, journal: Journal, settings: dict[str, int]
) -> None:
    def host(url: str) -> None:
        with serial.Serial(url, timeout=PATIENCE_S, **settings) as line:
            line.write(b"ask\n")
            assert line.read_until(b"\n") == b"<ask>\n"

    hosted(tmp_path, journal, host)


@pytest.mark.parametrize("settings", [{"bytesize": 7}, {"parity": "E"}, {"parity": "O", "bytesize": 7}])
def test_parity_and_seven_bits_are_refused_or_passed_over_and_all_eight_bits_stay(
    tmp_path: Path, journal: Journal, settings: dict[str, Any]
) -> None:
    """Whether it is an error, and whether at once or at the next setting, depends on what else is set with them."""

    def by_pyserial(url: str) -> None:
        with contextlib.suppress(OSError, termios.error), serial.Serial(url, **settings) as line:
            line.timeout = PATIENCE_S
            line.write(b"\xff\n")
            assert line.read_until(b"\n") == b"<\xff>\n"

    def by_serialx(url: str) -> None:
        asked = {"byte_size": settings.get("bytesize", 8), "parity": settings.get("parity", "N")}
        with contextlib.suppress(OSError), serialx.serial_for_url(url, baudrate=9_600, **asked) as line:
            line.write(b"\xff\n")
            assert line.readexactly(4, timeout=PATIENCE_S) == b"<\xff>\n"

    hosted(tmp_path, journal, by_pyserial)
    hosted(tmp_path, journal, by_serialx)


def test_a_host_that_moves_or_asks_for_modem_lines_gets_an_error_and_goes_on_being_answered(
    tmp_path: Path, journal: Journal
) -> None:
    def host(url: str) -> None:
        with serial.Serial(url, timeout=PATIENCE_S) as line:
            for name in ("dtr", "rts"):
                with pytest.raises(OSError, match="ioctl"):
                    setattr(line, name, True)
            for name in ("cts", "dsr", "ri", "cd"):
                with pytest.raises(OSError, match="ioctl"):
                    getattr(line, name)
            line.send_break(0)
            line.write(b"still\n")
            assert line.read_until(b"\n") == b"<still>\n"

    hosted(tmp_path, journal, host)
    assert "line still" in journal.entries


def test_serialx_that_moves_modem_lines_goes_on_being_answered(tmp_path: Path, journal: Journal) -> None:
    def host(url: str) -> None:
        with serialx.serial_for_url(url, baudrate=115_200, read_timeout=PATIENCE_S) as line:
            line.set_modem_pins(dtr=True, rts=False)
            assert line.get_modem_pins().cts is serialx.PinState.UNDEFINED
            line.write(b"still\n")
            assert line.readexactly(8) == b"<still>\n"

    hosted(tmp_path, journal, host)


def test_a_host_that_takes_back_what_it_wrote_is_answered_what_it_asks_next(
    tmp_path: Path, journal: Journal
) -> None:
    """What the pump has read is not taken back, what it has not may be: nothing tells the host which."""

    def host(url: str) -> None:
        with serial.Serial(url, timeout=PATIENCE_S) as line:
            line.write(b"half ")
            line.flush()
            line.reset_output_buffer()
            line.write(b"\nask\n")
            assert line.read_until(b"<ask>\n").endswith(b">\n<ask>\n")

    hosted(tmp_path, journal, host)


def test_a_pause_between_bytes_does_not_end_a_read_that_has_a_time_out(
    tmp_path: Path, journal: Journal
) -> None:
    """pyserial's inter_byte_timeout has no effect beside a timeout: a reply in two halves is read whole."""

    async def run() -> bytes:
        port = PtyPort(tmp_path / "pump", journal.open)
        await port.open()
        with serial.Serial(port.url, timeout=PATIENCE_S, inter_byte_timeout=0.001) as line:
            line.write(b"x\n")
            reading = asyncio.create_task(asyncio.to_thread(line.read, 8))
            await journal.until("line x")
            await asyncio.sleep(0.05)  # any time longer than a thousandth of a second
            journal.send(b"late")
            reply = await reading
        await port.close()
        return bytes(reply)

    assert asyncio.run(run()) == b"<x>\nlate"


@pytest.mark.parametrize("without_blocking", [False, True])
def test_unplugging_is_an_error_at_once_for_a_serialx_host_that_waits(
    tmp_path: Path, journal: Journal, *, without_blocking: bool
) -> None:
    def wait_for_more(url: str) -> None:
        with serialx.serial_for_url(url, baudrate=115_200) as line:
            line.write(b"x\n")
            with pytest.raises(OSError):  # noqa: PT011 - EIO
                line.readexactly(5, timeout=PATIENCE_S)

    async def wait_for_more_without_blocking(url: str) -> None:
        with contextlib.suppress(OSError):
            async with serialx.async_serial_for_url(url, baudrate=115_200) as line:
                await line.write(b"x\n")
                with pytest.raises((OSError, asyncio.IncompleteReadError)):
                    await line.readexactly(5)

    async def run() -> None:
        port = PtyPort(tmp_path / "pump", journal.open)
        await port.open()
        if without_blocking:
            waiting = asyncio.to_thread(lambda: asyncio.run(wait_for_more_without_blocking(port.url)))
        else:
            waiting = asyncio.to_thread(wait_for_more, port.url)
        task = asyncio.create_task(waiting)
        await journal.until("line x")
        port.unplug()
        async with asyncio.timeout(PATIENCE_S):
            await task
        await port.close()

    asyncio.run(run())
