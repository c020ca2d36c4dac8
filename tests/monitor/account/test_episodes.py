"""Alarms as episodes, and changes as deeds: put together from single entries, in whichever part of a log they stand."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from monitor.account.alarms import Episode, episodes
from monitor.account.changes import deeds
from monitor.history import reading
from monitor.history.anchors import Comparison
from monitor.history.schema import opened_to_read
from monitor.history.store import Store
from protocol.alarms import Alarm, Priority
from protocol.vocabulary import EventKind
from tests.monitor.account.bench import WHOLE, change, entry, then
from tests.monitor.history.bench import PUMP

if TYPE_CHECKING:
    from pathlib import Path

    from protocol.messages import EventRecord

RAISED, ACKNOWLEDGED, CLEARED = EventKind.ALARM_RAISED, EventKind.ACKNOWLEDGED, EventKind.ALARM_CLEARED
NOTHING = Comparison(0, (), (), ())


def within(log: list[EventRecord], first: int = 0, last: int = 1_000) -> tuple[Episode, ...]:
    def second(one: EventRecord) -> int:
        return one.pump_time_us // 1_000_000

    return episodes(log, lambda one: second(one) < first, lambda one: second(one) > last)


def test_an_alarm_is_raised_acknowledged_and_cleared() -> None:
    log = [
        entry(1, 1, RAISED, Alarm.STALL),
        entry(2, 2, ACKNOWLEDGED, Alarm.STALL),
        entry(3, 3, CLEARED, Alarm.STALL),
    ]
    (one,) = within(log)
    assert one == Episode(Alarm.STALL, *log)
    assert (one.priority, one.title) == (Priority.HIGH, "MOTOR STALL")


def test_an_alarm_that_comes_again_is_another_and_others_between_do_not_confuse_it() -> None:
    log = [
        *(
            entry(1, 1, RAISED, Alarm.STALL),
            entry(2, 2, RAISED, Alarm.ERI),
            entry(3, 3, CLEARED, Alarm.STALL),
        ),
        *(entry(4, 4, RAISED, Alarm.STALL), entry(5, 5, ACKNOWLEDGED, Alarm.STALL)),
    ]
    first, other, again = within(log)
    assert (first.cleared, first.acknowledged) == (log[2], None)
    assert (other.alarm, other.cleared) == (Alarm.ERI, None)
    assert (again.raised, again.acknowledged, again.cleared) == (log[3], log[4], None)


def test_what_was_over_before_is_left_out_and_what_came_after_is_not_known_yet() -> None:
    log = [
        *(entry(1, 1, RAISED, Alarm.STALL), entry(2, 2, CLEARED, Alarm.STALL)),
        *(entry(3, 3, RAISED, Alarm.ERI), entry(4, 20, CLEARED, Alarm.ERI)),
    ]
    (one,) = within(log, first=10, last=15)
    assert (one.alarm, one.raised, one.cleared) == (Alarm.ERI, log[2], None)


def test_a_log_that_begins_in_the_middle_of_an_alarm_has_its_end() -> None:
    (one,) = within([entry(7, 7, CLEARED, Alarm.STALL)])
    assert (one.raised, one.cleared is not None) == (None, True)


def test_an_alarm_of_a_later_version_is_told_of_by_its_number() -> None:
    (one,) = within([entry(1, 1, RAISED, 31)])
    assert (one.priority, one.title) == (None, "ALARM 31")


@pytest.mark.parametrize(
    ("records", "outcome"),
    [
        ((), "no answer to it is on record"),
        ((("refused", {"sentence": "too large a step up"}),), "refused: too large a step up"),
        ((("prepared", {"new_rate_nl_h": 25_000}),), "prepared, never confirmed"),
        ((("prepared", {"new_rate_nl_h": 25_000}), ("abandoned", {})), "abandoned"),
        ((("read_back_differs", {}),), "abandoned: the pump read back something else"),
        ((("no_answer", {"at": "PREPARING"}),), "no answer: never confirmed"),
        ((("prepared", {"new_rate_nl_h": 25_000}), ("committing", {})), "OUTCOME UNKNOWN"),
        ((("prepared", {"new_rate_nl_h": 1}), ("committing", {}), ("no_answer", {})), "OUTCOME UNKNOWN"),
        (
            (("prepared", {"new_rate_nl_h": 1}), ("committing", {}), ("given_up", {})),
            "given up without a verdict",
        ),
        ((("committing", {}), ("outcome", {"verdict": "NOT_APPLIED", "rate_nl_h": 20_000})), "not applied"),
    ],
)
def test_a_change_that_was_not_applied_says_how_it_ended(
    tmp_path: Path, records: tuple[tuple[str, dict[str, object]], ...], outcome: str
) -> None:
    with closing(Store(tmp_path / "h.db")) as store:
        command = change(store, 10)
        for kind, facts in records:
            then(store, 11, kind, command, **facts)
    with opened_to_read(tmp_path / "h.db") as connection:
        (deed,) = deeds(list(reading.entries(connection)), PUMP, WHOLE, NOTHING)
    assert (deed.outcome, deed.applied, deed.revision, deed.in_log) == (outcome, False, None, None)
    assert deed.old_nl_h == 20_000
    assert deed.by == "technician f4ab8b38"
