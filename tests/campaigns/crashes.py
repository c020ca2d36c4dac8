"""Crashes of either side: killed, or its power cut, at every step of a change and of what settles it.

What is a step, and what must be after a crash: tests.monitor.crashes and tests.pumpmock.crashes.
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING

from tests.campaigns.campaign import Achieved, Campaign, under
from tests.monitor import crash_defects as monitor_defects
from tests.monitor import crashes as monitor
from tests.pumpmock import crash_defects as pump_defects
from tests.pumpmock import crashes as pump

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OF_PUMP = 4  # for so many steps of a monitor one of the pump, which has a change of each kind to be tried at
_FOUND_WITHIN = 20  # steps for each end; most controls are found out at the first few


def run(size: int, seed: int) -> Achieved:
    """Crash a monitor at `size` steps for each fate of the line, and a pump at a quarter as many for each end, and pairs."""
    achieved = Achieved()
    achieved.add("fates of the line", len(monitor.FATES))
    achieved.add("kinds of change", len(pump.CHANGES))
    for what, failure in itertools.chain(monitor.run(seed, size), pump.run(seed, max(1, size // _OF_PUMP))):
        achieved.add(what)
        if failure:
            achieved.fail(failure)
    return achieved


def _searched(crash: Callable[[int, int], Iterator[tuple[str, str]]], size: int, seed: int) -> Achieved:
    """Crash something broken until it is found out."""
    achieved = Achieved()
    for what, failure in crash(seed, max(size, _FOUND_WITHIN)):
        achieved.add(what)
        if failure:
            achieved.fail(failure)
            break
    return achieved


CAMPAIGN = Campaign(
    number=11,
    name="crashes",
    promise="a monitor that dies at any step leaves a change whose verdict the next one learns, and it is true; a pump that "
    "dies at any step goes on with each change made once, whole, or never, and with all that it had told",
    run=run,
    controls={
        **{
            f"a monitor where {name}": under(defect, partial(_searched, monitor.run))
            for name, defect in monitor_defects.DEFECTS.items()
        },
        **{
            f"a pump where {name}": under(defect, partial(_searched, pump.run))
            for name, defect in pump_defects.DEFECTS.items()
        },
    },
    counts="steps of a monitor for each fate of the line, at the most, and a quarter as many of a pump for each end",
    short=20,
    full=10_000,
)
