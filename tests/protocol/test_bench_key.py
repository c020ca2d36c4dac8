"""The published bench key meets any pump that was started with it, and no other key does anything of the kind."""

from __future__ import annotations

import dataclasses

import pytest

from protocol.exchange import DeviceEnd, HostEnd
from protocol.handshake import HostHandshake
from protocol.keys import BENCH_KEY, BENCH_WARNING, Key
from protocol.vocabulary import Role
from tests.protocol.helpers import (
    HOST_NONCE,
    TECHNICIAN,
    Bench,
    counting_random,
    device_handshake,
    frame_of,
)


def greet(key: Key, serial_number: str, table: Key) -> HostEnd:
    """Let a host with `key` meet a pump that holds `table`."""
    handshake = device_handshake(counting_random(), serial_number=serial_number, keys={table.key_id: table})
    host = HostEnd(key, HOST_NONCE)
    pump = DeviceEnd(handshake, Bench().serve, lambda _role: None)
    to_pump = host.hello()
    while to_pump:
        _, to_pump = host.receive(pump.receive(to_pump, 0))
    return host


@pytest.mark.parametrize("serial_number", ["PM-00001", "X", "02-1187"])
def test_the_bench_key_opens_a_session_with_any_pump_that_holds_it(serial_number: str) -> None:
    assert greet(BENCH_KEY, serial_number, BENCH_KEY).is_open
    met = dataclasses.replace(BENCH_KEY, serial_number=serial_number)
    assert greet(met, serial_number, BENCH_KEY).is_open


def test_the_bench_key_is_held_to_the_pump_that_it_has_met() -> None:
    met = dataclasses.replace(BENCH_KEY, serial_number="PM-00001")
    assert not greet(met, "PM-00002", BENCH_KEY).is_open


def test_no_other_key_fits_a_pump_that_it_does_not_name() -> None:
    roving = dataclasses.replace(TECHNICIAN, serial_number="")
    assert not greet(roving, "PM-00001", TECHNICIAN).is_open
    assert not greet(dataclasses.replace(roving, role=Role.DEVELOPER), "PM-00001", TECHNICIAN).is_open


def test_a_host_that_took_any_pump_for_its_own_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Key, "fits", lambda _key, _serial_number: True)
    roving = dataclasses.replace(TECHNICIAN, serial_number="")
    assert greet(roving, "PM-00001", TECHNICIAN).is_open


def test_a_pump_with_secret_keys_does_not_answer_to_the_bench_key() -> None:
    handshake = device_handshake()
    assert handshake.challenge(frame_of(HostHandshake(BENCH_KEY, HOST_NONCE).hello()), 0) is None
    assert handshake.refused == 0


def test_whoever_uses_it_is_warned_in_these_words() -> None:
    assert BENCH_WARNING == "BENCH KEY: anyone can change this pump"
