from __future__ import annotations

import dataclasses
from typing import Any, cast

import construct
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocol.fields import Message, MessageError, Spec, specs
from protocol.frame import FROM_DEVICE, MOST_PAYLOAD
from protocol.messages import (
    EVENTS_A_PAGE,
    MESSAGES,
    SENTENCE,
    Change,
    Commit,
    EventRecord,
    Events,
    Identity,
    Outcome,
    Prepare,
    Rejected,
    Resolve,
    Status,
    Step,
    build,
    construct_of,
    parse,
)
from protocol.vocabulary import Log, Verdict
from tests.protocol.helpers import READING, extreme, messages

KINDS = list(MESSAGES.values())
ANY = st.sampled_from(KINDS).flatmap(messages)
FROM_HOST = {0x01, 0x02, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x20, 0x21, 0x22, 0x23, 0x24}
FROM_PUMP = {0x81, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0xA0, 0xA2, 0xAF}


def named(kind: type[Message]) -> str:
    return kind.__name__


def flat_fields(kind: type[Message]) -> list[tuple[str, Spec]]:
    return [(n, s) for n, s in specs(kind).items() if not s.text and s.record is None]


# Every field of a fixed message that has a range or choices narrower than its bytes, or no meaning but a size.
FIELDS = [(kind, name, spec) for kind in KINDS for name, spec in flat_fields(kind)]
NARROW = [
    (kind, name, spec)
    for kind, name, spec in FIELDS
    if spec.choices is not None
    or (spec.most is not None and (spec.least or spec.most != (1 << 8 * spec.subcon.length) - 1))
]


def test_the_codes_are_these_and_bit_7_says_who_speaks() -> None:
    assert set(MESSAGES) == FROM_HOST | FROM_PUMP
    assert all(kind.code == code for code, kind in MESSAGES.items())
    assert {code for code in MESSAGES if code & FROM_DEVICE} == FROM_PUMP


def test_no_two_declared_messages_share_a_code() -> None:
    declared = [
        kind for kind in Message.__subclasses__() if kind.code and kind.__module__ == "protocol.messages"
    ]
    # A frozen dataclass with slots is a second class beside the one that was written, under the same name.
    assert {kind.__name__ for kind in declared} == {kind.__name__ for kind in MESSAGES.values()}
    assert len(MESSAGES) == len({kind.__name__ for kind in declared})


@given(ANY)
def test_what_is_built_is_parsed(body: Message) -> None:
    assert parse(body.code, build(body)) == body


@pytest.mark.parametrize("kind", KINDS, ids=named)
@pytest.mark.parametrize("end", ["least", "most"])
def test_every_message_fits_a_frame_at_its_least_and_at_its_largest(kind: type[Message], end: str) -> None:
    body = extreme(kind, largest=end == "most")
    payload = build(body)
    assert len(payload) <= MOST_PAYLOAD
    assert parse(kind.code, payload) == body


def test_the_reading_has_a_golden_body() -> None:
    assert build(READING).hex() == (
        "01"
        "00"
        "07000000"
        "61510000"
        "40510000"
        "61510000"
        "ffffffff"
        "f401"
        "c0800901"
        "20fa0701"
        "801a0600"
        "002d3101"
        "80841e00"
        "40420f00"
        "40ac270000000000"
        "51"
        "590b"
        "6c07"
        "01000000"
        "00000000"
        "0000"
        "00000000"
        "00046bf414000000"
        "00b9556900000000"
        "03000000"
        "2a000000"
        "d0070000"
        "40420f00"
        "2800"
        "32"
        "78563412"
        "00000000"
        "00"
    )


@pytest.mark.parametrize(("kind", "name", "spec"), NARROW, ids=[f"{k.__name__}.{n}" for k, n, _ in NARROW])
def test_a_field_outside_its_range_is_refused_in_both_directions(
    kind: type[Message], name: str, spec: Spec
) -> None:
    within = extreme(kind, largest=True)
    fields = dataclasses.asdict(within)
    allowed = [spec.least, spec.most or 0] if spec.choices is None else list(map(int, spec.choices))
    beyond = [v for v in (min(allowed) - 1, max(allowed) + 1) if 0 <= v < 1 << 8 * spec.subcon.length]
    assert beyond
    for value in beyond:
        with pytest.raises(MessageError, match=name):
            build(dataclasses.replace(within, **{name: value}))
        with pytest.raises(MessageError, match=name):
            parse(kind.code, construct_of(kind.code).build(fields | {name: value}))  # type: ignore[attr-defined] # construct ships no types


@pytest.mark.parametrize(("kind", "name", "spec"), FIELDS, ids=[f"{k.__name__}.{n}" for k, n, _ in FIELDS])
def test_a_field_that_does_not_fit_its_bytes_is_refused_and_not_cut(
    kind: type[Message], name: str, spec: Spec
) -> None:
    within = extreme(kind, largest=True)
    size = spec.subcon.length
    is_raw = isinstance(spec.subcon, construct.Bytes)
    wrong: list[Any] = [b"", bytes(size - 1), bytes(size + 1)] if is_raw else [-1, 1 << 8 * size]
    for value in wrong:
        with pytest.raises(MessageError):
            build(dataclasses.replace(within, **{name: value}))


@given(st.sampled_from(sorted(MESSAGES)), st.binary(max_size=MOST_PAYLOAD))
@example(Events.code, b"\0\0\0\0\xff")
@example(Identity.code, b"\xff")
@example(Rejected.code, b"")
def test_any_payload_is_a_message_or_a_message_error(code: int, payload: bytes) -> None:
    try:
        body = parse(code, payload)
    except MessageError:
        return
    assert build(body) == payload


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_a_body_of_another_length_is_refused(kind: type[Message]) -> None:
    payload = build(extreme(kind, largest=True))
    with pytest.raises(MessageError, match=kind.__name__):
        parse(kind.code, payload + b"\0")
    for size in range(len(payload)):
        with pytest.raises(MessageError):
            parse(kind.code, payload[:size])


@pytest.mark.parametrize("code", sorted(set(range(256)) - set(MESSAGES)))
def test_an_unknown_type_is_refused(code: int) -> None:
    with pytest.raises(MessageError, match=f"0x{code:02x}"):
        parse(code, b"")


def rejection(sentence: str) -> Rejected:
    return Rejected(0x20, bytes(8), 1, 0, sentence)


@pytest.mark.parametrize("byte", [b for b in range(256) if not 0x20 <= b <= 0x7E])
def test_nothing_but_printable_ascii_passes_as_text(byte: int) -> None:
    payload = bytearray(build(rejection("abc")))
    payload[-2] = byte
    with pytest.raises(MessageError, match="printable"):
        parse(Rejected.code, bytes(payload))
    if byte < 0x80:
        with pytest.raises(MessageError, match="printable"):
            build(rejection("a" + chr(byte)))


def test_a_letter_beyond_ascii_leaves_as_a_question_mark() -> None:
    assert parse(Rejected.code, build(rejection("25 \u00b5L/h"))) == rejection("25 ?L/h")


def test_text_is_refused_past_its_length_and_not_cut() -> None:
    assert parse(Rejected.code, build(rejection("x" * SENTENCE))) == rejection("x" * SENTENCE)
    with pytest.raises(MessageError, match="sentence"):
        build(rejection("x" * (SENTENCE + 1)))
    longer = build(rejection(""))[:-1] + bytes([SENTENCE + 1]) + b"x" * (SENTENCE + 1)
    with pytest.raises(MessageError, match="sentence"):
        parse(Rejected.code, longer)


def test_a_page_holds_six_events_and_a_seventh_is_refused() -> None:
    record = extreme(EventRecord, largest=False)
    full = Events(Log.EVENTS, 9, (record,) * EVENTS_A_PAGE)
    payload = build(full)
    assert len(payload) == 6 + 30 * EVENTS_A_PAGE
    with pytest.raises(MessageError, match="events"):
        build(Events(Log.EVENTS, 9, (record,) * (EVENTS_A_PAGE + 1)))
    one_more = payload[:5] + bytes([EVENTS_A_PAGE + 1]) + payload[6:] + payload[6:36]
    with pytest.raises(MessageError, match="events"):
        parse(Events.code, one_more)


def test_a_record_outside_its_range_is_refused_like_a_field() -> None:
    payload = bytearray(build(Events(Log.EVENTS, 9, (extreme(EventRecord, largest=False),))))
    payload[6:10] = bytes(4)
    with pytest.raises(MessageError, match="number 0"):
        parse(Events.code, bytes(payload))


def test_no_message_can_carry_a_key_a_role_or_set_a_limit() -> None:
    kinds = (*(MESSAGES[code] for code in FROM_HOST), Change, Step)
    from_host = {name for kind in kinds for name in specs(kind)}
    assert from_host == {
        *("key_id", "host_nonce", "minor_version", "since", "log", "weekday", "alarms", "seconds"),
        *("command_id", "expect_revision", "expect_rate_nl_h", "overridden", "change", "token"),
        *("kind", "rate_nl_h", "volume_nl", "duration_s", "withdrawn_nl", "concentration_ug_ml"),
        *("clock_s", "weekdays", "steps", "minute"),
    }


def test_messages_are_values() -> None:
    commit = Commit(bytes(8), bytes(8))
    assert commit == Commit(bytes(8), bytes(8))
    with pytest.raises(dataclasses.FrozenInstanceError):
        commit.token = b"12345678"  # type: ignore[misc] # that is the point
    assert Prepare.code == 0x20
    assert Status.code == 0x91


def test_a_field_of_bytes_of_another_size_is_refused_by_name() -> None:
    for command_id in (bytes(7), bytes(9)):
        with pytest.raises(MessageError, match=rf"^command_id has {len(command_id)} bytes, not 8$"):
            build(Resolve(command_id))


def test_what_a_message_cannot_hold_is_told_in_these_words() -> None:
    with pytest.raises(MessageError, match=r"^Outcome has 1 bytes, not 25$"):
        parse(Outcome.code, b"1")
    with pytest.raises(MessageError, match=r"^verdict 3 is not one of 1, 2$"):
        parse(Outcome.code, build(Outcome(bytes(8), Verdict.APPLIED, 1, 2, 3)).replace(b"\x01", b"\x03", 1))
    with pytest.raises(MessageError, match=r"^verdict 3 is not one of 1, 2$"):
        build(Outcome(bytes(8), cast("Verdict", 3), 1, 2, 3))
    with pytest.raises(MessageError, match=r"^type 0x7e is not a message of this version$"):
        parse(0x7E, b"")
    with pytest.raises(MessageError, match=r"^Rejected does not fit its layout$"):
        parse(Rejected.code, b"1")
    with pytest.raises(MessageError, match=r"^sentence is not 120 printable ASCII characters at the most$"):
        build(rejection("x" * (SENTENCE + 1)))
    with pytest.raises(MessageError, match=r"^Outcome does not fit its layout: .*"):
        build(Outcome(bytes(8), Verdict.APPLIED, 1, 2, 1 << 64))
