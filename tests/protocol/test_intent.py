"""One change as its host knows it: what it sends, what it believes, and what ends it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from protocol.intent import COMMAND_ID_SIZE, MOST_REASON, Intent, check_reason, event_of
from protocol.machines import Stage, StageEvent
from protocol.messages import Change, Commit, Outcome, Prepared, Resolve, Step
from protocol.vocabulary import ChangeKind, Refusal, Verdict
from tests.protocol.helpers import RATE_NL_H, SERIAL_NUMBER, STORE_ID, Bench, prepare, wish

ID = b"change-1"
MEANT = Intent(ID, SERIAL_NUMBER, STORE_ID, 1_767_225_600, Change(ChangeKind.RATE, 25_000), 0, RATE_NL_H)
SENT = MEANT.after(StageEvent.SEND)


def read_back(**changed: Any) -> Intent:  # noqa: ANN401 - any field of a Prepared
    return SENT.read_back(dataclasses.replace(prepare(Bench()), **changed))


def outcome(verdict: Verdict, command_id: bytes = ID) -> Outcome:
    return Outcome(command_id, verdict, 1, 25_000, 0)


def test_a_change_is_named_by_eight_bytes() -> None:
    assert len(MEANT.prepare().command_id) == COMMAND_ID_SIZE == 8


def test_its_requests_name_it() -> None:
    assert MEANT.prepare() == wish()
    assert dataclasses.replace(MEANT, reason="meant").prepare() == wish(overridden=1)
    assert MEANT.commit(b"token---") == Commit(ID, b"token---")
    assert MEANT.resolve() == Resolve(ID)


def test_a_read_back_of_what_was_meant_arms_it_and_tells_the_other_possible_rate() -> None:
    intent = read_back()
    assert (intent.stage, intent.new_rate_nl_h, intent.is_open) == (Stage.PREPARED, 25_000, True)


@pytest.mark.parametrize(
    "changed",
    [
        {"command_id": b"change-2"},
        {"revision": 1},
        {"old_rate_nl_h": RATE_NL_H + 1},
        {"change": Change(ChangeKind.RATE, 250_000)},
        {"change": Change(ChangeKind.STOP)},
        {"change": Change(ChangeKind.RATE, 25_000, steps=(Step(0, 1),))},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_read_back_of_anything_else_leaves_only_the_question(changed: dict[str, Any]) -> None:
    intent = read_back(**changed)
    assert (intent.stage, intent.new_rate_nl_h) == (Stage.RESOLVING, None)


@pytest.mark.parametrize(
    ("change", "read", "stage"),
    [
        (Change(ChangeKind.STOP), 0, Stage.PREPARED),
        (Change(ChangeKind.STOP), 1, Stage.RESOLVING),
        (Change(ChangeKind.RATE, 25_000), 25_000, Stage.PREPARED),
        (Change(ChangeKind.RATE, 25_000), 25_001, Stage.RESOLVING),
        (Change(ChangeKind.TEMPORARY_RATE, 25_000, duration_s=3_600), 25_000, Stage.PREPARED),
        (Change(ChangeKind.TEMPORARY_RATE, 25_000, duration_s=3_600), 0, Stage.RESOLVING),
        (Change(ChangeKind.RESUME), 17, Stage.PREPARED),  # which rate that is, the pump alone knows
    ],
)
def test_the_rate_read_back_is_the_one_that_the_change_names(change: Change, read: int, stage: Stage) -> None:
    sent = dataclasses.replace(SENT, change=change)
    told = dataclasses.replace(prepare(Bench()), change=change, new_rate_nl_h=read)
    assert sent.read_back(told).stage is stage


def test_it_is_in_doubt_from_the_note_of_its_commit_on_and_not_where_it_was_given_up_before() -> None:
    prepared = read_back()
    assert [intent.in_doubt for intent in (MEANT, SENT, prepared)] == [False, False, False]
    asking = prepared.after(StageEvent.APPROVE).after(StageEvent.SILENCE)
    assert (asking.stage, asking.new_rate_nl_h, asking.in_doubt) == (Stage.RESOLVING, 25_000, True)
    given_up = prepared.after(StageEvent.ABANDON)
    assert (given_up.stage, given_up.new_rate_nl_h, given_up.in_doubt) == (Stage.RESOLVING, None, False)
    unanswered = SENT.after(StageEvent.SILENCE)
    assert (unanswered.stage, unanswered.in_doubt) == (Stage.RESOLVING, False)


@pytest.mark.parametrize(
    ("verdict", "stage"),
    [(Verdict.APPLIED, Stage.APPLIED), (Verdict.NOT_APPLIED, Stage.NOT_APPLIED)],
)
def test_a_verdict_ends_it(verdict: Verdict, stage: Stage) -> None:
    decided = SENT.after(StageEvent.SILENCE).decided(outcome(verdict))
    assert (decided.stage, decided.is_open) == (stage, False)


@pytest.mark.parametrize("reason", [*Refusal, 200])
def test_a_refused_prepare_decides_unless_it_tells_of_this_changes_past(reason: int) -> None:
    spent = reason in {Refusal.ALREADY_APPLIED, Refusal.VOID}
    assert SENT.after(event_of(reason)).stage is (Stage.RESOLVING if spent else Stage.NOT_APPLIED)


def test_the_verdict_on_another_change_decides_nothing() -> None:
    with pytest.raises(ValueError, match=r"^the outcome is of another change$"):
        SENT.after(StageEvent.SILENCE).decided(outcome(Verdict.APPLIED, b"change-2"))


def test_a_prepared_message_is_never_taken_for_a_verdict() -> None:
    assert isinstance(prepare(Bench()), Prepared)
    with pytest.raises(ValueError, match="cannot come"):
        MEANT.after(StageEvent.APPROVE)


def test_a_reason_is_kept_without_the_spaces_around_it() -> None:
    assert check_reason("  as told by Dr. N. ") == "as told by Dr. N."
    assert check_reason("x" * MOST_REASON) == "x" * MOST_REASON


@pytest.mark.parametrize("text", ["", "   ", "\t"])
def test_a_reason_that_says_nothing_is_refused(text: str) -> None:
    wanted = r"^a reason is wanted: say in a few words why the soft limit is overridden$"
    with pytest.raises(ValueError, match=wanted):
        check_reason(text)


@pytest.mark.parametrize("text", ["x" * (MOST_REASON + 1), "red \x1b[31m", "two\nlines"])
def test_a_reason_that_is_too_long_or_can_not_be_printed_is_refused(text: str) -> None:
    wanted = r"^a reason has at most 120 characters, all of which can be printed$"
    with pytest.raises(ValueError, match=wanted):
        check_reason(text)
