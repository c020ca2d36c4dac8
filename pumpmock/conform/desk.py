"""What the checks of changes share: a device that can be asked, a Prepare that fits it, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol.messages import (
    Change,
    Commit,
    GetLimits,
    GetProgram,
    Limits,
    Outcome,
    Poll,
    Prepare,
    Prepared,
    Program,
    Resolve,
    Status,
)
from protocol.units import NL_PER_ML, US_PER_S
from protocol.vocabulary import ChangeKind, Mode, Refusal, State, Verdict
from pumpmock.conform.check import FailedError, SkippedError, demand, ensure

if TYPE_CHECKING:
    from protocol.messages import Step
    from pumpmock.conform.rig import Rig

ID_SIZE = 8
LONGEST_WAIT_MS = 180_000  # wall time: the emulator's lock-out of 60 s thrice over
HOURS_A_DAY = 24
_STEP_MS = 1_000
_MEASURED_MS = 300  # of wall time, to see how fast pump time goes


@dataclass(frozen=True, slots=True)
class Made:
    """The one change that was applied for the checks.

    Attributes:
        request: its Prepare.
        token: that it was committed under.
        outcome: what the device answered.
        before: the reading that it was decided on.
    """

    request: Prepare
    token: bytes
    outcome: Outcome
    before: Status


@dataclass(frozen=True, slots=True)
class Before:
    """What a device was before it was asked for any change: a reading, and the program of each weekday."""

    status: Status
    days: tuple[tuple[Step, ...], ...]

    def __str__(self) -> str:
        now = self.status
        return f"{now.programmed_rate_nl_h} nL/h, {now.state.name}, by {now.mode.name}"


def status(rig: Rig) -> Status:
    """Return a reading."""
    return rig.ask(Poll(), Status)


def ready(rig: Rig) -> Status:
    """Return a reading of a device that would take a RATE now, after having waited for it where that helps.

    Raises:
        SkippedError: where it would not, with what mends it.
    """
    now = status(rig)
    if now.state is not State.RUNNING:
        raise SkippedError(f"the device is {now.state.name}: it has to be RUNNING")
    if now.mode is not Mode.PROGRAM:
        raise SkippedError(f"the mode {now.mode.name} stands over the program: RESUME first")
    if now.refusing_s:
        _await_changes(rig, now.refusing_s)
        now = status(rig)
    _within_its_limits(rig, now)
    return now


def _within_its_limits(rig: Rig, now: Status) -> None:
    """Refuse to prepare the rate of a device that would refuse it: such refusals lock changes.

    Raises:
        SkippedError: where its rate, or the dose by it, is one that could not be set today.
    """
    limits, rate_nl_h = rig.ask(GetLimits(), Limits), now.programmed_rate_nl_h
    a_day = rate_nl_h * HOURS_A_DAY * now.concentration_ug_ml  # nL ug/mL, a million to the ug
    most = limits.most_dose_ug_day * NL_PER_ML
    dosed = not a_day or (limits.least_dose_ug_day * NL_PER_ML <= a_day and (not most or a_day <= most))
    if not limits.least_rate_nl_h <= rate_nl_h <= limits.most_rate_nl_h or not dosed:
        raise SkippedError(f"its rate, {rate_nl_h} nL/h, is outside its own limits: set another one first")


def plain(rig: Rig, now: Status) -> None:
    """Refuse to replace a pattern of the day, which one RATE does not bring back.

    Raises:
        SkippedError: where there is one.
    """
    days = [rig.ask(GetProgram(weekday), Program).steps for weekday in range(7)]
    if {day[0].rate_nl_h for day in days} != {now.programmed_rate_nl_h} or any(len(day) != 1 for day in days):
        raise SkippedError("it runs a pattern of the day, which a change of its rate would replace")


def _await_changes(rig: Rig, wanted_s: int) -> None:
    """Wait until changes are taken again.

    Raises:
        SkippedError: where that takes too long at the pace of its pump time.
    """
    _check_pace(rig, wanted_s)
    rig.say(f"the device takes no changes for {wanted_s} s of pump time: waiting")
    end_ms = rig.outside.now_ms() + LONGEST_WAIT_MS
    while left_s := status(rig).refusing_s:
        if rig.outside.now_ms() > end_ms:
            raise SkippedError(f"the device takes no changes for another {left_s} s")
        rig.outside.sleep(_STEP_MS)


def _check_pace(rig: Rig, wanted_s: int) -> None:
    began_us, began_ms = status(rig).pump_time_us, rig.outside.now_ms()
    rig.outside.sleep(_MEASURED_MS)
    gone_us, gone_ms = status(rig).pump_time_us - began_us, rig.outside.now_ms() - began_ms
    if not gone_us:
        raise SkippedError(
            f"pump time stands still, and the device takes changes after {wanted_s} s of it alone"
        )
    if wanted_s * US_PER_S * gone_ms > gone_us * LONGEST_WAIT_MS:
        raise SkippedError(
            f"the device takes no changes for {wanted_s} s of pump time, which is too long to wait"
        )


def can_come_back(rig: Rig) -> None:
    """Refuse to change a rate where the way back would be shut.

    Raises:
        SkippedError: where the device locks changes out for longer than anybody waits.
    """
    lockout_s = rig.ask(GetLimits(), Limits).lockout_s
    if lockout_s:
        _check_pace(rig, lockout_s)


def preparing(rig: Rig, now: Status, change: Change, *, overridden: int = 0) -> Prepare:
    """Return a Prepare under a fresh command id, decided on a reading."""
    command_id = rig.outside.random(ID_SIZE)
    return Prepare(command_id, now.revision, now.commanded_rate_nl_h, overridden, change)


def otherwise(
    request: Prepare, *, expect_revision: int | None = None, expect_rate_nl_h: int | None = None
) -> Prepare:
    """Return a Prepare that was decided on another revision or commanded rate."""
    return Prepare(
        request.command_id,
        request.expect_revision if expect_revision is None else expect_revision,
        request.expect_rate_nl_h if expect_rate_nl_h is None else expect_rate_nl_h,
        request.overridden,
        request.change,
    )


def refused(rig: Rig, request: Prepare, *reasons: Refusal, bound: int | None = None) -> int:
    """Send a Prepare that has to be refused under its command id, and return the bound that is told."""
    return rig.refused(request, *reasons, command_id=request.command_id, bound=bound).bound


def to_rate(rate_nl_h: int) -> Change:
    """Return the change to a rate."""
    return Change(ChangeKind.RATE, rate_nl_h)


def prepared(rig: Rig, request: Prepare) -> Prepared:
    """Prepare a change.

    Raises:
        FailedError: where it is refused.
    """
    return rig.ask(request, Prepared)


def same_rate(rig: Rig) -> Prepare:
    """Return a Prepare of the rate that is delivered already: no limit can forbid it, and nothing would come of it."""
    now = ready(rig)
    return preparing(rig, now, to_rate(now.programmed_rate_nl_h))


def free(rig: Rig, *requests: Prepare) -> None:
    """Leave nothing prepared."""
    for request in requests:
        demand(rig.ask(Resolve(request.command_id), Outcome).verdict, Verdict.NOT_APPLIED, "verdict")


def busy(rig: Rig) -> None:
    """Demand that something is prepared: another change is refused with BUSY."""
    now = status(rig)
    other = preparing(rig, now, to_rate(now.programmed_rate_nl_h))
    refused(rig, other, Refusal.BUSY)


def vacant(rig: Rig) -> None:
    """Demand that nothing is prepared: another change can be, and is given up again."""
    now = status(rig)
    other = preparing(rig, now, to_rate(now.programmed_rate_nl_h))
    prepared(rig, other)
    free(rig, other)


def not_prepared(rig: Rig, command_id: bytes, token: bytes) -> None:
    """Demand that a Commit finds nothing to apply."""
    rig.refused(Commit(command_id, token), Refusal.NOT_PREPARED, command_id=command_id, bound=0)


def noted(rig: Rig) -> Before:
    """Return what is to be found again at the end."""
    now = status(rig)
    return Before(now, tuple(rig.ask(GetProgram(weekday), Program).steps for weekday in range(7)))


def put_back(rig: Rig, before: Before) -> str:
    """Bring the device back to what it was, and return a sentence that says so; empty if it never left.

    More than the rate can differ, as the device may have done what it was only asked to prepare. What comes about by
    itself does not count: an empty reservoir, a mode that ends, the patient's bolus, another step of the program.

    Raises:
        FailedError: where that can't be had.
    """
    rig.reopen(rig.keys.changer)
    now = noted(rig)
    if _same(now, before):
        changed = now.status.revision != before.status.revision
        return f"the device is as it was: {now}" if changed else ""
    if len(set(before.days)) > 1 or len(before.days[0]) > 1:
        raise FailedError(str(before), f"{now}, and a pattern of the day is not put back from here")
    try:
        if not _runs(now.status, before.status):
            _carry_out(rig, Change(ChangeKind.RESUME))
        if now.days != before.days:
            _carry_out(rig, to_rate(before.days[0][0].rate_nl_h))
    except SkippedError as error:
        raise FailedError(str(before), str(error)) from error
    now = noted(rig)
    ensure(so=_same(now, before), expected=str(before), got=now)
    return f"the device is back: {now}; revision {now.status.revision}"


def _same(now: Before, before: Before) -> bool:
    return _runs(now.status, before.status) and now.days == before.days


def _runs(now: Status, before: Status) -> bool:
    """Say whether no change has stopped it, or put a mode over its program."""
    stopped = now.state is State.STOPPED and before.state is not State.STOPPED
    return not stopped and now.mode in {Mode.PROGRAM, Mode.PATIENT_BOLUS, before.mode}


def _carry_out(rig: Rig, change: Change) -> None:
    now = status(rig)
    if now.refusing_s:
        _await_changes(rig, now.refusing_s)
        now = status(rig)
    request = preparing(rig, now, change)
    answer = prepared(rig, request)
    rig.ask(Commit(request.command_id, answer.token), Outcome)
