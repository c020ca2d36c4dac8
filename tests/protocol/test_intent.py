"""One change as its host knows it: what it sends, what it believes, and what ends it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from protocol.intent import Intent, event_of
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
    with pytest.raises(ValueError, match="another change"):
        SENT.after(StageEvent.SILENCE).decided(outcome(Verdict.APPLIED, b"change-2"))


def test_a_prepared_message_is_never_taken_for_a_verdict() -> None:
    assert isinstance(prepare(Bench()), Prepared)
    with pytest.raises(ValueError, match="cannot come"):
        MEANT.after(StageEvent.APPROVE)
