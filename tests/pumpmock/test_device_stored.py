"""Whatever is said of the pump on a wire was in its memory before; a start after any kill tells the same story."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from protocol.messages import (
    OVERRIDDEN,
    Acknowledge,
    Change,
    Commit,
    Outcome,
    Poll,
    Prepare,
    Prepared,
    Rejected,
    Resolve,
    Status,
)
from protocol.session import LONGEST_SESSION_MS
from protocol.vocabulary import ChangeKind, Refusal, Verdict
from protocol.wording import CHANGES
from pumpmock.snapshot import Memory, Store
from tests.pumpmock.conftest import ONE_OF_EACH, Bench, Host, new_memory, preparing, state_of, to_rate

if TYPE_CHECKING:
    from pathlib import Path

    from protocol.fields import Message

FULL = OSError(28, "No space left on device")


class Talk(RuleBasedStateMachine):
    """A host that asks for anything in any order, while time passes and the disk fills and empties."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(new_memory(low_reservoir_nl=17_900_000, step_up_percent=100))
        self.conversation = self.bench.open()
        self.greet()
        self.prepared: Prepared | None = None
        self.applied: dict[bytes, int] = {}
        self.never: set[bytes] = set()

    def greet(self) -> None:
        self.host = Host(self.conversation, nonce=self.bench.random(16))
        self.ends_ms = self.bench.device.now_ms() + LONGEST_SESSION_MS

    def ask(self, request: Message) -> Message:
        if self.bench.device.now_ms() >= self.ends_ms:
            assert self.host.send(request) == []
            self.greet()
        (answer,) = self.host.send(request)
        if self.bench.store_error is None:
            assert self.bench.saves[-1] == state_of(self.bench.memory)
        return answer

    @rule(hours=st.integers(0, 200))
    def time_passes(self, hours: int) -> None:
        self.bench.now_ns += hours * 3_600 * 10**9

    @rule(full=st.booleans())
    def the_disk_fills_or_empties(self, full: bool) -> None:  # noqa: FBT001 - hypothesis calls it by name
        self.bench.store_error = FULL if full else None

    @rule()
    def poll(self) -> None:
        status = self.ask(Poll())
        assert isinstance(status, Status)
        assert status.revision == len(self.applied)

    @rule(bits=st.integers(0, 31))
    def acknowledge(self, bits: int) -> None:
        assert isinstance(self.ask(Acknowledge(bits)), Status)

    @rule(
        change=st.one_of(st.sampled_from(list(ONE_OF_EACH.values())), st.integers(0, 60_000).map(to_rate)),
        stale=st.booleans(),
    )
    def prepare(self, change: Change, stale: bool) -> None:  # noqa: FBT001 - as above
        now = self.ask(Poll())
        assert isinstance(now, Status)
        revision = now.revision + stale
        request = Prepare(self.bench.random(8), revision, now.commanded_rate_nl_h, 0, change)
        answer = self.ask(request)
        if isinstance(answer, Prepared):
            self.prepared = answer

    @precondition(lambda self: self.prepared)
    @rule()
    def commit(self) -> None:
        prepared = self.prepared
        assert prepared is not None
        answer = self.ask(Commit(prepared.command_id, prepared.token))
        if isinstance(answer, Outcome):
            assert prepared.command_id not in self.never
            assert self.applied.setdefault(prepared.command_id, answer.revision) == answer.revision
        else:
            assert isinstance(answer, Rejected)
            assert prepared.command_id not in self.applied
            if answer.reason == Refusal.NOT_STORED:
                assert self.bench.store_error is FULL

    @precondition(lambda self: self.prepared)
    @rule()
    def resolve(self) -> None:
        prepared = self.prepared
        assert prepared is not None
        answer = self.ask(Resolve(prepared.command_id))
        if isinstance(answer, Rejected):
            # No verdict while it could not be kept.
            assert answer.reason == Refusal.NOT_STORED
            assert self.bench.store_error is FULL
            return
        assert isinstance(answer, Outcome)
        assert (answer.verdict is Verdict.APPLIED) == (prepared.command_id in self.applied)
        if answer.verdict is Verdict.NOT_APPLIED:
            self.never.add(prepared.command_id)

    @invariant()
    def the_ledger_is_what_was_said(self) -> None:
        lines = self.bench.memory.ledger.lines
        assert {line.command_id: line.revision for line in lines} == self.applied
        assert self.bench.memory.revision == len(lines)


TestTalk = Talk.TestCase
TestTalk.settings = settings(deadline=None, stateful_step_count=30)


def killed_at_each_save(tmp_path: Path, change: Change, overridden: int = 0) -> list[Memory]:
    """Change a pump at its minimum rate, and load what a kill right after each of the saves would have left."""
    bench = Bench()
    bench.memory.pump.apply(Change(ChangeKind.MINIMUM_RATE))
    path = tmp_path / "pump.json"
    store = Store(path)
    left: list[bytes] = []

    def save_and_keep(memory: Memory) -> None:
        store.save(memory)
        left.append(path.read_bytes())

    bench.device._save = save_and_keep
    host = Host(bench.open())
    now = host.ask(Poll(), Status)
    prepared = host.ask(Prepare(b"command1", 0, now.commanded_rate_nl_h, overridden, change), Prepared)
    left.clear()
    host.ask(Commit(b"command1", prepared.token), Outcome)
    loaded = []
    for content in left:
        path.write_bytes(content)
        memory = store.load()
        assert memory is not None
        loaded.append(memory)
    store.close()
    return loaded


@pytest.mark.requirement("R6.6.0(4)")
@pytest.mark.parametrize("change", ONE_OF_EACH.values(), ids=lambda change: change.kind.name)
def test_a_kill_between_storing_and_turning_the_motor_ends_in_the_change(
    tmp_path: Path, change: Change
) -> None:
    ahead, after = killed_at_each_save(tmp_path, change)
    assert state_of(ahead) == state_of(after)
    for memory in (ahead, after):
        bench = Bench(memory)
        assert bench.status().revision == 1
        outcome = bench.serve(Resolve(b"command1"), Outcome)
        assert (outcome.verdict, outcome.revision) == (Verdict.APPLIED, 1)
        assert outcome.rate_nl_h == bench.status().commanded_rate_nl_h


@pytest.mark.requirement("R6.5.0(9)")
@pytest.mark.parametrize("overridden", [0, 1])
@pytest.mark.parametrize("change", ONE_OF_EACH.values(), ids=lambda change: change.kind.name)
def test_a_soft_limit_that_was_overridden_is_told_in_the_log_and_outlives_a_kill(
    tmp_path: Path, change: Change, overridden: int
) -> None:
    for memory in killed_at_each_save(tmp_path, change, overridden):
        *_, entry = (one for one in memory.pump.events.since(0) if one.kind in CHANGES)
        weekdays = change.weekdays if change.kind is ChangeKind.FLEX else 0
        assert entry.detail == (weekdays | OVERRIDDEN if overridden else weekdays)
        assert [line.overridden for line in memory.ledger.lines] == [bool(overridden)]


def test_a_commit_on_a_failing_disk_is_not_applied_by_this_process_or_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "pump.json")
    bench = Bench()
    bench.device._save = store.save
    host = Host(bench.open())
    rate = host.ask(Poll(), Status).commanded_rate_nl_h
    prepared = host.ask(preparing(b"command1", 25_000, seen_nl_h=rate), Prepared)

    def failing(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing)
        refused = host.ask(Commit(b"command1", prepared.token), Rejected)
        assert refused.reason == Refusal.NOT_STORED
        assert host.ask(Resolve(b"command1"), Rejected).reason == Refusal.NOT_STORED
    assert host.ask(Resolve(b"command1"), Outcome).verdict is Verdict.NOT_APPLIED
    memory = store.load()
    store.close()
    assert memory is not None
    after = Bench(memory)
    assert after.status().commanded_rate_nl_h == rate
    assert after.serve(Resolve(b"command1"), Outcome).verdict is Verdict.NOT_APPLIED
