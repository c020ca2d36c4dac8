"""Instants as the labels of an axis: hours on a short one, dates on a long one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

HOURS_S: Final = 2 * 86_400  # axes up to this are labelled with hours, longer ones with dates
_YEAR_S: Final = 300 * 86_400  # a date that is further away bears its year
_LAST_S: Final = 253_402_300_799  # the last second of the year 9999, where the calendar ends


def label(at_s: int, now_s: int, span_s: int) -> str:
    """Write an instant of a calendar clock at an axis of so many seconds: "14:30", "12 Dec", with its year where it is far."""
    if not 0 <= at_s <= _LAST_S:
        return ""
    instant = datetime.fromtimestamp(at_s, UTC)
    if span_s <= HOURS_S:
        return f"{instant:%H:%M}"
    return f"{instant.day} {instant:%b}" + (f" {instant.year}" if abs(at_s - now_s) > _YEAR_S else "")


def stamp(at_ms: int) -> str:
    """Write an instant for a program: "2026-11-29T14:30:00.000Z"."""
    instant = datetime.fromtimestamp(at_ms // 1_000, UTC)
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{at_ms % 1_000:03}Z"
