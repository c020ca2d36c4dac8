"""A fault as a person writes it: on the command line, in a scenario, at the control socket. Figures have their units."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from protocol.strict_toml import meant, shown
from protocol.units import (
    US_PER_S,
    parse_deviation,
    parse_percent,
    parse_share,
    parse_span,
    parse_volume,
    parse_wall,
)
from pumpmock.faults.checks import check_wish, figures_of, kind_of, stage_of, wish_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pumpmock.faults.kinds import Kind

_ALWAYS = "always"
_MOST_PERCENT = 1_000
EXAMPLE = "lose-reply on=Commit times=1"


def _count(text: str) -> int:
    cleaned = text.strip()
    digits = cleaned.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or (len(digits) > 1 and digits.startswith("0")):
        raise ValueError(f"{shown(cleaned)} is not a whole number: write 3, say")
    if len(digits) > 12:  # noqa: PLR2004 - beyond any figure of a fault
        raise ValueError(f"{shown(cleaned)} has too many digits")
    return int(cleaned)


def _times(text: str) -> int | None:
    return None if text.strip() == _ALWAYS else _count(text)


def _signed_volume(text: str) -> int:
    cleaned = text.strip()
    return -parse_volume(cleaned[1:]) if cleaned.startswith("-") else parse_volume(cleaned)


def _pump_time(text: str) -> int:
    return parse_span(text) * US_PER_S


# How the figures of each unit are written.
_BY_UNIT: dict[str, Callable[[str], int]] = {
    "": _count,
    "ms": parse_wall,
    "percent": lambda text: parse_percent(text, _MOST_PERCENT),
    "ppm": parse_deviation,
    "nl": _signed_volume,
}
# What is not of a kind: how it is called in Python, and how it is written.
_OF_ALL: dict[str, tuple[str, Callable[[str], int | str | None]]] = {
    "on": ("on", str),
    "times": ("times", _times),
    "after": ("after", _count),
    "chance": ("chance_ppm", parse_share),
    "first": ("first_us", _pump_time),
    "until": ("until_us", _pump_time),
}


def parse_fault(kind: str, given: Mapping[str, str | int | None]) -> dict[str, Any]:
    """Return the arguments of `Faults.add` for a fault that was written as text; it is checked as far as it can be here.

    Args:
        kind: its kind.
        given: its figures by their keys, as text with units: {"on": "Commit", "times": "2", "chance": "5 %"}; a bare
            number may be a number, and None is always. They may have the names of `Faults.add` as well, and are numbers then: "chance_ppm".

    Raises:
        ValueError: where something of it can't be taken, with a sentence and what may have been meant.
    """
    row = kind_of(kind)
    found: dict[str, Any] = {"kind": row.name}
    for key, value in given.items():
        name, parse = _reader(row, key)
        try:
            is_read = value is None or (key == name and key not in _OF_ALL and type(value) is int)
            found[name] = value if is_read else parse(str(value))
        except ValueError as error:
            raise ValueError(f"{key} of {row.name}: {error}") from error
    names = {name for name, _ in _OF_ALL.values()} | {"kind"}
    figures = figures_of(
        row, {name: v for name, v in found.items() if name not in names and v is not None}, as_text=True
    )
    check_wish(row, stage_of(row, figures), wish_of(found))
    return found


def parse_fault_line(text: str) -> dict[str, Any]:
    """Return the arguments of `Faults.add` for "lose-reply on=Commit times=1"; a value with a blank is put in quotes.

    Raises:
        ValueError: as `parse_fault`.
    """
    try:
        kind, *words = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"{shown(text)} is not a fault: write {EXAMPLE}, say") from error
    given: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise ValueError(
                f"{shown(word)} is not a figure: write {EXAMPLE}, say, and quote a value with a blank"
            )
        if key in given:
            raise ValueError(f"{shown(key)} is given twice")
        given[key] = value
    return parse_fault(kind, given)


def _reader(row: Kind, key: str) -> tuple[str, Callable[[str], int | str | None]]:
    for word, (name, parse) in _OF_ALL.items():
        if key in (word, name):
            return name, parse
    for figure in row.figures:
        if key in (figure.key, figure.name):
            return figure.name, str if figure.is_word else _BY_UNIT[figure.unit]
    known = [*(figure.key for figure in row.figures), *_OF_ALL]
    raise ValueError(f"{shown(key)} is no figure of {row.name}; {meant(key, known)}")
