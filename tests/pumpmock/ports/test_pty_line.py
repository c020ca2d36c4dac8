"""The line itself, as hosts find it: raw, silent, and as new after each of them."""

from __future__ import annotations

import array
import fcntl
import os
import termios
import tty
from typing import TYPE_CHECKING

from tests.pumpmock.ports.stage import plug_in, read, serve

if TYPE_CHECKING:
    from pathlib import Path

    from pumpmock.ports import OpenConversation
    from pumpmock.ports.pty import PtyPort
    from tests.pumpmock.ports.conftest import Journal

TIOCGEXCL = 0x80045440  # Linux; the termios module doesn't name it


def test_a_host_that_sets_nothing_finds_a_raw_line(tmp_path: Path, open_echo: OpenConversation) -> None:
    async def story(port: PtyPort) -> None:
        host = plug_in(port)
        os.write(host, bytes(range(256)))
        assert await read(host, 256) == bytes(range(256))
        os.close(host)

    serve(tmp_path, open_echo, story)


def test_what_the_pump_sends_is_not_echoed_to_it(tmp_path: Path, journal: Journal) -> None:
    async def story(port: PtyPort) -> None:
        host = plug_in(port)
        for request in (b"one\n", b"two\n"):
            os.write(host, request)
            assert await read(host, 6) == b"<" + request[:3] + b">\n"
        os.close(host)

    serve(tmp_path, journal.open, story)
    assert journal.received == b"one\ntwo\n"


def test_a_line_left_cooked_is_raw_for_the_next_host(tmp_path: Path, journal: Journal) -> None:
    async def story(port: PtyPort) -> None:
        host = plug_in(port)
        iflag, oflag, cflag, lflag, *rest = termios.tcgetattr(host)
        cooked = [
            iflag | termios.ICRNL,
            oflag | termios.OPOST,
            cflag,
            lflag | termios.ECHO | termios.ICANON,
            *rest,
        ]
        termios.tcsetattr(host, termios.TCSANOW, cooked)
        os.close(host)
        await journal.until("close")

        host = plug_in(port)
        assert termios.tcgetattr(host)[tty.LFLAG] & (termios.ECHO | termios.ICANON) == 0
        os.write(host, b"\r\n")
        assert await read(host, 4) == b"<\r>\n"
        os.close(host)

    serve(tmp_path, journal.open, story)


def test_a_host_that_claimed_the_terminal_for_itself_does_not_lock_out_the_next(
    tmp_path: Path, journal: Journal
) -> None:
    """TIOCEXCL outlives its host on a pseudo-terminal; read back here, as an administrator may open regardless."""

    async def story(port: PtyPort) -> None:
        host = plug_in(port)
        fcntl.ioctl(host, termios.TIOCEXCL)
        assert is_exclusive(port)
        os.close(host)
        await journal.until("close")
        assert not is_exclusive(port)

    serve(tmp_path, journal.open, story)


def is_exclusive(port: PtyPort) -> bool:
    assert port._line is not None
    answer = array.array("i", [0])
    fcntl.ioctl(port._line._slave, TIOCGEXCL, answer)
    return bool(answer[0])
