"""A client that floods, never reads, stops in the middle or takes the port for itself: the next one is served all the same."""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import random
import select
import socket
import termios
from typing import TYPE_CHECKING

import pytest

from monitor.client import PumpClient
from monitor.keys import bench_keyring
from protocol.exchange import HostEnd
from protocol.keys import BENCH_KEY
from tests.acceptance.conftest import WAIT_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.acceptance.conftest import Bench, Emulator

SEED = 20_261
TIOCGEXCL = 0x80045440  # Linux; the termios module doesn't name it
HELLO = HostEnd(BENCH_KEY, bytes(16)).hello()
# By RFC 2217: the client may set the line, and asks again and again who is there.
WILL_SET, WHO = b"\xff\xfb\x2c", b"\xff\xfa\x2c\x00\xff\xf0"


@pytest.fixture(params=["pty", "tcp", "rfc2217"])
def port(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@contextlib.contextmanager
def bare(url: str) -> Iterator[int]:
    """Open the port without any library, and yield its descriptor."""
    if "://" in url:
        host, _, number = url.partition("://")[2].partition(":")
        with socket.create_connection((host, int(number))) as connection:
            connection.setblocking(False)
            yield connection.fileno()
        return
    descriptor = os.open(url, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def pour(descriptor: int, data: bytes, times: int) -> bool:
    """Write without ever reading; return whether the other end bore it to the end, rather than drop us."""
    for _ in range(times):
        left = data
        while left:
            assert select.select([], [descriptor], [], WAIT_S)[1], "the port takes no more"
            with contextlib.suppress(BlockingIOError):
                try:
                    left = left[os.write(descriptor, left) :]
                except ConnectionError:
                    return False
    return True


def check_served(emulator: Emulator, port: str) -> None:
    with PumpClient(emulator.ports[port], keyring=bench_keyring()) as pump:
        assert pump.status().status.commanded_rate_nl_h == 20_833


@pytest.fixture
def emulator(bench: Bench) -> Emulator:
    return bench.serve("--bench-key", "--frozen")


def test_a_flood_of_noise_leaves_the_port_to_the_next(emulator: Emulator, port: str) -> None:
    noise = random.Random(SEED).randbytes(4_096)  # noqa: S311 - noise, not a secret
    with bare(emulator.ports[port]) as client:
        pour(client, noise, 200)
    check_served(emulator, port)


def test_a_client_that_asks_and_never_reads_leaves_the_port_to_the_next(
    emulator: Emulator, port: str
) -> None:
    others = [kind for kind in emulator.ports if kind != port]
    with bare(emulator.ports[port]) as client:
        pour(client, HELLO * 40, 50)
        for other in others:
            check_served(emulator, other)
        if port != "pty":  # where one line is all there is
            check_served(emulator, port)
    check_served(emulator, port)


def test_a_flood_of_telnet_commands_leaves_the_port_to_the_next(emulator: Emulator) -> None:
    with bare(emulator.ports["rfc2217"]) as client:
        pour(client, WILL_SET, 1)
        pour(client, WHO * 1_000, 200)
        check_served(emulator, "rfc2217")
    check_served(emulator, "rfc2217")


@pytest.mark.parametrize("size", [1, len(HELLO) // 2, len(HELLO) - 1])
def test_half_a_request_of_one_that_left_is_not_glued_to_the_next_ones(
    emulator: Emulator, port: str, size: int
) -> None:
    with bare(emulator.ports[port]) as client:
        pour(client, HELLO[:size], 1)
    check_served(emulator, port)


@pytest.mark.parametrize(
    "command", [b"\xff", b"\xff\xfb", b"\xff\xfa", b"\xff\xfa\x2c\x01\x00", b"\xff\xfa\x2c\xff"]
)
def test_half_a_telnet_command_of_one_that_left_is_not_glued_to_the_next_ones(
    emulator: Emulator, command: bytes
) -> None:
    with bare(emulator.ports["rfc2217"]) as client:
        pour(client, command, 1)
    check_served(emulator, "rfc2217")


def test_one_that_took_the_terminal_for_itself_leaves_it_to_the_next(emulator: Emulator) -> None:
    """As jSerialComm, serialport-rs and rxtx do. An administrator may open regardless, so the flag is read back."""
    with bare(emulator.ports["pty"]) as client:
        fcntl.ioctl(client, termios.TIOCEXCL)
        assert is_exclusive(client)
        os.write(client, HELLO)
        assert select.select([client], [], [], WAIT_S)[0]
    check_served(
        emulator, "tcp"
    )  # so the pump has seen the client leave; one without rights could not come sooner
    with bare(emulator.ports["pty"]) as client:
        assert not is_exclusive(client)
    check_served(emulator, "pty")


def is_exclusive(descriptor: int) -> bool:
    answer = array.array("i", [0])
    fcntl.ioctl(descriptor, TIOCGEXCL, answer)
    return bool(answer[0])
