"""The one pump of a fleet that somebody works on: its port is lent to a watcher of its own, and given back afterwards."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from monitor.errors import LinkError
from monitor.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.fleet.bench_file import Member
    from monitor.fleet.loop import Fleet
    from monitor.watch import Watcher

_NOBODY = Snapshot("", 1_000)
_PATIENCE_S = 10


class Desk:
    """A fleet, and at the most one pump of it that is open.

    Args:
        fleet: started and stopped with the desk.
        watcher: makes who watches a pump that is opened; its connecting begins by calling what it is given, which returns
            when the port is free, or raises LinkError.
    """

    def __init__(self, fleet: Fleet, watcher: Callable[[Member, Callable[[], None]], Watcher]) -> None:
        self.fleet = fleet
        self._make = watcher
        self._open: tuple[int, Watcher] | None = None
        self._listeners: list[Callable[[Snapshot], None]] = []
        # Ports change hands in order, and nobody who draws waits for it.
        self._porter = ThreadPoolExecutor(1, "porter")

    @property
    def snapshot(self) -> Snapshot:
        """What is known of the pump that is open; an empty one while none is."""
        return _NOBODY if self._open is None else self._open[1].snapshot

    def subscribe(self, callback: Callable[[Snapshot], None]) -> None:
        """Have `callback` told of each new snapshot of whichever pump is open, on its watcher's thread."""
        self._listeners.append(callback)

    def start(self) -> None:
        """Begin to read the fleet."""
        self.fleet.start()

    def stop(self) -> None:
        """Close the pump that is open, and end reading."""
        self.close()
        self._porter.shutdown()
        self.fleet.stop()

    def open(self, number: int) -> Watcher:
        """Open a pump, and return who watches it; another that was open is closed."""
        self.close()
        lent: Future[None] = self._porter.submit(lambda: self.fleet.lend(number).result(_PATIENCE_S))
        watcher = self._make(self.fleet.members[number], lambda: _wait(lent))
        watcher.subscribe(lambda snapshot: self.fleet.feed(number, snapshot))
        for listener in self._listeners:
            watcher.subscribe(listener)
        self._open = (number, watcher)
        watcher.start()
        return watcher

    def close(self) -> None:
        """Close the pump that is open, if one is, and have the fleet read it again."""
        if self._open is None:
            return
        (number, watcher), self._open = self._open, None
        self._porter.submit(self._give_back, number, watcher)

    def _give_back(self, number: int, watcher: Watcher) -> None:
        watcher.stop()
        self.fleet.take_back(number)


def _wait(lent: Future[None]) -> None:
    try:
        lent.result(_PATIENCE_S)
    except TimeoutError as error:
        raise LinkError("the fleet has not given the port back yet") from error
