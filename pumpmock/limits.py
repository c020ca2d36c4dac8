"""The limits a change is held against: pure functions of the change, of what the pump is doing, and of its bounds.

What a rate may be is `protocol.bounds`, the same on both sides of the wire. Here stands which of it applies to which
kind of change, and what only the pump can judge: the pattern of a day, and the volume of any 24 h.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from protocol.bounds import Basis, Bounds, Finding, bolus_finding, day_finding, hard_finding
from protocol.messages import MINUTES_A_DAY, Change, Step
from protocol.units import S_PER_H, format_span
from protocol.vocabulary import ChangeKind, Refusal
from pumpmock.model.drug import DrugRules, tighter
from pumpmock.model.guard import locked_s, too_soon_s, worst_day_nl
from pumpmock.model.program import rate_minutes

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.model.guard import Course, Guard
    from pumpmock.model.settings import Settings

Week = tuple[tuple[Step, ...], ...]
"""The pattern of each weekday, Monday first; each begins at minute 0."""

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Less drug can always be had: neither a lock nor a lock-out nor a limit stands in the way of these.
NEVER_HELD_BACK = frozenset({ChangeKind.STOP, ChangeKind.MINIMUM_RATE})
_NO_DRUG = DrugRules("", "", "")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a change is judged against beside the bounds.

    Attributes:
        basis: what a rate is judged against.
        week: the program.
        turned: rates of the motor so far.
        planned: returns the rates to come if a change is made, or if none is; the first span begins now.
    """

    basis: Basis
    week: Week
    turned: Course
    planned: Callable[[Change | None], Course]


def bounds_of(settings: Settings, drug: DrugRules | None = None) -> Bounds:
    """Return the hard limits among the settings, and those of the drug where they are tighter."""
    of_drug = drug or _NO_DRUG
    return Bounds(
        least_rate_nl_h=settings.least_rate_nl_h,
        most_rate_nl_h=settings.most_rate_nl_h,
        step_up_percent=settings.step_up_percent,
        step_down_percent=settings.step_down_percent,
        day_up_percent=settings.day_up_percent,
        least_dose_ug_day=max(settings.least_dose_ug_day, of_drug.least_dose_ug_day),
        most_dose_ug_day=tighter(settings.most_dose_ug_day, of_drug.most_dose_ug_day),
        most_bolus_nl=settings.most_bolus_nl,
        least_bolus_ug=of_drug.least_bolus_ug,
        most_bolus_ug=of_drug.most_bolus_ug,
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


def _bolus_finding(change: Change, facts: Facts, bounds: Bounds) -> Finding | None:
    return bolus_finding(change.volume_nl, change.duration_s, bounds, facts.basis.concentration_ug_ml)


def _prime_finding(change: Change, _facts: Facts, bounds: Bounds) -> Finding | None:
    # A prime runs at the greatest rate, for as long as it takes; what it moves to the tip of the catheter is no dose.
    return bolus_finding(change.volume_nl, -(-change.volume_nl * S_PER_H // bounds.most_rate_nl_h), bounds)


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
        finding = _volume_finding(rate_minutes(old), rate_minutes(change.steps), facts.basis, bounds)
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


_JUDGES: dict[ChangeKind, Callable[[Change, Facts, Bounds], Finding | None]] = {
    ChangeKind.RATE: _rate_finding,
    ChangeKind.TEMPORARY_RATE: _rate_finding,
    ChangeKind.BRIDGE: _rate_finding,
    ChangeKind.BOLUS: _bolus_finding,
    ChangeKind.PRIME: _prime_finding,
    ChangeKind.FLEX: _flex_finding,
}


def _day_finding(change: Change, facts: Facts, bounds: Bounds) -> Finding | None:
    """Judge any 24 h that end after now; a change that makes the worst of them no worse is let through."""
    if not bounds.most_day_nl or change.kind is ChangeKind.REFILL:
        return None
    volume_nl = worst_day_nl(facts.turned, facts.planned(change))
    finding = day_finding(volume_nl, bounds)
    if finding is None or volume_nl <= worst_day_nl(facts.turned, facts.planned(None)):
        return None
    return finding
