"""Changing a rate over a real pseudo-terminal: two steps, and an outcome that is asked for, never guessed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from monitor.errors import LinkError, OutcomeUnknownError, RefusedError
from protocol.bounds import Finding
from protocol.changes import PREPARE_TTL_MS, rejected
from protocol.messages import Change, Commit, Outcome, Prepare, Prepared, Rejected, Resolve
from protocol.timeouts import READ_TRIES
from protocol.vocabulary import ChangeKind, EventKind, Refusal, Role, Verdict
from tests.monitor.conftest import MS, RATE_NL_H, STORE_ID, LivePump

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.client import PumpClient

NEW_NL_H = 25_000


@pytest.fixture
def pump(live: LivePump) -> Iterator[PumpClient]:
    with live.connect() as client:
        yield client


def prepare(pump: PumpClient, rate_nl_h: int = NEW_NL_H) -> Prepared:
    return pump.prepare(Change(ChangeKind.RATE, rate_nl_h), seen=pump.status())


def test_a_change_is_prepared_read_back_and_committed(live: LivePump, pump: PumpClient) -> None:
    prepared = prepare(pump)
    assert (prepared.old_rate_nl_h, prepared.new_rate_nl_h, prepared.revision) == (RATE_NL_H, NEW_NL_H, 0)
    assert live.rate_nl_h == RATE_NL_H  # nothing yet
    outcome = pump.commit(prepared)
    assert (outcome.verdict, outcome.revision, outcome.rate_nl_h) == (Verdict.APPLIED, 1, NEW_NL_H)
    assert live.rate_nl_h == NEW_NL_H
    assert pump.status().status.commanded_rate_nl_h == NEW_NL_H


def test_stopping_and_resuming_take_the_same_two_steps(live: LivePump, pump: PumpClient) -> None:
    assert pump.commit(pump.prepare(Change(ChangeKind.STOP), seen=pump.status())).rate_nl_h == 0
    assert live.rate_nl_h == 0
    assert pump.commit(pump.prepare(Change(ChangeKind.RESUME), seen=pump.status())).rate_nl_h == RATE_NL_H
    assert live.rate_nl_h == RATE_NL_H


def test_each_change_has_a_name_of_its_own(pump: PumpClient) -> None:
    first = prepare(pump)
    pump.resolve(first.command_id)
    assert prepare(pump).command_id != first.command_id


@pytest.mark.parametrize(
    ("rate_nl_h", "reason", "bound"),
    [
        (1_999, Refusal.BELOW_LEAST, 2_000),
        (1_000_001, Refusal.ABOVE_MOST, 1_000_000),
        (0, Refusal.BELOW_LEAST, 2_000),
    ],
)
def test_a_rate_outside_the_limits_is_refused_by_the_pump_itself_and_logged(
    live: LivePump, pump: PumpClient, rate_nl_h: int, reason: Refusal, bound: int
) -> None:
    with pytest.raises(RefusedError) as caught:
        prepare(pump, rate_nl_h)
    assert (caught.value.reason, caught.value.bound) == (reason, bound)
    entry = pump.events()[-1]
    assert (entry.kind, entry.detail, entry.a, entry.b) == (EventKind.REFUSED, reason, rate_nl_h, bound)
    assert live.rate_nl_h == RATE_NL_H


def test_a_viewer_key_changes_nothing(live: LivePump) -> None:
    with live.connect(Role.VIEWER) as pump, pytest.raises(RefusedError, match="use a technician key"):
        prepare(pump)
    assert live.rate_nl_h == RATE_NL_H


def test_a_change_decided_on_an_old_reading_is_refused(live: LivePump, pump: PumpClient) -> None:
    old = pump.status()
    pump.commit(prepare(pump))
    with pytest.raises(RefusedError) as caught:
        pump.prepare(Change(ChangeKind.RATE, 30_000), seen=old)
    assert caught.value.reason == Refusal.STALE_REVISION
    assert live.rate_nl_h == NEW_NL_H


def test_a_change_decided_on_another_pump_is_refused_before_anything_is_sent(
    live: LivePump, pump: PumpClient
) -> None:
    seen = dataclasses.replace(pump.status(), serial_number="PM-00002")
    live.spoil = lambda _data, _answer: live.swallow()
    with pytest.raises(RefusedError, match="decided on pump PM-00002, but this is PM-00001"):
        pump.prepare(Change(ChangeKind.RATE, NEW_NL_H), seen=seen)


@pytest.mark.parametrize(
    "lie",
    [
        {"new_rate_nl_h": NEW_NL_H + 1},
        {"old_rate_nl_h": RATE_NL_H + 1},
        {"revision": 1},
        {"change": Change(ChangeKind.RESUME)},
        {"command_id": b"another1"},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_a_read_back_that_is_not_what_was_asked_is_refused_and_given_up(
    live: LivePump, pump: PumpClient, lie: dict[str, object]
) -> None:
    live.lie(Prepare, lambda _request, said: dataclasses.replace(said, **lie))
    with pytest.raises(RefusedError, match="read-back is not what was asked; nothing was changed"):
        prepare(pump)
    live.call(lambda: delattr(live.device, "serve"))
    assert prepare(pump).new_rate_nl_h == NEW_NL_H  # the place is free at once
    assert live.rate_nl_h == RATE_NL_H


def test_a_lost_outcome_is_asked_for_and_found_applied(live: LivePump, pump: PumpClient) -> None:
    prepared = prepare(pump)
    live.swallow_replies(Outcome.code)
    outcome = pump.commit(prepared)
    assert (outcome.verdict, outcome.revision, outcome.rate_nl_h) == (Verdict.APPLIED, 1, NEW_NL_H)
    kinds = [entry.kind for entry in live.log]
    assert kinds == [EventKind.RATE_CHANGED]  # once


def test_an_outcome_lost_twice_over_is_still_found(live: LivePump, pump: PumpClient) -> None:
    prepared = prepare(pump)
    live.swallow_replies(
        Outcome.code, times=4
    )  # of the commit, and of both tries to resolve, and of one more
    assert pump.commit(prepared).verdict is Verdict.APPLIED
    assert live.rate_nl_h == NEW_NL_H


def test_a_commit_that_never_arrived_is_refused_and_will_not_be_applied_any_more(
    live: LivePump, pump: PumpClient
) -> None:
    prepared = prepare(pump)
    live.swallow_requests(Commit.code)
    with pytest.raises(RefusedError, match="did not reach the pump, and it will not be applied any more"):
        pump.commit(prepared)
    assert live.rate_nl_h == RATE_NL_H
    with pytest.raises(RefusedError, match="will not be applied any more"):
        pump.commit(prepared)
    with pytest.raises(RefusedError) as caught:
        pump._line.ask(Commit(prepared.command_id, prepared.token), Outcome)  # not even if it comes late
    assert caught.value.reason == Refusal.NOT_PREPARED
    assert pump.status().status.revision == 0


def test_a_commit_is_sent_once_only(live: LivePump, pump: PumpClient) -> None:
    prepared = prepare(pump)
    commits: list[bytes] = []
    live.lie(Commit, lambda request, said: commits.append(request.command_id) or said)
    live.swallow_replies(Outcome.code, times=3)
    pump.commit(prepared)
    assert commits == [prepared.command_id]


def test_a_committed_change_that_is_committed_again_is_told_again_and_not_made_again(
    live: LivePump, pump: PumpClient
) -> None:
    prepared = prepare(pump)
    assert pump.commit(prepared) == pump.commit(prepared)
    assert len(live.log) == 1


def test_an_expired_change_is_refused(live: LivePump, pump: PumpClient) -> None:
    prepared = prepare(pump)
    live.pump_clock.now_ns += PREPARE_TTL_MS * MS
    with pytest.raises(RefusedError, match="expired: prepare it again"):
        pump.commit(prepared)
    assert live.rate_nl_h == RATE_NL_H


def test_an_outcome_that_says_not_applied_is_a_refusal_also_as_the_direct_answer(
    live: LivePump, pump: PumpClient
) -> None:
    prepared = prepare(pump)
    not_applied = Outcome(prepared.command_id, Verdict.NOT_APPLIED, 0, RATE_NL_H, 0)
    live.answer(Commit, lambda _request: not_applied)
    with pytest.raises(RefusedError, match="will not be applied"):
        pump.commit(prepared)


def assert_unknown(pump: PumpClient, prepared: Prepared, said: str) -> None:
    with pytest.raises(OutcomeUnknownError, match=f"the rate is 0.500 or 0.600 mL/day: {said}") as caught:
        pump.commit(prepared)
    intent = caught.value.intent
    rates = (intent.old_rate_nl_h, intent.new_rate_nl_h)
    assert (intent.command_id, *rates) == (prepared.command_id, RATE_NL_H, NEW_NL_H)


@pytest.mark.parametrize("applied", [False, True])
def test_a_pump_that_has_gone_leaves_the_outcome_unknown_with_both_rates(
    live: LivePump, pump: PumpClient, *, applied: bool
) -> None:
    prepared = prepare(pump)
    live.on_request(Commit.code, live.port.unplug, serve_first=applied)
    assert_unknown(pump, prepared, "the answer was lost")
    live.call(live.port.replug)
    pump.reopen()
    verdict = Verdict.APPLIED if applied else Verdict.NOT_APPLIED
    assert pump.resolve(prepared.command_id).verdict is verdict
    assert live.rate_nl_h == (NEW_NL_H if applied else RATE_NL_H)


def test_a_pump_that_is_plugged_in_again_is_asked_over_a_new_session(
    live: LivePump, pump: PumpClient
) -> None:
    prepared = prepare(pump)
    live.on_request(Commit.code, live.port.replug, serve_first=True)
    outcome = pump.commit(prepared)
    assert (outcome.verdict, outcome.revision) == (Verdict.APPLIED, 1)
    assert pump.status().status.commanded_rate_nl_h == NEW_NL_H


def test_a_commit_lost_with_its_session_is_found_not_applied(live: LivePump, pump: PumpClient) -> None:
    prepared = prepare(pump)
    live.on_request(Commit.code, live.port.replug, serve_first=False)
    with pytest.raises(RefusedError, match="will not be applied any more"):
        pump.commit(prepared)
    assert live.rate_nl_h == RATE_NL_H


def test_a_pump_whose_memory_was_replaced_knows_nothing_of_the_change(
    live: LivePump, pump: PumpClient
) -> None:
    prepared = prepare(pump)

    def replace_memory() -> None:
        live.renew(b"store-02")
        live.port.replug()

    live.on_request(Commit.code, replace_memory, serve_first=True)
    assert_unknown(pump, prepared, "the pump came back with another memory")
    assert pump.store_id == b"store-02" != STORE_ID


def test_a_pump_that_refuses_to_say_what_became_of_it_leaves_the_outcome_unknown(
    live: LivePump, pump: PumpClient
) -> None:
    # As when, while it starts, only the key that reads was let in again.
    prepared = prepare(pump)
    reads_only = rejected(Resolve.code, Finding(Refusal.ROLE, 0, "this key only reads"))
    live.lie(Resolve, lambda _request, _said: reads_only)
    live.swallow_replies(Outcome.code)
    assert_unknown(pump, prepared, "the answer was lost")


def test_a_lost_read_back_is_asked_for_again_under_the_same_name(live: LivePump, pump: PumpClient) -> None:
    live.swallow_replies(Prepared.code)
    prepared = prepare(pump)
    assert pump.commit(prepared).revision == 1
    assert len(live.log) == 1


def test_a_prepare_that_gets_no_answer_changes_nothing(live: LivePump, pump: PumpClient) -> None:
    live.swallow_replies(Prepared.code, Rejected.code, times=2 * READ_TRIES)
    with pytest.raises(LinkError, match="does not answer"):
        prepare(pump)
    assert live.rate_nl_h == RATE_NL_H


def test_resolving_what_was_never_prepared_says_not_applied(live: LivePump, pump: PumpClient) -> None:
    outcome, _ = pump._line.ask(Resolve(b"whatever"), Outcome)
    assert outcome.verdict is Verdict.NOT_APPLIED
    assert live.rate_nl_h == RATE_NL_H


def test_what_was_never_begun_here_is_not_asked_about(live: LivePump, pump: PumpClient) -> None:
    # Nobody could say which memory to ask.
    live.spoil = lambda _data, _answer: live.swallow()
    with pytest.raises(RefusedError, match="no such change is open here"):
        pump.resolve(b"whatever")


def test_a_client_that_closes_gives_its_prepared_change_up(live: LivePump) -> None:
    with live.connect() as first:
        prepare(first)
    with live.connect() as second:
        assert prepare(second).new_rate_nl_h == NEW_NL_H
