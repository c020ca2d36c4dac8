"""A payload field by field, as it lies there, even where it is not what its type says: for reading, not for acting on.

`protocol.messages.parse` takes a payload whole or not at all, as both ends do. Here the fields before a defect are
still told, and the defect is named. The tests hold the two against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from protocol.fields import specs

if TYPE_CHECKING:
    from protocol.fields import Spec

_FIRST, _LAST = 0x20, 0x7E  # what is printable in ASCII


class Part(NamedTuple):
    """One field of a payload.

    Attributes:
        path: its name; in a record `change.kind`, in the second of several records `steps[1].minute`.
        offset: of its first byte in the payload.
        data: its bytes; of several records the count alone, of a text its length byte too.
        spec: what was declared of it.
        value: what it says; of several records how many there are.
    """

    path: str
    offset: int
    data: bytes
    spec: Spec
    value: int | bytes | str


class Defect(NamedTuple):
    """Why a payload is refused: the path of the field, empty where it is what follows the last one, and a sentence."""

    field: str
    said: str


class Dissection(NamedTuple):
    """The fields of a payload as far as they can be told apart, and its first defect if it has any."""

    parts: tuple[Part, ...]
    defect: Defect | None


class _CutShortError(Exception):
    """The payload ends inside a field."""


class _Knife:
    """Where the dissection is, and what it has found."""

    def __init__(self, payload: bytes) -> None:
        self.parts: list[Part] = []
        self.defect: Defect | None = None
        self._payload = payload
        self._at = 0

    @property
    def left(self) -> int:
        """The bytes that were not taken yet."""
        return len(self._payload) - self._at

    def object_to(self, path: str, said: str) -> None:
        """Note a defect; the first one counts."""
        self.defect = self.defect or Defect(path, said)

    def record(self, kind: type[Any], before: str = "") -> None:
        """Take the fields of a message or of a record in it."""
        for name, spec in specs(kind).items():
            path = before + name
            if spec.record is None:
                self._field(path, spec)
            elif spec.most is None:
                self.record(spec.record, f"{path}.")
            else:
                self._records(path, spec)

    def _records(self, path: str, spec: Spec) -> None:
        data = self._take(path, 1)
        self._note(path, data, spec, data[0])
        if data[0] > (spec.most or 0):
            self.object_to(path, f"{path} has {data[0]} records, more than {spec.most}")
        for place in range(data[0]):
            self.record(spec.record or object, f"{path}[{place}].")

    def _field(self, path: str, spec: Spec) -> None:
        if spec.text:
            self._text(path, spec)
            return
        data = self._take(path, spec.subcon.length)
        if spec.choices is None and spec.most is None:
            self._note(path, data, spec, data)
            return
        value = int.from_bytes(data, "little")
        self._note(path, data, spec, value)
        if spec.choices is not None and value not in set(spec.choices):
            self.object_to(path, f"{path} {value} is not a {spec.choices.__name__}")
        elif spec.choices is None and not spec.least <= value <= (spec.most or 0):
            self.object_to(path, f"{path} {value} is outside {spec.least} to {spec.most}")

    def _text(self, path: str, spec: Spec) -> None:
        size = self._take(path, 1)
        data = self._take(path, size[0])
        value = "".join(chr(byte) if _FIRST <= byte <= _LAST else "?" for byte in data)
        self._note(path, size + data, spec, value)
        if len(data) > (spec.most or 0) or any(not _FIRST <= byte <= _LAST for byte in data):
            self.object_to(path, f"{path} is not {spec.most} printable ASCII characters at the most")

    def _note(self, path: str, data: bytes, spec: Spec, value: int | bytes | str) -> None:
        self.parts.append(Part(path, self._at - len(data), data, spec, value))

    def _take(self, path: str, size: int) -> bytes:
        if size > self.left:
            self.object_to(path, f"the payload ends inside {path}")
            raise _CutShortError
        self._at += size
        return self._payload[self._at - size : self._at]


def dissect(kind: type[Any], payload: bytes) -> Dissection:
    """Return the fields of a message of this kind in `payload`, and what is wrong with it."""
    knife = _Knife(payload)
    try:
        knife.record(kind)
    except _CutShortError:
        pass
    else:
        if knife.left:
            knife.object_to("", f"{knife.left} bytes follow the last field")
    return Dissection(tuple(knife.parts), knife.defect)
