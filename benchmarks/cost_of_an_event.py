"""What an event costs a pump that has run for years, against one in its first month: cost grows with events, not with time."""

from __future__ import annotations

from rig import Result, take_turns
from seven_years import SPANS_DAYS, lived

NAME = "cost-of-an-event"
ROUNDS = 5
MOST_RATIO = 1.2


def measure(rounds: int = ROUNDS) -> Result:
    """Return microseconds of processor time an event.

    Raises:
        RigError: the pump did not come to its end.
    """
    medians = take_turns(NAME, rounds, lambda: _cost_us("7 years"), lambda: _cost_us("1 month"))
    return medians.at_most(NAME, "us", MOST_RATIO)


def _cost_us(span: str) -> float:
    spent_s, events = lived(SPANS_DAYS[span])
    return spent_s / events * 1e6
