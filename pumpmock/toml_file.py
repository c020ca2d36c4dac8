"""TOML files by which a pump is configured, read strictly: a figure mistyped and silently dropped is worse than none."""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import TYPE_CHECKING, Any

from pumpmock.files import read_ordinary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_MOST_BYTES = 16_384  # some six times what the longest of them takes
_MOST_BITS = 64  # of a count
_SHOWN = 40  # characters of a key


class TomlFileError(ValueError):
    """A file can't be taken; the message names the file, the line where there is one, and what to write."""


def read_text(path: Path, what: str) -> str:
    """Return what is in a file; `what` it should be is said where it can't be that.

    Raises:
        TomlFileError: where it is no ordinary file, too large, or not text.
        OSError: where it can't be read.
    """
    try:
        data = read_ordinary(path, _MOST_BYTES)
    except ValueError as error:
        raise TomlFileError(f"{path} can't be {what}: {error}") from error
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise TomlFileError(f"{path} is not text: it must be UTF-8") from error


def content_of(text: str, name: str, version: int) -> dict[str, Any]:
    """Return what a file says, but for its line `format = version`; `name` is what it is called in errors.

    Raises:
        TomlFileError: where it is not TOML, or not of this format.
    """
    try:
        content = tomllib.loads(text)
    except RecursionError as error:
        raise TomlFileError(f"{name} is not TOML: it is nested too deeply") from error
    except tomllib.TOMLDecodeError as error:
        raise TomlFileError(f"{name} is not TOML: {error}") from error
    except ValueError as error:  # Python's own, of an integer of thousands of digits
        raise TomlFileError(f"{name}: a number in it has too many digits") from error
    found = content.pop("format", None)
    if type(found) is not int or found != version:
        raise TomlFileError(f"{name} is not of a format that is known: begin it with format = {version}")
    return content


def check_known(key: str, known: Iterable[str], what: str) -> None:
    """Refuse a key that is not `known`, with the one that it is most like.

    Raises:
        ValueError: with a sentence.
    """
    names = list(known)
    if key not in names:
        near = difflib.get_close_matches(key, names, n=1)
        close = f'did you mean "{near[0]}"?' if near else "known are " + ", ".join(names)
        raise ValueError(f"{shown(key)} is not {what}; {close}")


def figure_in(key: str, value: object, parse: Callable[[str], int] | None, written: str) -> int:
    """Return a value as an integer: read by `parse` from text with a unit, or without `parse` as a bare count.

    Raises:
        ValueError: with a sentence that says to write `written`.
    """
    if parse is None:
        if type(value) is not int:
            raise ValueError(f"{key} is not a whole number: write {written}, say")
        if value.bit_length() > _MOST_BITS:  # in hexadecimal it may be longer than Python prints
            raise ValueError(f"{key} has too many digits: write {written}, say")
        return value
    if not isinstance(value, str):
        raise ValueError(f"{key} is not text with a unit: write {written}, say")  # noqa: TRY004 - a slip in a file, not in a call
    try:
        return parse(value)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error


def line_of(text: str, *keys: str) -> str:
    """Say in which line a key is set, each of `keys` within the one before it, where it is set in the plain way."""
    lines = text.splitlines()
    found = 0
    for key in keys:
        plain = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[=.\]]""")
        for place in range(found, len(lines)):
            if found and lines[place].startswith("["):
                break  # the end of what the key would stand in
            if plain.match(lines[place]):
                found = place + 1
                break
    return f", line {found}" if found else ""


def shown(key: str) -> str:
    """Return a key in quotes, fit for a terminal."""
    clean = "".join(c if c.isprintable() else "?" for c in key[:_SHOWN])
    return f'"{clean}"'
