"""Messages as JSON values, and back: codes by name, bytes in hexadecimal, figures as they are."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from protocol.fields import specs
from protocol.meaning import message_name
from protocol.messages import MESSAGES, EventRecord, Rejected, build, parse
from protocol.strict_toml import meant
from protocol.vocabulary import EventKind, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.fields import Message, Spec

KINDS: dict[str, type[Message]] = {kind.__name__: kind for kind in MESSAGES.values()}
"""Every message of this version by its name."""
_CODES_OF_A_BYTE = 256


def message_fields(message: Message) -> dict[str, Any]:
    """Return what a message says, as JSON values."""
    kind = type(message)
    return {name: _value(kind, name, getattr(message, name)) for name in specs(kind)}


def message_of(name: str, fields: Any) -> Message:  # noqa: ANN401 - whatever JSON holds
    """Return the message that `message_fields` described.

    Raises:
        ValueError: where there is none of that name, or it can't say this.
    """
    kind = KINDS.get(name)
    if kind is None:
        raise ValueError(f"{name} is no message of this version; {meant(name, KINDS)}")
    try:
        message = _made(kind, fields)
        return parse(kind.code, build(message))  # what the wire would make of it
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{name} can't say that: {error}") from error


def _made(kind: type[Any], fields: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    known = specs(kind)
    if set(fields) != set(known):
        raise ValueError(f"{kind.__name__} has {', '.join(known) or 'no fields'}, not {', '.join(fields)}")
    return kind(**{name: _back(spec, kind, name, fields[name]) for name, spec in known.items()})


def _back(spec: Spec, kind: type[Any], name: str, value: Any) -> Any:  # noqa: ANN401 - as above
    named = _CODES.get((kind, name))
    if named is not None:
        return next((code for code in range(_CODES_OF_A_BYTE) if named(code) == value), value)
    if spec.choices is not None:
        return spec.choices[value]
    if spec.record is not None:
        return (
            _made(spec.record, value)
            if spec.most is None
            else tuple(_made(spec.record, one) for one in value)
        )
    return bytes.fromhex(value) if spec.most is None and not spec.text else value


def _member(kind: type[IntEnum]) -> Callable[[int], int | str]:
    names = {int(member): member.name for member in kind}
    return lambda code: names.get(code, code)


# Numbers on the wire that later minor versions may add to, and their names as far as this one knows them.
_CODES: dict[tuple[type[Any], str], Callable[[int], int | str]] = {
    (Rejected, "request"): message_name,
    (Rejected, "reason"): _member(Refusal),
    (EventRecord, "kind"): _member(EventKind),
}


def _value(kind: type[Any], name: str, value: Any) -> Any:  # noqa: ANN401 - a field of any type
    named = _CODES.get((kind, name))
    if named is not None:
        return named(value)
    if isinstance(value, IntEnum):
        return value.name
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [message_fields(one) for one in value]
    return value if isinstance(value, int | str) else message_fields(value)
