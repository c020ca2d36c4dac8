"""What strangers do as often as they like is told once a minute at the most, and no count is lost."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from pumpmock.tally import PERIOD_S, Tally

if TYPE_CHECKING:
    from collections.abc import Callable


class Minutes:
    """A tally whose minutes pass when they are told to.

    Attributes:
        told: when what was told: seconds, count, peer.
    """

    def __init__(self) -> None:
        self.now_s = 0.0
        self.told: list[tuple[float, int, str]] = []
        self._due: list[tuple[float, Callable[[], None]]] = []
        self.tally = Tally(
            lambda count, peer: self.told.append((self.now_s, count, peer)),
            lambda delay_s, call: self._due.append((self.now_s + delay_s, call)),
        )

    def wait(self, seconds: float) -> None:
        until_s = self.now_s + seconds
        while self._due and self._due[0][0] <= until_s:
            self.now_s, call = self._due.pop(0)
            call()
        self.now_s = until_s
        assert len(self._due) <= 1


def test_the_first_is_told_at_once_and_those_of_the_next_minute_together_at_its_end() -> None:
    minutes = Minutes()
    minutes.tally.add(1, "pty")
    for _ in range(3):
        minutes.wait(10)
        minutes.tally.add(2, "tcp 127.0.0.1:5")
    assert minutes.told == [(0, 1, "pty")]
    minutes.wait(40)
    assert minutes.told == [(0, 1, "pty"), (60, 6, "tcp 127.0.0.1:5")]


def test_after_a_quiet_minute_the_next_is_told_at_once_again() -> None:
    minutes = Minutes()
    minutes.tally.add(1, "pty")
    minutes.wait(500)
    minutes.tally.add(1, "pty")
    assert minutes.told == [(0, 1, "pty"), (500, 1, "pty")]


def test_what_was_not_yet_told_is_told_on_the_way_out() -> None:
    minutes = Minutes()
    minutes.tally.add(1, "pty")
    minutes.tally.add(4, "pty")
    minutes.tally.tell()
    minutes.tally.tell()
    assert [count for _, count, _ in minutes.told] == [1, 4]


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 9))))
def test_no_two_are_told_within_a_minute_and_the_counts_add_up(course: list[tuple[int, int]]) -> None:
    minutes = Minutes()
    for seconds, count in course:
        minutes.wait(seconds)
        minutes.tally.add(count, "pty")
    minutes.wait(PERIOD_S)
    assert sum(count for _, count, _ in minutes.told) == sum(count for _, count in course)
    times = [when for when, _, _ in minutes.told]
    assert all(later - earlier >= PERIOD_S for earlier, later in itertools.pairwise(times))
