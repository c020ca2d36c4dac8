"""The limits that a pump is configured with: the bench's own, none, or those of a TOML file.

No message sets a limit; this file, beside the pump, is the only way. It is read strictly, since a limit that was mistyped
and silently dropped is worse than none.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from protocol.messages import MOST_RATE_NL_H
from protocol.units import parse_dose, parse_percent, parse_rate, parse_span, parse_volume
from pumpmock.files import read_ordinary
from pumpmock.model.settings import MINIMUM_RATE_NL_H, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FORMAT = 1
_MOST_BYTES = 16_384  # some ten times what all limits take
_MOST_PERCENT = 0xFFFF  # two bytes on the wire

# What a pump on the bench is held to, by the names of Settings. All figures are assumptions, but for the range of rates,
# which is that of such pumps; a change of 40 % and the doses are what is told of intrathecal baclofen, and three in ten
# minutes follows R6.5.0(18) of the Open PCA Pump Requirements v1.0.0, which locks after as many alike alarms.
BENCH_LIMITS: dict[str, int] = {
    "least_rate_nl_h": 2_000,
    "most_rate_nl_h": MOST_RATE_NL_H,
    "minimum_rate_nl_h": MINIMUM_RATE_NL_H,
    "step_up_percent": 40,
    "step_down_percent": 50,
    "day_up_percent": 100,
    "least_dose_ug_day": 12,
    "most_dose_ug_day": 2_003,
    "most_bolus_nl": 0,
    "most_day_nl": 0,
    "lockout_s": 60,
    "refusals_allowed": 3,
    "refusal_window_s": 600,
    "lock_s": 600,
}
NO_LIMITS: dict[str, int] = {name: getattr(Settings(), name) for name in BENCH_LIMITS}


class LimitsFileError(ValueError):
    """A file of limits can't be taken; the message names the file, the line where there is one, and what to write."""


@dataclass(frozen=True, slots=True)
class LimitSet:
    """Limits by the names of `Settings`, and what to call them.

    Attributes:
        name: "bench", "none", or the path of the file.
        figures: each limit.
    """

    name: str
    figures: Mapping[str, int]


BENCH = LimitSet("bench", BENCH_LIMITS)
NONE = LimitSet("none", NO_LIMITS)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A key of the file: which setting, how its text is read, and what it looks like. Without a parser it is a count."""

    setting: str
    parse: Callable[[str], int] | None
    example: str


_percent = partial(parse_percent, most=_MOST_PERCENT)
_ENTRIES = {
    "least_rate": _Entry("least_rate_nl_h", parse_rate, '"0.048 mL/day"'),
    "most_rate": _Entry("most_rate_nl_h", parse_rate, '"24 mL/day"'),
    "minimum_rate": _Entry("minimum_rate_nl_h", parse_rate, '"0.006 mL/day"'),
    "step_up": _Entry("step_up_percent", _percent, '"40 %"'),
    "step_down": _Entry("step_down_percent", parse_percent, '"50 %"'),
    "day_up": _Entry("day_up_percent", _percent, '"100 %"'),
    "least_dose": _Entry("least_dose_ug_day", parse_dose, '"12 ug/day"'),
    "most_dose": _Entry("most_dose_ug_day", parse_dose, '"2003 ug/day"'),
    "most_bolus": _Entry("most_bolus_nl", parse_volume, '"0.1 mL"'),
    "most_day": _Entry("most_day_nl", parse_volume, '"2 mL"'),
    "lockout": _Entry("lockout_s", parse_span, '"60 s"'),
    "refusals_allowed": _Entry("refusals_allowed", None, "3"),
    "refusal_window": _Entry("refusal_window_s", parse_span, '"10 min"'),
    "lock": _Entry("lock_s", parse_span, '"10 min"'),
}


def read_limits(path: Path) -> LimitSet:
    """Return the limits in a file; those it leaves out are the bench's.

    Raises:
        LimitsFileError: where the file is not one of limits, or contradicts itself.
        OSError: where it can't be read.
    """
    text = _text(path)
    try:
        content = tomllib.loads(text)
    except RecursionError as error:
        raise LimitsFileError(f"{path} is not TOML: it is nested too deeply") from error
    except tomllib.TOMLDecodeError as error:
        raise LimitsFileError(f"{path} is not TOML: {error}") from error
    except ValueError as error:  # Python's own, of an integer of thousands of digits
        raise LimitsFileError(f"{path}: a number in it has too many digits") from error
    version = content.pop("format", None)
    if type(version) is not int or version != FORMAT:
        raise LimitsFileError(f"{path} is not of a format that is known: begin it with format = {FORMAT}")
    figures = dict(BENCH_LIMITS)
    for key, value in content.items():
        try:
            entry = _entry(key)
            figures[entry.setting] = _figure(key, value, entry)
        except ValueError as error:
            raise LimitsFileError(f"{path}{_line(text, key)}: {error}") from error
    try:
        Settings(**figures)
    except ValueError as error:
        raise LimitsFileError(f"{path}: the limits contradict one another: {error}") from error
    return LimitSet(str(path), figures)


def _text(path: Path) -> str:
    try:
        data = read_ordinary(path, _MOST_BYTES)
    except ValueError as error:
        raise LimitsFileError(f"{path} can't be a file of limits: {error}") from error
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise LimitsFileError(f"{path} is not text: it must be UTF-8") from error


def _entry(key: str) -> _Entry:
    entry = _ENTRIES.get(key)
    if entry is None:
        near = difflib.get_close_matches(key, _ENTRIES, n=1)
        close = f'did you mean "{near[0]}"?' if near else "known are " + ", ".join(_ENTRIES)
        raise ValueError(f"{_shown(key)} is not a limit; {close}")
    return entry


def _figure(key: str, value: object, entry: _Entry) -> int:
    written = f"write {key} = {entry.example}, say"
    if entry.parse is None:
        if type(value) is not int:
            raise ValueError(f"{key} is not a whole number: {written}")
        return value
    if not isinstance(value, str):
        raise ValueError(f"{key} is not text with a unit: {written}")  # noqa: TRY004 - a slip in a file, not in a call
    try:
        return entry.parse(value)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error


def _line(text: str, key: str) -> str:
    """Say in which line a key is set, where it is set in the plain way."""
    lines = enumerate(text.splitlines(), start=1)
    plain = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[=.\]]""")
    found = next((number for number, line in lines if plain.match(line)), None)
    return "" if found is None else f", line {found}"


def _shown(key: str) -> str:
    clean = "".join(c if c.isprintable() else "?" for c in key[:40])
    return f'"{clean}"'
