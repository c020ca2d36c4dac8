from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import pytest
from cobs import cobs
from hypothesis import given
from hypothesis import strategies as st

from protocol import frame as frame_module
from protocol.frame import (
    HEADER,
    MOST_ENCODED,
    MOST_PAYLOAD,
    MOST_WIRE,
    READ_SIZE,
    TAG_SIZE,
    VERSION,
    Damage,
    Decoder,
    Frame,
    Unstuffer,
    encode,
    examine,
    header,
    pieces,
    spoiled_crc,
    spoiled_length,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PAYLOADS = st.binary(max_size=MOST_PAYLOAD) | st.lists(
    st.sampled_from(b"\x00\x00\x00\x01\xff"), max_size=MOST_PAYLOAD
).map(bytes)
TAGS = st.binary(min_size=TAG_SIZE, max_size=TAG_SIZE)
GARBAGE = st.binary(max_size=600) | st.lists(
    st.sampled_from([b"\0", b"\x01", b"\xff", b"\x30" * 50]), max_size=12
).map(b"".join)
SIGNED = header(0x11, 0x01020304, 5, 4, b"\x00\x07\x00") + b"\x00\x07\x00"
TAG = bytes(range(16))
WIRE = encode(SIGNED, TAG)


def wire_of(raw: bytes) -> bytes:
    """Return bytes on the wire that decode to `raw`, with a right CRC-32, whatever they say."""
    return b"\0" + cobs.encode(raw + zlib.crc32(raw).to_bytes(4, "little")) + b"\0"


def test_a_frame_is_these_very_bytes() -> None:
    assert SIGNED.hex() == "011104030201050000000400000003000700"
    assert WIRE.hex() == (
        "0008011104030201050101020401010203020701140102030405060708090a0b0c0d0e0f75eb38f100"
    )
    assert zlib.crc32(b"123456789") == 0xCBF43926


def test_a_frame_comes_back_field_by_field() -> None:
    (found,) = Decoder().feed(WIRE)
    assert found == Frame(0x11, 0x01020304, 5, 4, b"\x00\x07\x00", TAG, SIGNED)


@given(st.integers(0, 255), *[st.integers(0, 2**32 - 1)] * 3, PAYLOADS, TAGS)
def test_what_is_encoded_is_decoded(
    code: int, session: int, counter: int, ack: int, payload: bytes, tag: bytes
) -> None:
    signed = header(code, session, counter, ack, payload) + payload
    data = encode(signed, tag)
    assert Decoder().feed(data) == [Frame(code, session, counter, ack, payload, tag, signed)]
    assert len(data) == len(signed) + TAG_SIZE + 4 + 3
    assert len(data) <= MOST_WIRE


@given(PAYLOADS, TAGS)
def test_the_stuffing_is_what_the_cobs_package_does(payload: bytes, tag: bytes) -> None:
    body = header(1, 0, 0, 0, payload) + payload + tag
    assert encode(body[:-TAG_SIZE], tag) == wire_of(body)


@given(st.binary(min_size=1, max_size=MOST_ENCODED).map(lambda data: data.replace(b"\0", b"\x01")))
def test_unstuffing_agrees_with_the_cobs_package_on_any_bytes(run: bytes) -> None:
    try:
        expected: bytes | None = cobs.decode(run)
    except cobs.DecodeError:
        expected = None
    assert frame_module._uncobs(run) == expected


# Few lengths and few values: many runs have the codes of the one before, and many have all of them but one.
@given(
    st.lists(
        st.binary(min_size=4, max_size=5).map(lambda data: bytes(byte & 3 for byte in data)), max_size=30
    )
)
def test_unstuffing_one_run_after_another_agrees_with_unstuffing_each(runs: list[bytes]) -> None:
    unstuff = Unstuffer()
    assert [unstuff(run) for run in runs] == [frame_module._uncobs(run) for run in runs]


@given(PAYLOADS, st.lists(st.tuples(st.integers(0, MOST_ENCODED), st.integers(1, 255)), max_size=20))
def test_a_run_that_differs_in_a_byte_from_the_one_before_is_unstuffed_as_if_alone(
    payload: bytes, changes: list[tuple[int, int]]
) -> None:
    run = encode(header(1, 0, 0, 0, payload) + payload, TAG)[1:-1]
    unstuff = Unstuffer()
    for place, change in changes:
        changed = bytearray(run)
        changed[place % len(run)] ^= change
        assert unstuff(run) == frame_module._uncobs(run)
        assert unstuff(bytes(changed)) == frame_module._uncobs(bytes(changed))


@pytest.mark.parametrize("run", [b"\0", b"\x01\0", b"\x02\x11\0\x01"])
def test_a_length_byte_of_zero_is_refused_and_does_not_hang(run: bytes) -> None:
    assert frame_module._uncobs(run) is None


def test_a_payload_of_two_hundred_bytes_fits_and_one_more_is_refused() -> None:
    payload = b"\0" * MOST_PAYLOAD
    data = encode(header(1, 2, 3, 4, payload) + payload, TAG)
    assert len(data) == MOST_WIRE
    assert [found.payload for found in Decoder().feed(data)] == [payload]
    with pytest.raises(ValueError, match="201 bytes"):
        header(1, 2, 3, 4, payload + b"\0")


def raw(version: int = VERSION, length: int = 0, payload: bytes = b"") -> bytes:
    return HEADER.pack(version, 1, 0, 0, 0, length) + payload + TAG


@pytest.mark.parametrize(
    ("data", "damage"),
    [
        (b"\x01" * 35, Damage.SIZE),
        (wire_of(raw()[:-1])[1:-1], Damage.SIZE),
        (b"\x01" * (MOST_ENCODED + 1), Damage.SIZE),
        (b"\xff" * 100, Damage.COBS),
        (b"\x01" * 99 + b"\x02", Damage.COBS),
        (b"\x01" * 100, Damage.CRC),
        (encode(raw()[:-16], TAG)[1:-1].replace(b"\x0f", b"\x0e"), Damage.CRC),
        (wire_of(raw(version=VERSION + 1))[1:-1], Damage.VERSION),
        (wire_of(raw(version=0))[1:-1], Damage.VERSION),
        (wire_of(raw(length=1))[1:-1], Damage.LENGTH),
        (wire_of(raw(length=4, payload=b"12345"))[1:-1], Damage.LENGTH),
        (wire_of(raw(version=2, length=9))[1:-1], Damage.VERSION),
    ],
)
def test_each_check_drops_what_it_is_there_for(data: bytes, damage: Damage) -> None:
    assert examine(data) is damage
    decoder = Decoder()
    assert decoder.feed(b"\0" + data + b"\0") == []
    assert decoder.damaged == dict.fromkeys(Damage, 0) | {damage: 1}
    assert decoder.dropped == 1


def test_delimiters_alone_are_not_counted() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\0" * 1_000) == []
    assert decoder.dropped == 0


@given(GARBAGE, GARBAGE)
def test_the_next_intact_frame_after_any_garbage_is_found(before: bytes, after: bytes) -> None:
    decoder = Decoder()
    found = decoder.feed(before) + decoder.feed(WIRE) + decoder.feed(after) + decoder.feed(WIRE)
    assert [one.signed for one in found] == [SIGNED, SIGNED]


@pytest.mark.parametrize("size", [1, 7, 236, 237, 4_096, 100_000])
def test_a_hundred_kilobytes_without_a_delimiter_hold_one_frame_at_the_most(size: int) -> None:
    decoder = Decoder()
    for _ in range(-(-100_000 // size)):
        assert decoder.feed(b"\x55" * size) == []
        assert len(decoder._held) <= MOST_ENCODED
    assert decoder.damaged == dict.fromkeys(Damage, 0) | {Damage.SIZE: 1}
    assert len(decoder.feed(WIRE)) == 1


@pytest.mark.parametrize("size", [0, 1, READ_SIZE, READ_SIZE + 1, 3 * READ_SIZE])
def test_a_read_in_pieces_is_the_read_and_no_piece_is_larger_than_promised(size: int) -> None:
    data = bytes(number % 251 for number in range(size))
    cut = list(pieces(data))
    assert b"".join(cut) == data
    assert READ_SIZE == 4_096
    assert [len(piece) for piece in cut[:-1]] == [READ_SIZE] * (len(cut) - 1)
    assert len(cut[-1]) <= READ_SIZE
    assert data == b"" or cut[-1]


@pytest.mark.parametrize("payload", [b"", b"\0", bytes(200), bytes(range(200))])
@pytest.mark.parametrize(("spoil", "damage"), [(spoiled_crc, Damage.CRC), (spoiled_length, Damage.LENGTH)])
def test_a_frame_that_is_spoiled_on_purpose_has_that_wrong_and_nothing_else(
    payload: bytes, spoil: Callable[[bytes], bytes], damage: Damage
) -> None:
    whole = encode(header(0x81, 9, 2, 1, payload) + payload, bytes(range(16)))
    spoiled = spoil(whole)
    assert len(spoiled) == len(whole)
    decoder = Decoder()
    assert decoder.feed(spoiled) == []
    assert decoder.damaged == dict.fromkeys(Damage, 0) | {damage: 1}


def test_a_wrong_checksum_is_wrong_in_its_last_byte_alone() -> None:
    whole = encode(header(0x81, 9, 2, 1, b"abc") + b"abc", b"\x55" * 16)
    raw, spoiled = cobs.decode(whole[1:-1]), cobs.decode(spoiled_crc(whole)[1:-1])
    assert spoiled == raw[:-1] + bytes((raw[-1] ^ 0xFF,))


def test_a_wrong_length_is_off_by_one_bit_and_signed_as_it_was() -> None:
    whole = encode(header(0x81, 9, 2, 1, b"abc") + b"abc", b"\x55" * 16)
    raw, spoiled = cobs.decode(whole[1:-1]), cobs.decode(spoiled_length(whole)[1:-1])
    assert (spoiled[HEADER.size - 1], raw[HEADER.size - 1]) == (2, 3)
    assert spoiled[: HEADER.size - 1] == raw[: HEADER.size - 1]
    assert spoiled[HEADER.size : -4] == raw[HEADER.size : -4]
