"""What a Prepare is refused for on account of its content, and which of two reasons is told."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from protocol.messages import Change, Identify, Identity, Step
from protocol.vocabulary import ChangeKind, Refusal
from pumpmock.conform.check import Check, Need, SkippedError
from pumpmock.conform.desk import free, otherwise, prepared, preparing, ready, refused, same_rate, status

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.conform.rig import Rig

KINDS, ENFORCED = "What each kind does", "What the pump enforces"
_RATE_NL_H = 20_000
_CONTRADICTIONS: dict[str, Change] = {
    "a RATE with a volume": Change(ChangeKind.RATE, _RATE_NL_H, volume_nl=1),
    "a STOP with a rate": Change(ChangeKind.STOP, _RATE_NL_H),
    "a RESUME with a duration": Change(ChangeKind.RESUME, duration_s=1),
    "a CLOCK with weekdays": Change(ChangeKind.CLOCK, clock_s=1_767_225_600, weekdays=1),
    "a TEMPORARY_RATE of 0 s": Change(ChangeKind.TEMPORARY_RATE, _RATE_NL_H),
    "a BOLUS of 0 nL": Change(ChangeKind.BOLUS, duration_s=60),
    "a PRIME of 0 nL": Change(ChangeKind.PRIME),
    "a BRIDGE of 0 nL": Change(ChangeKind.BRIDGE, _RATE_NL_H),
    "a FLEX without a weekday": Change(ChangeKind.FLEX, steps=(Step(0, _RATE_NL_H),)),
    "a FLEX without steps": Change(ChangeKind.FLEX, weekdays=1),
    "a FLEX that does not begin at minute 0": Change(
        ChangeKind.FLEX, weekdays=1, steps=(Step(1, _RATE_NL_H),)
    ),
    "a FLEX whose steps do not rise": Change(
        ChangeKind.FLEX, weekdays=1, steps=(Step(0, _RATE_NL_H), Step(9, 1), Step(9, 2))
    ),
}


def _contradicts_itself(rig: Rig, change: Change) -> None:
    refused(rig, preparing(rig, status(rig), change), Refusal.MALFORMED, bound=0)


def _not_offered(rig: Rig) -> None:
    offered = rig.ask(Identify(), Identity).changes
    missing = [kind for kind in (ChangeKind.STOP, ChangeKind.RESUME, *_STRANGERS) if not offered >> kind & 1]
    if not missing:
        raise SkippedError("the device offers every kind of change")
    now = ready(rig)
    for kind in missing:
        refused(rig, preparing(rig, now, _STRANGERS.get(kind, Change(kind))), Refusal.NOT_OFFERED, bound=0)


_STRANGERS = {
    ChangeKind.MINIMUM_RATE: Change(ChangeKind.MINIMUM_RATE),
    ChangeKind.TEMPORARY_RATE: Change(ChangeKind.TEMPORARY_RATE, _RATE_NL_H, duration_s=3_600),
    ChangeKind.BOLUS: Change(ChangeKind.BOLUS, volume_nl=50_000, duration_s=3_600),
    ChangeKind.FLEX: Change(ChangeKind.FLEX, weekdays=1, steps=(Step(0, _RATE_NL_H),)),
    ChangeKind.REFILL: Change(ChangeKind.REFILL, volume_nl=1_000_000),
    ChangeKind.PRIME: Change(ChangeKind.PRIME, volume_nl=50_000),
    ChangeKind.BRIDGE: Change(ChangeKind.BRIDGE, _RATE_NL_H, volume_nl=50_000),
    ChangeKind.CLOCK: Change(ChangeKind.CLOCK, clock_s=1_767_225_600),
}


def _malformed_first(rig: Rig) -> None:
    stale = otherwise(preparing(rig, ready(rig), Change(ChangeKind.STOP, 1)), expect_revision=0xFFFF_FFFF)
    refused(rig, stale, Refusal.MALFORMED)


def _revision_before_rate(rig: Rig) -> None:
    request = same_rate(rig)
    wrong = otherwise(request, expect_revision=0xFFFF_FFFF, expect_rate_nl_h=request.expect_rate_nl_h + 1)
    refused(rig, wrong, Refusal.STALE_REVISION)


def _stale_before_busy(rig: Rig) -> None:
    request = same_rate(rig)
    prepared(rig, request)
    other = preparing(rig, status(rig), request.change)
    refused(rig, otherwise(other, expect_rate_nl_h=other.expect_rate_nl_h + 1), Refusal.STALE_RATE)
    free(rig, request)


def _void_before_malformed(rig: Rig) -> None:
    request = preparing(rig, ready(rig), Change(ChangeKind.STOP, 1))
    free(rig, request)
    refused(rig, request, Refusal.VOID)


def _resume_of_the_program(rig: Rig) -> None:
    now = ready(rig)
    refused(rig, preparing(rig, now, Change(ChangeKind.RESUME)), Refusal.WRONG_STATE, bound=0)


def _more_than_it_holds(rig: Rig) -> None:
    now = ready(rig)
    if not rig.ask(Identify(), Identity).changes >> ChangeKind.REFILL & 1:
        raise SkippedError("the device offers no REFILL")
    for wrong in (
        Change(ChangeKind.REFILL, volume_nl=now.capacity_nl + 1),
        Change(ChangeKind.REFILL, volume_nl=1, withdrawn_nl=now.capacity_nl + 1),
    ):
        refused(rig, preparing(rig, now, wrong), Refusal.VOLUME, bound=now.capacity_nl)


_ROWS: tuple[tuple[str, str, Callable[[Rig], None]], ...] = (
    (ENFORCED, "MALFORMED is told before STALE_REVISION", _malformed_first),
    (ENFORCED, "STALE_REVISION is told before STALE_RATE", _revision_before_rate),
    (ENFORCED, "STALE_RATE is told before BUSY", _stale_before_busy),
    (ENFORCED, "VOID is told before MALFORMED", _void_before_malformed),
    (KINDS, "a RESUME of a device that delivers by its program is WRONG_STATE", _resume_of_the_program),
    (ENFORCED, "a REFILL of more than the reservoir holds is VOLUME", _more_than_it_holds),
    (KINDS, "a kind that is not offered is NOT_OFFERED", _not_offered),
)

CHECKS = (
    *(Check(section, name, run, Need.CHANGES) for section, name, run in _ROWS),
    *(
        Check(KINDS, f"{what} is MALFORMED", partial(_contradicts_itself, change=change), Need.CHANGES)
        for what, change in _CONTRADICTIONS.items()
    ),
)
