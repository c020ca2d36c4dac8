"""Reading a journal from the disk: whose it is, and its entries, each looked at before it is believed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pumpmock.journal_entry import HEARD, SAID
from pumpmock.journal_file import FORMAT, FORMAT_KEY, JournalError, is_journal

if TYPE_CHECKING:
    from pathlib import Path

_WANTED: dict[str, type[Any] | tuple[type[Any], ...]] = {
    "n": int,
    "wall_ns": int,
    "pump_time_us": (int, type(None)),
    "what": str,
}
_WANTED_OF_BYTES: dict[str, type[Any] | tuple[type[Any], ...]] = {
    **_WANTED,
    "peer": str,
    "hex": str,
    "frames": list,
}
_WANTED_OF_FRAME: dict[str, type[Any] | tuple[type[Any], ...]] = {
    "name": str,
    "session": int,
    "counter": int,
    "ack": int,
    "fields": (dict, type(None)),
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
        raise JournalError(f"{name}, line 1: format {header[FORMAT_KEY]}; this version reads {FORMAT}")
    for number, line in enumerate(content[1:], start=2):
        is_bytes = line.get("what") in {HEARD, SAID}
        _check(name, number, line, _WANTED_OF_BYTES if is_bytes else _WANTED)
        for frame in line["frames"] if is_bytes else ():
            if not isinstance(frame, dict):
                raise JournalError(f"{name}, line {number}: a frame that is not an object")
            _check(name, number, frame, _WANTED_OF_FRAME)
    return Recorded(name, header, content[1:], bool(rest))


def _object(name: str, number: int, line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise JournalError(f"{name}, line {number}: not JSON ({error})") from error
    if not isinstance(found, dict):
        raise JournalError(f"{name}, line {number}: not an object")
    return found


def _check(
    name: str, number: int, found: dict[str, Any], wanted: dict[str, type[Any] | tuple[type[Any], ...]]
) -> None:
    for key, kind in wanted.items():
        if not isinstance(found.get(key), kind):
            said = "is missing" if key not in found else f"can't be {found[key]!r}"
            raise JournalError(f"{name}, line {number}: {key} {said}")
