"""What the pump remembers so that its limits hold over time: changes, refusals, and the rates of the last 24 h.

Pure values and functions of pump time. What is remembered is bounded, and where it has to be simplified for that it is
simplified towards refusing: docs/decisions/0021-limits-over-time.md.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

from protocol.units import US_PER_DAY, US_PER_H, US_PER_S
from protocol.vocabulary import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.model.settings import Settings

MOST_SPANS = 256  # changes of a rate that are told apart within 24 h

# Refusals that say that somebody wanted too much or too little. The others (a role, a stale revision, a state, a lock)
# happen to a careful host too, and never lock anybody out.
OVER_A_LIMIT = frozenset(
    {
        *(Refusal.BELOW_LEAST, Refusal.ABOVE_MOST, Refusal.STEP_UP, Refusal.STEP_DOWN),
        *(Refusal.BELOW_DOSE, Refusal.ABOVE_DOSE, Refusal.DAY_UP, Refusal.DAY_VOLUME, Refusal.BOLUS_VOLUME),
        Refusal.BOLUS_DOSE,
    }
)


class Span(NamedTuple):
    """A rate in nL/h from an instant of pump time in us on, until the next span begins."""

    since_us: int
    rate_nl_h: int


Course = tuple[Span, ...]
"""Rates by rising instant; the last one goes on."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What was asked of the pump and what it did, as far back as its limits reach.

    Attributes:
        applied_us: when the newest change was applied; None before the first.
        refusals_us: when the newest changes over a limit were refused, oldest first; none since the last lock.
        locked_until_us: changes are locked before this instant; 0 where they never were.
        programmed: rates of the program, at least of the last 24 h; of one that changes by the hour, its mean.
        turned: rates of the motor, at least of the last 24 h.
        granted_us: when the patient's newest boluses were granted, oldest first: as many as a day may have.
    """

    applied_us: int | None = None
    refusals_us: tuple[int, ...] = ()
    locked_until_us: int = 0
    programmed: Course = ()
    turned: Course = ()
    granted_us: tuple[int, ...] = ()


def watched(guard: Guard, now_us: int, programmed_nl_h: int, turning_nl_h: int) -> Guard:
    """Return the guard when it has seen what is programmed and what turns at `now_us`."""
    turned = guard.turned
    if turned and turned[-1].since_us == now_us:
        turned = turned[:-1]  # it delivered nothing in no time; of the program, such a rate may be the least
    turned = _continued(turned, now_us, turning_nl_h, max)
    programmed = _continued(guard.programmed, now_us, programmed_nl_h, _lesser)
    if (programmed, turned) == (guard.programmed, guard.turned):
        return guard
    return Guard(
        guard.applied_us, guard.refusals_us, guard.locked_until_us, programmed, turned, guard.granted_us
    )


def after_change(guard: Guard, now_us: int) -> Guard:
    """Return the guard after a change was applied at `now_us`."""
    return replace(guard, applied_us=now_us)


def after_refusal(guard: Guard, now_us: int, settings: Settings) -> Guard:
    """Return the guard after a change over a limit was refused at `now_us`: locked, if it was one too many."""
    if not settings.refusals_allowed or now_us < guard.locked_until_us:
        return guard
    since_us = now_us - settings.refusal_window_s * US_PER_S
    newest = (*(at_us for at_us in guard.refusals_us if at_us >= since_us), now_us)
    if len(newest) < settings.refusals_allowed:
        return replace(guard, refusals_us=newest)
    return replace(guard, refusals_us=(), locked_until_us=now_us + settings.lock_s * US_PER_S)


def locked_s(guard: Guard, now_us: int) -> int:
    """Return for how many seconds changes are still locked, rounded up; 0 where they are not."""
    return _seconds(guard.locked_until_us - now_us)


def too_soon_s(guard: Guard, now_us: int, settings: Settings) -> int:
    """Return how many seconds the newest change still keeps the next one out, rounded up; 0 where it does not."""
    if guard.applied_us is None:
        return 0
    return _seconds(guard.applied_us + settings.lockout_s * US_PER_S - now_us)


def day_least_nl_h(guard: Guard, now_us: int) -> int | None:
    """Return the least rate above 0 that was programmed within the last 24 h; None if there was none.

    From 0 any increase is allowed, so a 0 says nothing of how far one may go.
    """
    ends_us = (*(span.since_us for span in guard.programmed[1:]), now_us + 1)
    since_us = now_us - US_PER_DAY
    rates = (
        span.rate_nl_h for span, end_us in zip(guard.programmed, ends_us, strict=False) if end_us > since_us
    )
    return min(filter(None, rates), default=None)


def worst_day_nl(turned: Course, planned: Course) -> int:
    """Return the greatest volume of any 24 h that end after `planned` begins, in nL, rounded up.

    Counted is what was delivered and what is committed to come. Counting the former alone, as a written rule for such
    pumps did, lets an overdose through: the flow still to come fills the window behind the check. Found by a model of the
    Open PCA Pump Requirements in event calculus, ICLP 2024.

    Args:
        turned: rates of the motor so far.
        planned: rates to come; the first span begins now.
    """
    now_us = planned[0].since_us
    course = (*(span for span in turned if span.since_us < now_us), *planned)
    starts = [span.since_us for span in course]
    volumes = (rate * (end_us - at_us) for (at_us, rate), (end_us, _) in pairwise(course))
    totals = list(accumulate(volumes, initial=0))

    def total(at_us: int) -> int:
        place = bisect_right(starts, at_us) - 1
        return 0 if place < 0 else totals[place] + course[place].rate_nl_h * (at_us - starts[place])

    # The volume in a sliding window is a chain of straight lines: greatest where either end of it meets a new rate.
    ends_us = {*starts, *(at_us + US_PER_DAY for at_us in starts)}
    greatest = max(total(at_us) - total(at_us - US_PER_DAY) for at_us in ends_us if at_us >= now_us)
    return -(-greatest // US_PER_H)


def _continued(course: Course, now_us: int, rate_nl_h: int, merge: Callable[[int, int], int]) -> Course:
    """Return a course with a rate from `now_us` on, without what ended 24 h ago, of `MOST_SPANS` at the most."""
    if course and course[-1].rate_nl_h == rate_nl_h:
        return course
    spans = [*course, Span(now_us, rate_nl_h)]
    while len(spans) > 1 and spans[1].since_us <= now_us - US_PER_DAY:
        del spans[0]
    while len(spans) > MOST_SPANS:
        # The two shortest neighbours become one, at the rate that allows less; the present one stays what it is.
        place = min(range(len(spans) - 2), key=lambda at: spans[at + 2].since_us - spans[at].since_us)
        one, other = spans[place : place + 2]
        spans[place : place + 2] = [Span(one.since_us, merge(one.rate_nl_h, other.rate_nl_h))]
    return tuple(spans)


def _lesser(one: int, other: int) -> int:
    return min(filter(None, (one, other)), default=0)


def _seconds(span_us: int) -> int:
    return max(0, -(-span_us // US_PER_S))
