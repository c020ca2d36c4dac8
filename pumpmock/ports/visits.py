"""Whose bytes are these? From the signs at a line (see `presence`) to the visits of its hosts. Pure.

A visit begins when a client opens a line that nobody has open, and ends when the last one closes. A second client on
an open line may be one who is refused for want of a lock and gone again at once, and must not have disturbed the
first: it begins a visit of its own only when something is written while it is there.

The kernel merges two like signs in a row, so two clients that open or close in one instant count as one. A count too
low ends a visit early; a count too high makes each later host a second client, whose first bytes begin a visit all
the same. Nothing has to be exact for one host's bytes to be kept from the next one's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pumpmock.ports.presence import Sign

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Visits:
    """What a run of signs amounts to.

    Attributes:
        last: the visit that is on at the end; 0 is the one that was on, or nobody's, when the run began.
        author: the visit that wrote the bytes read with the run; None where several did, or nobody did.
    """

    last: int
    author: int | None


@dataclass(slots=True)
class Attendance:
    """Who is at the line, carried from one run of signs to the next.

    Attributes:
        clients: how many have the line open.
        joined: whether one came to an open line, and nobody has written or left since.
    """

    clients: int = 0
    joined: bool = False

    def sort_out(self, signs: Iterable[Sign], *, bytes_read: bool, bytes_owed: bool = False) -> Visits:
        """Make visits of `signs`, oldest first, and say whose the bytes are, if any were read with them.

        Args:
            signs: what happened since the last run.
            bytes_read: whether there are bytes.
            bytes_owed: whether the visit that is on had written more than was read with its signs, in earlier runs.
        """
        wrote = [bytes_owed]
        for sign in signs:
            self._note(sign, wrote)
        # The kernel passes bytes on before it reports the write: a write not reported yet is the last visit's.
        if bytes_read and not any(wrote):
            self._note(Sign.WROTE, wrote)
        authors = [visit for visit, it_wrote in enumerate(wrote) if it_wrote]
        return Visits(len(wrote) - 1, authors[0] if bytes_read and len(authors) == 1 else None)

    def _note(self, sign: Sign, wrote: list[bool]) -> None:
        """Take one sign into account; `wrote` has an entry a visit."""
        if sign is Sign.WROTE:
            if self.joined:
                wrote.append(False)
            self.joined = False
            wrote[-1] = True
        elif sign is Sign.CLOSED:
            self.clients = max(0, self.clients - 1)
            self.joined = False
        else:
            if self.clients == 0:
                wrote.append(False)
            else:
                self.joined = True
            self.clients += 1
