"""Keys, what is derived from them, and the one that is no secret."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.keys import (
    BENCH_KEY,
    BENCH_TEXT,
    Key,
    check_serial_number,
    device_id,
    file_name,
    from_text,
    serial_number_of,
    to_text,
)
from protocol.session import is_tag, tag
from protocol.vocabulary import Role
from tests.protocol.helpers import TECHNICIAN

SERIAL_NUMBERS = st.from_regex(r"[0-9A-Z]([0-9A-Z-]{0,6}[0-9A-Z])?", fullmatch=True)
WHERE = "/home/someone/PM-00001.technician.key"


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


def test_a_printed_key_hides_its_secret() -> None:
    for printed in (repr(TECHNICIAN), str(TECHNICIAN), f"{TECHNICIAN}"):
        assert "secret" not in printed
        assert TECHNICIAN.secret.hex() not in printed
        assert repr(TECHNICIAN.secret)[2:-1] not in printed
        assert "PM-00001" in printed


def test_the_name_of_a_key_file_says_pump_and_role() -> None:
    assert file_name("PM-00001", Role.TECHNICIAN) == "PM-00001.technician.key"
    further = file_name("PM-00001", Role.TECHNICIAN, TECHNICIAN.key_id)
    assert further == "PM-00001.technician.a1a2a3a4.key"


# --- the key that is no secret ----------------------------------------------------------------------------------------


def test_the_bench_key_is_derived_from_its_published_sentence() -> None:
    assert BENCH_TEXT == "pumpmock bench key: published, held by everybody, protects nothing"
    assert BENCH_KEY.secret == hashlib.sha256(BENCH_TEXT.encode()).digest()
    assert BENCH_KEY.key_id == hashlib.sha256(BENCH_KEY.secret).digest()[:4]
    assert BENCH_KEY.role is Role.DEVELOPER


def test_the_bench_key_is_known_by_its_secret_and_no_other_key_is_taken_for_it() -> None:
    assert BENCH_KEY.is_bench
    assert dataclasses.replace(BENCH_KEY, serial_number="PM-00001").is_bench
    assert not TECHNICIAN.is_bench
    assert not dataclasses.replace(TECHNICIAN, serial_number="", key_id=BENCH_KEY.key_id).is_bench


@given(SERIAL_NUMBERS)
def test_the_bench_key_alone_fits_any_pump_until_it_has_met_one(serial_number: str) -> None:
    assert BENCH_KEY.fits(serial_number)
    met = dataclasses.replace(BENCH_KEY, serial_number=serial_number)
    assert met.fits(serial_number)
    assert not met.fits(f"{serial_number}X")
    assert not dataclasses.replace(TECHNICIAN, serial_number="").fits(serial_number)


def test_the_tag_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def compare(_right: bytes, given: bytes) -> bool:
        asked.append(given)
        return False

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert not is_tag(b"key", tag(b"key", b"data"), b"data")
    assert asked == [tag(b"key", b"data")]
