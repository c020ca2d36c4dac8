"""What is to happen when, in pump time: those of one instant in the order in which they were written."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One thing.

    Attributes:
        at_us: its instant of pump time.
        number: keeps those of one instant in order.
        action: what happens.
        takes_time: whether a host does it, which is busy meanwhile.
    """

    at_us: int
    number: int
    action: Callable[[], object] = field(compare=False)
    takes_time: bool = field(compare=False)


class Agenda:
    """A list of such things.

    What a host does may take a while, in which other things come due: those that take no time happen at their instants, and
    what a host is to do waits until the one that is busy has done. So nothing is done twice at a time, and the order is always
    the same.
    """

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._made = 0

    def add(self, at_us: int, action: Callable[[], object], *, takes_time: bool = False) -> Item:
        """Plan something."""
        item = Item(at_us, self._made, action, takes_time)
        self._made += 1
        insort(self._items, item)
        return item

    def drop(self, item: Item) -> None:
        """Take it back; what has happened is passed over."""
        if item in self._items:
            self._items.remove(item)

    def next_us(self, *, busy: bool) -> int | None:
        """Return the instant of the next thing that could happen, while a host is `busy` or not."""
        return next((item.at_us for item in self._items if not (busy and item.takes_time)), None)

    def take_due(self, now_us: int, *, busy: bool) -> Item | None:
        """Take the first thing off that could happen by now; None where there is none."""
        for place, item in enumerate(self._items):
            if item.at_us > now_us:
                return None
            if not (busy and item.takes_time):
                return self._items.pop(place)
        return None
