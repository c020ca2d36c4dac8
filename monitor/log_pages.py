"""Reading a pump's event log page by page, so that a long one on a slow line holds up no figure.

docs/decisions/0048-slow-lines.md

What one answer holds comes with a reading. A longer log is read on between readings, oldest first, for a history has no
gaps; without one, only what is kept to be shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.messages import EVENTS_A_PAGE

if TYPE_CHECKING:
    from monitor.client import PumpClient
    from monitor.history.recorder import Recorder
    from monitor.snapshot import Reading
    from protocol.messages import EventRecord

KEPT_EVENTS = 200

_Events = tuple["EventRecord", ...]


class LogPages:
    """How far the log has been read.

    Attributes:
        goal: the number of the newest entry while not all up to it have been read; 0 once they have.
    """

    def __init__(self) -> None:
        self.goal = 0
        self._since = 1

    def begin(
        self, client: PumpClient, reading: Reading, events: _Events, history: Recorder | None
    ) -> _Events:
        """Take a reading: store it, with the log where one answer holds what is missing of it.

        Args:
            client: the pump.
            reading: its newest; on the disk when this returns, or told of.
            events: the entries that are known, oldest first.
            history: where readings and entries are stored; None where nowhere.

        Returns:
            The entries that are known now.

        Raises:
            LinkError: no answer comes.
        """
        newest = reading.status.newest_event
        self._since = max(_newest(events) + 1, newest - KEPT_EVENTS + 1)
        if history is not None:
            self._since = history.wanted(client, reading.serial_number, self._since)
        self.goal = newest if self._since <= newest else 0
        since = self._since
        found = self._read(client) if 0 <= newest - since < EVENTS_A_PAGE else ()
        if history is not None:
            history.take(client, reading, since, found)
        return _joined(events, found)

    def go_on(
        self, client: PumpClient, serial_number: str, events: _Events, history: Recorder | None
    ) -> _Events:
        """Read one page more, store it, and return the entries that are known then. Arguments and errors as of `begin`."""
        since = self._since
        found = self._read(client)
        if history is not None:
            history.take_log(client, serial_number, since, found)
        return _joined(events, found)

    def _read(self, client: PumpClient) -> _Events:
        found = client.page(self._since).events
        # An empty page ends it as well: of a log that has lost what was to come.
        self._since = found[-1].number + 1 if found else self.goal + 1
        if self._since > self.goal:
            self.goal = 0
        return found


def _newest(events: _Events) -> int:
    return events[-1].number if events else 0


def _joined(events: _Events, found: _Events) -> _Events:
    known = _newest(events)
    return (*events, *(one for one in found if one.number > known))[-KEPT_EVENTS:]
