"""The read loop, in a time of its own: whenever it has nothing to do, the clock goes on to what is due next."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from monitor.errors import LinkError, RefusedError
from monitor.judgement import is_live
from monitor.snapshot import Link, Snapshot
from monitor.watch import Watcher
from protocol.alarms import Alarm
from protocol.messages import Change, EventRecord, Identity
from protocol.timeouts import line_ms
from protocol.vocabulary import ChangeKind, EventKind, Role
from tests.monitor.conftest import MS, RATE_NL_H, SERIAL_NUMBER, STATUS, Clock, LivePump, bits
from tests.monitor.simulation import IdleQueue, Simulation

GONE = LinkError("it has gone")


@pytest.fixture
def sim() -> Simulation:
    return Simulation()


def states(sim: Simulation) -> list[Link]:
    return [snapshot.link for snapshot in sim.published]


def test_each_listener_is_told_of_each_snapshot_in_order(sim: Simulation) -> None:
    told: list[Snapshot] = []
    sim.watcher.subscribe(told.append)
    sim.run_ms(2_000)
    assert told == sim.published
    assert told[-1] is sim.watcher.snapshot


def test_before_it_starts_nothing_is_known(sim: Simulation) -> None:
    snapshot = sim.watcher.snapshot
    assert (snapshot.link, snapshot.reading, snapshot.identity) == (Link.CONNECTING, None, None)
    assert (snapshot.url, snapshot.period_ms) == ("/dev/x", 1_000)


def test_it_connects_and_publishes_who_is_there_and_a_reading(sim: Simulation) -> None:
    sim.pump.reply_ns = 7 * MS
    sim.pump.bad_frames = 3
    began_ns = sim.clock()
    sim.run_ms(0)
    snapshot = sim.watcher.snapshot
    assert (snapshot.link, snapshot.problem, snapshot.role) == (Link.LIVE, "", Role.TECHNICIAN)
    assert snapshot.identity == sim.pump.identity
    assert snapshot.reading is not None
    assert (snapshot.reading.status, snapshot.reading.asked_ns) == (STATUS, began_ns)
    assert (snapshot.good, snapshot.lost, snapshot.bad, snapshot.reply_us) == (1, 0, 3, 7_000)
    assert (snapshot.tries, snapshot.retry_ns, snapshot.link_since_ns) == (0, 0, began_ns)


def test_at_1200_baud_readings_are_as_near_as_the_line_allows_and_never_stale_before_the_next() -> None:
    sim = Simulation(period_ms=100, baud=1_200)
    sim.pump.reply_ns = line_ms(38 + 157, 1_200) * MS
    sim.watcher.subscribe(lambda _snapshot: told.append(sim.clock()))
    told: list[int] = []
    sim.run_ms(20_000)
    polled = sim.pump.polled_ns
    assert {later - earlier for earlier, later in pairwise(polled)} == {2_032 * MS}
    readings = [one for one in zip(sim.published, told, strict=True) if one[0].reading is not None]
    assert len(readings) == len(polled) == 10
    for (snapshot, _), (_, next_ns) in pairwise(readings):
        assert is_live(snapshot, next_ns)
    last = readings[-1][0]
    assert last.reading is not None
    assert is_live(last, last.reading.asked_ns + 3 * 2_032 * MS)
    assert not is_live(last, last.reading.asked_ns + 3 * 2_032 * MS + 1)


def test_a_reading_is_asked_for_once_a_period(sim: Simulation) -> None:
    sim.pump.reply_ns = 100 * MS
    began_ns = sim.clock()
    sim.run_ms(4_500)
    assert [(ns - began_ns) // MS for ns in sim.pump.polled_ns] == [0, 1_000, 2_000, 3_000, 4_000]
    assert sim.watcher.snapshot.good == 5


def test_a_failed_poll_loses_the_link_and_keeps_the_old_reading_with_its_old_age(sim: Simulation) -> None:
    sim.run_ms(0)
    kept = sim.watcher.snapshot.reading
    sim.pump.fail("status", GONE)
    sim.run_ms(1_000)
    snapshot = sim.watcher.snapshot
    assert (snapshot.link, snapshot.problem, snapshot.lost, snapshot.good) == (Link.LOST, "it has gone", 1, 1)
    assert snapshot.reading == kept
    assert snapshot.identity is not None
    assert snapshot.link_since_ns == sim.clock()
    assert (snapshot.tries, snapshot.retry_ns) == (1, sim.clock() + 500 * MS)
    assert sim.pump.is_closed


def test_it_tries_again_after_half_a_second_one_two_and_then_every_five(sim: Simulation) -> None:
    sim.run_ms(0)
    sim.pump.fail("status", GONE)
    sim.refuse_to_connect = True
    sim.run_ms(1_000)
    lost_ns = sim.clock()
    sim.connected_ns.clear()
    sim.run_ms(20_000)
    assert [(ns - lost_ns) // MS for ns in sim.connected_ns] == [500, 1_500, 3_500, 8_500, 13_500, 18_500]
    snapshot = sim.watcher.snapshot
    assert (snapshot.tries, snapshot.lost, snapshot.link_since_ns) == (7, 1, lost_ns)
    assert snapshot.problem == "there is no port"


def test_it_reconnects_by_itself_and_begins_to_count_anew(sim: Simulation) -> None:
    sim.run_ms(0)
    sim.pump.fail("status", GONE)
    sim.refuse_to_connect = True
    sim.run_ms(4_600)
    sim.refuse_to_connect = False
    sim.pump.heal()
    before_ns = sim.clock()
    sim.run_ms(5_000)
    snapshot = sim.watcher.snapshot
    assert (snapshot.link, snapshot.problem, snapshot.tries, snapshot.retry_ns) == (Link.LIVE, "", 0, 0)
    assert snapshot.link_since_ns > before_ns
    assert snapshot.lost == 1
    sim.pump.fail("status", GONE)
    sim.run_ms(1_000)
    assert sim.watcher.snapshot.tries in {1, 2}
    assert sim.watcher.snapshot.lost == 2


@pytest.mark.parametrize("call", ["identify", "status", "events"])
@pytest.mark.parametrize("error", [GONE, RefusedError("not now")])
def test_nothing_is_ever_marked_live_by_a_turn_that_failed(
    sim: Simulation, call: str, error: Exception
) -> None:
    sim.pump.status_ = replace(STATUS, newest_event=1)
    sim.pump.fail(call, error)
    sim.run_ms(10_000)
    assert set(states(sim)) <= {Link.CONNECTING, Link.LOST}
    assert sim.watcher.snapshot.reading is None
    sim.pump.heal()
    sim.run_ms(5_000)
    assert sim.watcher.snapshot.link is Link.LIVE
    good, sim.published[:] = sim.watcher.snapshot.reading, []
    sim.pump.fail(call if call != "events" else "status", error)
    sim.drop()
    sim.run_ms(10_000)
    assert Link.LIVE not in states(sim)
    assert {snapshot.reading for snapshot in sim.published} == {good}


# --- events -------------------------------------------------------------------------------------------------------


def entries(first: int, last: int) -> list[EventRecord]:
    return [EventRecord(number, 0, 0, EventKind.START, 0, 0, 0) for number in range(first, last + 1)]


def test_only_new_entries_of_the_log_are_asked_for(sim: Simulation) -> None:
    sim.pump.log(entries(1, 3))
    sim.run_ms(2_000)
    sim.pump.log(entries(1, 5))
    sim.run_ms(1_000)
    assert sim.pump.asked_since == [1, 4]
    assert [record.number for record in sim.watcher.snapshot.events] == [1, 2, 3, 4, 5]


def test_the_newest_two_hundred_entries_are_kept(sim: Simulation) -> None:
    sim.pump.log(entries(1, 150))
    sim.run_ms(0)
    sim.pump.log(entries(1, 260))
    sim.run_ms(1_000)
    numbers = [record.number for record in sim.watcher.snapshot.events]
    assert numbers == list(range(61, 261))


def test_the_same_pump_keeps_its_entries_over_a_lost_link_and_another_memory_clears_them(
    sim: Simulation,
) -> None:
    sim.pump.log(entries(1, 3))
    sim.run_ms(0)
    sim.drop()
    sim.run_ms(1_000)
    assert sim.pump.asked_since == [1]
    sim.pump.identity = replace(sim.pump.identity, store_id=b"store-02")
    sim.pump.log(entries(1, 2))
    sim.drop()
    sim.run_ms(1_000)
    assert sim.pump.asked_since == [1, 1]
    snapshot = sim.watcher.snapshot
    assert [record.number for record in snapshot.events] == [1, 2]
    assert snapshot.identity == Identity(SERIAL_NUMBER, "bench", "1", 0, b"store-02", 2, 0b1110)


def slow(newest: int) -> Simulation:
    """Make a watcher of a pump at 1,200 baud with so many entries in its log."""
    sim = Simulation(baud=1_200)
    sim.pump.reply_ns = line_ms(38 + 157, 1_200) * MS
    sim.pump.page_ns = line_ms(42 + 240, 1_200) * MS
    sim.pump.log(entries(1, newest))
    return sim


def assert_never_stale(sim: Simulation) -> None:
    """Assert that each reading was live still when the next one came."""
    readings = {one.reading.asked_ns: one for one in sim.published if one.reading is not None}
    assert len(readings) == len(sim.pump.polled_ns)
    for asked_ns, next_ns in pairwise(readings):
        assert is_live(readings[asked_ns], next_ns + sim.pump.reply_ns)


def test_a_long_log_on_a_slow_line_holds_up_neither_the_first_reading_nor_the_next() -> None:
    sim = slow(480)
    asked_before: list[int] = []
    sim.watcher.subscribe(lambda one: asked_before.append(len(sim.pump.asked_since)) if one.reading else None)
    sim.run_ms(180_000)
    assert asked_before[0] == 0  # it was told of before the log was asked for
    assert_never_stale(sim)
    assert sim.pump.asked_faults
    first, *_, last = (one for one in sim.published if one.reading is not None)
    assert (first.events, first.log_to, last.log_to) == ((), 480, 0)
    assert [one.number for one in last.events] == list(range(281, 481))


def test_of_a_long_log_a_page_is_read_after_each_reading_and_told_as_it_comes() -> None:
    sim = slow(40)
    sim.run_ms(10_000)
    told = [(len(one.events), one.log_to) for one in sim.published if one.reading is not None]
    assert told[:5] == [(0, 40), (6, 40), (6, 40), (12, 40), (12, 40)]
    sim.pump.log(entries(1, 41))
    sim.run_ms(30_000)
    assert_never_stale(sim)
    snapshot = sim.watcher.snapshot
    assert ([one.number for one in snapshot.events], snapshot.log_to) == (list(range(1, 42)), 0)
    assert sim.pump.asked_since == [1, 7, 13, 19, 25, 31, 37]


def test_what_somebody_asks_for_goes_before_the_rest_of_a_long_log() -> None:
    sim = slow(480)
    sim.run_ms(3_000)
    pages = len(sim.pump.asked_since)
    done = sim.watcher.pause_audio(600)
    sim.run_ms(2_000)
    assert done.done()
    assert sim.pump.paused == [600]
    assert len(sim.pump.asked_since) <= pages + 1
    sim.pump.fail("events", GONE)
    sim.run_ms(5_000)
    assert sim.watcher.snapshot.lost >= 1  # a page without an answer is as any other request
    sim.pump.heal()
    sim.run_ms(180_000)
    assert [one.number for one in sim.watcher.snapshot.events] == list(range(281, 481))


def test_a_long_log_on_a_fast_line_is_read_before_the_next_reading(sim: Simulation) -> None:
    sim.pump.page_ns = 2 * MS
    sim.pump.log(entries(1, 480))
    sim.run_ms(900)
    assert (len(sim.pump.polled_ns), sim.watcher.snapshot.log_to) == (1, 0)
    assert len(sim.watcher.snapshot.events) == 200


# --- alarms -------------------------------------------------------------------------------------------------------


def test_acknowledging_and_silencing_tell_the_pump_and_the_answer_is_the_newest_reading(
    sim: Simulation,
) -> None:
    sim.pump.status_ = replace(STATUS, alarms=bits(Alarm.ERI))
    sim.run_ms(0)
    seen, silent = sim.watcher.acknowledge(bits(Alarm.ERI)), sim.watcher.pause_audio(600)
    sim.run_ms(100)
    assert (seen.result(timeout=0), silent.result(timeout=0)) == (None, None)
    assert (sim.pump.acknowledged, sim.pump.paused) == ([bits(Alarm.ERI)], [600])
    reading = sim.watcher.snapshot.reading
    assert reading is not None
    assert (reading.status.acknowledged, reading.status.audio_pause_s) == (bits(Alarm.ERI), 600)


def test_without_a_link_the_pump_can_be_told_neither(sim: Simulation) -> None:
    sim.refuse_to_connect = True
    sim.run_ms(0)
    asked = sim.watcher.acknowledge(bits(Alarm.ERI)), sim.watcher.pause_audio(600)
    sim.run_ms(100)
    assert [type(one.exception(timeout=0)) for one in asked] == [LinkError, LinkError]


def test_a_discrepancy_is_kept_until_it_is_within_the_band_by_more_than_the_deadband(sim: Simulation) -> None:
    told = []
    for apart_nl in (500_001, 470_000, 449_000, 470_000):
        sim.pump.status_ = replace(STATUS, sensed_nl=STATUS.reservoir_nl - apart_nl, sensed_band_nl=500_000)
        sim.run_ms(1_000)
        told.append(sim.watcher.snapshot.discrepant)
    assert told == [True, True, False, False]


# --- the fault log ------------------------------------------------------------------------------------------------


def test_the_fault_log_is_read_at_first_with_every_new_event_and_once_a_minute(sim: Simulation) -> None:
    sim.pump.faults = entries(1, 2)
    sim.run_ms(0)
    began_ns = sim.clock()
    assert [one.number for one in sim.watcher.snapshot.faults] == [1, 2]
    sim.run_ms(10_000)
    assert len(sim.pump.asked_faults) == 1
    sim.pump.faults = entries(1, 3)
    sim.pump.log(entries(1, 2))
    sim.run_ms(1_000)
    assert [one.number for one in sim.watcher.snapshot.faults] == [1, 2, 3]
    sim.pump.faults = entries(1, 4)  # of which the event log knows nothing
    sim.run_ms(61_000)
    assert [one.number for one in sim.watcher.snapshot.faults] == [1, 2, 3, 4]
    assert [since for _, since in sim.pump.asked_faults] == [1, 3, 4]
    assert sim.pump.asked_faults[0][0] == began_ns


def test_a_pump_without_a_fault_log_is_watched_all_the_same(sim: Simulation) -> None:
    sim.pump.fail("faults", RefusedError("what is asked for is not supported"))
    sim.run_ms(5_000)
    assert sim.watcher.snapshot.link is Link.LIVE
    assert sim.watcher.snapshot.faults == ()


# --- on a real port -----------------------------------------------------------------------------------------------


def test_a_pump_on_a_port_is_watched_changed_and_let_go(live: LivePump) -> None:
    clock = Clock()
    watcher = Watcher(live.url, live.connect, now_ns=clock)
    watcher._jobs = IdleQueue(clock)
    seen: list[Snapshot] = []
    watcher.subscribe(seen.append)
    watcher._turn()
    assert [snapshot.link for snapshot in seen][-1] is Link.LIVE
    reading = watcher.snapshot.reading
    assert reading is not None
    prepared = watcher.prepare(Change(ChangeKind.RATE, 25_000), seen=reading)
    watcher._do_jobs_until_due()
    committed = watcher.commit(prepared.result(timeout=0))
    watcher._turn()
    watcher._do_jobs_until_due()
    assert committed.result(timeout=0).rate_nl_h == live.rate_nl_h == 25_000 != RATE_NL_H
    watcher._turn()
    assert watcher.snapshot.events[-1].kind == EventKind.RATE_CHANGED
    live.call(live.port.unplug)
    watcher._turn()
    assert watcher.snapshot.link is Link.LOST
    live.call(live.port.replug)
    watcher._turn()
    assert watcher.snapshot.link is Link.LIVE
    watcher._close()
    live.connect().close()  # the port is free


def test_what_another_memory_said_never_stands_beside_a_new_identity(sim: Simulation) -> None:
    sim.drop()
    sim.pump.identity = replace(sim.pump.identity, store_id=b"store-02")
    sim.published.clear()
    sim.run_ms(1_000)
    beside = [snapshot.reading for snapshot in sim.published if snapshot.identity == sim.pump.identity]
    assert beside[0] is None
    assert beside[-1] is not None
