from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.bounds import Finding
from protocol.changes import NO_COMMAND, PREPARE_TTL_MS, misfit, rejected
from protocol.ledger import VOID_KEPT, Applied
from protocol.messages import (
    NEVER_S,
    SENTENCE,
    USED,
    Change,
    Commit,
    Outcome,
    Prepare,
    Prepared,
    Rejected,
    Resolve,
    Step,
    build,
)
from protocol.vocabulary import ChangeKind, Refusal, Verdict
from tests.protocol.helpers import BOUNDS, RATE_NL_H, SESSION, WISH, Bench, commit, prepare, wish

if TYPE_CHECKING:
    from random import Random

ID = WISH.command_id
OTHER_ID = b"change-2"


def refused(bench: Bench, **changed: Any) -> Rejected:  # noqa: ANN401 - any field of a Prepare
    answer = bench.desk.prepare(wish(**changed), SESSION, bench.now_ms)
    assert isinstance(answer, Rejected)
    assert (answer.request, answer.command_id) == (Prepare.code, changed.get("command_id", ID))
    return answer


def assert_not_prepared(answer: Outcome | Rejected) -> None:
    assert isinstance(answer, Rejected)
    assert (answer.request, answer.reason) == (Commit.code, Refusal.NOT_PREPARED)


def test_a_prepared_change_tells_all_that_the_operator_compares() -> None:
    bench = Bench()
    prepared = prepare(bench)
    assert prepared == Prepared(
        command_id=ID,
        revision=0,
        old_rate_nl_h=RATE_NL_H,
        new_rate_nl_h=25_000,
        least_rate_nl_h=10_417,
        most_rate_nl_h=29_166,
        old_to_low_s=480,
        new_to_low_s=400,
        old_to_empty_s=NEVER_S,
        new_to_empty_s=NEVER_S,
        token=prepared.token,
        ttl_ms=PREPARE_TTL_MS,
        change=Change(ChangeKind.RATE, 25_000),
    )
    assert bench.applied == []
    assert bench.ledger.revision == 0


def test_a_committed_change_is_applied_and_makes_the_next_revision() -> None:
    bench = Bench()
    outcome = commit(bench, prepare(bench))
    assert outcome == Outcome(ID, Verdict.APPLIED, 1, 25_000, 1_000_000)
    assert bench.applied == [Applied(1, ID, ChangeKind.RATE, 25_000, 1_000_000)]
    assert bench.ledger.lines == tuple(bench.applied)


def test_a_stop_and_a_resume_take_the_same_two_steps() -> None:
    bench = Bench()
    stop = prepare(bench, kind=ChangeKind.STOP, rate_nl_h=0)
    assert (stop.new_rate_nl_h, stop.new_to_low_s) == (0, NEVER_S)
    commit(bench, stop)
    resume = prepare(
        bench,
        command_id=OTHER_ID,
        kind=ChangeKind.RESUME,
        expect_revision=1,
        expect_rate_nl_h=0,
        rate_nl_h=0,
    )
    assert (resume.old_rate_nl_h, resume.new_rate_nl_h) == (0, RATE_NL_H)
    assert commit(bench, resume) == Outcome(OTHER_ID, Verdict.APPLIED, 2, RATE_NL_H, 1_000_000)


def test_a_commit_twice_gives_the_same_outcome_and_one_application() -> None:
    bench = Bench()
    prepared = prepare(bench)
    first = commit(bench, prepared)
    bench.now_ms += 3_600_000
    for session in (SESSION, SESSION + 1):
        assert commit(bench, prepared, session) == first
    assert commit(bench, dataclasses.replace(prepared, token=bytes(8))) == first
    assert len(bench.applied) == 1


def test_a_later_change_does_not_alter_what_is_told_of_an_earlier_one() -> None:
    bench = Bench()
    prepared = prepare(bench)
    first = commit(bench, prepared)
    bench.now_ms += 1
    second = prepare(bench, command_id=OTHER_ID, expect_revision=1, expect_rate_nl_h=25_000, rate_nl_h=26_000)
    commit(bench, second)
    assert commit(bench, prepared) == bench.desk.resolve(Resolve(ID)) == first


@pytest.mark.parametrize(
    ("changed", "reason", "bound"),
    [
        ({"expect_revision": 1}, Refusal.STALE_REVISION, 0),
        ({"expect_rate_nl_h": RATE_NL_H - 1}, Refusal.STALE_RATE, RATE_NL_H),
        ({"expect_rate_nl_h": RATE_NL_H + 1}, Refusal.STALE_RATE, RATE_NL_H),
        ({"rate_nl_h": BOUNDS.least_rate_nl_h - 1}, Refusal.BELOW_LEAST, BOUNDS.least_rate_nl_h),
        ({"rate_nl_h": 0}, Refusal.BELOW_LEAST, BOUNDS.least_rate_nl_h),
        ({"rate_nl_h": BOUNDS.most_rate_nl_h + 1}, Refusal.ABOVE_MOST, BOUNDS.most_rate_nl_h),
        ({"rate_nl_h": 2**32 - 1}, Refusal.ABOVE_MOST, BOUNDS.most_rate_nl_h),
        ({"rate_nl_h": 29_167}, Refusal.STEP_UP, 29_166),
        ({"rate_nl_h": 10_416}, Refusal.STEP_DOWN, 10_417),
    ],
)
def test_what_may_not_be_is_refused_with_the_bound(
    changed: dict[str, Any], reason: Refusal, bound: int
) -> None:
    bench = Bench()
    answer = refused(bench, **changed)
    assert (answer.reason, answer.bound) == (reason, bound)
    build(answer)
    assert_not_prepared(bench.desk.commit(Commit(ID, bytes(8)), SESSION, bench.now_ms))


@pytest.mark.parametrize("rate_nl_h", [29_166, 10_417])
def test_the_last_rate_within_a_step_is_taken(rate_nl_h: int) -> None:
    assert prepare(Bench(), rate_nl_h=rate_nl_h).new_rate_nl_h == rate_nl_h


@pytest.mark.parametrize("rate_nl_h", [BOUNDS.least_rate_nl_h, BOUNDS.most_rate_nl_h])
def test_the_last_rate_within_the_limits_is_taken(rate_nl_h: int) -> None:
    bench = Bench()
    bench.bounds = dataclasses.replace(BOUNDS, step_up_percent=0, step_down_percent=0)
    assert prepare(bench, rate_nl_h=rate_nl_h).new_rate_nl_h == rate_nl_h


def test_a_second_change_is_told_how_long_the_first_may_take() -> None:
    bench = Bench()
    prepare(bench)
    bench.now_ms += 4_001
    answer = refused(bench, command_id=OTHER_ID)
    assert (answer.reason, answer.bound) == (Refusal.BUSY, PREPARE_TTL_MS - 4_001)
    assert answer.sentence == "another change is prepared: wait 11 s"
    bench.now_ms += PREPARE_TTL_MS - 4_001 - 1
    assert refused(bench, command_id=OTHER_ID).bound == 1
    bench.now_ms += 1
    assert prepare(bench, command_id=OTHER_ID).command_id == OTHER_ID


@pytest.mark.requirement("EC24")
@pytest.mark.parametrize(("waited_ms", "in_time"), [(PREPARE_TTL_MS - 1, True), (PREPARE_TTL_MS, False)])
def test_a_token_is_good_for_fifteen_seconds(waited_ms: int, *, in_time: bool) -> None:
    bench = Bench()
    prepared = prepare(bench)
    bench.now_ms += waited_ms
    answer = commit(bench, prepared)
    assert isinstance(answer, Outcome) is in_time
    assert len(bench.applied) == in_time
    if not in_time:
        assert_not_prepared(answer)


def test_a_token_of_another_session_is_refused_and_stays_good_for_its_own() -> None:
    bench = Bench()
    prepared = prepare(bench)
    assert_not_prepared(commit(bench, prepared, SESSION + 1))
    assert isinstance(commit(bench, prepared), Outcome)


def test_a_session_that_ends_takes_along_what_it_prepared_and_nothing_else() -> None:
    bench = Bench()
    prepared = prepare(bench)
    bench.desk.release(SESSION + 1)
    assert refused(bench, command_id=OTHER_ID).reason == Refusal.BUSY
    bench.desk.release(SESSION)
    bench.desk.release(SESSION)
    assert_not_prepared(commit(bench, prepared))
    assert prepare(bench, command_id=OTHER_ID).command_id == OTHER_ID


def test_a_wrong_token_or_id_is_refused_and_does_not_spoil_the_right_one() -> None:
    bench = Bench()
    prepared = prepare(bench)
    assert_not_prepared(commit(bench, dataclasses.replace(prepared, token=bytes(8))))
    assert_not_prepared(commit(bench, dataclasses.replace(prepared, command_id=OTHER_ID)))
    assert bench.applied == []
    assert isinstance(commit(bench, prepared), Outcome)


def test_preparing_again_renews_the_token_and_the_time() -> None:
    bench = Bench()
    first = prepare(bench)
    bench.now_ms += PREPARE_TTL_MS - 1
    second = prepare(bench)
    assert second.token != first.token
    assert_not_prepared(commit(bench, first))
    bench.now_ms += PREPARE_TTL_MS - 1
    assert isinstance(commit(bench, second), Outcome)


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(20_000, 29_000)), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_a_commit_applies_only_what_its_own_session_prepared_under_the_token_that_it_was_told(
    wishes: list[tuple[int, int]], chance: Random
) -> None:
    bench = Bench()
    told = [(session, prepare(bench, session, rate_nl_h=rate)) for session, rate in wishes]
    tries = [(session, one, committer) for session, one in told for committer in (1, 2, 3)]
    chance.shuffle(tries)
    for session, one, committer in tries:
        before = len(bench.applied)
        answer = commit(bench, one, committer)
        if len(bench.applied) > before:
            assert committer == session
            assert bench.applied[-1].rate_nl_h == one.change.rate_nl_h
            assert one is told[-1][1]
        elif not before:
            assert_not_prepared(answer)
    assert len(bench.applied) == 1


def test_a_second_prepare_of_an_id_that_is_refused_leaves_the_first_standing() -> None:
    bench = Bench()
    first = prepare(bench, session=1)
    answer = bench.desk.prepare(wish(rate_nl_h=250_000), 2, bench.now_ms)
    assert isinstance(answer, Rejected)
    assert isinstance(commit(bench, first, session=1), Outcome)


def test_an_applied_change_is_not_prepared_again() -> None:
    bench = Bench()
    commit(bench, prepare(bench))
    answer = refused(bench, expect_revision=1, expect_rate_nl_h=25_000)
    assert (answer.reason, answer.bound) == (Refusal.ALREADY_APPLIED, 1)


def test_resolving_before_the_commit_kills_the_change_for_ever() -> None:
    bench = Bench()
    prepared = prepare(bench)
    verdict = bench.desk.resolve(Resolve(ID))
    assert verdict == Outcome(ID, Verdict.NOT_APPLIED, 0, RATE_NL_H, 1_000_000)
    assert_not_prepared(commit(bench, prepared))
    assert bench.desk.resolve(Resolve(ID)) == verdict
    assert refused(bench).reason is Refusal.VOID  # a late repetition of the Prepare brings nothing back
    assert_not_prepared(commit(bench, prepared))
    assert bench.applied == []


def test_resolving_after_the_commit_says_applied_and_when() -> None:
    bench = Bench()
    outcome = commit(bench, prepare(bench))
    bench.now_ms += 60_000
    assert bench.desk.resolve(Resolve(ID)) == outcome
    assert len(bench.applied) == 1


def test_resolving_one_change_leaves_another_prepared() -> None:
    bench = Bench()
    prepared = prepare(bench)
    assert bench.desk.resolve(Resolve(OTHER_ID)).verdict is Verdict.NOT_APPLIED
    assert isinstance(commit(bench, prepared), Outcome)


def test_what_could_not_be_stored_was_not_made() -> None:
    bench = Bench()
    bench.store_error = OSError(28, "No space left on device")
    answer = commit(bench, prepare(bench))
    assert isinstance(answer, Rejected)
    assert answer.reason == Refusal.NOT_STORED
    assert answer.sentence == "the change could not be stored, so it was not made: No space left on device"
    assert (bench.applied, bench.ledger.lines) == ([], ())
    bench.store_error = None
    assert commit(bench, prepare(bench)) == Outcome(ID, Verdict.APPLIED, 1, 25_000, 1_000_000)


@pytest.mark.parametrize("told", ["disk " * 100, "a\nb", "\x1b[31m"])
def test_whatever_the_store_says_fits_the_refusals_sentence(told: str) -> None:
    bench = Bench()
    bench.store_error = OSError(told)
    answer = commit(bench, prepare(bench))
    assert isinstance(answer, Rejected)
    assert len(answer.sentence) <= SENTENCE
    assert answer.sentence.isprintable()
    build(answer)


def test_the_pumps_own_objection_counts_at_both_steps() -> None:
    bench = Bench()
    objection = Finding(Refusal.WRONG_STATE, 0, "the reservoir is empty")
    prepared = prepare(bench)
    bench.objection = objection
    assert refused(bench).reason == Refusal.WRONG_STATE
    assert commit(bench, prepared) == rejected(Commit.code, objection, ID)
    bench.objection = None
    assert_not_prepared(commit(bench, prepared))


def test_limits_are_checked_again_at_the_commit() -> None:
    bench = Bench()
    prepared = prepare(bench)
    bench.bounds = dataclasses.replace(BOUNDS, most_rate_nl_h=24_999)
    answer = commit(bench, prepared)
    assert isinstance(answer, Rejected)
    assert (answer.reason, answer.bound) == (Refusal.ABOVE_MOST, 24_999)
    assert bench.applied == []


def test_a_step_is_measured_from_the_programmed_rate_where_the_pump_delivers_nothing() -> None:
    bench = Bench()
    bench.commanded_nl_h = 0
    assert refused(bench, expect_rate_nl_h=0, rate_nl_h=29_167).bound == 29_166
    assert prepare(bench, expect_rate_nl_h=0, rate_nl_h=29_166).old_rate_nl_h == 0


def test_a_refusal_without_a_command_names_none() -> None:
    answer = rejected(0x11, Finding(Refusal.UNSUPPORTED, 0, "no"))
    assert answer == Rejected(0x11, NO_COMMAND, Refusal.UNSUPPORTED, 0, "no")


def test_a_change_that_was_resolved_as_not_applied_never_is() -> None:
    bench = Bench()
    token = prepare(bench).token
    assert bench.desk.resolve(Resolve(ID)).verdict is Verdict.NOT_APPLIED
    assert refused(bench).reason is Refusal.VOID
    assert_not_prepared(bench.desk.commit(Commit(ID, token), SESSION, bench.now_ms))
    assert bench.desk.resolve(Resolve(ID)).verdict is Verdict.NOT_APPLIED
    assert bench.applied == []


def test_so_many_verdicts_of_not_applied_are_kept_and_the_oldest_goes_first() -> None:
    bench = Bench()
    ids = [number.to_bytes(8, "big") for number in range(VOID_KEPT + 1)]
    for command_id in ids:
        bench.desk.resolve(Resolve(command_id))
    assert bench.ledger.void == tuple(ids[1:])
    assert refused(bench, command_id=ids[1]).reason is Refusal.VOID


FITTING = [
    Change(ChangeKind.RATE, 25_000),
    Change(ChangeKind.STOP),
    Change(ChangeKind.RESUME),
    Change(ChangeKind.MINIMUM_RATE),
    Change(ChangeKind.TEMPORARY_RATE, 25_000, duration_s=3_600),
    Change(ChangeKind.BOLUS, volume_nl=50_000, duration_s=600),
    Change(ChangeKind.FLEX, weekdays=0b11111, steps=(Step(0, 20_000), Step(480, 30_000))),
    Change(ChangeKind.REFILL, volume_nl=18_000_000, withdrawn_nl=1_900_000, concentration_ug_ml=500),
    Change(ChangeKind.PRIME, volume_nl=199_000),
    Change(ChangeKind.BRIDGE, 20_000, volume_nl=400_000),
    Change(ChangeKind.CLOCK, clock_s=1_767_225_600),
]
FOREIGN: dict[str, Any] = {
    "rate_nl_h": 1,
    "volume_nl": 1,
    "duration_s": 1,
    "withdrawn_nl": 1,
    "concentration_ug_ml": 1,
    "clock_s": 1,
    "weekdays": 1,
    "steps": (Step(0, 1),),
}


def test_every_kind_of_change_is_among_the_fitting_ones() -> None:
    assert [change.kind for change in FITTING] == list(ChangeKind) == list(USED)
    assert set(FOREIGN) == set().union(*USED.values())


@pytest.mark.parametrize("change", FITTING, ids=lambda change: change.kind.name)
def test_a_field_that_a_kind_does_not_use_is_zero(change: Change) -> None:
    assert misfit(change) == ""
    for name, value in FOREIGN.items():
        if name not in USED[change.kind]:
            foreign = dataclasses.replace(change, **{name: value})
            assert misfit(foreign) == f"{change.kind.name} does not use {name}: it must be 0"
            answer = Bench().desk.prepare(dataclasses.replace(WISH, change=foreign), SESSION, 0)
            assert isinstance(answer, Rejected)
            assert answer.reason is Refusal.MALFORMED


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"steps": ()}, "the first step of a day's pattern is at minute 0"),
        ({"steps": (Step(1, 20_000),)}, "the first step of a day's pattern is at minute 0"),
        ({"steps": (Step(0, 1), Step(0, 2))}, "the steps of a day's pattern rise by their minute"),
        (
            {"steps": (Step(0, 1), Step(9, 2), Step(8, 3))},
            "the steps of a day's pattern rise by their minute",
        ),
        ({"weekdays": 0}, "no weekday is named"),
    ],
)
def test_a_pattern_begins_with_the_day_and_rises(changed: dict[str, Any], said: str) -> None:
    flex = next(change for change in FITTING if change.kind is ChangeKind.FLEX)
    assert misfit(dataclasses.replace(flex, **changed)) == said


@pytest.mark.parametrize("kind", [ChangeKind.TEMPORARY_RATE, ChangeKind.BOLUS])
def test_what_lasts_lasts_for_some_time(kind: ChangeKind) -> None:
    change = next(change for change in FITTING if change.kind is kind)
    assert misfit(dataclasses.replace(change, duration_s=0)) == "a duration of 0 s is none"


@pytest.mark.parametrize("kind", [ChangeKind.BOLUS, ChangeKind.PRIME, ChangeKind.BRIDGE])
def test_what_is_to_be_delivered_is_something(kind: ChangeKind) -> None:
    change = next(change for change in FITTING if change.kind is kind)
    assert misfit(dataclasses.replace(change, volume_nl=0)) == "a volume of 0 nL is none"


def test_a_reservoir_may_be_left_empty() -> None:
    assert misfit(Change(ChangeKind.REFILL, withdrawn_nl=1_000_000)) == ""


def test_an_id_names_a_kind_of_change_while_it_is_prepared_and_for_ever_once_it_is_applied() -> None:
    bench = Bench()
    assert bench.desk.kind_of(WISH.command_id) is None
    prepared = prepare(bench)
    assert bench.desk.kind_of(WISH.command_id) is ChangeKind.RATE
    assert bench.desk.kind_of(bytes(8)) is None
    commit(bench, prepared)
    assert bench.desk.kind_of(WISH.command_id) is ChangeKind.RATE
