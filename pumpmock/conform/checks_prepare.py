"""Prepare, Commit and Resolve up to the point where something would be applied; nothing is, and the slot is left free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.messages import (
    NEVER_S,
    Change,
    GetLimits,
    Limits,
    Outcome,
    Resolve,
)
from protocol.units import S_PER_H
from protocol.vocabulary import ChangeKind, Refusal, Verdict
from pumpmock.conform.check import Check, Need, demand, ensure
from pumpmock.conform.desk import (
    ID_SIZE,
    busy,
    free,
    not_prepared,
    otherwise,
    plain,
    prepared,
    preparing,
    ready,
    refused,
    same_rate,
    status,
    to_rate,
    vacant,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.conform.rig import Rig

CHANGING, FOLLOWS = "Changing", "What follows from what"
SLOT = "A change, at the pump: its one slot"
_TTL_MS = 15_000
_SLACK_NL = 2  # volumes are told in whole nL, and two of them are subtracted
_TOKENS = 4


def _read_back(rig: Rig) -> None:
    request = same_rate(rig)
    before = status(rig)
    answer = prepared(rig, request)
    demand(answer.command_id, request.command_id, "command_id")
    demand(answer.change, request.change, "the change as it was understood:")
    demand(answer.revision, before.revision, "present revision")
    demand(answer.old_rate_nl_h, before.commanded_rate_nl_h, "old_rate_nl_h")
    demand(answer.new_rate_nl_h, request.change.rate_nl_h, "new_rate_nl_h")
    demand(answer.ttl_ms, rig.ask(GetLimits(), Limits).prepare_ttl_ms, "ttl_ms, as in Limits:")
    after = status(rig)
    demand(
        (after.revision, after.commanded_rate_nl_h), (before.revision, before.commanded_rate_nl_h), "still"
    )
    free(rig, request)


def _times(rig: Rig) -> None:
    """Seconds to low and to empty, by the volumes before and after the question: the program is one rate."""
    plain(rig, status(rig))
    request = same_rate(rig)
    before = status(rig)
    answer = prepared(rig, request)
    after = status(rig)
    free(rig, request)
    rate_nl_h = request.change.rate_nl_h
    for name, limit_nl in (("low", before.low_reservoir_nl), ("empty", before.residual_nl)):
        least = _span_s(after.reservoir_nl - _SLACK_NL - limit_nl, rate_nl_h) - 1
        most = _span_s(before.reservoir_nl + _SLACK_NL - limit_nl, rate_nl_h) + 1
        for when in ("old", "new"):
            found = getattr(answer, f"{when}_to_{name}_s")
            expected = f"{when}_to_{name}_s of {max(0, least)} to {most}"
            ensure(so=least <= found <= most, expected=expected, got=found)


def _span_s(volume_nl: int, rate_nl_h: int) -> int:
    if volume_nl <= 0:
        return 0
    return min(volume_nl * S_PER_H // rate_nl_h, NEVER_S - 2) if rate_nl_h else NEVER_S


def _fresh_tokens(rig: Rig) -> None:
    request = same_rate(rig)
    tokens = [prepared(rig, request).token for _ in range(_TOKENS)]
    free(rig, request)
    ensure(so=len(set(tokens)) == _TOKENS, expected="a token of its own for each Prepared", got=tokens)


def _stale_revision(rig: Rig) -> None:
    now = ready(rig)
    request = preparing(rig, now, to_rate(now.programmed_rate_nl_h))
    for revision in (now.revision + 1, now.revision - 1):
        if revision >= 0:
            stale = otherwise(request, expect_revision=revision)
            refused(rig, stale, Refusal.STALE_REVISION, bound=now.revision)
    vacant(rig)


def _stale_rate(rig: Rig) -> None:
    now = ready(rig)
    request = preparing(rig, now, to_rate(now.programmed_rate_nl_h))
    stale = otherwise(request, expect_rate_nl_h=now.commanded_rate_nl_h + 1)
    refused(rig, stale, Refusal.STALE_RATE, bound=now.commanded_rate_nl_h)
    vacant(rig)


def _busy(rig: Rig) -> None:
    first = same_rate(rig)
    prepared(rig, first)
    now = status(rig)
    for change in (first.change, Change(ChangeKind.STOP)):
        bound = refused(rig, preparing(rig, now, change), Refusal.BUSY)
        ensure(so=0 < bound <= _TTL_MS, expected=f"a bound of BUSY of 1 to {_TTL_MS} ms", got=bound)
    free(rig, first)
    vacant(rig)


def _takes_the_place(rig: Rig) -> None:
    request = same_rate(rig)
    old = prepared(rig, request).token
    prepared(rig, request)
    not_prepared(rig, request.command_id, old)
    busy(rig)
    free(rig, request)


def _refused_again(rig: Rig) -> None:
    request = same_rate(rig)
    prepared(rig, request)
    refused(rig, otherwise(request, expect_revision=request.expect_revision + 1), Refusal.STALE_REVISION)
    busy(rig)
    free(rig, request)


def _wrong_token(rig: Rig) -> None:
    request = same_rate(rig)
    token = prepared(rig, request).token
    other = bytes((token[0] ^ 1,)) + token[1:]
    not_prepared(rig, request.command_id, other)
    busy(rig)
    free(rig, request)


def _token_of_another_id(rig: Rig) -> None:
    request = same_rate(rig)
    token = prepared(rig, request).token
    not_prepared(rig, rig.outside.random(ID_SIZE), token)
    busy(rig)
    free(rig, request)


def _nothing_prepared(rig: Rig) -> None:
    ready(rig)
    not_prepared(rig, rig.outside.random(ID_SIZE), rig.outside.random(ID_SIZE))


def _unknown_id(rig: Rig) -> None:
    before = ready(rig)
    command_id = rig.outside.random(ID_SIZE)
    outcome = rig.ask(Resolve(command_id), Outcome)
    after = status(rig)
    demand(outcome.command_id, command_id, "command_id")
    demand(outcome.verdict, Verdict.NOT_APPLIED, "verdict")
    told = (outcome.revision, outcome.rate_nl_h)
    demand(told, (before.revision, before.commanded_rate_nl_h), "present revision and rate:")
    within = before.pump_time_us <= outcome.pump_time_us <= after.pump_time_us
    ensure(so=within, expected="the pump time of now", got=outcome.pump_time_us)


def _resolved(rig: Rig) -> None:
    request = same_rate(rig)
    token = prepared(rig, request).token
    free(rig, request)
    not_prepared(rig, request.command_id, token)
    free(rig, request)
    vacant(rig)


def _void(rig: Rig) -> None:
    request = same_rate(rig)
    free(rig, request)
    refused(rig, request, Refusal.VOID, bound=0)
    prepared(rig, other := same_rate(rig))
    free(rig, other)
    refused(rig, request, Refusal.VOID, bound=0)


def _next_session(rig: Rig) -> None:
    request = same_rate(rig)
    token = prepared(rig, request).token
    rig.open(rig.open_session.key)
    not_prepared(rig, request.command_id, token)
    vacant(rig)


def _hello_leaves_it(rig: Rig) -> None:
    request = same_rate(rig)
    prepared(rig, request)
    rig.challenged(rig.greeting(rig.open_session.key))
    busy(rig)
    free(rig, request)


def _goes_with_its_port(rig: Rig) -> None:
    request = same_rate(rig)
    token = prepared(rig, request).token
    key = rig.open_session.key
    rig.hang_up()
    rig.open(key)
    not_prepared(rig, request.command_id, token)
    vacant(rig)


def _other_port(rig: Rig) -> None:
    request = same_rate(rig)
    token = prepared(rig, request).token
    other = rig.second()
    try:
        other.open(rig.keys.changer)
        busy(other)
        not_prepared(other, request.command_id, token)
    finally:
        other.close()
    busy(rig)
    free(rig, request)


def _expires(rig: Rig) -> None:
    request = same_rate(rig)
    answer = prepared(rig, request)
    rig.say(f"waiting {answer.ttl_ms} ms until what was prepared expires")
    rig.outside.sleep(answer.ttl_ms + 500)
    not_prepared(rig, request.command_id, answer.token)
    vacant(rig)


def _stop_is_prepared(rig: Rig) -> None:
    now = ready(rig)
    request = preparing(rig, now, Change(ChangeKind.STOP))
    answer = prepared(rig, request)
    demand((answer.old_rate_nl_h, answer.new_rate_nl_h), (now.commanded_rate_nl_h, 0), "old and new rate:")
    if now.reservoir_nl > now.low_reservoir_nl + _SLACK_NL:
        times = (answer.new_to_low_s, answer.new_to_empty_s)
        demand(times, (NEVER_S, NEVER_S), "times to low and empty of a STOP:")
    free(rig, request)


_ROWS: tuple[tuple[str, str, Callable[[Rig], None]], ...] = (
    (CHANGING, "Prepared reads the change back, and nothing has changed", _read_back),
    (CHANGING, "the times to low and to empty are what volumes and rate come to", _times),
    (CHANGING, "a STOP takes the same two steps, to a rate of 0", _stop_is_prepared),
    (CHANGING, "each Prepared has a token of its own", _fresh_tokens),
    (
        FOLLOWS,
        "a Prepare on another revision is STALE_REVISION, and leaves nothing prepared",
        _stale_revision,
    ),
    (FOLLOWS, "a Prepare on another rate is STALE_RATE, and leaves nothing prepared", _stale_rate),
    (SLOT, "while a change is prepared another one is BUSY, of a STOP too", _busy),
    (FOLLOWS, "the same Prepare again takes the place of the first, whose token is void", _takes_the_place),
    (FOLLOWS, "the same Prepare again, refused, leaves the first", _refused_again),
    (FOLLOWS, "a Commit with another token is NOT_PREPARED, and leaves what is prepared", _wrong_token),
    (FOLLOWS, "a Commit of another id under the token is NOT_PREPARED", _token_of_another_id),
    (FOLLOWS, "a Commit of nothing is NOT_PREPARED", _nothing_prepared),
    (FOLLOWS, "a Resolve of an unknown id is NOT_APPLIED, at the present revision and rate", _unknown_id),
    (FOLLOWS, "a change that was resolved is NOT_APPLIED for ever, and can't be committed", _resolved),
    (FOLLOWS, "a Prepare of an id that was resolved is VOID", _void),
    (SLOT, "a new session forgets what was prepared in the one before", _next_session),
    (SLOT, "a Hello alone leaves what is prepared", _hello_leaves_it),
)

CHECKS = (
    *(Check(section, name, run, Need.CHANGES) for section, name, run in _ROWS),
    Check(SLOT, "what was prepared goes with its port", _goes_with_its_port, Need.CHANGES | Need.HANGS_UP),
    Check(
        FOLLOWS,
        "what one host has prepared, another finds BUSY and can't commit",
        _other_port,
        Need.CHANGES | Need.SECOND_HOST,
    ),
    Check(SLOT, "what was prepared expires after 15 s", _expires, Need.CHANGES | Need.SLOW),
)
