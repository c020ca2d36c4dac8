"""What a screen hands in is done on the watching thread, in order, and always answered: also when there is no link or no time."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

import pytest

from monitor.errors import LinkError, OutcomeUnknownError, RefusedError
from monitor.snapshot import Link, Reading
from monitor.watch import Watcher
from protocol.messages import Change
from protocol.vocabulary import ChangeKind
from tests.monitor.conftest import MS, SERIAL_NUMBER, STATUS, Clock
from tests.monitor.simulation import APPLIED, CHANGE, COMMAND, INTENT, PREPARED, Simulation

if TYPE_CHECKING:
    from concurrent.futures import Future

    from monitor.client import PumpClient
    from protocol.messages import Outcome

SEEN = Reading(SERIAL_NUMBER, STATUS, 0)


@pytest.fixture
def sim() -> Simulation:
    made = Simulation()
    made.run_ms(300)
    return made


def error_of(future: Future[Outcome]) -> BaseException | None:
    return future.exception(timeout=0)


def test_a_change_goes_to_the_pump_as_it_was_handed_in(sim: Simulation) -> None:
    prepared = sim.watcher.prepare(CHANGE, seen=SEEN, reason="meant")
    committed = sim.watcher.commit(PREPARED)
    resolved = sim.watcher.resolve(COMMAND)
    sim.run_ms(0)
    assert sim.pump.calls == [
        ("prepare", CHANGE, SEEN, "meant"),
        ("commit", PREPARED),
        ("resolve", COMMAND),
    ]
    assert prepared.result(timeout=0) == PREPARED
    assert committed.result(timeout=0) == resolved.result(timeout=0) == APPLIED


def test_what_was_changed_is_read_back_at_once(sim: Simulation) -> None:
    sim.pump.polled_ns.clear()
    sim.watcher.commit(PREPARED)
    sim.run_ms(0)
    assert sim.pump.polled_ns == [sim.clock()]


def test_without_a_link_a_change_is_refused_at_once_and_nothing_is_sent(sim: Simulation) -> None:
    sim.refuse_to_connect = True
    sim.drop()
    tries = sim.watcher.snapshot.tries
    waiting = [
        sim.watcher.prepare(Change(ChangeKind.STOP), seen=SEEN),
        sim.watcher.commit(PREPARED),
        sim.watcher.resolve(COMMAND),
    ]
    sim.run_ms(0)
    assert [str(error_of(future)) for future in waiting] == ["there is no link to the pump"] * 3
    assert all(isinstance(error_of(future), LinkError) for future in waiting)
    assert sim.pump.calls == []
    assert sim.watcher.snapshot.tries == tries  # a refused wish is no attempt to connect


def test_a_refusal_reaches_who_asked_and_leaves_the_link(sim: Simulation) -> None:
    error = RefusedError("too much", 5, 90_000)
    sim.pump.fail("prepare", error)
    future = sim.watcher.prepare(Change(ChangeKind.RATE, 99_000), seen=SEEN)
    sim.run_ms(0)
    assert future.exception(timeout=0) is error
    assert sim.watcher.snapshot.link is Link.LIVE


def test_a_link_that_breaks_under_a_job_is_told_and_lost(sim: Simulation) -> None:
    error = LinkError("it has gone")
    sim.pump.fail("resolve", error)
    future = sim.watcher.resolve(COMMAND)
    sim.run_ms(0)
    assert error_of(future) is error
    assert (sim.watcher.snapshot.link, sim.watcher.snapshot.problem) == (Link.LOST, "it has gone")
    assert sim.pump.is_closed


@pytest.mark.parametrize(
    "error", [OutcomeUnknownError(INTENT, "the answer was lost"), ZeroDivisionError("a bug")]
)
def test_whatever_goes_wrong_in_a_job_is_told_to_who_asked_and_watching_goes_on(
    sim: Simulation, error: Exception
) -> None:
    sim.pump.fail("commit", error)
    future = sim.watcher.commit(PREPARED)
    sim.run_ms(0)
    assert error_of(future) is error
    good = sim.watcher.snapshot.good
    sim.run_ms(2_000)
    assert sim.watcher.snapshot.good == good + 2


def test_a_pump_slower_than_the_period_does_not_keep_jobs_waiting_for_ever() -> None:
    sim = Simulation(period_ms=100)
    sim.pump.reply_ns = 250 * MS
    sim.run_ms(0)
    waiting = [sim.watcher.commit(PREPARED) for _ in range(3)]
    polls = len(sim.pump.polled_ns)
    for _ in range(3):
        sim.watcher._turn()
        sim.watcher._do_jobs_until_due()
    assert all(future.done() for future in waiting)
    assert len(sim.pump.polled_ns) == polls + 3  # and readings are not kept waiting by jobs


def test_a_wish_that_was_taken_back_is_not_done(sim: Simulation) -> None:
    future = sim.watcher.commit(PREPARED)
    assert future.cancel()
    sim.run_ms(0)
    assert sim.pump.calls == []
    with pytest.raises(CancelledError):
        future.result(timeout=0)


# --- the end ------------------------------------------------------------------------------------------------------


def watcher_that_connects_until_it_is_stopped() -> tuple[Watcher, threading.Event]:
    connecting = threading.Event()

    def connect() -> PumpClient:
        connecting.set()
        watcher._ending.wait()
        raise LinkError("there is no port")

    watcher = Watcher("/dev/x", connect, now_ns=Clock())
    return watcher, connecting


def test_stopping_ends_the_thread_and_answers_the_jobs_that_wait() -> None:
    watcher, connecting = watcher_that_connects_until_it_is_stopped()
    watcher.start()
    connecting.wait()
    waiting = [
        watcher.commit(PREPARED),
        watcher.resolve(COMMAND),
        watcher.acknowledge(frozenset({"no_link"})),
    ]
    taken_back = watcher.resolve(COMMAND)
    taken_back.cancel()
    watcher.stop()
    assert not watcher._thread.is_alive()
    assert [str(future.exception(timeout=0)) for future in waiting] == ["the monitor is ending"] * 3
    watcher.stop()


def test_stopping_gives_the_port_back() -> None:
    sim = Simulation()
    live = threading.Event()
    watcher = Watcher("/dev/x", sim._connect, now_ns=sim.clock)
    watcher.subscribe(lambda snapshot: live.set() if snapshot.link is Link.LIVE else None)
    watcher.start()
    live.wait()
    watcher.stop()
    assert not watcher._thread.is_alive()
    assert sim.pump.is_closed


def test_a_job_handed_in_after_the_end_or_without_a_beginning_is_answered_too() -> None:
    watcher, connecting = watcher_that_connects_until_it_is_stopped()
    early = watcher.commit(PREPARED)
    watcher.stop()
    assert str(error_of(early)) == "the monitor is ending"
    assert not connecting.is_set()
    assert str(error_of(watcher.commit(PREPARED))) == "the monitor is ending"


def test_the_same_memory_is_asked_after_a_new_connection(sim: Simulation) -> None:
    sim.watcher.prepare(CHANGE, seen=SEEN)
    sim.run_ms(0)
    sim.drop()
    sim.run_ms(1_000)
    future = sim.watcher.resolve(COMMAND)
    sim.run_ms(0)
    assert future.result(timeout=0) == APPLIED
