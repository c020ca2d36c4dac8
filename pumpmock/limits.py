"""The limits a change is held against: pure functions of the change, of what the pump is doing, and of its bounds.

What a rate may be is `protocol.bounds`, the same on both sides of the wire. Here stands which of it applies to which
kind of change, and what only the pump can judge: the pattern of a day, and the volume of any 24 h.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from protocol.bounds import Basis, Bounds, Finding, bolus_finding, day_finding, hard_finding
from protocol.messages import MINUTES_A_DAY, Change, ChangeKind, Refusal, Step
from protocol.units import US_PER_DAY, US_PER_S, format_span
from pumpmock.model.guard import Course, Guard, Span, locked_s, too_soon_s, worst_day_nl

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.model.settings import Settings

Week = tuple[tuple[Step, ...], ...]
"""The pattern of each weekday, Monday first; each begins at minute 0."""

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Less drug can always be had: neither a lock nor a lock-out nor a limit stands in the way of these.
NEVER_HELD_BACK = frozenset({ChangeKind.STOP, ChangeKind.MINIMUM_RATE})
_S_AN_H = 3_600
_US_A_MINUTE = 60 * US_PER_S
_DAYS_AHEAD = 9  # a week and a day hold any 24 h of a weekly pattern; the first of these has begun already
_FIRST_WEEKDAY = 3  # 1 January 1970 was a Thursday


@dataclass(frozen=True, slots=True)
class Facts:
    """What a change is judged against beside the bounds.

    Attributes:
        now_us: pump time.
        clock_s: the calendar clock, seconds since 1970 UTC.
        basis: what a rate is judged against.
        week: the program.
        turned: rates of the motor so far.
        planned: rates to come if nothing is changed; the first span begins now.
    """

    now_us: int
    clock_s: int
    basis: Basis
    week: Week
    turned: Course
    planned: Course


def bounds_of(settings: Settings) -> Bounds:
    """Return the hard limits among the settings."""
    return Bounds(
        least_rate_nl_h=settings.least_rate_nl_h,
        most_rate_nl_h=settings.most_rate_nl_h,
        step_up_percent=settings.step_up_percent,
        step_down_percent=settings.step_down_percent,
        day_up_percent=settings.day_up_percent,
        least_dose_ug_day=settings.least_dose_ug_day,
        most_dose_ug_day=settings.most_dose_ug_day,
        most_bolus_nl=settings.most_bolus_nl,
        most_day_nl=settings.most_day_nl,
    )


def hold_finding(kind: ChangeKind, guard: Guard, now_us: int, settings: Settings) -> Finding | None:
    """Return why no change is taken at this moment, whatever it changes: too many refusals, or one too shortly before."""
    if kind in NEVER_HELD_BACK:
        return None
    left_s = locked_s(guard, now_us)
    if left_s:
        said = (
            f"changes are locked after {settings.refusals_allowed} over a limit: {format_span(left_s)} left"
        )
        return Finding(Refusal.LOCKED, left_s, said)
    left_s = too_soon_s(guard, now_us, settings)
    if left_s:
        said = f"too soon after the last change: {format_span(left_s)} of {settings.lockout_s} s left"
        return Finding(Refusal.TOO_SOON, left_s, said)
    return None


def limit_finding(change: Change, facts: Facts, bounds: Bounds) -> Finding | None:
    """Return the first limit that a change crosses, None if it crosses none."""
    if change.kind in NEVER_HELD_BACK:
        return None
    judge = _JUDGES.get(change.kind)
    finding = None if judge is None else judge(change, facts, bounds)
    return finding or _day_finding(change, facts, bounds)


def _rate_finding(change: Change, facts: Facts, bounds: Bounds) -> Finding | None:
    return hard_finding(facts.basis, change.rate_nl_h, bounds)


def _bolus_finding(change: Change, _facts: Facts, bounds: Bounds) -> Finding | None:
    return bolus_finding(change.volume_nl, change.duration_s, bounds)


def _prime_finding(change: Change, _facts: Facts, bounds: Bounds) -> Finding | None:
    # A prime runs at the greatest rate, for as long as it takes.
    return bolus_finding(change.volume_nl, -(-change.volume_nl * _S_AN_H // bounds.most_rate_nl_h), bounds)


def _flex_finding(change: Change, facts: Facts, bounds: Bounds) -> Finding | None:
    """Judge each step by the range, and the volume of each day by steps and doses, against that of the day it replaces."""
    reach = Bounds(bounds.least_rate_nl_h, bounds.most_rate_nl_h)
    for step in change.steps:
        finding = hard_finding(Basis(0), step.rate_nl_h, reach)
        if finding is not None:
            hour, minute = divmod(step.minute, 60)
            return replace(finding, sentence=f"from {hour:02}:{minute:02}, {finding.sentence}")
    for weekday, old in enumerate(facts.week):
        if not change.weekdays >> weekday & 1:
            continue
        finding = _volume_finding(_rate_minutes(old), _rate_minutes(change.steps), facts.basis, bounds)
        if finding is not None:
            return replace(finding, sentence=f"{DAYS[weekday]}'s {finding.sentence}")
    return None


def _volume_finding(old: int, new: int, basis: Basis, bounds: Bounds) -> Finding | None:
    """Judge the volume of a day as the rate that would deliver it evenly, which is the same figure in mL/day.

    A mean that is no whole nL/h is rounded towards refusing.
    """
    higher = replace(basis, rate_nl_h=old // MINUTES_A_DAY)
    lower = replace(basis, rate_nl_h=-(-old // MINUTES_A_DAY))
    return hard_finding(higher, -(-new // MINUTES_A_DAY), bounds) or hard_finding(
        lower, new // MINUTES_A_DAY, bounds
    )


def _rate_minutes(steps: tuple[Step, ...]) -> int:
    """Return the volume of a day's pattern, in nL/h times minutes."""
    ends = (*(step.minute for step in steps[1:]), MINUTES_A_DAY)
    return sum(step.rate_nl_h * (end - step.minute) for step, end in zip(steps, ends, strict=True))


_JUDGES: dict[ChangeKind, Callable[[Change, Facts, Bounds], Finding | None]] = {
    ChangeKind.RATE: _rate_finding,
    ChangeKind.TEMPORARY_RATE: _rate_finding,
    ChangeKind.BRIDGE: _rate_finding,
    ChangeKind.BOLUS: _bolus_finding,
    ChangeKind.PRIME: _prime_finding,
    ChangeKind.FLEX: _flex_finding,
}


# --- the volume of any 24 h -----------------------------------------------------------------------------------------


def _day_finding(change: Change, facts: Facts, bounds: Bounds) -> Finding | None:
    """Judge any 24 h that end after now; a change that makes the worst of them no worse is let through."""
    if not bounds.most_day_nl:
        return None
    volume_nl = worst_day_nl(facts.turned, plan(change, facts, bounds))
    finding = day_finding(volume_nl, bounds)
    if finding is None or volume_nl <= worst_day_nl(facts.turned, facts.planned):
        return None
    return finding


def plan(change: Change, facts: Facts, bounds: Bounds) -> Course:  # noqa: PLR0911 - one a kind
    """Return the rates to come if the change is made; what has an end is followed by the program."""
    now_us = facts.now_us
    match change.kind:
        case ChangeKind.STOP:
            return (Span(now_us, 0),)
        case ChangeKind.RATE:
            return (Span(now_us, change.rate_nl_h),)
        case ChangeKind.TEMPORARY_RATE:
            return _for_a_while(change.rate_nl_h, change.duration_s, facts)
        case ChangeKind.BOLUS:
            rate_nl_h = -(-change.volume_nl * _S_AN_H // change.duration_s)
            return _for_a_while(rate_nl_h, change.duration_s, facts)
        case ChangeKind.PRIME:
            return _until_delivered(change.volume_nl, bounds.most_rate_nl_h, facts)
        case ChangeKind.BRIDGE:
            return _until_delivered(change.volume_nl, change.rate_nl_h, facts)
        case ChangeKind.FLEX:
            days = enumerate(facts.week)
            week = tuple(change.steps if change.weekdays >> day & 1 else old for day, old in days)
            return program(week, facts.clock_s, now_us, now_us)
        case ChangeKind.RESUME:
            return program(facts.week, facts.clock_s, now_us, now_us)
        case ChangeKind.CLOCK if any(span.rate_nl_h for span in facts.planned):
            return program(facts.week, change.clock_s, now_us, now_us)
    return facts.planned


def program(week: Week, clock_s: int, now_us: int, from_us: int) -> Course:
    """Return the rates of a week's pattern from `from_us` on, for a week and a day; then 0, since what follows has been.

    Args:
        week: the pattern.
        clock_s: what the calendar clock shows at `now_us`, seconds since 1970 UTC.
        now_us: pump time.
        from_us: pump time with which the course begins, not before `now_us`.
    """
    midnight_us = now_us - clock_s % 86_400 * US_PER_S - now_us % US_PER_S
    day = clock_s // 86_400 + (from_us - midnight_us) // US_PER_DAY
    midnight_us += (from_us - midnight_us) // US_PER_DAY * US_PER_DAY
    spans: list[Span] = []
    for ahead in range(_DAYS_AHEAD):
        for step in week[(day + ahead + _FIRST_WEEKDAY) % len(week)]:
            at_us = midnight_us + ahead * US_PER_DAY + step.minute * _US_A_MINUTE
            span = Span(max(at_us, from_us), step.rate_nl_h)
            if spans and spans[-1].since_us == span.since_us:
                spans[-1] = span
            elif not spans or spans[-1].rate_nl_h != span.rate_nl_h:
                spans.append(span)
    return (*spans, Span(midnight_us + _DAYS_AHEAD * US_PER_DAY, 0))


def _for_a_while(rate_nl_h: int, duration_s: int, facts: Facts) -> Course:
    end_us = facts.now_us + duration_s * US_PER_S
    after = program(facts.week, facts.clock_s, facts.now_us, end_us)
    return (Span(facts.now_us, rate_nl_h), *after)


def _until_delivered(volume_nl: int, rate_nl_h: int, facts: Facts) -> Course:
    return _for_a_while(rate_nl_h, -(-volume_nl * _S_AN_H // rate_nl_h) if rate_nl_h else 0, facts)
