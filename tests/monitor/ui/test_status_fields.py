"""What a reading says beside its figures: what stands over the program, whether changes are taken, whether alarms sound."""

from __future__ import annotations

import pytest

from protocol.messages import NEVER_S, EventRecord
from protocol.vocabulary import Mode, State
from tests.monitor.ui.bench import CLOCK_S, FakeSource, lost, low, snapshot
from tests.monitor.ui.stage import SMALL, shown

LEFT_S = 7_800


def first_line(page: str) -> str:
    return page.splitlines()[0]


def last_line(page: str) -> str:
    return page.split("\n---", maxsplit=1)[0].splitlines()[-1]


@pytest.mark.parametrize(
    ("mode", "left_s", "wide", "narrow"),
    [
        (Mode.TEMPORARY_RATE, LEFT_S, "RUNNING temporary rate, 2 h 10 min left ", "RUNNING temp 2 h 10 min "),
        (Mode.MINIMUM_RATE, NEVER_S, "RUNNING minimum rate  ", "RUNNING minimum  "),
        (Mode.BOLUS, 90, "RUNNING bolus, 1 min 30 s left ", "RUNNING bolus 1 min 30 s "),
        (Mode.PRIME, 600, "RUNNING prime, 10 min 0 s left ", "RUNNING prime 10 min 0 s "),
        (Mode.BRIDGE, 90_000, "RUNNING bridge, 1 d 1 h left ", "RUNNING bridge 1 d 1 h "),
        (Mode.PATIENT_BOLUS, 90, "RUNNING patient bolus, 1 min 30 s left ", "RUNNING patient 1 min 30 s "),
    ],
)
def test_what_stands_over_the_program_is_said_beside_the_state(
    mode: Mode, left_s: int, wide: str, narrow: str
) -> None:
    made = snapshot(mode=mode, mode_left_s=left_s)
    assert wide in first_line(shown(made))
    assert narrow in first_line(shown(made, size=SMALL))
    assert "program  0.500" in shown(made)


def test_by_its_program_nothing_is_said() -> None:
    assert "▶ RUNNING  " in first_line(shown(snapshot()))
    assert "program " not in shown(snapshot())


def test_a_mode_that_was_seen_last_is_not_said_of_the_present() -> None:
    assert "temporary" not in shown(lost(snapshot(mode=Mode.TEMPORARY_RATE, mode_left_s=LEFT_S)), after_s=14)


@pytest.mark.parametrize(("key", "box"), [("r", "SET RATE"), ("p", "RESUME DELIVERY")])
def test_while_the_pump_refuses_changes_the_key_says_for_how_long(key: str, box: str) -> None:
    stopped = (
        {"state": State.STOPPED, "commanded_rate_nl_h": 0, "measured_rate_nl_h": 0} if key == "p" else {}
    )
    source = FakeSource(snapshot(refusing_s=580, **stopped))
    page = shown(source, key)
    assert last_line(page).endswith("the pump refuses changes for 9 min 40 s, a stop excepted")
    assert box not in page


def test_a_stop_is_never_refused_for_that() -> None:
    assert "STOP DELIVERY" in shown(snapshot(refusing_s=580), "p")


@pytest.mark.requirement("R6.5.0(13-17) mark")
def test_an_alarm_sound_that_is_off_is_said_with_alarms_and_without() -> None:
    assert shown(snapshot(audio_pause_s=580)).splitlines()[1].endswith("alarm sound off 9 min 40 s")
    assert shown(snapshot(audio_pause_s=580), size=SMALL).splitlines()[1].endswith("silent 10 min")
    lines = shown(low(audio_pause_s=580)).splitlines()
    assert lines[1].endswith("alarm sound off 9 min 40 s  since 13:50  UNACKNOWLEDGED")
    assert "sound" not in lines[2]
    assert shown(low(audio_pause_s=580), size=SMALL).splitlines()[1].endswith("silent 10 min 13:50 UNACK")
    assert "sound" not in shown(low())


@pytest.mark.parametrize("size", [SMALL, (120, 40)])
def test_an_entry_of_a_later_version_is_drawn_with_its_number(size: tuple[int, int]) -> None:
    log = tuple(
        EventRecord(number, 0, CLOCK_S, kind, 255, 2**32 - 1, 7)
        for number, kind in enumerate((100, 200, 255), 1)
    )
    page = shown(snapshot(events=log), size=size)
    for kind in (100, 200, 255):
        assert f"event    an event this version does not know ({kind})" in page
