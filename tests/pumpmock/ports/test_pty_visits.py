"""One host after another on the same line: nothing of the first reaches the second.

These hosts are bare descriptors that set nothing, opened and closed while the loop stands still (a test's coroutine
runs in the loop's own thread), so that the port meets all they did at once: the worst case, and the same every time.
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

import inotify_simple

from protocol.frame import READ_SIZE
from pumpmock.ports import pty
from pumpmock.ports.line import Line
from tests.pumpmock.ports.conftest import EchoConversation
from tests.pumpmock.ports.stage import plug_in, read, serve

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from pumpmock.ports.pty import PtyPort
    from tests.pumpmock.ports.conftest import Journal


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


def test_a_conversation_is_handed_no_more_than_a_read_at_a_time(tmp_path: Path, journal: Journal) -> None:
    sizes = []
    sent = 9_000  # less than a pseudo-terminal holds while nobody reads, and more than two reads

    class Sizes(EchoConversation):
        def receive(self, data: bytes) -> bytes:
            sizes.append(len(data))
            if sum(sizes) == sent:
                journal.note("all")
            return b""

    async def story(port: PtyPort) -> None:
        host = plug_in(port)
        assert os.write(host, b"x" * sent) == sent
        await journal.until("all")
        os.close(host)

    serve(tmp_path, lambda _peer, _send: Sizes(), story)
    assert max(sizes) <= READ_SIZE


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
