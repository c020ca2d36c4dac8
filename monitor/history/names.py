"""A change is named after the record: its command id follows from the chain before it and from how it was meant. Pure.

The pump keeps the id of each change that it applied, for ever, and tells whoever asks by that id. So a trail that was
computed anew has names that the pump does not know. docs/decisions/0056-anchors.md
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from monitor.history.chain import GENESIS, Break, Entry, body_of, canonical, entry_after
from protocol.intent import COMMAND_ID_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable

INTENDED = "intended"
_DOMAIN = b"pump-monitor names a change\0"
_NAMED = "command"


def name_of(before: bytes, seq: int, wall_ms: int, facts: dict[str, object]) -> bytes:
    """Return the command id of a change: 8 bytes that follow from all that stands on record before it, and from it.

    Args:
        before: the hash of the record before the one that tells how the change was meant.
        seq: the number of that record.
        wall_ms: when it is written, this host's calendar clock, ms.
        facts: what it tells, a nonce of 16 random bytes among it; a name that is in it already does not count.
    """
    unnamed = {name: fact for name, fact in facts.items() if name != _NAMED}
    data = canonical(seq, wall_ms, INTENDED, body_of(unnamed))
    return hashlib.sha256(_DOMAIN + before + data).digest()[:COMMAND_ID_SIZE]


def named_after(before: bytes, seq: int, wall_ms: int, facts: dict[str, object]) -> tuple[Entry, bytes]:
    """Return the record of how a change is meant, chained to the hash `before`, and the change's command id."""
    name = name_of(before, seq, wall_ms, facts)
    return entry_after(before, seq, wall_ms, INTENDED, facts | {_NAMED: name.hex()}), name


def first_misnamed(entries: Iterable[Entry]) -> Break | None:
    """Return the first change whose name does not follow from what stands before it, in a trail that holds.

    Raises:
        ValueError: a record is none that this program writes, though its hash holds.
    """
    before = GENESIS
    for entry in entries:
        if entry.kind == INTENDED:
            try:
                found, nonce = entry.facts[_NAMED], entry.facts.get("nonce")
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                raise ValueError(f"record {entry.seq} is none that pump-monitor writes") from error
            if nonce is None:
                said = (
                    "says nothing of what stands before it: it is of an earlier pump-monitor, or was altered"
                )
                return Break(entry.seq, f"record {entry.seq}: the name of its change {said}")
            if name_of(before, entry.seq, entry.wall_ms, entry.facts).hex() != found:
                said = "the name of its change does not follow from what stands before it: the trail was rewritten"
                return Break(entry.seq, f"record {entry.seq}: {said}")
        before = entry.hash
    return None
