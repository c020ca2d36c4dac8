"""A live pump goes with wall time, does what it is told at once, notes what happened, and can be put back."""

from __future__ import annotations

import json

import pytest

from protocol.messages import GetBench
from protocol.vocabulary import EventKind
from pumpmock.model.reservoir import LedgerError
from pumpmock.ports.memory import MemoryPort
from pumpmock.snapshot import dumped_memory, loaded_memory
from pumpmock.wall import NS_A_S
from tests.pumpmock.stand import Host, Stand

HOUR_US = 3_600 * 10**6


def test_pump_time_follows_the_wall_and_what_is_due_happens_at_its_instant() -> None:
    stand = Stand(speed=3_600_000)  # an hour a second
    ran: list[int] = []
    stand.emulator.device.pump.clock.call_at(2 * HOUR_US + 1, lambda: ran.append(stand.now_us))
    stand.emulator.plan()

    stand.hand.advance(2 * NS_A_S)
    assert ran == []

    stand.hand.advance(1)
    assert ran == [2 * HOUR_US + 1]


def test_an_advance_is_at_once_and_pump_time_goes_on_from_there() -> None:
    stand = Stand()
    stand.hand.advance(5 * NS_A_S)

    stand.emulator.advance(HOUR_US)
    assert stand.now_us == HOUR_US + 5 * 10**6

    stand.hand.advance(NS_A_S)
    stand.emulator.device.catch_up()
    assert stand.now_us == HOUR_US + 6 * 10**6


def test_a_frozen_pump_stands_still_and_thaws_where_it_stood() -> None:
    stand = Stand()
    stand.hand.advance(2 * NS_A_S)
    stand.emulator.set_speed(0)
    stand.hand.advance(1_000 * NS_A_S)
    stand.emulator.set_speed(1_000)
    stand.hand.advance(NS_A_S)
    stand.emulator.device.catch_up()

    assert stand.now_us == 3 * 10**6


def test_the_journal_has_bytes_both_ways_and_the_pumps_own_events_in_order() -> None:
    stand = Stand()
    port = MemoryPort(stand.emulator.plug())
    host = Host(port)
    host.poll()

    assert stand.what() == ["start", "connected", "in", "out", "in", "session", "out", "in", "out"]
    session = stand.emulator.journal.entries[5]
    assert (session.peer, session.fields["role"]) == ("memory", "developer")
    assert [entry.number for entry in stand.emulator.journal.entries] == list(range(1, 10))


def test_a_memory_put_back_is_the_pump_as_it_was_and_ends_every_session() -> None:
    stand = Stand()
    kept = json.dumps(dumped_memory(stand.emulator.device.memory))
    port = MemoryPort(stand.emulator.plug())
    host = Host(port)
    stand.emulator.advance(1_000 * HOUR_US)
    assert host.poll().delivered_nl > 0

    stand.emulator.restore(loaded_memory(json.loads(kept)))

    assert host.poll() is None  # of a session that ended
    host.greet()
    found = host.poll()
    assert (found.delivered_nl, found.pump_time_us, found.boot) == (0, 0, 2)
    assert stand.emulator.device.pump.events.since(0)[-2].kind == EventKind.START


def test_every_host_is_told_which_faults_are_injected_as_long_as_they_are() -> None:
    stand = Stand()
    hosts = [Host(MemoryPort(stand.emulator.plug())) for _ in range(2)]
    faults = stand.emulator.faults

    def told() -> list[tuple[int, str]]:
        return [(host.poll().bench_faults, host.ask(GetBench()).names) for host in hosts]

    assert told() == [(0, "")] * 2
    faults.add("lose-reply", on="Commit", times=None)
    stall = faults.add("stall")
    first, second = (fault.text for fault in faults.active)
    assert ("lose-reply on Commit" in first, "stall" in second) == (True, True)
    assert told() == [(2, f"{first}; {second}")] * 2
    faults.clear(stall)
    assert told() == [(1, first)] * 2
    faults.clear()
    assert told() == [(0, "")] * 2


def test_faults_are_told_of_a_pump_put_back_too() -> None:
    stand = Stand()
    kept = json.dumps(dumped_memory(stand.emulator.device.memory))
    stand.emulator.faults.add("lose-reply", on="Commit")
    host = Host(MemoryPort(stand.emulator.plug()))
    stand.emulator.restore(loaded_memory(json.loads(kept)))

    host.greet()
    assert host.poll().bench_faults == 1


def test_a_pump_put_back_after_later_starts_counts_on_from_those() -> None:
    stand = Stand()
    kept = json.dumps(dumped_memory(stand.emulator.device.memory))
    for _ in range(3):
        stand.emulator.restore(loaded_memory(json.loads(kept)))

    assert stand.emulator.device.memory.boot == 4


def test_what_happens_is_stored_when_it_happens() -> None:
    stand = Stand()
    before = len(stand.saves)

    stand.emulator.advance(HOUR_US)

    assert len(stand.saves) == before + 1
    assert json.loads(stand.saves[-1])["pump"]["now_us"] == HOUR_US


def test_after_volumes_that_do_not_add_up_nothing_is_said_or_done_any_more() -> None:
    stand = Stand()
    port = MemoryPort(stand.emulator.plug())
    host = Host(port)
    stopped: list[bool] = []
    stand.emulator.on_doubt = lambda: stopped.append(True)

    stand.emulator.stop(LedgerError("lost"))
    stand.emulator.advance(HOUR_US)

    assert host.poll() is None
    assert stand.now_us == 0
    assert stopped == [True]


@pytest.mark.parametrize("cuts", [1, 7, 60])
def test_however_the_wall_is_moved_the_journal_is_the_same(cuts: int) -> None:
    stand = Stand(speed=60_000)
    for _ in range(cuts):
        stand.hand.advance(420 * NS_A_S // cuts)
    stand.emulator.finish()

    assert stand.now_us == 420 * 60 * 10**6
    assert stand.what() == ["start"]


class Companion:
    """Wants to be stopped at certain instants, and notes where it was."""

    def __init__(self, stand: Stand, *instants_us: int) -> None:
        self.came: list[int] = []
        self.moves = 0
        self._stand = stand
        self._instants_us = sorted(instants_us)

    def next_us(self) -> int | None:
        return next((at_us for at_us in self._instants_us if at_us not in self.came), None)

    def come(self) -> None:
        self.came.append(self._stand.now_us)

    def moved(self) -> None:
        self.moves += 1


def test_an_advance_stops_wherever_who_goes_along_has_something_to_do() -> None:
    stand = Stand(speed=0)
    companion = stand.emulator.companion = Companion(stand, 5, HOUR_US, HOUR_US + 1)
    stand.emulator.advance(HOUR_US)
    assert (companion.came, stand.now_us) == ([5, HOUR_US], HOUR_US)
    moves = companion.moves
    stand.emulator.advance(HOUR_US)
    assert companion.came == [5, HOUR_US, HOUR_US + 1]
    assert companion.moves > moves
    assert stand.now_us == 2 * HOUR_US
