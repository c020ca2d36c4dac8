"""What is expected, and whether what is seen is that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pumpmock.scenario.words import Word, count, read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from enum import Enum


class Wanted(Protocol):
    """What is expected of one thing."""

    def holds(self, seen: Any) -> bool:  # noqa: ANN401 - of the kind that its key sees
        """Tell whether what is seen is what is expected."""
        ...

    @property
    def text(self) -> str:
        """What is expected, for a person."""
        ...


@dataclass(frozen=True, slots=True)
class Within:
    """A figure within bounds, either of which may be missing."""

    least: int | None
    most: int | None
    show: Callable[[int], str] = str

    def holds(self, seen: int) -> bool:
        """Tell whether it is."""
        return (self.least is None or seen >= self.least) and (self.most is None or seen <= self.most)

    @property
    def text(self) -> str:
        """The bounds."""
        if self.least == self.most and self.least is not None:
            return self.show(self.least)
        parts = []
        if self.least is not None:
            parts.append(f"{self.show(self.least)} or more")
        if self.most is not None:
            parts.append(f"{self.show(self.most)} or less")
        return " and ".join(parts)


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some values."""

    values: frozenset[Any]

    def holds(self, seen: Any) -> bool:  # noqa: ANN401 - as it is
        """Tell whether it is."""
        return seen in self.values

    @property
    def text(self) -> str:
        """The values."""
        return " or ".join(sorted(name_of(value) for value in self.values))


@dataclass(frozen=True, slots=True)
class Members:
    """Names that are all there are ("just"), are among them ("also"), or are none of them ("none of")."""

    how: str
    names: frozenset[Any]

    def holds(self, seen: Collection[Any]) -> bool:
        """Tell whether it is so."""
        if self.how == "none of":
            return not self.names & set(seen)
        return self.names <= set(seen) and (self.how == "also" or set(seen) <= self.names)

    @property
    def text(self) -> str:
        """The names."""
        return f"{self.how} {names_of(self.names)}"


@dataclass(frozen=True, slots=True)
class Tally:
    """So many of each of some names; of others, any number."""

    by: Mapping[Any, Within]

    def holds(self, seen: Mapping[Any, int]) -> bool:
        """Tell whether it is so."""
        return all(within.holds(seen.get(name, 0)) for name, within in self.by.items())

    @property
    def text(self) -> str:
        """The names with their numbers."""
        return ", ".join(f"{name_of(name)} {within.text}" for name, within in self.by.items())


def bounded(read: Callable[[object], int], show: Callable[[int], str] = str) -> Callable[[object], Within]:
    """Return what reads a figure, or the bounds of one in braces."""

    def read_bounds(value: object) -> Within:
        if not isinstance(value, dict):
            figure = read(value)
            return Within(figure, figure, show)
        bound = Word(read, "", "")
        found = read_table(value, {"min": bound, "max": bound}, "bound")
        if not found:
            raise ValueError("write min, max or both in the braces")
        return Within(found.get("min"), found.get("max"), show)

    return read_bounds


def tally_of(read: Callable[[object], Any]) -> Callable[[object], Tally]:
    """Return what reads how many there are of each name, the names read by `read`."""
    read_count = bounded(count)

    def read_tally(value: object) -> Tally:
        if not isinstance(value, dict) or not value:
            raise ValueError("write names with their numbers in braces")
        return Tally({read(name): read_count(number) for name, number in value.items()})

    return read_tally


def name_of(value: Any) -> str:  # noqa: ANN401 - a name, a figure or a member
    """Return what to call something that is expected or seen."""
    name = getattr(value, "name", None)
    return name if isinstance(name, str) else str(value)


def names_of(values: Collection[Enum | str]) -> str:
    """Return some names in the order of the alphabet, or "none"."""
    return ", ".join(sorted(name_of(value) for value in values)) or "none"
