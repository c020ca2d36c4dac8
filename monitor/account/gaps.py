"""When nothing was read: a lost link, or no monitor that ran; and what the pump's own log has of that time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from monitor.account.facts import Period
    from protocol.messages import EventRecord

MOST: Final = 100  # that are listed one by one, the longest
SESSION_MS: Final = 3_600_000  # readings that are further apart are two sessions: an assumption of this tool
# What is kept as minutes or hours lasts to its end, and the next three may be missing: `history.past` draws by the same rule.
_SEEN: Final = """
SELECT start_ms AS first_ms, start_ms + step_s * 1000 - 1 AS last_ms, NULL AS newest, 3 * step_s * 1000 AS quiet_ms
    FROM spans WHERE pump = :pump AND start_ms >= :from AND start_ms < :to
UNION ALL SELECT wall_ms, wall_ms, newest_event, :quiet
    FROM readings WHERE pump = :pump AND wall_ms >= :from AND wall_ms < :to
"""
_GAPS: Final = f"""
SELECT before_ms, first_ms, before_newest, newest FROM (
    SELECT first_ms, newest, quiet_ms, lag(last_ms) OVER w AS before_ms, lag(newest) OVER w AS before_newest
    FROM ({_SEEN}) WINDOW w AS (ORDER BY first_ms)
) WHERE first_ms - before_ms > quiet_ms ORDER BY first_ms
"""  # noqa: S608 - a table of ours
_SESSION: Final = """
SELECT wall_ms FROM (
    SELECT wall_ms, wall_ms - lag(wall_ms) OVER (ORDER BY wall_ms) AS away_ms FROM readings
    WHERE pump = ? AND wall_ms < ?
) WHERE away_ms IS NULL OR away_ms > ? ORDER BY wall_ms DESC LIMIT 1
"""


class Gap(NamedTuple):
    """A time without a reading.

    Attributes:
        from_ms: the last reading before it, or the beginning of the period; this host's calendar clock.
        to_ms: the first reading after it, or the end of the period.
        from_event: the newest entry of the pump's log at the former; None where it is not known.
        to_event: the same at the latter.
        why: why there was no link, as it was recorded first; empty where nothing was.
    """

    from_ms: int
    to_ms: int
    from_event: int | None = None
    to_event: int | None = None
    why: str = ""

    @property
    def seconds(self) -> int:
        """How long it was."""
        return (self.to_ms - self.from_ms) // 1_000

    def filled(self, log: Sequence[EventRecord]) -> tuple[EventRecord, ...]:
        """Return what the pump logged meanwhile, and was asked for when it answered again."""
        if self.from_event is None or self.to_event is None:
            return ()
        return tuple(one for one in log if self.from_event < one.number <= self.to_event)


def gaps(connection: sqlite3.Connection, pump: int, period: Period, quiet_ms: int, read: Period) -> list[Gap]:
    """Return when nothing was read, oldest first.

    Args:
        connection: to the history.
        pump: which one, as the file numbers them.
        period: within which.
        quiet_ms: after so long without one, readings are missing.
        read: from the first reading within it to the last.
    """
    where = {"pump": pump, "from": period.from_ms, "to": period.to_ms, "quiet": quiet_ms}
    found = [Gap(*row) for row in connection.execute(_GAPS, where)]
    if read.from_ms - period.from_ms > quiet_ms:
        found.insert(0, Gap(period.from_ms, read.from_ms))
    if period.to_ms - read.to_ms > quiet_ms:
        found.append(Gap(read.to_ms, period.to_ms))
    return found


def explained(found: Sequence[Gap], links: Sequence[tuple[int, str]]) -> list[Gap]:
    """Return gaps with the reason that is on record for each.

    Args:
        found: the gaps.
        links: of each link that came or went, when, and why it went, empty for one that came; oldest first.
    """
    return [
        gap._replace(why=next((why for at_ms, why in links if why and gap.from_ms <= at_ms <= gap.to_ms), ""))
        for gap in found
    ]


def longest(found: Sequence[Gap], most: int = MOST) -> tuple[tuple[Gap, ...], int]:
    """Return the longest of them, in their order, and how many were left out."""
    kept = set(sorted(found, key=lambda gap: gap.from_ms - gap.to_ms)[:most])
    return tuple(gap for gap in found if gap in kept), max(len(found) - most, 0)


def session_start(connection: sqlite3.Connection, pump: int, before_ms: int) -> int | None:
    """Return when the session began to which the newest reading before an instant belongs; None where there is no reading."""
    row = connection.execute(_SESSION, (pump, before_ms, SESSION_MS)).fetchone()
    return None if row is None else int(row[0])
