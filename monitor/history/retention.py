"""How long what is kept: readings for a week, a span a minute for a year, a span an hour for ever; the trail and the log for ever.

Of many pumps the readings of a week are too many: a million is kept as it is, whosever they are.

Pure: readings and shorter spans are folded into longer ones, sums and extremes exact. The store does it a chunk at a
time, each in one transaction, so that no reading waits for it and none is ever counted twice or lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from monitor.history.chain import KEPT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.history.chain import Row

MINUTE_S, HOUR_S = 60, 3_600
_MS_A_DAY = 86_400_000
KEEP_READINGS_MS = 7 * _MS_A_DAY  # 50 MB at a reading a second
MOST_READINGS = 1_000_000  # 80 MB; of a thousand pumps at a reading a second a quarter of an hour
KEEP_MINUTES_MS = 365 * _MS_A_DAY  # 40 MB a year
CHUNK = 10_000  # rows a transaction: some 100 ms
_SLACK_MS = _MS_A_DAY  # what was stamped later than that from now, was by a clock that stood wrong


class Span(NamedTuple):
    """What was read of a pump within a minute or an hour; the columns of the table, in their order.

    Attributes:
        pump: which one, as the file numbers them.
        step_s: its length.
        start_ms: its beginning, a multiple of its length, this host's calendar clock.
        readings: how many.
        commanded_rate_nl_h: by the last of them, as are the volumes and the charge.
        measured_least_nl_h: the lowest measured rate.
        measured_most_nl_h: the highest.
        measured_sum_nl_h: of all: over `readings`, the mean.
        reservoir_nl: expected.
        sensed_nl: by the level sensor.
        battery_percent: charge left.
        alarms: those that were active in any, a bit each.
    """

    pump: int
    step_s: int
    start_ms: int
    readings: int
    commanded_rate_nl_h: int
    measured_least_nl_h: int
    measured_most_nl_h: int
    measured_sum_nl_h: int
    reservoir_nl: int
    sensed_nl: int
    battery_percent: int
    alarms: int

    def lengthened(self, step_s: int) -> Span:
        """Return the longer span that this one lies in, with what is known of it from this one."""
        return self._replace(step_s=step_s, start_ms=_start(self.start_ms, step_s))

    def and_then(self, later: Span) -> Span:
        """Return one span of two that begin together, of which the other was read later."""
        return later._replace(
            readings=self.readings + later.readings,
            measured_least_nl_h=min(self.measured_least_nl_h, later.measured_least_nl_h),
            measured_most_nl_h=max(self.measured_most_nl_h, later.measured_most_nl_h),
            measured_sum_nl_h=self.measured_sum_nl_h + later.measured_sum_nl_h,
            alarms=self.alarms | later.alarms,
        )


def is_due(wall_ms: int, now_ms: int) -> bool:
    """Tell whether a reading is kept no longer as it is, by this host's calendar clock."""
    return not now_ms - KEEP_READINGS_MS <= wall_ms <= now_ms + _SLACK_MS


def minutes_due_before(now_ms: int) -> int:
    """Return before which instant the spans of a minute are folded into hours."""
    return _start(now_ms - KEEP_MINUTES_MS, HOUR_S)


_COLUMN = {name: 3 + index for index, name in enumerate(KEPT)}


def span_of(row: Row) -> Span:
    """Return a stored reading as the minute that it lies in."""
    figures = {name: int(row[column]) for name, column in _COLUMN.items()}
    measured = figures["measured_rate_nl_h"]
    return Span(
        int(row[1]),
        MINUTE_S,
        _start(int(row[2]), MINUTE_S),
        1,
        figures["commanded_rate_nl_h"],
        measured,
        measured,
        measured,
        figures["reservoir_nl"],
        figures["sensed_nl"],
        figures["battery_percent"],
        figures["alarms"],
    )


def folded(spans: Iterable[Span]) -> list[Span]:
    """Return one span for all that begin together, those of each in the order in which they were read."""
    found: dict[tuple[int, int, int], Span] = {}
    for span in spans:
        key = span[:3]
        before = found.get(key)
        found[key] = span if before is None else before.and_then(span)
    return list(found.values())


def _start(at_ms: int, step_s: int) -> int:
    return at_ms - at_ms % (step_s * 1_000)
