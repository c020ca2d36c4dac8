"""What a reading means: is it fresh, is the reservoir low, when will it be, what must be acted on. Pure functions.

Low reservoir is judged from three facts, and the highest wins: the pump's own alarm, the expected volume against the
low-reservoir volume, and the forecast. The screen says which fact it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

from monitor.snapshot import Link
from monitor.verdicts import either_rate, wish
from protocol.alarms import KINDS, Alarm, Priority, mask, unmask
from protocol.messages import NEVER_S
from protocol.units import US_PER_S, format_span, ml, time_until
from protocol.vocabulary import EventKind, Mode, Role, State

if TYPE_CHECKING:
    from monitor.snapshot import Snapshot
    from protocol.messages import EventRecord, Status

S_PER_DAY = 86_400
STALE_PERIODS = 3
# Low within a week is said early: a refill needs an appointment. An assumption of this tool.
SOON_S = 7 * S_PER_DAY
# A level that came within the limit leaves it only when it is this far above, so that it does not chatter. An assumption.
DEADBAND_NL = 50_000
# Stated accuracy of the delivered rate, in tenths of a per cent: over-infusion is defined as more than 14.5 % above the
# programmed rate (ANZCA statement on SynchroMed II). The forecast's band follows from it.
RATE_ERROR_TENTHS = 145

# Alarms of a pump that stands stopped: they say more than that it does.
_TOLD_WHY = mask({Alarm.STOPPED, Alarm.DRUG_UNKNOWN})


class Level(IntEnum):
    """How the reservoir stands."""

    ENOUGH = 0
    SOON = 1
    LOW = 2
    EMPTY = 3


@dataclass(frozen=True, slots=True)
class LowReservoir:
    """How the reservoir stands, and by which of the three facts."""

    level: Level
    source: str


@dataclass(frozen=True, slots=True)
class Span:
    """A time from now in seconds: as expected, at the earliest and at the latest for the stated rate error."""

    expected_s: int
    early_s: int
    late_s: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the reservoir gets low and when delivery ends at the present rate; None where it never does."""

    to_low: Span | None
    to_empty: Span | None


@dataclass(frozen=True, slots=True)
class AlarmLine:
    """One alarm as a screen shows it.

    Attributes:
        key: "low_reservoir", "no_link".
        alarm: the pump's alarm; None where it is the monitor's own.
        priority: how soon somebody must act.
        title: a few capitals.
        text: what is the matter, in words.
        since_s: since when, by the pump's calendar clock; None where that is not known.
        acknowledged: whether the pump says that somebody has seen it; of the monitor's own, `monitor.alarms` knows.
    """

    key: str
    alarm: Alarm | None
    priority: Priority
    title: str
    text: str
    since_s: int | None = None
    acknowledged: bool = False


def stale_after_ms(period_ms: int) -> int:
    """Return the age from which a reading is not live any more: three periods, and never under 3 s."""
    return max(STALE_PERIODS * period_ms, 3_000)


def is_live(snapshot: Snapshot, now_ns: int) -> bool:
    """Tell whether the newest reading may be shown, and acted on, as the present."""
    reading = snapshot.reading
    return (
        reading is not None
        and snapshot.link is Link.LIVE
        and reading.age_ms(now_ns) <= stale_after_ms(snapshot.period_ms)
    )


def forecast(status: Status) -> Forecast:
    """Return when the reservoir gets low and empty at the rate that the pump is commanded to."""
    rate = status.commanded_rate_nl_h if status.measured_rate_nl_h else 0
    return forecast_at(status, rate)


def seconds_to_low(status: Status) -> int | None:
    """Return when the reservoir is expected to get low, in whole seconds, as `forecast` has it; None where it never does."""
    rate = status.commanded_rate_nl_h if status.measured_rate_nl_h else 0
    needed_us = time_until(rate, status.reservoir_nl - status.low_reservoir_nl)
    return None if needed_us is None else needed_us // US_PER_S


def forecast_at(status: Status, rate_nl_h: int) -> Forecast:
    """Return the same for another rate, from the reservoir as the status has it."""
    return Forecast(
        to_low=_span(rate_nl_h, status.reservoir_nl - status.low_reservoir_nl),
        to_empty=_span(rate_nl_h, status.reservoir_nl - status.residual_nl),
    )


def _span(rate_nl_h: int, volume_nl: int) -> Span | None:
    needed_us = time_until(rate_nl_h, volume_nl)
    if needed_us is None:
        return None
    expected = needed_us // US_PER_S
    early = expected * 1000 // (1000 + RATE_ERROR_TENTHS)
    late = expected * 1000 // (1000 - RATE_ERROR_TENTHS)
    return Span(expected, early, late)


def days(span: Span | None) -> float | None:
    """Return a span in days to two decimals, rounded down, for people and JSON; None for never."""
    return None if span is None else span.expected_s * 100 // S_PER_DAY / 100


def low_reservoir(status: Status, before: Level = Level.ENOUGH) -> LowReservoir:
    """Judge the reservoir from the three facts; `before` is the last verdict, which the deadband needs."""
    active = {kind.alarm for kind in unmask(status.alarms)}
    deadband = DEADBAND_NL if before >= Level.LOW else 0
    to_low_s = seconds_to_low(status)
    facts = (
        (Level.EMPTY, Alarm.EMPTY_RESERVOIR in active, "the pump's alarm"),
        (Level.EMPTY, status.reservoir_nl <= status.residual_nl, "the expected volume"),
        (Level.LOW, Alarm.LOW_RESERVOIR in active, "the pump's alarm"),
        (Level.LOW, status.reservoir_nl <= status.low_reservoir_nl + deadband, "the expected volume"),
        (Level.SOON, to_low_s is not None and to_low_s <= SOON_S, "the forecast"),
    )
    return next(
        (LowReservoir(level, source) for level, holds, source in facts if holds),
        LowReservoir(Level.ENOUGH, ""),
    )


def alarm_lines(snapshot: Snapshot, now_ns: int) -> tuple[AlarmLine, ...]:
    """Return the conditions that hold, by priority: the pump's alarms and the monitor's own.

    Whether somebody has seen them, and what of those that have gone, is `monitor.alarms`' business.
    """
    lines = [
        *(
            *_unknown_lines(snapshot),
            *_notes_lines(snapshot),
            *_history_lines(snapshot),
            *_link_lines(snapshot, now_ns),
        ),
        *_reading_lines(snapshot, now_ns),
    ]
    return tuple(sorted(lines, key=lambda line: -line.priority))


def _unknown_lines(snapshot: Snapshot) -> list[AlarmLine]:
    """Return what must be known of changes without a verdict: every rate that is possible, and who will ask."""
    intents = snapshot.unresolved
    if not intents:
        return []
    one_rate = all(intent.new_rate_nl_h == intent.old_rate_nl_h for intent in intents)
    said = f"the rate is {either_rate(*intents)}"
    if one_rate:
        said = f"the change {wish(intents[0].change)} was applied or not"
    if snapshot.identity is None:  # nobody has answered yet: the port may lead to this pump or not
        said = f"{', '.join(dict.fromkeys(intent.serial_number for intent in intents))}: {said}"
    text = f"{said}: {_who_asks(snapshot)}"
    return [AlarmLine("outcome_unknown", None, Priority.HIGH, "OUTCOME UNKNOWN", text)]


def _who_asks(snapshot: Snapshot) -> str:
    identity = snapshot.identity
    if identity is not None and any(one.store_id != identity.store_id for one in snapshot.unresolved):
        return "memory replaced, see pump-monitor unresolved"
    if snapshot.role is Role.VIEWER:
        return "only a technician key can ask"
    if snapshot.link is Link.LIVE:
        return "the pump does not say, and is asked again"
    return "the pump is asked as soon as it answers"


def _notes_lines(snapshot: Snapshot) -> list[AlarmLine]:
    if not snapshot.notes_problem:
        return []
    text = f"no change is made: {snapshot.notes_problem}"
    return [AlarmLine("no_notes", None, Priority.MEDIUM, "NOTES UNUSABLE", text)]


def _history_lines(snapshot: Snapshot) -> list[AlarmLine]:
    if not snapshot.history_problem:
        return []
    text = f"history not written: {snapshot.history_problem}"
    return [AlarmLine("no_history", None, Priority.MEDIUM, "NO HISTORY", text)]


def _link_lines(snapshot: Snapshot, now_ns: int) -> list[AlarmLine]:
    if snapshot.link is Link.CONNECTING or is_live(snapshot, now_ns):
        return []
    if snapshot.reading is None:
        text = snapshot.problem or "no reading from the pump yet"
    else:
        age_s = snapshot.reading.age_ms(now_ns) // 1000
        text = f"no answer from the pump for {format_span(max(1, age_s))}, trying again"
    return [AlarmLine("no_link", None, Priority.MEDIUM, "NO LINK", text)]


def _reading_lines(snapshot: Snapshot, now_ns: int) -> list[AlarmLine]:
    """Return what the reading tells, and say of one that is not live that it was so when last seen."""
    reading = snapshot.reading
    if reading is None:
        return []
    lines = [
        line
        for tell in (_pump_lines, _stopped_lines, _forecast_lines, _discrepancy_lines)
        for line in tell(snapshot, reading.status)
    ]
    if is_live(snapshot, now_ns):
        return lines
    return [replace(line, text=f"{line.text}, when last seen") for line in lines]


def _pump_lines(snapshot: Snapshot, status: Status) -> list[AlarmLine]:
    seen = {kind.alarm for kind in unmask(status.acknowledged)}
    return [
        AlarmLine(
            kind.name,
            kind.alarm,
            kind.priority,
            kind.title,
            describe(kind.alarm, status),
            raised_at(kind.alarm, snapshot.events),
            kind.alarm in seen,
        )
        for kind in unmask(status.alarms)
    ]


def _stopped_lines(snapshot: Snapshot, status: Status) -> list[AlarmLine]:
    """Return that the pump is stopped, which it raises no alarm for until it has stood for days."""
    if status.state is not State.STOPPED or status.alarms & _TOLD_WHY:
        return []
    text = KINDS[Alarm.STOPPED].consequence
    since_s = next((e.clock_s for e in reversed(snapshot.events) if e.kind == EventKind.STOPPED), None)
    return [AlarmLine("pump_stopped", None, Priority.MEDIUM, "PUMP STOPPED", text, since_s)]


def _forecast_lines(snapshot: Snapshot, status: Status) -> list[AlarmLine]:
    """Return what the pump does not flag itself: low by its own figures without its alarm, and low within a week."""
    low = low_reservoir(status, Level(snapshot.level))
    if low.source == "the pump's alarm" or low.level is Level.ENOUGH:
        return []
    to_low = forecast(status).to_low
    if low.level is Level.SOON and to_low is not None:
        text = f"low in {format_span(to_low.expected_s)} at the present rate"
        return [AlarmLine("refill_soon", None, Priority.LOW, "REFILL SOON", text)]
    kind = KINDS[Alarm.EMPTY_RESERVOIR if low.level is Level.EMPTY else Alarm.LOW_RESERVOIR]
    text = f"{describe(kind.alarm, status)}, and the pump raises no such alarm"
    return [AlarmLine("low_by_volume", None, kind.priority, kind.title, text)]


def is_discrepant(status: Status, *, before: bool = False) -> bool:
    """Tell whether sensed and expected volume differ by more than the sensor's own band; `before` is the last verdict.

    A sensor that says nothing of its band has none to be held to.
    """
    allowed = status.sensed_band_nl - (DEADBAND_NL if before else 0)
    return status.sensed_band_nl > 0 and abs(status.sensed_nl - status.reservoir_nl) > allowed


def _discrepancy_lines(snapshot: Snapshot, status: Status) -> list[AlarmLine]:
    """Return that the pump's count and its sensor contradict each other: one of them is not to be relied upon."""
    if not is_discrepant(status, before=snapshot.discrepant):
        return []
    less = status.sensed_nl < status.reservoir_nl
    by = ml(abs(status.sensed_nl - status.reservoir_nl))
    text = f"sensed {ml(status.sensed_nl)} mL, {by} mL {'less' if less else 'more'} than expected: look at the pump"
    return [AlarmLine("discrepancy", None, Priority.MEDIUM, "DISCREPANCY", text)]


def describe(alarm: Alarm, status: Status) -> str:
    """Say in words, with the figures of a status, what an alarm is about."""
    if alarm is Alarm.LOW_RESERVOIR:
        return f"{ml(status.reservoir_nl)} mL left, the low limit is {ml(status.low_reservoir_nl)} mL"
    if alarm is Alarm.EMPTY_RESERVOIR:
        return f"{ml(status.residual_nl)} mL are left that cannot be delivered; {KINDS[alarm].consequence}"
    if alarm is Alarm.ERI:
        return f"{KINDS[alarm].action}: {status.service_days} days to end of service"
    if alarm is Alarm.CHANGES_LOCKED and status.refusing_s:
        return f"changes are refused for {format_span(status.refusing_s)}; {KINDS[alarm].consequence}"
    return KINDS[alarm].consequence


def mode_text(status: Status) -> str:
    """Say by what the pump delivers, and for how long: "temporary rate, 2 h 10 min left"; empty by its program."""
    if status.mode is Mode.PROGRAM:
        return ""
    left = "" if status.mode_left_s == NEVER_S else f", {format_span(status.mode_left_s)} left"
    return f"{status.mode.name.lower().replace('_', ' ')}{left}"


def raised_at(alarm: Alarm, events: tuple[EventRecord, ...]) -> int | None:
    """Return when an alarm was last raised, by the pump's calendar clock; None where the log at hand does not say."""
    times = (e.clock_s for e in reversed(events) if e.kind == EventKind.ALARM_RAISED and e.detail == alarm)
    return next(times, None)
