"""Crashes of the monitor: killed, or its power cut, at every step of a change and of what settles it.

The pump's side of it is `misfortune`'s. What is a step, and what must be after a crash: tests.monitor.crashes.
"""

from __future__ import annotations

from tests.campaigns.campaign import Achieved, Campaign, under
from tests.monitor import crashes
from tests.monitor.crash_defects import DEFECTS


def run(size: int, seed: int) -> Achieved:
    """Crash at `size` steps for each fate of the line (all where it has no more), and at a tenth as many pairs."""
    achieved = Achieved()
    points, failures = crashes.run(seed, size)
    achieved.add("fates of the line", len(crashes.FATES))
    achieved.add("crashes", points)
    for failure in failures:
        achieved.fail(failure)
    return achieved


CAMPAIGN = Campaign(
    number=11,
    name="crashes",
    promise="a monitor that dies at any step leaves a change whose verdict the next one learns, and it is true",
    run=run,
    controls={f"a monitor where {name}": under(defect, run) for name, defect in DEFECTS.items()},
    counts="steps for each fate of the line, at the most",
    short=20,
    full=10_000,
)
