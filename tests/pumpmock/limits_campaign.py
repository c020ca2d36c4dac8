"""Random commands at the limits, held against an oracle that shares no code with the pump.

`run(sequences, seed)` drives a device through sequences of commands, most of them at a bound or one nL/h beside it, with
time passing, restarts and locks between them. The oracle keeps the whole past in lists, computes in fractions, and
judges both ways: what was applied must be within every limit, and what was refused for a limit must cross it.
`DEFECTS` are ways to break the pump that a run must notice.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING
from unittest.mock import patch

from protocol.ledger import Ledger
from protocol.messages import Change, Commit, Outcome, Poll, Prepare, Prepared, Rejected, Status
from protocol.vocabulary import ChangeKind, Refusal, Role, State
from pumpmock import device, limits
from pumpmock.model import guard, pump, stored
from pumpmock.pace import Pace
from pumpmock.snapshot import Memory
from tests.pumpmock.conftest import SERIAL_NUMBER, STORE_ID
from tests.settings import usual_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from protocol.bounds import Basis, Bounds, Finding
    from pumpmock.model.settings import Settings

S, H, DAY = 10**6, 3_600 * 10**6, 86_400 * 10**6
COMMANDS = 30
_KINDS = [ChangeKind.RATE] * 8 + [ChangeKind.TEMPORARY_RATE] * 2 + [ChangeKind.BOLUS] * 2
_KINDS += [ChangeKind.STOP, ChangeKind.MINIMUM_RATE, ChangeKind.RESUME]
FILL_NL = 100_000_000
CONCENTRATION = 500
LIMITED = {
    *("BELOW_LEAST", "ABOVE_MOST", "STEP_UP", "STEP_DOWN", "BELOW_DOSE", "ABOVE_DOSE"),
    *("DAY_UP", "DAY_VOLUME", "BOLUS_VOLUME"),
}


@dataclass
class Oracle:
    """All that ever happened, and what the limits make of it. Instants in us, rates in nL/h."""

    rules: Settings
    rate: Fraction
    stopped: bool = False
    programmed: list[tuple[int, Fraction]] = field(default_factory=list)
    flowing: list[tuple[int, Fraction]] = field(default_factory=list)
    readings: list[tuple[int, int]] = field(default_factory=list)
    applied: int | None = None
    over: list[int] = field(default_factory=list)
    locked_until: int = -1

    def broken(self, rate: int, now: int) -> set[str]:
        """Name the limits that a rate crosses if it is set now."""
        rules, broken = self.rules, set()
        if rate < rules.least_rate_nl_h:
            broken.add("BELOW_LEAST")
        if rate > rules.most_rate_nl_h:
            broken.add("ABOVE_MOST")
        dose = Fraction(rate * 24 * CONCENTRATION, 1_000_000)
        if rules.least_dose_ug_day and dose < rules.least_dose_ug_day:
            broken.add("BELOW_DOSE")
        if rules.most_dose_ug_day and dose > rules.most_dose_ug_day:
            broken.add("ABOVE_DOSE")
        if rules.step_up_percent and rate > self.rate * (1 + Fraction(rules.step_up_percent, 100)):
            broken.add("STEP_UP")
        if rules.step_down_percent and rate < self.rate * (1 - Fraction(rules.step_down_percent, 100)):
            broken.add("STEP_DOWN")
        if rules.day_up_percent and rate > self.least(now) * (1 + Fraction(rules.day_up_percent, 100)):
            broken.add("DAY_UP")
        return broken

    def least(self, now: int) -> Fraction:
        """Return the least rate that was programmed at any instant of the last 24 h."""
        rates = [self.rate]
        for place, (_, rate) in enumerate(self.programmed[:-1]):
            if self.programmed[place + 1][0] > now - DAY:
                rates.append(rate)
        return min(rates)

    def judged(self, change: Change, now: int) -> set[str]:
        """Name the limits that a change crosses if it is made now."""
        kind, rules, broken = change.kind, self.rules, set[str]()
        if kind in {ChangeKind.STOP, ChangeKind.MINIMUM_RATE}:
            return broken
        if kind in {ChangeKind.RATE, ChangeKind.TEMPORARY_RATE}:
            broken = self.broken(change.rate_nl_h, now)
        if kind is ChangeKind.BOLUS:
            if rules.most_bolus_nl and change.volume_nl > rules.most_bolus_nl:
                broken.add("BOLUS_VOLUME")
            rate = Fraction(change.volume_nl * 3_600, change.duration_s)
            if not rules.minimum_rate_nl_h <= rate <= rules.most_rate_nl_h:
                broken.add("DURATION")
        most = rules.most_day_nl
        after, before = (self.worst(self.course(now, change), now), self.worst(self.course(now), now))
        # What makes nothing worse is let through.
        return broken | {"DAY_VOLUME"} if most and after > max(most, before) else broken

    def course(self, now: int, change: Change | None = None) -> list[tuple[int, Fraction]]:  # noqa: PLR0911 - one a kind
        """Return all that has flowed and will flow: as it is, or with a change that is made now."""
        if change is None:
            return self.flowing
        past, rate = [(at, flow) for at, flow in self.flowing if at < now], Fraction(change.rate_nl_h)
        back = self.rate
        match change.kind:
            case ChangeKind.RATE:
                return [*past, (now, rate)]
            case ChangeKind.STOP:
                return [*past, (now, Fraction(0))]
            case ChangeKind.MINIMUM_RATE:
                return [*past, (now, Fraction(self.rules.minimum_rate_nl_h))]
            case ChangeKind.TEMPORARY_RATE:
                return [*past, (now, rate), (now + change.duration_s * S, back)]
            case ChangeKind.BOLUS:
                rate = Fraction((change.volume_nl * 3_600 / Fraction(change.duration_s)).__ceil__())
                # It ends with the nanolitre that completes it, and a part of one may have flowed before it began.
                part = self.total(past, now) % 1
                return [*past, (now, rate), (now + ((change.volume_nl - part) * H / rate).__ceil__(), back)]
        return [*past, (now, back)]

    def total(self, course: list[tuple[int, Fraction]], end: int) -> Fraction:
        """Return all that has flowed until an instant."""
        return self.window(course, end, end)

    def worst(self, course: list[tuple[int, Fraction]], now: int) -> int:
        """Return the volume of the worst 24 h that end after now, window by window, rounded up."""
        ends = {at + shift for at, _ in course for shift in (0, DAY)} | {now}
        return -(-max(self.window(course, end) for end in ends if end >= now) // 1)

    @staticmethod
    def window(course: list[tuple[int, Fraction]], end: int, length: int = DAY) -> Fraction:
        volume = Fraction(0)
        for place, (at, rate) in enumerate(course):
            until = course[place + 1][0] if place + 1 < len(course) else end
            span = min(until, end) - max(at, end - length)
            volume += rate * max(span, 0) / H
        return volume

    def closed(self, now: int) -> str:
        """Say by what changes are held back now; "" if they are not."""
        if now < self.locked_until:
            return "LOCKED"
        if self.applied is not None and now - self.applied < self.rules.lockout_s * S:
            return "TOO_SOON"
        return ""

    def note_refusal(self, now: int) -> None:
        rules = self.rules
        if not rules.refusals_allowed:
            return
        self.over.append(now)
        if sum(at >= now - rules.refusal_window_s * S for at in self.over) >= rules.refusals_allowed:
            self.over.clear()
            self.locked_until = now + rules.lock_s * S

    def note_change(self, change: Change, now: int) -> None:
        self.applied = now
        if change.kind is ChangeKind.RATE:
            self.rate = Fraction(change.rate_nl_h)
            self.programmed.append((now, self.rate))
        self.stopped = change.kind is ChangeKind.STOP
        self.flowing = self.course(now, change)


class Run:
    """One pump, its host, and the oracle beside them."""

    def __init__(self, dice: Random, figures: Counter[str], failures: list[str], name: str) -> None:
        self.dice, self.figures, self.failures, self.name = dice, figures, failures, name
        start = dice.choice([2_000, 20_833, 41_667, 100_000])
        rules = usual_settings(
            capacity_nl=FILL_NL,
            step_up_percent=dice.choice([0, 1, 40, 300]),
            step_down_percent=dice.choice([0, 1, 50, 99]),
            day_up_percent=dice.choice([0, 60, 100]),
            least_dose_ug_day=dice.choice([0, 60]),
            most_dose_ug_day=dice.choice([0, 1_200, 2_003]),
            most_bolus_nl=dice.choice([0, 20_000]),
            most_day_nl=dice.choice([0, 0, start * 24, start * 30]),
            lockout_s=dice.choice([0, 60]),
            refusals_allowed=dice.choice([0, 1, 3, 3]),
            refusal_window_s=600,
            lock_s=600,
        )
        self.oracle = Oracle(
            rules, Fraction(start), programmed=[(0, Fraction(start))], flowing=[(0, Fraction(start))]
        )
        self.wall_ns = 0
        fresh = pump.Pump(rules, fill_nl=FILL_NL, rate_nl_h=start, concentration_ug_ml=500)
        self.start(Memory(SERIAL_NUMBER, STORE_ID, 1, 0, Ledger(), fresh))

    def start(self, memory: Memory) -> None:
        self.device = device.Device(
            memory,
            pace=Pace(1_000, self.wall_ns, memory.pump.clock.now_us),
            wall_ns=lambda: self.wall_ns,
            random=self.dice.randbytes,
            save=lambda _memory: None,
            model="",
            firmware="",
        )

    @property
    def now(self) -> int:
        return self.device.pump.clock.now_us

    def fail(self, said: str) -> None:
        self.failures.append(f"{self.name}, at {self.now} us: {said}")

    def go(self) -> None:
        for _ in range(COMMANDS):
            self.wall_ns += self.wait_us() * 1_000
            self.device.catch_up()
            if self.dice.random() < 0.05:
                self.restart()
            if self.read() is State.EMPTY:
                return
            self.command()
        for _ in range(6):
            self.wall_ns += DAY // 4 * 1_000
            self.device.catch_up()
            self.read()

    def wait_us(self) -> int:
        oracle, now = self.oracle, self.now
        marks = [oracle.locked_until, (oracle.applied or 0) + oracle.rules.lockout_s * S]
        marks += [at + DAY for at, _ in oracle.flowing] + [at + 600 * S for at in oracle.over]
        marks = [mark for mark in marks if mark > now]
        if marks and self.dice.random() < 0.6:
            return max(self.dice.choice(marks) + self.dice.choice([-1, 0, 1]) - now, 0)
        return self.dice.choice([0, 1, 30 * S, 60 * S, 200 * S, H, 6 * H, DAY, self.dice.randrange(2 * DAY)])

    def restart(self) -> None:
        """End the process and start from what was stored."""
        memory = self.device.memory
        memory.pump = pump.Pump.from_dict(json.loads(json.dumps(memory.pump.to_dict())))
        self.figures["restarts"] += 1
        self.start(memory)

    def read(self) -> State:
        """Take a reading, and hold what was delivered against all readings of the last 24 h."""
        status = self.device.serve(Poll(), Role.VIEWER, 1, 0)
        assert isinstance(status, Status)
        most, readings = self.oracle.rules.most_day_nl, self.oracle.readings
        for at, delivered in readings:
            # A reading is rounded down, so the difference of two may be a nanolitre more than what flowed.
            if most and at >= self.now - DAY and status.delivered_nl - delivered > most + 1:
                self.fail(f"{status.delivered_nl - delivered} nL within 24 h, {most} allowed")
        readings.append((self.now, status.delivered_nl))
        return status.state

    def wish(self) -> int:
        """Return a rate at a bound, or one beside it, or any."""
        oracle, dice = self.oracle, self.dice
        rules, rate = oracle.rules, oracle.rate
        marks = [
            Fraction(rules.least_rate_nl_h),
            Fraction(rules.most_rate_nl_h),
            rate * (100 + rules.step_up_percent) / 100,
            rate * (100 - rules.step_down_percent) / 100,
            oracle.least(self.now) * (100 + rules.day_up_percent) / 100,
            Fraction(rules.least_dose_ug_day * 1_000_000, 24 * CONCENTRATION),
            Fraction(rules.most_dose_ug_day * 1_000_000, 24 * CONCENTRATION),
            Fraction(rules.most_day_nl, 24),
            Fraction(dice.randrange(1_100_000)),
            rate,
        ]
        return max(dice.choice(marks).__floor__() + dice.choice([-1, 0, 0, 1, 1, 2]), 0)

    def change(self) -> Change:
        """Return what is wanted next: mostly a rate, and what a stopped pump can do where it is stopped."""
        dice, stopped = self.dice, self.oracle.stopped
        kind = ChangeKind.RESUME if stopped and dice.random() < 0.5 else dice.choice(_KINDS)
        duration_s = dice.choice([1, 60, 3_600, 6 * 3_600, 30 * 3_600, dice.randrange(1, 90_000)])
        match kind:
            case ChangeKind.RATE:
                return Change(kind, self.wish())
            case ChangeKind.TEMPORARY_RATE:
                return Change(kind, self.wish(), duration_s=duration_s)
            case ChangeKind.BOLUS:
                volume_nl = dice.choice([1, 19_999, 20_000, 20_001, dice.randrange(1, 60_000)])
                bounds_s = [volume_nl * 3_600 // rate for rate in (1_000_000, 250)]
                around_s = dice.choice([*bounds_s, duration_s]) + dice.choice([-1, 0, 1])
                return Change(kind, volume_nl=volume_nl, duration_s=max(around_s, 1))
        return Change(kind)

    def command(self) -> None:
        oracle, now, change = self.oracle, self.now, self.change()
        kind = change.kind
        seen = self.device.serve(Poll(), Role.TECHNICIAN, 1, 0)
        assert isinstance(seen, Status)
        request = Prepare(self.dice.randbytes(8), seen.revision, seen.commanded_rate_nl_h, 0, change)
        answer = self.device.serve(request, Role.TECHNICIAN, 1, 0)
        if isinstance(answer, Prepared):
            answer = self.device.serve(Commit(answer.command_id, answer.token), Role.TECHNICIAN, 1, 0)
        held = "" if kind in {ChangeKind.STOP, ChangeKind.MINIMUM_RATE} else oracle.closed(now)
        broken = oracle.judged(change, now)
        if isinstance(answer, Outcome):
            self.figures["applied"] += 1
            self.figures[f"applied {kind.name}"] += 1
            if held or broken:
                self.fail(f"{change} was applied in spite of {held or sorted(broken)}")
            oracle.note_change(change, now)
            return
        assert isinstance(answer, Rejected)
        reason = Refusal(answer.reason).name
        self.figures[f"refused {reason}"] += 1
        if reason in LIMITED:
            oracle.note_refusal(now)
        if reason in LIMITED or reason == "DURATION":
            proper = not held and reason in broken
        elif reason == "WRONG_STATE":
            # There is nothing to resume by its program, and no minimum rate but once.
            idle = kind in {ChangeKind.RESUME, ChangeKind.MINIMUM_RATE}
            proper = (oracle.stopped or idle) and not held and broken <= {"DURATION"}
        else:
            proper = reason == held
        if not proper:
            self.fail(f"{change} was refused as {reason}; it is {held or sorted(broken) or 'allowed'}")


def run(sequences: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Drive so many pumps through `COMMANDS` each; return what was counted, and each broken promise in a sentence."""
    figures, failures = Counter[str](), list[str]()
    for number in range(sequences):
        Run(Random(f"{seed}/{number}"), figures, failures, f"seed {seed}, sequence {number}").go()  # noqa: S311
    figures["commands"] = sequences * COMMANDS
    return figures, failures


def _delivered_alone(turned: guard.Course, planned: guard.Course) -> int:
    """Count what has been delivered, and not what is committed to come: the rule that lets an overdose through."""
    now = planned[0].since_us
    return guard.worst_day_nl(turned, (guard.Span(now, 0),))


_hard_finding, _loaded_guard = limits.hard_finding, stored.guard_loaded


def _one_beyond(basis: Basis, rate: int, bounds: Bounds) -> Finding | None:
    """Judge a rate as if it were one nL/h less."""
    return _hard_finding(basis, rate - 1, bounds)


def _forgiven(data: object) -> guard.Guard:
    """Read a stored guard without what it holds against the host."""
    return replace(_loaded_guard(data), applied_us=None, refusals_us=())


DEFECTS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "the flow to come is not counted": lambda: patch.object(limits, "worst_day_nl", _delivered_alone),
    "upper bounds lie one nL/h too high": lambda: patch.object(limits, "hard_finding", _one_beyond),
    "nothing is held back": lambda: patch.object(device, "hold_finding", lambda *_: None),
    "the rates of the last day are forgotten": lambda: patch.object(
        device, "day_least_nl_h", lambda *_: None
    ),
    "refusals are not counted": lambda: patch.object(pump, "after_refusal", lambda guard_, *_: guard_),
    "a restart forgives": lambda: patch.object(stored, "guard_loaded", _forgiven),
}
