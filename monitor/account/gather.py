"""Asks the history for an account. One state of the file for all of it; nothing is written, and no writer waits for long."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Final

from monitor.account import alarms, changes
from monitor.account.facts import Account, Injected, Instant, Period, Readings, Sample, Verdict, Who
from monitor.account.gaps import explained, gaps, longest
from monitor.history import reading
from monitor.history.anchors import applied_changes, compare
from monitor.history.chain import GENESIS, first_break, first_broken_reading
from monitor.history.names import first_misnamed
from monitor.history.past import points_and_quiet
from monitor.history.portrait import BENCH, IDENTIFIED
from monitor.history.retention import HOUR_S, MINUTE_S
from monitor.history.told import whose

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from monitor.history.chain import Break, Entry, Row
    from monitor.history.told import Pump
    from protocol.messages import EventRecord

MOST_EVENTS: Final = 1_000  # entries of the log that a page shows
_TIMES: Final = 512  # instants at which both clocks are known
_STEP: Final = 10_000  # readings from one word of progress to the next
_FIGURES: Final = "commanded_rate_nl_h, {measured}, reservoir_nl, sensed_nl, battery_percent"
_OF_READING: Final = _FIGURES.format(measured="measured_rate_nl_h")
_OF_SPAN: Final = _FIGURES.format(measured="measured_sum_nl_h / readings")
_READING: Final = (
    f"SELECT wall_ms, 0, {_OF_READING}, state, mode, revision, delivered_nl, clock_s, pump_time_us"  # noqa: S608 - columns of ours
    " FROM readings WHERE pump = ? AND wall_ms >= ? AND wall_ms < ? ORDER BY wall_ms {way}, seq {way} LIMIT 1"
)
_SPAN: Final = (
    f"SELECT start_ms, step_s, {_OF_SPAN} FROM spans"  # noqa: S608 - as above
    " WHERE pump = ? AND step_s = ? AND start_ms >= ? AND start_ms < ? ORDER BY start_ms {way} LIMIT 1"
)
_COUNT: Final = (
    "SELECT sum(n), min(least), max(most) FROM ("
    "SELECT count(*) AS n, min(battery_percent) AS least, max(battery_percent) AS most FROM readings"
    " WHERE pump = :pump AND wall_ms >= :from AND wall_ms < :to UNION ALL "
    "SELECT sum(readings), min(battery_percent), max(battery_percent) FROM spans"
    " WHERE pump = :pump AND start_ms >= :from AND start_ms < :to)"
)
_AROUND: Final = (
    "SELECT min(pump_time_us), min(wall_ms), min(newest_event) FROM readings WHERE pump = ? AND wall_ms >= ? AND wall_ms < ?"
    " GROUP BY wall_ms / ? ORDER BY 2"
)
_BEFORE: Final = "SELECT pump_time_us, wall_ms, newest_event FROM readings WHERE pump = ? AND wall_ms < ? ORDER BY wall_ms DESC LIMIT 1"
_EVER_MS: Final = 2**62


def account(
    connection: sqlite3.Connection,
    number: int,
    period: Period,
    history: str,
    *,
    bench_key: bool,
    progress: Callable[[str, int, int], None] = lambda _what, _done, _of: None,
) -> Account | None:
    """Return the account of a pump.

    Args:
        connection: to the history, within a transaction.
        number: which pump, as the file numbers them.
        period: of it.
        history: the name of the file.
        bench_key: whether that holds what was had with the published bench key.
        progress: told what is being done, and how much of it.

    Returns:
        None where nothing was read of it within the period.
    """
    first, last = _sample(connection, number, period, "ASC"), _sample(connection, number, period, "DESC")
    if first is None or last is None:
        return None
    pumps = reading.pumps(connection)
    pump = pumps[number]
    whole = list(reading.entries(connection))
    verdict = _verdict(connection, whole, progress)
    trail = [entry for entry in whole if _is_ours(entry)]
    log = reading.log(connection, number)
    is_before, is_after = _edges(connection, number, period)
    within = [one for one in log if not is_before(one) and not is_after(one)]
    points, quiet_ms = points_and_quiet(connection, number, period.from_ms, period.to_ms)
    read = Period(first.at_ms, last.at_ms + max(last.span_s * 1_000 - 1, 0))
    listed, more_gaps = longest(gaps(connection, number, period, quiet_ms, read))
    links = list(reading.links(connection, number, period.from_ms, period.to_ms))
    verdict, deeds, others = _changes(trail, pump, period, log, within, verdict)
    told = [entry for entry in trail if entry.kind in (IDENTIFIED, BENCH) and whose(entry.facts) == pump]
    return Account(
        pump=pump,
        history=history,
        bench_key=bench_key,
        period=period,
        who=_who(told, period),
        other_memories=sum(one.serial_number == pump.serial_number for one in pumps.values()) - 1,
        readings=_readings(connection, number, period, first, last),
        points=points,
        quiet_ms=quiet_ms,
        gaps=tuple(explained(listed, links)),
        more_gaps=more_gaps,
        alarms=alarms.episodes(log, is_before, is_after),
        deeds=deeds,
        others=others,
        acts=changes.acts(trail, pump, period),
        events=tuple(within[-MOST_EVENTS:]),
        more_events=max(len(within) - MOST_EVENTS, 0),
        times=_times(connection, number, period),
        injected=_injected(told, period),
        told_since_ms=next((entry.wall_ms for entry in told), None),
        verdict=verdict,
    )


def _sample(connection: sqlite3.Connection, pump: int, period: Period, way: str) -> Sample | None:
    """Return the first sample of a period, or by DESC the last: hours are older than minutes, and those than readings."""
    asked = [
        (_SPAN, (pump, HOUR_S, *period)),
        (_SPAN, (pump, MINUTE_S, *period)),
        (_READING, (pump, *period)),
    ]
    for sql, where in asked if way == "ASC" else reversed(asked):
        row = connection.execute(sql.format(way=way), where).fetchone()
        if row is not None:
            return Sample(*row)
    return None


def _readings(
    connection: sqlite3.Connection, pump: int, period: Period, first: Sample, last: Sample
) -> Readings:
    where = {"pump": pump, "from": period.from_ms, "to": period.to_ms}
    count, least, most = connection.execute(_COUNT, where).fetchone()
    return Readings(count, first, last, (least, most))


def _times(connection: sqlite3.Connection, pump: int, period: Period) -> tuple[Instant, ...]:
    """Return instants of both clocks, the last reading before the period and the last in it among them."""
    step_ms = max((period.to_ms - period.from_ms) // _TIMES, 1)
    edges = [connection.execute(_BEFORE, (pump, at_ms)).fetchone() for at_ms in period]
    inner = connection.execute(_AROUND, (pump, *period, step_ms)).fetchall()
    before, last = edges
    return tuple(Instant(*edge) for edge in (before, *inner, last) if edge is not None)


def _edges(
    connection: sqlite3.Connection, pump: int, period: Period
) -> tuple[Callable[[EventRecord], bool], Callable[[EventRecord], bool]]:
    """Return what tells whether an entry of the log is older than the period, and whether it is newer.

    An entry is in it that the last reading before the period did not count yet, and the last reading in it did: so what the
    pump has logged while nobody asked belongs to the session in which it was read. Where the readings are kept no longer one
    by one, the pump's calendar decides, by what it was off at the nearest of those that are.
    """
    near = _sample(connection, pump, period, "ASC")
    if near is None or near.clock_s is None:
        near = _sample(connection, pump, Period(0, _EVER_MS), "DESC")
    ahead_ms = 0 if near is None or near.clock_s is None else near.clock_s * 1_000 - near.at_ms
    before, newest = (connection.execute(_BEFORE, (pump, at_ms)).fetchone() for at_ms in period)

    def is_before(one: EventRecord) -> bool:
        if before is not None:
            return one.number <= Instant(*before).newest_event
        return one.clock_s * 1_000 - ahead_ms < period.from_ms - 999  # the calendar counts whole seconds

    def is_after(one: EventRecord) -> bool:
        if newest is not None:
            return one.number > Instant(*newest).newest_event
        return one.clock_s * 1_000 - ahead_ms >= period.to_ms

    return is_before, is_after


# --- the trail -------------------------------------------------------------------------------------------------------


def _verdict(
    connection: sqlite3.Connection, trail: Sequence[Entry], progress: Callable[[str, int, int], None]
) -> Verdict:
    count = reading.count(connection, "readings")
    broken = first_break(trail)
    stranger = next((entry.seq for entry in trail if not _is_ours(entry)), None)
    why = "" if stranger is None else f"record {stranger} is none that pump-monitor writes"
    why = why if broken is None else broken.why
    if not why:
        try:
            broken = first_misnamed(trail) or _broken_reading(connection, trail, count, progress)
        except ValueError as error:
            why = str(error)
        else:
            why = "" if broken is None else broken.why
    head = trail[-1].hash if trail else GENESIS
    return Verdict(why, len(trail), head.hex(), count)


def _broken_reading(
    connection: sqlite3.Connection,
    trail: Sequence[Entry],
    count: int,
    progress: Callable[[str, int, int], None],
) -> Break | None:
    before, last = reading.folded_until(trail)
    rows = connection.execute("SELECT * FROM readings ORDER BY seq")
    return first_broken_reading(before, last + 1, _counted(rows, count, progress))


def _is_ours(entry: Entry) -> bool:
    """Tell whether a record can be read at all: whoever can write the file can write anything into it."""
    try:
        return isinstance(entry.facts, dict)
    except ValueError:
        return False


def _counted(rows: Iterable[Row], count: int, progress: Callable[[str, int, int], None]) -> Iterator[Row]:
    for done, row in enumerate(rows):
        if done % _STEP == 0:
            progress("checking the chain of readings", done, count)
        yield row


def _changes(
    trail: Sequence[Entry],
    pump: Pump,
    period: Period,
    log: Sequence[EventRecord],
    within: Sequence[EventRecord],
    verdict: Verdict,
) -> tuple[Verdict, tuple[changes.Deed, ...], tuple[EventRecord, ...]]:
    """Return the changes of the trail, those of the log that it lacks, and what is wrong with either as the verdict."""
    try:
        beside = compare(applied_changes(trail, pump), log, whole=False)
        deeds = changes.deeds(trail, pump, period, beside)
    except ValueError as error:
        return verdict._replace(broken=verdict.broken or str(error)), (), ()
    numbers = {one.number for one in within}
    others = tuple(one for one in beside.foreign if one.number in numbers)
    if beside.missing and not verdict.broken:
        said = f"record {beside.missing[0].seq}: applied by this record, and not in the pump's log"
        verdict = verdict._replace(broken=said)
    return verdict, deeds, others


def _who(told: Sequence[Entry], period: Period) -> Who | None:
    """Return who the pump said it was last before the end of the period, or else first after it."""
    said = [entry for entry in told if entry.kind == IDENTIFIED]
    known = [*said[:1], *takewhile(lambda entry: entry.wall_ms < period.to_ms, said)]
    if not known:
        return None
    facts = known[-1].facts
    try:
        return Who(
            str(facts["model"]),
            str(facts["firmware"]),
            *(int(str(facts[name])) for name in ("capacity_nl", "low_reservoir_nl", "residual_nl")),
        )
    except (KeyError, ValueError):  # nobody of ours wrote it
        return None


def _injected(told: Sequence[Entry], period: Period) -> tuple[Injected, ...]:
    found: list[Injected] = []
    for entry in told:
        faults, names = entry.facts.get("faults"), str(entry.facts.get("names", ""))
        if entry.kind != BENCH or not isinstance(faults, int):
            continue
        if found and found[-1].to_ms is None:
            last = found.pop()
            if faults == last.faults and not (names and last.names):  # their names came later
                found.append(last._replace(names=names or last.names))
                continue
            found.append(last._replace(to_ms=entry.wall_ms))
        if faults:
            found.append(Injected(entry.wall_ms, None, faults, names))
    return tuple(
        one
        for one in found
        if one.from_ms < period.to_ms and (one.to_ms is None or one.to_ms > period.from_ms)
    )
