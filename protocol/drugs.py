"""A drug library: drugs, the concentrations they come in, and five bounds for each parameter of a therapy.

Lower hard, lower soft, typical, upper soft, upper hard: the entry of the Open PCA Pump Requirements v1.0.0, Table 6. Both
sides of the wire read the same file; here is what it means, from bytes that they have fetched. It is checked before use
(R6.9.0(1) to (4)): a checksum in the file covers all its values, and an order that can't be is refused.
docs/decisions/0032-drug-library.md
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from protocol.strict_toml import FileError, Table, content_of, text_of
from protocol.units import parse_concentration, parse_dose, parse_mass, parse_percent, parse_span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FORMAT = 1
MOST_BYTES = 65_536  # some forty drugs
MOST_CONCENTRATIONS = 8  # as many as a refusal's sentence holds
_CHECKSUM = "sha256"
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,22}[a-z0-9])?")
_TWO_BYTES, _FOUR_BYTES = 0xFFFF, 0xFFFF_FFFF
_LONGEST_SOURCE = 48  # characters: it stands behind a bound in a sentence


class PatientClass(StrEnum):
    """Who is treated: the titration rules differ."""

    SPINAL = "spinal"
    CEREBRAL = "cerebral"
    CHILD = "child"


@dataclass(frozen=True, slots=True)
class Range:
    """The five bounds of a parameter, each within the next, and where they are from: a source, or "assumption"."""

    lower_hard: int
    lower_soft: int
    typical: int
    upper_soft: int
    upper_hard: int
    source: str


@dataclass(frozen=True, slots=True)
class Titration:
    """How the daily dose of a class of patients is raised.

    Attributes:
        step_up: an increase, in per cent of the present rate.
        interval_s: from one increase to the next.
        first_s: from the start of the therapy to the first increase.
        source: where the two spans are from.
    """

    step_up: Range
    interval_s: int
    first_s: int
    source: str


@dataclass(frozen=True, slots=True)
class Screening:
    """The trial before a therapy: single doses of a concentration that is used for nothing else.

    Attributes:
        concentration_ug_ml: by which a bolus is known to be a screening dose.
        dose: of one bolus, in ug.
        interval_s: from one dose to the next.
        source: where the concentration and the span are from.
    """

    concentration_ug_ml: int
    dose: Range
    interval_s: int
    source: str


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug. Doses in ug, daily doses in ug/day, steps in per cent of the present rate, spans in seconds."""

    name: str
    concentrations_ug_ml: tuple[int, ...]
    source: str
    daily_dose: Range
    step_down: Range
    bolus_dose: Range
    bolus_duration: Range
    screening: Screening | None
    titration: Mapping[PatientClass, Titration]


@dataclass(frozen=True, slots=True)
class Library:
    """The drugs of a file.

    Attributes:
        name: what the library calls itself.
        checksum: SHA-256 of its values, in hexadecimal.
        drugs: by name.
    """

    name: str
    checksum: str
    drugs: Mapping[str, Drug]


def read_library(file: str, data: bytes) -> Library:
    """Return the library in `data`.

    Args:
        file: what to call the file.
        data: its content; of a larger file, a byte more than `MOST_BYTES` is enough.

    Raises:
        FileError: where it is no library, or not what was sealed; the message says how to mend it.
    """
    text = text_of(file, data, MOST_BYTES)
    content = content_of(text, file, FORMAT)
    stated = content.pop(_CHECKSUM, None)
    computed = _checksum(file, content)
    mend = f"look it over, then run: pumpmock drugs seal {file}"
    if stated is None:
        raise FileError(f"{file} has no checksum: {mend}")
    if stated != computed:
        raise FileError(f"{file} is not what was sealed, its values were changed or damaged: {mend}")
    return _library(file, text, content, computed)


def sealed(file: str, data: bytes) -> bytes:
    """Return a library's file with the checksum of its values in it; comments and the order of lines stay.

    Raises:
        FileError: where it is no library, or sets its checksum in a way that can't be replaced.
    """
    text = text_of(file, data, MOST_BYTES)
    content = content_of(text, file, FORMAT)
    content.pop(_CHECKSUM, None)
    checksum = _checksum(file, content)
    _library(file, text, content, checksum)
    line = f'{_CHECKSUM} = "{checksum}"'
    made, count = re.subn(rf"^{_CHECKSUM}[ \t]*=.*$", line, text, count=1, flags=re.MULTILINE)
    if not count:
        made = re.sub(r"^(format[ \t]*=.*)$", rf"\1\n{line}", text, count=1, flags=re.MULTILINE)
    try:
        read_library(file, made.encode())
    except FileError as error:
        said = f'write format = {FORMAT} and {_CHECKSUM} = "" on lines of their own at the top'
        raise FileError(f"{file} has no place for its checksum: {said}") from error
    return made.encode()


def _checksum(file: str, content: dict[str, Any]) -> str:
    """Return the SHA-256 of what a file says, whatever its comments, its spaces and the order of its keys.

    Raises:
        FileError: where it has a number that is longer than Python prints: in hexadecimal, that is taken.
    """
    try:
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    except ValueError as error:
        raise FileError(f"{file}: a number in it has too many digits") from error
    return sha256(canonical.encode()).hexdigest()


def _library(file: str, text: str, content: dict[str, Any], checksum: str) -> Library:
    top = Table(file, text, content)
    top.check_keys(("name", "drugs"), "a part of a drug library")
    name = top.read("name", check_name, '"my-library"')
    drugs = {key: _drug(key, table) for key, table in top.table("drugs").tables()}
    if not drugs:
        raise FileError(f"{file} has no drug: begin one with [drugs.baclofen]")
    return Library(name, checksum, drugs)


def _drug(name: str, table: Table) -> Drug:
    try:
        check_name(name)
    except ValueError as error:
        raise table.error(str(error)) from error
    known = ("concentrations", "source", "screening", "titration", *_RANGES)
    table.check_keys(known, "a part of a drug")
    ranges = {key: _range(table.table(key), parse, example) for key, (parse, example) in _RANGES.items()}
    concentrations = table.read_list("concentrations", _concentration, '["500 ug/mL"]')
    if not 1 <= len(set(concentrations)) == len(concentrations) <= MOST_CONCENTRATIONS:
        said = f"concentrations are 1 to {MOST_CONCENTRATIONS}, each once"
        raise table.error(said, "concentrations")
    return Drug(
        name=name,
        concentrations_ug_ml=tuple(sorted(concentrations)),
        source=table.read("source", _source, '"assumption"'),
        **ranges,
        screening=_screening(table.table("screening"), concentrations) if "screening" in table else None,
        titration=_titration(table.table("titration")),
    )


def _screening(table: Table, concentrations: tuple[int, ...]) -> Screening:
    table.check_keys(("concentration", "dose", "interval", "source"), "a part of a screening trial")
    concentration = table.read("concentration", _concentration, '"50 ug/mL"')
    if concentration not in concentrations:
        raise table.error("it is none of the drug's concentrations", "concentration")
    return Screening(
        concentration,
        _range(table.table("dose"), parse_mass, '"50 ug"'),
        table.read("interval", _span, '"24 h"'),
        table.read("source", _source, '"assumption"'),
    )


def _titration(table: Table) -> dict[PatientClass, Titration]:
    table.check_keys(tuple(PatientClass), "a class of patients")
    found: dict[PatientClass, Titration] = {}
    for key, rules in table.tables():
        rules.check_keys(("step_up", "interval", "first_increase", "source"), "a part of a titration")
        found[PatientClass(key)] = Titration(
            _range(rules.table("step_up"), _percent, '"20 %"'),
            rules.read("interval", _span, '"24 h"'),
            rules.read("first_increase", _span, '"24 h"'),
            rules.read("source", _source, '"assumption"'),
        )
    if not found:
        raise table.error(f"it has no class of patients: {', '.join(PatientClass)}")
    return found


def _range(table: Table, parse: Callable[[str], int], example: str) -> Range:
    """Read five bounds, and hold each against the next."""
    table.check_keys((*_BOUNDS, "source"), "a bound")
    bounds = {key: table.read(key, parse, example) for key in _BOUNDS}
    for lower, upper in pairwise(_BOUNDS):
        if bounds[lower] > bounds[upper]:
            raise table.error(f"{upper} is below {lower}: {' <= '.join(_BOUNDS)} is wanted", upper)
    if bounds["upper_hard"] > _FOUR_BYTES:
        raise table.error("it is more than a pump can be told", "upper_hard")
    return Range(**bounds, source=table.read("source", _source, '"assumption"'))


def check_name(text: str) -> str:
    """Return the name of a library or a drug.

    Raises:
        ValueError: where it can't be one.
    """
    if not NAME.fullmatch(text):
        raise ValueError("a name has 1 to 24 small letters, digits and hyphens")
    return text


def _source(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    if len(text) > _LONGEST_SOURCE or not (text.isascii() and text.isprintable()):
        raise ValueError(f"a source has at most {_LONGEST_SOURCE} plain characters")
    return text


def _concentration(text: str) -> int:
    value = parse_concentration(text)
    if not 1 <= value <= _TWO_BYTES:
        raise ValueError(f"a concentration is 1 to {_TWO_BYTES} ug/mL")
    return value


def _span(text: str) -> int:
    value = parse_span(text)
    if value > _FOUR_BYTES:
        raise ValueError(f"a span is {_FOUR_BYTES} s at the most")
    return value


_percent = partial(parse_percent, most=_TWO_BYTES)
_BOUNDS = ("lower_hard", "lower_soft", "typical", "upper_soft", "upper_hard")
_RANGES: dict[str, tuple[Callable[[str], int], str]] = {
    "daily_dose": (parse_dose, '"300 ug/day"'),
    "step_down": (parse_percent, '"20 %"'),
    "bolus_dose": (parse_mass, '"50 ug"'),
    "bolus_duration": (parse_span, '"10 min"'),
}
