"""What the emulator prints: a sentence or a line of JSON an event, and nothing that could stop the pump."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from protocol.alarms import Alarm
from protocol.messages import OVERRIDDEN, EventRecord
from protocol.vocabulary import EventKind, Mode, PressRefusal, Refusal, Role
from protocol.wording import CHANGES
from pumpmock.console import Console, event_fields

WHEN = {"number": 7, "pump_time_us": 5_000_000, "clock_s": 1_767_225_600}
RATES = {"old_rate_nl_h": 20_833, "new_rate_nl_h": 25_000}
LOW = int(Alarm.LOW_RESERVOIR)
FORMS = {
    EventKind.START: ((0, 0, 0), {}),
    EventKind.ALARM_RAISED: ((LOW, 0, 0), {"alarm": "low_reservoir"}),
    EventKind.ALARM_CLEARED: ((LOW, 0, 0), {"alarm": "low_reservoir"}),
    EventKind.ACKNOWLEDGED: ((Alarm.EOS, 0, 0), {"alarm": "eos"}),
    EventKind.RATE_CHANGED: ((0, 20_833, 25_000), RATES),
    EventKind.STOPPED: ((0, 20_833, 0), {"old_rate_nl_h": 20_833, "new_rate_nl_h": 0}),
    EventKind.RESUMED: ((0, 0, 25_000), {"old_rate_nl_h": 0, "new_rate_nl_h": 25_000}),
    EventKind.REFUSED: (
        (Refusal.ABOVE_MOST, 2_000_000, 1_000_000),
        {"reason": "above_most", "wanted_nl_h": 2_000_000, "bound": 1_000_000},
    ),
    EventKind.MINIMUM_RATE: ((0, 20_833, 25_000), RATES),
    EventKind.TEMPORARY_RATE: ((0, 9, 60), {"rate_nl_h": 9, "duration_s": 60}),
    EventKind.BOLUS: ((0, 7, 60), {"volume_nl": 7, "duration_s": 60}),
    EventKind.FLEX: ((3, 7, 0), {"weekdays": 3, "volume_nl": 7}),
    EventKind.REFILLED: ((0, 7, 8), {"withdrawn_nl": 7, "volume_nl": 8}),
    EventKind.PRIME: ((0, 7, 0), {"volume_nl": 7}),
    EventKind.BRIDGE: ((0, 7, 9), {"volume_nl": 7, "rate_nl_h": 9}),
    EventKind.CLOCK_SET: ((0, 7, 0), {"old_clock_s": 7}),
    EventKind.MODE_ENDED: ((Mode.BOLUS, 20_833, 25_000), {"mode": "bolus", **RATES}),
    EventKind.SESSION: ((Role.VIEWER, 1, 0), {"role": "viewer", "count": 1}),
    EventKind.BAD_HANDSHAKES: ((0, 5, 0), {"count": 5}),
    EventKind.AUDIO_PAUSED: ((0, 600, 0), {"seconds": 600}),
    EventKind.REFUSALS: ((Role.VIEWER, 7, 0), {"role": "viewer", "count": 7}),
    EventKind.STORE_FAILED: ((28, 0, 0), {"errno": 28}),
    EventKind.STORED_AGAIN: ((0, 3, 0), {"tries": 3}),
    EventKind.PATIENT_BOLUS: ((0, 7, 60), {"volume_nl": 7, "duration_s": 60}),
    EventKind.PATIENT_BOLUS_REFUSED: ((PressRefusal.LOCKOUT, 0, 0), {"reason": "lockout"}),
}


def record_of(kind: EventKind) -> EventRecord:
    detail, a, b = FORMS[kind][0]
    return EventRecord(**WHEN, kind=kind, detail=int(detail), a=a, b=b)


@pytest.mark.parametrize("kind", EventKind)
def test_each_kind_of_event_has_its_own_json_fields(kind: EventKind) -> None:
    overridden = {"overridden": False} if kind in CHANGES else {}
    assert event_fields(record_of(kind)) == {
        "event": kind.name.lower(),
        **WHEN,
        **overridden,
        **FORMS[kind][1],
    }


@pytest.mark.parametrize("kind", sorted(CHANGES))
def test_a_change_over_a_soft_limit_is_told_as_one_and_nothing_else_of_it_is_other(kind: EventKind) -> None:
    record = record_of(kind)
    over = event_fields(replace(record, detail=record.detail | OVERRIDDEN))
    assert over == event_fields(record) | {"overridden": True}


@pytest.mark.parametrize("kind", EventKind)
def test_an_event_is_one_line_of_json_for_a_program(
    kind: EventKind, capsys: pytest.CaptureFixture[str]
) -> None:
    Console(as_json=True).event(record_of(kind))
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == event_fields(record_of(kind))


@pytest.mark.parametrize("reason", Refusal)
def test_every_reason_of_a_refusal_has_a_name_in_json(reason: Refusal) -> None:
    record = EventRecord(**WHEN, kind=EventKind.REFUSED, detail=reason, a=0, b=0)
    assert event_fields(record)["reason"] == reason.name.lower()


def test_an_event_is_one_line_with_its_time_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    Console(as_json=False).event(record_of(EventKind.RATE_CHANGED))
    assert capsys.readouterr().out == "2026-01-01 00:00:00  rate     0.500 -> 0.600 mL/day\n"


def test_a_time_beyond_every_calendar_is_told_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    Console(as_json=False).event(EventRecord(1, 0, 2**63, EventKind.START, 0, 0, 0))
    assert "pump started" in capsys.readouterr().out


def test_warnings_go_to_standard_error_and_leave_the_json_clean(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(as_json=True)
    console.warn("look here")
    console.tell("never shown", {"event": "ready"})
    assert capsys.readouterr() == ('{"event": "ready"}\n', "pumpmock: look here\n")


_GOES_ON = """
import sys
from protocol.wording import CHANGES
from pumpmock.console import Console

sys.stdin.read()  # until whoever read our output has gone
console = Console(as_json=True)
for number in range(3):
    console.tell("", {"event": "tick", "number": number})
    console.warn("tock")
sys.exit(42)
"""


def test_a_reader_that_has_gone_does_not_end_the_pump() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _GOES_ON],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stderr.close()
        process.stdin.close()
        assert process.wait() == 42


def test_a_full_disk_behind_the_output_does_not_end_the_pump() -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device that is always full
        done = subprocess.run(
            [sys.executable, "-c", _GOES_ON], stdin=subprocess.DEVNULL, stdout=full, stderr=full, check=False
        )
    assert done.returncode == 42
