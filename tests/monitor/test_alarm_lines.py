"""What must be acted on, in which order, and in which words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.judgement import AlarmLine, Level, alarm_lines, describe, raised_at
from monitor.snapshot import Link, Reading, Snapshot
from protocol.alarms import KINDS, Alarm, Priority
from protocol.messages import EventRecord, Status
from protocol.vocabulary import EventKind, State
from tests.monitor.conftest import MS, SERIAL_NUMBER, S, bits
from tests.monitor.conftest import STATUS as SENSED

STATUS = replace(SENSED, sensed_band_nl=0)  # a sensor that contradicts nothing
NOW_NS = 1_000 * S
ALL = bits(*Alarm)


def snapshot(status: Status = STATUS, **changes: object) -> Snapshot:
    reading = Reading(SERIAL_NUMBER, status, NOW_NS)
    return replace(Snapshot("/dev/x", 1_000, link=Link.LIVE, reading=reading), **changes)


def keys(made: Snapshot, now_ns: int = NOW_NS) -> list[str]:
    return [line.key for line in alarm_lines(made, now_ns)]


def only_line(made: Snapshot, now_ns: int = NOW_NS) -> AlarmLine:
    (line,) = alarm_lines(made, now_ns)
    return line


def test_a_healthy_pump_asks_for_nothing() -> None:
    assert keys(snapshot()) == []


def test_all_alarms_come_by_priority() -> None:
    lines = alarm_lines(snapshot(replace(STATUS, alarms=ALL)), NOW_NS)
    assert {line.alarm for line in lines} == set(Alarm)
    assert [line.priority for line in lines] == sorted((line.priority for line in lines), reverse=True)
    assert lines[0].priority is Priority.HIGH


def test_a_line_tells_whether_the_pump_says_that_somebody_has_seen_it() -> None:
    status = replace(STATUS, alarms=ALL, acknowledged=bits(Alarm.EMPTY_RESERVOIR, Alarm.EOS))
    seen = {line.alarm for line in alarm_lines(snapshot(status), NOW_NS) if line.acknowledged}
    assert seen == {Alarm.EMPTY_RESERVOIR, Alarm.EOS}


@pytest.mark.parametrize("alarm", Alarm)
def test_a_line_has_the_names_of_its_alarm(alarm: Alarm) -> None:
    line = only_line(snapshot(replace(STATUS, alarms=bits(alarm))))
    kind = KINDS[alarm]
    assert (line.key, line.alarm, line.title, line.priority) == (kind.name, alarm, kind.title, kind.priority)
    assert line.text.isprintable()
    assert not line.acknowledged


def test_an_alarm_of_a_later_version_is_passed_over() -> None:
    assert keys(snapshot(replace(STATUS, alarms=1 << 31))) == []


@pytest.mark.requirement("R6.4.2(1-3) text")
def test_the_words_carry_the_figures() -> None:
    low = replace(STATUS, reservoir_nl=1_967_000)
    assert describe(Alarm.LOW_RESERVOIR, low) == "1.96 mL left, the low limit is 2.00 mL"
    assert describe(Alarm.EMPTY_RESERVOIR, low).startswith("1.40 mL are left that cannot be delivered")
    assert describe(Alarm.ERI, low) == "replace within 90 days: 2180 days to end of service"
    assert describe(Alarm.STOPPED, low) == "nothing is delivered"


def test_changes_that_are_locked_say_for_how_long() -> None:
    locked = replace(STATUS, alarms=bits(Alarm.CHANGES_LOCKED), refusing_s=580)
    assert only_line(snapshot(locked)).text == "changes are refused for 9 min 40 s; delivery goes on"
    assert only_line(snapshot(replace(locked, refusing_s=0))).text == "delivery goes on"


def test_since_when_is_the_newest_entry_that_raised_it() -> None:
    def entry(number: int, clock_s: int, kind: EventKind, alarm: Alarm) -> EventRecord:
        return EventRecord(number, 0, clock_s, kind, alarm, 0, 0)

    events = (
        entry(1, 100, EventKind.ALARM_RAISED, Alarm.STOPPED),
        entry(2, 200, EventKind.ALARM_CLEARED, Alarm.STOPPED),
        entry(3, 300, EventKind.ALARM_RAISED, Alarm.STOPPED),
        entry(4, 400, EventKind.ACKNOWLEDGED, Alarm.STOPPED),
        entry(5, 500, EventKind.ALARM_RAISED, Alarm.ERI),
    )
    assert raised_at(Alarm.STOPPED, events) == 300
    assert raised_at(Alarm.EOS, events) is None
    assert only_line(snapshot(replace(STATUS, alarms=bits(Alarm.ERI)), events=events)).since_s == 500


# --- the monitor's own --------------------------------------------------------------------------------------------


def test_a_lost_link_is_an_alarm_of_the_monitors_own_and_tells_the_age() -> None:
    line = only_line(snapshot(link=Link.LOST), NOW_NS + 41 * S)
    assert (line.key, line.alarm, line.priority) == ("no_link", None, Priority.MEDIUM)
    assert line.text == "no answer from the pump for 41 s, trying again"


def test_a_link_that_is_live_with_a_reading_that_is_not_is_no_link() -> None:
    made = snapshot()
    assert keys(made, NOW_NS + 3_000 * MS) == []
    assert keys(made, NOW_NS + 3_001 * MS) == ["no_link"]


def test_a_link_that_never_was_tells_its_problem_and_one_that_is_tried_first_is_no_alarm() -> None:
    never = snapshot(link=Link.LOST, reading=None, problem="there is no port")
    assert only_line(never).text == "there is no port"
    assert keys(snapshot(link=Link.CONNECTING, reading=None)) == []


def test_the_pumps_alarms_stay_in_sight_when_the_link_is_lost() -> None:
    assert keys(snapshot(replace(STATUS, alarms=bits(Alarm.EOS)), link=Link.LOST)) == ["eos", "no_link"]


def test_low_within_a_week_asks_for_a_refill() -> None:
    # 1.2 mL above the limit at 20 uL/h is two and a half days.
    line = only_line(snapshot(replace(STATUS, reservoir_nl=3_200_000)))
    assert (line.key, line.alarm, line.priority) == ("refill_soon", None, Priority.LOW)
    assert line.text == "low in 2 d 12 h at the present rate"


def test_low_by_volume_without_the_pumps_alarm_is_told_as_such() -> None:
    line = only_line(snapshot(replace(STATUS, reservoir_nl=1_900_000)))
    assert (line.key, line.alarm, line.priority) == ("low_by_volume", None, Priority.MEDIUM)
    assert line.text == "1.90 mL left, the low limit is 2.00 mL, and the pump raises no such alarm"


def test_what_the_pump_flags_itself_is_not_said_twice() -> None:
    assert keys(snapshot(replace(STATUS, reservoir_nl=1_900_000, alarms=bits(Alarm.LOW_RESERVOIR)))) == [
        "low_reservoir"
    ]


def test_a_stopped_pump_never_asks_for_a_refill_soon() -> None:
    still = {
        "state": State.STOPPED,
        "commanded_rate_nl_h": 0,
        "measured_rate_nl_h": 0,
        "reservoir_nl": 2_100_000,
    }
    assert keys(snapshot(replace(STATUS, **still, alarms=bits(Alarm.STOPPED)))) == ["stopped"]


def test_sensed_and_expected_volume_that_differ_beyond_the_sensors_band_are_a_discrepancy() -> None:
    apart = replace(STATUS, reservoir_nl=10_000_000, sensed_nl=9_400_000, sensed_band_nl=500_000)
    line = only_line(snapshot(apart))
    assert (line.key, line.priority, line.title) == ("discrepancy", Priority.MEDIUM, "DISCREPANCY")
    assert line.text == "sensed 9.40 mL, 0.60 mL less than expected: look at the pump"
    assert "0.60 mL more than" in only_line(snapshot(replace(apart, sensed_nl=10_600_000))).text
    assert keys(snapshot(replace(apart, sensed_nl=9_500_000))) == []
    assert keys(snapshot(replace(apart, sensed_band_nl=0))) == []  # it says nothing of its band
    assert keys(snapshot(replace(apart, sensed_nl=9_549_000), discrepant=True)) == ["discrepancy"]


def test_a_level_within_the_deadband_stays_low_and_without_it_is_not() -> None:
    above = snapshot(replace(STATUS, reservoir_nl=2_030_000, commanded_rate_nl_h=0, measured_rate_nl_h=0))
    assert alarm_lines(above, NOW_NS) == ()
    assert only_line(replace(above, level=Level.LOW)).key == "low_by_volume"


def test_what_the_pump_flagged_is_told_as_last_seen_once_the_reading_is_not_live() -> None:
    flagged = snapshot(replace(STATUS, alarms=bits(Alarm.ERI)))
    late_ns = NOW_NS + 10_000_000_000
    texts = {line.key: line.text for line in alarm_lines(flagged, late_ns)}
    assert texts["eri"].endswith("when last seen")
    assert not only_line(flagged).text.endswith("when last seen")


def test_empty_by_volume_without_the_pumps_alarm_has_the_priority_of_empty() -> None:
    flagged_low = replace(STATUS, reservoir_nl=1_400_000, alarms=bits(Alarm.LOW_RESERVOIR))
    lines = {line.key: line for line in alarm_lines(snapshot(flagged_low), NOW_NS)}
    assert lines["low_by_volume"].priority is Priority.HIGH
    assert lines["low_by_volume"].title == "RESERVOIR EMPTY"


# --- stopped ------------------------------------------------------------------------------------------------------


def stopped(**changes: int) -> Status:
    still: dict[str, Any] = {"state": State.STOPPED, "commanded_rate_nl_h": 0, "measured_rate_nl_h": 0}
    return replace(STATUS, **still | changes)


def test_a_stopped_pump_is_told_from_the_first_moment_and_since_when() -> None:
    told = ((100, EventKind.STOPPED), (200, EventKind.RESUMED), (300, EventKind.STOPPED))
    events = tuple(EventRecord(number, 0, *one, 0, 0, 0) for number, one in enumerate(told, start=1))
    line = only_line(snapshot(stopped(), events=events))
    assert (line.key, line.alarm, line.priority) == ("pump_stopped", None, Priority.MEDIUM)
    assert (line.title, line.text, line.since_s) == ("PUMP STOPPED", "nothing is delivered", 300)


@pytest.mark.parametrize("alarm", [Alarm.STOPPED, Alarm.DRUG_UNKNOWN])
def test_an_alarm_that_tells_of_the_stop_takes_the_place_of_that_line(alarm: Alarm) -> None:
    assert only_line(snapshot(stopped(alarms=bits(alarm)))).alarm is alarm


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("refill_soon", replace(STATUS, reservoir_nl=STATUS.low_reservoir_nl + 100_000)),
        ("low_by_volume", replace(STATUS, reservoir_nl=STATUS.low_reservoir_nl - 100_000)),
        ("discrepancy", replace(SENSED, sensed_nl=SENSED.reservoir_nl + SENSED.sensed_band_nl + 1)),
    ],
)
def test_what_the_monitor_found_itself_is_told_as_last_seen_too(key: str, status: Status) -> None:
    live, lost = (
        {line.key: line.text for line in alarm_lines(snapshot(status, link=link), NOW_NS)}
        for link in (Link.LIVE, Link.LOST)
    )
    assert lost[key] == f"{live[key]}, when last seen"


def test_another_alarm_leaves_the_stop_on_the_screen() -> None:
    assert keys(snapshot(stopped(alarms=bits(Alarm.RESET)))) == ["reset", "pump_stopped"]


def test_a_stop_when_last_seen_is_told_as_that() -> None:
    lines = {line.key: line for line in alarm_lines(snapshot(stopped(), link=Link.LOST), NOW_NS)}
    assert lines["pump_stopped"].text == "nothing is delivered, when last seen"
