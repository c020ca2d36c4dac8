"""A past made to order: what a history would tell of a pump, with a refill, a change of rate and a gap in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from monitor.errors import MonitorError
from monitor.trends.points import Points
from tests.monitor.ui.bench import CLOCK_S, STATUS

if TYPE_CHECKING:
    from monitor.ui.trends import Wanted

MS_H = 3_600_000
NOW_MS = CLOCK_S * 1_000
SINCE_MS = NOW_MS - 300 * MS_H  # twelve and a half days
REFILLED_MS = NOW_MS - 264 * MS_H
CHANGED_MS = NOW_MS - 9 * MS_H
GAP_MS = (NOW_MS - 15 * MS_H, NOW_MS - 13 * MS_H)
OLD_NL_H, NEW_NL_H = 18_750, STATUS.commanded_rate_nl_h


class Told(NamedTuple):
    """What a history tells."""

    oldest_ms: int | None
    points: Points


def told(wanted: Wanted) -> Told:
    """Tell the past as a history does: about 512 points, none in the gap."""
    found = Points()
    step_ms = max((wanted.to_ms - wanted.from_ms) // 512, 1_000)
    for number, at_ms in enumerate(range(wanted.from_ms, wanted.to_ms, step_ms)):
        if at_ms >= SINCE_MS and not GAP_MS[0] <= at_ms < GAP_MS[1]:
            rate = OLD_NL_H if at_ms < CHANGED_MS else NEW_NL_H
            volume = volume_at(at_ms)
            spread = 100 + number * 37 % 100  # noise, the same in every run
            ranges = (
                (rate, rate),
                (rate - spread, rate + spread),
                (volume, volume),
                (volume - 90_000, volume),
            )
            found.add(at_ms, min(at_ms + step_ms - 1, wanted.to_ms - 1), ranges, 60_000)
    return Told(SINCE_MS, found)


def volume_at(at_ms: int) -> int:
    """Return the volume that leads to the one of `bench.STATUS`, nL."""
    if at_ms < REFILLED_MS:
        return 3_200_000 + (REFILLED_MS - at_ms) // MS_H * OLD_NL_H
    since_change_h = max(NOW_MS - max(at_ms, CHANGED_MS), 0) // MS_H
    before_h = max(CHANGED_MS - at_ms, 0) // MS_H
    return STATUS.reservoir_nl + since_change_h * NEW_NL_H + before_h * OLD_NL_H


def nothing(_wanted: Wanted) -> Told:
    """Tell that nothing is stored."""
    return Told(None, Points())


def broken(_wanted: Wanted) -> Told:
    """Tell that the disk can't be read."""
    raise MonitorError("its disk reports an error: history.db")
