"""Frames of every message type, and the tables that their payloads are read by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import construct

from docs.vectors.given import (
    DEVICE_NONCE,
    HOST_NONCE,
    SERIAL_NUMBER,
    SESSION,
    TECHNICIAN,
    Json,
    key_json,
    keys_of,
    message_json,
    sender,
    topic,
)
from docs.vectors.typical import TYPICAL
from protocol.alarms import KINDS
from protocol.fields import specs
from protocol.frame import FROM_DEVICE, MOST_ENCODED, MOST_PAYLOAD, TAG_SIZE, encode, header
from protocol.handshake import handshake_key
from protocol.keys import device_id
from protocol.messages import MESSAGES, USED, Challenge, Change, Confirm, EventRecord, Hello, Step, build
from protocol.session import LAST_COUNTER, Side, tag
from protocol.vocabulary import ChangeKind, EventKind, Log, Mode, Refusal, Role, State, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.fields import Message, Spec

_ENUMS = (Role, State, Mode, ChangeKind, Verdict, Refusal, EventKind, Log)
_NONCES = HOST_NONCE + DEVICE_NONCE
# What the tag of a handshake's frame covers after the frame's header and payload.
_BOUND = {Hello.code: b"", Challenge.code: HOST_NONCE, Confirm.code: _NONCES + device_id(SERIAL_NUMBER)}
# Session, counter and ack of a sealed frame in each case.
_PLACES = {
    "least": (1, 1, 0),
    "typical": (SESSION, 17, 16),
    "most": (0xFFFF_FFFF, LAST_COUNTER, LAST_COUNTER),
}


def frames() -> Json:
    """Return a frame of each message with each field at its least, at usual values and at its most."""
    return topic(
        "Frames of every message type, piece by piece. A field at its least or most is what its layout allows; not "
        "all of it makes sense to a pump.",
        key=key_json(TECHNICIAN),
        device_id=device_id(SERIAL_NUMBER).hex(),
        host_nonce=HOST_NONCE.hex(),
        device_nonce=DEVICE_NONCE.hex(),
        sessions=[
            {"session": session, "host_key": keys[Side.HOST].hex(), "pump_key": keys[Side.DEVICE].hex()}
            for session in (1, SESSION, 0xFFFF_FFFF)
            for keys in (keys_of(session),)
        ],
        vectors=list(_frames()),
    )


def _frames() -> Iterator[Json]:
    for kind in MESSAGES.values():
        cases = {"typical": TYPICAL[kind]}
        if specs(kind):
            cases = {
                "least": (extreme(kind, largest=False),),
                **cases,
                "most": (extreme(kind, largest=True),),
            }
        for case, found in cases.items():
            for place, message in enumerate(found):
                number = f" {place + 1}" if len(found) > 1 else ""
                yield {"name": f"{kind.__name__}, {case}{number}"} | _framed(message, case)


def _framed(message: Message, case: str) -> Json:
    payload = build(message)
    if message.code in _BOUND:
        session = message_session(message, case)
        signed = header(message.code, session, 0, 0, payload) + payload
        bound = _BOUND[message.code]
        wire = encode(signed, tag(handshake_key(TECHNICIAN), signed, bound))
        return message_json(message, wire) | {"tag_key": "handshake_key", "bound": bound.hex()}
    session, counter, ack = _PLACES[case]
    side = Side.DEVICE if message.code & FROM_DEVICE else Side.HOST
    signed = header(message.code, session, counter, ack, payload) + payload
    wire = encode(signed, tag(keys_of(session)[side], signed))
    return message_json(message, wire) | {"tag_key": f"{sender(message.code)}_key", "bound": ""}


def message_session(message: Message, case: str) -> int:
    """Return what the header of a handshake's frame has as session."""
    return _PLACES[case][0] if message.code == Confirm.code else 0


def extreme(kind: type[Any], *, largest: bool) -> Any:  # noqa: ANN401 - any message or record
    """Return the message whose every field is at its least or at its most."""
    return kind(*(_extreme(spec, largest=largest) for spec in specs(kind).values()))


def _extreme(spec: Spec, *, largest: bool) -> Any:  # noqa: ANN401 - a field of any type
    if spec.choices is not None:
        return (max if largest else min)(spec.choices)
    if spec.record is not None:
        one = extreme(spec.record, largest=largest)
        return one if spec.most is None else (one,) * (spec.most if largest else 0)
    if spec.text:
        return "~" * ((spec.most or 0) if largest else 0)
    if spec.most is None:
        return (b"\xff" if largest else b"\0") * spec.subcon.length
    return spec.most if largest else spec.least


def tables() -> Json:
    """Return layouts, enumerations, alarms and sizes."""
    return topic(
        "The tables of docs/protocol.md for programs: every message and record field by field in wire order, every "
        "enumeration, which fields each kind of change uses, the alarms, the sizes.",
        sizes={
            "most_payload": MOST_PAYLOAD,
            "tag": TAG_SIZE,
            "most_between_delimiters": MOST_ENCODED,
            "last_counter": LAST_COUNTER,
        },
        messages=[
            {"name": kind.__name__, "type": code, "from": sender(code), "fields": _layout(kind)}
            for code, kind in MESSAGES.items()
        ],
        records=[{"name": kind.__name__, "fields": _layout(kind)} for kind in (Change, Step, EventRecord)],
        enums={kind.__name__: {member.name: int(member) for member in kind} for kind in _ENUMS},
        used_by_change={
            kind.name: [name for name in specs(Change) if name in USED[kind]] for kind in ChangeKind
        },
        alarms=[
            {"bit": int(row.alarm), "name": row.alarm.name, "priority": row.priority.name.lower()}
            for row in sorted(KINDS.values(), key=lambda row: row.alarm)
        ],
    )


def _layout(kind: type[Any]) -> list[Json]:
    return [{"name": name, **_type(spec), "meaning": spec.doc} for name, spec in specs(kind).items()]


def _type(spec: Spec) -> Json:
    if spec.record is not None:
        name = spec.record.__name__
        return (
            {"type": "record", "record": name}
            if spec.most is None
            else {"type": "records", "record": name, "most": spec.most}
        )
    if spec.text:
        return {"type": "text", "most": spec.most}
    size = spec.subcon.length
    if isinstance(spec.subcon, construct.Bytes):
        return {"type": "bytes", "size": size}
    if spec.choices is not None:
        return {"type": f"u{8 * size}", "enum": spec.choices.__name__}
    return {"type": f"u{8 * size}", "unit": spec.unit, "least": spec.least, "most": spec.most}
