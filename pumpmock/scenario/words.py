"""The words of a scenario: how the value of a key is read, how it is written, and what it says.

All that a scenario file may hold stands in tables of these, from which the reader, the verbs in Python and the page of the
documentation are made, so that none of them knows a key that another does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from protocol.strict_toml import meant, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from enum import Enum


@dataclass(frozen=True, slots=True)
class Word:
    """A key.

    Attributes:
        read: returns what a value of TOML means; ValueError with a sentence.
        example: how it is written, as TOML.
        says: what it does or means, in a few words.
    """

    read: Callable[[object], Any]
    example: str
    says: str


def read_table(value: object, words: Mapping[str, Word], what: str) -> dict[str, Any]:
    """Return what a table means, its keys in the order in which they are written.

    Args:
        value: the table.
        words: what it may hold.
        what: what its keys are called, for the sentence.

    Raises:
        ValueError: for a key that is not known, or a value that can't be taken.
    """
    if not isinstance(value, dict):
        raise ValueError(f"write a table of {what}s in braces")  # noqa: TRY004 - a slip in a file
    return {key: read_word(key, one, words, what) for key, one in value.items()}


def read_word(key: str, value: object, words: Mapping[str, Word], what: str) -> Any:  # noqa: ANN401 - what its word reads
    """Return what a value means.

    Raises:
        ValueError: with a sentence that names the key.
    """
    word = words.get(key)
    if word is None:
        raise ValueError(f"{shown(key)} is not a {what}; {meant(key, words)}")
    try:
        return word.read(value)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error


def quantity(parse: Callable[[str], Any], example: str) -> Callable[[object], Any]:
    """Return what reads text with a unit."""

    def read(value: object) -> Any:  # noqa: ANN401 - what the parser returns
        if not isinstance(value, str):
            raise ValueError(f"it is text with a unit: write {example}, say")  # noqa: TRY004 - a slip in a file
        return parse(value)

    return read


def count(value: object) -> int:
    """Read a whole number from 0 on."""
    if type(value) is not int or value < 0:
        raise ValueError("it is a whole number from 0 on")
    return value


def text(value: object) -> str:
    """Read a line of text."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError("it is a line of text")
    return value


def flag(value: object) -> bool:
    """Read `true`: a verb that needs nothing else."""
    if value is not True:
        raise ValueError("write true, or leave it out")
    return True


def name_in(names: Collection[str], what: str) -> Callable[[object], str]:
    """Return what reads one of some names; `what` they are called in the sentence."""

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in names:
            written = shown(value) if isinstance(value, str) else "this"
            raise ValueError(f"{written} is not {what}; {meant(str(value), names)}")
        return value

    return read


def member_of(kind: type[Enum], what: str) -> Callable[[object], Any]:
    """Return what reads the name of a member of an enumeration, in capitals as the documentation has it."""
    read = name_in([member.name for member in kind], what)
    return lambda value: kind[read(value)]


def members_of(kind: type[Enum], what: str) -> Callable[[object], Any]:
    """Return what reads one such name, or a list of them."""
    read = member_of(kind, what)

    def read_all(value: object) -> frozenset[Any]:
        return frozenset(read(one) for one in (value if isinstance(value, list) else [value]))

    return read_all
