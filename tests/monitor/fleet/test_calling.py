"""What of a fleet calls: what nobody has acknowledged or heard, until something new comes or the same more urgently."""

from __future__ import annotations

from dataclasses import replace

from monitor.fleet.calling import Calls
from monitor.fleet.rows import Row, judged
from monitor.snapshot import Link
from protocol.alarms import Alarm, Priority, mask
from tests.monitor.ui.bench import NOW_NS
from tests.monitor.ui.fleet_stage import pump

LOW = mask({Alarm.LOW_RESERVOIR})


def row(number: int, **changes: object) -> Row:
    member, snapshot = pump(number, **changes)
    return judged(number, member, snapshot, NOW_NS)


def test_only_what_nobody_has_acknowledged_at_the_pump_calls() -> None:
    calls = Calls()
    rows = [
        row(0),
        row(1, alarms=LOW, reservoir_nl=1_900_000),
        row(2, alarms=LOW, acknowledged=LOW, reservoir_nl=1_900_000),
    ]
    board = calls.look(rows)
    assert [entry.line.key for entry in board.entries] == ["low_reservoir"]
    assert (board.calls, board.calling) == (1, {Priority.MEDIUM})
    assert calls.look(rows).calls == 1  # once


def test_what_was_heard_is_silent_until_something_new_comes_to_this_pump_or_to_another() -> None:
    calls = Calls()
    low = row(1, alarms=LOW, reservoir_nl=1_900_000)
    calls.look([low])
    calls.hear(1)
    assert calls.look([low]).calling == frozenset()
    stalled = row(1, alarms=LOW | mask({Alarm.STALL}), reservoir_nl=1_900_000)
    board = calls.look([stalled])
    assert [entry.line.key for entry in board.entries] == ["stall"]
    calls.hear(1)
    assert calls.look([stalled, row(2, alarms=LOW, reservoir_nl=1_900_000)]).calling == {Priority.MEDIUM}


def test_an_alarm_that_has_gone_and_comes_again_calls_again_though_it_was_heard() -> None:
    calls = Calls()
    low = row(1, alarms=LOW, reservoir_nl=1_900_000)
    for _ in range(2):
        assert calls.look([low]).calling
        calls.hear(1)
        assert not calls.look([low]).calling
        assert not calls.look([row(1)]).calling
    assert calls.board.calls == 2


def test_what_gets_more_urgent_calls_though_it_was_heard() -> None:
    calls = Calls()
    low = row(1, alarms=LOW, reservoir_nl=1_900_000)
    calls.look([low])
    calls.hear(1)
    urgent = replace(low, lines=tuple(replace(line, priority=Priority.HIGH) for line in low.lines))
    assert calls.look([urgent]).calling == {Priority.HIGH}
    assert calls.board.calls == 2


def test_that_nothing_is_stored_calls_as_an_alarm_of_the_fleet_itself() -> None:
    calls = Calls()
    assert calls.look([row(0)], "the disk is full: /x").calling == {Priority.MEDIUM}
    (entry,) = calls.board.entries
    assert entry.line.text == "history not written: the disk is full: /x"
    calls.hear(0)
    assert not calls.look([row(0)], "the disk is full: /x").calling
    calls.look([row(0)])
    assert calls.look([row(0)], "the disk is full: /x").calling


def test_a_pump_that_is_open_calls_on_its_own_screen_and_what_was_seen_there_is_heard_here() -> None:
    calls = Calls()
    lost = row(1, link=Link.LOST, problem="gone", alarms=LOW, reservoir_nl=1_900_000)
    calls.look([lost])
    assert not calls.look([lost], beside=1).calling
    calls.hear(1, {"no_link"})
    board = calls.look([lost])
    assert [entry.line.key for entry in board.entries] == ["low_reservoir"]
    assert board.calls == 2  # neither is new
