from __future__ import annotations

import random
from dataclasses import replace

from monitor.trends.points import COMMANDED, MEASURED, QUANTITIES, RESERVOIR, SENSED, Points
from tests.monitor.ui.bench import STATUS


def test_the_quantities_are_what_a_status_says_of_them() -> None:
    made = Points()
    made.add_status(1_000, STATUS, 3_000)
    said = {
        COMMANDED: STATUS.commanded_rate_nl_h,
        MEASURED: STATUS.measured_rate_nl_h,
        RESERVOIR: STATUS.reservoir_nl,
        SENSED: STATUS.sensed_nl,
    }
    for which, figure in said.items():
        assert made.extremes(which, 0, 1) == (figure, figure)


def test_a_month_of_readings_takes_a_bounded_place_and_keeps_every_extreme() -> None:
    made, chance, rates = Points(), random.Random(7), []  # noqa: S311 - figures for a test
    for second in range(30_000):
        rates.append(chance.randrange(1_000_000))
        made.add_status(
            second * 1_000, replace(STATUS, measured_rate_nl_h=rates[-1]), 3_000, most_points=1_000
        )
    assert len(made) < 1_100
    assert made.first_ms[0] == 0
    assert made.last_ms[-1] == 29_999_000
    assert made.extremes(MEASURED, 0, len(made)) == (min(rates), max(rates))


def test_extremes_are_the_same_however_many_points_are_asked_for() -> None:
    made, chance = Points(), random.Random(3)  # noqa: S311 - as above
    figures = [chance.randrange(1_000) for _ in range(500)]
    for at, figure in enumerate(figures):
        made.add(at, at, ((figure, figure + 1),) * len(QUANTITIES), 3_000)
    for _ in range(2_000):
        start = chance.randrange(500)
        end = chance.randrange(start + 1, 501)
        assert made.extremes(SENSED, start, end) == (min(figures[start:end]), max(figures[start:end]) + 1)
