"""The ledger: which change made which revision, for ever.

A revision is made by exactly one change, and a change makes one revision at the most. That is what lets the pump answer
"applied" or "not applied" years later, after any number of restarts, without reading it out of its state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protocol.vocabulary import ChangeKind

# Ids that were resolved as not applied and are refused from then on. Hosts draw ids at random and never use one again;
# so many guard against a host that does.
VOID_KEPT = 64


@dataclass(frozen=True, slots=True)
class Applied:
    """A line of the ledger: the change `command_id` made `revision`, and led to `rate_nl_h`.

    `overridden` tells that its host overrode a soft limit of its own.
    """

    revision: int
    command_id: bytes
    kind: ChangeKind
    rate_nl_h: int
    pump_time_us: int
    overridden: bool = False


class Ledger:
    """All changes ever applied, a revision each, and the newest that never will be. Survives restarts with the pump's state.

    Raises:
        ValueError: where the lines are not numbered from 1 without a gap, name a change twice, or one that is void.
    """

    __slots__ = ("_by_id", "_lines", "_void", "voided")

    def __init__(self, lines: Iterable[Applied] = (), void: Iterable[bytes] = ()) -> None:
        self._lines: list[Applied] = []
        self._by_id: dict[bytes, Applied] = {}
        self._void: list[bytes] = []
        self.voided = 0
        for line in lines:
            self.append(line)
        for command_id in void:
            self.make_void(command_id)

    @property
    def revision(self) -> int:
        """The newest revision; 0 before the first change."""
        return len(self._lines)

    @property
    def lines(self) -> tuple[Applied, ...]:
        """The lines, oldest first."""
        return tuple(self._lines)

    @property
    def void(self) -> tuple[bytes, ...]:
        """The changes that will never be applied, oldest first, as far as they are kept."""
        return tuple(self._void)

    def find(self, command_id: bytes) -> Applied | None:
        """Return the line of a change, None if it was never applied."""
        return self._by_id.get(command_id)

    def append(self, line: Applied) -> None:
        """Add a line.

        Raises:
            ValueError: where it is not the next revision, or its change is in the ledger.
        """
        if line.revision != self.revision + 1 or line.command_id in self._by_id:
            raise ValueError(f"revision {line.revision} cannot follow revision {self.revision}")
        self._lines.append(line)
        self._by_id[line.command_id] = line

    def withdraw(self) -> None:
        """Take back the newest line, which could not be stored and of which nobody has heard."""
        del self._by_id[self._lines.pop().command_id]

    def make_void(self, command_id: bytes) -> None:
        """Note that a change was resolved as not applied.

        Raises:
            ValueError: where it was applied.
        """
        if command_id in self._by_id:
            raise ValueError("a change that was applied can't become void")
        if command_id not in self._void:
            self._void.append(command_id)
            del self._void[:-VOID_KEPT]
            self.voided += 1

    def is_void(self, command_id: bytes) -> bool:
        """Tell whether a change was resolved as not applied, as far back as that is kept."""
        return command_id in self._void
