"""TOML files by which a pump is configured, on top of `protocol.strict_toml`: opened, and each figure read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol.strict_toml import FileError, meant, shown, text_of
from pumpmock.files import read_ordinary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_MOST_BYTES = 16_384  # some six times what the longest of them takes
_MOST_BITS = 64  # of a count


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a file: what it is called in the code, how it is read (None: a bare count), and what it looks like."""

    name: str
    parse: Callable[[str], int] | None
    example: str


def read_text(path: Path, what: str) -> str:
    """Return what is in a file; `what` it should be is said where it can't be that.

    Raises:
        FileError: where it is no ordinary file, too large, or not text.
        OSError: where it can't be read.
    """
    try:
        data = read_ordinary(path, _MOST_BYTES)
    except ValueError as error:
        raise FileError(f"{path} can't be {what}: {error}") from error
    return text_of(str(path), data, _MOST_BYTES)


def check_known(key: str, known: Iterable[str], what: str) -> None:
    """Refuse a key that is not `known`, with the one that it is most like.

    Raises:
        ValueError: with a sentence.
    """
    names = list(known)
    if key not in names:
        raise ValueError(f"{shown(key)} is not {what}; {meant(key, names)}")


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
