"""The limits: a limit itself is allowed, what is over it is refused with the bound.

Refusals over a limit add up: after `refusals_allowed` of them a device locks changes. Two are tried here, and none that
would be one too many after those in its log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.messages import Change, GetLimits, Identify, Identity, Limits, Prepared, Rejected, build
from protocol.units import NL_PER_ML, S_PER_H, US_PER_S
from protocol.vocabulary import ChangeKind, EventKind, Refusal
from pumpmock.conform.check import Check, FailedError, Need, SkippedError, demand, ensure
from pumpmock.conform.checks_readings import entries
from pumpmock.conform.desk import free, prepared, preparing, ready, same_rate, to_rate
from pumpmock.conform.told import shown
from pumpmock.model.guard import OVER_A_LIMIT

if TYPE_CHECKING:
    from protocol.messages import Status
    from pumpmock.conform.rig import Rig

ENFORCED = "What the pump enforces"
_OF_A_RATE_UP = (Refusal.ABOVE_MOST, Refusal.ABOVE_DOSE, Refusal.STEP_UP, Refusal.DAY_UP)
_OF_A_RATE_DOWN = (Refusal.BELOW_LEAST, Refusal.BELOW_DOSE, Refusal.STEP_DOWN)
_IN_NL_H = {
    Refusal.ABOVE_MOST,
    Refusal.STEP_UP,
    Refusal.DAY_UP,
    Refusal.BELOW_LEAST,
    Refusal.STEP_DOWN,
}
_MOST_NL = 0xFFFF_FFFF
_SINGLY = 5  # refusals of a minute that have an entry each; the page, "Requests"


def spare(rig: Rig) -> Limits:
    """Return the limits of a device that would stand one more refusal over a limit without locking changes.

    What was refused before this run is in its log; within it nobody but these checks goes over a limit.

    Raises:
        SkippedError: where it would not stand one, or where that can't be known.
    """
    limits = rig.ask(GetLimits(), Limits)
    first = rig.first
    if not limits.refusals_allowed or first is None:
        return limits
    since_us = first.pump_time_us - limits.refusal_window_s * US_PER_S
    before = [
        one for one in entries(rig) if one.number <= first.newest_event and one.pump_time_us >= since_us
    ]
    refused = [one.detail for one in before if one.kind == EventKind.REFUSED]
    if len(refused) >= _SINGLY or any(one.kind == EventKind.REFUSALS for one in before):
        raise SkippedError(
            f"refusals over a limit lock changes, the device had many within {limits.refusal_window_s} s, and its log "
            "does not tell for what: try again after that time"
        )
    counted = rig.over_a_limit + sum(reason in OVER_A_LIMIT for reason in refused)
    if counted + 1 >= limits.refusals_allowed:
        raise SkippedError(
            f"the device locks changes after {limits.refusals_allowed} refusals over a limit, "
            f"and had {counted} within {limits.refusal_window_s} s"
        )
    return limits


def _bounds(rig: Rig) -> tuple[Status, Prepared]:
    """Return a reading and what the device says that its limits allow now."""
    now = ready(rig)
    request = same_rate(rig)
    answer = prepared(rig, request)
    free(rig, request)
    return now, answer


def _within(rig: Rig, rate_nl_h: int) -> None:
    now = ready(rig)
    request = preparing(rig, now, to_rate(rate_nl_h))
    demand(prepared(rig, request).new_rate_nl_h, rate_nl_h, "new_rate_nl_h")
    free(rig, request)


def _a_limit_is_allowed(rig: Rig) -> None:
    _, answer = _bounds(rig)
    if spare(rig).most_day_nl:
        raise SkippedError("the volume of 24 h may forbid what the bounds of a rate allow")
    ordered = answer.least_rate_nl_h <= answer.old_rate_nl_h <= answer.most_rate_nl_h
    ensure(so=ordered, expected="least_rate_nl_h <= old_rate_nl_h <= most_rate_nl_h", got=answer)
    _within(rig, answer.most_rate_nl_h)
    _within(rig, answer.least_rate_nl_h)


def _over(rig: Rig, rate_nl_h: int, bound_nl_h: int, *reasons: Refusal) -> None:
    now = ready(rig)
    request = preparing(rig, now, to_rate(rate_nl_h))
    rig.over_a_limit += 1
    answer = rig.refused(request, *reasons, command_id=request.command_id)
    if answer.reason in _IN_NL_H:
        demand(answer.bound, bound_nl_h, f"bound of {Refusal(answer.reason).name}, nL/h:")


def _above(rig: Rig) -> None:
    _, answer = _bounds(rig)
    spare(rig)
    _over(rig, answer.most_rate_nl_h + 1, answer.most_rate_nl_h, *_OF_A_RATE_UP)


def _below(rig: Rig) -> None:
    _, answer = _bounds(rig)
    spare(rig)
    if not answer.least_rate_nl_h:
        raise SkippedError("no rate is below the least that is allowed")
    _over(rig, answer.least_rate_nl_h - 1, answer.least_rate_nl_h, *_OF_A_RATE_DOWN)


def _limits_meet(rig: Rig) -> None:
    """Prepared tells no wider bounds than Limits and Status do."""
    now, answer = _bounds(rig)
    limits = rig.ask(GetLimits(), Limits)
    most = [limits.most_rate_nl_h]
    least = [limits.least_rate_nl_h]
    rate_nl_h = now.programmed_rate_nl_h
    if rate_nl_h and limits.step_up_percent:
        most.append(rate_nl_h * (100 + limits.step_up_percent) // 100)
    if rate_nl_h and limits.step_down_percent:
        least.append(-(-rate_nl_h * (100 - limits.step_down_percent) // 100))
    ensure(
        so=answer.most_rate_nl_h <= min(most),
        expected=f"most_rate_nl_h of {min(most)} or less",
        got=answer.most_rate_nl_h,
    )
    ensure(
        so=answer.least_rate_nl_h >= max(least),
        expected=f"least_rate_nl_h of {max(least)} or more",
        got=answer.least_rate_nl_h,
    )


def _bolus_nl(limits: Limits, concentration_ug_ml: int) -> int:
    """Return a volume that the limits of one bolus allow, and that takes some seconds.

    Raises:
        SkippedError: where there is none.
    """
    least, most = 2 * limits.most_rate_nl_h // S_PER_H + 1, limits.most_bolus_nl or _MOST_NL
    if concentration_ug_ml:
        least = max(least, -(-limits.least_bolus_ug * NL_PER_ML // concentration_ug_ml))
        most = min(most, limits.most_bolus_ug * NL_PER_ML // concentration_ug_ml or _MOST_NL)
    if least > most:
        raise SkippedError("the limits allow no bolus that takes longer than a second")
    return least


def _too_short(rig: Rig) -> None:
    """A bolus that the motor can't deliver in its time; no refusal over a limit."""
    now = ready(rig)
    limits = rig.ask(GetLimits(), Limits)
    if not rig.ask(Identify(), Identity).changes >> ChangeKind.BOLUS & 1:
        raise SkippedError("the device offers no BOLUS")
    volume_nl = _bolus_nl(limits, now.concentration_ug_ml)
    least_s = -(-volume_nl * S_PER_H // limits.most_rate_nl_h)
    wrong = Change(ChangeKind.BOLUS, volume_nl=volume_nl, duration_s=least_s - 1)
    request = preparing(rig, now, wrong)
    rig.refused(request, Refusal.DURATION, command_id=request.command_id, bound=least_s)
    if limits.most_day_nl:
        return  # which may forbid what the duration does not
    longer = preparing(rig, now, Change(ChangeKind.BOLUS, volume_nl=volume_nl, duration_s=least_s))
    answer = rig.ask_raw(longer.code, build(longer))
    if isinstance(answer, Rejected) and answer.reason == Refusal.DURATION:
        raise FailedError(f"a BOLUS within {least_s} s, which the motor can do", shown(answer))
    if isinstance(answer, Prepared):
        free(rig, longer)


CHECKS = (
    Check(ENFORCED, "the bounds in Prepared are within Limits and steps", _limits_meet, Need.CHANGES),
    Check(
        ENFORCED,
        "the least and the greatest rate that are told are allowed",
        _a_limit_is_allowed,
        Need.CHANGES,
    ),
    Check(
        ENFORCED,
        "a rate over the greatest that is told is refused, with it as the bound",
        _above,
        Need.CHANGES,
    ),
    Check(
        ENFORCED, "a rate under the least that is told is refused, with it as the bound", _below, Need.CHANGES
    ),
    Check(
        ENFORCED, "a BOLUS faster than the greatest rate is refused with DURATION", _too_short, Need.CHANGES
    ),
)
