"""Tells whoever listens what is known of a fleet: of all pumps together, and not before it is stored, where a history is kept.

Used by the fleet's thread alone. A history that is slow holds up what is shown for a second; then that is shown, and told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from monitor.fleet.keeping import LATE, LATE_NS
from monitor.snapshot import NS_PER_MS, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.fleet.keeping import Keeping, Kept

TELL_NS = 250 * NS_PER_MS  # a screen is told four times a second at the most
Snapshots: TypeAlias = tuple[Snapshot, ...]


class Telling:
    """What is told of a fleet.

    Args:
        snapshots: what is known before anything was told.
        keeping: where it is stored; None where it is not.
        do: has something done on the fleet's thread.
        go_on: takes from which entry on the event logs of pumps are wanted.

    Attributes:
        snapshots: what was told last.
        problem: why not all of it is stored, one sentence; empty where it is.
        is_news: whether there is something to tell.
        due_ns: when that may be told, host monotonic nanoseconds.
    """

    def __init__(
        self,
        snapshots: Snapshots,
        keeping: Keeping | None,
        *,
        do: Callable[[Callable[[], None]], None],
        go_on: Callable[[dict[int, int]], None],
    ) -> None:
        self.snapshots = snapshots
        self.problem = ""
        self.is_news = False
        self.due_ns = 0
        self._keeping = keeping
        self._do = do
        self._go_on = go_on
        self._listeners: list[Callable[[Snapshots], None]] = []
        self._turns = self._shown = 0

    def subscribe(self, callback: Callable[[Snapshots], None]) -> None:
        """Have `callback` told."""
        self._listeners.append(callback)

    def tell(self, now_ns: int, freeze: Callable[[], Snapshots]) -> None:
        """Tell what `freeze` returns; what is with the disk already goes first, for a while."""
        self.due_ns = now_ns + TELL_NS
        waits_ns = None if self._keeping is None else self._keeping.waits_ns(now_ns)
        if waits_ns is not None and waits_ns <= LATE_NS:
            return
        self.is_news = False
        self._turns += 1
        turn, snapshots = self._turns, freeze()
        if self._keeping is None or waits_ns is not None:
            self._show(snapshots, turn, "" if waits_ns is None else LATE)
        else:
            self._keeping.hand(now_ns, lambda kept: self._do(lambda: self._on_kept(snapshots, turn, kept)))

    def _on_kept(self, snapshots: Snapshots, turn: int, kept: Kept) -> None:
        """Show what has been stored by now, or could not be."""
        if self._keeping is not None:
            self._keeping.is_done()
        self._go_on(kept.next_events)
        self._show(snapshots, turn, kept.problem)

    def _show(self, snapshots: Snapshots, turn: int, problem: str) -> None:
        self.problem = problem
        if turn < self._shown:  # newer ones have been shown, while the disk was slow
            return
        self._shown, self.snapshots = turn, snapshots
        for listener in self._listeners:
            listener(snapshots)
