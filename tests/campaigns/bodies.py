"""Messages by chance, from their declarations alone: often at an edge of a field's range, else anywhere within it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import construct

from protocol.fields import Message, Spec, specs
from protocol.frame import FROM_DEVICE
from protocol.messages import MESSAGES, Confirm, Hello

if TYPE_CHECKING:
    from random import Random

# All that a host may ask in a session.
SEALED_REQUESTS = [
    MESSAGES[code]
    for code in sorted(MESSAGES)
    if code < FROM_DEVICE and code not in {Hello.code, Confirm.code}
]
_TEXT = "".join(map(chr, range(0x20, 0x7F)))


def message(kind: type[Message], chance: Random) -> Any:  # noqa: ANN401 - an instance of `kind`
    """Return a message or record of this kind that its declaration allows."""
    return kind(*(_value(spec, chance) for spec in specs(kind).values()))


def _value(spec: Spec, chance: Random) -> Any:  # noqa: ANN401 - a field of any type
    if spec.choices is not None:
        return chance.choice(list(spec.choices))
    if spec.record is not None and spec.most is None:
        return message(spec.record, chance)
    if spec.record is not None:
        return tuple(message(spec.record, chance) for _ in range(chance.randint(0, spec.most or 0)))
    if spec.text:
        return "".join(chance.choices(_TEXT, k=chance.randint(0, spec.most or 0)))
    if spec.most is None:
        return chance.choice((bytes(spec.subcon.length), chance.randbytes(spec.subcon.length)))
    edges = (spec.least, spec.most, min(spec.least + 1, spec.most))
    return chance.choice((*edges, chance.randint(spec.least, spec.most)))


def plain(parsed: Any) -> Any:  # noqa: ANN401 - what construct returns, or what a message holds
    """Return a message, a record or what construct made of one, as dicts, tuples, numbers, bytes and text."""
    if isinstance(parsed, Message):
        return {name: plain(getattr(parsed, name)) for name in specs(type(parsed))}
    if isinstance(parsed, construct.Container):
        return {name: plain(value) for name, value in parsed.items() if name != "_io"}
    if isinstance(parsed, list | tuple):
        return tuple(plain(value) for value in parsed)
    if isinstance(parsed, int):
        return int(parsed)
    return parsed.encode("ascii") if isinstance(parsed, str) else parsed


def allowed(kind: type[Message], fields: dict[str, Any]) -> bool:
    """Tell whether what construct has parsed is within what the declaration allows, by its own words."""
    return all(_is_allowed(spec, fields[name]) for name, spec in specs(kind).items())


def _is_allowed(spec: Spec, value: Any) -> bool:  # noqa: ANN401 - a field of any type
    if spec.choices is not None:
        return value in set(spec.choices)
    if spec.record is not None:
        record = spec.record
        if spec.most is None:
            return allowed(record, value)
        return len(value) <= (spec.most or 0) and all(allowed(record, each) for each in value)
    if spec.text:
        return len(value) <= (spec.most or 0) and all(0x20 <= byte <= 0x7E for byte in value)
    return spec.most is None or spec.least <= value <= spec.most
