"""What a watcher shows is stored before, and the pump's log has no gaps in it."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from monitor.history.recorder import Recorder
from monitor.judgement import alarm_lines
from monitor.watch import Watcher
from protocol.alarms import Alarm, Priority
from protocol.messages import Bench, EventRecord
from protocol.vocabulary import EventKind
from tests.monitor.conftest import S
from tests.monitor.history.bench import rows, stored_numbers
from tests.monitor.history.test_recorder import Lock
from tests.monitor.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.snapshot import Snapshot


class Recorded(Simulation):
    """A simulated watcher with a history.

    Attributes:
        behind: snapshots with a reading that was not stored when it was published.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file
        self.history = Recorder(file, now_ns=self.clock, ballast_bytes=1)
        self.watcher._history = self.history
        self.behind: list[Snapshot] = []
        self.watcher.subscribe(self._check)

    def _check(self, snapshot: Snapshot) -> None:
        if snapshot.reading is not None and not snapshot.history_problem:
            newest = rows(self.file, "SELECT max(pump_time_us) FROM readings")
            if newest != [(snapshot.reading.status.pump_time_us,)]:
                self.behind.append(snapshot)

    def log_to(self, newest: int, oldest: int = 1) -> None:
        self.pump.log([EventRecord(n, n, 0, EventKind.SESSION, 0, 0, 0) for n in range(oldest, newest + 1)])

    def inject(self, faults: int, names: str) -> None:
        self.pump.status_ = replace(self.pump.status_, bench_faults=faults)
        self.pump.bench_ = Bench(1_000, faults, names)

    @property
    def stored_log(self) -> list[int]:
        return [number for (number,) in rows(self.file, "SELECT number FROM events ORDER BY number")]


def trail(file: Path) -> list[tuple[str, dict[str, Any]]]:
    return [
        (kind, json.loads(body)) for kind, body in rows(file, "SELECT kind, body FROM audit ORDER BY seq")
    ]


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[Recorded]:
    made = Recorded(tmp_path / "history.db")
    with closing(made.history):
        yield made


def test_a_reading_is_stored_before_anybody_is_told_of_it(sim: Recorded) -> None:
    sim.run_ms(3_000)
    assert len(stored_numbers(sim.file)) == 4
    sim.watcher.acknowledge(1 << Alarm.LOW_RESERVOIR)
    sim.run_ms(500)
    assert sim.pump.acknowledged
    assert sim.behind == []


def test_when_there_was_a_link_and_why_there_was_none_is_on_record(sim: Recorded) -> None:
    sim.run_ms(3_000)
    sim.drop()
    sim.run_ms(3_000)
    assert rows(sim.file, "SELECT why FROM links ORDER BY rowid") == [("",), ("pulled",), ("",)]


def test_the_log_is_stored_as_it_grows_and_what_was_missed_is_asked_for(sim: Recorded) -> None:
    sim.log_to(3)
    sim.run_ms(1_000)
    assert sim.stored_log == [1, 2, 3]
    sim.drop()
    sim.log_to(300)
    sim.run_ms(5_000)
    assert sim.stored_log == list(range(1, 301))
    assert sim.pump.asked_since == [1, 4, *range(10, 300, 6)]
    assert [event.number for event in sim.watcher.snapshot.events] == list(range(101, 301))


def test_what_could_not_be_stored_of_the_log_is_asked_for_again(sim: Recorded) -> None:
    sim.log_to(3)
    sim.run_ms(0)
    lock = Lock(sim.file)
    sim.log_to(7)
    sim.run_ms(2_000)
    assert [event.number for event in sim.watcher.snapshot.events] == list(range(1, 8))  # telemetry goes on
    assert sim.watcher.snapshot.history_problem.startswith("another program holds it locked")
    lock.let_go()
    sim.log_to(9)
    sim.run_ms(6_000)
    assert sim.watcher.snapshot.history_problem == ""
    assert sim.stored_log == list(range(1, 10))
    assert [event.number for event in sim.watcher.snapshot.events] == list(range(1, 10))
    assert sim.behind == []
    assert len(stored_numbers(sim.file)) == sim.watcher.snapshot.good


def test_a_log_of_which_the_oldest_entries_are_overwritten_is_stored_as_far_as_it_goes(sim: Recorded) -> None:
    sim.log_to(500, oldest=300)
    sim.run_ms(2_000)
    assert sim.stored_log == list(range(300, 501))
    assert sim.pump.asked_since == [1, *range(306, 501, 6)]


def test_a_history_that_is_not_written_is_an_alarm_until_it_is(sim: Recorded) -> None:
    sim.run_ms(0)
    lock = Lock(sim.file)
    sim.run_ms(1_000)
    (line,) = alarm_lines(sim.watcher.snapshot, sim.clock())
    assert (line.key, line.priority, line.title) == ("no_history", Priority.MEDIUM, "NO HISTORY")
    assert line.text == f"history not written: another program holds it locked: {sim.file}"
    lock.let_go()
    sim.run_ms(6_000)
    assert alarm_lines(sim.watcher.snapshot, sim.clock()) == ()
    assert sim.clock() > 6 * S


def test_what_was_done_here_is_on_record_and_owed_while_that_can_not_be_written(sim: Recorded) -> None:
    sim.run_ms(0)
    done = sim.watcher.record("alarm_shelved", {"pump": "PM-1", "alarm": "eri"})
    sim.run_ms(100)
    assert done.result(timeout=0) is None
    lock = Lock(sim.file)
    sim.watcher.record("alarm_unshelved", {"pump": "PM-1", "alarm": "eri"})
    sim.run_ms(1_000)
    lock.let_go()
    sim.run_ms(10_000)
    assert [kind for kind, _ in trail(sim.file)] == ["identified", "alarm_shelved", "alarm_unshelved"]


def test_who_a_pump_is_is_on_record_once_and_what_its_bench_injects_with_every_change(sim: Recorded) -> None:
    sim.run_ms(3_000)
    for count, names in ((1, "delay 300 ms x4"), (1, "delay 300 ms x5"), (0, "")):
        sim.inject(count, names)
        sim.run_ms(2_000)
        if count:
            sim.inject(count, "")  # which they are gets lost for a while: that is no news
            sim.run_ms(2_000)
    (who, first), *bench = trail(sim.file)
    assert (who, first["model"], first["low_reservoir_nl"]) == ("identified", "bench", 2_000_000)
    told = [(kind, facts["faults"], facts["names"]) for kind, facts in bench]
    assert told == [("bench", 1, "delay 300 ms"), ("bench", 0, "")]


def test_what_an_earlier_monitor_has_recorded_of_a_pump_is_not_recorded_again(sim: Recorded) -> None:
    sim.inject(1, "delay 300 ms")
    sim.run_ms(2_000)
    again = Recorded(sim.file)
    with closing(again.history):
        again.inject(1, "delay 300 ms")
        again.run_ms(2_000)
        assert len(trail(sim.file)) == 2
        again.inject(0, "")
        again.run_ms(2_000)
    assert [facts["faults"] for kind, facts in trail(sim.file) if kind == "bench"] == [1, 0]


def test_the_watching_thread_opens_the_history_and_closes_it(tmp_path: Path) -> None:
    opened: list[Recorder] = []

    class Noted(Recorder):
        closed = False

        def close(self) -> None:
            super().close()
            self.closed = True

    def history() -> Recorder:
        opened.append(Noted(tmp_path / "history.db"))
        return opened[0]

    sim = Simulation()
    watcher = Watcher("/dev/x", sim._connect, history=history)
    told = Event()
    watcher.subscribe(lambda snapshot: told.set() if snapshot.reading else None)
    assert opened == []
    watcher.start()
    assert told.wait(30)
    watcher.stop()
    assert len(opened) == 1
    assert opened[0].closed  # type: ignore[attr-defined] # of Noted
    assert stored_numbers(tmp_path / "history.db")
