"""Weekdays, times of the day and a day's pattern, as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from monitor.kinds.ground import MINUTES_PER_HOUR
from protocol.messages import EVERY_DAY, MINUTES_A_DAY, STEPS_A_DAY, Step
from protocol.strict_toml import meant, shown
from protocol.units import parse_rate

if TYPE_CHECKING:
    from monitor.kinds.ground import Pattern

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NOW = "now"
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?")
_BETWEEN = re.compile(
    r",(?:\s+|(?=[0-9]+:)|$)"
)  # a decimal comma is a slip within a step, not the end of one
_MOST_CLOCK_S = 0xFFFF_FFFF  # in 2106 the field of the wire ends


def parse_days(text: str) -> int:
    """Read weekdays such as "all", "Mon-Fri" or "Sat, Sun" as a bit a weekday, Monday lowest.

    Raises:
        ValueError: with a sentence that says how to write it.
    """
    cleaned = text.strip()
    if cleaned.lower() == "all":
        return EVERY_DAY
    if not cleaned:
        raise ValueError('no weekday is named: write "all", "Mon-Fri" or "Sat, Sun", say')
    bits = 0
    for part in cleaned.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        begin, end = _weekday(first), _weekday(last if dash else first)
        if end < begin:
            raise ValueError(f"{shown(part.strip())} goes back in the week: name the days one by one")
        for day in range(begin, end + 1):
            bits |= 1 << day
    return bits


def days_text(weekdays: int) -> str:
    """Write a bit a weekday: "all", "Mon-Fri", "Mon,Sat"."""
    if weekdays == EVERY_DAY:
        return "all"
    named = [day for day in range(len(WEEKDAYS)) if weekdays >> day & 1]
    if len(named) > 2 and all(b == a + 1 for a, b in pairwise(named)):  # noqa: PLR2004 - of two days both are named
        return f"{WEEKDAYS[named[0]]}-{WEEKDAYS[named[-1]]}"
    return ",".join(WEEKDAYS[day] for day in named)


def parse_steps(text: str) -> Pattern:
    """Read a day's pattern such as "00:00 0.5 mL/day, 06:00 0.6 mL/day": the first step is at 00:00, and they rise.

    Raises:
        ValueError: with a sentence that says which step is wrong, and how to write it.
    """
    steps: list[Step] = []
    for part in (part for part in _BETWEEN.split(text) if part.strip()):
        try:
            steps.append(parse_step(part))
        except ValueError as error:
            raise ValueError(f"step {len(steps) + 1}: {error}") from error
    check_pattern(tuple(steps))
    return tuple(steps)


def parse_step(text: str) -> Step:
    """Read one step such as "06:00 0.6 mL/day"; as `parse_steps`."""
    time, _, rate = text.strip().partition(" ")
    matched = _TIME.fullmatch(time)
    if matched is None:
        raise ValueError(f'{shown(time)} is not a time of the day: write "06:00", say')
    return Step(int(matched[1]) * MINUTES_PER_HOUR + int(matched[2]), parse_rate(rate))


def check_pattern(steps: Pattern) -> None:
    """Refuse what is no day's pattern.

    Raises:
        ValueError: with the rule that it breaks.
    """
    if not steps:
        raise ValueError('a pattern has a step at least: write "00:00 0.5 mL/day", say')
    if len(steps) > STEPS_A_DAY:
        raise ValueError(f"a day has {STEPS_A_DAY} steps at the most, these are {len(steps)}")
    if steps[0].minute:
        raise ValueError(
            f"the first step is at {time_text(steps[0].minute)}, and the day begins at 00:00: say what flows from there"
        )
    for before, after in pairwise(steps):
        if after.minute <= before.minute:
            said = f"{time_text(after.minute)} stands after {time_text(before.minute)}"
            raise ValueError(f"{said}: the steps of a day rise")


def time_text(minute: int) -> str:
    """Write a minute of the day: "06:00"."""
    return f"{minute // MINUTES_PER_HOUR:02d}:{minute % MINUTES_PER_HOUR:02d}"


def even_rate(steps: Pattern, *, up: bool = False) -> int:
    """Return the even rate in nL/h that delivers what a day's pattern does, rounded down, or up."""
    ends = [*(step.minute for step in steps[1:]), MINUTES_A_DAY]
    volume = sum(step.rate_nl_h * (end - step.minute) for step, end in zip(steps, ends, strict=True))
    return -(-volume // MINUTES_A_DAY) if up else volume // MINUTES_A_DAY


def parse_instant(text: str) -> int | None:
    """Read "now" as None, or an instant such as "2026-11-29 12:00", UTC, as seconds since 1970.

    Raises:
        ValueError: with a sentence that says how to write it.
    """
    cleaned = text.strip()
    if cleaned.lower() == NOW:
        return None
    if not _INSTANT.fullmatch(cleaned):
        near = meant(cleaned, (NOW,)) if cleaned.isalpha() else 'write "now" or "2026-11-29 12:00", UTC'
        raise ValueError(f"{shown(cleaned)} is not a time; {near}")
    try:
        instant_s = int(datetime.fromisoformat(cleaned).replace(tzinfo=UTC).timestamp())
    except ValueError as error:
        raise ValueError(f"{shown(cleaned)} is not in the calendar") from error
    if not 0 <= instant_s <= _MOST_CLOCK_S:
        raise ValueError(f"{shown(cleaned)} is beyond the pump's calendar: 1970 to 2106")
    return instant_s


def _weekday(name: str) -> int:
    for day, known in enumerate(WEEKDAYS):
        if name[:3].lower() == known.lower() and name.isalpha():
            return day
    raise ValueError(f"{shown(name)} is not a weekday; {meant(name, WEEKDAYS)}")
