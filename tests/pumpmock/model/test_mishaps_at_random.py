"""Whatever befalls a pump, its volumes add up, and what is stored of it is the same pump."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from protocol.alarms import Alarm
from protocol.units import US_PER_DAY, US_PER_S
from protocol.vocabulary import State
from pumpmock.model.pump import Pump
from tests.settings import usual_settings

if TYPE_CHECKING:
    from collections.abc import Callable

FILL_NL = 18_000_000
MISHAPS: dict[str, Callable[[Pump], object]] = {
    "spilled and noticed": lambda pump: pump.spill(noticed=True),
    "spilled": lambda pump: pump.spill(noticed=False),
    "on": lambda pump: pump.slip_clock(1),
    "back": lambda pump: pump.slip_clock(-86_400),
    "lost": lambda pump: pump.lose_clock(),
}


def new_pump(rate_nl_h: int = 20_833) -> Pump:
    return Pump(usual_settings(), fill_nl=FILL_NL, rate_nl_h=rate_nl_h)


@given(st.lists(st.tuples(st.sampled_from(sorted(MISHAPS)), st.integers(0, 40 * US_PER_DAY)), max_size=6))
def test_volumes_add_up_and_a_stored_pump_goes_on_as_itself(course: list[tuple[str, int]]) -> None:
    pump = new_pump()
    for name, span_us in course:
        MISHAPS[name](pump)
        other = Pump.from_dict(pump.to_dict())
        pump.advance(span_us)  # settles, and raises where volumes do not add up
        other.advance(span_us)
        assert other.to_dict() == pump.to_dict()
        pump.truth()


def test_what_was_spilled_and_noticed_is_an_empty_reservoir_to_the_firmware() -> None:
    pump = new_pump()
    pump.advance(US_PER_DAY)
    pump.spill(noticed=True)
    now = pump.sample()
    assert now.state is State.EMPTY
    assert now.reservoir_nl == pump.settings.residual_nl
    assert Alarm.EMPTY_RESERVOIR in {alarm for alarm in Alarm if now.alarms >> alarm & 1}


def test_what_was_spilled_unnoticed_shows_in_nothing_but_the_level() -> None:
    pump = new_pump()
    before = pump.sample()
    pump.spill(noticed=False)
    now = pump.sample()
    names = [name for name in now._fields if getattr(now, name) != getattr(before, name)]
    assert names == ["sensed_nl"]
    assert pump.truth().held_nl == pump.settings.residual_nl


def test_a_clock_that_slips_stays_within_what_it_can_show() -> None:
    pump = new_pump()
    pump.slip_clock(-(2**40))
    assert pump.sample().clock_s == 0
    pump.slip_clock(2**40)
    assert pump.sample().clock_s == 2**32 - 1


def test_a_failed_sensor_misreads_and_changes_nothing_else() -> None:
    pump, sound = new_pump(), new_pump()
    pump.misread = lambda reading_nl: reading_nl // 2
    for either in (pump, sound):
        either.advance(US_PER_DAY + US_PER_S)
    assert pump.sample().sensed_nl == sound.sample().sensed_nl // 2
    assert pump.to_dict() == sound.to_dict()
