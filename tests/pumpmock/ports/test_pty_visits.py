"""One host after another on the same line: nothing of the first reaches the second.

These hosts are bare descriptors that set nothing, opened and closed while the loop stands still (a test's coroutine
runs in the loop's own thread), so that the port meets all they did at once: the worst case, and the same every time.
"""

from __future__ import annotations

import array
import asyncio
import fcntl
import math
import os
import termios
import tty
from typing import TYPE_CHECKING

import inotify_simple

from pumpmock.ports import pty
from pumpmock.ports.line import Line
from pumpmock.ports.pty import PtyPort

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    import pytest

    from tests.pumpmock.ports.conftest import EchoConversation, Journal

TIOCGEXCL = 0x80045440  # Linux; the termios module doesn't name it


def plug_in(port: PtyPort) -> int:
    return os.open(port.path, os.O_RDWR | os.O_NOCTTY)


async def read(host: int, size: int) -> bytes:
    """Read exactly `size` bytes, as many as the reply that is due."""
    data = b""
    while len(data) < size:
        data += await asyncio.to_thread(os.read, host, size - len(data))
    return data


def serve(
    tmp_path: Path,
    open_conversation: Callable[[str], object],
    story: Callable[[PtyPort], Coroutine[None, None, None]],
) -> PtyPort:
    """Open a port, let the story happen, close the port, and return it for its counts. No callback may fail."""
    failures: list[object] = []

    async def run() -> PtyPort:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
        port = PtyPort(tmp_path / "pump", open_conversation)
        await port.open()
        try:
            await story(port)
        finally:
            await port.close()
        return port

    port = asyncio.run(run())
    assert failures == []
    return port


def test_a_host_that_sets_nothing_finds_a_raw_line(
    tmp_path: Path, open_echo: Callable[[str], EchoConversation]
) -> None:
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


def test_half_a_frame_is_not_glued_to_the_next_hosts(tmp_path: Path, journal: Journal) -> None:
    async def story(port: PtyPort) -> None:
        host = plug_in(port)
        os.write(host, b"half a ")
        os.close(host)
        await journal.until("close")
        host = plug_in(port)
        os.write(host, b"whole\n")
        assert await read(host, 8) == b"<whole>\n"
        os.close(host)

    serve(tmp_path, journal.open, story)
    assert journal.entries == ["open pty", "close", "open pty", "line whole", "close"]


def test_half_a_frame_is_not_glued_even_if_both_hosts_wrote_before_the_port_looked(
    tmp_path: Path, journal: Journal
) -> None:
    """Whose the bytes are can't be known then: they are lost, as on a line that was just being plugged in."""

    async def story(port: PtyPort) -> None:
        host = plug_in(port)
        os.write(host, b"half a ")
        os.close(host)
        host = plug_in(port)
        os.write(host, b"lost\n")
        await journal.until("open pty", 2)
        os.write(host, b"whole\n")
        assert await read(host, 8) == b"<whole>\n"
        os.close(host)

    port = serve(tmp_path, journal.open, story)
    assert journal.received == b"whole\n"
    assert port.unassigned_bytes == len(b"half a lost\n")


def test_what_a_flooding_host_left_unheard_is_not_glued_to_the_next_hosts(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The port stops reading after some rounds to answer; the rest then is the first host's, though its signs are gone."""

    async def story(port: PtyPort) -> None:
        hosts = [plug_in(port)]
        await journal.until("open pty")

        def leave_and_come(line: bytes) -> bytes:
            if line == b"first":
                os.close(hosts.pop())
                hosts.append(plug_in(port))
                os.write(hosts[0], b"lost\n")
            return b"<" + line + b">\n"

        journal.on_line = leave_and_come
        os.write(hosts[0], b"first\n" + bytes(9_000))
        await journal.until("open pty", 2)
        os.write(hosts[0], b"whole\n")
        assert await read(hosts[0], 8) == b"<whole>\n"
        os.close(hosts[0])

    monkeypatch.setattr(pty, "_ROUNDS", 1)  # two reads of at most 4095 bytes
    port = serve(tmp_path, journal.open, story)
    assert journal.entries == ["open pty", "line first", "close", "open pty", "line whole", "close"]
    assert port.unassigned_bytes > len(b"lost\n")


def test_a_host_that_writes_without_a_pause_does_not_keep_the_port_from_answering(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each read finds more, as if a host were always faster: first one that has just come, then one that was there."""
    reads = 0
    answered_after: dict[int, None] = {}

    def endless(_: Line) -> bytes:
        nonlocal reads
        reads += 1
        return b"x" * 99 + b"\n"

    def answer(_: bytes) -> bytes:
        answered_after[reads] = None
        if len(answered_after) == 2:
            journal.note("answered twice")
        return b""

    async def story(port: PtyPort) -> None:
        host = plug_in(port)
        with monkeypatch.context() as patch:
            patch.setattr(Line, "read", endless)
            await journal.until("answered twice")
        os.close(host)

    journal.on_line = answer
    serve(tmp_path, journal.open, story)
    first, second, *_ = answered_after
    assert first == math.ceil(pty._MORE_THAN_FITS / 100) + 1
    assert second - first == pty._ROUNDS + 1


def test_bytes_written_while_the_port_was_looking_are_their_hosts(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write falls between the port's read and its look at the signs: signed, and not yet read."""
    original = Line.read
    writes = [b"half "]

    async def story(port: PtyPort) -> None:
        hosts = [plug_in(port)]

        def read_then_write(line: Line) -> bytes:
            data = original(line)
            if data and writes:
                os.write(hosts[0], writes.pop())
            return data

        def leave_and_come(line: bytes) -> bytes:
            if line == b"ask":
                os.close(hosts.pop())
                hosts.append(plug_in(port))
                os.write(hosts[0], b"whole\n")
            return b"<" + line + b">\n"

        monkeypatch.setattr(Line, "read", read_then_write)
        journal.on_line = leave_and_come
        os.write(hosts[0], b"ask\n")
        await journal.until("open pty", 2)
        assert await read(hosts[0], 8) == b"<whole>\n"
        os.close(hosts[0])

    port = serve(tmp_path, journal.open, story)
    assert journal.entries == ["open pty", "line ask", "close", "open pty", "line whole", "close"]
    assert port.unassigned_bytes == 0


def test_nothing_is_sent_to_a_host_that_has_left(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one may be reading already."""
    sent: list[bytes] = []

    def note(_: Line, data: bytes) -> int:
        sent.append(data)
        return len(data)

    async def story(port: PtyPort) -> None:
        host = plug_in(port)
        os.write(host, b"stop\n")
        os.close(host)
        host = plug_in(port)
        await journal.until("open pty", 2)
        os.write(host, b"again\n")
        os.close(host)
        await journal.until("line again")

    monkeypatch.setattr(Line, "write", note)
    serve(tmp_path, journal.open, story)
    assert sent == []


def test_a_host_that_comes_at_once_after_an_answered_one_loses_nothing(
    tmp_path: Path, journal: Journal
) -> None:
    async def story(port: PtyPort) -> None:
        host = plug_in(port)
        os.write(host, b"one\n")
        assert await read(host, 6) == b"<one>\n"
        os.close(host)
        host = plug_in(port)
        os.write(host, b"two\n")
        assert await read(host, 6) == b"<two>\n"
        os.close(host)

    port = serve(tmp_path, journal.open, story)
    assert journal.entries == ["open pty", "line one", "close", "open pty", "line two", "close"]
    assert port.unassigned_bytes == 0


def test_what_a_host_wrote_before_it_left_is_still_heard(tmp_path: Path, journal: Journal) -> None:
    async def story(port: PtyPort) -> None:
        host = plug_in(port)
        os.write(host, b"stop\n")
        os.close(host)
        host = plug_in(port)
        await journal.until("open pty", 2)
        os.close(host)

    serve(tmp_path, journal.open, story)
    assert journal.entries == ["open pty", "line stop", "close", "open pty", "close"]


def test_a_reply_that_the_last_host_left_unread_is_not_the_next_ones(
    tmp_path: Path, journal: Journal
) -> None:
    async def story(port: PtyPort) -> None:
        host = plug_in(port)
        os.write(host, b"old\n")
        await journal.until("line old")
        os.close(host)
        await journal.until("close")

        host = plug_in(port)
        os.write(host, b"new\n")
        assert await read(host, 6) == b"<new>\n"
        os.close(host)

    serve(tmp_path, journal.open, story)


def test_an_unread_reply_is_gone_even_if_the_next_host_came_before_the_port_looked(
    tmp_path: Path, journal: Journal
) -> None:
    async def story(port: PtyPort) -> None:
        host = plug_in(port)
        os.write(host, b"old\n")
        await journal.until("line old")
        os.write(host, b"older\n")
        os.close(host)
        host = plug_in(port)
        await journal.until("open pty", 2)
        os.write(host, b"new\n")
        assert await read(host, 6) == b"<new>\n"
        os.close(host)

    serve(tmp_path, journal.open, story)
    assert journal.entries[:5] == ["open pty", "line old", "line older", "close", "open pty"]


def test_a_second_host_that_only_looks_in_disturbs_nobody(tmp_path: Path, journal: Journal) -> None:
    async def story(port: PtyPort) -> None:
        host = plug_in(port)
        os.write(host, b"ask\nhalf ")
        assert await read(host, 6) == b"<ask>\n"
        os.close(plug_in(port))
        os.write(host, b"a line\n")
        assert await read(host, 14) == b"<half a line>\n"
        os.close(host)
        await journal.until("close")

    serve(tmp_path, journal.open, story)
    assert journal.entries == ["open pty", "line ask", "line half a line", "close"]


def test_a_second_host_that_writes_has_a_conversation_of_its_own(tmp_path: Path, journal: Journal) -> None:
    async def story(port: PtyPort) -> None:
        first = plug_in(port)
        os.write(first, b"ask\nhalf ")
        assert await read(first, 6) == b"<ask>\n"
        second = plug_in(port)
        os.write(second, b"whole\n")
        assert await read(second, 8) == b"<whole>\n"
        os.close(first)
        os.write(second, b"more\n")
        assert await read(second, 7) == b"<more>\n"
        os.close(second)
        await journal.until("close", 2)

    serve(tmp_path, journal.open, story)
    assert journal.entries == [
        "open pty",
        "line ask",
        "close",
        "open pty",
        "line whole",
        "line more",
        "close",
    ]


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


def test_without_inotify_hosts_come_and_go_in_one_conversation(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere than on Linux, and beyond the kernel's limit: the protocol's own handshake begins anew."""

    def refuse(**_: object) -> None:
        raise OSError("Too many open files")

    async def story(port: PtyPort) -> None:
        for _ in range(2):
            host = plug_in(port)
            os.write(host, b"one\n")
            assert await read(host, 6) == b"<one>\n"
            os.close(host)

    monkeypatch.setattr(inotify_simple, "INotify", refuse)
    serve(tmp_path, journal.open, story)
    assert journal.entries == ["open pty", "line one", "line one", "close"]
