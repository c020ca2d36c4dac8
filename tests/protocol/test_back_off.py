"""Wrong tags silence the handshakes of a port for a while, whoever comes and goes on it, and nothing else."""

from __future__ import annotations

import dataclasses

from protocol.exchange import DeviceEnd, HostEnd
from protocol.handshake import BAD_TAGS_ALLOWED, BackOff, HostHandshake
from protocol.messages import Poll, Status
from tests.protocol.helpers import (
    HOST_NONCE,
    TECHNICIAN,
    Bench,
    answer,
    connect,
    device_handshake,
)

SPOILT = HostHandshake(dataclasses.replace(TECHNICIAN, secret=bytes(32)), HOST_NONCE).hello()


def end_on(port: BackOff, told: list[int] | None = None) -> DeviceEnd:
    """Return the pump's end of one host's conversation on a port."""
    note = (lambda _count: None) if told is None else told.append
    return DeviceEnd(device_handshake(back_off=port), Bench().serve, lambda _role: None, note)


def test_the_silence_of_a_port_can_be_asked_for_and_runs_out() -> None:
    handshake = device_handshake()
    pump = DeviceEnd(handshake, Bench().serve, lambda _role: None)
    for _ in range(BAD_TAGS_ALLOWED):
        assert handshake.deaf_ms(5_000) == 0
        pump.receive(SPOILT, 5_000)
    assert [handshake.deaf_ms(now_ms) for now_ms in (5_000, 5_999, 6_000, 60_000)] == [1_000, 1, 0, 0]


def test_who_hangs_up_and_comes_back_finds_the_port_as_silent_as_before() -> None:
    port = BackOff()
    for _ in range(BAD_TAGS_ALLOWED):
        end_on(port).receive(SPOILT, 0)
    assert end_on(port).receive(HostEnd(TECHNICIAN, HOST_NONCE).hello(), 999) == b""
    assert connect(end_on(port), now_ms=1_000).is_open


def test_a_back_off_that_went_with_the_host_would_be_noticed() -> None:
    for _ in range(BAD_TAGS_ALLOWED):
        end_on(BackOff()).receive(SPOILT, 0)
    assert end_on(BackOff()).receive(HostEnd(TECHNICIAN, HOST_NONCE).hello(), 999) != b""


def test_the_silence_of_one_port_is_not_that_of_another() -> None:
    port, other = BackOff(), BackOff()
    for _ in range(BAD_TAGS_ALLOWED):
        end_on(port).receive(SPOILT, 0)
    assert port.deaf_ms(0) > 0
    assert connect(end_on(other)).is_open


def test_the_silence_of_a_port_harms_no_session_on_it() -> None:
    port = BackOff()
    mine, neighbour = end_on(port), end_on(port)
    hosts = [(connect(end), end) for end in (mine, neighbour)]
    for _ in range(3 * BAD_TAGS_ALLOWED):
        mine.receive(SPOILT, 0)
    for host, end in hosts:
        assert isinstance(answer(host, end, Poll()).message, Status)


def test_handshakes_with_wrong_tags_are_told_and_those_that_are_ignored_are_not() -> None:
    told: list[int] = []
    pump = end_on(BackOff(), told)
    connect(pump)
    pump.receive(b"\0noise\0", 0)
    assert told == []
    pump.receive(SPOILT + SPOILT, 0)
    pump.receive(SPOILT, 0)
    pump.receive(SPOILT, 0)  # the port is deaf by now
    assert told == [2, 1]
