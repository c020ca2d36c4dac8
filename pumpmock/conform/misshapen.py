"""Payloads that are no message: of a wrong size, or with one field outside its range. Made from the declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.dissect import Part, dissect
from protocol.messages import build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.fields import Message

_NO_TEXT = (0x1F, 0x7F, 0x80)  # bytes beside what is printable


def misshapen(example: Message) -> Iterator[tuple[str, bytes]]:
    """Return what can be wrong with a message, each once: what it is, and the payload."""
    payload = build(example)
    if payload:
        yield "a byte short", payload[:-1]
        yield "empty", b""
    yield "a byte long", payload + b"\0"
    for part in dissect(type(example), payload).parts:
        for what, data in _bad_values(part):
            end = part.offset + len(part.data)
            yield f"{part.path} {what}", payload[: part.offset] + data + payload[end:]


def _bad_values(part: Part) -> Iterator[tuple[str, bytes]]:
    spec, size = part.spec, len(part.data)
    if spec.text:
        for byte in _NO_TEXT:
            yield f"with 0x{byte:02x}", part.data[:1] + bytes((byte,)) + part.data[2:]
        longest = (spec.most or 0) + 1
        yield f"of {longest} characters", bytes((longest,)) + b"A" * longest
    elif spec.record is not None:
        yield "one more than there are", bytes((part.data[0] + 1,))
        yield "255", b"\xff"
    elif spec.choices is not None:
        for value in sorted({0, max(spec.choices) + 1, 0xFF} - set(spec.choices)):
            yield str(value), value.to_bytes(size, "little")
    elif spec.most is not None:
        natural = (1 << 8 * size) - 1
        for value in sorted({spec.least - 1, spec.most + 1, natural} - {-1, natural + 1}):
            if not spec.least <= value <= spec.most:
                yield str(value), value.to_bytes(size, "little")
