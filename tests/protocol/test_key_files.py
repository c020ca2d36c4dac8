"""The text of a key file and who may touch it: refused with a sentence, and never with a part of the key."""

from __future__ import annotations

import dataclasses
import json
import stat
import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.keys import (
    BENCH_KEY,
    MOST_FILE,
    KeyFileError,
    check_folder,
    check_new,
    check_private,
    from_bytes,
    from_text,
    to_text,
)
from tests.protocol.helpers import TECHNICIAN, VIEWER

GIVEN = json.loads(to_text(TECHNICIAN))
WHERE = "/home/someone/PM-00001.technician.key"


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
    "deep and closed": '{"format": ' + "[" * 500 + "]" * 500 + "}",
    "a field twice": to_text(TECHNICIAN).replace("{", '{"role": "viewer",'),
    "a number that is none": to_text(TECHNICIAN).replace('"format": 1', '"format": NaN'),
    "a format without end": to_text(TECHNICIAN).replace('"format": 1', '"format": Infinity'),
    "a format that is true": with_field("format", value=True),
    "a format with a point": with_field("format", 1.0),
    "a key of numbers": with_field("key", list(TECHNICIAN.secret)),
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
    "key with spaces": with_field("key", TECHNICIAN.secret.hex(" ")),
    "key in digits of another script": with_field("key", SECRET.replace("0", "\u0660")),
    "key id with spaces": with_field("key_id", "a1 a2 a3 a4"),
    "key that is null": with_field("key", None),
    "the bench key": json.dumps(
        GIVEN | {"key_id": BENCH_KEY.key_id.hex(), "key": BENCH_KEY.secret.hex(), "role": "developer"}
    ),
    "the bench key under another id": with_field("key", BENCH_KEY.secret.hex().upper()),
    "another key under the bench key's id": with_field("key_id", BENCH_KEY.key_id.hex()),
    "key that is an object": with_field("key", {"hex": SECRET}),
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_key_file_is_named_and_its_key_is_not_told(text: str) -> None:
    with pytest.raises(KeyFileError) as refusal:
        from_text(text, WHERE)
    assert str(refusal.value).startswith(WHERE)
    told = "".join(traceback.format_exception(refusal.value, chain=True, limit=0))
    assert not any(SECRET[at : at + 8] in told for at in range(64 - 8))


@pytest.mark.parametrize("data", [b"\xff" * 40, to_text(TECHNICIAN).encode("utf-16")], ids=["0xff", "UTF-16"])
def test_what_is_not_text_is_no_key_file(data: bytes) -> None:
    with pytest.raises(KeyFileError, match="is not a key file: it is not text"):
        from_bytes(data, WHERE)


def test_a_key_file_has_4096_bytes_at_the_most() -> None:
    text = to_text(TECHNICIAN)
    assert from_bytes((text + " " * (MOST_FILE - len(text))).encode(), WHERE) == TECHNICIAN
    with pytest.raises(KeyFileError, match="more than 4096 bytes"):
        from_bytes((text + " " * (MOST_FILE + 1 - len(text))).encode(), WHERE)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_key_or_refused_with_the_files_name(data: bytes) -> None:
    with pytest.raises(KeyFileError, match=WHERE):
        from_bytes(data, WHERE)


@given(
    st.dictionaries(
        st.sampled_from(sorted(GIVEN)) | st.text(max_size=3),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
            ),
            max_leaves=6,
        ),
    )
)
def test_any_json_in_the_place_of_a_field_is_refused_without_a_part_of_the_key(
    changed: dict[str, Any],
) -> None:
    text = json.dumps(GIVEN | changed)
    try:
        told = repr(from_text(text, WHERE))
    except KeyFileError as refusal:
        told = str(refusal)
    assert told.startswith((WHERE, "Key("))
    assert SECRET[:8] not in told


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


@pytest.mark.parametrize("permissions", [0o600, 0o400, 0o700, 0o000])
def test_a_key_file_of_its_owner_alone_is_taken(permissions: int) -> None:
    check_private(stat.S_IFREG | permissions, WHERE)


@pytest.mark.parametrize("permissions", [0o600 | 1 << bit for bit in range(6)])
def test_a_key_file_open_to_others_is_refused_with_the_command_that_mends_it(permissions: int) -> None:
    with pytest.raises(KeyFileError, match=f"chmod 600 {WHERE}"):
        check_private(stat.S_IFREG | permissions, WHERE)


def test_the_command_that_mends_it_can_be_pasted_whatever_the_files_name() -> None:
    with pytest.raises(KeyFileError, match=r"chmod 600 '/my keys/a;b'$"):
        check_private(stat.S_IFREG | 0o644, "/my keys/a;b")
    with pytest.raises(KeyFileError, match=r"chmod 700 '/my keys'$"):
        check_folder(stat.S_IFDIR | 0o777, "/my keys")


@pytest.mark.parametrize("permissions", [0o700, 0o500, 0o755, 0o711, 0o1700])
def test_a_folder_that_its_owner_alone_writes_to_is_taken(permissions: int) -> None:
    check_folder(stat.S_IFDIR | permissions, "/keys")


@pytest.mark.parametrize("permissions", [0o720, 0o702, 0o775, 0o777, 0o1720])
def test_a_folder_that_others_can_write_to_is_refused_with_the_command_that_mends_it(
    permissions: int,
) -> None:
    with pytest.raises(KeyFileError, match=r"others than its owner can write to /keys: chmod 700 /keys"):
        check_folder(stat.S_IFDIR | permissions, "/keys")


def test_a_folder_for_everybodys_files_is_not_to_be_closed_to_them() -> None:
    with pytest.raises(KeyFileError, match="/var is everybody's: keep the keys in a folder of their own"):
        check_folder(stat.S_IFDIR | 0o1777, "/var")


def test_a_file_in_the_place_of_the_folder_is_told() -> None:
    with pytest.raises(KeyFileError, match="/keys is not a folder"):
        check_folder(stat.S_IFREG | 0o600, "/keys")


def test_two_keys_of_a_pump_under_one_id_are_told_with_both_files() -> None:
    taken: dict[tuple[str, bytes], str] = {}
    check_new(TECHNICIAN, "a.key", taken)
    check_new(VIEWER, "b.key", taken)
    check_new(dataclasses.replace(TECHNICIAN, serial_number="PM-2"), "c.key", taken)
    with pytest.raises(KeyFileError, match=r"d\.key has the key id of a\.key: move one of them out"):
        check_new(dataclasses.replace(VIEWER, key_id=TECHNICIAN.key_id), "d.key", taken)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_what_is_not_a_regular_file_is_no_key_file(kind: int) -> None:
    with pytest.raises(KeyFileError, match="not a regular file"):
        check_private(kind | 0o600, WHERE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DAMAGED["a number that is none"], " is not a key file: its text is not JSON"),
        (DAMAGED["a field twice"], " is not a key file: its text is not JSON"),
        (
            DAMAGED["another format"],
            " is not a key file of format 1: it wants format, key, key_id, role, serial_number",
        ),
        (DAMAGED["no such role"], ": role is not one of viewer, technician, developer"),
        (with_field("serial_number", "-"), ": serial_number is not one that a pump can have"),
        (with_field("key", ""), ": key_id is 4 bytes and key 32, in hexadecimal"),
        (with_field("key_id", "a1a2a3a4 "), ": key_id is 4 bytes and key 32, in hexadecimal"),
        (
            with_field("key_id", BENCH_KEY.key_id.hex()),
            " holds the published bench key: delete it; --bench-key needs no file",
        ),
    ],
)
def test_what_is_wrong_with_a_key_file_is_said_in_these_words(text: str, said: str) -> None:
    with pytest.raises(KeyFileError) as refusal:
        from_text(text, WHERE)
    assert str(refusal.value) == f"{WHERE}{said}"
