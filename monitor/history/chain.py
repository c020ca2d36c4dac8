"""The chain: each record bears the SHA-256 of the one before it and of itself, so that no record can be altered alone.

Pure. Whoever can write the file can compute the whole chain anew, and a tail that was cut off leaves a chain that is
sound: what shows that is outside the file, the pump's own log and a hash that somebody wrote down (`verify`).
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from protocol.messages import Status

GENESIS = bytes(32)  # stands before the first record of a chain
_FORMAT = 1  # of the bytes that are hashed

# What is kept of a status, in the order of the columns; figures in the units of `protocol.messages.Status`.
KEPT = (
    *("pump_time_us", "clock_s", "boot", "revision", "state", "mode"),
    *("commanded_rate_nl_h", "measured_rate_nl_h", "reservoir_nl", "sensed_nl", "delivered_nl"),
    *("battery_percent", "battery_mv", "alarms", "newest_event"),
)
_figures = attrgetter(*KEPT)
_bytes = struct.Struct(f"<{3 + len(KEPT)}Q")
_pack, _unpack = _bytes.pack, _bytes.unpack
Row = tuple[int | bytes, ...]  # seq, pump, wall_ms, the columns of KEPT, hash


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of the audit trail.

    Attributes:
        seq: 1 for the first; without gaps.
        wall_ms: when it was written, this host's calendar clock, milliseconds since 1970 UTC.
        kind: what it tells.
        body: JSON, as it was hashed.
        hash: of the entry before it and of this one.
    """

    seq: int
    wall_ms: int
    kind: str
    body: str
    hash: bytes

    @property
    def facts(self) -> dict[str, object]:
        """The body, parsed."""
        found: dict[str, object] = json.loads(self.body)
        return found


class Break(NamedTuple):
    """The first record at which a chain does not hold.

    Attributes:
        seq: its number.
        why: what is wrong with it, for a person.
    """

    seq: int
    why: str


def link(before: bytes, data: bytes) -> bytes:
    """Return the hash of a record: of the hash before it and of its own bytes."""
    return hashlib.sha256(before + data).digest()


def canonical(seq: int, wall_ms: int, kind: str, body: str) -> bytes:
    """Return the bytes of an audit record that are hashed: one array of JSON in ASCII."""
    return json.dumps([_FORMAT, seq, wall_ms, kind, body], separators=(",", ":")).encode("ascii")


def body_of(facts: dict[str, object]) -> str:
    """Return facts as the body of an audit record: the same facts are the same text."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def entry_after(before: bytes, seq: int, wall_ms: int, kind: str, facts: dict[str, object]) -> Entry:
    """Return the audit record number `seq`, chained to the hash `before`."""
    body = body_of(facts)
    return Entry(seq, wall_ms, kind, body, link(before, canonical(seq, wall_ms, kind, body)))


def reading_rows(before: bytes, seq: int, pump: int, readings: Iterable[tuple[int, Status]]) -> Iterator[Row]:
    """Return readings of a pump as rows, numbered from `seq` on and chained to the hash `before`.

    Args:
        before: the hash of the last row; GENESIS where there is none.
        seq: the number of the first row.
        pump: which one, as the file numbers them.
        readings: of each, when it was stored (calendar clock, ms) and the status.
    """
    for number, (wall_ms, status) in enumerate(readings, seq):
        data = _pack(number, pump, wall_ms, *_figures(status))
        before = link(before, data)
        yield (*_unpack(data), before)  # integers and nothing but: SQLite's module is slow with an enum


def first_break(entries: Iterable[Entry], before: bytes = GENESIS, seq: int = 1) -> Break | None:
    """Return the first audit record that is not what was written, or comes after one that is missing.

    Args:
        entries: the records, by number.
        before: the hash of the record before the first.
        seq: the number that the first record must have.
    """
    for wanted, entry in enumerate(entries, seq):
        if entry.seq != wanted:
            return Break(wanted, f"record {wanted} is missing: after it comes {entry.seq}")
        if link(before, canonical(entry.seq, entry.wall_ms, entry.kind, entry.body)) != entry.hash:
            return Break(wanted, f"record {wanted} is not what was written, or the one before it is not")
        before = entry.hash
    return None


def first_broken_reading(before: bytes, seq: int, rows: Iterable[Row]) -> Break | None:
    """Return the first reading that is not what was stored, or comes after one that is missing.

    Args:
        before: the hash of the row before the first.
        seq: the number that the first row must have.
        rows: the readings, by number.
    """
    for wanted, (*row, found) in enumerate(rows, seq):
        if row[0] != wanted:
            return Break(wanted, f"reading {wanted} is missing: after it comes {row[0]!r}")
        try:
            before = link(before, _pack(*row))
        except struct.error:
            return Break(wanted, f"reading {wanted} has a figure that no pump can send")
        if before != found:
            return Break(wanted, f"reading {wanted} is not what was stored, or the one before it is not")
    return None
