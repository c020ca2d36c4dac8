"""What stands in a frame, as text for a person and as JSON values for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.explain import NOT_REACHED
from protocol.frame import FROM_DEVICE
from protocol.meaning import message_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.explain import Explained, Field
    from protocol.overheard import Finding

_MARKS = {True: "ok", False: "NO", None: "--"}
_WIDEST = 8  # bytes of a field in one line
UNVERIFIED = "NOT VERIFIED: anybody can have written this"


def lines(found: Explained) -> Iterator[str]:
    """Return the lines that explain what stands between two delimiters."""
    yield f"byte {found.offset}: {_title(found)}"
    made = [check for check in found.checks if check.said != NOT_REACHED]
    yield from (_check_line(check) for check in made)
    if left := [check.name for check in found.checks[len(made) :]]:
        yield f"  --  {NOT_REACHED}: {', '.join(left)}"
    yield from (_field_line(field) for field in found.fields)


def as_json(found: Explained) -> dict[str, Any]:
    """Return the same as JSON values; bytes are hexadecimal."""
    failed = found.failed
    return {
        "offset": found.offset,
        "run": found.run.hex(),
        "type": found.code,
        "message": None if found.code is None else message_name(found.code),
        "from": None if found.code is None else "pump" if found.code & FROM_DEVICE else "host",
        "verified": found.verified,
        "failed": None if failed is None else failed.name,
        "checks": [check._asdict() for check in found.checks],
        "fields": [field._asdict() | {"data": field.data.hex()} for field in found.fields],
    }


def _title(found: Explained) -> str:
    if found.code is None:
        return f"{len(found.run)} bytes that are no frame"
    sender = "pump -> host" if found.code & FROM_DEVICE else "host -> pump"
    return f"{message_name(found.code)}, {sender}, {_trust(found)}"


def _trust(found: Explained) -> str:
    failed = found.failed
    if found.verified is None:
        return UNVERIFIED if failed is None else f"{UNVERIFIED}; dropped: {failed.name}"
    if failed is None:
        return "verified"
    return f"refused: {failed.name}" if failed.name == "payload" else f"dropped: {failed.name}"


def _check_line(check: Finding) -> str:
    return f"  {_MARKS[check.passed]}  {check.name:11}{check.said}"


def _field_line(field: Field) -> str:
    shown = field.data[:_WIDEST].hex(" ") + (" .." if len(field.data) > _WIDEST else "")
    value = f"{field.value} {field.unit}".rstrip()
    says = f"  {field.meaning}" if field.meaning else ""
    return f"  {field.offset:3}  {shown:26}  {field.name:26}  {value}{says}"
