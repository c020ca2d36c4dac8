"""No random sequence of commands gets anything applied that a limit forbids; a broken pump is found out by the same run."""

from __future__ import annotations

import pytest

from tests.pumpmock.limits_campaign import DEFECTS, LIMITED, run

SEED = 1


@pytest.mark.requirement("R7.1.0(1)")
def test_nothing_beyond_a_limit_is_applied_and_nothing_within_all_is_refused() -> None:
    figures, failures = run(150, SEED)
    assert failures == []
    # Each limit that a rate can cross was met, and so were both ways of being held back.
    met = {name.removeprefix("refused ") for name in figures}
    assert met >= LIMITED | {"LOCKED", "TOO_SOON", "applied", "restarts"}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_pump_that_is_broken_is_found_out(defect: str) -> None:
    with DEFECTS[defect]():
        _, failures = run(40, SEED)
    assert failures, f"nobody noticed that {defect} (seed {SEED})"
