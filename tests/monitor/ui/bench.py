"""A bench without a pump: snapshots made to order, a clock that stands still, and a source that answers at once."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from monitor.snapshot import Link, Reading, Snapshot
from protocol.alarms import Alarm, mask
from protocol.intent import Intent
from protocol.machines import Stage
from protocol.messages import NEVER_S, Change, EventRecord, Identity, Outcome, Prepared, Status, Step
from protocol.units import time_until
from protocol.vocabulary import ChangeKind, EventKind, Mode, Role, State, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.errors import MonitorError

MS = 1_000_000
S = 1_000 * MS
NOW_NS = 1_000 * S
CLOCK_S = 1_767_277_927  # Thu 1 Jan 2026, 14:32:07
SERIAL = "02-1187"

STATUS = Status(
    state=State.RUNNING,
    mode=Mode.PROGRAM,
    revision=4,
    commanded_rate_nl_h=20_833,
    measured_rate_nl_h=20_958,
    programmed_rate_nl_h=20_833,
    mode_left_s=NEVER_S,
    concentration_ug_ml=0,
    reservoir_nl=14_620_000,
    sensed_nl=14_550_000,
    sensed_band_nl=500_000,
    capacity_nl=20_000_000,
    low_reservoir_nl=2_000_000,
    residual_nl=1_400_000,
    delivered_nl=5_380_000,
    battery_percent=84,
    battery_mv=3_020,
    service_days=2_180,
    alarms=0,
    acknowledged=0,
    audio_pause_s=0,
    refusing_s=0,
    pump_time_us=930_000_000_000,
    clock_s=CLOCK_S,
    boot=1,
    newest_event=7,
    least_rate_nl_h=2_000,
    most_rate_nl_h=1_000_000,
    step_up_percent=0,
    step_down_percent=0,
    limits_crc=0,
    frames_bad=0,
    bench_faults=0,
)
PLAIN_WEEK = ((Step(0, 20_833),),) * 7  # a simple continuous rate
ALL_KINDS = sum(1 << kind for kind in ChangeKind)
IDENTITY = Identity(SERIAL, "bench 20", "3.1.4", 0, b"store-01", 1, ALL_KINDS)


def event(
    number: int, before_s: int, kind: EventKind, detail: int = 0, a: int = 0, b: int = 0
) -> EventRecord:
    """Make an entry of the log, so many seconds before the reading."""
    return EventRecord(number, 0, CLOCK_S - before_s, kind, detail, a, b)


EVENTS = (
    event(1, 936_000, EventKind.START),
    event(2, 52_300, EventKind.ALARM_RAISED, Alarm.MEMORY_ERROR),
    event(3, 48_000, EventKind.ALARM_CLEARED, Alarm.MEMORY_ERROR),
    event(4, 48_000, EventKind.RESUMED, 0, 0, 18_750),
    event(5, 32_460, EventKind.RATE_CHANGED, 0, 18_750, 20_833),
    event(6, 30_100, EventKind.REFUSED, 6, 208_330, 25_000),
)


def snapshot(**changes: Any) -> Snapshot:  # noqa: ANN401 - fields of several classes, each with its type
    """Make a snapshot of a live, healthy pump; changes go to the status where it has such a field."""
    of_status = {name: changes.pop(name) for name in tuple(changes) if hasattr(STATUS, name)}
    base = Snapshot(
        url="/dev/pts/7",
        period_ms=1_000,
        link=Link.LIVE,
        identity=IDENTITY,
        role=Role.TECHNICIAN,
        reading=Reading(SERIAL, replace(STATUS, **of_status), NOW_NS - 100 * MS),
        events=EVENTS,
        good=81_316,
        lost=84,
        bad=3,
        reply_us=12_400,
    )
    return replace(base, **changes)


def still(state: State, **changes: Any) -> Snapshot:  # noqa: ANN401 - fields of several classes, each with its type
    """Make a snapshot of a pump whose motor stands."""
    return snapshot(state=state, **{"commanded_rate_nl_h": 0, "measured_rate_nl_h": 0} | changes)


def low(**changes: Any) -> Snapshot:  # noqa: ANN401 - fields of several classes, each with its type
    """Make a snapshot with a low reservoir that nobody acknowledged, and a battery alarm that somebody did."""
    raised = (
        event(8, 2_515, EventKind.ALARM_RAISED, Alarm.LOW_RESERVOIR),
        event(9, 1_200, EventKind.ALARM_RAISED, Alarm.ERI),
        event(10, 1_100, EventKind.ACKNOWLEDGED, Alarm.ERI),
    )
    facts: dict[str, Any] = {
        "alarms": mask({Alarm.LOW_RESERVOIR, Alarm.ERI}),
        "acknowledged_bits": mask({Alarm.ERI}),
        "reservoir_nl": 1_960_000,
        "sensed_nl": 1_820_000,
        "delivered_nl": 18_040_000,
        "battery_percent": 31,
        "battery_mv": 2_640,
        "service_days": 81,
        "events": (*EVENTS, *raised),
    }
    facts |= changes
    bits = facts.pop("acknowledged_bits")
    made = snapshot(**facts)
    assert made.reading is not None
    reading = replace(made.reading, status=replace(made.reading.status, acknowledged=bits))
    return replace(made, reading=reading)


def lost(made: Snapshot, **changes: Any) -> Snapshot:  # noqa: ANN401 - fields of several classes, each with its type
    """Make the same with the link lost, the reading kept."""
    facts: dict[str, Any] = {
        "link": Link.LOST,
        "problem": "no answer",
        "tries": 5,
        "retry_ns": NOW_NS + 15 * S,
    }
    return replace(made, **(facts | changes))


def waiting(**changes: Any) -> Snapshot:  # noqa: ANN401 - fields of several classes, each with its type
    """Make the snapshot before the first reading."""
    return replace(Snapshot(url="/dev/pts/7", period_ms=1_000), **changes)


class Clock:
    """The host's monotonic clock, moved by hand."""

    def __init__(self) -> None:
        self.now_ns = NOW_NS

    def __call__(self) -> int:
        return self.now_ns

    def ms(self) -> int:
        """The host's calendar clock: that of the pump."""
        return CLOCK_S * 1_000 + (self.now_ns - NOW_NS) // MS


def done(answer: object) -> Future[Any]:
    """Make a future that has ended, with a result or with an error."""
    future: Future[Any] = Future()
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
    return future


@dataclass
class FakeSource:
    """Answers as it is told; notes what it was asked."""

    snapshot: Snapshot
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    prepare_error: MonitorError | None = None
    commit_answer: object = None
    resolve_answer: object = None
    settle_answer: object = None
    acknowledge_error: MonitorError | None = None
    pause_error: MonitorError | None = None
    records: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    new_rate_nl_h: int | None = None
    ttl_ms: int = 15_000
    week_answers: list[object] = field(default_factory=list)
    callbacks: list[Callable[[Snapshot], None]] = field(default_factory=list)

    def subscribe(self, callback: Callable[[Snapshot], None]) -> None:
        self.callbacks.append(callback)

    def publish(self, made: Snapshot) -> None:
        self.snapshot = made
        for callback in self.callbacks:
            callback(made)

    def prepare(self, change: Change, *, seen: Reading, reason: str = "") -> Future[Prepared]:
        self.calls.append(("prepare", change, seen.status.revision, reason))
        return done(self.prepare_error or self.prepared(change, seen.status))

    def prepared(self, change: Change, status: Status) -> Prepared:
        after = {
            ChangeKind.RATE: change.rate_nl_h,
            ChangeKind.TEMPORARY_RATE: change.rate_nl_h,
            ChangeKind.BRIDGE: change.rate_nl_h,
            ChangeKind.STOP: 0,
            ChangeKind.MINIMUM_RATE: 250,
            ChangeKind.BOLUS: -(-change.volume_nl * 3_600 // max(change.duration_s, 1)),
            ChangeKind.PRIME: 1_000_000,
            ChangeKind.RESUME: status.programmed_rate_nl_h,
        }
        new = after.get(change.kind, status.commanded_rate_nl_h)
        new = new if self.new_rate_nl_h is None else self.new_rate_nl_h
        old = status.commanded_rate_nl_h
        low_nl = status.reservoir_nl - status.low_reservoir_nl
        empty_nl = status.reservoir_nl - status.residual_nl
        return Prepared(
            command_id=b"command1",
            revision=status.revision,
            old_rate_nl_h=old,
            new_rate_nl_h=new,
            least_rate_nl_h=status.least_rate_nl_h,
            most_rate_nl_h=status.most_rate_nl_h,
            old_to_low_s=_seconds(old, low_nl),
            new_to_low_s=_seconds(new, low_nl),
            old_to_empty_s=_seconds(old, empty_nl),
            new_to_empty_s=_seconds(new, empty_nl),
            token=b"token001",
            ttl_ms=self.ttl_ms,
            change=change,
        )

    def week(self) -> Future[tuple[tuple[Step, ...], ...]]:
        self.calls.append(("week",))
        return done(self.week_answers.pop(0) if self.week_answers else PLAIN_WEEK)

    def commit(self, prepared: Prepared) -> Future[Outcome]:
        self.calls.append(("commit", prepared.new_rate_nl_h))
        return done(self.commit_answer or outcome(Verdict.APPLIED, 5, prepared.new_rate_nl_h))

    def resolve(self, command_id: bytes) -> Future[Outcome]:
        self.calls.append(("resolve", command_id))
        return done(self.resolve_answer or outcome(Verdict.NOT_APPLIED, 4, 20_833))

    def settle(self) -> Future[tuple[Intent, ...]]:
        self.calls.append(("settle",))
        return done(self.snapshot.unresolved if self.settle_answer is None else self.settle_answer)

    def acknowledge(self, alarms: int) -> Future[None]:
        self.calls.append(("acknowledge", alarms))
        return done(self.acknowledge_error)

    def pause_audio(self, seconds: int) -> Future[None]:
        self.calls.append(("pause_audio", seconds))
        return done(self.pause_error)

    def record(self, kind: str, facts: dict[str, object]) -> Future[None]:
        self.records.append((kind, facts))
        return done(None)

    def start(self) -> None:
        self.calls.append(("start",))

    def stop(self) -> None:
        self.calls.append(("stop",))


def unresolved(rate_nl_h: int = 25_000, **changes: Any) -> Intent:  # noqa: ANN401 - as above
    """Make a change to a rate whose answer was lost."""
    change = Change(ChangeKind.RATE, rate_nl_h)
    made = Intent(
        b"command1", SERIAL, b"store-01", CLOCK_S, change, 4, 20_833, rate_nl_h, stage=Stage.RESOLVING
    )
    return replace(made, **changes)


def outcome(verdict: Verdict, revision: int, rate_nl_h: int) -> Outcome:
    """Make the pump's verdict."""
    return Outcome(b"command1", verdict, revision, rate_nl_h, 0)


def _seconds(rate_nl_h: int, volume_nl: int) -> int:
    needed_us = time_until(rate_nl_h, volume_nl)
    return NEVER_S if needed_us is None else needed_us // 1_000_000
