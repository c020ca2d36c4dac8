"""What may happen as often as a stranger likes, told once a minute at the most."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PERIOD_S = 60


class Tally:
    """Counts what happens on a port, and tells the first at once and then what a minute brought.

    Args:
        told: told how many there were since it was told last, and the peer of the newest.
        later: calls something after so many seconds.
    """

    __slots__ = ("_count", "_is_waiting", "_later", "_peer", "_told")

    def __init__(
        self, told: Callable[[int, str], None], later: Callable[[float, Callable[[], None]], object]
    ) -> None:
        self._told = told
        self._later = later
        self._count = 0
        self._peer = ""
        self._is_waiting = False

    def add(self, count: int, peer: str) -> None:
        """Count some more."""
        self._count += count
        self._peer = peer
        if not self._is_waiting:
            self._next()

    def tell(self) -> None:
        """Tell what was counted and not yet told."""
        count, self._count = self._count, 0
        if count:
            self._told(count, self._peer)

    def _next(self) -> None:
        self._is_waiting = self._count > 0  # a minute without any, and the next is told at once again
        if self._is_waiting:
            self.tell()
            self._later(PERIOD_S, self._next)
