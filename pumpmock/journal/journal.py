"""What happened to a pump on the bench, in order: bytes both ways, its own events, and whatever was done to it.

Bytes are kept as they came and went: what they mean is worked out when somebody asks.
docs/decisions/0038-journal.md
"""

from __future__ import annotations

from collections import deque
from itertools import dropwhile, islice, takewhile
from typing import TYPE_CHECKING, Any

from pumpmock.journal.entry import HEARD, SAID, Entry
from pumpmock.journal.frames import Follower, Frame
from pumpmock.journal.lines import line_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from protocol.keys import Key

__all__ = ["HEARD", "KEPT", "SAID", "Entry", "Frame", "Journal"]

KEPT = (
    10_000  # entries: some five thousand requests, or an hour and a half of a host that polls once a second
)


class Journal:
    """The newest entries, and everyone who wants to hear of each as it is made.

    Args:
        wall_ns: the monotonic wall clock.
        pump_time_us: pump time, as far as the pump has come.
        present_us: the pump time that belongs to a wall time.
        keys: the pump's table of keys, which its frames are verified with.

    Attributes:
        heard_by: told of each entry.
    """

    __slots__ = (
        "_entries",
        "_follower",
        "_frames",
        "_kept",
        "_keys",
        "_made",
        "_present_us",
        "_pump_time_us",
        "_read",
        "_wall_ns",
        "heard_by",
    )

    def __init__(
        self,
        wall_ns: Callable[[], int],
        pump_time_us: Callable[[], int],
        present_us: Callable[[int], int],
        keys: Mapping[bytes, Key],
    ) -> None:
        self._entries: deque[Entry] | None = None  # an empty one takes as much as all else here
        self.heard_by: list[Callable[[Entry], None]] = []
        self._wall_ns = wall_ns
        self._pump_time_us = pump_time_us
        self._present_us = present_us
        self._kept: int | None = KEPT
        self._made = 0
        self._keys = keys
        self._follower = Follower(keys, is_pumps=True)
        self._frames: list[Frame] = []
        self._read = 0  # the newest entry whose frames are in `_frames`

    @property
    def entries(self) -> deque[Entry] | tuple[()]:
        """Oldest first; `KEPT` of them, unless it is told to keep more or fewer."""
        return self._entries or ()

    def keep(self, most: int | None) -> None:
        """Keep so many entries from now on, the newest; None for all.

        0 keeps none, and follows no session either, which takes as much. Whoever hears of the entries then still finds
        their frames, but those of a session that nobody heard the beginning of can't be verified.
        """
        if most == 0:
            self._follower = Follower(self._keys, is_pumps=False)
        self._kept = most
        self._give_up()

    def passed(self, what: str, peer: str, data: bytes) -> None:
        """Note what passes between the pump and a host: bytes `HEARD` or `SAID`, or that it `CAME` or `WENT`."""
        if self._kept == 0 and not self.heard_by:
            self._made += 1
            return
        wall_ns = self._wall_ns()
        self._add(wall_ns, self._present_us(wall_ns), what, peer, data, {})

    def note(self, what: str, peer: str = "", **fields: Any) -> None:  # noqa: ANN401 - JSON values
        """Note an event of the pump, at the instant of pump time that it has come to, or what was done to it."""
        self._add(self._wall_ns(), self._pump_time_us(), what, peer, b"", fields)

    def frames(self) -> list[Frame]:
        """Return the frames of the entries there are, oldest first, with what was dropped and why."""
        self._read_all()
        return list(self._frames)

    @property
    def requests(self) -> list[Frame]:
        """What hosts asked in their sessions, and the pump took."""
        return [frame for frame in self.frames() if frame.is_request]

    @property
    def answers(self) -> list[Frame]:
        """What the pump answered to requests."""
        return [frame for frame in self.frames() if frame.is_answer]

    def lines(self, last: int | None = None) -> Iterator[dict[str, Any]]:
        """Return each entry as JSON values, with the frames that it completes beside its bytes.

        Args:
            last: so many of the newest; None for all.
        """
        self._read_all()
        entries = [*islice(reversed(self.entries), last)][::-1]
        first = entries[0].number if entries else 0
        found: dict[int, list[Frame]] = {}
        for frame in takewhile(lambda frame: frame.number >= first, reversed(self._frames)):
            found.setdefault(frame.number, []).append(frame)
        for entry in entries:
            yield line_of(entry, reversed(found.get(entry.number, ())))

    def line(self, entry: Entry) -> dict[str, Any]:
        """Return an entry as JSON values, with the frames that it completes; of one that is long gone, without."""
        self._read_all()
        after = dropwhile(lambda frame: frame.number > entry.number, reversed(self._frames))
        own = [*takewhile(lambda frame: frame.number == entry.number, after)]
        return line_of(entry, reversed(own))

    def _add(
        self, wall_ns: int, pump_time_us: int, what: str, peer: str, data: bytes, fields: Mapping[str, Any]
    ) -> None:
        self._made += 1
        if self._kept == 0 and not self.heard_by:
            return
        entry = Entry(self._made, wall_ns, pump_time_us, what, peer, data, fields)
        if self._entries is None:
            self._entries = deque()
        self._entries.append(entry)
        self._give_up()
        for tell in self.heard_by:
            tell(entry)

    def _read_all(self) -> None:
        """Find the frames of the entries that nobody has asked for yet, and forget those of entries given up."""
        fresh = takewhile(lambda entry: entry.number > self._read, reversed(self.entries))
        for entry in reversed([*fresh]):
            self._frames.extend(self._follower.read(entry))
        self._read = self._made
        oldest = self.entries[0].number if self.entries else 0
        gone = sum(1 for _ in takewhile(lambda frame: frame.number < oldest, self._frames))
        del self._frames[:gone]

    def _give_up(self) -> None:
        """Give up the oldest entries where there are more than are kept, but not what the rest needs to be read."""
        if self._kept is None or self._entries is None:
            return
        most = self._kept or len(self.heard_by[:1])  # the newest can be asked for by whoever hears of it
        while len(self._entries) > most:
            given_up = self._entries.popleft()
            if given_up.number > self._read and self._kept:
                self._follower.skim(given_up)
                self._read = given_up.number
