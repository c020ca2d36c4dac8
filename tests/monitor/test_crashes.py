"""A crash of the monitor at every single step of a change; pairs of them, and the controls, are a campaign."""

from __future__ import annotations

from tests.monitor import crashes

SEED = 20_261


def test_a_monitor_that_dies_at_any_step_leaves_a_change_whose_verdict_the_next_one_learns() -> None:
    said = [failure for _, failure in crashes.run(SEED, 100)]
    print(f"seed {SEED}: {len(said)} crashes")  # noqa: T201 - pytest shows it where the test fails
    assert [failure for failure in said if failure] == []
    assert len(said) > 500
