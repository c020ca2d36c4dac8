"""What the history is told: of which pump, entries of its log, and how its link turned. Loaded without what stores it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from protocol.messages import EventRecord


class Pump(NamedTuple):
    """A pump and its memory: with another memory, its events count from 1 again.

    Attributes:
        serial_number: who it is.
        store_id: 8 bytes that name its memory.
    """

    serial_number: str
    store_id: bytes


class Page(NamedTuple):
    """Entries of a pump's event log.

    Attributes:
        since: the number from which on they were asked for: what is missing from there on the pump has overwritten.
        events: the entries, oldest first.
    """

    since: int
    events: Sequence[EventRecord]


NOTHING = Page(1, ())


class Turn(NamedTuple):
    """A link that came, or went.

    Attributes:
        pump: to whom.
        wall_ms: when, this host's calendar clock, ms.
        why: why there is none from then on, a sentence; empty where there is one.
    """

    pump: Pump
    wall_ms: int
    why: str


def of_pump(pump: Pump) -> dict[str, object]:
    """Return how a record names a pump and its memory."""
    return {"pump": pump.serial_number, "store": pump.store_id.hex()}


def whose(facts: Mapping[str, object]) -> Pump | None:
    """Return the pump and the memory that a record names; None where it names none."""
    try:
        return Pump(str(facts["pump"]), bytes.fromhex(str(facts["store"])))
    except (KeyError, TypeError, ValueError):
        return None
