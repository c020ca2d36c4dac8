from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs.vectors.typical import TYPICAL
from protocol.dissect import Dissection, dissect
from protocol.fields import Message, MessageError
from protocol.messages import MESSAGES, GetEvents, Hello, Prepare, Rejected, build, parse

KINDS = st.sampled_from(list(MESSAGES.values()))


def is_taken(kind: type[Message], payload: bytes) -> bool:
    try:
        parse(kind.code, payload)
    except MessageError:
        return False
    return True


def check(kind: type[Message], payload: bytes) -> Dissection:
    """Dissect a payload, and check what holds of every dissection."""
    found = dissect(kind, payload)
    assert (found.defect is None) is is_taken(kind, payload)
    at = 0
    for part in found.parts:
        assert (part.offset, part.data) == (at, payload[at : at + len(part.data)])
        at += len(part.data)
    assert at == len(payload) or found.defect is not None
    return found


@given(KINDS, st.binary(max_size=200))
def test_a_payload_has_a_defect_exactly_where_the_wire_refuses_it(
    kind: type[Message], payload: bytes
) -> None:
    check(kind, payload)


@given(KINDS.flatmap(lambda kind: st.sampled_from(TYPICAL[kind])), st.data())
def test_so_it_is_with_one_byte_changed_cut_or_added(message: Message, data: st.DataObject) -> None:
    payload = build(message)
    check(type(message), payload)
    at = data.draw(st.integers(0, max(0, len(payload) - 1)))
    byte = data.draw(st.binary(max_size=1))
    for changed in (
        payload[:at],
        payload[:at] + byte + payload[at + 1 :],
        payload[:at] + byte + payload[at:],
    ):
        check(type(message), changed)


@pytest.mark.parametrize("kind", MESSAGES.values(), ids=lambda kind: kind.__name__)
def test_each_field_is_told_with_its_value(kind: type[Message]) -> None:
    for message in TYPICAL[kind]:
        for part in dissect(kind, build(message)).parts:
            value: object = message
            for name in part.path.replace("[", ".").replace("]", "").split("."):
                value = value[int(name)] if isinstance(value, tuple) else getattr(value, name)
            assert part.value == (len(value) if isinstance(value, tuple) else value)


@pytest.mark.parametrize(
    ("kind", "payload", "field", "told"),
    [
        (GetEvents, "010203", "since", 0),
        (GetEvents, "0102030402", "log", 1),
        (GetEvents, "010203040005", "", 2),
        (Hello, "a1a2a3a4" + "00" * 15, "host_nonce", 1),
        (Prepare, "00" * 16 + "02", "overridden", 4),
        (Prepare, "00" * 17 + "0c" + "00" * 28, "change.kind", 13),
        (Prepare, "00" * 17 + "01" + "00" * 27 + "01" + "a005", "change.steps[0].minute", 14),
        (Rejected, "20" + "00" * 13 + "05" + "41", "sentence", 4),
        (Rejected, "20" + "00" * 13 + "01" + "1b", "sentence", 5),
    ],
)
def test_the_field_at_fault_is_named_and_those_before_it_are_told(
    kind: type[Message], payload: str, field: str, told: int
) -> None:
    found = check(kind, bytes.fromhex(payload))
    assert found.defect is not None
    assert found.defect.field == field
    names = [part.path for part in found.parts]
    assert len([name for name in names if name != field]) >= told - 1
    assert found.defect.said


def test_characters_that_a_terminal_would_obey_are_not_told() -> None:
    escape = b"\x1b[31mred\x07\x9b"
    payload = bytes(14) + bytes((len(escape),)) + escape
    assert dissect(Rejected, payload).parts[-1].value == "?[31mred??"
