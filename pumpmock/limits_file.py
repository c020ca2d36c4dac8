"""The limits that a pump is configured with: the bench's own, none, or those of a TOML file.

No message sets a limit; this file, beside the pump, is the only way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from protocol.strict_toml import FileError, content_of, line_of
from protocol.units import parse_dose, parse_percent, parse_rate, parse_span, parse_volume
from pumpmock.model.settings import check_limits
from pumpmock.toml_file import Entry, check_known, figure_in, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
_MOST_PERCENT = 0xFFFF  # two bytes on the wire

# What a pump on the bench is held to, by the names of Settings; its range of rates is its own. All figures are assumptions:
# a change of 40 % and the doses are what is told of intrathecal baclofen, and three in ten minutes follows R6.5.0(18) of the
# Open PCA Pump Requirements v1.0.0, which locks after as many alike alarms.
BENCH_LIMITS: dict[str, int] = {
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
NO_LIMITS: dict[str, int] = dict.fromkeys(BENCH_LIMITS, 0)


@dataclass(frozen=True, slots=True)
class LimitSet:
    """Limits by the names of `Settings`, and what to call them.

    Attributes:
        name: "bench", "none", or the path of the file.
        figures: each limit. The range of rates is in it where the file gives one; else it is the pump's own.
    """

    name: str
    figures: Mapping[str, int]


BENCH = LimitSet("bench", BENCH_LIMITS)
NONE = LimitSet("none", NO_LIMITS)


_percent = partial(parse_percent, most=_MOST_PERCENT)
_ENTRIES = {
    "least_rate": Entry("least_rate_nl_h", parse_rate, '"0.048 mL/day"'),
    "most_rate": Entry("most_rate_nl_h", parse_rate, '"24 mL/day"'),
    "minimum_rate": Entry("minimum_rate_nl_h", parse_rate, '"0.006 mL/day"'),
    "step_up": Entry("step_up_percent", _percent, '"40 %"'),
    "step_down": Entry("step_down_percent", parse_percent, '"50 %"'),
    "day_up": Entry("day_up_percent", _percent, '"100 %"'),
    "least_dose": Entry("least_dose_ug_day", parse_dose, '"12 ug/day"'),
    "most_dose": Entry("most_dose_ug_day", parse_dose, '"2003 ug/day"'),
    "most_bolus": Entry("most_bolus_nl", parse_volume, '"0.1 mL"'),
    "most_day": Entry("most_day_nl", parse_volume, '"2 mL"'),
    "lockout": Entry("lockout_s", parse_span, '"60 s"'),
    "refusals_allowed": Entry("refusals_allowed", None, "3"),
    "refusal_window": Entry("refusal_window_s", parse_span, '"10 min"'),
    "lock": Entry("lock_s", parse_span, '"10 min"'),
}


def limits_named(text: str) -> LimitSet:
    """Return the limits in the file of this name; of "none", none.

    Raises:
        ValueError: where there is no such file, or it can't be taken, with a sentence that says why.
    """
    if text == NONE.name:
        return NONE
    try:
        return read_limits(Path(text))
    except OSError as error:
        raise ValueError(f"{text}: {error.strerror or error}") from error


def read_limits(path: Path) -> LimitSet:
    """Return the limits in a file; those it leaves out are the bench's, and the range of rates the pump's own.

    Raises:
        FileError: where the file is not one of limits, or contradicts itself.
        OSError: where it can't be read.
    """
    text = read_text(path, "a file of limits")
    content = content_of(text, str(path), FORMAT)
    figures = dict(BENCH_LIMITS)
    for key, value in content.items():
        try:
            figure = _figure(key, value)
        except ValueError as error:
            raise FileError(f"{path}{line_of(text, key)}: {error}") from error
        figures[_ENTRIES[key].name] = figure
    try:
        check_limits(figures)
    except ValueError as error:
        raise FileError(f"{path}: the limits contradict one another: {error}") from error
    return LimitSet(str(path), figures)


def _figure(key: str, value: object) -> int:
    check_known(key, _ENTRIES, "a limit")
    entry = _ENTRIES[key]
    return figure_in(key, value, entry.parse, f"{key} = {entry.example}")
