"""The fault log as hosts read it, and what the device itself has written to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protocol.alarms import Alarm
from protocol.messages import EVENTS_A_PAGE, Acknowledge, EventRecord, Events, GetEvents, Poll, Status
from protocol.vocabulary import EventKind, Log, Role
from tests.pumpmock.conftest import Bench, Host, new_memory

if TYPE_CHECKING:
    from pumpmock.snapshot import Store

S = 10**9


def faults(bench: Bench) -> list[tuple[int, int, int]]:
    return [(entry.kind, entry.detail, entry.a) for entry in bench.device.pump.faults.since(0)]


def read(bench: Bench, log: Log) -> list[EventRecord]:
    """Read a log page by page, as a host does."""
    found: list[EventRecord] = []
    while True:
        page = bench.serve(GetEvents(found[-1].number + 1 if found else 1, log), Events)
        assert page.log is log
        found += page.events
        if not page.events or page.events[-1].number == page.newest:
            return found


@pytest.mark.requirement("R6.7.0(2)", "R6.6.0(1-3) faults")
def test_each_log_is_read_by_its_name_and_counts_its_own_entries(bench: Bench) -> None:
    pump = bench.device.pump
    pump.record(EventKind.START)
    for _ in range(EVENTS_A_PAGE + 2):
        pump.memory_error()
    events, found = read(bench, Log.EVENTS), read(bench, Log.FAULTS)
    assert [entry.number for entry in found] == list(range(1, EVENTS_A_PAGE + 3))
    assert [entry.number for entry in events] == list(range(1, EVENTS_A_PAGE + 4))
    assert {(entry.kind, entry.detail) for entry in found} == {(EventKind.ALARM_RAISED, Alarm.MEMORY_ERROR)}


def test_a_viewer_may_read_the_fault_log(bench: Bench) -> None:
    bench.device.pump.memory_error()
    page = bench.serve(GetEvents(1, Log.FAULTS), Events, Role.VIEWER)
    assert page.newest == len(page.events) == 1


def test_a_store_that_fails_is_one_fault_until_it_works_again(bench: Bench) -> None:
    host = Host(bench.open())
    bench.store_error = OSError(28, "No space left on device")
    for _ in range(3):
        bench.now_ns += S
        host.ask(Poll(), Status)
    assert faults(bench) == [(EventKind.STORE_FAILED, 28, 0)]
    bench.store_error = None
    host.ask(Poll(), Status)
    assert faults(bench) == [(EventKind.STORE_FAILED, 28, 0), (EventKind.STORED_AGAIN, 0, 3)]
    stored = bench.saves[-1][2]["faults"]
    assert [entry[3] for entry in stored] == [EventKind.STORE_FAILED, EventKind.STORED_AGAIN]


def test_an_error_without_a_number_is_a_fault_too(bench: Bench) -> None:
    bench.store_error = OSError("gone")
    with pytest.raises(OSError, match="gone"):
        bench.device.persist()
    assert faults(bench) == [(EventKind.STORE_FAILED, 0, 0)]


def test_a_fault_alone_is_reason_to_store(bench: Bench) -> None:
    bench.device.persist()
    before = len(bench.saves)
    bench.device.pump.record_fault(EventKind.STORE_FAILED, 5)
    bench.device.persist()
    bench.device.persist()
    assert len(bench.saves) == before + 1


@pytest.mark.requirement("R6.6.0(5)")
def test_alarms_and_both_logs_outlive_the_process(store: Store) -> None:
    memory = new_memory()
    memory.pump.memory_error()
    memory.pump.reset_critically()
    memory.pump.lose_clock()
    memory.pump.acknowledge(1 << Alarm.RESET)
    store.save(memory)
    again = store.load()
    assert again is not None
    assert again.pump.sample() == memory.pump.sample()
    assert again.pump.sample().acknowledged == 1 << Alarm.RESET
    assert again.pump.faults.since(0) == memory.pump.faults.since(0) != ()
    assert again.pump.events.since(0) == memory.pump.events.since(0)


def test_any_question_of_a_host_with_a_key_holds_the_link_watchdog_off() -> None:
    bench = Bench(new_memory(watchdog_s=60))
    host = Host(bench.open())
    bit = 1 << Alarm.LINK_WATCHDOG
    for _ in range(3):
        bench.now_ns += 59 * S
        assert not host.ask(Poll(), Status).alarms & bit
    bench.now_ns += 60 * S
    assert host.ask(Poll(), Status).alarms & bit
    assert not host.ask(Acknowledge(bit), Status).alarms & bit


def test_a_stranger_does_not_hold_the_link_watchdog_off() -> None:
    bench = Bench(new_memory(watchdog_s=60))
    bench.now_ns += 59 * S
    bench.open().receive(b"\x00hello, anybody there?\x00" * 9)
    bench.now_ns += S
    bench.device.catch_up()
    assert bench.device.pump.sample().alarms == 1 << Alarm.LINK_WATCHDOG
