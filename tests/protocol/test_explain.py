from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs.vectors.__main__ import FOLDER
from docs.vectors.given import HOST_NONCE, TECHNICIAN, VIEWER, keys_of
from docs.vectors.typical import READING
from protocol.explain import CHECKS, Explained, explain
from protocol.frame import FROM_DEVICE, encode, header
from protocol.handshake import handshake_key
from protocol.keys import Key
from protocol.messages import MESSAGES, Challenge, Hello, Poll, Status, build
from protocol.session import Side, tag

if TYPE_CHECKING:
    from collections.abc import Sequence


def vectors(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="ascii"))
    return loaded


def one(data: bytes, keys: Sequence[Key] = ()) -> Explained:
    (found,) = explain(data, keys)
    return found


def failed(found: Explained) -> str | None:
    return None if found.failed is None else found.failed.name


def said(found: Explained, name: str) -> str:
    return found.checks[CHECKS.index(name)].said


OPENING = [bytes.fromhex(wire) for wire in vectors("malformed")["opening"]]
OFFER = {
    field.name: field.value for field in one(OPENING[1]).fields
}  # its own session comes after the header's
SESSION = int(OFFER["session"])


def sealed(counter: int, code: int = Poll.code, payload: bytes = b"", ack: int = 0) -> bytes:
    """Return a frame of the session that `OPENING` opens."""
    keys = keys_of(SESSION, nonces=HOST_NONCE + bytes.fromhex(str(OFFER["device_nonce"])))
    signed = header(code, SESSION, counter, ack, payload) + payload
    return encode(signed, tag(keys[Side.DEVICE if code & FROM_DEVICE else Side.HOST], signed))


# --- every vector is explained ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", vectors("frames")["vectors"], ids=lambda vector: vector["name"])
def test_each_frame_of_the_vectors_is_told_whole(vector: dict[str, Any]) -> None:
    found = one(bytes.fromhex(vector["wire"]))
    assert found.offset == 1
    assert found.code == vector["type"]
    assert failed(found) is None
    assert found.verified is None
    assert b"".join(field.data for field in found.fields).hex() == vector["raw"]
    at = 0
    for field in found.fields:
        assert field.offset == at
        at += len(field.data)
    names = [field.name.split(".")[0].split("[")[0] for field in found.fields][6:-2]
    assert list(dict.fromkeys(names)) == list(vector["fields"])


@pytest.mark.parametrize("vector", vectors("streams")["vectors"], ids=lambda vector: vector["name"])
def test_what_a_receiver_counts_is_what_is_told_to_have_failed(vector: dict[str, Any]) -> None:
    names = {"size": "size", "COBS": "cobs", "CRC-32": "crc", "version": "version", "length": "length"}
    found = list(explain(bytes.fromhex("".join(vector["chunks"]))))
    told = [names[name] for each in found if (name := failed(each)) in names]
    assert {name: told.count(name) for name in vector["dropped"]} == vector["dropped"]
    whole = [each for each in found if failed(each) not in {*names, "delimiter"}]
    assert len(whole) == len(vector["frames"])


@pytest.mark.parametrize("vector", vectors("handshakes")["at_the_pump"], ids=lambda vector: vector["name"])
def test_a_session_that_opens_is_verified_from_its_handshake_on(vector: dict[str, Any]) -> None:
    data = bytes.fromhex("".join(step["send"] + step["answer"] for step in vector["steps"]))
    found = list(explain(data, (TECHNICIAN, VIEWER)))
    for step in vector["steps"]:
        if step["opens"]:
            (status,) = (
                each for each in found if each.run in bytes.fromhex(step["answer"]) and each.code == 0x91
            )
            assert status.verified is True
    wrong = sum("wrong tag" in step["about"] or "bit of its tag" in step["about"] for step in vector["steps"])
    assert sum(each.verified is False for each in found) >= wrong


def test_a_handshake_frame_of_another_size_is_told_to_be_dropped() -> None:
    (vector,) = (one for one in vectors("handshakes")["at_the_pump"] if one["name"] == "of another size")
    for step in vector["steps"]:
        (found,) = explain(bytes.fromhex(step["send"]), (TECHNICIAN,))
        assert said(found, "payload").endswith("a pump drops it") is (" bytes" in step["about"])


@pytest.mark.parametrize("vector", vectors("malformed")["requests"], ids=lambda vector: vector["name"])
def test_a_payload_that_is_refused_is_told_with_the_field_at_fault(vector: dict[str, Any]) -> None:
    *_, request, answer = explain(
        b"".join(OPENING) + bytes.fromhex(vector["wire"] + vector["answer"]["wire"]), (TECHNICIAN,)
    )
    assert request.verified is answer.verified is True
    if vector["message"] is None:
        assert said(request, "type").endswith("UNSUPPORTED")
    else:
        assert failed(request) == "payload"
        assert said(request, "payload").endswith("MALFORMED")
        assert vector["field"] in said(request, "payload")
    assert failed(answer) is None


@pytest.mark.parametrize("vector", vectors("changes")["vectors"], ids=lambda vector: vector["name"])
def test_whole_conversations_are_verified_frame_by_frame(vector: dict[str, Any]) -> None:
    data = ""
    for step in vector["steps"]:
        data += "".join(step.get("frames", ()))
        data += "".join(step[part]["wire"] for part in ("request", "answer") if part in step)
    for found in explain(bytes.fromhex(data), (TECHNICIAN, VIEWER)):
        assert (found.verified, failed(found)) == (True, None)


# --- damage is named by its place ---------------------------------------------------------------------------------------

WIRE = encode(header(Poll.code, 9, 1, 0, b"") + b"", bytes(range(1, 17)))


@pytest.mark.parametrize("at", range(1, len(WIRE) - 1))
def test_a_byte_changed_anywhere_fails_the_check_that_a_receiver_fails_it_by(at: int) -> None:
    for mask in (0x01, 0x40, 0x80):
        changed = WIRE[:at] + bytes((WIRE[at] ^ mask,)) + WIRE[at + 1 :]
        names = {failed(found) for found in explain(changed)}
        assert names <= {"size", "COBS", "CRC-32"}
        assert names


def test_a_length_that_points_past_the_end_is_named_with_its_place() -> None:
    at = 1 + WIRE[1]
    changed = WIRE[:at] + b"\xf0" + WIRE[at + 1 :]
    assert (
        said(one(changed), "COBS")
        == f"the length f0 at byte {at - 1} points {at - 1 + 0xF0 - len(WIRE) + 2} past the end"
    )


def test_a_wrong_crc_is_told_with_the_right_one_and_the_header_still_is() -> None:
    found = one(WIRE[:-3] + bytes((WIRE[-3] ^ 1,)) + WIRE[-2:])
    crc = int.from_bytes(WIRE[-5:-1], "little")
    assert failed(found) == "CRC-32"
    assert said(found, "CRC-32") == f"0x{crc ^ 0x10000:08x}; of these bytes it is 0x{crc:08x}"
    assert [field.name for field in found.fields][:3] == ["version", "type", "session"]
    assert found.verified is None
    assert said(found, "tag") == "not reached"


def test_a_frame_that_nothing_ends_is_explained_all_the_same() -> None:
    found = one(WIRE[:-1])
    assert failed(found) == "delimiter"
    assert found.code == Poll.code


def test_a_frame_that_is_too_long_is_not_read() -> None:
    found = one(b"\0" + b"\x01" * 237 + b"\0")
    assert said(found, "size") == "237 bytes; a frame has 36 to 236"
    assert found.code is None


def test_offsets_are_those_of_the_input() -> None:
    data = b"\0\0noise\0" + WIRE + WIRE[1:]
    assert [found.offset for found in explain(data)] == [2, 9, 9 + len(WIRE) - 1]


# --- sessions, counters and tags -------------------------------------------------------------------------------------------


def test_without_a_key_nothing_is_verified_and_all_is_told() -> None:
    found = list(explain(b"".join(OPENING)))
    assert [each.verified for each in found] == [None] * 4
    assert {said(each, "tag") for each in found} == {"not verified: no key was given"}
    assert [each.code for each in found] == [0x01, 0x81, 0x02, 0x91]


def test_with_the_key_all_four_frames_are_verified() -> None:
    assert [each.verified for each in explain(b"".join(OPENING), (TECHNICIAN,))] == [True] * 4


def test_without_the_handshake_a_key_is_told_to_be_too_little() -> None:
    found = one(sealed(1), (TECHNICIAN,))
    assert found.verified is None
    assert said(found, "tag") == "not verified: the handshake of its session is not in the input"


def test_with_the_key_of_another_role_it_is_told_which_key_is_missing() -> None:
    found = list(explain(b"".join(OPENING), (VIEWER,)))
    assert [each.verified for each in found] == [None] * 4
    assert said(found[0], "tag") == f"not verified: it names the key {TECHNICIAN.key_id.hex()}"


def test_a_secret_that_is_not_the_pumps_makes_wrong_tags() -> None:
    wrong = Key(TECHNICIAN.serial_number, TECHNICIAN.role, TECHNICIAN.key_id, bytes(32))
    found = list(explain(b"".join(OPENING), (wrong,)))
    assert [each.verified for each in found][:2] == [False, False]


def test_a_lost_confirm_does_not_hide_the_session() -> None:
    found = list(explain(b"".join((*OPENING[:2], *OPENING[3:])), (TECHNICIAN,)))
    assert [each.verified for each in found] == [True] * 3


def test_a_frame_that_was_heard_before_is_told_to_be_a_repetition() -> None:
    data = b"".join((*OPENING, sealed(1), sealed(3), sealed(2), sealed(3), sealed(4)))
    found = list(explain(data, (TECHNICIAN,)))[4:]
    assert [failed(each) for each in found] == [None, None, "counter", "counter", None]
    assert said(found[2], "counter") == "2, but 3 came before: a receiver drops it as seen before"


def test_a_wrong_tag_does_not_move_the_counter() -> None:
    frame = sealed(9)
    spoiled = encode(header(Poll.code, SESSION, 9, 0, b""), bytes(16))
    found = list(explain(b"".join((*OPENING, spoiled, sealed(1), frame)), (TECHNICIAN,)))[4:]
    assert [failed(each) for each in found] == ["tag", None, None]


@pytest.mark.parametrize("counter", [0, 2**31 + 1])
def test_a_counter_that_no_session_has_is_told(counter: int) -> None:
    *_, found = explain(b"".join((*OPENING, sealed(counter))), (TECHNICIAN,))
    assert failed(found) == "counter"


def test_what_a_frame_acknowledges_is_told_and_never_fails() -> None:
    reading = build(READING)
    data = (
        *OPENING,
        sealed(1),
        sealed(2, Status.code, reading, ack=1),
        sealed(3, Status.code, reading, ack=7),
    )
    found = list(explain(b"".join(data), (TECHNICIAN,)))
    assert said(found[-2], "ack") == "1 is the newest of the host's accepted"
    assert said(found[-1], "ack") == "7, but the newest of the host's in the input is 1"
    assert [failed(each) for each in found[-2:]] == [None, None]


# --- whatever comes -------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=2_000))
def test_no_bytes_make_it_fail_and_none_are_left_out(data: bytes) -> None:
    found = list(explain(data, (TECHNICIAN,)))
    assert b"".join(each.run for each in found) == data.replace(b"\0", b"")
    assert all(tuple(check.name for check in each.checks) == CHECKS for each in found)
    assert all(data[each.offset : each.offset + len(each.run)] == each.run for each in found)


@given(
    st.lists(
        st.builds(
            lambda code, session, counter, ack, payload, given: encode(
                header(code, session, counter, ack, payload) + payload, given
            ),
            st.sampled_from([*MESSAGES, 0x00, 0x7F, 0xFF]),
            st.integers(0, 2**32 - 1) | st.just(9),
            st.integers(0, 2**32 - 1) | st.integers(0, 5),
            st.integers(0, 2**32 - 1) | st.integers(0, 5),
            st.binary(max_size=200),
            st.binary(min_size=16, max_size=16),
        )
        | st.sampled_from(OPENING),
        max_size=8,
    )
)
def test_no_undamaged_frames_make_it_fail(frames: list[bytes]) -> None:
    found = list(explain(b"".join(frames), (TECHNICIAN, VIEWER)))
    assert len(found) == len(frames)
    for each in found:
        for text in (*(check.said for check in each.checks), *(field.meaning for field in each.fields)):
            assert text.isprintable()


def test_a_hello_cut_short_is_no_stumbling_block() -> None:
    short = encode(header(Hello.code, 0, 0, 0, b"\xa1\xa2") + b"\xa1\xa2", bytes(16))
    assert failed(one(short, (TECHNICIAN,))) == "payload"


def test_a_challenge_that_is_right_but_for_its_payload_opens_nothing() -> None:
    payload = b"too short"
    signed = header(Challenge.code, 0, 0, 0, payload) + payload
    spoiled = encode(signed, tag(handshake_key(TECHNICIAN), signed, HOST_NONCE))
    found = list(explain(b"".join((OPENING[0], spoiled, *OPENING[2:])), (TECHNICIAN,)))
    assert [each.verified for each in found] == [True, True, None, None]
    assert failed(found[1]) == "payload"
    assert said(found[2], "tag") == "not verified: the challenge that it answers is not in the input"


def test_an_undamaged_frame_without_its_key_is_unverified_and_a_damaged_one_is_only_damaged() -> None:
    assert one(WIRE).is_unverified
    assert not one(WIRE[:-3] + bytes((WIRE[-3] ^ 1,)) + WIRE[-2:]).is_unverified
    assert not any(found.is_unverified for found in explain(b"".join(OPENING), (TECHNICIAN,)))
