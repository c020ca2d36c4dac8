"""What a test waits for or counts: a message by its name, or an event by its name, with fields that it must have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.fields import specs
from protocol.frame import FROM_DEVICE
from protocol.messages import MESSAGES, Change, Prepare, Prepared
from protocol.strict_toml import meant, shown
from protocol.vocabulary import EventKind
from pumpmock.journal.entry import CAME, HEARD, SAID, WENT, Entry
from pumpmock.journal.frames import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pumpmock.journal.journal import Journal

Sighting = Frame | Entry

_MESSAGES = {kind.__name__: kind for kind in MESSAGES.values()}
_WITH_CHANGE = frozenset({Prepare, Prepared})  # what is asked of their change is asked of them
_BESIDE_THE_LOG = {
    *(CAME, WENT),
    *("fault", "fault_set", "fault_over", "fault_void"),
    *("port", "unplugged", "plugged", "port_lost", "line"),
    *("ledger_error", "warned"),
}
EVENTS = frozenset({kind.name.lower() for kind in EventKind} | _BESIDE_THE_LOG)
"""What a journal calls the events that a test can wait for: those of the pump's own log, and what else befalls it."""


class Wanted:
    """Something that can be seen in a journal.

    Args:
        name: of a message, as `protocol.messages` calls it ("Commit"), or of an event ("alarm_raised").
        fields: what it must have; a code may be given by its name (`kind="BOLUS"`). Of a Prepare also what its change has.

    Raises:
        ValueError: for a name or a field that nothing has, with what may have been meant.
    """

    def __init__(self, name: str, fields: Mapping[str, Any]) -> None:
        self.name = name
        self._fields = dict(fields)
        self._message = _MESSAGES.get(name)
        if self._message is None and name not in EVENTS:
            known = [*_MESSAGES, *sorted(EVENTS)]
            raise ValueError(f"{shown(name)} is neither a message nor an event; {meant(name, known)}")
        if self._message is not None:
            known = [*specs(self._message), *(specs(Change) if self._message in _WITH_CHANGE else ())]
            for field in fields:
                if field not in known:
                    raise ValueError(f"{shown(field)} is no field of {name}; {meant(field, known)}")

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self._fields.items())
        return f"{self.name}({told})" if told else self.name

    def seen(self, journal: Journal, after: int = 0) -> list[Sighting]:
        """Return each such message or event of the entries after this number, oldest first.

        A message counts where the pump took it, or said it itself: one that was dropped on its way was none.
        """
        found = self._frames(journal) if self._message is not None else self._events(journal)
        return [sighting for sighting in found if sighting.number > after]

    def _frames(self, journal: Journal) -> Iterator[Frame]:
        direction = SAID if self._message is not None and self._message.code & FROM_DEVICE else HEARD
        for frame in journal.frames():
            is_one = frame.direction == direction and not frame.why and type(frame.message) is self._message
            if is_one and all(_is(_of(frame.message, name), value) for name, value in self._fields.items()):
                yield frame

    def _events(self, journal: Journal) -> Iterator[Entry]:
        for entry in journal.entries:
            fields = entry.fields
            if entry.what == self.name and all(
                _is(fields.get(name), value) for name, value in self._fields.items()
            ):
                yield entry


def _of(message: Any, name: str) -> object:  # noqa: ANN401 - any message
    return getattr(message, name) if hasattr(message, name) else getattr(message.change, name)


def _is(found: object, wanted: object) -> bool:
    return found == wanted or (isinstance(wanted, str) and getattr(found, "name", None) == wanted)
