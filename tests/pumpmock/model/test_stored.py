"""A stored state that was damaged is refused by the name of what is wrong, and no pump comes of it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.messages import Change
from protocol.units import US_PER_DAY, US_PER_H
from protocol.vocabulary import ChangeKind, EventKind
from pumpmock.model.pump import Pump
from tests.settings import usual_settings

NONE_ALLOWED = {
    *("battery.eri_us", "guard.applied_us", "stopped_us", "therapy.mode_left_nl", "therapy.mode_until_us"),
    "drug",
    *("therapy.beneath", "hydraulics.troubles.driven_us"),
}
SIGNED = {
    *("settings.sensor_offset_nl", "settings.rate_error_ppm", "therapy.epoch_s", "past.lost_nl"),
    "hydraulics.lost_nl",
}
LISTS = {
    *("guard.refusals_us", "guard.programmed", "guard.turned", "guard.granted_us"),
    "hydraulics.catheter",
}


def stored() -> dict[str, Any]:
    """Return the state of a pump that is low, noticed its battery, and was stopped, with an alarm acknowledged."""
    pump = Pump(usual_settings(sensor_offset_nl=-5), fill_nl=3_000_000, rate_nl_h=20_833, battery_percent=3)
    pump.record(EventKind.START)
    pump.advance(50 * US_PER_H + 7)
    pump.apply(Change(ChangeKind.STOP))
    pump.acknowledge(1)
    pump.advance(US_PER_DAY)
    return pump.to_dict()


def running() -> dict[str, Any]:
    pump = Pump(usual_settings(), fill_nl=18_000_000, rate_nl_h=25_000)
    pump.advance(US_PER_DAY)
    return pump.to_dict()


def put(data: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return a copy of `data` with one value replaced."""
    damaged = copy.deepcopy(data)
    *way, last = path.split(".")
    place = damaged
    for key in way:
        place = place[key]
    place[last] = value
    return damaged


def paths(data: dict[str, Any], before: str = "") -> list[str]:
    own = [before + key for key in data]
    return own + [
        path
        for key, value in data.items()
        if isinstance(value, dict)
        for path in paths(value, f"{before}{key}.")
    ]


def test_the_state_is_plain_json() -> None:
    assert json.loads(json.dumps(stored())) == stored()


def test_the_state_as_it_stands_is_taken() -> None:
    assert Pump.from_dict(stored()).to_dict() == stored()
    assert Pump.from_dict(running()).to_dict() == running()


@pytest.mark.parametrize("path", paths(stored()))
def test_a_missing_key_is_named(path: str) -> None:
    damaged = stored()
    *way, last = path.split(".")
    place = damaged
    for key in way:
        place = place[key]
    del place[last]
    with pytest.raises(ValueError, match=f"^{path} is missing"):
        Pump.from_dict(damaged)


@pytest.mark.parametrize(
    "path",
    ["extra", "settings.extra", "settings.cell.extra", "reservoir.extra", "battery.extra", "alarms.extra"],
)
def test_an_unknown_key_is_named(path: str) -> None:
    with pytest.raises(ValueError, match=f"^{path} is not a key"):
        Pump.from_dict(put(stored(), path, 0))


@pytest.mark.parametrize("value", ["1", 1.0, [], {}])
@pytest.mark.parametrize("path", paths(stored()))
def test_a_value_of_the_wrong_type_is_named(path: str, value: object) -> None:
    if isinstance(value, type(stored().get(path))) or path in LISTS:
        value = 7
    with pytest.raises(ValueError, match=f"^{path}"):
        Pump.from_dict(put(stored(), path, value))


@pytest.mark.parametrize("path", [path for path in paths(stored()) if path not in NONE_ALLOWED])
def test_true_and_none_are_no_figures(path: str) -> None:
    for value in (True, None):
        with pytest.raises(ValueError, match=f"^{path}"):
            Pump.from_dict(put(stored(), path, value))


@pytest.mark.parametrize("path", [path for path in paths(stored()) if path not in SIGNED])
def test_a_negative_figure_is_named(path: str) -> None:
    with pytest.raises(ValueError, match=f"^{path}"):
        Pump.from_dict(put(stored(), path, -1))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("now_us", 0),  # before the last event
        ("reservoir.fill_nl", 3_000_001),
        ("reservoir.remaining_nl", 1_500_000),
        ("reservoir.delivered_nl", 0),
        ("reservoir.fill_nl", 20_000_001),
        ("drive.carry", US_PER_H),
        ("drive.since_us", 10**15),
        ("drive.rate_nl_h", 20_833),  # turning though stopped
        ("battery.carry", US_PER_H),
        ("battery.drained_units", 70_128_000_001),
        ("battery.eri_us", None),
        ("battery.eri_us", 10**15),
        ("alarms.active", 1 << 12),
        ("alarms.active", 0),
        ("alarms.active", 0b11111),
        ("alarms.acknowledged", 0b10),
        ("stopped_us", None),
        ("stopped_us", 10**15),
        ("noted", 1 << 12),
        ("noted", 1 << 8),  # without its alarm
        ("heard_us", 10**15),
        ("past.filled_nl", 1),
        ("past.lost_nl", -1),
        ("concentration_ug_ml", 65_536),
        ("settings.low_reservoir_nl", 0),
        ("settings.sensor_offset_nl", -20_000_001),
    ],
)
def test_figures_that_contradict_one_another_are_refused(path: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"^[a-z_]+(\.[a-z_]+)? (is|has)"):
        Pump.from_dict(put(stored(), path, value))


def test_a_broken_ledger_is_refused_by_the_name_of_the_fill() -> None:
    for path in ("reservoir.fill_nl", "reservoir.remaining_nl", "reservoir.delivered_nl"):
        section, key = path.split(".")
        with pytest.raises(ValueError, match=r"^reservoir\.fill_nl is not remaining"):
            Pump.from_dict(put(running(), path, running()[section][key] + 1))


@pytest.mark.parametrize("hours", [641, 664, 665, 10_000])
def test_a_clock_beyond_an_alarm_that_was_not_raised_is_refused(hours: int) -> None:
    with pytest.raises(ValueError, match=r"^(now_us|alarms\.active)"):
        Pump.from_dict(put(running(), "now_us", hours * US_PER_H))


@pytest.mark.parametrize(
    ("place", "value"),
    [(0, 0), (0, 5), (0, 2**32), (1, 10**16), (2, 2**64), (3, 99), (4, 256), (5, 2**32), (6, -1), (6, "0")],
)
def test_a_damaged_entry_of_the_log_is_refused(place: int, value: object) -> None:
    damaged = stored()
    damaged["events"][1][place] = value
    with pytest.raises(ValueError, match=r"^events"):
        Pump.from_dict(damaged)


def test_entries_too_short_too_many_unnumbered_or_of_tomorrow_are_refused() -> None:
    entry = [1, 0, 0, 1, 0, 0, 0]
    for events in (
        [entry[:6]],
        [[*entry, 0]],
        [[0, *entry[1:]]],
        [[1, 10**15, *entry[2:]]],
        [[number, *entry[1:]] for number in range(1, 1_002)],
        {},
    ):
        with pytest.raises(ValueError, match=r"^events"):
            Pump.from_dict(put(running(), "events", events))


@pytest.mark.parametrize("data", [None, [], 7, "pump"])
def test_what_is_no_state_at_all_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"^the state is not an object"):
        Pump.from_dict(data)


@given(st.sampled_from(paths(stored())), st.one_of(st.integers(-(2**70), 2**70), st.none(), st.booleans()))
def test_any_other_figure_gives_a_refusal_or_a_pump_that_keeps_its_ledger(path: str, value: object) -> None:
    try:
        pump = Pump.from_dict(put(stored(), path, value))
    except ValueError:
        return
    pump.advance(4_000 * US_PER_DAY)
    sample = pump.sample()
    assert sample.reservoir_nl + sample.delivered_nl == 3_000_000
