"""The search itself: it finds every state, and a broken promise on a shortest course."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.model.explore import search

if TYPE_CHECKING:
    from collections.abc import Iterator

Spot = tuple[int, int]
SIZE = 5


def steps(spot: Spot) -> Iterator[tuple[tuple[str], Spot]]:
    x, y = spot
    if x < SIZE - 1:
        yield ("right",), (x + 1, y)
    if y < SIZE - 1:
        yield ("up",), (x, y + 1)


def test_every_state_is_found_once_and_every_step_is_counted() -> None:
    explored = search((0, 0), steps, lambda _spot: None)
    assert explored == (SIZE * SIZE, 2 * SIZE * (SIZE - 1), True, ())


def test_a_broken_promise_is_found_with_its_course() -> None:
    explored = search((0, 0), steps, lambda spot: "never here" if spot == (2, 1) else None)
    (violation,) = explored.violations
    assert violation.promise == "never here"
    assert sorted(violation.course) == [("right",), ("right",), ("up",)]
    assert not explored.complete


def test_the_course_is_a_shortest_one() -> None:
    def with_a_detour(spot: Spot) -> Iterator[tuple[tuple[str], Spot]]:
        yield from steps(spot)
        if spot == (0, 0):
            yield ("leap",), (SIZE - 1, SIZE - 1)

    explored = search((0, 0), with_a_detour, lambda spot: "reached" if spot == (SIZE - 1, SIZE - 1) else None)
    assert explored.violations[0].course == (("leap",),)


def test_a_search_that_is_cut_short_says_so() -> None:
    explored = search((0, 0), steps, lambda _spot: None, most_states=10)
    assert not explored.complete
    assert explored.violations == ()
    assert explored.states > 10
