"""What the fleet's table says of each pump: what is the matter, in a word, and how urgent that is. Pure functions.

A row follows from a snapshot, the bench's limits and whether the reading is live; only its age depends on who looks when.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.judgement import S_PER_DAY, AlarmLine, alarm_lines, is_live, seconds_to_low
from monitor.snapshot import Link
from protocol.alarms import Priority
from protocol.units import format_span, ml
from protocol.vocabulary import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from monitor.fleet.bench_file import Limits, Member
    from monitor.snapshot import Snapshot
    from protocol.messages import Status

REFILL_DAYS: Final = 14
_NEVER: Final = 1 << 62
_WORDS: Final = re.compile(r"\w+")
_HOUR_S: Final = 3_600
_LOW: Final = {"low_reservoir", "empty_reservoir", "low_by_volume"}
_BATTERY: Final = {"eri", "eos"}


@dataclass(frozen=True, slots=True)
class Row:
    """One pump, judged.

    Attributes:
        number: its place in the fleet.
        name: what it is called: by the bench, or else its serial number, or else its port.
        place: where it stands; empty where nobody said.
        snapshot: what is known.
        live: whether the reading may be shown as the present.
        lines: what must be acted on, the most urgent first.
        state: a few words.
        low_s: seconds until the reservoir is low, 0 where it is; None where it never will be, or nobody knows.
        priority: how soon somebody must act; None where nobody must.
        seen: whether somebody has acknowledged everything.
        lost: whether there is no link, or its readings come too late to be the present.
    """

    number: int
    name: str
    place: str
    snapshot: Snapshot
    live: bool
    lines: tuple[AlarmLine, ...]
    state: str
    low_s: int | None
    priority: Priority | None
    seen: bool
    lost: bool

    @property
    def status(self) -> Status | None:
        """The newest status, however old; None before the first."""
        return None if self.snapshot.reading is None else self.snapshot.reading.status

    @property
    def serial_number(self) -> str:
        """Whose row it is; empty before the pump has said so."""
        if self.snapshot.reading is not None:
            return self.snapshot.reading.serial_number
        return "" if self.snapshot.identity is None else self.snapshot.identity.serial_number

    def age_s(self, now_ns: int) -> int | None:
        """Return the whole seconds since the reading; None before the first."""
        reading = self.snapshot.reading
        return None if reading is None else reading.age_ms(now_ns) // 1_000


class Judge:
    """Keeps the rows of a fleet up to date: only what has changed is judged again.

    Args:
        members: the pumps.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = members
        self._rows: list[Row | None] = [None] * len(members)

    def rows(self, snapshots: Sequence[Snapshot], now_ns: int) -> list[Row]:
        """Return a row a pump, in the order of the bench."""
        return [self._row(number, snapshot, now_ns) for number, snapshot in enumerate(snapshots)]

    def _row(self, number: int, snapshot: Snapshot, now_ns: int) -> Row:
        live = is_live(snapshot, now_ns)
        before = self._rows[number]
        if before is not None and before.snapshot is snapshot and before.live is live:
            return before
        row = self._rows[number] = judged(number, self._members[number], snapshot, now_ns)
        return row


def judged(number: int, member: Member, snapshot: Snapshot, now_ns: int) -> Row:
    """Judge one pump."""
    identity = snapshot.identity
    name = member.name or member.url
    if not member.name and identity is not None:
        name = identity.serial_number
    low_s = None if snapshot.reading is None else seconds_to_low(snapshot.reading.status)
    lines = _lines(snapshot, member.limits, low_s, now_ns)
    live = is_live(snapshot, now_ns)
    return Row(
        *(number, name, member.place, snapshot, live, lines, _state(snapshot, lines), low_s),
        priority=max((line.priority for line in lines), default=None),
        seen=all(line.acknowledged for line in lines),
        lost=snapshot.link is Link.LOST or (snapshot.reading is not None and not live),
    )


def _lines(snapshot: Snapshot, limits: Limits, low_s: int | None, now_ns: int) -> tuple[AlarmLine, ...]:
    lines = alarm_lines(snapshot, now_ns)
    if snapshot.reading is None:
        return lines
    status = snapshot.reading.status
    found = {line.key for line in lines}
    own = []
    if status.reservoir_nl <= limits.low_nl and not found & _LOW:
        text = f"{ml(status.reservoir_nl)} mL left, the bench's own limit is {ml(limits.low_nl)} mL"
        own.append(AlarmLine("low_by_bench", None, Priority.MEDIUM, "LOW RESERVOIR", text, None, False))
    elif low_s is not None and low_s <= limits.soon_s and not found & (_LOW | {"refill_soon"}):
        text = f"low in {format_span(low_s)} at the present rate"
        own.append(AlarmLine("refill_soon", None, Priority.LOW, "REFILL SOON", text, None, False))
    if status.battery_percent <= limits.battery_percent and not found & _BATTERY:
        text = f"{status.battery_percent} %, the bench's own limit is {limits.battery_percent} %"
        own.append(AlarmLine("battery_by_bench", None, Priority.LOW, "BATTERY LOW", text, None, False))
    if not own:
        return lines
    return tuple(sorted((*lines, *own), key=lambda line: (line.acknowledged, -line.priority)))


def _state(snapshot: Snapshot, lines: tuple[AlarmLine, ...]) -> str:
    if lines:
        more = f" +{len(lines) - 1}" if len(lines) > 1 else ""
        return f"{lines[0].title.lower()}{more}"
    if snapshot.reading is None:
        return "connecting"
    status = snapshot.reading.status
    said = status.state if status.mode is Mode.PROGRAM else status.mode
    return said.name.lower().replace("_", " ")


# --- in which order, which of them, and how many -----------------------------------------------------------------------


def _urgency(row: Row) -> tuple[int, bool, bool, int, int]:
    return (-(row.priority or 0), row.seen, not row.lost, _low_first(row), row.number)


def _low_first(row: Row) -> int:
    """Return whole hours, so that pumps that get low together do not change places with every reading."""
    return _NEVER if row.low_s is None else row.low_s // _HOUR_S


def _oldest_first(row: Row) -> tuple[int, int]:
    """Return what sorts by age; readings of the present are all of one age, so that nothing changes places for nothing."""
    if row.live:
        return (_NEVER, row.number)
    return (0 if row.snapshot.reading is None else row.snapshot.reading.asked_ns, row.number)


# What a table can be sorted by, in the order in which a key goes through them.
ORDERS: Final[Mapping[str, Callable[[Row], tuple[object, ...]]]] = {
    "urgency, then days to low": _urgency,
    "days to low": lambda row: (_low_first(row), row.number),
    "place, then name": lambda row: (row.place.casefold(), row.name.casefold(), row.number),
    "name": lambda row: (row.name.casefold(), row.number),
    "age, oldest first": _oldest_first,
}
BY_URGENCY: Final = next(iter(ORDERS))


def ordered(rows: Iterable[Row], order: str) -> list[Row]:
    """Return the rows in one of `ORDERS`."""
    return sorted(rows, key=ORDERS[order])


def matches(row: Row, wanted: str) -> bool:
    """Tell whether each word or number that was typed begins one in the row's name, serial number, place or state."""
    said = _WORDS.findall(f"{row.name} {row.serial_number} {row.place} {row.state}".casefold())
    return all(any(word.startswith(start) for word in said) for start in _WORDS.findall(wanted.casefold()))


def needs_a_hand(row: Row) -> bool:
    """Tell whether somebody must act: an alarm, or no live reading."""
    return bool(row.lines) or not row.live


@dataclass(frozen=True, slots=True)
class Counts:
    """How a fleet stands.

    Attributes:
        pumps: how many there are.
        by_priority: how many are at each priority, by their worst alarm.
        normal: how many run, are live, and want nothing.
        lost: how many have no link.
        waiting: how many have not been read yet and have not failed to be.
        faulty: into how many a bench injects faults.
        due: for each of the next 14 days, how many get low in it; the first also counts those that are.
    """

    pumps: int
    by_priority: Mapping[Priority, int]
    normal: int
    lost: int
    waiting: int
    faulty: int
    due: tuple[int, ...]


def counted(rows: Sequence[Row]) -> Counts:
    """Count the rows."""
    priorities = Counter(priority for row in rows if (priority := row.priority) is not None)
    due = Counter(row.low_s // S_PER_DAY for row in rows if row.low_s is not None)
    return Counts(
        pumps=len(rows),
        by_priority=priorities,
        normal=sum(not needs_a_hand(row) for row in rows),
        lost=sum(row.lost for row in rows),
        waiting=sum(row.snapshot.reading is None and not row.lost for row in rows),
        faulty=sum(row.status is not None and row.status.bench_faults > 0 for row in rows),
        due=tuple(due[day] for day in range(REFILL_DAYS)),
    )
