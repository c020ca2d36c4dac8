"""A scenario that goes along with a live pump stops an advance at each of its steps, and follows whatever becomes of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pumpmock.model.pump import Pump
from pumpmock.model.reservoir import LedgerError
from pumpmock.ports.memory import MemoryPort
from pumpmock.scenario.served import Served
from pumpmock.snapshot import copied
from tests.pumpmock.scenario.scenes import scene
from tests.pumpmock.stand import Host, Stand

if TYPE_CHECKING:
    from pathlib import Path

    from pumpmock.model.truth import Truth

MINUTE_US = 60 * 10**6
NS_A_MINUTE = 60 * 10**9
STEPS = """
[[step]]
at = "10 min"
strike = "occlusion"
[[step]]
at = "20 min"
relieve = "occlusion"
expect = { troubles = [] }
[[step]]
at = "20 min"
expect = { tip = { max = "10 uL" } }
"""


class Course:
    """A scenario with a pump on a wall that is moved by hand."""

    def __init__(self, folder: Path, steps: str = STEPS, speed: int = 1_000) -> None:
        self.stand = Stand(speed)
        self.emulator = self.stand.emulator
        self.over: list[int] = []
        self.played = Served(self.emulator, scene(folder, steps), lambda: self.over.append(self.stand.now_us))


@pytest.mark.parametrize("speed", [0, 1_000])
def test_an_advance_stops_at_each_step_and_at_the_end(tmp_path: Path, speed: int) -> None:
    course = Course(tmp_path, speed=speed)
    course.emulator.advance(120 * MINUTE_US)

    assert course.over == [60 * MINUTE_US]
    assert (course.stand.now_us, course.played.result.sentences) == (120 * MINUTE_US, [])
    control = [entry for entry in course.emulator.journal.entries if entry.what == "control"]
    assert [entry.pump_time_us for entry in control] == [10 * MINUTE_US, 20 * MINUTE_US]


def test_by_the_wall_each_step_comes_at_its_instant(tmp_path: Path) -> None:
    course = Course(tmp_path)
    course.stand.hand.advance(60 * NS_A_MINUTE)

    assert course.over == [60 * MINUTE_US]
    assert course.played.result.sentences == []


def test_another_speed_brings_the_next_step_earlier_and_a_freeze_never(tmp_path: Path) -> None:
    course = Course(tmp_path)
    course.stand.hand.advance(5 * NS_A_MINUTE)
    course.emulator.set_speed(60_000)
    course.stand.hand.advance(NS_A_MINUTE // 12)
    assert course.emulator.device.pump.troubles.path_shut
    course.emulator.set_speed(0)
    course.stand.hand.advance(1_000 * NS_A_MINUTE)
    assert course.emulator.device.pump.troubles.path_shut
    assert course.over == []


def test_what_a_state_brings_comes_at_once_to_a_frozen_pump_too(tmp_path: Path) -> None:
    steps = '[[step]]\non = "Poll"\ngoto = "polled"\n[[step]]\nin = "polled"\nstrike = "occlusion"\n'
    course = Course(tmp_path, steps, speed=0)
    Host(MemoryPort(course.emulator.plug())).poll()
    course.stand.hand.advance(0)

    assert course.emulator.device.pump.troubles.path_shut


def test_a_pump_that_is_put_back_to_an_earlier_time_comes_to_the_next_step_later(tmp_path: Path) -> None:
    course = Course(tmp_path)
    kept = copied(course.emulator.device.memory)
    course.stand.hand.advance(15 * NS_A_MINUTE)
    assert course.emulator.device.pump.troubles.path_shut
    course.emulator.restore(kept)  # at pump time 0 again
    course.stand.hand.advance(19 * NS_A_MINUTE)
    assert course.over == []
    course.stand.hand.advance(41 * NS_A_MINUTE)
    assert course.over == [60 * MINUTE_US]
    assert [one.text for one in course.played.result.failures] == [
        "the pump does not have an occlusion: there is nothing to end"
    ]


def test_one_that_has_not_come_to_its_end_says_so(tmp_path: Path) -> None:
    course = Course(tmp_path)
    course.emulator.advance(30 * MINUTE_US)
    result = course.played.result

    assert (result.is_good, result.error, result.pump_time_us) == (
        False,
        "it was ended before its end",
        30 * MINUTE_US,
    )
    assert f"again with: pumpmock serve --scenario {result.path} --seed 0" in result.text


def test_states_without_end_end_the_scenario_and_not_the_pump(tmp_path: Path) -> None:
    steps = '[[step]]\nin = "start"\ngoto = "a"\n[[step]]\nin = "a"\ngoto = "start"\n'
    course = Course(tmp_path, steps)
    course.emulator.advance(MINUTE_US)

    assert "again and again" in course.played.result.error
    assert len(course.over) == 1
    assert course.stand.now_us == MINUTE_US


def test_volumes_that_do_not_add_up_stop_the_pump(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(_pump: Pump) -> Truth:
        raise LedgerError("a nanolitre is missing")

    course = Course(tmp_path, '[[step]]\nat = "1 min"\nexpect = { tip = "1 uL" }\n')
    monkeypatch.setattr(Pump, "truth", lost)
    course.emulator.advance(MINUTE_US)

    assert isinstance(course.emulator.doubt, LedgerError)
