"""Who can write on the wire without a key, or with an old recording: what does not happen."""

from __future__ import annotations

import pytest

from protocol.exchange import DeviceEnd, HostEnd
from protocol.messages import Change, Commit, Outcome, Poll, Prepare, Prepared, Rejected
from protocol.vocabulary import ChangeKind, Refusal
from tests.protocol.helpers import (
    HOST_NONCE,
    RATE_NL_H,
    READING,
    TECHNICIAN,
    WISH,
    Bench,
    answer,
    connect,
    counting_random,
    device_handshake,
    frame_of,
)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_replayed_hello_or_a_bad_confirmation_does_not_end_the_session(bench: Bench) -> None:
    pump = bench.port()
    host = connect(pump)
    stranger = HostEnd(TECHNICIAN, b"\x66" * 16)
    bad = bytearray(stranger.receive(pump.receive(stranger.hello(), 0))[1])
    bad[-8] ^= 1
    for now_ms in range(20):
        pump.receive(HostEnd(TECHNICIAN, HOST_NONCE).hello(), now_ms)
        pump.receive(bytes(bad), now_ms)
        assert answer(host, pump, Poll(), now_ms).message == READING


def test_a_back_off_harms_no_established_session(bench: Bench) -> None:
    handshake = device_handshake()
    pump = DeviceEnd(handshake, bench.serve, lambda _role: None)
    host = connect(pump)
    for _ in range(5):
        handshake.challenge(frame_of(host.hello())._replace(tag=bytes(16)), 0)
    assert pump.receive(host.hello(), 0) == b""
    assert answer(host, pump, Poll()).message == READING
    assert pump.dropped == 3


def test_a_new_session_ends_the_old_one(bench: Bench) -> None:
    pump = bench.port()
    old = connect(pump)
    first = pump.session
    new = connect(pump, nonce=b"\x42" * 16)
    assert first is not None
    assert pump.session not in {None, first}
    assert pump.receive(old.ask(Poll())[0], 0) == b""
    assert pump.dropped == 1
    assert answer(new, pump, Poll()).message == READING


def test_a_challenge_sent_twice_does_not_disturb_the_session(bench: Bench) -> None:
    pump = bench.port()
    host = HostEnd(TECHNICIAN, HOST_NONCE)
    offer = pump.receive(host.hello(), 0)
    _, confirm = host.receive(offer)
    _, again = host.receive(offer)
    assert again == confirm
    host.receive(pump.receive(confirm, 0))
    assert host.receive(offer) == ([], b"")
    assert pump.receive(confirm, 0) == b""
    assert answer(host, pump, Poll()).message == READING


def test_two_ports_of_one_pump_have_sessions_of_their_own_and_one_desk(bench: Bench) -> None:
    ports = [bench.port(counting_random(start)) for start in (1, 1_000)]
    one, two = (connect(port) for port in ports)
    prepared = answer(one, ports[0], WISH).message
    assert isinstance(prepared, Prepared)
    busy = answer(
        two, ports[1], Prepare(b"change-2", 0, RATE_NL_H, 0, Change(ChangeKind.RATE, 24_000))
    ).message
    assert isinstance(busy, Rejected)
    assert busy.reason == Refusal.BUSY
    stolen = answer(two, ports[1], Commit(prepared.command_id, prepared.token)).message
    assert isinstance(stolen, Rejected)
    assert isinstance(answer(one, ports[0], Commit(prepared.command_id, prepared.token)).message, Outcome)
