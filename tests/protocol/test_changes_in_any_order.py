"""Two hosts change one pump over wires that lose, repeat, delay and reorder: what must hold, whatever happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from protocol.changes import ChangeDesk
from protocol.messages import (
    Change,
    ChangeKind,
    Commit,
    Outcome,
    Prepare,
    Prepared,
    Refusal,
    Resolve,
    Verdict,
)
from tests.protocol.helpers import Bench, counting_random

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.bounds import Finding
    from protocol.changes import Present

Request = Prepare | Commit | Resolve


class Host:
    """A host that keeps the rules: one change at a time, and silence about it once it has asked for the verdict."""

    def __init__(self, session: int) -> None:
        self.session = session
        self.seen: tuple[int, int] | None = None
        self.wish: Prepare | None = None
        self.token: bytes | None = None
        self.resolving = False

    def hear(self, answer: object) -> None:
        if self.wish is None or getattr(answer, "command_id", None) != self.wish.command_id:
            return
        if isinstance(answer, Prepared):
            self.token = answer.token
        elif isinstance(answer, Outcome):
            self.wish = self.token = None


class AnyOrder(RuleBasedStateMachine):
    desk: ClassVar[type[ChangeDesk]] = ChangeDesk
    random: ClassVar[Callable[[], Callable[[int], bytes]]] = counting_random

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(type(self).random(), self.desk)
        self.hosts = [Host(1), Host(2)]
        self.letters: list[tuple[Host, int, Request]] = []
        self.wishes: dict[bytes, Prepare] = {}
        self.verdicts: dict[bytes, Outcome] = {}

    def post(self, host: Host, request: Request, *, deliver: bool = False) -> None:
        self.letters.append((host, host.session, request))
        if deliver:
            self.take(self.letters[-1], answered=True)

    def some(self, which: int, fit: Callable[[Host], bool]) -> Host | None:
        """Return one of the hosts that fit, if any does."""
        fitting = [host for host in self.hosts if fit(host)]
        return fitting[which % len(fitting)] if fitting else None

    @rule(
        which=st.integers(0, 1), percent=st.integers(55, 138), looks=st.integers(0, 3), slow=st.integers(0, 3)
    )
    def wish(self, which: int, percent: int, looks: int, slow: int) -> None:
        for each in self.hosts:
            if looks or each.seen is None:
                each.seen = (self.bench.ledger.revision, self.bench.commanded_nl_h)
        host = self.some(which, lambda host: host.wish is None)
        if host is None or host.seen is None:
            return
        revision, rate = host.seen
        command_id = (len(self.wishes) + 1).to_bytes(8, "big")
        host.wish = Prepare(command_id, revision, rate, 0, Change(ChangeKind.RATE, rate * percent // 100))
        host.token, host.resolving = None, False
        self.wishes[command_id] = host.wish
        self.post(host, host.wish, deliver=slow != 1)

    @rule(which=st.integers(0, 1))
    def commit(self, which: int) -> None:
        host = self.some(which, lambda host: host.token is not None and not host.resolving)
        if host is not None and host.wish is not None and host.token is not None:
            self.post(host, Commit(host.wish.command_id, host.token))

    @rule(which=st.integers(0, 1), slow=st.integers(0, 3))
    def resolve(self, which: int, slow: int) -> None:
        host = self.some(which, lambda host: host.wish is not None)
        if host is not None and host.wish is not None:
            host.resolving = True
            self.post(host, Resolve(host.wish.command_id), deliver=slow != 1)

    @precondition(lambda self: self.letters)
    @rule(back=st.integers(0, 3), lost=st.integers(0, 3))
    def deliver(self, back: int, lost: int) -> None:
        self.take(self.letters[-1 - back % len(self.letters)], answered=lost != 1)

    @precondition(lambda self: self.letters)
    @rule(which=st.integers(0, 30))
    def repeat_an_old_letter(self, which: int) -> None:
        self.take(self.letters[which % len(self.letters)], answered=False)

    @precondition(lambda self: self.letters)
    @rule(which=st.integers(0, 30))
    def deliver_while_the_disk_is_full(self, which: int) -> None:
        self.bench.store_error = OSError(28, "No space left on device")
        self.take(self.letters[-1 - which % len(self.letters)], answered=True)
        self.bench.store_error = None

    @rule(which=st.integers(0, 1))
    def connect_again(self, which: int) -> None:
        self.hosts[which].session += 2

    @rule(milliseconds=st.sampled_from([1, 7_000, 16_000]))
    def wait(self, milliseconds: int) -> None:
        self.bench.now_ms += milliseconds

    def take(self, letter: tuple[Host, int, Request], *, answered: bool) -> None:
        host, session, request = letter
        desk, now_ms = self.bench.desk, self.bench.now_ms
        answer: object
        if isinstance(request, Prepare):
            answer = desk.prepare(request, session, now_ms)
        elif isinstance(request, Commit):
            answer = desk.commit(request, session, now_ms)
        else:
            answer = desk.resolve(request)
        if isinstance(answer, Outcome):
            told = self.verdicts.setdefault(answer.command_id, answer)
            assert told.verdict is answer.verdict, "a verdict was taken back"
            assert told == answer or told.verdict is Verdict.NOT_APPLIED
        if answered:
            host.hear(answer)
            if isinstance(answer, Prepared) and host.token == answer.token and not host.resolving:
                self.post(host, Commit(answer.command_id, answer.token))

    @invariant()
    def each_change_is_applied_once_at_the_most_and_revisions_have_no_gap(self) -> None:
        applied = self.bench.applied
        assert len({line.command_id for line in applied}) == len(applied)
        assert [line.revision for line in applied] == list(range(1, len(applied) + 1))
        assert self.bench.ledger.lines == tuple(applied)

    @invariant()
    def what_is_not_applied_is_never_applied_and_what_is_applied_is(self) -> None:
        applied = {line.command_id for line in self.bench.applied}
        for command_id, outcome in self.verdicts.items():
            assert (command_id in applied) is (outcome.verdict is Verdict.APPLIED)

    @invariant()
    def each_change_was_applied_on_what_its_operator_saw(self) -> None:
        for line in self.bench.applied:
            wish = self.wishes[line.command_id]
            assert line.revision == wish.expect_revision + 1
            assert line.rate_nl_h == wish.change.rate_nl_h


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=300, stateful_step_count=40, deadline=None, print_blob=True)


class ForgetsToAbort(ChangeDesk):
    """Says "not applied", and leaves the change where a commit can still find it."""

    def resolve(self, request: Resolve) -> Outcome:
        state, slot = self._state, self._slot
        answer = super().resolve(request)
        self._state, self._slot = state, slot
        return answer


class ForgetsTheLedger(ChangeDesk):
    """Does not remember what it has applied when it is asked to commit it again."""

    def commit(self, request: Commit, session: int, now_ms: int) -> Outcome:
        state, slot = self._state, self._slot
        answer = super().commit(request, session, now_ms)
        self._state, self._slot = state, slot
        if slot is not None and self.ledger.find(request.command_id) is not None:
            self._apply(self.ledger.lines[-1], slot.request.change)
        return answer  # type: ignore[return-value] # of no account to what it breaks


class BelievesTheOperator(ChangeDesk):
    """Takes a change that was decided on another revision."""

    def _outdated(self, request: Prepare, present: Present) -> Finding | None:
        found = super()._outdated(request, present)
        return None if found is not None and found.reason.name.startswith("STALE") else found


class ForgetsTheVoid(ChangeDesk):
    """Takes a change again that it had said would never be applied; with the same token, an old Commit applies it."""

    def _spent(self, command_id: bytes) -> Finding | None:
        found = super()._spent(command_id)
        return None if found is not None and found.reason is Refusal.VOID else found


def same_token() -> Callable[[int], bytes]:
    return bytes


@pytest.mark.parametrize(
    ("desk", "random"),
    [
        (ForgetsToAbort, counting_random),
        (ForgetsTheLedger, counting_random),
        (BelievesTheOperator, counting_random),
        (ForgetsTheVoid, same_token),
    ],
)
def test_a_desk_with_one_rule_broken_is_found_out(
    desk: type[ChangeDesk], random: Callable[[], Callable[[int], bytes]]
) -> None:
    broken = type("Broken", (AnyOrder,), {"desk": desk, "random": staticmethod(random)})
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            broken,
            settings=settings(
                max_examples=1_000,
                stateful_step_count=40,
                derandomize=True,
                phases=[Phase.generate],
                report_multiple_bugs=False,
                database=None,
                deadline=None,
            ),
        )
