"""Faults that a bench injects are told beside every reading, with their names, to people and to programs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from monitor import cli
from monitor.errors import LinkError, RefusedError
from monitor.notice import notice
from monitor.report import reading_fields, reading_line, reading_text
from monitor.snapshot import Link, Reading
from protocol.bounds import Finding
from protocol.changes import rejected
from protocol.messages import Bench, GetBench, Identity
from protocol.vocabulary import Refusal, Role
from tests.monitor.conftest import SERIAL_NUMBER, STATUS
from tests.monitor.simulation import Simulation

if TYPE_CHECKING:
    from click.testing import Result

    from protocol.fields import Message
    from tests.monitor.conftest import LivePump

NAMES = "lose-reply on Commit x1; delay 300 ms"
TWO = Bench(1_000, 2, NAMES)
FAULTY = replace(STATUS, bench_faults=2)


def run(live: LivePump, *words: str) -> Result:
    command, *options = words
    return CliRunner().invoke(cli.main, [command, live.url, "--keys", str(live.keys_folder), *options])


# --- in words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "bench", "told"),
    [
        (0, None, ""),
        (1, None, "1 fault injected"),
        (1, Bench(1_000, 1, "stall"), "1 fault injected: stall"),
        (2, TWO, f"2 faults injected: {NAMES}"),
        (2, replace(TWO, names=""), "2 faults injected"),
        (255, replace(TWO, faults=255), f"at least 255 faults injected: {NAMES}"),
    ],
)
def test_it_is_said_how_many_faults_are_injected_and_which(
    count: int, bench: Bench | None, told: str
) -> None:
    assert notice(replace(STATUS, bench_faults=count), bench) == told


@pytest.mark.parametrize("count", [1, 3])
def test_names_of_another_number_of_faults_than_the_reading_counts_are_not_told(count: int) -> None:
    assert NAMES not in notice(replace(STATUS, bench_faults=count), TWO)


def test_faults_are_told_in_every_form_of_a_reading() -> None:
    reading = Reading(SERIAL_NUMBER, FAULTY, 0)
    fields = reading_fields(reading, 0, TWO)
    assert (fields["bench_faults"], fields["bench_fault_names"]) == (2, NAMES)
    assert reading_text(reading, "/dev/x", TWO).startswith(f"BENCH      2 faults injected: {NAMES}\npump  ")
    assert reading_line(reading, TWO).endswith(f"  no alarms  BENCH: 2 faults injected: {NAMES}")


def test_without_a_fault_nothing_is_said_of_a_bench() -> None:
    reading = Reading(SERIAL_NUMBER, STATUS, 0)
    assert "BENCH" not in reading_text(reading, "/dev/x") + reading_line(reading)


# --- asked of a pump ----------------------------------------------------------------------------------------------


def test_a_client_is_told_what_the_bench_does(live: LivePump) -> None:
    live.notice = (2, NAMES)
    with live.connect(Role.VIEWER) as pump:
        assert pump.status().status.bench_faults == 2
        assert pump.bench() == TWO


@pytest.mark.usefixtures("patient")
def test_status_and_watch_tell_of_faults_as_long_as_there_are_any(live: LivePump) -> None:
    live.notice = (2, NAMES)
    assert run(live, "status").stdout.startswith(f"BENCH      2 faults injected: {NAMES}\n")
    fields = json.loads(run(live, "status", "--json").stdout)
    assert (fields["bench_faults"], fields["bench_fault_names"]) == (2, NAMES)
    assert f"BENCH: 2 faults injected: {NAMES}\n" in run(live, "watch", "--count", "1").stdout
    assert json.loads(run(live, "watch", "--count", "1", "--json").stdout)["bench_fault_names"] == NAMES
    live.notice = (0, "")
    assert "BENCH" not in run(live, "status").stdout


def test_a_pump_that_knows_no_bench_is_asked_once_a_connection(live: LivePump) -> None:
    asked: list[Message] = []

    def unknown(request: Message) -> Message:
        asked.append(request)
        return rejected(request.code, Finding(Refusal.UNSUPPORTED, 0, "what is that?"))

    live.answer(GetBench, unknown)
    with live.connect() as pump:
        assert [pump.bench() for _ in range(3)] == [None] * 3
        assert len(asked) == 1
        pump.reopen()
        assert pump.bench() is None
        assert len(asked) == 2


def test_another_refusal_is_told_and_does_not_end_the_asking(live: LivePump) -> None:
    live.answer(GetBench, lambda request: rejected(request.code, Finding(Refusal.ROLE, 0, "not you")))
    with live.connect() as pump:
        for _ in range(2):
            with pytest.raises(RefusedError, match="not you"):
                pump.bench()


def test_a_reading_is_printed_though_the_names_of_the_faults_get_lost(
    live: LivePump, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_pump: object) -> Bench:
        raise LinkError("no answer")

    monkeypatch.setattr("monitor.client.PumpClient.bench", lost)
    live.notice = (2, NAMES)
    told = run(live, "status")
    assert (told.exit_code, told.stdout.splitlines()[0]) == (0, "BENCH      2 faults injected")


# --- watched ------------------------------------------------------------------------------------------------------


def test_a_pump_without_faults_is_not_asked_about_them() -> None:
    sim = Simulation()
    sim.run_ms(5_000)
    assert sim.pump.asked_bench_ns == []
    assert sim.watcher.snapshot.bench is None


def test_while_there_are_faults_their_names_are_asked_for_with_every_reading() -> None:
    sim = Simulation()
    sim.pump.status_, sim.pump.bench_ = FAULTY, TWO
    sim.run_ms(2_000)
    assert sim.pump.asked_bench_ns == sim.pump.polled_ns
    assert sim.watcher.snapshot.bench == TWO
    sim.pump.bench_ = struck = replace(TWO, names="delay 300 ms; stall")
    sim.run_ms(1_000)
    assert sim.watcher.snapshot.bench == struck
    sim.pump.status_ = STATUS
    sim.run_ms(1_000)
    assert sim.watcher.snapshot.bench is None


def test_names_that_are_the_same_as_before_are_no_news() -> None:
    sim = Simulation()
    sim.pump.status_, sim.pump.bench_ = FAULTY, TWO
    sim.run_ms(0)
    before = len(sim.published)
    sim.run_ms(3_000)
    assert len(sim.published) - before == 3


def test_a_reading_counts_the_faults_though_their_names_get_lost() -> None:
    sim = Simulation()
    sim.pump.status_ = FAULTY
    sim.pump.fail("bench", LinkError("no answer"))
    sim.run_ms(0)
    read = [snapshot for snapshot in sim.published if snapshot.link is Link.LIVE]
    assert [one.reading is not None and one.reading.status.bench_faults for one in read] == [2]
    assert sim.watcher.snapshot.link is Link.LOST


def test_a_lost_link_keeps_the_names_beside_the_reading_that_they_belong_to() -> None:
    sim = Simulation()
    sim.pump.status_, sim.pump.bench_ = FAULTY, TWO
    sim.run_ms(0)
    sim.pump.fail("status", LinkError("gone"))
    sim.run_ms(1_000)
    assert sim.watcher.snapshot.link is Link.LOST
    assert sim.watcher.snapshot.bench == TWO


def test_the_faults_of_one_pump_are_not_told_of_the_next() -> None:
    sim = Simulation()
    sim.pump.status_, sim.pump.bench_ = FAULTY, TWO
    sim.run_ms(0)
    sim.drop()
    sim.pump.identity = Identity("PM-00002", "bench", "1", 1, b"store-02", 1, 0b1110)
    sim.pump.bench_ = replace(TWO, names="stall; leak")
    seen = len(sim.published)
    sim.run_ms(500)
    names = [one.bench.names for one in sim.published[seen:] if one.bench is not None]
    assert set(names) == {"stall; leak"}
