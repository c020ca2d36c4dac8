"""Where the dashboard gets its facts and sends its wishes: the one interface between the screen and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from monitor.kinds.ground import Week
    from monitor.snapshot import Reading, Snapshot
    from protocol.intent import Intent
    from protocol.messages import Change, Outcome, Prepared


class Watched(Protocol):
    """One pump, watched by somebody else's thread."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        ...

    def subscribe(self, callback: Callable[[Snapshot], None]) -> None:
        """Have `callback` called, on a thread of the source's own, with each new snapshot."""
        ...

    def start(self) -> None:
        """Begin to read."""
        ...

    def stop(self) -> None:
        """Stop reading and close the port."""
        ...


class Source(Watched, Protocol):
    """One pump that can be changed.

    Every request returns at once; its future ends with the answer or with a `monitor.errors.MonitorError`.
    """

    def prepare(self, change: Change, *, seen: Reading, reason: str) -> Future[Prepared]:
        """Ask the pump what a change would do; nothing changes.

        Args:
            change: what is wanted.
            seen: the reading that the operator decided on.
            reason: why a soft limit is knowingly crossed; empty where none is.
        """
        ...

    def week(self) -> Future[Week]:
        """Read the pump's program of all seven weekdays."""
        ...

    def commit(self, prepared: Prepared) -> Future[Outcome]:
        """Apply what was prepared."""
        ...

    def resolve(self, command_id: bytes) -> Future[Outcome]:
        """Abort a change unless it was applied already, and learn which; the verdict is final."""
        ...

    def settle(self) -> Future[tuple[Intent, ...]]:
        """Ask now about every change without a verdict, and learn which have none still."""
        ...

    def acknowledge(self, alarms: int) -> Future[None]:
        """Tell the pump that somebody has seen these alarms of it, a bit each."""
        ...

    def pause_audio(self, seconds: int) -> Future[None]:
        """Have the pump's alarm sound silenced for so many seconds; 0 ends that."""
        ...

    def record(self, kind: str, facts: dict[str, object]) -> Future[None]:
        """Put on record what was done here, where a history is kept."""
        ...
