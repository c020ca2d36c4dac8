"""The guard as plain JSON values, and back: part of `stored`, and as distrustful."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from protocol.messages import MOST_RATE_NL_H
from protocol.vocabulary import Mode
from pumpmock.model.guard import MOST_SPANS, Course, Guard, Span
from pumpmock.model.plain import figure, items, members, require
from pumpmock.model.settings import MOST_REFUSALS_ALLOWED

if TYPE_CHECKING:
    from pumpmock.model.mechanism import Mechanism
    from pumpmock.model.settings import Settings


def guard_dumped(guard: Guard) -> dict[str, Any]:
    """Return a guard as a dict of lists, integers and None."""
    return {
        "applied_us": guard.applied_us,
        "refusals_us": list(guard.refusals_us),
        "locked_until_us": guard.locked_until_us,
        "programmed": [list(span) for span in guard.programmed],
        "turned": [list(span) for span in guard.turned],
        "granted_us": list(guard.granted_us),
    }


def guard_loaded(data: object) -> Guard:
    """Return the guard in what `guard_dumped` returned.

    Raises:
        ValueError: with a sentence that begins with the key at fault.
    """
    found = members(data, "guard", [f.name for f in fields(Guard)])
    applied, refusals = found["applied_us"], items(found["refusals_us"], "guard.refusals_us")
    require(len(refusals) < MOST_REFUSALS_ALLOWED, "guard.refusals_us", "has too many entries")
    return Guard(
        applied_us=None if applied is None else figure(applied, "guard.applied_us"),
        refusals_us=tuple(figure(at_us, "guard.refusals_us") for at_us in refusals),
        locked_until_us=figure(found["locked_until_us"], "guard.locked_until_us"),
        programmed=_course(found["programmed"], "guard.programmed"),
        turned=_course(found["turned"], "guard.turned"),
        granted_us=tuple(
            figure(at_us, "guard.granted_us") for at_us in items(found["granted_us"], "guard.granted_us")
        ),
    )


def check_guard(mechanism: Mechanism, settings: Settings) -> None:
    """Hold what the limits remember against what the pump is doing.

    Raises:
        ValueError: with a sentence that begins with the key at fault.
    """
    guard, since_us = mechanism.guard, mechanism.drive.since_us
    require((guard.applied_us or 0) <= since_us, "guard.applied_us", "is after drive.since_us")
    refusals = (*guard.refusals_us, since_us)
    require(list(refusals) == sorted(refusals), "guard.refusals_us", "does not rise up to drive.since_us")
    courses = {
        "guard.programmed": (guard.programmed[-1], mechanism.therapy.program.mean_nl_h),
        "guard.turned": (guard.turned[-1], mechanism.drive.rate_nl_h),
    }
    for key, (newest, rate_nl_h) in courses.items():
        require(newest.since_us <= since_us, key, "has a span after drive.since_us")
        require(newest.rate_nl_h == rate_nl_h, key, "does not end with the present rate")
    _check_patient(mechanism, settings)


def _check_patient(mechanism: Mechanism, settings: Settings) -> None:
    """Hold the patient's bolus that runs against the presses that were granted."""
    granted_us, therapy, key = mechanism.guard.granted_us, mechanism.therapy, "guard.granted_us"
    most = settings.patient_boluses_a_day
    require(len(granted_us) <= most, key, f"has more than the {most} of a day")
    require(all(one <= later for one, later in pairwise(granted_us)), key, "does not rise in time")
    newest_us = max(granted_us, default=0)
    require(newest_us <= mechanism.drive.since_us, key, "has an instant after drive.since_us")
    if therapy.mode is not Mode.PATIENT_BOLUS:
        return
    require(bool(granted_us), key, "lacks the bolus that runs")
    left_nl, most_nl = therapy.mode_left_nl or 0, settings.patient_bolus_nl
    require(left_nl <= most_nl, "therapy.mode_left_nl", "is more than the patient's bolus")
    until_us = None if therapy.beneath is None else therapy.beneath.mode_until_us
    was_over = until_us is not None and until_us <= newest_us
    require(not was_over, "therapy.beneath.mode_until_us", "was over when the patient pressed")


def _course(data: object, key: str) -> Course:
    rows = [items(row, key) for row in items(data, key)]
    require(0 < len(rows) <= MOST_SPANS, key, f"does not have 1 to {MOST_SPANS} spans")
    require(all(len(row) == len(Span._fields) for row in rows), key, "has a span that is no instant and rate")
    course = tuple(Span(figure(at_us, key), figure(rate, key, most=MOST_RATE_NL_H)) for at_us, rate in rows)
    rises = all(one.since_us <= later.since_us for one, later in pairwise(course))
    require(rises, key, "does not rise in time")
    return course
