"""Readings, events and changes as text and as JSON: the names and forms that scripts rely on."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from monitor.report import (
    event_fields,
    numbered_event,
    reading_fields,
    reading_line,
    reading_text,
    review_text,
    state_text,
)
from monitor.snapshot import Reading
from protocol.alarms import Alarm
from protocol.messages import NEVER_S, EventRecord
from protocol.vocabulary import EventKind, Mode, State
from tests.monitor.conftest import MS, SERIAL_NUMBER, STATUS, bits
from tests.monitor.simulation import PREPARED

READING = Reading(SERIAL_NUMBER, STATUS, 0)
STOPPED = replace(STATUS, state=State.STOPPED, commanded_rate_nl_h=0, measured_rate_nl_h=0)


def test_a_reading_in_json_has_these_names_and_these_values() -> None:
    status = replace(STATUS, measured_rate_nl_h=20_100, alarms=bits(Alarm.ERI, Alarm.EOS))
    assert reading_fields(Reading(SERIAL_NUMBER, status, 0), 1_234 * MS) == {
        "serial_number": "PM-00001",
        "state": "running",
        "commanded_rate_nl_h": 20_000,
        "measured_rate_nl_h": 20_100,
        "reservoir_nl": 12_000_000,
        "low_reservoir_nl": 2_000_000,
        "battery_percent": 84,
        "alarms": ["eos", "eri"],
        "days_to_low": 20.83,
        "days_to_empty": 22.08,
        "revision": 4,
        "pump_time_us": 930_000_000,
        "mode": "program",
        "mode_left_s": None,
        "refusing_s": 0,
        "audio_pause_s": 0,
        "bench_faults": 0,
        "bench_fault_names": "",
        "age_s": 1.234,
    }


def test_what_stands_over_the_program_is_said_with_its_end() -> None:
    status = replace(
        STATUS, mode=Mode.TEMPORARY_RATE, mode_left_s=7_800, refusing_s=580, audio_pause_s=120, alarms=1
    )
    reading = Reading(SERIAL_NUMBER, status, 0)
    fields = reading_fields(reading, 0)
    assert (fields["mode"], fields["mode_left_s"]) == ("temporary_rate", 7_800)
    assert (fields["refusing_s"], fields["audio_pause_s"]) == (580, 120)
    text = reading_text(reading, "/dev/x")
    assert "PM-00001, running by temporary rate, 2 h 10 min left, on /dev/x" in text
    assert "low reservoir, sound off for 2 min 0 s" in text
    assert "changes    refused for 9 min 40 s, a stop excepted" in text
    endless = replace(status, mode=Mode.MINIMUM_RATE, mode_left_s=NEVER_S)
    assert "running by minimum rate, on" in reading_text(Reading(SERIAL_NUMBER, endless, 0), "/dev/x")


def test_an_entry_of_a_later_version_keeps_its_number() -> None:
    later = EventRecord(7, 0, 0, 99, 1, 2, 3)
    assert event_fields(later)["kind"] == 99
    assert "an event this version does not know (99)" in numbered_event(later)


def test_never_is_null_in_json() -> None:
    fields = json.loads(json.dumps(reading_fields(Reading(SERIAL_NUMBER, STOPPED, 0), 0)))
    assert (fields["days_to_low"], fields["days_to_empty"], fields["alarms"]) == (None, None, [])
    assert fields["state"] == "stopped"


@pytest.mark.parametrize("state", State)
def test_each_state_has_a_name_in_json(state: State) -> None:
    assert state_text(state) == state.name.lower()


def test_a_reading_in_words_says_rate_volume_and_when() -> None:
    text = reading_text(READING, "/dev/x")
    lines = dict(line.split(maxsplit=1) for line in text.splitlines())
    assert lines["pump"] == "PM-00001, running, on /dev/x"
    assert lines["rate"] == "0.480 mL/day set, 0.480 mL/day measured"
    assert lines["reservoir"] == "12.00 of 20.00 mL, low at 2.00, empty at 1.40"
    assert lines["low"] == "in 20.83 days, Wed 21 Jan 2026 by the pump's clock"
    assert lines["empty"] == "in 22.08 days, Fri 23 Jan 2026 by the pump's clock"
    assert lines["battery"] == "84 %, 2180 days to end of service"
    assert lines["alarms"] == "none"
    assert lines["clock"] == "2026-01-01 00:00:00, revision 4, start 2"


def test_a_stopped_pump_is_never_low_in_words_either() -> None:
    text = reading_text(Reading(SERIAL_NUMBER, STOPPED, 0), "/dev/x")
    assert text.count("never at the present rate") == 2
    assert "never low" in reading_line(Reading(SERIAL_NUMBER, STOPPED, 0))


def test_a_clock_beyond_every_calendar_is_no_traceback() -> None:
    far = Reading(SERIAL_NUMBER, replace(STATUS, clock_s=2**64 - 1), 0)
    assert "low        in 20.83 days\n" in reading_text(far, "/dev/x")
    assert reading_line(far).startswith("18446744073709551615 s")


def test_a_reading_in_a_line_has_the_same_columns_whatever_it_says() -> None:
    low = replace(STATUS, reservoir_nl=1_900_000, alarms=bits(Alarm.LOW_RESERVOIR), battery_percent=5)
    lines = [reading_line(Reading(SERIAL_NUMBER, status, 0)) for status in (STATUS, STOPPED, low)]
    assert all("\n" not in line for line in lines)
    assert len({line.index("%") for line in lines}) == 1
    assert [line.rsplit("  ", 1)[1] for line in lines] == ["no alarms", "no alarms", "LOW RESERVOIR"]


def test_an_event_in_json_and_in_a_line() -> None:
    record = EventRecord(12, 5_000_000, 1_767_225_605, EventKind.RATE_CHANGED, 0, 20_833, 25_000)
    text = "0.500 -> 0.600 mL/day"
    assert event_fields(record) == {
        "number": 12,
        "pump_time_us": 5_000_000,
        "clock_s": 1_767_225_605,
        "kind": "rate_changed",
        "detail": 0,
        "a": 20_833,
        "b": 25_000,
        "text": text,
    }
    assert numbered_event(record) == f"   12  2026-01-01 00:00:05  rate     {text}"


def test_a_review_shows_old_beside_new_and_what_follows() -> None:
    day = 86_400
    prepared = replace(
        PREPARED,
        old_rate_nl_h=20_833,
        new_rate_nl_h=25_000,
        old_to_low_s=30 * day,
        new_to_low_s=25 * day,
        old_to_empty_s=NEVER_S,
        new_to_empty_s=26 * day + day // 2,
    )
    rows = [line.split() for line in review_text(prepared, "+20.0 %").splitlines()]
    assert rows == [
        ["now", "new"],
        ["rate", "0.500", "mL/day", "0.600", "mL/day", "+20.0", "%"],
        ["low", "in", "30.0", "days", "25.0", "days"],
        ["empty", "in", "never", "26.5", "days"],
    ]
