"""How a message is declared: a frozen dataclass whose fields carry their construct, unit, range and meaning.

One declaration serves four readers: construct (the layout), the range check, the tables in docs/protocol.md and the
type checker. A body of fixed layout is read by one `struct.Struct` derived from the construct declaration; the tests hold
the two against each other.
docs/decisions/0005-bodies.md
"""

from __future__ import annotations

import dataclasses
import re
import struct
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast, dataclass_transform

import construct

MISSING = dataclasses.MISSING  # of a default: the field has none

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence, Sized
    from enum import IntEnum

_PRINTABLE = re.compile(rb"[ -~]*")


class MessageError(ValueError):
    """A body is not what its type says: too short, too long, or a field outside its range."""


@dataclasses.dataclass(frozen=True, slots=True)
class Spec:
    """What is known of one field beside its name: layout, meaning, unit, least and most value, choices."""

    subcon: Any
    doc: str
    unit: str = ""
    least: int = 0
    most: int | None = None
    choices: type[IntEnum] | None = None
    text: bool = False
    record: type[Any] | None = None  # with `most`: so many records at the most; without: just one


class Message:
    """What every message has: the type code it travels under. A record inside a message has none, and keeps 0."""

    __slots__ = ()
    code: ClassVar[int] = 0


_M = TypeVar("_M", bound=Message)


def _number(subcon: Any, bits: int) -> Callable[..., Any]:  # noqa: ANN401 - construct has no types
    def declare(
        doc: str,
        *,
        unit: str = "",
        least: int = 0,
        most: int | None = None,
        default: Any = MISSING,  # noqa: ANN401 - an integer, or nothing
    ) -> Any:  # noqa: ANN401 - as for `choice`
        natural = (1 << bits) - 1
        return _field(Spec(subcon, doc, unit, least, natural if most is None else most), default)

    return declare


u8 = _number(construct.Int8ul, 8)
u16 = _number(construct.Int16ul, 16)
u32 = _number(construct.Int32ul, 32)
u64 = _number(construct.Int64ul, 64)


def choice(kind: type[IntEnum], doc: str) -> Any:  # noqa: ANN401 - a field specifier stands for any field's type
    """Declare one byte that names a member of `kind`."""
    return _field(Spec(construct.Int8ul, doc, choices=kind))


def raw(size: int, doc: str) -> Any:  # noqa: ANN401 - as above
    """Declare `size` bytes without a meaning of their own (ids, tokens, nonces)."""
    return _field(Spec(construct.Bytes(size), doc))


def text(most: int, doc: str) -> Any:  # noqa: ANN401 - as above
    """Declare a length byte and at most `most` printable ASCII characters; nothing else passes this border."""
    return _field(
        Spec(construct.Prefixed(construct.Int8ul, construct.GreedyBytes), doc, most=most, text=True)
    )


def records(kind: type[Any], most: int, doc: str, default: Any = MISSING) -> Any:  # noqa: ANN401 - as above
    """Declare a count byte and at most `most` records of the message type `kind`."""
    subcon = construct.PrefixedArray(construct.Int8ul, layout(kind))
    return _field(Spec(subcon, doc, most=most, record=kind), default)


def record(kind: type[Any], doc: str) -> Any:  # noqa: ANN401 - as above
    """Declare one record of the message type `kind`, in place."""
    return _field(Spec(layout(kind), doc, record=kind))


def _field(spec: Spec, default: Any = MISSING) -> Any:  # noqa: ANN401 - as above
    return dataclasses.field(default=default, metadata={"spec": spec})


def specs(kind: type[Any]) -> dict[str, Spec]:
    """Return the declared fields of a message in wire order."""
    return {f.name: f.metadata["spec"] for f in dataclasses.fields(kind)}


def layout(kind: type[Any]) -> Any:  # noqa: ANN401 - construct has no types
    """Return the construct declaration of a message's body."""
    return construct.Struct(*(name / spec.subcon for name, spec in specs(kind).items()))


def _flat_format(kind: type[Any]) -> str | None:
    """Return the struct format of a body of fixed layout, None where a field's size varies."""
    formats = ["<"]
    for spec in specs(kind).values():
        if isinstance(spec.subcon, construct.FormatField):
            formats.append(spec.subcon.fmtstr[1:])
        elif isinstance(spec.subcon, construct.Bytes):
            formats.append(f"{spec.subcon.length}s")
        else:
            return None
    return "".join(formats)


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
        if spec.most is not None
        and isinstance(spec.subcon, construct.FormatField)
        and (spec.least or spec.most != (1 << 8 * spec.subcon.length) - 1)
    )


def _sizes(kind: type[Any]) -> tuple[tuple[int, str, int], ...]:
    """Return the fields of raw bytes with their place and size: `struct` would cut or pad what does not fit."""
    return tuple(
        (place, name, spec.subcon.length)
        for place, (name, spec) in enumerate(specs(kind).items())
        if isinstance(spec.subcon, construct.Bytes)
    )


def _getter(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what reads these attributes of a message as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda message: tuple(getattr(message, name) for name in names)


class Codec:
    """Reads and writes the bodies of one message type.

    Args:
        kind: the dataclass that declares it.
    """

    def __init__(self, kind: type[Any]) -> None:
        self.kind = kind
        self.construct = layout(kind)
        self._whole = construct.Struct("body" / self.construct, construct.Terminated)
        flat = _flat_format(kind)
        self._flat = None if flat is None else struct.Struct(flat)
        names = tuple(specs(kind))
        self._values = _getter(names)
        self._choices = _choices(kind)
        self._ranges = _ranges(kind)
        self._sizes = _sizes(kind)

    def parse(self, payload: bytes) -> Any:  # noqa: ANN401 - an instance of self.kind
        """Return the message in `payload`.

        Raises:
            MessageError: where the size is wrong or a field is outside its range.
        """
        if self._flat is None:
            return self._parse_varying(payload)
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
                values[place] = _admit(name, spec, values[place]) if member is None else member
        return self.kind(*values)

    def build(self, message: Any) -> bytes:  # noqa: ANN401 - an instance of self.kind
        """Return the body of `message`.

        Raises:
            MessageError: where a field is outside its range.
        """
        try:
            if self._flat is None:
                return self._build_varying(message)
            values = self._values(message)
            self._check_ranges(values)
            for place, members, name, spec in self._choices:
                if values[place] not in members:
                    _admit(name, spec, values[place])
            for place, name, size in self._sizes:
                _admit_size(name, size, values[place])
            return self._flat.pack(*values)
        except (struct.error, construct.ConstructError) as error:
            raise MessageError(f"{self.kind.__name__} does not fit its layout: {error}") from error

    def _check_ranges(self, values: Sequence[Any]) -> None:
        # In line, because every poll's answer comes through here; the function is for what is outside.
        for place, least, most, name, spec in self._ranges:
            if not least <= values[place] <= most:
                _admit(name, spec, values[place])

    def _parse_varying(self, payload: bytes) -> Any:  # noqa: ANN401 - an instance of self.kind
        try:
            parsed = self._whole.parse(payload).body
        except construct.ConstructError as error:
            raise MessageError(f"{self.kind.__name__} does not fit its layout") from error
        return _lift(self.kind, parsed)

    def _build_varying(self, message: Any) -> bytes:  # noqa: ANN401 - an instance of self.kind
        return cast("bytes", self.construct.build(_lower(message)))


def _admit(name: str, spec: Spec, value: int) -> int:
    if spec.choices is not None:
        known = spec.choices._value2member_map_.get(value)
        if known is None:
            raise MessageError(f"{name} {value} is not one of {', '.join(str(int(c)) for c in spec.choices)}")
        return cast("int", known)
    if not spec.least <= value <= (spec.most or 0):
        raise MessageError(f"{name} {value} is outside {spec.least} to {spec.most}")
    return value


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
    return value if isinstance(value, bytes) else _admit(name, spec, value)


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
    return value if isinstance(value, bytes) else _admit(name, spec, value)


def _admit_size(name: str, size: int, value: bytes) -> None:
    if len(value) != size:
        raise MessageError(f"{name} has {len(value)} bytes, not {size}")


def _admit_count(name: str, spec: Spec, value: Sized) -> None:
    if len(value) > (spec.most or 0):
        raise MessageError(f"{name} has {len(value)} records, more than {spec.most}")


def _admit_text(name: str, spec: Spec, value: bytes) -> None:
    if len(value) > (spec.most or 0) or not _PRINTABLE.fullmatch(value):
        raise MessageError(f"{name} is not {spec.most} printable ASCII characters at the most")


@dataclass_transform(
    frozen_default=True, field_specifiers=(u8, u16, u32, u64, choice, raw, text, record, records)
)
def message(code: int = 0) -> Callable[[type[_M]], type[_M]]:
    """Make a class a message: a frozen dataclass that travels under a type code (none for a record)."""

    def declare(cls: type[_M]) -> type[_M]:
        made = dataclasses.dataclass(frozen=True, slots=True, init=False)(cls)
        made.code = code
        _give_init(made)
        return made

    return declare


def _give_init(kind: type[Any]) -> None:
    """Give a frozen class, which is to have no subclass, an `__init__` that does not pay for the frost.

    The one that dataclasses writes calls `object.__setattr__` once a field, and that is most of what a message costs.
    This one lends the new object, before anybody else has it, a class of the same slots that can be written to.
    docs/decisions/0017-messages-thaw-to-be-made.md
    """
    names = tuple(specs(kind))
    if not names:
        return
    thawed = type(kind.__name__, kind.__bases__, {"__slots__": names})
    scope: dict[str, Any] = {"_lend": object.__setattr__, "_thawed": thawed, "_frozen": kind}
    assigned = "".join(f"    self.{name} = {name}\n" for name in names)
    exec(  # noqa: S102 - as dataclasses does it, from the names of declared fields alone
        f"def __init__(self, {', '.join(names)}):\n"
        f"    _lend(self, '__class__', _thawed)\n{assigned}    self.__class__ = _frozen\n",
        scope,
    )
    init = scope["__init__"]
    init.__qualname__ = f"{kind.__qualname__}.__init__"
    # They are those of the last parameters, to Python too; dataclasses has seen to it.
    init.__defaults__ = tuple(f.default for f in dataclasses.fields(kind) if f.default is not MISSING)
    kind.__init__ = init
