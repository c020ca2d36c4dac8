"""Spans of pump time as a scenario writes them, from milliseconds to years, and instants as a person reads them."""

from __future__ import annotations

import re

from protocol.units import US_PER_DAY, US_PER_H, US_PER_S, QuantityError, parse_age, parse_span

_PART = re.compile(r"(?P<number>[^\sA-Za-z]+) ?(?P<unit>[A-Za-z]+)\s*")
_US_A_MS = 1_000
_DAYS = {"day": "days", "days": "days", "year": "years", "years": "years"}


def parse_time(text: str) -> int:
    """Read a span such as "10 min", "300 ms" or "40 days 2 h 30 min" as microseconds.

    Raises:
        QuantityError: with a sentence that says how to write it.
    """
    cleaned = text.strip()
    parts = list(_PART.finditer(cleaned))
    if not parts or "".join(part[0] for part in parts) != cleaned:
        parse_span(cleaned)  # says what is wrong with it
        raise QuantityError(f'"{cleaned[:40]}" is not a span of time: write it like "40 days 2 h"')
    return sum(_part_us(part["number"], part["unit"]) for part in parts)


def _part_us(number: str, unit: str) -> int:
    if unit == "ms":
        return parse_span(f"{number} s") * _US_A_MS
    if unit in _DAYS:
        return parse_age(f"{number} {_DAYS[unit]}") * US_PER_H
    return parse_span(f"{number} {unit}") * US_PER_S


def time_text(time_us: int) -> str:
    """Return pump time as a person reads it: "41 d 17:05:00", with microseconds where there are any."""
    days, rest_us = divmod(time_us, US_PER_DAY)
    seconds, us = divmod(rest_us, US_PER_S)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    fraction = f".{us:06}" if us else ""
    return f"{f'{days} d ' if days else ''}{hour:02}:{minute:02}:{second:02}{fraction}"
