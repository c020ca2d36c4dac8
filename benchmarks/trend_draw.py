"""How long it takes to draw a trend of 100,000 readings anew, on 120 x 40, each time with a reading more than before.

Two charts with four curves, gaps, limits and the forecast. Reference: one of the curves by Textual's Sparkline, as high as
one of the charts, which has no axis, no gaps and no limits.
"""

from __future__ import annotations

import time
from dataclasses import fields
from itertools import count
from typing import TYPE_CHECKING

from rich.console import Console
from rig import Result, RigError, take_turns, uncollected
from textual.color import Color
from textual.renderables.sparkline import Sparkline

from monitor.snapshot import Link, Reading, Snapshot
from monitor.trends.charts import Past
from monitor.trends.points import RESERVOIR, Points
from monitor.ui.moment import Moment
from monitor.ui.widgets.trend import draw
from monitor.ui.widgets.view import View
from protocol.messages import Status
from protocol.vocabulary import Mode, State

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "trend-draw"
ROUNDS = 15
MOST_MS = 10
_POINTS = 100_000
_WIDTH, _HEIGHT = 116, 34  # what the frame leaves of 120 x 40
_WALL_MS = 1_767_225_600_000
_GAP = range(40_000, 42_000)
_SPAN = 4  # of SPANS: 7 days, in which all of them lie
_STEP_MS = 6_000
_QUIET_MS = 18_000
_RATE_NL_H, _VOLUME_NL = 20_833, 14_620_000
_ROWS = 16
_DARK, _BRIGHT = Color.parse("#2a2e33").rich_color, Color.parse("#9db8cf").rich_color


def measure(rounds: int = ROUNDS) -> Result:
    """Return milliseconds of processor time.

    Raises:
        RigError: what was drawn is not the trend.
    """
    made = Points()
    for number in range(_POINTS):
        if number not in _GAP:
            _add(made, number)
    volumes = [float(volume) for volume in made.least[RESERVOIR]]
    console = Console(width=_WIDTH, height=_ROWS, color_system="truecolor", force_terminal=True)
    spark = Sparkline(volumes, width=_WIDTH, height=_ROWS, min_color=_DARK, max_color=_BRIGHT)
    numbers = count(_POINTS)
    medians = take_turns(
        NAME, rounds, lambda: _drawn_ms(made, next(numbers)), lambda: _ms(lambda: list(console.render(spark)))
    )
    return medians.value_at_most(NAME, "ms", MOST_MS)


def _add(made: Points, number: int) -> None:
    at_ms, rate, volume = (
        _WALL_MS + number * _STEP_MS,
        _RATE_NL_H + number % 997,
        _VOLUME_NL + 8 * (_POINTS - number),
    )
    figures = ((_RATE_NL_H, _RATE_NL_H), (rate, rate), (volume, volume), (volume - 70_000, volume - 70_000))
    made.add(at_ms, at_ms, figures, _QUIET_MS)


def _drawn_ms(made: Points, number: int) -> float:
    """Return how long it takes from a reading to its picture."""
    status = _status(number)
    moment = Moment(
        Snapshot("", 1_000, Link.LIVE, reading=Reading("PM-1", status, 0)), 0
    )  # what the rest of a screen wants is not looked at
    found: list[str] = []

    def draw_it() -> None:
        _add(made, number)
        past = Past(made, (), _WALL_MS + number * _STEP_MS, _QUIET_MS, oldest_ms=_WALL_MS)
        found.append(draw(View(moment, past, _SPAN, whole=True), _WIDTH, _HEIGHT).plain)

    spent_ms = _ms(draw_it)
    if (
        "\N{BOX DRAWINGS LIGHT DIAGONAL UPPER RIGHT TO LOWER LEFT}" not in found[0]
        or "low 2.00" not in found[0]
    ):
        raise RigError("the gap or the limit is not in the picture")
    return spent_ms


def _status(number: int) -> Status:
    nothing = dict.fromkeys((one.name for one in fields(Status)), 0)
    facts = {
        "state": State.RUNNING,
        "mode": Mode.PROGRAM,
        "commanded_rate_nl_h": _RATE_NL_H,
        "measured_rate_nl_h": _RATE_NL_H,
        "reservoir_nl": _VOLUME_NL,
        "capacity_nl": 20_000_000,
        "low_reservoir_nl": 2_000_000,
        "residual_nl": 1_400_000,
        "clock_s": (_WALL_MS + number * _STEP_MS) // 1_000,
    }
    return Status(**(nothing | facts))


def _ms(work: Callable[[], object]) -> float:
    with uncollected():
        began_ns = time.process_time_ns()
        work()
        return (time.process_time_ns() - began_ns) / 1e6
