"""What a live pump tells: each thing that happens into its journal, and to whoever reads along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from protocol.vocabulary import EventKind
from pumpmock.console import event_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protocol.messages import EventRecord
    from pumpmock.journal.journal import Journal

_TOLD_WITH_PEER = frozenset({EventKind.SESSION, EventKind.BAD_HANDSHAKES})


class Teller(Protocol):
    """Who is told what happens, as a person or a program reads it."""

    def tell(self, sentence: str, event: Mapping[str, Any]) -> None:
        """Say what happened."""

    def warn(self, sentence: str) -> None:
        """Say what somebody should look at."""

    def event(self, record: EventRecord) -> None:
        """Report an entry of the pump's event log."""


class Telling:
    """What happens to one pump, noted and told.

    Args:
        journal: where it is noted.
        teller: who is told.
    """

    __slots__ = ("_journal", "_teller", "_unsaved")

    def __init__(self, journal: Journal, teller: Teller) -> None:
        self._journal = journal
        self._teller = teller
        self._unsaved = ""

    def tell(self, sentence: str, event: Mapping[str, Any]) -> None:
        """Note what happened, and tell it."""
        fields = dict(event)
        self._journal.note(fields.pop("event"), fields.pop("peer", ""), **fields)
        self._teller.tell(sentence, event)

    def event(self, record: EventRecord) -> None:
        """Note and tell an entry of the pump's event log, but for what is told with its peer's name."""
        if record.kind in _TOLD_WITH_PEER:
            return
        fields = event_fields(record)
        del fields["pump_time_us"]  # every entry has it
        self._journal.note(fields.pop("event"), **fields)
        if record.kind != EventKind.START:  # whoever started it tells that, with its ports
            self._teller.event(record)

    def port(self, what: str, name: str, url: str) -> None:
        """Note that something was done to a port."""
        self._journal.note(what, port=name, url=url)

    def unsaved(self, error: OSError) -> None:
        """Warn, once for each reason, that the pump's state could not be stored."""
        said = f"the state file can't be written ({error.strerror or error}): readings go on, changes are refused"
        if said != self._unsaved:
            self._teller.warn(said)
        self._unsaved = said
