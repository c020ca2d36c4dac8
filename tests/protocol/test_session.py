from __future__ import annotations

import itertools

import pytest

from protocol.frame import FROM_DEVICE, Frame
from protocol.keys import device_id, expand, extract
from protocol.messages import Poll, Status, build
from protocol.session import (
    LAST_COUNTER,
    Intrusion,
    Session,
    SessionEndedError,
    Side,
    session_keys,
    tag,
)
from protocol.vocabulary import Role
from tests.protocol.helpers import NONCES, READING, SERIAL_NUMBER, TECHNICIAN, VIEWER, frame_of, sessions

PAYLOAD = build(READING)


def polls(host: Session, count: int) -> list[Frame]:
    return [frame_of(host.seal(Poll.code, b"")) for _ in range(count)]


def session(
    side: Side,
    *,
    number: int = 9,
    secret: bytes = TECHNICIAN.secret,
    nonces: bytes = NONCES,
    serial_number: str = SERIAL_NUMBER,
    role: Role = Role.TECHNICIAN,
) -> Session:
    context = device_id(serial_number) + bytes((role,))
    return Session(side, number, secret=secret, nonces=nonces, context=context)


def test_what_one_end_seals_the_other_opens_in_both_directions() -> None:
    host, pump = sessions()
    for count in range(1, 50):
        assert pump.open(frame_of(host.seal(Poll.code, b""))) is None
        answer = frame_of(pump.seal(Status.code, PAYLOAD))
        assert host.open(answer) is None
        assert (answer.counter, answer.ack, answer.payload) == (count, count, PAYLOAD)
        assert host.heard == pump.heard == host.sent == pump.sent == count


def test_the_keys_are_derived_as_the_specification_says() -> None:
    host, _ = sessions(number=0x01020304)
    root = extract(NONCES, TECHNICIAN.secret)
    key = expand(root, b"pump1 host " + bytes.fromhex("04030201") + b"PM-00001" + b"\x02")
    found = frame_of(host.seal(Poll.code, b""))
    assert found.tag == tag(key, found.signed)


def test_a_frame_sent_back_to_its_sender_opens_for_nobody() -> None:
    host, pump = sessions()
    assert host.open(frame_of(host.seal(Poll.code, b""))) is Intrusion.DIRECTION
    assert pump.open(frame_of(pump.seal(Status.code, PAYLOAD))) is Intrusion.DIRECTION


@pytest.mark.parametrize("code", [Poll.code, Status.code])
def test_even_with_the_direction_bit_turned_a_reflected_frame_has_a_wrong_tag(code: int) -> None:
    for one in sessions():
        ours = frame_of(one.seal(code, b""))
        for turned in (code, code ^ FROM_DEVICE):
            signed = ours.signed[:1] + bytes([turned]) + ours.signed[2:]
            assert one.open(ours._replace(type=turned, signed=signed)) in {Intrusion.TAG, Intrusion.DIRECTION}
    assert one.heard == 0


def test_the_keys_of_the_two_directions_differ() -> None:
    keys = session_keys(9, secret=TECHNICIAN.secret, nonces=NONCES, context=b"PM-00001\x02")
    assert keys[Side.HOST] != keys[Side.DEVICE]


def test_a_repeated_frame_is_dropped_however_often() -> None:
    host, pump = sessions()
    (first,) = polls(host, 1)
    assert pump.open(first) is None
    assert {pump.open(first) for _ in range(5)} == {Intrusion.COUNTER}


def test_a_gap_is_accepted_and_what_was_left_out_is_not_accepted_later() -> None:
    host, pump = sessions()
    frames = polls(host, 10)
    assert pump.open(frames[0]) is None
    assert pump.open(frames[6]) is None
    assert {pump.open(late) for late in frames[:7]} == {Intrusion.COUNTER}
    assert pump.open(frames[7]) is None
    assert pump.heard == 8


def test_in_no_order_is_a_frame_accepted_twice_or_after_a_newer_one() -> None:
    host, _ = sessions()
    frames = polls(host, 5)
    for order in itertools.permutations(frames * 2, 5):
        _, pump = sessions()
        accepted = [one.counter for one in order if pump.open(one) is None]
        assert accepted == sorted(set(accepted))


def test_a_counter_of_zero_is_never_accepted() -> None:
    host, pump = sessions()
    host._sent = -1
    assert pump.open(polls(host, 1)[0]) is Intrusion.COUNTER


def test_the_last_counter_is_sent_and_after_it_the_session_ends() -> None:
    host, pump = sessions()
    host._sent = LAST_COUNTER - 1
    assert pump.open(polls(host, 1)[0]) is None
    with pytest.raises(SessionEndedError):
        host.seal(Poll.code, b"")
    assert host.sent == LAST_COUNTER
    host._sent = LAST_COUNTER
    beyond = polls(sessions()[0], 1)[0]._replace(counter=LAST_COUNTER + 1)
    assert pump.open(beyond) is Intrusion.COUNTER


@pytest.mark.parametrize(
    "other",
    [
        session(Side.DEVICE, number=10),
        session(Side.DEVICE, secret=VIEWER.secret),
        session(Side.DEVICE, nonces=NONCES[:-1] + b"\0"),
        session(Side.DEVICE, serial_number="PM-00002"),
        session(Side.DEVICE, role=Role.VIEWER),
        session(Side.DEVICE, role=Role.DEVELOPER),
    ],
    ids=["number", "secret", "nonces", "pump", "viewer", "developer"],
)
def test_a_session_that_differs_in_anything_opens_nothing(other: Session) -> None:
    host, _ = sessions()
    (ours,) = polls(host, 1)
    assert other.open(ours) in {Intrusion.TAG, Intrusion.SESSION}
    assert other.open(ours._replace(session=other.number)) is Intrusion.TAG
    assert other.heard == 0


def test_a_refused_frame_changes_nothing() -> None:
    host, pump = sessions()
    good, later = polls(host, 2)
    for wrong in (
        good._replace(tag=bytes(16)),
        later._replace(tag=bytes(16)),
        later._replace(session=8),
        later._replace(type=Status.code),
        later._replace(counter=0),
    ):
        assert pump.open(wrong) is not None
        assert (pump.heard, pump.sent) == (0, 0)
    assert pump.open(good) is None


def test_every_frame_acknowledges_the_newest_one_accepted() -> None:
    host, pump = sessions()
    frames = polls(host, 4)
    assert frame_of(pump.seal(Status.code, PAYLOAD)).ack == 0
    pump.open(frames[2])
    assert frame_of(pump.seal(Status.code, PAYLOAD)).ack == 3
    pump.open(frames[0])
    pump.open(frames[3]._replace(tag=bytes(16)))
    assert frame_of(pump.seal(Status.code, PAYLOAD)).ack == 3


def test_a_frame_with_a_forged_header_is_signed_and_counts_nothing() -> None:
    host, pump = sessions()
    pump.seal(Status.code, PAYLOAD)
    forged = frame_of(pump.forge(Status.code, PAYLOAD, number=pump.number, counter=7, ack=3))
    assert (forged.type, forged.payload, forged.counter, forged.ack) == (Status.code, PAYLOAD, 7, 3)
    assert pump.sent == 1
    assert host.open(forged) is None
    assert host.heard == 7


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"counter": 0}, Intrusion.COUNTER), ({"number": 8}, Intrusion.SESSION)],
)
def test_a_forged_header_is_refused_for_what_is_wrong_with_it(
    changed: dict[str, int], why: Intrusion
) -> None:
    host, pump = sessions()
    header = {"number": pump.number, "counter": 1, "ack": 0} | changed
    assert host.open(frame_of(pump.forge(Status.code, PAYLOAD, **header))) is why
