from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpmock.model.clock import Clock


def test_actions_run_in_order_each_at_its_own_instant() -> None:
    clock = Clock()
    seen: list[tuple[str, int]] = []
    for name, at_us in (("late", 30), ("early", 10), ("middle", 20)):
        clock.call_at(at_us, lambda name=name: seen.append((name, clock.now_us)))
    clock.advance_to(25)
    assert seen == [("early", 10), ("middle", 20)]
    assert clock.now_us == 25
    assert clock.next_due_us == 30


def test_actions_of_one_instant_run_in_the_order_of_planning() -> None:
    clock = Clock()
    seen: list[int] = []
    for number in range(20):
        clock.call_at(5, lambda number=number: seen.append(number))
    clock.advance_to(5)
    assert seen == list(range(20))


def test_an_action_may_plan_more_for_its_own_instant_and_later() -> None:
    clock = Clock()
    seen: list[tuple[str, int]] = []

    def first() -> None:
        clock.call_at(clock.now_us, lambda: seen.append(("same", clock.now_us)))
        clock.call_at(clock.now_us + 1, lambda: seen.append(("next", clock.now_us)))
        clock.call_at(clock.now_us + 9, lambda: seen.append(("beyond", clock.now_us)))

    clock.call_at(10, first)
    clock.call_at(10, lambda: seen.append(("second", clock.now_us)))
    clock.advance_to(15)
    assert seen == [("second", 10), ("same", 10), ("next", 11)]
    assert clock.next_due_us == 19


def test_what_is_due_now_runs_on_an_advance_by_nothing() -> None:
    clock = Clock(7)
    seen: list[int] = []
    clock.call_at(7, lambda: seen.append(clock.now_us))
    clock.advance_to(7)
    assert seen == [7]


def test_a_cancelled_action_does_not_run_and_leaves_the_others() -> None:
    clock = Clock()
    seen: list[str] = []
    clock.call_at(5, lambda: seen.append("before"))
    handle = clock.call_at(5, lambda: seen.append("cancelled"))
    clock.call_at(5, lambda: seen.append("after"))
    handle.cancel()
    handle.cancel()
    clock.advance_to(5)
    assert seen == ["before", "after"]


def test_cancelling_what_has_run_takes_nothing_else_away() -> None:
    clock = Clock()
    seen: list[str] = []
    handle = clock.call_at(5, lambda: seen.append("first"))
    clock.advance_to(5)
    clock.call_at(5, lambda: seen.append("second"))
    handle.cancel()
    clock.advance_to(5)
    assert seen == ["first", "second"]


def test_nothing_is_due_once_all_is_cancelled() -> None:
    clock = Clock()
    assert clock.next_due_us is None
    clock.call_at(5, list).cancel()
    assert clock.next_due_us is None


def test_time_never_runs_backwards() -> None:
    clock = Clock(100)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance_to(99)
    with pytest.raises(ValueError, match="has passed"):
        clock.call_at(99, list)
    assert clock.now_us == 100


def test_an_action_cannot_advance_the_clock_that_runs_it() -> None:
    clock = Clock()
    clock.call_at(5, lambda: clock.advance_to(50))
    with pytest.raises(RuntimeError, match="call_at"):
        clock.advance_to(10)
    clock.advance_to(10)
    assert clock.now_us == 10


def test_an_action_that_raises_stops_the_clock_at_its_instant_and_loses_nothing() -> None:
    clock = Clock()
    seen: list[int] = []
    clock.call_at(5, [].pop)
    clock.call_at(6, lambda: seen.append(clock.now_us))
    with pytest.raises(IndexError):
        clock.advance_to(10)
    assert clock.now_us == 5
    clock.advance_to(10)
    assert seen == [6]


@given(st.lists(st.integers(0, 50)), st.lists(st.integers(0, 60)))
def test_however_an_advance_is_cut_the_same_actions_run_at_the_same_instants(
    due: list[int], cuts: list[int]
) -> None:
    def run(stops: list[int]) -> list[tuple[int, int]]:
        clock = Clock()
        seen: list[tuple[int, int]] = []
        for number, at_us in enumerate(due):
            clock.call_at(at_us, lambda number=number: seen.append((number, clock.now_us)))
        for stop in stops:
            clock.advance_to(stop)
        return seen

    whole = run([60])
    assert run([*sorted(cuts), 60]) == whole
    assert whole == sorted(enumerate(due), key=lambda pair: (pair[1], pair[0]))
