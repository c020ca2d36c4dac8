"""A crash of the monitor at every step of a change, and the same with a monitor that is broken."""

from __future__ import annotations

import pytest

from tests.monitor import crashes

SEED = 20_261


def test_a_monitor_that_dies_at_any_step_leaves_a_change_whose_verdict_the_next_one_learns() -> None:
    points, failures = crashes.run(SEED)
    print(f"seed {SEED}: {points} crashes")  # noqa: T201 - pytest shows it where the test fails
    assert failures == []
    assert points > 100


@pytest.mark.parametrize("defect", crashes.DEFECTS)
def test_control_a_broken_monitor_is_found_out(defect: str) -> None:
    with crashes.DEFECTS[defect]():
        assert crashes.run(SEED, pairs=1)[1]
