"""How a message is declared: a class of values whose fields carry their layout, unit, range and meaning.

One declaration serves five readers: `codec` (the bytes and the range check), `layouts` (the same for construct), the
tables in docs/protocol.md, the type checker, and the class itself.
docs/decisions/0005-bodies.md
"""

from __future__ import annotations

import dataclasses
import struct
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar, dataclass_transform

MISSING = dataclasses.MISSING  # of a default: the field has none

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import IntEnum


class MessageError(ValueError):
    """A body is not what its type says: too short, too long, or a field outside its range."""


@dataclasses.dataclass(frozen=True, slots=True)
class Spec:
    """What is known of one field beside its name.

    Attributes:
        form: its layout as `struct` writes it, little-endian; empty where its size varies.
        doc: what it means.
        unit: of its figure.
        least: the least value.
        most: the largest value of a number, the most characters of a text, the most records of a list.
        choices: the enumeration that it names a member of.
        text: whether it is a text.
        record: the message type of its records; without `most` it is just one, in place.
    """

    form: str
    doc: str
    unit: str = ""
    least: int = 0
    most: int | None = None
    choices: type[IntEnum] | None = None
    text: bool = False
    record: type[Any] | None = None

    @property
    def size(self) -> int:
        """Bytes on the wire; 0 where they vary."""
        return struct.calcsize(f"<{self.form}")

    @property
    def subcon(self) -> Any:  # noqa: ANN401 - construct has no types
        """The construct declaration of the field."""
        from protocol.layouts import subcon  # noqa: PLC0415 - construct is wanted by few, and long in coming

        return subcon(self)


class Message:
    """What every message has: the type code it travels under, and what makes it a value.

    Two are equal if type and fields are; none can be changed. dataclasses would write these methods anew for each class,
    which takes most of the time of a declaration.

    Attributes:
        code: the type code. A record inside a message has none, and keeps 0.
    """

    __slots__: tuple[str, ...] = ()
    code: ClassVar[int] = 0

    def _values(self) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in self.__slots__])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and type(other) is type(self) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), *self._values()))

    def __repr__(self) -> str:
        told = [f"{name}={getattr(self, name)!r}" for name in self.__slots__]
        return f"{type(self).__qualname__}({', '.join(told)})"

    # The type checker knows that messages are frozen, and with these would let any new name be assigned.
    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: object) -> NoReturn:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

        def __delattr__(self, name: str) -> NoReturn:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._values()


_M = TypeVar("_M", bound=Message)


def _number(form: str) -> Callable[..., Any]:
    def declare(
        doc: str,
        *,
        unit: str = "",
        least: int = 0,
        most: int | None = None,
        default: Any = MISSING,  # noqa: ANN401 - an integer, or nothing
    ) -> Any:  # noqa: ANN401 - as for `choice`
        natural = (1 << 8 * struct.calcsize(f"<{form}")) - 1
        return _field(Spec(form, doc, unit, least, natural if most is None else most), default)

    return declare


u8 = _number("B")
u16 = _number("H")
u32 = _number("L")
u64 = _number("Q")


def choice(kind: type[IntEnum], doc: str, default: Any = MISSING) -> Any:  # noqa: ANN401 - stands for any field's type
    """Declare one byte that names a member of `kind`."""
    return _field(Spec("B", doc, choices=kind), default)


def raw(size: int, doc: str) -> Any:  # noqa: ANN401 - as above
    """Declare `size` bytes without a meaning of their own (ids, tokens, nonces)."""
    return _field(Spec(f"{size}s", doc))


def text(most: int, doc: str) -> Any:  # noqa: ANN401 - as above
    """Declare a length byte and at most `most` printable ASCII characters; nothing else passes this border."""
    return _field(Spec("", doc, most=most, text=True))


def records(kind: type[Any], most: int, doc: str, default: Any = MISSING) -> Any:  # noqa: ANN401 - as above
    """Declare a count byte and at most `most` records of the message type `kind`."""
    return _field(Spec("", doc, most=most, record=kind), default)


def record(kind: type[Any], doc: str) -> Any:  # noqa: ANN401 - as above
    """Declare one record of the message type `kind`, in place."""
    return _field(Spec("", doc, record=kind))


def _field(spec: Spec, default: Any = MISSING) -> Any:  # noqa: ANN401 - as above
    return dataclasses.field(default=default, metadata={"spec": spec})


def specs(kind: type[Any]) -> dict[str, Spec]:
    """Return the declared fields of a message in wire order."""
    return {f.name: f.metadata["spec"] for f in dataclasses.fields(kind)}


def values_of(kind: type[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what reads the fields of a message in wire order."""
    names = tuple(specs(kind))
    if len(names) > 1:
        return attrgetter(*names)
    return lambda message: tuple(getattr(message, name) for name in names)


@dataclass_transform(
    frozen_default=True, field_specifiers=(u8, u16, u32, u64, choice, raw, text, record, records)
)
def message(code: int = 0) -> Callable[[type[_M]], type[_M]]:
    """Make a class a message: a dataclass, frozen by `Message`, that travels under a type code (none for a record)."""

    def declare(cls: type[_M]) -> type[_M]:
        made = dataclasses.dataclass(slots=True, init=False, eq=False, repr=False)(cls)
        made.code = code
        _give_init(made)
        return made

    return declare


def _give_init(kind: type[Any]) -> None:
    """Give a class that refuses every write, and is to have no subclass, an `__init__`.

    The one that dataclasses writes calls `object.__setattr__` once a field, and that is most of what a message costs.
    This one lends the new object, before anybody else has it, a class of the same slots that can be written to.
    docs/decisions/0017-messages-thaw-to-be-made.md
    """
    names = tuple(specs(kind))
    if not names:
        return
    open_to_all = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    thawed = type(kind.__name__, kind.__bases__, {"__slots__": names, **open_to_all})
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
