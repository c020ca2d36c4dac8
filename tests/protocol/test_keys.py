from __future__ import annotations

import hmac
import json
import stat
import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.keys import (
    Key,
    KeyFileError,
    check_private,
    check_serial_number,
    device_id,
    expand,
    extract,
    file_name,
    from_text,
    serial_number_of,
    to_text,
)
from protocol.messages import Role
from protocol.session import is_tag, tag
from tests.protocol.helpers import TECHNICIAN

SERIAL_NUMBERS = st.from_regex(r"[0-9A-Z]([0-9A-Z-]{0,6}[0-9A-Z])?", fullmatch=True)
GIVEN = json.loads(to_text(TECHNICIAN))
WHERE = "/home/someone/PM-00001.technician.key"


def test_extract_and_expand_are_those_of_rfc_5869_test_case_1() -> None:
    pseudorandom = extract(bytes.fromhex("000102030405060708090a0b0c"), b"\x0b" * 22)
    assert pseudorandom.hex() == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
    block = expand(pseudorandom, bytes.fromhex("f0f1f2f3f4f5f6f7f8f9"))
    assert block.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"


@pytest.mark.parametrize(
    ("key", "data", "digest"),
    [
        (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b"),
        (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c7"),
        (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a7"),
        (
            b"\xaa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f",
        ),
    ],
)
def test_a_tag_is_the_first_half_of_rfc_4231s_digests(key: bytes, data: bytes, digest: str) -> None:
    assert tag(key, data).hex() == digest
    assert tag(key, data[:3], data[3:]).hex() == digest
    assert is_tag(key, bytes.fromhex(digest), data)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(0, 127))
def test_a_tag_with_one_bit_changed_is_none(key: bytes, data: bytes, bit: int) -> None:
    right = tag(key, data)
    wrong = (int.from_bytes(right, "big") ^ 1 << bit).to_bytes(16, "big")
    assert is_tag(key, right, data)
    assert not is_tag(key, wrong, data)
    assert not is_tag(key, right[:15], data)
    assert not is_tag(key, b"", data)


@given(
    st.builds(
        Key,
        SERIAL_NUMBERS,
        st.sampled_from(list(Role)),
        st.binary(min_size=4, max_size=4),
        st.binary(min_size=32, max_size=32),
    )
)
def test_a_key_is_read_as_it_was_written(key: Key) -> None:
    assert from_text(to_text(key), WHERE) == key


@given(SERIAL_NUMBERS)
def test_a_serial_number_goes_into_a_challenge_and_comes_out(serial_number: str) -> None:
    assert len(device_id(serial_number)) == 8
    assert serial_number_of(device_id(serial_number)) == serial_number


@pytest.mark.parametrize(
    "wrong", ["", "-A", "A-", "pm-1", "123456789", "A B", "A\n", "Ä", "A\0", "\u0661", "A/B", "A.B"]
)
def test_what_is_no_serial_number_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="no serial number"):
        check_serial_number(wrong)
    with pytest.raises(ValueError, match="no serial number"):
        device_id(wrong)


@given(st.binary(min_size=8, max_size=8))
def test_any_eight_bytes_are_a_serial_number_or_refused(identifier: bytes) -> None:
    try:
        serial_number = serial_number_of(identifier)
    except ValueError:
        return
    assert device_id(serial_number) == identifier


def with_field(name: str, value: Any) -> str:  # noqa: ANN401 - anything that JSON can say
    return json.dumps(GIVEN | {name: value})


SECRET = GIVEN["key"]
DAMAGED = {
    "empty": "",
    "not JSON": "pump key",
    "cut short": to_text(TECHNICIAN)[:-20],
    "a key alone": SECRET,
    "a key in quotes": json.dumps(SECRET),
    "a list": "[]",
    "null": "null",
    "a number too long": "9" * 5_000,
    "too deep": "[" * 100_000,
    "nothing inside": "{}",
    "a field missing": json.dumps({name: value for name, value in GIVEN.items() if name != "role"}),
    "a field too many": with_field("comment", "mine"),
    "another format": with_field("format", 2),
    "no format": with_field("format", None),
    "no such role": with_field("role", "owner"),
    "a role in capitals": with_field("role", "TECHNICIAN"),
    "a role that is a list": with_field("role", []),
    "a role that is a number": with_field("role", 2),
    "a role that is null": with_field("role", None),
    "a key for a role": with_field("role", SECRET),
    "no serial number": with_field("serial_number", ""),
    "a serial number in small letters": with_field("serial_number", "pm-1"),
    "a key for a serial number": with_field("serial_number", SECRET),
    "a serial number that is a list": with_field("serial_number", ["A"]),
    "key id too short": with_field("key_id", "a1a2a3"),
    "key id too long": with_field("key_id", "a1a2a3a4a5"),
    "key id not hexadecimal": with_field("key_id", "a1a2a3zz"),
    "a key for a key id": with_field("key_id", SECRET),
    "key too short": with_field("key", SECRET[:-2]),
    "key too long": with_field("key", SECRET + "00"),
    "key of odd length": with_field("key", SECRET[:-1]),
    "key not hexadecimal": with_field("key", SECRET[:-1] + "x"),
    "key that is null": with_field("key", None),
    "key that is an object": with_field("key", {"hex": SECRET}),
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_key_file_is_named_and_its_key_is_not_told(text: str) -> None:
    with pytest.raises(KeyFileError) as refusal:
        from_text(text, WHERE)
    assert str(refusal.value).startswith(WHERE)
    told = "".join(traceback.format_exception(refusal.value, chain=True, limit=0))
    assert not any(SECRET[at : at + 8] in told for at in range(64 - 8))


@given(st.data())
def test_a_key_file_with_any_character_changed_is_a_key_or_refused(data: st.DataObject) -> None:
    text = to_text(TECHNICIAN)
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + data.draw(st.text(max_size=2)) + text[at + 1 :]
    try:
        key = from_text(changed, WHERE)
    except KeyFileError as refusal:
        told = str(refusal)
    else:
        told = repr(key)
    assert SECRET[:8] not in told


def test_a_printed_key_hides_its_secret() -> None:
    for printed in (repr(TECHNICIAN), str(TECHNICIAN), f"{TECHNICIAN}"):
        assert "secret" not in printed
        assert TECHNICIAN.secret.hex() not in printed
        assert repr(TECHNICIAN.secret)[2:-1] not in printed
        assert "PM-00001" in printed


def test_the_name_of_a_key_file_says_pump_and_role() -> None:
    assert file_name("PM-00001", Role.TECHNICIAN) == "PM-00001.technician.key"


@pytest.mark.parametrize("permissions", [0o600, 0o400, 0o700, 0o000])
def test_a_key_file_of_its_owner_alone_is_taken(permissions: int) -> None:
    check_private(stat.S_IFREG | permissions, WHERE)


@pytest.mark.parametrize("permissions", [0o600 | 1 << bit for bit in range(6)])
def test_a_key_file_open_to_others_is_refused_with_the_command_that_mends_it(permissions: int) -> None:
    with pytest.raises(KeyFileError, match=f"chmod 600 {WHERE}"):
        check_private(stat.S_IFREG | permissions, WHERE)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_what_is_not_a_regular_file_is_no_key_file(kind: int) -> None:
    with pytest.raises(KeyFileError, match="not a regular file"):
        check_private(kind | 0o600, WHERE)


def test_the_tag_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def compare(_right: bytes, given: bytes) -> bool:
        asked.append(given)
        return False

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert not is_tag(b"key", tag(b"key", b"data"), b"data")
    assert asked == [tag(b"key", b"data")]
