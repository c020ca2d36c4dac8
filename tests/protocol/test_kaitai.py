"""docs/pump.ksy describes what the code does: each field, its size and its place, each range, each name of a number."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import construct
import pytest
import yaml
from kaitaistruct import BytesIO, KaitaiStream, KaitaiStructError

from docs.ksy import KSY, PARSER, RECORDS, NoCompilerError, compiled, snake, text
from docs.tables import MEANINGS
from docs.vectors.__main__ import FOLDER
from protocol.fields import specs
from protocol.messages import MESSAGES
from tests.vectors.pump import Pump

if TYPE_CHECKING:
    from enum import IntEnum

    from protocol.fields import Spec

DESCRIPTION: dict[str, Any] = yaml.safe_load(KSY.read_text(encoding="utf-8"))
KINDS = {kind.__name__: kind for kind in (*MESSAGES.values(), *RECORDS)}
# What Kaitai can't say: which characters a text may have.
CHARACTERS = re.compile(r" with 0x(1f|7f)$")


def vectors(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="ascii"))
    return loaded


def read(raw: bytes) -> Pump:
    return Pump(KaitaiStream(BytesIO(raw)))


def test_the_description_is_the_one_that_the_declarations_make() -> None:
    assert text() == KSY.read_text(encoding="utf-8"), "bring it up to date: python -m docs.ksy --write"


def test_the_parser_is_the_one_that_the_compiler_makes() -> None:
    try:
        made = compiled(KSY.read_text(encoding="utf-8"))
    except NoCompilerError as error:
        pytest.skip(f"tests/vectors/pump.py was not compiled anew to compare it: {error}")
    assert made == PARSER.read_text(encoding="utf-8"), "bring it up to date: python -m docs.ksy --write"


# --- the description against the declarations ---------------------------------------------------------------------------


def wanted(name: str, spec: Spec) -> list[tuple[str, object]]:
    """Return the names and sizes that a field of a declaration has to have in the description."""
    if spec.record is not None:
        one = (name, snake(spec.record.__name__))
        return [one] if spec.most is None else [(f"num_{name}", 1), one]
    if spec.text:
        return [(f"len_{name}", 1), (name, f"len_{name}")]
    return [(name, spec.subcon.length)]


def described(attribute: dict[str, Any]) -> tuple[str, object]:
    """Return the name and size of an attribute of the description; of a record its type."""
    if "size" in attribute:
        return attribute["id"], attribute["size"]
    number = re.fullmatch(r"u(\d)", attribute["type"])
    return attribute["id"], int(number[1]) if number else attribute["type"]


@pytest.mark.parametrize("name", KINDS)
def test_each_field_has_its_name_its_size_and_its_place(name: str) -> None:
    attributes = DESCRIPTION["types"][snake(name)]["seq"]
    fields = [one for field, spec in specs(KINDS[name]).items() for one in wanted(field, spec)]
    end = [("nothing_more", 0)] if KINDS[name].code else []
    assert [described(one) for one in attributes] == fields + end


def test_the_frame_has_its_fields_in_place() -> None:
    assert [described(one)[:2] for one in DESCRIPTION["seq"]] == [
        *(("version", 1), ("type", 1), ("session", 4), ("counter", 4), ("ack", 4), ("len_payload", 1)),
        *(("payload", "len_payload"), ("tag", 16), ("crc32", 4), ("nothing_more", 0)),
    ]


def test_each_type_of_the_description_is_one_of_ours() -> None:
    assert set(DESCRIPTION["types"]) == {snake(name) for name in KINDS}
    cases = DESCRIPTION["seq"][6]["type"]["cases"]
    assert cases == {f"message::{snake(kind.__name__)}": snake(kind.__name__) for kind in MESSAGES.values()}
    assert DESCRIPTION["enums"]["message"] == {c: snake(kind.__name__) for c, kind in MESSAGES.items()}


@pytest.mark.parametrize("kind", MEANINGS)
def test_each_enumeration_has_its_members(kind: type[IntEnum]) -> None:
    members = DESCRIPTION["enums"][snake(kind.__name__)]
    assert {value: one["id"] for value, one in members.items()} == {
        int(member): member.name.lower() for member in kind
    }


def test_a_field_that_moved_is_noticed() -> None:
    seq = DESCRIPTION["types"]["status"]["seq"]
    fields = [one for field, spec in specs(KINDS["Status"]).items() for one in wanted(field, spec)]
    for moved in ([seq[1], seq[0], *seq[2:]], seq[1:], [{**seq[0], "type": "u2"}, *seq[1:]]):
        assert [described(one) for one in moved] != [*fields, ("nothing_more", 0)]


# --- the parser against the vectors --------------------------------------------------------------------------------------


def values(found: Any, kind: type[Any]) -> dict[str, Any]:  # noqa: ANN401 - generated, without types
    """Return the fields of a parsed message or record as the vectors have them."""
    return {name: _value(getattr(found, name), spec) for name, spec in specs(kind).items()}


def _value(found: Any, spec: Spec) -> Any:  # noqa: ANN401 - a field of any type
    if spec.record is not None:
        return (
            values(found, spec.record) if spec.most is None else [values(one, spec.record) for one in found]
        )
    if isinstance(spec.subcon, construct.Bytes):
        return found.hex()
    return found if spec.text else int(found)


@pytest.mark.parametrize("vector", vectors("frames.json")["vectors"], ids=lambda one: one["name"])
def test_the_parser_reads_each_frame_of_the_vectors(vector: dict[str, Any]) -> None:
    found = read(bytes.fromhex(vector["raw"]))
    header = (found.version, int(found.type), found.session, found.counter, found.ack)
    assert header == (1, vector["type"], vector["session"], vector["counter"], vector["ack"])
    assert found.tag.hex() == vector["tag"]
    assert found.crc32.to_bytes(4, "little").hex() == vector["crc"]
    assert values(found.payload, MESSAGES[vector["type"]]) == vector["fields"]


REFUSED = [
    one for part in ("requests", "answers") for one in vectors("malformed.json")[part] if one["message"]
]


@pytest.mark.parametrize("vector", REFUSED, ids=lambda one: one["name"])
def test_the_parser_refuses_what_the_vectors_refuse(vector: dict[str, Any]) -> None:
    payload = bytes.fromhex(vector["payload"])
    raw = bytes((1, vector["type"])) + bytes(12) + bytes((len(payload),)) + payload + bytes(20)
    if CHARACTERS.search(vector["name"]):
        read(raw)
        return
    with pytest.raises((KaitaiStructError, EOFError, UnicodeDecodeError)):
        read(raw)


@pytest.mark.parametrize("code", [0x00, 0x1F, 0x7F, 0xFF])
def test_the_parser_leaves_the_payload_of_an_unknown_type_as_bytes(code: int) -> None:
    found = read(bytes((1, code)) + bytes(12) + b"\x03abc" + bytes(20))
    assert (found.type, found.payload) == (code, b"abc")


@pytest.mark.parametrize("raw", [b"\x02\x11", b"\x01\x11" + bytes(12) + b"\xc9" + bytes(221)])
def test_the_parser_refuses_another_version_and_too_long_a_payload(raw: bytes) -> None:
    with pytest.raises(KaitaiStructError):
        read(raw.ljust(35, b"\0"))
