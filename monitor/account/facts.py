"""What an account consists of. Frozen, and without a word of HTML: whoever wants another form of it starts here."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.account.alarms import Episode
    from monitor.account.changes import Deed
    from monitor.account.gaps import Gap
    from monitor.history.chain import Entry
    from monitor.history.told import Pump
    from monitor.trends.points import Points
    from protocol.messages import EventRecord


class Period(NamedTuple):
    """From one instant to another, itself no more; this host's calendar clock, ms."""

    from_ms: int
    to_ms: int

    @property
    def seconds(self) -> int:
        """How long it is."""
        return (self.to_ms - self.from_ms) // 1_000


class Who(NamedTuple):
    """Who a pump said it is; volumes in nL."""

    model: str
    firmware: str
    capacity_nl: int
    low_reservoir_nl: int
    residual_nl: int


class Sample(NamedTuple):
    """What was read at one end of the period; the columns of the history, None where a minute or an hour is all that is kept.

    Attributes:
        at_ms: when, this host's calendar clock.
        span_s: how long what it sums up lasted; 0 for a single reading.
    """

    at_ms: int
    span_s: int
    commanded_rate_nl_h: int
    measured_rate_nl_h: int
    reservoir_nl: int
    sensed_nl: int
    battery_percent: int
    state: int | None = None
    mode: int | None = None
    revision: int | None = None
    delivered_nl: int | None = None
    clock_s: int | None = None
    pump_time_us: int | None = None


class Readings(NamedTuple):
    """What was read.

    Attributes:
        total: how many, those that were folded included.
        first: at the start.
        last: at the end.
        battery: least and most, %.
    """

    total: int
    first: Sample
    last: Sample
    battery: tuple[int, int]


class Injected(NamedTuple):
    """Faults that a bench injected.

    Attributes:
        from_ms: since when, as the monitor was told; this host's calendar clock.
        to_ms: until when; None where they still were at the end.
        faults: how many.
        names: which, as the bench words it; empty where it did not say.
    """

    from_ms: int
    to_ms: int | None
    faults: int
    names: str


class Instant(NamedTuple):
    """A reading, as one that places entries of the pump's log on this host's clock.

    Attributes:
        pump_us: the pump's time.
        host_ms: this host's calendar clock.
        newest_event: the newest entry of the pump's log then.
    """

    pump_us: int
    host_ms: int
    newest_event: int


class Verdict(NamedTuple):
    """Whether the record holds.

    Attributes:
        broken: the first thing that does not hold, for a person; empty where all does.
        records: of the audit trail, in the whole file.
        head: the hash of the newest, hexadecimal.
        readings: whose chain was checked, in the whole file.
    """

    broken: str
    records: int
    head: str
    readings: int


@dataclass(frozen=True, slots=True)
class Account:
    """All that the history has of one pump within a period.

    Attributes:
        pump: whose.
        history: the name of the file.
        bench_key: whether it was had with the published bench key, so that anybody could have answered.
        period: of it.
        who: what the pump said of itself; None where the history was not told.
        other_memories: how many other memories the pump was met with: what is known of those is not in here.
        readings: what was read.
        points: the same, for drawing.
        quiet_ms: after so long without a reading, readings are missing.
        gaps: in which nothing was read, oldest first.
        more_gaps: shorter ones that were left out.
        alarms: that were active within the period.
        deeds: changes that were meant here.
        others: changes in the pump's log that were not made from here.
        acts: what else was done here, oldest first.
        events: the pump's log, oldest first.
        more_events: older entries that were left out.
        times: of some readings, oldest first, to place an entry of the log on this host's clock.
        injected: faults.
        told_since_ms: since when the history is told of injected faults; None where it never was.
        verdict: whether the record holds.
    """

    pump: Pump
    history: str
    bench_key: bool
    period: Period
    who: Who | None
    other_memories: int
    readings: Readings
    points: Points
    quiet_ms: int
    gaps: tuple[Gap, ...]
    more_gaps: int
    alarms: tuple[Episode, ...]
    deeds: tuple[Deed, ...]
    others: tuple[EventRecord, ...]
    acts: tuple[Entry, ...]
    events: tuple[EventRecord, ...]
    more_events: int
    times: tuple[Instant, ...]
    injected: tuple[Injected, ...]
    told_since_ms: int | None
    verdict: Verdict

    def host_ms(self, entry: EventRecord) -> int | None:
        """Return about when an entry was logged by this host's clock, ms; None where no readings lie around it."""
        return between(self.times, entry)


def between(times: Sequence[Instant], entry: EventRecord) -> int | None:
    """Return when an entry was logged, between the readings of which the one did not count it yet, and the other did.

    How far between, the pump's time tells; where that stood, it is the later one. None outside of all readings.
    """
    for before, after in pairwise(times):
        if before.newest_event < entry.number <= after.newest_event:
            passed_us, whole_us = entry.pump_time_us - before.pump_us, after.pump_us - before.pump_us
            if not 0 <= passed_us < whole_us:
                return after.host_ms
            return before.host_ms + passed_us * (after.host_ms - before.host_ms) // whole_us
    return None
