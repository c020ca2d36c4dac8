"""Instants of this host's calendar in the words of a page: local time, whose offset stands beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from monitor.account.tags import tag
from monitor.trends.times import label
from monitor.trends.window import step_s

if TYPE_CHECKING:
    from datetime import tzinfo
    from xml.etree.ElementTree import Element

    from monitor.account.facts import Period

_MS_A_S: Final = 1_000
_LAST_S: Final = 253_402_214_400  # the last day of the year 9999
_MIDNIGHT: Final = "00:00"
_LONG_S: Final = 400 * 86_400  # an axis of that length is labelled with dates
_SHORT_STEPS_S: Final = (1, 2, 5, 10, 15, 30)  # for periods that are shorter than `window.step_s` knows


def local(at_ms: int, zone: tzinfo | None) -> datetime:
    """Return an instant in a zone; in this host's where that is None, each by the offset that held then.

    What lies beyond the calendar, where only a clock that stood wrong can be, is brought to its edge.
    """
    return datetime.fromtimestamp(min(max(at_ms // _MS_A_S, 0), _LAST_S), UTC).astimezone(zone)


def instant(at_ms: int, zone: tzinfo | None) -> str:
    """Write an instant: "2026-11-29 14:30:05"."""
    return f"{local(at_ms, zone):%Y-%m-%d %H:%M:%S}"


def time(at_ms: int, zone: tzinfo | None) -> Element:
    """Return an instant as an element that a program can read as well."""
    return tag("time", instant(at_ms, zone), datetime=local(at_ms, zone).isoformat())


def said(period: Period, zone: tzinfo | None) -> str:
    """Write a period: "29 Nov 2026, 10:00:03 to 14:30:05", with both dates where it has two."""
    begin, end = local(period.from_ms, zone), local(period.to_ms, zone)
    if begin.date() == end.date():
        return f"{_date(begin)}, {begin:%H:%M:%S} to {end:%H:%M:%S}"
    return f"{_date(begin)}, {begin:%H:%M:%S} to {_date(end)}, {end:%H:%M:%S}"


def zone_name(at_ms: int, zone: tzinfo | None) -> str:
    """Name a zone by its offset at an instant: "UTC+01:00"."""
    offset = f"{local(at_ms, zone):%z}"
    return "UTC" if offset == "+0000" else f"UTC{offset[:3]}:{offset[3:5]}"


def ticks(period: Period, zone: tzinfo | None, most: int) -> list[tuple[int, str]]:
    """Return round instants of local time within a period and what to write at them; at midnight the date."""
    step_ms = _step_s(max(period.seconds, 1), most) * _MS_A_S
    shift_ms = _offset_s(period.from_ms, zone) * _MS_A_S
    first = -(-(period.from_ms + shift_ms) // step_ms) * step_ms - shift_ms
    seconds = step_ms // _MS_A_S in _SHORT_STEPS_S
    return [
        (at_ms, f"{local(at_ms, zone):%H:%M:%S}" if seconds else _tick(at_ms, period, zone))
        for at_ms in range(first, period.to_ms + 1, step_ms)
    ]


def _step_s(seconds: int, most: int) -> int:
    return next((step for step in _SHORT_STEPS_S if seconds <= step * most), step_s(seconds, most))


def _tick(at_ms: int, period: Period, zone: tzinfo | None) -> str:
    at_s, end_s = (one // _MS_A_S + _offset_s(one, zone) for one in (at_ms, period.to_ms))
    written = label(at_s, end_s, period.seconds)
    return label(at_s, end_s, _LONG_S) if written == _MIDNIGHT else written


def _offset_s(at_ms: int, zone: tzinfo | None) -> int:
    offset = local(at_ms, zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _date(when: datetime) -> str:
    return f"{when.day} {when:%b %Y}"
