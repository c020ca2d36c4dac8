"""What each fault of the pump itself does: to delivery, to what a host is told, and to what outlives a start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protocol.alarms import Alarm
from protocol.messages import Change, GetLimits, Identify, Identity, Poll, Step
from protocol.vocabulary import ChangeKind, State, Verdict
from pumpmock.faults import KINDS
from pumpmock.faults.kinds import Seam
from tests.pumpmock.conftest import RATE_NL_H
from tests.pumpmock.faults.stand import HOUR_US, RATE, Stand

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.pumpmock.faults.stand import Host

DAY_US = 24 * HOUR_US
SHOWN: dict[str, Callable[[Stand, Host], None]] = {}


def shows(kind: str) -> Callable[[Callable[[Stand, Host], None]], Callable[[Stand, Host], None]]:
    def keep(test: Callable[[Stand, Host], None]) -> Callable[[Stand, Host], None]:
        SHOWN[kind] = test
        return test

    return keep


def test_every_kind_in_the_pump_is_shown() -> None:
    assert set(SHOWN) == {name for name, kind in KINDS.items() if kind.seam is Seam.PUMP}


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.seam is Seam.PUMP])
def test_a_host_or_the_patient_sees_it(kind: str) -> None:
    stand = Stand()
    SHOWN[kind](stand, stand.host())
    assert next(note["kind"] for note in stand.notes()) == kind


def tip_nl(stand: Stand, span_us: int = DAY_US) -> int:
    """Return what comes out of the tip in a span of pump time."""
    before = stand.pump.truth().tip_nl
    stand.emulator.advance(span_us)
    after: int = stand.pump.truth().tip_nl
    return after - before


def alarms(host: Host) -> set[Alarm]:
    bits = host.status().alarms
    return {alarm for alarm in Alarm if bits >> alarm & 1}


@shows("occlusion")
def occlusion(stand: Stand, host: Host) -> None:
    assert tip_nl(stand) > 0
    number = stand.faults.add("occlusion")
    assert tip_nl(stand) == 0
    assert alarms(host) == set()
    assert host.status().measured_rate_nl_h == RATE_NL_H
    stand.faults.clear(number)
    assert tip_nl(stand) > 0


@shows("leak")
def leak(stand: Stand, _host: Host) -> None:
    sound = tip_nl(stand)
    stand.faults.add("leak", share_percent=50)
    assert abs(tip_nl(stand) * 2 - sound) <= 2 * stand.pump.settings.stroke_nl
    stand.faults.clear()
    assert abs(tip_nl(stand) - sound) <= 2 * stand.pump.settings.stroke_nl


@shows("stall")
def stall(stand: Stand, host: Host) -> None:
    stand.faults.add("stall")
    assert tip_nl(stand) == 0
    assert host.status().state is State.STALLED
    stand.faults.clear()
    assert tip_nl(stand) > 0
    assert host.status().state is State.RUNNING


@shows("hold")
def hold(stand: Stand, host: Host) -> None:
    stand.faults.add("hold")
    assert tip_nl(stand) == 0
    assert len(stand.faults.active) == 1
    host.status()
    assert stand.faults.active == ()  # whoever interrogates ends it
    assert tip_nl(stand) > 0


@shows("valve")
def valve(stand: Stand, _host: Host) -> None:
    before = stand.pump.truth().tip_nl
    stand.faults.add("valve", bolus_nl=10_000)
    assert stand.pump.truth().tip_nl - before == 10_000
    assert tip_nl(stand) == 0


@shows("empty")
def empty(stand: Stand, host: Host) -> None:
    stand.faults.add("empty")
    assert host.status().state is State.EMPTY
    assert tip_nl(stand) == 0

    unaware = Stand()
    host = unaware.host()
    unaware.faults.add("empty", noticed="no")
    assert tip_nl(unaware) == 0
    now = host.status()
    assert now.state is State.RUNNING
    assert now.reservoir_nl - now.sensed_nl > 10_000_000


@shows("low-battery")
def low_battery(stand: Stand, host: Host) -> None:
    stand.faults.add("low-battery")
    assert host.status().battery_percent == 1
    assert Alarm.ERI in alarms(host)
    stand.faults.add("low-battery", left_percent=0)
    assert host.status().state is State.END_OF_SERVICE
    assert tip_nl(stand) == 0


@shows("memory-error")
def memory_error(stand: Stand, host: Host) -> None:
    stand.faults.add("memory-error")
    assert alarms(host) == {Alarm.MEMORY_ERROR}
    assert tip_nl(stand) > 0  # found and made good: delivery goes on


@shows("reset")
def reset(stand: Stand, host: Host) -> None:
    stand.faults.add("reset")
    assert alarms(host) == {Alarm.RESET}
    assert host.status().commanded_rate_nl_h == stand.pump.settings.minimum_rate_nl_h


@shows("clock-lost")
def clock_lost(stand: Stand, host: Host) -> None:
    stand.faults.add("clock-lost")
    assert alarms(host) == {Alarm.CLOCK_LOST}
    assert host.status().clock_s == 0


@shows("clock-drift")
def clock_drift(stand: Stand, host: Host) -> None:
    before = host.status().clock_s
    stand.faults.add("clock-drift", rate_ppm=100)
    stand.emulator.advance(100 * DAY_US)
    assert host.status().clock_s - before == 100 * 86_400 + 864
    stand.faults.clear()
    stand.emulator.advance(100 * DAY_US)
    assert host.status().clock_s - before == 200 * 86_400 + 864


@shows("sensor")
def sensor(stand: Stand, host: Host) -> None:
    def sensed() -> int:
        return host.status().sensed_nl

    true = sensed()
    stand.faults.add("sensor", how="wrong", by_nl=-1_000_000)
    assert sensed() == true - 1_000_000
    stand.faults.clear()
    stand.faults.add("sensor", how="off")
    assert sensed() == 0
    stand.faults.clear()
    stand.faults.add("sensor")
    stand.emulator.advance(DAY_US)
    assert sensed() == true
    stand.faults.clear()
    assert sensed() < true
    stand.faults.add("sensor", how="garbage")
    drawn = []
    for _ in range(20):
        stand.emulator.advance(1)
        drawn.append(sensed())
        assert sensed() == drawn[-1]  # a reading changes nothing
    assert len(set(drawn)) == 20
    assert all(0 <= one <= stand.pump.settings.capacity_nl for one in drawn)


@shows("alarm")
def alarm(stand: Stand, host: Host) -> None:
    raised = set()
    for name in ("memory_error", "clock_lost", "reset", "stall", "empty_reservoir", "eri", "eos"):
        stand.faults.add("alarm", name=name)
        stand.emulator.advance(DAY_US)
        raised.add(Alarm[name.upper()])
        assert raised <= alarms(host) | {Alarm.STALL}
    assert Alarm.EOS in alarms(host)


@shows("reboot")
def reboot(stand: Stand, host: Host) -> None:
    host.commit(host.prepared())
    before = host.status()
    stand.faults.add("reboot")
    assert host.answers(Poll()) == []
    host.greet()
    after = host.status()
    assert (after.boot, after.revision, after.commanded_rate_nl_h) == (before.boot + 1, 1, RATE.rate_nl_h)


@shows("firmware")
def firmware(stand: Stand, host: Host) -> None:
    before = host.ask(Identify(), Identity).firmware
    number = stand.faults.add("firmware", version="9.9-bad")
    assert host.ask(Identify(), Identity).firmware == "9.9-bad"
    stand.faults.add("reboot")
    host.greet()
    assert host.ask(Identify(), Identity).firmware == "9.9-bad"
    stand.faults.clear(number)
    assert host.ask(Identify(), Identity).firmware == before


# --- what time, requests and starts do to them ----------------------------------------------------------------------


def test_a_memory_that_is_lost_takes_the_ledger_with_it_and_what_is_physical_stays() -> None:
    stand = Stand()
    host = stand.host()
    prepared = host.prepared()
    host.commit(prepared)
    stand.faults.add("occlusion")
    store_id, held_nl = stand.emulator.device.memory.store_id, stand.pump.truth().held_nl

    stand.faults.add("reboot", memory="lost")

    host.greet()
    now = host.status()
    assert (now.revision, now.commanded_rate_nl_h) == (0, stand.pump.settings.minimum_rate_nl_h)
    assert stand.emulator.device.memory.store_id != store_id
    assert stand.pump.truth().held_nl == held_nl
    assert tip_nl(stand) == 0
    assert [active.kind for active in stand.faults.active] == ["occlusion"]


def test_an_old_memory_knows_nothing_of_what_came_since_the_fault_was_asked_for() -> None:
    stand = Stand()
    host = stand.host()
    stand.faults.add("reboot", memory="old", on="Identify")
    prepared = host.prepared()
    host.commit(prepared)
    stand.emulator.advance(HOUR_US)

    assert host.answers(Identify()) == []

    host.greet()
    now = host.status()
    assert (now.revision, now.commanded_rate_nl_h) == (0, RATE_NL_H)
    assert now.pump_time_us == HOUR_US  # time goes on for it, too
    assert host.resolve(prepared).verdict is Verdict.NOT_APPLIED


def test_a_trouble_comes_and_goes_at_its_instants_however_time_is_cut_up() -> None:
    def life(cuts: int) -> tuple[int, list[int]]:
        stand = Stand()
        stand.faults.add("occlusion", first_us=10 * HOUR_US + 7, until_us=20 * HOUR_US + 7)
        for _ in range(cuts):
            stand.emulator.advance(30 * HOUR_US // cuts)
        what = [entry for entry in stand.emulator.journal.entries if entry.what in ("fault", "fault_over")]
        return stand.pump.truth().tip_nl, [entry.pump_time_us for entry in what]

    tip, instants = life(1)
    assert instants == [10 * HOUR_US + 7, 20 * HOUR_US + 7]
    assert life(100) == life(1)
    sound = Stand()
    assert abs(tip * 3 - tip_nl(sound, 30 * HOUR_US) * 2) < 3_000


def test_a_trouble_befalls_the_pump_as_it_hears_the_request_that_it_waits_for() -> None:
    stand = Stand()
    host = stand.host()
    stand.faults.add("occlusion", on="Commit")
    prepared = host.prepared()
    assert stand.pump.troubles.present == 0
    host.commit(prepared)
    assert stand.pump.troubles.present != 0
    assert tip_nl(stand) == 0


def test_a_fault_that_waits_for_a_request_strikes_as_often_as_it_was_asked_to() -> None:
    stand = Stand()
    host = stand.host()
    stand.faults.add("memory-error", on="Poll", times=2, after=1)
    for _ in range(5):
        host.status()
    assert len(stand.notes()) == 2


def test_a_trouble_that_is_there_already_is_told_of_and_harms_nothing() -> None:
    stand = Stand()
    host = stand.host()
    stand.faults.add("stall", on="Poll")
    stand.faults.add("alarm", name="stall")
    host.status()
    assert [note["kind"] for note in stand.notes("fault_void")] == ["stall"]
    assert stand.faults.active == ()


def test_what_the_pumps_memory_does_not_keep_is_there_again_after_a_start() -> None:
    stand = Stand()
    host = stand.host()
    reading = host.status()
    stand.faults.add("sensor", how="stuck")
    stand.faults.add("clock-drift", rate_ppm=1_000)
    stand.emulator.advance(DAY_US)
    stand.faults.add("reboot")
    host.greet()
    stand.emulator.advance(DAY_US)
    now = host.status()
    assert now.sensed_nl == reading.sensed_nl
    assert now.clock_s - reading.clock_s in (2 * 86_400 + 172, 2 * 86_400 + 173)  # a part of a second is lost


def test_an_instant_that_is_to_come_comes_after_a_start_too() -> None:
    stand = Stand()
    stand.faults.add("occlusion", first_us=10 * HOUR_US, until_us=20 * HOUR_US)
    stand.faults.add("reboot")
    stand.emulator.advance(15 * HOUR_US)
    assert stand.pump.troubles.present != 0
    stand.faults.add("reboot")
    stand.emulator.advance(15 * HOUR_US)
    assert stand.pump.troubles.present == 0
    assert stand.faults.active == ()


def test_a_clock_that_drifts_moves_the_steps_of_a_program() -> None:
    flex = Change(ChangeKind.FLEX, weekdays=0x7F, steps=(Step(0, 10_000), Step(720, 30_000)))
    sound, drifting = Stand(), Stand()
    for stand in (sound, drifting):
        host = stand.host()
        host.commit(host.prepared(flex))
        if stand is drifting:
            stand.faults.add("clock-drift", rate_ppm=250_000)
    assert tip_nl(sound, 18 * HOUR_US) != tip_nl(drifting, 18 * HOUR_US)


def test_a_pump_with_a_fault_is_stored_as_it_is() -> None:
    stand = Stand()
    before = len(stand.saves)
    stand.faults.add("occlusion")
    assert len(stand.saves) > before
    assert stand.saves[-1]["pump"]["hydraulics"]["troubles"]["present"] == 1


def test_what_is_physical_and_known_to_have_ended_otherwise_is_not_active() -> None:
    stand = Stand()
    stand.faults.add("leak")
    stand.pump.relieve(1)  # mended by hand
    assert stand.faults.active == ()
    assert stand.faults.clear() == 0


def test_a_status_that_nobody_asked_for_is_no_interrogation() -> None:
    stand = Stand()
    host = stand.host()
    stand.faults.add("hold")
    stand.faults.add("unsolicited", on="GetLimits")
    assert len(host.send(GetLimits())[0]) == 2
    assert [active.kind for active in stand.faults.active] == ["hold"]
