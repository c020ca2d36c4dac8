"""The trail beside the pump's own log: what stands in both, what is missing, what can't be told, and what others did."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.history.anchors import Applied, applied_changes, compare
from monitor.history.chain import GENESIS, Entry, entry_after
from protocol.messages import EventRecord
from protocol.vocabulary import ChangeKind, EventKind
from tests.monitor.history.bench import OTHER, PUMP

WHO = {"pump": PUMP.serial_number, "store": PUMP.store_id.hex()}
ONE = Applied(4, ChangeKind.RATE, 1, 5_000, seen_event=2)
TWO = Applied(8, ChangeKind.STOP, 2, 9_000, seen_event=4)


def event(number: int, pump_time_us: int, kind: EventKind = EventKind.RATE_CHANGED) -> EventRecord:
    return EventRecord(number, pump_time_us, 0, kind, 0, 0, 0)


LOG = [
    event(1, 0, EventKind.START),
    event(2, 1_000, EventKind.SESSION),
    event(3, 5_000),
    event(4, 6_000, EventKind.SESSION),
    event(5, 9_000, EventKind.STOPPED),
    event(6, 9_500, EventKind.SESSION),
]


def begun(command: str = "a", kind: str = "RATE", **more: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401 - facts
    return "intended", {
        **WHO,
        "command": command,
        "change": {"kind": kind},
        "seen": {"newest_event": 2},
        **more,
    }


def told(command: str = "a", verdict: str = "APPLIED", **more: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401 - as above
    return "outcome", {
        **WHO,
        "command": command,
        "verdict": verdict,
        "revision": 1,
        "pump_time_us": 5_000,
        **more,
    }


def trail(*records: tuple[str, dict[str, Any]]) -> list[Entry]:
    made: list[Entry] = []
    for seq, (kind, facts) in enumerate(records, 1):
        made.append(entry_after(made[-1].hash if made else GENESIS, seq, 0, kind, facts))
    return made


@pytest.mark.parametrize("whole", [True, False])
def test_what_was_applied_from_here_stands_in_both(*, whole: bool) -> None:
    beside = compare([ONE, TWO], LOG, whole=whole)
    assert (beside.found, beside.missing, beside.untold, beside.foreign) == (2, (), (), ())


@pytest.mark.parametrize(
    "log",
    [
        [one for one in LOG if one.number != 3],
        [event(3, 5_001) if one.number == 3 else one for one in LOG],
        [event(3, 5_000, EventKind.BOLUS) if one.number == 3 else one for one in LOG],
    ],
    ids=["taken out", "at another time", "of another kind"],
)
def test_what_the_pump_has_not_logged_is_missing(log: list[EventRecord]) -> None:
    assert compare([ONE, TWO], log, whole=False).missing == (ONE,)


def test_an_entry_that_the_operator_had_seen_before_is_not_that_of_the_change() -> None:
    assert compare([ONE._replace(seen_event=3)], LOG, whole=False).missing == (ONE._replace(seen_event=3),)


def test_two_changes_of_one_instant_need_an_entry_each() -> None:
    again = ONE._replace(seq=6)
    assert compare([ONE, again], LOG, whole=False).missing == (again,)
    log = [*LOG[:3], event(4, 5_000), *LOG[4:]]
    assert compare([ONE, again], log, whole=False).found == 2


def test_what_the_pump_has_overwritten_is_not_held_against_it() -> None:
    assert compare([ONE, TWO], LOG[4:], whole=True).untold == (ONE,)
    assert compare([ONE], LOG[3:], whole=True).untold == (ONE,)
    assert compare([ONE], [event(3, 4_000, EventKind.SESSION), *LOG[3:]], whole=True).missing == (ONE,)


def test_a_log_that_was_not_read_since_tells_nothing_and_one_from_the_pump_itself_everything() -> None:
    for log in ([], LOG[:2], LOG[:4], [*LOG[:4], event(5, 9_000, EventKind.SESSION)]):
        beside = compare([TWO], log, whole=False)
        assert (beside.missing, beside.untold) == ((), (TWO,))
    assert compare([TWO], LOG[:4], whole=True).missing == (TWO,)


def test_changes_of_the_log_that_the_trail_does_not_have_are_those_of_others() -> None:
    beside = compare([TWO], LOG, whole=False)
    assert [one.number for one in beside.foreign] == [3]


def test_what_was_applied_is_read_from_the_trail_of_this_pump_and_this_memory() -> None:
    elsewhere = {"store": OTHER.store_id.hex()}
    records = trail(
        begun(), told(), begun("b", **elsewhere), told("b", **elsewhere), begun("c"), told("c", "NOT_APPLIED")
    )
    assert applied_changes(records, PUMP) == [Applied(2, ChangeKind.RATE, 1, 5_000, 2, "a", begun=1)]


def test_a_change_whose_beginning_is_not_in_the_trail_counts_all_the_same() -> None:
    assert applied_changes(trail(told()), PUMP) == [Applied(1, None, 1, 5_000, 0, "a", begun=0)]
    assert compare(applied_changes(trail(told()), PUMP), LOG, whole=True).found == 1


def test_a_verdict_that_was_recorded_twice_is_one_change() -> None:
    assert [one.seq for one in applied_changes(trail(begun(), told(), told()), PUMP)] == [3]


@pytest.mark.parametrize(
    "record",
    [
        ("outcome", {**WHO, "command": "a"}),
        ("outcome", {**WHO, "command": [], "verdict": "APPLIED"}),
        ("intended", {**WHO, "command": {}}),
    ],
)
def test_a_record_that_this_program_never_writes_is_named(record: tuple[str, dict[str, Any]]) -> None:
    with pytest.raises(ValueError, match="record 3 is none that pump-monitor writes"):
        applied_changes(trail(begun(), told(), record), PUMP)
