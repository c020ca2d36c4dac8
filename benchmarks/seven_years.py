"""Seven years of flex therapy, with refills, boluses, alarms, and ERI and the end of service at the end.

As many steps a day as there can be, others at the weekend; a bolus a week; a refill whenever the reservoir is low. The
ledgers of belief and truth are checked at every event.

Reference: the pump's bare clock, running as many actions that do nothing. The curve from a week to seven years shows
whether an event costs more the longer the pump has run.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from rig import Result, RigError, take_turns, uncollected

from protocol.alarms import Alarm
from protocol.messages import STEPS_A_DAY, Change, Step
from protocol.units import US_PER_DAY
from protocol.vocabulary import ChangeKind, State
from pumpmock.model.clock import Clock
from pumpmock.model.pump import Pump
from pumpmock.profile_file import USUAL, shipped

if TYPE_CHECKING:
    from pumpmock.model.settings import Settings

NAME = "seven-years"
ROUNDS = 5
MOST_S = 1.0
_YEAR = 365
SPANS_DAYS = {"1 week": 7, "1 month": 30, "1 year": _YEAR, "3 years": 3 * _YEAR, "7 years": 2_557}
_WEEKDAYS, _WEEKEND = 0b0011111, 0b1100000
_RATE_NL_H, _BOLUS_NL, _BOLUS_S = 15_000, 20_000, 600


def measure(rounds: int = ROUNDS) -> Result:
    """Return seconds of processor time for the seven years, and print the curve.

    Raises:
        RigError: the pump did not come to its end.
    """
    lived(30)  # what is imported and compiled on the way is not the pump's
    for span, days in SPANS_DAYS.items():
        spent_s, events = lived(days)
        print(
            f"# {NAME}: {span}: {spent_s:.3f} s, {events} events, {spent_s / events * 1e6:.1f} us an event",
            flush=True,
        )
    events = lived(SPANS_DAYS["7 years"])[1]
    return take_turns(
        NAME, rounds, lambda: lived(SPANS_DAYS["7 years"])[0], partial(_bare_s, events)
    ).value_at_most(NAME, "s", MOST_S)


def lived(days: int) -> tuple[float, int]:
    """Return the processor time in seconds that so many days of a pump take, and how many events they were."""
    settings = replace(shipped(USUAL).settings, rate_error_ppm=23_000)
    pump = Pump(settings, fill_nl=settings.capacity_nl, rate_nl_h=_RATE_NL_H, concentration_ug_ml=500)
    events = 0
    with uncollected():
        began_ns = time.process_time_ns()
        for weekdays, first in ((_WEEKDAYS, 0), (_WEEKEND, 60)):
            steps = tuple(
                Step(first * bool(at) + at * 100, _RATE_NL_H + 700 * (at % 5)) for at in range(STEPS_A_DAY)
            )
            pump.apply(Change(ChangeKind.FLEX, weekdays=weekdays, steps=steps))
        for day in range(1, days + 1):
            events += _run_to(pump, day * US_PER_DAY)
            alarms = pump.sample().alarms
            if alarms >> Alarm.EOS & 1:
                continue
            if alarms >> Alarm.LOW_RESERVOIR & 1:
                _refill(pump, settings)
            if day % 7 == 0:
                pump.apply(Change(ChangeKind.BOLUS, volume_nl=_BOLUS_NL, duration_s=_BOLUS_S))
        spent_s = (time.process_time_ns() - began_ns) / 1e9
    if days >= SPANS_DAYS["7 years"] and pump.sample().state is not State.END_OF_SERVICE:
        raise RigError("the pump did not come to the end of its service")
    return spent_s, events


def _run_to(pump: Pump, until_us: int) -> int:
    """Let the pump run, and return how many events there were: each is run by its own advance, as a driver does."""
    count = 0
    while (due_us := pump.clock.next_due_us) is not None and due_us <= until_us:
        pump.advance_to(due_us)
        count += 1
    pump.advance_to(until_us)
    return count


def _refill(pump: Pump, settings: Settings) -> None:
    there_nl = pump.truth().held_nl
    pump.apply(
        Change(
            ChangeKind.REFILL, withdrawn_nl=there_nl, volume_nl=settings.capacity_nl, concentration_ug_ml=500
        )
    )


def _bare_s(events: int) -> float:
    """Return the processor time in seconds that the bare clock takes for so many events, each planning the next."""
    clock = Clock()

    def act() -> None:
        clock.call_at(clock.now_us + 1_000, act)

    clock.call_at(0, act)
    with uncollected():
        began_ns = time.process_time_ns()
        clock.advance_to(events * 1_000)
        return (time.process_time_ns() - began_ns) / 1e9
