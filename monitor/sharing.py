"""One watch for several screens: each has a seat, hears of every snapshot, and leaves without ending it for the others.

Where the screens may only look, that is refused here, below whatever they offer.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from monitor.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.snapshot import Reading, Snapshot
    from monitor.watch import Watcher
    from protocol.intent import Intent
    from protocol.messages import Change, Outcome, Prepared, Step


class Shared:
    """A watch that is shared.

    Args:
        watcher: the pump; not started yet.
        read_only: why nothing may be changed from any seat, one sentence; empty where the key decides.
    """

    def __init__(self, watcher: Watcher, read_only: str = "") -> None:
        self.watcher = watcher
        self.read_only = read_only
        self._snapshot = replace(watcher.snapshot, read_only=read_only)
        self._lock = threading.Lock()
        self._told: list[tuple[Seat | None, Callable[[Snapshot], None]]] = []
        watcher.subscribe(self._tell)

    @property
    def snapshot(self) -> Snapshot:
        """What is known now."""
        return self._snapshot

    def start(self) -> None:
        """Begin to watch, whether anybody has a seat or not."""
        self.watcher.start()

    def stop(self) -> None:
        """End watching and give the port back; as `Watcher.stop`."""
        self.watcher.stop()

    def seat(self) -> Seat:
        """Return a seat for one screen."""
        return Seat(self)

    def subscribe(self, callback: Callable[[Snapshot], None], seat: Seat | None = None) -> None:
        """Have `callback` told of each new snapshot, on the watching thread, until its seat is left."""
        with self._lock:
            self._told.append((seat, callback))

    def leave(self, seat: Seat) -> None:
        """Tell nothing more to whoever has this seat."""
        with self._lock:
            self._told = [one for one in self._told if one[0] is not seat]

    def _tell(self, snapshot: Snapshot) -> None:
        self._snapshot = now = replace(snapshot, read_only=self.read_only)
        with self._lock:
            told = tuple(self._told)
        for _, callback in told:
            callback(now)


class Seat:
    """A place at a shared watch; to a screen it is the source, as `monitor.ui.source.Source` has it.

    Args:
        shared: the watch.
    """

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._watcher = shared.watcher

    @property
    def snapshot(self) -> Snapshot:
        """What is known now."""
        return self._shared.snapshot

    def subscribe(self, callback: Callable[[Snapshot], None]) -> None:
        """Have `callback` told of each new snapshot, on the watching thread, until `stop`."""
        self._shared.subscribe(callback, self)

    def start(self) -> None:
        """Do nothing: the watch is under way already."""

    def stop(self) -> None:
        """Leave the seat; the watch goes on."""
        self._shared.leave(self)

    # --- as the watcher has them ------------------------------------------------------------------------------------

    def prepare(self, change: Change, *, seen: Reading, reason: str = "") -> Future[Prepared]:
        """Have a change prepared."""
        return self._refused() or self._watcher.prepare(change, seen=seen, reason=reason)

    def week(self) -> Future[tuple[tuple[Step, ...], ...]]:
        """Have the program of all seven weekdays read."""
        return self._watcher.week()

    def commit(self, prepared: Prepared) -> Future[Outcome]:
        """Have it applied."""
        return self._refused() or self._watcher.commit(prepared)

    def resolve(self, command_id: bytes) -> Future[Outcome]:
        """Have the pump asked what became of it; that may be what aborts it."""
        return self._refused() or self._watcher.resolve(command_id)

    def settle(self) -> Future[tuple[Intent, ...]]:
        """Have the pump asked now about every change without a verdict."""
        return self._refused() or self._watcher.settle()

    def acknowledge(self, alarms: int) -> Future[None]:
        """Tell the pump that somebody has seen these alarms of it."""
        return self._refused() or self._watcher.acknowledge(alarms)

    def pause_audio(self, seconds: int) -> Future[None]:
        """Have the pump's alarm sound silenced."""
        return self._refused() or self._watcher.pause_audio(seconds)

    def record(self, kind: str, facts: dict[str, object]) -> Future[None]:
        """Have something that was done here put on record."""
        return self._watcher.record(kind, facts)

    def _refused(self) -> Future[Any] | None:
        """Return a request that has failed already, where nothing may be changed; else None."""
        if not self._shared.read_only:
            return None
        future: Future[Any] = Future()
        future.set_exception(RefusedError(self._shared.read_only))
        return future
