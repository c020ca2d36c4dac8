from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from pumpmock.ports import PortError
from pumpmock.ports.memory import MAX_UNREAD, MemoryPort, in_loop
from tests.pumpmock.ports.conftest import PATIENCE_S, EchoConversation

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.ports import OpenConversation, Send
    from tests.pumpmock.ports.conftest import Journal


class Waiting:
    """A thread in which a read goes on."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._read = read
        self._outcome: list[bytes | PortError] = []
        self._thread = threading.Thread(target=self._run, daemon=True)  # one that waits for ever fails
        self._thread.start()

    def _run(self) -> None:
        try:
            self._outcome.append(self._read())
        except PortError as error:
            self._outcome.append(error)

    def outcome(self) -> bytes | PortError:
        self._thread.join(PATIENCE_S)
        assert self._outcome, "it waits for ever"
        return self._outcome[0]


def test_a_reply_can_be_read_as_soon_as_the_request_is_written(journal: Journal) -> None:
    port = MemoryPort(journal.open)

    assert port.write(b"status\nrate") == 11
    assert port.read(100) == b"<status>\n"
    assert port.write(b"\n") == 1
    assert port.in_waiting == 7
    assert port.read(100) == b"<rate>\n"


def test_a_read_returns_no_more_than_was_asked_for_and_does_not_wait_unless_told_to(journal: Journal) -> None:
    port = MemoryPort(journal.open)
    port.write(b"ab\n")

    assert port.read() == b"<"
    assert port.read(2) == b"ab"
    assert port.read(10) == b">\n"
    assert port.read(10) == b""


def test_the_conversation_is_opened_by_name_and_ends_with_the_port(journal: Journal) -> None:
    port = MemoryPort(journal.open)
    port.close()
    port.close()

    assert journal.entries == ["open memory", "close"]


def test_what_the_pump_sends_unasked_arrives_until_the_port_is_closed(journal: Journal) -> None:
    port = MemoryPort(journal.open)

    journal.send(b"late")
    assert port.read(10) == b"late"

    port.close()
    journal.send(b"later")
    assert port.read(10) == b""


def test_a_read_waits_until_all_it_wants_has_come_in_however_many_pieces(journal: Journal) -> None:
    port = MemoryPort(journal.open)
    waiting = Waiting(lambda: port.read(MAX_UNREAD + 3, None))
    # More than is kept for one that doesn't read: it can only come if the read has taken the first piece already.
    journal.send(bytes(MAX_UNREAD))
    while port.in_waiting:  # the other thread takes it
        threading.Event().wait(0.001)
    journal.send(b"abc")
    assert waiting.outcome() == bytes(MAX_UNREAD) + b"abc"


def test_a_read_whose_time_is_up_returns_what_there_is(journal: Journal) -> None:
    port = MemoryPort(journal.open)
    journal.send(b"abc")
    assert port.read(10, 0.001) == b"abc"
    assert port.read(10, 0.001) == b""


def test_a_read_that_waits_ends_when_another_thread_closes_the_port(journal: Journal) -> None:
    port = MemoryPort(journal.open)
    waiting = Waiting(lambda: port.read(1, None))
    port.close()
    assert waiting.outcome() == b""


def test_unplugging_the_pump_is_an_error_for_a_host_that_waits_and_for_one_that_writes(
    journal: Journal,
) -> None:
    port = MemoryPort(journal.open)
    waiting = Waiting(lambda: port.read(1, None))
    port.unplug()
    assert "the pump has gone" in str(waiting.outcome())
    with pytest.raises(PortError, match="the pump has gone"):
        port.write(b"x")
    assert journal.entries == ["open memory", "close"]


def test_what_was_sent_before_the_plug_was_pulled_can_still_be_read(journal: Journal) -> None:
    port = MemoryPort(journal.open)
    journal.send(b"last")
    port.unplug()
    assert port.read(10) == b"last"
    assert port.read(0) == b""
    with pytest.raises(PortError):
        port.read(10)


def test_what_is_kept_for_a_host_that_never_reads_is_bounded(journal: Journal) -> None:
    port = MemoryPort(journal.open)
    for _ in range(100):
        journal.send(bytes(1_000))
    assert (port.in_waiting, port.lost_bytes) == (MAX_UNREAD, 100_000 - MAX_UNREAD)
    port.forget_unread()
    port.write(b"x\n")
    assert port.read(10) == b"<x>\n"


def test_a_pump_in_a_loop_answers_from_there_whatever_thread_the_host_is_in() -> None:
    threads: set[int] = set()
    ended = asyncio.Event()

    class Noting(EchoConversation):
        def __init__(self) -> None:
            threads.add(threading.get_ident())

        def receive(self, data: bytes) -> bytes:
            threads.add(threading.get_ident())
            return data

        def close(self) -> None:
            threads.add(threading.get_ident())
            ended.set()

    def host(open_conversation: OpenConversation) -> bytes:
        port = MemoryPort(open_conversation)
        port.write(b"echo")
        reply = port.read(4, PATIENCE_S)
        port.close()
        return reply

    async def run() -> bytes:
        open_there = in_loop(lambda _peer, _send: Noting(), asyncio.get_running_loop())
        reply = await asyncio.to_thread(host, open_there)
        async with asyncio.timeout(PATIENCE_S):
            await ended.wait()
        return reply

    assert asyncio.run(run()) == b"echo"
    assert threads == {threading.get_ident()}


def test_a_pump_whose_loop_has_ended_is_gone(journal: Journal) -> None:
    async def run() -> tuple[OpenConversation, MemoryPort]:
        open_there = in_loop(journal.open, asyncio.get_running_loop())
        return open_there, MemoryPort(open_there)

    open_there, port = asyncio.run(run())
    with pytest.raises(PortError, match="its event loop has ended"):
        port.write(b"x")
    with pytest.raises(PortError, match="its event loop has ended"):
        MemoryPort(open_there)
    port.close()


def test_two_threads_that_write_to_one_port_never_run_its_conversation_at_once() -> None:
    busy, overlaps = threading.Lock(), []

    class Alone(EchoConversation):
        def receive(self, data: bytes) -> bytes:
            if not busy.acquire(blocking=False):
                overlaps.append(data)
                return b""
            threading.Event().wait(0.001)  # let the other thread run
            busy.release()
            return data

    def open_alone(_peer: str, _send: Send) -> Alone:
        return Alone()

    port = MemoryPort(open_alone)
    writers = [threading.Thread(target=lambda: [port.write(b"x") for _ in range(20)]) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(PATIENCE_S)
    assert overlaps == []
    assert port.read(100) == b"x" * 40
