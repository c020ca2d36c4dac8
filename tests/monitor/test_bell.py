"""The bell's bursts: how many pulses, when, and how often again."""

from __future__ import annotations

import pytest

from monitor.bell import BURSTS, due, next_ns
from protocol.alarms import Priority

MS = 1_000_000
BEGAN_NS = 5_000 * MS


def pulses_ms(priority: Priority, until_ms: int) -> list[int]:
    """Return when a bell that follows `next_ns` rings."""
    found, now_ns = [0], BEGAN_NS
    while (
        then_ns := next_ns(priority, BEGAN_NS, now_ns)
    ) is not None and then_ns <= BEGAN_NS + until_ms * MS:
        assert then_ns > now_ns
        now_ns = then_ns
        found.append((now_ns - BEGAN_NS) // MS)
    return found


@pytest.mark.parametrize(
    ("priority", "pulses"), [(Priority.HIGH, 10), (Priority.MEDIUM, 3), (Priority.LOW, 1)]
)
def test_a_burst_has_as_many_pulses_as_the_standard_gives_its_priority(
    priority: Priority, pulses: int
) -> None:
    assert len(pulses_ms(priority, 5_000)) == pulses


@pytest.mark.parametrize(("priority", "most_ms"), [(Priority.HIGH, 15_000), (Priority.MEDIUM, 30_000)])
def test_a_burst_comes_again_within_the_time_that_the_standard_allows(
    priority: Priority, most_ms: int
) -> None:
    burst = BURSTS[priority]
    pause_ms = burst.again_ms - burst.pulses_ms[-1]
    assert 2_500 <= pause_ms <= most_ms
    assert pulses_ms(priority, 2 * burst.again_ms + 4_000) == [
        turn * burst.again_ms + at for turn in range(3) for at in burst.pulses_ms
    ]


def test_a_low_alarm_rings_once() -> None:
    assert pulses_ms(Priority.LOW, 3_600_000) == [0]


@pytest.mark.parametrize("priority", Priority)
def test_pulses_that_are_due_grow_one_by_one_with_each_that_was_announced(priority: Priority) -> None:
    for count, at_ms in enumerate(pulses_ms(priority, 40_000), start=1):
        assert due(priority, BEGAN_NS, BEGAN_NS + at_ms * MS) == count
        assert due(priority, BEGAN_NS, BEGAN_NS + at_ms * MS - 1) == count - 1
