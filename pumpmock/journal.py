"""What happened to a pump on the bench, in order: bytes both ways, its own events, and whatever was done to it.

Bytes are kept as they came and went: what they mean is worked out when somebody asks.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEPT = (
    10_000  # entries: some five thousand requests, or an hour and a half of a host that polls once a second
)
HEARD, SAID = "in", "out"


class Entry(NamedTuple):
    """One thing that happened.

    Attributes:
        number: 1 for the first; numbers go on when the oldest entries are given up.
        wall_ns: monotonic wall time.
        pump_time_us: pump time.
        what: "in" and "out" for bytes from and to a host, or the name of an event.
        peer: which host; "" where it is none's.
        data: the bytes.
        fields: what else there is to say, as JSON values.
    """

    number: int
    wall_ns: int
    pump_time_us: int
    what: str
    peer: str = ""
    data: bytes = b""
    fields: Mapping[str, Any] = {}


class Journal:
    """The newest entries, and everyone who wants to hear of each as it is made.

    Args:
        wall_ns: the monotonic wall clock.
        pump_time_us: pump time.

    Attributes:
        entries: oldest first; `KEPT` of them, unless it is told to keep more or fewer.
        heard_by: told of each entry.
    """

    def __init__(self, wall_ns: Callable[[], int], pump_time_us: Callable[[], int]) -> None:
        self.entries: deque[Entry] = deque(maxlen=KEPT)
        self.heard_by: list[Callable[[Entry], None]] = []
        self._wall_ns = wall_ns
        self._pump_time_us = pump_time_us
        self._made = 0

    def keep(self, most: int | None) -> None:
        """Keep so many entries from now on, the newest; None for all."""
        self.entries = deque(self.entries, maxlen=most)

    def passed(self, what: str, peer: str, data: bytes) -> None:
        """Note bytes from (`HEARD`) or to (`SAID`) a host."""
        self._add(what, peer, data, {})

    def note(self, what: str, peer: str = "", **fields: Any) -> None:  # noqa: ANN401 - JSON values
        """Note an event."""
        self._add(what, peer, b"", fields)

    def _add(self, what: str, peer: str, data: bytes, fields: Mapping[str, Any]) -> None:
        self._made += 1
        entry = Entry(self._made, self._wall_ns(), self._pump_time_us(), what, peer, data, fields)
        self.entries.append(entry)
        for tell in self.heard_by:
            tell(entry)
