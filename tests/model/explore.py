"""Breadth-first search through every state that a model can come to.

A model is a start, a function that yields each step it can take from a state, and a function that names the promise a
state breaks. The first broken promise is found on a shortest course, as all shorter ones have been walked by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    State = tuple[Hashable, ...]
    Step = tuple[Any, ...]

_S = TypeVar("_S", bound="State")


class Violation(NamedTuple):
    """A promise that was broken, and the steps that led there from the start."""

    promise: str
    course: tuple[Step, ...]


class Explored(NamedTuple):
    """What a search came to.

    Attributes:
        states: how many were found, the start included.
        transitions: steps taken between them; several may lead from one state to the same other.
        complete: whether no state was left unvisited. A violation ends the search.
        violations: what was broken: nothing, or one promise.
    """

    states: int
    transitions: int
    complete: bool
    violations: tuple[Violation, ...]


class _Visited:
    """The states found so far, each kept as the numbers of its parts, which most states share."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._parts: list[Hashable] = []
        self._places: dict[tuple[int, ...], int] = {}
        self._keys: list[tuple[int, ...]] = []
        self.parents: list[int] = []

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, place: int) -> State:
        parts = self._parts
        return tuple([parts[number] for number in self._keys[place]])

    def add(self, state: State, parent: int) -> bool:
        """Note a state that was reached from the one at `parent`; tell whether it is new."""
        numbers, known = self._numbers, self._parts
        key = []
        for part in state:
            number = numbers.get(part)
            if number is None:
                number = numbers[part] = len(known)
                known.append(part)
            key.append(number)
        whole = tuple(key)
        if whole in self._places:
            return False
        self._places[whole] = len(self._keys)
        self._keys.append(whole)
        self.parents.append(parent)
        return True


def search(
    start: _S,
    steps: Callable[[_S], Iterable[tuple[Step, _S]]],
    broken: Callable[[_S], str | None],
    *,
    most_states: int | None = None,
) -> Explored:
    """Walk from `start` until there is nothing new, a promise is broken, or there are more than `most_states`."""
    visited = _Visited()
    visited.add(start, -1)
    transitions = place = 0
    while place < len(visited):
        state: Any = visited[place]
        for step, after in steps(state):
            transitions += 1
            if not visited.add(after, place):
                continue
            promise = broken(after)
            if promise is not None:
                course = (*reversed(list(_steps_to(visited, place, steps))), step)
                return Explored(len(visited), transitions, False, (Violation(promise, course),))
        if most_states is not None and len(visited) > most_states:
            return Explored(len(visited), transitions, False, ())
        place += 1
    return Explored(len(visited), transitions, True, ())


def _steps_to(
    visited: _Visited, place: int, steps: Callable[[Any], Iterable[tuple[Step, Any]]]
) -> Iterator[Step]:
    """Yield the steps of the course to a state, last first: only the parents are kept, the steps are found again."""
    while (parent := visited.parents[place]) >= 0:
        wanted = visited[place]
        yield next(step for step, after in steps(visited[parent]) if after == wanted)
        place = parent
