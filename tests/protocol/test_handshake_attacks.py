"""Attacks on the handshake: each returns how many sessions it opened, and each would succeed against a broken pump."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

import pytest

from protocol import handshake as handshake_module
from protocol.frame import TAG_SIZE, Decoder, Frame, encode, header
from protocol.handshake import (
    DeviceHandshake,
    HostHandshake,
)
from protocol.keys import expand
from protocol.messages import Challenge, Confirm, Hello, Poll, Status, build, parse
from protocol.session import tag
from protocol.vocabulary import Role
from tests.protocol.helpers import (
    HOST_NONCE,
    READING,
    TECHNICIAN,
    VIEWER,
    counting_random,
    device_handshake,
    frame_of,
    recorded,
    shake_hands,
)

if TYPE_CHECKING:
    from collections.abc import Callable

OTHER_NONCE = b"\x77" * 16
STRANGER = dataclasses.replace(TECHNICIAN, secret=b"\x99" * 32)
HELLO = frame_of(HostHandshake(TECHNICIAN, HOST_NONCE).hello())


def replay_everything(random: Callable[[], Callable[[int], bytes]]) -> int:
    """Replay a recorded handshake in all orders, to the same pump and to one that was started again."""
    opened = 0
    for order in itertools.product(range(2), repeat=4):
        for restarted in (False, True):
            source = random()
            pump = device_handshake(source)
            hello, _, confirm = recorded(pump)
            assert pump.confirm(confirm, 0) is not None
            if restarted:
                pump = device_handshake(source)
            for which in order:
                if which:
                    opened += pump.confirm(confirm, 10) is not None
                else:
                    pump.challenge(hello, 10)
    return opened


def test_no_replay_of_a_recorded_handshake_opens_a_session() -> None:
    assert replay_everything(counting_random) == 0


def test_the_replay_would_succeed_against_a_pump_that_repeats_its_nonces() -> None:
    assert replay_everything(lambda: lambda size: b"\x05" * size) > 0


def test_the_replay_would_succeed_against_a_pump_that_keeps_what_was_confirmed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    confirm = DeviceHandshake.confirm

    def forgetful(pump: DeviceHandshake, frame: Frame, now_ms: int) -> object:
        pending = pump._pending
        found = confirm(pump, frame, now_ms)
        pump._pending = pending
        return found

    monkeypatch.setattr(DeviceHandshake, "confirm", forgetful)
    assert replay_everything(counting_random) > 0


def without_the_key() -> int:
    """Try a handshake with a key id that the pump knows and a secret that it doesn't, at every step of it."""
    opened = 0
    for liar_at in (Hello, Confirm):
        pump = device_handshake()
        key = STRANGER if liar_at is Hello else TECHNICIAN
        hello = frame_of(HostHandshake(key, HOST_NONCE).hello())
        offered = pump.challenge(hello, 0)
        if offered is None:
            continue
        offer = parse(Challenge.code, frame_of(offered).payload)
        assert isinstance(offer, Challenge)
        signed = header(Confirm.code, offer.session, 0, 0, b"")
        secret = expand(STRANGER.secret, b"pump1 handshake")
        bound = HOST_NONCE + offer.device_nonce + offer.device_id
        opened += pump.confirm(frame_of(encode(signed, tag(secret, signed + bound))), 0) is not None
    return opened


def with_another_pumps_proof() -> int:
    """Carry a confirmation that another pump of the same key and the same numbers asked for to this one."""
    other = device_handshake(serial_number="PM-00002")
    offered = frame_of(other.challenge(HELLO, 0) or b"")
    key = dataclasses.replace(TECHNICIAN, serial_number="PM-00002")
    answer = HostHandshake(key, HOST_NONCE).answer(offered)
    assert answer is not None
    pump = device_handshake()
    pump.challenge(HELLO, 0)
    return int(pump.confirm(frame_of(answer[0]), 0) is not None)


def with_a_splice() -> int:
    """Put the headers and tags of two handshakes together."""
    pump = device_handshake()
    _, _, old = recorded(pump)
    _, _, new = recorded(pump)
    crossed = (
        old._replace(session=new.session),
        encode(new.signed, old.tag),
        encode(old.signed, new.tag),
        encode(new.signed, HELLO.tag),
    )
    frames = (one if isinstance(one, Frame) else frame_of(one) for one in crossed)
    return sum(pump.confirm(one, 0) is not None for one in frames)


def as_a_viewer() -> int:
    """Prove a viewer's key where the hello named the technician's, and the other way round."""
    opened = 0
    for named, held in ((TECHNICIAN, VIEWER), (VIEWER, TECHNICIAN)):
        pump = device_handshake()
        offered = pump.challenge(frame_of(HostHandshake(named, HOST_NONCE).hello()), 0)
        offer = parse(Challenge.code, frame_of(offered or b"").payload)
        assert isinstance(offer, Challenge)
        signed = header(Confirm.code, offer.session, 0, 0, b"")
        secret = expand(held.secret, b"pump1 handshake")
        bound = HOST_NONCE + offer.device_nonce + offer.device_id
        opened += pump.confirm(frame_of(encode(signed, tag(secret, signed + bound))), 0) is not None
    return opened


ATTACKS = [without_the_key, with_another_pumps_proof, with_a_splice, as_a_viewer]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_opens_no_session(attack: Callable[[], int]) -> None:
    assert attack() == 0


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_attack_would_succeed_against_a_pump_that_compares_no_tags(
    attack: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handshake_module, "is_tag", lambda *_given: True)
    assert attack() > 0


def test_a_host_whose_key_says_more_than_the_pumps_table_opens_nothing() -> None:
    pump = device_handshake()
    promoted = dataclasses.replace(VIEWER, role=Role.TECHNICIAN)
    host, device = shake_hands(pump, promoted)
    assert device.open(frame_of(host.seal(Poll.code, b""))) is not None
    assert host.open(frame_of(device.seal(Status.code, build(READING)))) is not None


# --- every bit of the three frames, with the CRC-32 made right again -----------------------------------------------------


def with_each_bit_flipped(frame: Frame) -> list[Frame]:
    raw = frame.signed + frame.tag
    flipped = []
    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        data = encode(bytes(changed[:-TAG_SIZE]), bytes(changed[-TAG_SIZE:]))
        # Where version or length was hit, the decoder drops the frame before anybody sees it.
        flipped += Decoder().feed(data)
    return flipped


def forged_hellos() -> int:
    hello, _, _ = recorded(device_handshake())
    return sum(device_handshake().challenge(one, 0) is not None for one in with_each_bit_flipped(hello))


def forged_challenges() -> int:
    _, challenge, _ = recorded(device_handshake())
    host = HostHandshake(TECHNICIAN, HOST_NONCE)
    return sum(host.answer(one) is not None for one in with_each_bit_flipped(challenge))


def forged_confirmations() -> int:
    _, _, confirm = recorded(device_handshake())
    taken = 0
    for one in with_each_bit_flipped(confirm):
        pump = device_handshake()
        recorded(pump)
        taken += one.type == Confirm.code and pump.confirm(one, 0) is not None
    return taken


FORGERIES = [forged_hellos, forged_challenges, forged_confirmations]


@pytest.mark.parametrize("forgery", FORGERIES)
def test_no_bit_of_a_handshake_frame_can_be_changed(forgery: Callable[[], int]) -> None:
    assert forgery() == 0


@pytest.mark.parametrize("forgery", FORGERIES)
def test_the_bits_could_be_changed_if_no_tag_were_compared(
    forgery: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handshake_module, "is_tag", lambda *_given: True)
    assert forgery() > 100
