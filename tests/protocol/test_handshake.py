from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.frame import encode, header
from protocol.handshake import (
    BAD_TAGS_ALLOWED,
    LONGEST_BACK_OFF_MS,
    PENDING_MS,
    DeviceHandshake,
    HostHandshake,
)
from protocol.keys import Key, expand
from protocol.messages import Challenge, Confirm, Hello, Poll, Status, build, parse
from protocol.session import tag
from tests.protocol.helpers import (
    HOST_NONCE,
    KEYS,
    READING,
    SERIAL_NUMBER,
    STORE_ID,
    TECHNICIAN,
    VIEWER,
    counting_random,
    device_handshake,
    frame_of,
    recorded,
    shake_hands,
)

OTHER_NONCE = b"\x77" * 16
STRANGER = dataclasses.replace(TECHNICIAN, secret=b"\x99" * 32)
HELLO = frame_of(HostHandshake(TECHNICIAN, HOST_NONCE).hello())


@pytest.mark.parametrize("key", [TECHNICIAN, VIEWER])
def test_a_handshake_opens_a_session_that_works_both_ways(key: Key) -> None:
    host, pump = shake_hands(device_handshake(), key)
    assert pump.open(frame_of(host.seal(Poll.code, b""))) is None
    assert host.open(frame_of(pump.seal(Status.code, build(READING)))) is None


@pytest.mark.parametrize("key", [TECHNICIAN, VIEWER])
def test_the_role_is_that_of_the_key_in_the_pumps_own_table(key: Key) -> None:
    pump = device_handshake()
    host = HostHandshake(key, HOST_NONCE)
    answer = host.answer(frame_of(pump.challenge(frame_of(host.hello()), 0) or b""))
    assert answer is not None
    opened = pump.confirm(frame_of(answer[0]), 0)
    assert opened is not None
    assert opened[1] is key.role


def test_the_three_tags_are_what_the_specification_says() -> None:
    hello, challenge, confirm = recorded(device_handshake())
    secret = expand(TECHNICIAN.secret, b"pump1 handshake")
    offer = parse(challenge.type, challenge.payload)
    assert isinstance(offer, Challenge)
    assert hello.tag == tag(secret, hello.signed)
    assert challenge.tag == tag(secret, challenge.signed + HOST_NONCE)
    assert confirm.tag == tag(secret, confirm.signed + HOST_NONCE + offer.device_nonce + b"PM-00001")
    assert (hello.session, challenge.session, confirm.session) == (0, 0, offer.session)
    assert (offer.device_id, offer.store_id, offer.boot) == (b"PM-00001", STORE_ID, 3)
    assert all((one.counter, one.ack) == (0, 0) for one in (hello, challenge, confirm))


def test_a_session_number_of_zero_is_never_offered() -> None:
    pump = device_handshake(bytes)
    offer = parse(Challenge.code, frame_of(pump.challenge(HELLO, 0) or b"").payload)
    assert isinstance(offer, Challenge)
    assert offer.session == 1


# --- what the host takes ----------------------------------------------------------------------------------------------


def test_a_host_answers_no_challenge_but_its_own() -> None:
    _, challenge, confirm = recorded(device_handshake())
    host = HostHandshake(TECHNICIAN, HOST_NONCE)
    assert host.answer(challenge) is not None
    assert HostHandshake(TECHNICIAN, OTHER_NONCE).answer(challenge) is None
    assert HostHandshake(VIEWER, HOST_NONCE).answer(challenge) is None
    assert host.answer(HELLO) is None
    assert host.answer(confirm) is None
    assert host.answer(challenge._replace(tag=bytes(16))) is None
    assert host.answer(challenge._replace(type=Status.code)) is None


def test_a_host_refuses_another_pump_that_holds_the_same_key() -> None:
    challenge = frame_of(device_handshake(serial_number="PM-00002").challenge(HELLO, 0) or b"")
    pinned = dataclasses.replace(TECHNICIAN, serial_number="PM-00002")
    assert HostHandshake(pinned, HOST_NONCE).answer(challenge) is not None
    assert HostHandshake(TECHNICIAN, HOST_NONCE).answer(challenge) is None


@pytest.mark.parametrize(
    "payload", [b"", b"\0" * 39, b"\0" * 41, b"\xff" * 40, b"PM-00001" + bytes(32)], ids=len
)
def test_a_challenge_with_a_right_tag_and_a_wrong_body_is_passed_over(payload: bytes) -> None:
    signed = header(Challenge.code, 0, 0, 0, payload) + payload
    secret = expand(TECHNICIAN.secret, b"pump1 handshake")
    wrong = frame_of(encode(signed, tag(secret, signed + HOST_NONCE)))
    assert HostHandshake(TECHNICIAN, HOST_NONCE).answer(wrong) is None


# --- what the pump takes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 3, 4, 20, 22, 200])
def test_a_hello_of_another_size_gets_no_answer(size: int) -> None:
    payload = (TECHNICIAN.key_id + bytes(196))[:size]
    signed = header(Hello.code, 0, 0, 0, payload) + payload
    secret = expand(TECHNICIAN.secret, b"pump1 handshake")
    pump = device_handshake()
    assert pump.challenge(frame_of(encode(signed, tag(secret, signed))), 0) is None
    assert pump._pending is None


@pytest.mark.parametrize("size", [1, 16, 200])
def test_a_confirm_with_a_payload_opens_nothing_and_leaves_the_challenge_standing(size: int) -> None:
    pump = device_handshake()
    _, challenge, confirm = recorded(pump)
    offer = parse(challenge.type, challenge.payload)
    assert isinstance(offer, Challenge)
    signed = header(Confirm.code, offer.session, 0, 0, bytes(size)) + bytes(size)
    bound = HOST_NONCE + offer.device_nonce + offer.device_id
    for right in (True, False):
        made = tag(expand(TECHNICIAN.secret, b"pump1 handshake"), signed, bound) if right else bytes(16)
        assert pump.confirm(frame_of(encode(signed, made)), 0) is None
    assert (pump.refused, pump.deaf_ms(0)) == (0, 0)
    assert pump.confirm(confirm, 0) is not None


@pytest.mark.parametrize("size", [4, 20, 22])
def test_a_hello_of_another_size_is_not_counted_whatever_its_tag(size: int) -> None:
    payload = (TECHNICIAN.key_id + bytes(196))[:size]
    signed = header(Hello.code, 0, 0, 0, payload) + payload
    pump = device_handshake()
    for _ in range(2 * BAD_TAGS_ALLOWED):
        assert pump.challenge(frame_of(encode(signed, bytes(16))), 0) is None
    assert (pump.refused, pump.deaf_ms(0)) == (0, 0)
    assert pump.challenge(HELLO, 0) is not None


def test_a_key_that_the_pump_does_not_hold_gets_no_answer() -> None:
    assert device_handshake(keys={VIEWER.key_id: VIEWER}).challenge(HELLO, 0) is None


def test_a_confirmation_is_good_for_five_seconds_and_no_longer() -> None:
    pump = device_handshake()
    _, _, confirm = recorded(pump)
    assert pump.confirm(confirm, PENDING_MS + 1) is None
    assert pump.confirm(confirm, 0) is None
    _, _, confirm = recorded(pump)
    assert pump.confirm(confirm, PENDING_MS) is not None


def test_a_second_hello_takes_the_place_of_the_first() -> None:
    pump = device_handshake()
    _, _, first = recorded(pump)
    _, _, second = recorded(pump)
    assert pump.confirm(first, 0) is None
    assert pump.confirm(second, 0) is not None
    assert pump.confirm(second, 0) is None


def test_a_confirmation_of_another_session_is_not_held_against_the_host() -> None:
    pump = device_handshake()
    _, _, old = recorded(pump)
    _, _, new = recorded(pump)
    for _ in range(2 * BAD_TAGS_ALLOWED):
        assert pump.confirm(old, 0) is None
    assert pump.refused == 0
    assert pump.confirm(new, 0) is not None


def test_a_bad_confirmation_does_not_spoil_the_pending_one() -> None:
    pump = device_handshake()
    _, _, confirm = recorded(pump)
    assert pump.confirm(confirm._replace(tag=bytes(16)), 0) is None
    assert pump.confirm(confirm, 0) is not None


# --- backing off ------------------------------------------------------------------------------------------------------


def is_answered(pump: DeviceHandshake, now_ms: int) -> bool:
    return pump.challenge(HELLO, now_ms) is not None


def spoil(pump: DeviceHandshake, now_ms: int) -> None:
    assert pump.challenge(HELLO._replace(tag=bytes(16)), now_ms) is None


def test_three_bad_tags_in_a_row_bring_1_2_4_seconds_of_silence_and_60_at_the_most() -> None:
    pump = device_handshake()
    now_ms = 0
    for _ in range(BAD_TAGS_ALLOWED - 1):
        spoil(pump, now_ms)
        assert is_answered(pump, now_ms)
    for silence_s in (1, 2, 4, 8, 16, 32, 60, 60, 60):
        spoil(pump, now_ms)
        assert not is_answered(pump, now_ms + silence_s * 1_000 - 1)
        now_ms += silence_s * 1_000
        assert is_answered(pump, now_ms)
    assert silence_s * 1_000 == LONGEST_BACK_OFF_MS
    assert pump.refused == BAD_TAGS_ALLOWED - 1 + 9


def test_what_arrives_during_the_silence_does_not_prolong_it() -> None:
    pump = device_handshake()
    for _ in range(BAD_TAGS_ALLOWED):
        spoil(pump, 0)
    for now_ms in range(0, 1_000, 10):
        spoil(pump, now_ms)
    assert pump.refused == BAD_TAGS_ALLOWED
    assert is_answered(pump, 1_000)


def test_bad_confirmations_count_and_silence_the_good_one_too() -> None:
    pump = device_handshake()
    _, _, confirm = recorded(pump)
    for _ in range(BAD_TAGS_ALLOWED):
        assert pump.confirm(confirm._replace(tag=bytes(16)), 0) is None
    assert pump.confirm(confirm, 999) is None
    assert pump.confirm(confirm, 1_000) is not None


def test_a_session_that_opens_forgives_the_bad_tags_before_it() -> None:
    pump = device_handshake()
    for _ in range(5):
        for _ in range(BAD_TAGS_ALLOWED - 1):
            spoil(pump, 0)
        shake_hands(pump)
    assert is_answered(pump, 0)


def test_no_back_off_harms_an_established_session() -> None:
    handshake = device_handshake()
    host, pump = shake_hands(handshake)
    for _ in range(BAD_TAGS_ALLOWED):
        spoil(handshake, 0)
    assert not is_answered(handshake, 0)
    assert pump.open(frame_of(host.seal(Poll.code, b""))) is None


@given(st.binary(max_size=200), st.sampled_from([Hello.code, Confirm.code]), st.integers(0, 2**32 - 1))
def test_no_stranger_gets_an_answer(payload: bytes, code: int, session: int) -> None:
    pump = DeviceHandshake(SERIAL_NUMBER, STORE_ID, 3, KEYS, counting_random())
    signed = header(code, session, 0, 0, payload) + payload
    stranger = frame_of(encode(signed, tag(b"guess", signed)))
    assert pump.challenge(stranger, 0) is None
    assert pump.confirm(stranger, 0) is None
