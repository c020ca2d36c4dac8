from __future__ import annotations

import pytest

from protocol.vocabulary import EventKind
from pumpmock.model.log import LENGTH, EventLog


def filled_log(entries: int) -> EventLog:
    log = EventLog()
    for number in range(1, entries + 1):
        log.append(number * 10, 0, EventKind.START)
    return log


def numbers(log: EventLog, since: int, most: int = LENGTH) -> list[int]:
    return [entry.number for entry in log.since(since, most)]


def test_an_empty_log_has_no_newest_entry() -> None:
    assert EventLog().newest == 0
    assert EventLog().since(0) == ()


def test_entries_are_numbered_from_one() -> None:
    log = filled_log(3)
    assert numbers(log, 0) == numbers(log, 1) == [1, 2, 3]
    assert numbers(log, 3) == [3]
    assert numbers(log, 4) == []


def test_a_page_begins_with_the_entry_asked_for() -> None:
    assert numbers(filled_log(10), 4, most=3) == [4, 5, 6]


@pytest.mark.requirement("R6.6.0(6-8) length", "R6.6.0(6-8) ring")
def test_the_ring_keeps_a_thousand_entries_and_never_reuses_a_number() -> None:
    log = filled_log(1_003)
    assert log.newest == 1_003
    assert numbers(log, 0) == list(range(4, 1_004))
    assert numbers(log, 2, most=2) == [4, 5]
    assert numbers(log, 1_002) == [1_002, 1_003]


@pytest.mark.requirement("R6.6.0(1-3) events")
def test_an_entry_is_returned_as_it_was_written() -> None:
    log = EventLog()
    entry = log.append(5, 6, EventKind.RATE_CHANGED, 7, 8, 9)
    assert log.since(1) == (entry,)
    assert (entry.pump_time_us, entry.clock_s, entry.detail, entry.a, entry.b) == (5, 6, 7, 8, 9)
