"""What stands in a run of bytes from the wire: each frame, each check in the order of docs/protocol.md, each field.

For reading a line that somebody recorded, not for taking part in one. Where both ends drop a frame without a word, this
says why. Contents that no key has verified are told, and told as such: anybody can have written them.
docs/decisions/0025-decode-shows-unverified-contents.md
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

from protocol.dissect import dissect
from protocol.frame import (
    FROM_DEVICE,
    HEADER,
    MOST_ENCODED,
    MOST_PAYLOAD,
    TAG_SIZE,
    VERSION,
    Damage,
    Frame,
    examine,
)
from protocol.meaning import meanings, message_name
from protocol.messages import MESSAGES, Confirm, Hello
from protocol.overheard import Finding, Overheard

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from protocol.keys import Key

CHECKS = (
    *("delimiter", "size", "COBS", "CRC-32", "version", "length"),
    *("type", "session", "direction", "counter", "ack", "tag", "payload"),
)
NOT_REACHED = "not reached"
_CRC_SIZE = 4
_LEAST_RAW = HEADER.size + TAG_SIZE + _CRC_SIZE
_LEAST_ENCODED = _LEAST_RAW + 1


class Field(NamedTuple):
    """One field of a frame: where it stands before COBS, its bytes, name and value, its unit, and what it says.

    The value is an integer, or text; bytes without a meaning of their own are told in hexadecimal.
    """

    offset: int
    data: bytes
    name: str
    value: int | str
    unit: str = ""
    meaning: str = ""


class Explained(NamedTuple):
    """What stands between two delimiters.

    Attributes:
        offset: of its first byte, in the input.
        run: the bytes, still in COBS.
        checks: all checks, in order; those that could not be made have not passed and not failed.
        fields: header, payload, tag and CRC-32, as far as they could be read.
        code: the type code, None where it could not be read.
    """

    offset: int
    run: bytes
    checks: tuple[Finding, ...]
    fields: tuple[Field, ...] = ()
    code: int | None = None

    @property
    def failed(self) -> Finding | None:
        """The first check that failed: why a receiver drops it, or refuses what it says."""
        return next((check for check in self.checks if check.passed is False), None)

    @property
    def verified(self) -> bool | None:
        """Whether the tag is right; None where that could not be told."""
        return self.checks[CHECKS.index("tag")].passed

    @property
    def is_unverified(self) -> bool:
        """Whether it came to the tag, undamaged, and that could not be told."""
        tag = self.checks[CHECKS.index("tag")]
        return tag.passed is None and tag.said != NOT_REACHED


def explain(data: bytes, keys: Sequence[Key] = ()) -> Iterator[Explained]:
    """Explain all that stands between the delimiters in `data`, in order.

    Args:
        data: bytes as they were on the wire, of one direction or of both.
        keys: what tags are verified with. Those of a session take its handshake in `data` as well.
    """
    heard = Overheard(keys)
    runs = data.split(b"\0")
    at = 0
    for place, run in enumerate(runs):
        if run:
            yield _explain(at, run, _delimiter(run, is_closed=place < len(runs) - 1), heard)
        at += len(run) + 1


def _explain(at: int, run: bytes, delimiter: Finding, heard: Overheard) -> Explained:
    frame = examine(run)
    if frame is Damage.SIZE or frame is Damage.COBS:
        return Explained(at, run, _filled(delimiter, _size(run), *_cobs(run, frame)))
    raw = _decoded(run)
    checks = (delimiter, _size(run), *_cobs(run, None), *_integrity(raw))
    if isinstance(frame, Damage):
        # A header can be read where only the CRC is wrong; with another version or length, nothing after it can.
        readable = _damaged_frame(raw) if frame is Damage.CRC else None
        fields = _header(raw) if readable is None else _fields(raw, readable)
        return Explained(at, run, _filled(*checks), fields, raw[1])
    return Explained(
        at,
        run,
        (*checks, _type(frame.type), *heard.hear(frame), _payload(frame)),
        _fields(raw, frame),
        frame.type,
    )


def _filled(*made: Finding) -> tuple[Finding, ...]:
    """Add the checks that could not be made after these."""
    return (*made, *(Finding(name, None, NOT_REACHED) for name in CHECKS[len(made) :]))


def _delimiter(run: bytes, *, is_closed: bool) -> Finding:
    said = "00 at its end" if is_closed else f"no 00 after these {len(run)} bytes: a receiver waits for more"
    return Finding("delimiter", is_closed, said)


def _size(run: bytes) -> Finding:
    passed = _LEAST_ENCODED <= len(run) <= MOST_ENCODED
    bounds = "" if passed else f"; a frame has {_LEAST_ENCODED} to {MOST_ENCODED}"
    return Finding("size", passed, f"{len(run)} bytes{bounds}")


def _cobs(run: bytes, damage: Damage | None) -> tuple[Finding, ...]:
    if damage is Damage.SIZE:
        return ()
    at = place = 0
    while at < len(run):
        place, at = at, at + run[at]
    beyond = at - len(run)
    if beyond == 0:
        return (Finding("COBS", passed=True, said="the lengths end with the last byte"),)
    said = f"the length {run[place]:02x} at byte {place} points {beyond} past the end"
    return (Finding("COBS", passed=False, said=said),)


def _decoded(run: bytes) -> bytes:
    """Undo COBS, where its lengths are right."""
    decoded = bytearray(run)
    at = run[0]
    while at < len(run):
        decoded[at] = 0
        at += run[at]
    return bytes(decoded[1:])


def _integrity(raw: bytes) -> tuple[Finding, ...]:
    given, right = int.from_bytes(raw[-_CRC_SIZE:], "little"), zlib.crc32(raw[:-_CRC_SIZE])
    if given != right:
        return (Finding("CRC-32", passed=False, said=f"0x{given:08x}; of these bytes it is 0x{right:08x}"),)
    crc = Finding("CRC-32", passed=True, said=f"0x{given:08x}")
    if raw[0] != VERSION:
        return crc, Finding("version", passed=False, said=f"{raw[0]}; this is version {VERSION}")
    version = Finding("version", passed=True, said=str(VERSION))
    length, room = raw[HEADER.size - 1], len(raw) - _LEAST_RAW
    said = f"{length}" if length == room else f"{length}; the frame holds a payload of {room}"
    return crc, version, Finding("length", length == room, said)


def _type(code: int) -> Finding:
    if code in MESSAGES:
        return Finding("type", passed=True, said=f"0x{code:02x}, {message_name(code)}")
    answer = "a host passes it over" if code & FROM_DEVICE else "a pump answers UNSUPPORTED"
    return Finding("type", None, f"0x{code:02x} is not known to this version: {answer}")


def _payload(frame: Frame) -> Finding:
    kind = MESSAGES.get(frame.type)
    if kind is None:
        return Finding("payload", None, "not read: its type is not known")
    defect = dissect(kind, frame.payload).defect
    if defect is None:
        return Finding("payload", passed=True, said=f"as {kind.__name__} has it")
    if frame.type & FROM_DEVICE:
        answer = "a host passes it over"
    else:
        answer = "a pump drops it" if frame.type in {Hello.code, Confirm.code} else "a pump answers MALFORMED"
    return Finding("payload", passed=False, said=f"{defect.said}: {answer}")


def _damaged_frame(raw: bytes) -> Frame | None:
    """Return what would be the frame if its CRC were right; None where its version or length forbids it."""
    version, code, session, counter, ack, length = HEADER.unpack_from(raw)
    if version != VERSION or length != len(raw) - _LEAST_RAW or length > MOST_PAYLOAD:
        return None
    end = HEADER.size + length
    return Frame(code, session, counter, ack, raw[HEADER.size : end], raw[end : end + TAG_SIZE], raw[:end])


def _header(raw: bytes) -> tuple[Field, ...]:
    version, code, session, counter, ack, length = HEADER.unpack_from(raw)
    sender = "pump -> host" if code & FROM_DEVICE else "host -> pump"
    return (
        Field(0, raw[:1], "version", version),
        Field(1, raw[1:2], "type", code, meaning=f"{message_name(code)}, {sender}"),
        Field(2, raw[2:6], "session", session),
        Field(6, raw[6:10], "counter", counter),
        Field(10, raw[10:14], "ack", ack),
        Field(14, raw[14:15], "length", length),
    )


def _fields(raw: bytes, frame: Frame) -> tuple[Field, ...]:
    end = HEADER.size + len(frame.payload)
    crc = raw[end + TAG_SIZE :]
    return (
        *_header(raw),
        *_contents(frame),
        Field(end, frame.tag, "tag", frame.tag.hex()),
        Field(end + TAG_SIZE, crc, "CRC-32", int.from_bytes(crc, "little")),
    )


def _contents(frame: Frame) -> Iterator[Field]:
    kind = MESSAGES.get(frame.type)
    done = 0
    if kind is not None:
        parts = dissect(kind, frame.payload).parts
        for part, meaning in zip(parts, meanings(kind, parts), strict=True):
            value = part.value.hex() if isinstance(part.value, bytes) else part.value
            yield Field(HEADER.size + part.offset, part.data, part.path, value, part.spec.unit, meaning)
            done = part.offset + len(part.data)
    if rest := frame.payload[done:]:
        yield Field(HEADER.size + done, rest, "not read", rest.hex())
