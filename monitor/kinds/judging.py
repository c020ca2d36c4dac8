"""What each kind of change does against the bounds, before the pump is asked. A function a kind; the pump has the last word.

A figure of the flow is compared with the present one, and from a factor of two on it is typed again. A volume that is given
at once has nothing to be compared with, so it always is. What was done to the reservoir is never refused here: it is so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.kinds.days import WEEKDAYS, even_rate
from monitor.kinds.effects import clock_text, concentration_text, exact_text
from monitor.kinds.ground import Judged
from protocol.bounds import Basis, Finding, hard_finding
from protocol.units import S_PER_H, format_rate, format_span, ml, ml_day
from protocol.vocabulary import ChangeKind, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.kinds.ground import Ground
    from protocol.bounds import Assessment
    from protocol.messages import Change

FACTOR = "twice or more, or half or less. Look at the decimal point."
AT_ONCE = "It is given at once, beside no figure to compare it with: look at the decimal point."
# What differs more than that from what was expected wants a reason: a clinic's habit, an assumption here.
DISCREPANCY_NL = 2_000_000
# A flex program is shifted by a clock that is set; from an hour on it is typed again. An assumption.
LARGE_CLOCK_S = S_PER_H
_MAY_INCREASE = {ChangeKind.FLEX, ChangeKind.REFILL}
_ALREADY = "that is the present rate: there is nothing to change"


def no_figure(_change: Change, _ground: Ground) -> Judged:
    """Judge what has no figure."""
    return Judged()


def rate(change: Change, ground: Ground) -> Judged:
    """Judge a rate that stays."""
    idle = _ALREADY if change.rate_nl_h == ground.status.programmed_rate_nl_h else ""
    return replace(passing_rate(change, ground), idle=idle)


def passing_rate(change: Change, ground: Ground) -> Judged:
    """Judge a rate that stands over the program for a while."""
    found = ground.rules.assess(ground.status, ground.events, change.rate_nl_h)
    return _of_rate(found, format_rate(change.rate_nl_h))


def bolus(change: Change, ground: Ground) -> Judged:
    """Judge a bolus by the drug's bounds."""
    hard, soft = ground.rules.assess_bolus(ground.status, ground.events, change.volume_nl, change.duration_s)
    return Judged(hard[0] if hard else None, soft, large=AT_ONCE, again=exact_text(change.volume_nl))


def at_once(change: Change, _ground: Ground) -> Judged:
    """Judge a volume that no drug library has bounds for."""
    return Judged(large=AT_ONCE, again=exact_text(change.volume_nl))


def bridge(change: Change, ground: Ground) -> Judged:
    """Judge a bridge bolus: its rate as any, its volume as what is given at once."""
    found = passing_rate(change, ground)
    return replace(
        found, large=found.large or AT_ONCE, again=exact_text(change.volume_nl), label="Volume again"
    )


def flex(change: Change, ground: Ground) -> Judged:
    """Judge a pattern: each step for the range, each day by the even rate that delivers as much, against that day's."""
    for step in change.steps:
        bounds = ground.rules.bounds(ground.status)
        out = hard_finding(Basis(0), step.rate_nl_h, replace(bounds, least_dose_ug_day=0, most_dose_ug_day=0))
        if out is not None:
            return Judged(out)
    if not ground.week:
        return Judged()
    named = [day for day in range(len(WEEKDAYS)) if change.weekdays >> day & 1]
    if all(ground.week[day] == change.steps for day in named):
        return Judged(idle="that is the program of these days: there is nothing to change")
    judged = worst(_of_day(change, ground, day) for day in named)
    alike = len({even_rate(ground.week[day]) for day in named}) == 1
    return replace(judged, step=judged.step.partition(" ")[2]) if alike else judged


def refill(change: Change, ground: Ground) -> Judged:
    """Judge what was done to the reservoir: nothing of it is refused, for it is so; what is odd wants a reason."""
    status, held = ground.status, ground.status.concentration_ug_ml
    soft: list[Finding] = []
    missing = abs(status.reservoir_nl - change.withdrawn_nl)
    if missing > DISCREPANCY_NL:
        side = "less" if change.withdrawn_nl < status.reservoir_nl else "more"
        said = f"{ml(missing)} mL {side} withdrawn than expected: more than {ml(DISCREPANCY_NL)} mL off (assumption)"
        soft.append(Finding(Refusal.VOLUME, DISCREPANCY_NL, said))
    new = change.concentration_ug_ml
    large = step = ""
    if new and held and new != held:
        # The same flow of another drug is another dose: as if the rate had been changed at the new concentration.
        was = replace(status, programmed_rate_nl_h=status.programmed_rate_nl_h * held // new)
        found = ground.rules.assess(
            replace(was, concentration_ug_ml=new), ground.events, status.programmed_rate_nl_h
        )
        soft += [*([found.hard] if found.hard else []), *found.soft]
        step = f"daily dose {found.change}"
        large = FACTOR if found.retype else ""
    elif new != held:
        large = "the concentration was not known, or will not be: the daily dose can't be compared."
    elif ground.rules.soft.concentrations_ug_ml and held not in ground.rules.soft.concentrations_ug_ml:
        said = f"{held} ug/mL is none of the drug's concentrations"
        soft.append(Finding(Refusal.DRUG_UNKNOWN, held, said))
    return Judged(
        soft=tuple(soft),
        step=step,
        large=large,
        again=concentration_text(new) if large else exact_text(change.volume_nl),
        label="Conc. again" if large else "Filled again",
        remark="the reservoir is taken for emptied and filled; the program goes on.",
    )


def clock(change: Change, ground: Ground) -> Judged:
    """Judge a clock that is set: a flex program goes by it."""
    moved = change.clock_s - ground.status.clock_s
    step = f"{'+' if moved >= 0 else '-'}{format_span(abs(moved))}"
    large = f"from {format_span(LARGE_CLOCK_S)} on a flex program moves by hours." * (
        abs(moved) >= LARGE_CLOCK_S
    )
    remark = "the clock will be behind by as long as you take to send it."
    return Judged(step=step, large=large, again=clock_text(change.clock_s), remark=remark)


def looks_back_s(change: Change, ground: Ground) -> int:
    """Return how far back in the pump's log a judgement has to look, in seconds of pump time; 0 for not at all."""
    rules, kind = ground.rules, change.kind
    if kind is ChangeKind.BOLUS:
        return rules.drug.screening.interval_s if rules.drug and rules.drug.screening else 0
    if kind in _MAY_INCREASE or change.rate_nl_h > ground.status.programmed_rate_nl_h:
        return rules.soft.interval_s
    return 0


def worst(judged: Iterable[Judged]) -> Judged:
    """Return the judgement that matters most."""
    return max(judged, key=lambda one: (one.hard is not None, bool(one.large), len(one.soft)))


def _of_rate(found: Assessment, again: str) -> Judged:
    same = not found.percent_tenths
    return Judged(
        found.hard,
        found.soft,
        step="" if same else found.change,
        large=FACTOR if found.retype and not same else "",
        again=again,
        remark="" if same else "within the soft limits.",
    )


def _of_day(change: Change, ground: Ground, day: int) -> Judged:
    old = even_rate(ground.week[day])
    up = even_rate(change.steps) > old
    status = replace(ground.status, programmed_rate_nl_h=old)
    found = ground.rules.assess(status, ground.events, even_rate(change.steps, up=up))
    again = ml_day(even_rate(change.steps))
    step = f"{WEEKDAYS[day]} {found.change}" if found.percent_tenths else ""
    return replace(_of_rate(found, again), step=step, label=f'Type "{again}"')
