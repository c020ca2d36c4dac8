"""TOML files read strictly, from text that somebody else has fetched: a slip is refused with its line and what to write.

A key that was mistyped and silently dropped is worse than none, so each table names what it may hold, and each value is
text with a unit, a whole number, a list or a table of its own.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

_T = TypeVar("_T")


class FileError(ValueError):
    """A file can't be taken; the message names the file, the line where there is one, and what to write."""


class Table:
    """A table of a file.

    Args:
        name: what to call the file.
        text: the whole file, for the lines of its keys.
        content: the table as it was parsed.
        path: the keys that lead to it.
    """

    def __init__(self, name: str, text: str, content: dict[str, Any], path: tuple[str, ...] = ()) -> None:
        self.path = path
        self._name = name
        self._text = text
        self._content = content

    def __contains__(self, key: str) -> bool:
        return key in self._content

    def error(self, sentence: str, *keys: str) -> FileError:
        """Return the refusal of a key of this table, or of the table itself, with its line where it is set plainly."""
        return FileError(f"{self._name}{line_of(self._text, *self.path, *keys)}: {sentence}")

    def check_keys(self, known: Collection[str], what: str) -> None:
        """Refuse a key that is none of the known ones.

        Raises:
            FileError: with the one that may have been meant.
        """
        for key in self._content:
            if key not in known:
                raise self.error(f"{shown(key)} is not {what}; {meant(key, known)}", key)

    def read(self, key: str, parse: Callable[[str], _T], example: str) -> _T:
        """Return a value that is written as text.

        Args:
            key: where it is.
            parse: ValueError with a sentence where the text can't be taken.
            example: how it is written, for the sentence where it is not there or no text.

        Raises:
            FileError: where it is missing, no text, or not what `parse` takes.
        """
        return self._parsed(key, self._value(key, example), parse, example)

    def read_list(self, key: str, parse: Callable[[str], _T], example: str) -> tuple[_T, ...]:
        """Return the values of a list of texts; as `read`."""
        found = self._value(key, example)
        if not isinstance(found, list):
            raise self.error(f"{key} is not a list: write {key} = {example}, say", key)
        return tuple(self._parsed(key, one, parse, example) for one in found)

    def table(self, key: str) -> Table:
        """Return a table within this one.

        Raises:
            FileError: where it is missing, or no table.
        """
        header = ".".join((*self.path, key))
        if key not in self._content:
            raise self.error(f"[{header}] is missing")
        found = self._content[key]
        if not isinstance(found, dict):
            raise self.error(f"{key} is not a table: write [{header}]", key)
        return Table(self._name, self._text, found, (*self.path, key))

    def tables(self) -> Iterator[tuple[str, Table]]:
        """Return each key with its table.

        Raises:
            FileError: where a key has none.
        """
        return ((key, self.table(key)) for key in self._content)

    def _value(self, key: str, example: str) -> object:
        if key not in self._content:
            raise self.error(f"{key} is missing: write {key} = {example}, say")
        found: object = self._content[key]
        return found

    def _parsed(self, key: str, value: object, parse: Callable[[str], _T], example: str) -> _T:
        if not isinstance(value, str):
            raise self.error(f"{key} is not text: write {key} = {example}, say", key)
        try:
            return parse(value)
        except ValueError as error:
            raise self.error(f"{key}: {error}", key) from error


def text_of(name: str, data: bytes, most_bytes: int) -> str:
    """Return the text of a file.

    Args:
        name: what to call the file.
        data: what is in it; a byte more than `most_bytes` is enough of one that is too large.
        most_bytes: what a sensible file has at the most.

    Raises:
        FileError: where it is too large, or not UTF-8.
    """
    if len(data) > most_bytes:
        raise FileError(f"{name} is larger than {most_bytes} bytes: it can't be such a file")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise FileError(f"{name} is not text: it must be UTF-8") from error


def content_of(text: str, name: str, version: int) -> dict[str, Any]:
    """Return what a file holds beside its format, which has to be `version`.

    Raises:
        FileError: where it is not TOML, or of another format.
    """
    try:
        content = tomllib.loads(text)
    except RecursionError as error:
        raise FileError(f"{name} is not TOML: it is nested too deeply") from error
    except tomllib.TOMLDecodeError as error:
        raise FileError(f"{name} is not TOML: {_printable(str(error))}") from error
    except ValueError as error:  # Python's own, of an integer of thousands of digits
        raise FileError(f"{name}: a number in it has too many digits") from error
    found = content.pop("format", None)
    if type(found) is not int or found != version:
        raise FileError(f"{name} is not of a format that is known: begin it with format = {version}")
    return content


def line_of(text: str, *path: str) -> str:
    """Return ", line 3" for the key at the end of a path, or else for the header of its table, where they are written plainly."""
    if not path:
        return ""
    *tables, key = path
    plain = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[=.]""")
    inside: list[str] = []
    header_at = key_at = parent_at = None
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[+([^\]]*)\]", line)
        if header is not None:
            inside = [part.strip().strip("\"'") for part in header[1].split(".")]
            if inside[: len(path)] == list(path):
                header_at = header_at or number
            elif tables and inside == tables:
                parent_at = number
        elif inside == tables and plain.match(line):
            key_at = key_at or number
    found = key_at or header_at or parent_at
    return "" if found is None else f", line {found}"


def meant(key: str, known: Collection[str]) -> str:
    """Return which of the known words may have been meant, as the end of a sentence."""
    near = difflib.get_close_matches(key, known, n=1)
    return f'did you mean "{near[0]}"?' if near else "known are " + ", ".join(known)


def shown(key: str) -> str:
    """Return a word of a file between quotes, fit for a terminal."""
    return f'"{_printable(key[:40])}"'


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)
