"""What reaches the screen from other threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from concurrent.futures import Future

    from monitor.errors import MonitorError
    from monitor.snapshot import Snapshot
    from monitor.ui.trends import Stored, Wanted


class SnapshotArrived(Message):
    """There is a newer snapshot; of several that wait, only the newest is drawn."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        """Supersede an older snapshot that still waits."""
        return isinstance(message, SnapshotArrived)


class Answered(Message):
    """A request to the source has ended."""

    def __init__(self, future: Future[Any]) -> None:
        super().__init__()
        self.future = future


class Fetched(Message):
    """The history has answered."""

    def __init__(self, wanted: Wanted, answer: Stored | MonitorError) -> None:
        super().__init__()
        self.wanted = wanted
        self.answer = answer
