"""One change is applied, by 1 nL/h, and looked at from all sides. Whoever runs these puts the rate back (`desk.put_back`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.messages import (
    OVERRIDDEN,
    Change,
    Commit,
    GetLimits,
    GetProgram,
    Limits,
    Outcome,
    Prepared,
    Program,
    Rejected,
    Resolve,
    build,
)
from protocol.vocabulary import ChangeKind, EventKind, Refusal, Verdict
from pumpmock.conform.check import Check, Need, SkippedError, demand, ensure, judged
from pumpmock.conform.checks_limits import spare
from pumpmock.conform.checks_readings import entries
from pumpmock.conform.desk import (
    Made,
    can_come_back,
    free,
    plain,
    prepared,
    preparing,
    ready,
    status,
    to_rate,
)
from pumpmock.conform.told import shown

if TYPE_CHECKING:
    from protocol.fields import Message
    from protocol.messages import Prepare, Status
    from pumpmock.conform.rig import Rig

CHANGING, FOLLOWS = "Changing", "What follows from what"
ENFORCED, KINDS, EVENTS = "What the pump enforces", "What each kind does", "EventKind"


def _prepared_nearby(rig: Rig, now: Status) -> tuple[Prepare, Prepared]:
    """Prepare a rate that differs by 1 nL/h, in a direction that is allowed and leaves the way back open.

    Raises:
        SkippedError: where there is none.
    """
    rate_nl_h = now.programmed_rate_nl_h
    same = preparing(rig, now, to_rate(rate_nl_h))
    bounds = prepared(rig, same)
    free(rig, same)
    # What a limit of 24 h lets through at the higher rate it can't refuse at the lower one; not so the other way round.
    directions: tuple[int, ...] = (1, -1)
    if rig.ask(GetLimits(), Limits).most_day_nl:
        spare(rig)  # that limit alone may still refuse it
        directions = (1,)
    for by in directions:
        if bounds.least_rate_nl_h <= rate_nl_h + by <= bounds.most_rate_nl_h:
            request = preparing(rig, now, to_rate(rate_nl_h + by), overridden=1)
            answer = rig.ask_raw(request.code, build(request))
            if isinstance(answer, Prepared):
                return request, answer
            rig.over_a_limit += 1
            raise SkippedError(f"the device refuses a rate of {rate_nl_h + by} nL/h: {_sentence(answer)}")
    raise SkippedError(f"no rate 1 nL/h away from {rate_nl_h} nL/h is allowed")


def _sentence(answer: Message) -> str:
    return answer.sentence if isinstance(answer, Rejected) else shown(answer)


def _applies(rig: Rig) -> None:
    one = made(rig)
    request, outcome, now = one.request, one.outcome, one.before
    demand(outcome.command_id, request.command_id, "command_id")
    demand(outcome.verdict, Verdict.APPLIED, "verdict")
    demand(outcome.revision, now.revision + 1, "revision")
    demand(outcome.rate_nl_h, request.change.rate_nl_h, "rate_nl_h")
    after = status(rig)
    demand(after.revision, outcome.revision, "Status.revision")
    demand(after.commanded_rate_nl_h, outcome.rate_nl_h, "Status.commanded_rate_nl_h")
    demand(after.programmed_rate_nl_h, outcome.rate_nl_h, "Status.programmed_rate_nl_h")
    within = now.pump_time_us <= outcome.pump_time_us <= after.pump_time_us
    ensure(so=within, expected="the pump time at which it was applied", got=outcome.pump_time_us)


def _committed(rig: Rig, request: Prepare, token: bytes, before: Status) -> Made:
    """Commit, and note what is to be put back before anything of the answer is judged."""
    unknown = Outcome(request.command_id, Verdict.APPLIED, before.revision + 1, request.change.rate_nl_h, 0)
    rig.made = Made(request, token, unknown, before)
    outcome = rig.ask(Commit(request.command_id, token), Outcome)
    rig.made = Made(request, token, outcome, before)
    return rig.made


def made(rig: Rig) -> Made:
    """Return the change that was applied, and apply it where none was.

    Raises:
        SkippedError: where the device takes none, or the way back would be shut.
    """
    if rig.made is not None:
        return rig.made
    now = ready(rig)
    plain(rig, now)
    can_come_back(rig)
    request, answer = _prepared_nearby(rig, now)
    return _committed(rig, request, answer.token, now)


def _same_outcome(rig: Rig, request: Commit | Resolve) -> None:
    one, before = made(rig), status(rig)
    demand(rig.ask(request, Outcome), one.outcome, "the same Outcome:")
    after = status(rig)
    demand(after.revision, before.revision, "and nothing is applied twice: revision")
    demand(after.commanded_rate_nl_h, before.commanded_rate_nl_h, "commanded rate")


def _again(rig: Rig) -> None:
    one = made(rig)
    _same_outcome(rig, Commit(one.request.command_id, one.token))


def _any_token(rig: Rig) -> None:
    _same_outcome(rig, Commit(made(rig).request.command_id, bytes(8)))


def _resolved(rig: Rig) -> None:
    _same_outcome(rig, Resolve(made(rig).request.command_id))


def _in_the_next_session(rig: Rig) -> None:
    one = made(rig)
    rig.open(rig.open_session.key)
    _same_outcome(rig, Resolve(one.request.command_id))
    _same_outcome(rig, Commit(one.request.command_id, one.token))


def _applied_already(rig: Rig) -> None:
    one, now = made(rig), status(rig)
    for request in (one.request, preparing(rig, now, to_rate(now.programmed_rate_nl_h))):
        same_id = type(request)(
            one.request.command_id, request.expect_revision, request.expect_rate_nl_h, 0, request.change
        )
        bound = now.revision
        rig.refused(same_id, Refusal.ALREADY_APPLIED, command_id=one.request.command_id, bound=bound)


def _before_malformed(rig: Rig) -> None:
    one, now = made(rig), status(rig)
    wrong = preparing(rig, now, Change(ChangeKind.STOP, 1))
    same_id = type(wrong)(one.request.command_id, now.revision, now.commanded_rate_nl_h, 0, wrong.change)
    rig.refused(same_id, Refusal.ALREADY_APPLIED, command_id=one.request.command_id)


def _outdated(rig: Rig) -> None:
    one = made(rig)
    old = preparing(rig, one.before, to_rate(one.before.programmed_rate_nl_h))
    bound = status(rig).revision
    rig.refused(old, Refusal.STALE_REVISION, command_id=old.command_id, bound=bound)


def _in_the_program(rig: Rig) -> None:
    rate_nl_h = made(rig).outcome.rate_nl_h
    for weekday in range(7):
        steps = rig.ask(GetProgram(weekday), Program).steps
        demand([(one.minute, one.rate_nl_h) for one in steps], [(0, rate_nl_h)], "the program of a day:")


def _logged(rig: Rig) -> None:
    one = made(rig)
    found = [entry for entry in entries(rig) if entry.kind == EventKind.RATE_CHANGED]
    newest = found[-1] if found else None
    told = newest and (newest.a, newest.b, newest.pump_time_us)
    wanted = (one.before.programmed_rate_nl_h, one.outcome.rate_nl_h, one.outcome.pump_time_us)
    demand(told, wanted, "the entry RATE_CHANGED with old rate, new rate and pump time")
    detail = newest.detail if newest else 0
    demand(detail & OVERRIDDEN, OVERRIDDEN, "bit 7 of its detail, as the Prepare told an override:")


def _too_soon(rig: Rig) -> None:
    made(rig)
    lockout_s = rig.ask(GetLimits(), Limits).lockout_s
    before = status(rig)
    if not lockout_s or not before.refusing_s:
        raise SkippedError("the device has no lock-out after a change, or it is over")
    request = preparing(rig, before, to_rate(before.programmed_rate_nl_h))
    answer = rig.ask_raw(request.code, build(request))
    if isinstance(answer, Prepared):
        free(rig, request)
        after = status(rig)
        demand(after.refusing_s, 0, "a Prepare is taken only when refusing_s is over:")
        return
    left_s = judged(answer, request.code, (Refusal.TOO_SOON,), command_id=request.command_id).bound
    least_s, most_s = status(rig).refusing_s, min(before.refusing_s, lockout_s)
    ensure(so=least_s <= left_s <= most_s, expected=f"a bound of {least_s} to {most_s} s", got=left_s)


def _less_can_be_had(rig: Rig) -> None:
    made(rig)
    request = preparing(rig, status(rig), Change(ChangeKind.STOP))
    demand(prepared(rig, request).new_rate_nl_h, 0, "new_rate_nl_h")
    free(rig, request)


CHECKS = (
    Check(CHANGING, "a Commit applies what was prepared, as the next revision", _applies, Need.CHANGES),
    Check(FOLLOWS, "a Commit again has the same Outcome, and applies nothing", _again, Need.CHANGES),
    Check(FOLLOWS, "a Commit again has the same Outcome, whatever the token", _any_token, Need.CHANGES),
    Check(FOLLOWS, "a Resolve of an applied change has the same Outcome", _resolved, Need.CHANGES),
    Check(FOLLOWS, "the Outcome is the same in the next session", _in_the_next_session, Need.CHANGES),
    Check(FOLLOWS, "a Prepare of an id that was applied is ALREADY_APPLIED", _applied_already, Need.CHANGES),
    Check(ENFORCED, "ALREADY_APPLIED is told before MALFORMED", _before_malformed, Need.CHANGES),
    Check(FOLLOWS, "a Prepare on the revision before is STALE_REVISION", _outdated, Need.CHANGES),
    Check(KINDS, "a RATE is the program of every day", _in_the_program, Need.CHANGES),
    Check(
        EVENTS,
        "the event log has the change, its rates, and that a limit was overridden",
        _logged,
        Need.CHANGES,
    ),
    Check(
        ENFORCED,
        "the lock-out after a change is told as TOO_SOON, with the seconds left",
        _too_soon,
        Need.CHANGES,
    ),
    Check(ENFORCED, "a STOP is prepared all the same", _less_can_be_had, Need.CHANGES),
)
