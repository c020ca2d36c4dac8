"""Reading a journal from the disk: whose it is, and its entries, each looked at before it is believed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pumpmock.journal.entry import HEARD, SAID
from pumpmock.journal.file import FORMAT, FORMAT_KEY, JournalError, is_journal
from pumpmock.journal.messages import message_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_SHOWN = 40  # characters of what is wrong
_MOST = (1 << 64) - 1


def _is_figure(value: Any) -> bool:  # noqa: ANN401 - a JSON value
    return type(value) is int and abs(value) <= _MOST


def _is_text(value: Any) -> bool:  # noqa: ANN401 - as above
    return isinstance(value, str)


def _is_hex(value: Any) -> bool:  # noqa: ANN401 - as above
    return isinstance(value, str) and re.fullmatch("([0-9a-f]{2})*", value) is not None


def _is_object(value: Any) -> bool:  # noqa: ANN401 - as above
    return isinstance(value, dict)


def _or_none(holds: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or holds(value)


def _is_there(_value: Any) -> bool:  # noqa: ANN401 - as above
    return True


# What each key has to be. Those of a line of bytes and of an event are what is left of `_LINE`.
_LINE = {"n": _is_figure, "wall_ns": _is_figure, "pump_time_us": _or_none(_is_figure), "what": _is_text}
_BYTES = {"peer": _is_text, "hex": _is_hex, "frames": lambda value: isinstance(value, list)}
_EVENT = {"fields": _is_object}
_FRAME = {
    "name": _is_text,
    "session": _is_figure,
    "counter": _is_figure,
    "ack": _is_figure,
    "verified": _is_there,
    "fields": _or_none(_is_object),
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A journal as it was written.

    Attributes:
        name: what to call it.
        header: whose it is.
        lines: its entries, as `journal_lines.line_of` makes them.
        is_cut: whether its last line is not whole: whoever wrote it was killed.
    """

    name: str
    header: dict[str, Any]
    lines: list[dict[str, Any]]
    is_cut: bool


def read_journal(path: Path) -> Recorded:
    """Return what is in a file.

    Raises:
        JournalError: where it is not a journal; with the line.
        OSError: where it can't be read.
    """
    return journal_in(path.read_bytes(), str(path))


def journal_in(data: bytes, name: str) -> Recorded:
    """Return what is in the bytes of a journal; `name` is what to call it.

    Raises:
        JournalError: where they are not a journal; with the line.
    """
    if not is_journal(data):
        raise JournalError(f"{name} is no journal: pumpmock serve --journal FILE writes one")
    *whole, rest = data.split(b"\n")
    if not whole:
        raise JournalError(f"{name}, line 1: it ends before the header does")
    content = [_object(name, number, line) for number, line in enumerate(whole, start=1)]
    header = content[0]
    if header[FORMAT_KEY] != FORMAT:
        raise JournalError(
            printable(f"{name}, line 1: format {header[FORMAT_KEY]}; this version reads {FORMAT}")
        )
    for number, line in enumerate(content[1:], start=2):
        _check_line(f"{name}, line {number}", line)
    return Recorded(name, header, content[1:], bool(rest))


def _object(name: str, number: int, line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise JournalError(printable(f"{name}, line {number}: not JSON ({error})")) from error
    if not isinstance(found, dict):
        raise JournalError(f"{name}, line {number}: not an object")
    return found


def _check_line(where: str, line: dict[str, Any]) -> None:
    """Refuse what no journal has.

    Raises:
        JournalError: with the key at fault.
    """
    _check(where, line, _LINE)
    _check(where, {"peer": "", **line}, {"peer": _is_text})
    if line["what"] not in {HEARD, SAID}:
        _check(where, line, _EVENT)
        return
    _check(where, line, _BYTES)
    for frame in line["frames"]:
        if not isinstance(frame, dict):
            raise JournalError(f"{where}: a frame that is not an object")
        _check(where, frame, _FRAME)
        _check(where, {"dropped": "", **frame}, {"dropped": _is_text})
        if frame["fields"] is not None:
            try:
                message_of(frame["name"], frame["fields"])
            except ValueError as error:
                raise JournalError(printable(f"{where}: {error}")) from error


def _check(where: str, found: dict[str, Any], wanted: Mapping[str, Callable[[Any], bool]]) -> None:
    for key, holds in wanted.items():
        if key not in found:
            raise JournalError(f"{where}: {key} is missing")
        if not holds(found[key]):
            raise JournalError(printable(f"{where}: {key} can't be {str(found[key])[:_SHOWN]!r}"))


def printable(text: str) -> str:
    """Return text fit for a terminal: a journal may be anybody's."""
    return "".join(c if c.isprintable() else "?" for c in text)
