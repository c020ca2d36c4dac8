"""The declarations of messages as construct has them, for other readers of the wire and for bodies whose size varies.

A module of its own, imported when it is first wanted: construct takes longer to import than all messages to declare.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import construct

from protocol.codec import admitted
from protocol.fields import MessageError, Spec, specs

if TYPE_CHECKING:
    from collections.abc import Sized

_PRINTABLE = re.compile(rb"[ -~]*")
_NUMBERS = {
    "B": construct.Int8ul,
    "H": construct.Int16ul,
    "L": construct.Int32ul,
    "Q": construct.Int64ul,
}


def subcon(spec: Spec) -> Any:  # noqa: ANN401 - construct has no types
    """Return the construct declaration of a field."""
    if spec.record is not None:
        one = body(spec.record)
        return one if spec.most is None else construct.PrefixedArray(construct.Int8ul, one)
    if spec.text:
        return construct.Prefixed(construct.Int8ul, construct.GreedyBytes)
    return _NUMBERS.get(spec.form) or construct.Bytes(spec.size)


def body(kind: type[Any]) -> Any:  # noqa: ANN401 - construct has no types
    """Return the construct declaration of a message's body."""
    return construct.Struct(*(name / subcon(spec) for name, spec in specs(kind).items()))


class Layout:
    """Reads and writes the bodies of one message type through construct.

    Args:
        kind: the class that declares it.

    Attributes:
        body: the construct declaration.
    """

    def __init__(self, kind: type[Any]) -> None:
        self.body = body(kind)
        self._kind = kind
        self._whole = construct.Struct("body" / self.body, construct.Terminated)

    def parse(self, payload: bytes) -> Any:  # noqa: ANN401 - an instance of the type
        """Return the message in `payload`.

        Raises:
            MessageError: where the size is wrong or a field is outside its range.
        """
        try:
            parsed = self._whole.parse(payload).body
        except construct.ConstructError as error:
            raise MessageError(f"{self._kind.__name__} does not fit its layout") from error
        return _lift(self._kind, parsed)

    def build(self, message: Any) -> bytes:  # noqa: ANN401 - an instance of the type
        """Return the body of `message`.

        Raises:
            MessageError: where a field is outside its range.
        """
        try:
            return cast("bytes", self.body.build(_lower(message)))
        except construct.ConstructError as error:
            raise MessageError(f"{self._kind.__name__} does not fit its layout: {error}") from error


def _lift(kind: type[Any], parsed: Any) -> Any:  # noqa: ANN401 - construct has no types
    """Make a message of what construct parsed."""
    return kind(*(_lift_field(name, spec, parsed[name]) for name, spec in specs(kind).items()))


def _lift_field(name: str, spec: Spec, value: Any) -> Any:  # noqa: ANN401 - construct has no types
    if spec.record is not None:
        if spec.most is None:
            return _lift(spec.record, value)
        _admit_count(name, spec, value)
        return tuple(_lift(spec.record, one) for one in value)
    if spec.text:
        _admit_text(name, spec, value)
        return value.decode("ascii")
    return value if isinstance(value, bytes) else admitted(name, spec, value)


def _lower(message: Any) -> dict[str, Any]:  # noqa: ANN401 - any message
    """Make of a message what construct builds from."""
    return {
        name: _lower_field(name, spec, getattr(message, name)) for name, spec in specs(type(message)).items()
    }


def _lower_field(name: str, spec: Spec, value: Any) -> Any:  # noqa: ANN401 - construct has no types
    if spec.record is not None:
        if spec.most is None:
            return _lower(value)
        _admit_count(name, spec, value)
        return [_lower(one) for one in value]
    if spec.text:
        data = value.encode("ascii", "replace")
        _admit_text(name, spec, data)
        return data
    return value if isinstance(value, bytes) else admitted(name, spec, value)


def _admit_count(name: str, spec: Spec, value: Sized) -> None:
    if len(value) > (spec.most or 0):
        raise MessageError(f"{name} has {len(value)} records, more than {spec.most}")


def _admit_text(name: str, spec: Spec, value: bytes) -> None:
    if len(value) > (spec.most or 0) or not _PRINTABLE.fullmatch(value):
        raise MessageError(f"{name} is not {spec.most} printable ASCII characters at the most")
