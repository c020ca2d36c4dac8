"""What is made of each pump: how urgent it is, in which order, which of them, how many."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from monitor.fleet.bench_file import Limits
from monitor.fleet.report import low_in, row_fields, table_text
from monitor.fleet.rows import BY_URGENCY, ORDERS, Judge, counted, judged, matches, needs_a_hand, ordered
from monitor.judgement import forecast
from monitor.snapshot import Link
from protocol.alarms import Alarm, Priority, mask
from protocol.vocabulary import Mode
from tests.monitor.ui.bench import NOW_NS, STATUS, S
from tests.monitor.ui.fleet_stage import pump, some

HOUR_S = 3_600


def rows(now_ns: int = NOW_NS):  # noqa: ANN201 - a list of rows
    pumps = some()
    return Judge([member for member, _ in pumps]).rows([snapshot for _, snapshot in pumps], now_ns)


def test_the_most_urgent_is_first_then_who_is_lost_then_who_is_low_soonest() -> None:
    names = [row.name for row in ordered(rows(), BY_URGENCY)]
    assert names == [
        *("02-1104", "02-1103", "02-1101", "02-1106"),  # high; medium: lost, low now, stopped and never low
        *("02-1102", "02-1105"),  # low, and what somebody has acknowledged behind
        *("02-1100", "02-1107", "by the window"),
    ]


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_shows_every_pump_once(order: str) -> None:
    assert sorted(row.number for row in ordered(rows(), order)) == list(range(9))


def test_pumps_that_get_low_within_the_same_hour_keep_their_places() -> None:
    first, second = (pump(number, reservoir_nl=5_000_000 - number) for number in range(2))
    made = [judged(number, *one, NOW_NS) for number, one in enumerate((first, second))]
    assert made[1].low_s is not None
    assert made[0].low_s is not None
    assert made[1].low_s <= made[0].low_s
    assert [row.number for row in ordered(made, "days to low")] == [0, 1]


def test_only_pumps_that_run_and_are_read_and_want_nothing_need_no_hand() -> None:
    assert [row.number for row in rows() if not needs_a_hand(row)] == [0, 7]


def test_a_pump_whose_reading_grows_old_needs_a_hand_although_nothing_new_was_heard() -> None:
    member, snapshot = pump(0)
    judge = Judge([member])
    (fresh,) = judge.rows([snapshot], NOW_NS)
    assert judge.rows([snapshot], NOW_NS + S)[0] is fresh
    (old,) = judge.rows([snapshot], NOW_NS + 4 * S)
    assert (fresh.live, needs_a_hand(fresh)) == (True, False)
    assert (old.live, old.lost, old.state, needs_a_hand(old)) == (False, True, "no link", True)


def test_counts_add_up() -> None:
    found = counted(rows())
    assert (found.pumps, found.normal, found.lost, found.waiting, found.faulty) == (9, 2, 1, 1, 1)
    assert found.by_priority == {Priority.HIGH: 1, Priority.MEDIUM: 3, Priority.LOW: 2}
    assert (found.due[0], found.due[4], sum(found.due)) == (2, 1, 3)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("rack 2", [3, 4, 5]),
        ("RACK stall", [4]),
        ("02-1105", [5]),
        ("window", [8]),
        ("", list(range(9))),
        ("acks", []),
    ],
)
def test_a_filter_finds_words_of_name_place_and_state(typed: str, found: list[int]) -> None:
    assert [row.number for row in rows() if matches(row, typed)] == found


@pytest.mark.parametrize(
    ("limits", "keys"),
    [
        (Limits(), []),
        (Limits(low_nl=14_620_000), ["low_by_bench"]),
        (Limits(low_nl=14_619_999), []),
        (Limits(soon_s=40 * 24 * HOUR_S), ["refill_soon"]),
        (Limits(soon_s=20 * 24 * HOUR_S), []),
        (Limits(battery_percent=84), ["battery_by_bench"]),
        (Limits(low_nl=15_000_000, battery_percent=83), ["low_by_bench"]),
        (Limits(low_nl=15_000_000, battery_percent=90), ["low_by_bench", "battery_by_bench"]),
    ],
)
def test_a_limit_of_the_bench_asks_for_a_hand_at_it_and_not_before(limits: Limits, keys: list[str]) -> None:
    member, snapshot = pump(0)
    row = judged(0, replace(member, limits=limits), snapshot, NOW_NS)
    assert [line.key for line in row.lines] == keys


def test_what_the_pump_says_itself_is_not_said_again_by_the_bench() -> None:
    member, snapshot = pump(0, reservoir_nl=1_900_000, alarms=mask({Alarm.LOW_RESERVOIR, Alarm.ERI}))
    limits = Limits(5_000_000, 90 * 24 * HOUR_S, 90)
    row = judged(0, replace(member, limits=limits), snapshot, NOW_NS)
    assert {line.key for line in row.lines} == {"low_reservoir", "eri"}


def test_time_to_low_is_that_of_the_forecast() -> None:
    for reservoir_nl in (1_000_000, 2_000_000, 2_000_001, 14_620_000):
        made = judged(0, *pump(0, reservoir_nl=reservoir_nl), NOW_NS)
        to_low = forecast(replace(STATUS, reservoir_nl=reservoir_nl)).to_low
        assert to_low is not None
        assert made.low_s == to_low.expected_s


def test_by_what_a_pump_delivers_stands_in_its_state() -> None:
    assert judged(0, *pump(0, mode=Mode.TEMPORARY_RATE), NOW_NS).state == "temporary rate"


def test_time_to_low_is_rounded_down_to_a_tenth_of_a_day() -> None:
    assert [low_in(seconds) for seconds in (None, 0, 1, 86_399, 86_400)] == [
        "never",
        "now",
        "0.0 d",
        "0.9 d",
        "1.0 d",
    ]


def test_the_fields_of_a_row_are_what_scripts_rely_on() -> None:
    lost = row_fields(rows()[3], NOW_NS)
    assert json.loads(json.dumps(lost)) == lost
    reading = lost.pop("reading")
    assert (reading["serial_number"], reading["age_s"]) == ("02-1103", 244.0)
    assert lost == {
        "name": "02-1103",
        "place": "rack 2",
        "url": "/dev/tty3",
        "link": "lost",
        "problem": "/dev/tty3 has gone",
        "needs_a_hand": True,
        "priority": "medium",
        "alarms": ["no_link"],
    }
    waiting = row_fields(rows()[8], NOW_NS)
    assert (waiting["link"], waiting["reading"], waiting["needs_a_hand"]) == ("connecting", None, True)


def test_the_table_as_text_marks_old_figures_and_says_why_there_is_no_link() -> None:
    lines = table_text(ordered(rows(), BY_URGENCY), NOW_NS).splitlines()
    assert lines[0].split() == ["pump", "place", "state", "mL/day", "mL", "low", "in", "battery", "age"]
    assert lines[1].startswith("!!!  02-1104")
    assert "0.503?" in lines[2]
    assert lines[-2:] == [
        "9 pumps: 1 high, 3 medium, 2 low, 2 normal, 1 without a link, 1 with injected faults",
        "02-1103: /dev/tty3 has gone",
    ]


def test_a_name_from_a_pump_reaches_no_terminal_as_an_escape() -> None:
    member, snapshot = pump(0, link=Link.LOST, problem="\x1b[2J gone")
    assert "\x1b" not in table_text([judged(0, replace(member, place="\x1b[1m"), snapshot, NOW_NS)], NOW_NS)
