"""Holds the audit trail against the pump's own log: each applied change must stand in both. Pure.

The pump logs what it applied, by the same pump time that its verdict told, and under a number that is greater than any
that its host had seen before. A chain can be computed anew by whoever can write the file; the pump's log can't be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from protocol.vocabulary import ChangeKind, EventKind
from protocol.wording import CHANGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.history.chain import Entry
    from monitor.history.told import Pump
    from protocol.messages import EventRecord

_LOGGED_AS = {
    ChangeKind.RATE: EventKind.RATE_CHANGED,
    ChangeKind.STOP: EventKind.STOPPED,
    ChangeKind.RESUME: EventKind.RESUMED,
    ChangeKind.MINIMUM_RATE: EventKind.MINIMUM_RATE,
    ChangeKind.TEMPORARY_RATE: EventKind.TEMPORARY_RATE,
    ChangeKind.BOLUS: EventKind.BOLUS,
    ChangeKind.FLEX: EventKind.FLEX,
    ChangeKind.REFILL: EventKind.REFILLED,
    ChangeKind.PRIME: EventKind.PRIME,
    ChangeKind.BRIDGE: EventKind.BRIDGE,
    ChangeKind.CLOCK: EventKind.CLOCK_SET,
}


class Applied(NamedTuple):
    """A change that was applied, as the trail has it.

    Attributes:
        seq: the record of its verdict.
        kind: what was changed; None where the trail does not tell.
        revision: that it made.
        pump_time_us: when.
        seen_event: the newest entry of the pump's log that its operator's reading knew of.
        command: its command id, in hexadecimal.
        begun: the record that tells how it was meant; 0 where the trail has none.
    """

    seq: int
    kind: ChangeKind | None
    revision: int
    pump_time_us: int
    seen_event: int
    command: str = ""
    begun: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """A trail beside a pump's log.

    Attributes:
        found: changes that stand in both.
        missing: changes of the trail that the log does not have, though it reaches as far.
        untold: changes of the trail of which the log at hand can't tell: it begins later, or was not read since.
        foreign: changes of the log that the trail does not have: made by another host, or cut from the trail.
    """

    found: int
    missing: tuple[Applied, ...]
    untold: tuple[Applied, ...]
    foreign: tuple[EventRecord, ...]


def by_pump(trail: Iterable[Entry]) -> dict[tuple[object, object], list[Entry]]:
    """Return the records of a trail by the serial number and the memory, in hexadecimal, that they name.

    Raises:
        ValueError: a record is none that this program writes, though its hash holds.
    """
    found: dict[tuple[object, object], list[Entry]] = {}
    for entry in trail:
        try:
            facts = entry.facts
            found.setdefault((facts.get("pump"), facts.get("store")), []).append(entry)
        except (TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"record {entry.seq} is none that pump-monitor writes") from error
    return found


def applied_changes(trail: Iterable[Entry], pump: Pump) -> list[Applied]:
    """Return what was applied to a pump, each change once, by the newest record of its verdict.

    Raises:
        ValueError: a record is none that this program writes, though its hash holds.
    """
    begun: dict[object, Entry] = {}
    applied: dict[object, Applied] = {}
    for entry in trail:
        try:
            _take(entry, pump, begun, applied)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"record {entry.seq} is none that pump-monitor writes") from error
    return list(applied.values())


def _take(entry: Entry, pump: Pump, begun: dict[object, Entry], applied: dict[object, Applied]) -> None:
    facts = cast("dict[str, Any]", entry.facts)
    if (facts.get("pump"), facts.get("store")) != (pump.serial_number, pump.store_id.hex()):
        return
    command = facts.get("command")
    if entry.kind == "intended":
        begun[command] = entry
    if entry.kind == "outcome" and facts["verdict"] == "APPLIED":
        first = begun.get(command)
        meant = {} if first is None else cast("dict[str, Any]", first.facts)
        applied[command] = Applied(
            entry.seq,
            ChangeKind[meant["change"]["kind"]] if meant else None,
            facts["revision"],
            facts["pump_time_us"],
            meant["seen"]["newest_event"] if meant else 0,
            str(command),
            0 if first is None else first.seq,
        )


def compare(applied: Sequence[Applied], log: Sequence[EventRecord], *, whole: bool) -> Comparison:
    """Hold what was applied against the pump's log.

    Args:
        applied: the changes of the trail.
        log: the pump's log, or the end of it that it still has, oldest first.
        whole: whether it reaches to this moment: it comes from the pump itself, not from an earlier reading of it.
    """
    changes = [event for event in log if event.kind in CHANGES]
    oldest = log[0].number if log else 0
    newest_us = log[-1].pump_time_us if log else -1
    by_time: dict[int, list[EventRecord]] = {}
    for event in changes:
        by_time.setdefault(event.pump_time_us, []).append(event)
    met: set[int] = set()
    missing: list[Applied] = []
    untold: list[Applied] = []
    for one in applied:
        at_that_time = (event for event in by_time.get(one.pump_time_us, ()) if event.number not in met)
        number = next((event.number for event in at_that_time if _is(one, event)), None)
        if number is not None:
            met.add(number)
        elif oldest > one.seen_event + 1 or not (whole or newest_us > one.pump_time_us):
            untold.append(one)
        else:
            missing.append(one)
    foreign = tuple(event for event in changes if event.number not in met)
    return Comparison(len(met), tuple(missing), tuple(untold), foreign)


def _is(one: Applied, event: EventRecord) -> bool:
    return event.number > one.seen_event and (one.kind is None or event.kind == _LOGGED_AS[one.kind])
