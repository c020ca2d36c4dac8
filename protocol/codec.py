"""A message from and to its body: sizes, ranges and choices are checked in both directions.

A body of fixed layout, as every poll's answer is, is read by one `struct.Struct`; what varies in size is left to
construct (see `layouts`). The tests hold the two against each other.
"""

from __future__ import annotations

import struct
from functools import cached_property
from typing import TYPE_CHECKING, Any

from protocol.fields import MessageError, Spec, specs, values_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from enum import IntEnum

    from protocol.layouts import Layout


def _choices(kind: type[Any]) -> tuple[tuple[int, dict[int, IntEnum], str, Spec], ...]:
    """Return the fields that name a member of an enumeration: place, the members by their values."""
    return tuple(
        (place, {int(member): member for member in spec.choices}, name, spec)
        for place, (name, spec) in enumerate(specs(kind).items())
        if spec.choices is not None
    )


def _ranges(kind: type[Any]) -> tuple[tuple[int, int, int, str, Spec], ...]:
    """Return the numbers whose range is narrower than their layout: place, least, most."""
    return tuple(
        (place, spec.least, spec.most, name, spec)
        for place, (name, spec) in enumerate(specs(kind).items())
        if spec.form and spec.most is not None and (spec.least or spec.most != (1 << 8 * spec.size) - 1)
    )


def _sizes(kind: type[Any]) -> tuple[tuple[int, str, int], ...]:
    """Return the fields of raw bytes with their place and size: `struct` would cut or pad what does not fit."""
    return tuple(
        (place, name, spec.size)
        for place, (name, spec) in enumerate(specs(kind).items())
        if spec.form.endswith("s")
    )


class Codec:
    """Reads and writes the bodies of one message type.

    Args:
        kind: the class that declares it.
    """

    def __init__(self, kind: type[Any]) -> None:
        self.kind = kind
        forms = [spec.form for spec in specs(kind).values()]
        self._flat = struct.Struct("<" + "".join(forms)) if all(forms) else None
        self._values = values_of(kind)
        self._choices = _choices(kind)
        self._ranges = _ranges(kind)
        self._sizes = _sizes(kind)

    @cached_property
    def _layout(self) -> Layout:
        from protocol.layouts import Layout  # noqa: PLC0415 - construct takes longer to import than all messages

        return Layout(self.kind)

    @property
    def construct(self) -> Any:  # noqa: ANN401 - construct has no types
        """The construct declaration of the body."""
        return self._layout.body

    def parse(self, payload: bytes) -> Any:  # noqa: ANN401 - an instance of self.kind
        """Return the message in `payload`.

        Raises:
            MessageError: where the size is wrong or a field is outside its range.
        """
        if self._flat is None:
            return self._layout.parse(payload)
        try:
            values: Any = self._flat.unpack(payload)
        except struct.error:
            raise MessageError(
                f"{self.kind.__name__} has {len(payload)} bytes, not {self._flat.size}"
            ) from None
        self._check_ranges(values)
        if self._choices:
            values = list(values)
            for place, members, name, spec in self._choices:
                member = members.get(values[place])
                values[place] = admitted(name, spec, values[place]) if member is None else member
        return self.kind(*values)

    def build(self, message: Any) -> bytes:  # noqa: ANN401 - an instance of self.kind
        """Return the body of `message`.

        Raises:
            MessageError: where a field is outside its range.
        """
        if self._flat is None:
            return self._layout.build(message)
        values = self._values(message)
        self._check_ranges(values)
        for place, members, name, spec in self._choices:
            if values[place] not in members:
                admitted(name, spec, values[place])
        for place, name, size in self._sizes:
            if len(values[place]) != size:
                raise MessageError(f"{name} has {len(values[place])} bytes, not {size}")
        try:
            return self._flat.pack(*values)
        except struct.error as error:
            raise MessageError(f"{self.kind.__name__} does not fit its layout: {error}") from error

    def _check_ranges(self, values: Sequence[Any]) -> None:
        # In line, because every poll's answer comes through here; the function is for what is outside.
        for place, least, most, name, spec in self._ranges:
            if not least <= values[place] <= most:
                admitted(name, spec, values[place])


def admitted(name: str, spec: Spec, value: int) -> int:
    """Return a number, or the member of an enumeration that it names.

    Raises:
        MessageError: where it is outside its range, or names none.
    """
    if spec.choices is not None:
        try:
            return spec.choices(value)
        except ValueError:
            known = ", ".join(str(int(member)) for member in spec.choices)
            raise MessageError(f"{name} {value} is not one of {known}") from None
    if not spec.least <= value <= (spec.most or 0):
        raise MessageError(f"{name} {value} is outside {spec.least} to {spec.most}")
    return value
