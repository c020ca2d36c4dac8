"""The same short conversation - handshake, poll, prepare, commit - by every client on every kind of port.

The clients are three libraries' ways to a port, with nothing of ours but the protocol's own host end.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING, TypeVar

import pytest
import serial
import serialx

from monitor.client import PumpClient
from monitor.keys import bench_keyring
from protocol.exchange import HostEnd
from protocol.keys import BENCH_KEY
from protocol.messages import Change, Commit, Outcome, Poll, Prepare, Prepared, Status
from protocol.places import BAUD
from protocol.vocabulary import ChangeKind
from pumpmock.console import Console
from pumpmock.emulator import Emulator
from pumpmock.ports.memory import in_loop
from pumpmock.urls import served
from pumpmock.wall import wall_of
from tests.acceptance.conftest import WAIT_S
from tests.pumpmock.conftest import new_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from protocol.fields import Message
    from tests.acceptance.conftest import Bench

_M = TypeVar("_M", bound="Message")


@pytest.fixture(params=["pty", "tcp", "rfc2217"])
def port(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


def ask(end: HostEnd, request: Message, kind: type[_M]) -> Generator[bytes, bytes, _M]:
    data, counter = end.ask(request)
    heard = yield data
    while True:
        for answer in end.receive(heard)[0]:
            if answer.ack >= counter:
                assert isinstance(answer.message, kind)
                return answer.message
        heard = yield b""


def talk() -> Generator[bytes, bytes, tuple[Status, Outcome]]:
    """Yield bytes to send, take bytes that came, and return the pump's first status and what became of the change."""
    end = HostEnd(BENCH_KEY, bytes(16))
    heard = yield end.hello()
    while not end.is_open:
        _, reply = end.receive(heard)
        if not end.is_open:
            heard = yield reply
    seen = yield from ask(end, Poll(), Status)
    wanted = Change(ChangeKind.RATE, 25_000)
    preparing = Prepare(bytes(8), seen.revision, seen.commanded_rate_nl_h, 0, wanted)
    prepared = yield from ask(end, preparing, Prepared)
    outcome = yield from ask(end, Commit(prepared.command_id, prepared.token), Outcome)
    return seen, outcome


def by_pyserial(url: str) -> tuple[Status, Outcome]:
    with serial.serial_for_url(url, BAUD, timeout=WAIT_S) as host:
        return carried(host.write, lambda: host.read(1) + host.read(host.in_waiting))


def by_serialx(url: str) -> tuple[Status, Outcome]:
    with serialx.serial_for_url(url, baudrate=BAUD, read_timeout=WAIT_S) as host:
        return carried(host.write, lambda: host.read(4_096) or b"")


def carried(write: Callable[[bytes], object], read: Callable[[], bytes]) -> tuple[Status, Outcome]:
    """Let the conversation take its course over a port that blocks."""
    talking = talk()
    data = next(talking)
    try:
        while True:
            if data:
                write(data)
            heard = read()
            assert heard, "no answer"
            data = talking.send(heard)
    except StopIteration as end:
        return end.value


def by_serialx_without_blocking(url: str) -> tuple[Status, Outcome]:
    async def run() -> tuple[Status, Outcome]:
        talking = talk()
        data = next(talking)
        async with serialx.async_serial_for_url(url, baudrate=BAUD) as host, asyncio.timeout(WAIT_S):
            try:
                while True:
                    if data:
                        await host.write(data)
                    data = talking.send(await host.read(4_096))
            except StopIteration as end:
                return end.value

    return asyncio.run(run())


def check(seen: Status, outcome: Outcome) -> None:
    assert (seen.revision, seen.commanded_rate_nl_h) == (0, 20_833)
    assert outcome.revision == 1


@pytest.mark.parametrize("client", [by_pyserial, by_serialx, by_serialx_without_blocking])
def test_every_client_reads_and_changes_the_pump_on_every_port(
    bench: Bench, port: str, client: Callable[[str], tuple[Status, Outcome]]
) -> None:
    emulator = bench.serve("--bench-key", "--frozen")
    check(*client(emulator.ports[port]))


@contextmanager
def in_this_process() -> Iterator[str]:
    """Run a pump in a thread of its own, and yield its URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def made() -> Emulator:
        emulator = Emulator(
            new_memory(),
            {BENCH_KEY.key_id: BENCH_KEY},
            speed=0,
            wall=wall_of(loop),
            random=Random(1).randbytes,  # noqa: S311 - the key is published
            save=lambda _memory: None,
            teller=Console(as_json=True),
            firmware="1.2.3",
        )
        emulator.start()
        return emulator

    async def finished(emulator: Emulator) -> None:
        emulator.finish()

    emulator = asyncio.run_coroutine_threadsafe(made(), loop).result(WAIT_S)
    try:
        with served("bench", in_loop(emulator.plug(), loop)) as url:
            yield url
    finally:
        asyncio.run_coroutine_threadsafe(finished(emulator), loop).result(WAIT_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(WAIT_S)
        loop.close()


def test_pyserial_reads_and_changes_a_pump_in_the_same_process() -> None:
    with in_this_process() as url:
        check(*by_pyserial(url))


def by_our_own_client(url: str) -> tuple[Status, Outcome]:
    with PumpClient(url, keyring=bench_keyring()) as pump:
        seen = pump.status()
        return seen.status, pump.commit(pump.prepare(Change(ChangeKind.RATE, 25_000), seen=seen))


def test_our_own_client_does_on_every_port(bench: Bench, port: str) -> None:
    emulator = bench.serve("--bench-key", "--frozen")
    check(*by_our_own_client(emulator.ports[port]))


@pytest.mark.usefixtures("bench")
def test_our_own_client_does_in_the_same_process() -> None:
    with in_this_process() as url:
        check(*by_our_own_client(url))
