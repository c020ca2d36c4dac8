"""A change that has lost its answer, as the read loop keeps and settles it, on a real port."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from monitor.errors import LinkError, OutcomeUnknownError, RefusedError
from monitor.intents import Intents, default_folder
from monitor.snapshot import Link
from monitor.watch import Watcher
from protocol.bounds import Finding
from protocol.changes import rejected
from protocol.intent import Intent
from protocol.machines import Stage
from protocol.messages import Change, Commit, Confirm, Hello, Resolve
from protocol.vocabulary import ChangeKind, Refusal, Verdict
from tests.monitor.conftest import MS, RATE_NL_H, SERIAL_NUMBER, STORE_ID, Clock, LivePump, codes_in
from tests.monitor.simulation import IdleQueue, Simulation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from protocol.messages import Outcome, Prepared

    Left = Callable[[str | None], tuple[tuple[Intent, ...], str]]

NEW_NL_H = 25_000
LEFT = Intent(
    b"command1",
    SERIAL_NUMBER,
    STORE_ID,
    1_767_225_600,
    Change(ChangeKind.RATE, NEW_NL_H),
    0,
    RATE_NL_H,
    NEW_NL_H,
    stage=Stage.RESOLVING,
)


class Watched:
    """A watcher whose thread is the test's.

    Attributes:
        clock: the watcher's clock.
    """

    def __init__(self, live: LivePump, left: Left | None = None, *, turn: bool = True) -> None:
        self.live = live
        self.clock = Clock()
        notes = Intents()
        self.watcher = Watcher(
            live.url,
            live.connect,
            left=left or (lambda serial: notes.left_in_doubt({serial or SERIAL_NUMBER})),
            now_ns=self.clock,
        )
        self.watcher._jobs = IdleQueue(self.clock)
        if turn:
            self.watcher._turn()

    def pass_ms(self, span_ms: int) -> None:
        """Do what the watching thread does, until this much time has passed."""
        due_ns = self.clock() + span_ms * MS
        while self.clock() < due_ns:
            self.watcher._turn()
            self.clock.now_ns = max(self.clock(), min(self.watcher._next_ns, due_ns))

    def prepare(self) -> Prepared:
        reading = self.watcher.snapshot.reading
        assert reading is not None
        change = Change(ChangeKind.RATE, NEW_NL_H)
        prepared = self.watcher.prepare(change, seen=reading)
        self.watcher._do_jobs_until_due()
        return prepared.result(timeout=0)

    def do(self, job: Future[Outcome]) -> Outcome:
        self.watcher._do_jobs_until_due()
        return job.result(timeout=0)

    def lose(self, *, applied: bool) -> Prepared:
        """Begin a change, and have the pump pulled when it commits it, or just before."""
        prepared = self.prepare()
        self.live.on_request(Commit.code, self.live.port.unplug, serve_first=applied)
        with pytest.raises(OutcomeUnknownError):
            self.do(self.watcher.commit(prepared))
        self.watcher._turn()
        return prepared

    def requests(self) -> list[int]:
        """Return the list that the types of all requests from now on are put into."""
        codes: list[int] = []

        def noted(data: bytes, answer: Callable[[bytes], bytes]) -> bytes:
            codes.extend(codes_in(data))
            return answer(data)

        self.live.spoil = noted
        return codes


@pytest.fixture
def watched(live: LivePump) -> Iterator[Watched]:
    made = Watched(live)
    yield made
    made.watcher._close()


def test_another_memory_is_not_asked_what_became_of_a_change_that_it_never_saw(
    live: LivePump, watched: Watched
) -> None:
    prepared = watched.lose(applied=True)
    live.call(lambda: live.renew(b"store-02"))
    live.call(live.port.replug)
    codes = watched.requests()
    watched.watcher._turn()
    with pytest.raises(RefusedError, match="never saw the change"):
        watched.do(watched.watcher.resolve(prepared.command_id))
    assert codes
    assert Resolve.code not in codes
    assert live.rate_nl_h == RATE_NL_H


@pytest.mark.parametrize("applied", [True, False])
def test_a_change_in_doubt_stays_known_while_the_link_is_lost_and_is_settled_with_the_next(
    live: LivePump, watched: Watched, *, applied: bool
) -> None:
    prepared = watched.lose(applied=applied)
    watcher = watched.watcher
    assert watcher.snapshot.link is Link.LOST
    assert [intent.command_id for intent in watcher.snapshot.unresolved] == [prepared.command_id]
    for _ in range(3):  # also after tries in vain
        watched.pass_ms(5_000)
    assert [intent.command_id for intent in watcher.snapshot.unresolved] == [prepared.command_id]
    live.call(live.port.replug)
    codes = watched.requests()
    watched.pass_ms(5_000)
    assert watcher.snapshot.unresolved == ()
    ((intent, outcome),) = watcher.snapshot.settled
    assert intent.command_id == prepared.command_id
    assert outcome.verdict is (Verdict.APPLIED if applied else Verdict.NOT_APPLIED)
    inside = [code for code in codes if code not in (Hello.code, Confirm.code)]
    assert inside[0] == Resolve.code  # before anything else
    assert watched.do(watcher.resolve(prepared.command_id)) == outcome  # and is told again to whoever asks
    assert codes.count(Resolve.code) == 1


def test_whoever_asked_is_not_told_before_the_snapshot_knows(live: LivePump, watched: Watched) -> None:
    prepared = watched.prepare()
    live.on_request(Commit.code, live.port.unplug, serve_first=True)
    job = watched.watcher.commit(prepared)
    known: list[int] = []
    job.add_done_callback(lambda _: known.append(len(watched.watcher.snapshot.unresolved)))
    watched.watcher._do_jobs_until_due()
    assert known == [1]


def test_a_restarted_monitor_knows_of_it_before_there_is_a_pump(live: LivePump, watched: Watched) -> None:
    prepared = watched.lose(applied=True)
    watched.watcher._close()
    notes = Intents()
    again = Watched(live, left=lambda _: notes.left_in_doubt({SERIAL_NUMBER}), turn=False)
    assert again.watcher.snapshot.unresolved == ()
    again.watcher._publish(**again.watcher._in_doubt())  # as its thread begins
    assert [intent.command_id for intent in again.watcher.snapshot.unresolved] == [prepared.command_id]
    again.watcher._turn()
    assert again.watcher.snapshot.link is Link.LOST
    assert len(again.watcher.snapshot.unresolved) == 1
    live.call(live.port.replug)
    again.pass_ms(5_000)
    assert again.watcher.snapshot.unresolved == ()
    assert [outcome.revision for _, outcome in again.watcher.snapshot.settled] == [1]
    again.watcher._close()


def test_asking_without_a_link_tries_to_connect_at_once(live: LivePump, watched: Watched) -> None:
    watched.lose(applied=True)
    live.call(live.port.replug)
    assert watched.watcher._next_ns > watched.clock()
    job = watched.watcher.settle()
    watched.watcher._do_jobs_until_due()
    assert isinstance(job.exception(timeout=0), LinkError)
    assert watched.watcher._next_ns <= watched.clock()
    watched.watcher._turn()
    assert watched.watcher.snapshot.unresolved == ()


def test_asking_with_a_link_tells_what_has_no_verdict_still(live: LivePump, watched: Watched) -> None:
    live.answer(Resolve, lambda _: rejected(Resolve.code, Finding(Refusal.ROLE, 0, "not now")))
    prepared = watched.lose(applied=True)
    live.call(live.port.replug)
    watched.pass_ms(5_000)
    assert watched.watcher.snapshot.link is Link.LIVE
    job = watched.watcher.settle()
    watched.watcher._do_jobs_until_due()
    assert [intent.command_id for intent in job.result(timeout=0)] == [prepared.command_id]
    live.call(lambda: delattr(live.device, "serve"))
    job = watched.watcher.settle()
    watched.watcher._do_jobs_until_due()
    assert job.result(timeout=0) == ()
    assert watched.watcher.snapshot.settled[0][1].verdict is Verdict.APPLIED


def test_a_change_that_another_monitor_left_is_found_and_settled_within_seconds(
    live: LivePump, watched: Watched
) -> None:
    del live
    other = Intents()
    other.note(LEFT)
    other.close()
    watched.pass_ms(10_000)
    ((intent, outcome),) = watched.watcher.snapshot.settled
    assert (intent.command_id, outcome.verdict) == (LEFT.command_id, Verdict.NOT_APPLIED)


def test_notes_that_can_not_be_read_are_told_with_a_link_and_without(
    live: LivePump, watched: Watched
) -> None:
    default_folder().parent.mkdir(parents=True, exist_ok=True)
    default_folder().write_text("no folder")
    watched.pass_ms(10_000)
    assert "changes may be noted there" in watched.watcher.snapshot.notes_problem
    default_folder().unlink()
    watched.pass_ms(10_000)
    assert watched.watcher.snapshot.notes_problem == ""
    del live


def test_what_can_not_be_read_any_more_is_not_taken_for_settled(live: LivePump) -> None:
    found: list[tuple[tuple[Intent, ...], str]] = [((LEFT,), "")]
    made = Watched(live, left=lambda _: found[0], turn=False)
    made.watcher._publish(**made.watcher._in_doubt())
    assert made.watcher.snapshot.unresolved == (LEFT,)
    found[0] = ((), "the folder can't be read")
    made.watcher._publish(**made.watcher._in_doubt())
    assert made.watcher.snapshot.unresolved == (LEFT,)
    found[0] = ((), "")
    made.watcher._publish(**made.watcher._in_doubt())
    assert made.watcher.snapshot.unresolved == ()


# --- without a port -------------------------------------------------------------------------------------------------


def test_a_pump_that_does_not_say_is_read_all_the_same_and_asked_every_five_seconds() -> None:
    sim = Simulation()
    sim.pump.unresolved = (LEFT,)
    sim.run_ms(20_500)
    assert sim.watcher.snapshot.unresolved == (LEFT,)
    assert len(sim.pump.polled_ns) == 21
    steps = [later - earlier for earlier, later in pairwise(sim.pump.settled_ns)]
    assert steps == [5_000 * MS] * 3


def test_of_the_changes_that_were_noted_those_of_the_pump_that_has_answered_count() -> None:
    sim = Simulation()
    other = replace(LEFT, serial_number="PM-00002", command_id=b"command2")
    sim.watcher._left = lambda serial: (
        tuple(one for one in (LEFT, other) if serial in {None, one.serial_number}),
        "",
    )
    sim.watcher._publish(**sim.watcher._in_doubt())
    assert sim.watcher.snapshot.unresolved == (LEFT, other)
    sim.run_ms(100)
    sim.drop()
    assert sim.watcher.snapshot.unresolved == (LEFT,)
