"""What becomes of a snapshot when a pump is met, read or lost: the rules that every read loop keeps. Pure functions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from monitor.judgement import Level, is_discrepant, low_reservoir
from monitor.snapshot import NS_PER_MS, Link

if TYPE_CHECKING:
    from monitor.snapshot import Reading, Snapshot
    from protocol.messages import Identity
    from protocol.vocabulary import Role

# From one attempt to connect to the next; the last one from then on. A port that comes back is found within seconds,
# one that does not costs next to nothing. Assumptions of this tool.
BACK_OFF_MS = (500, 1_000, 2_000, 5_000)
ENDED = "the monitor ended"  # why there is no link from then on


def met(before: Snapshot, identity: Identity, role: Role, **more: Any) -> Snapshot:  # noqa: ANN401 - a snapshot's fields
    """Return what is known once a pump has said who it is."""
    known = before.identity is not None and before.identity.store_id == identity.store_id
    # Another pump, or another memory: what was read before is not its past.
    past: dict[str, Any] = (
        {}
        if known
        else {
            "reading": None,
            "events": (),
            "log_to": 0,
            "faults": (),
            "bench": None,
            "level": Level.ENOUGH,
            "discrepant": False,
        }
    )
    return replace(before, identity=identity, role=role, **{**past, **more})


def read(
    before: Snapshot,
    reading: Reading,
    *,
    reply_us: int,
    bad: int,
    **more: Any,  # noqa: ANN401 - as above
) -> Snapshot:
    """Return what is known with a new reading; `bad` counts the damaged frames of this connection."""
    return replace(
        before,
        link=Link.LIVE,
        link_since_ns=before.link_since_ns if before.link is Link.LIVE else reading.asked_ns,
        problem="",
        reading=reading,
        level=low_reservoir(reading.status, Level(before.level)).level,
        discrepant=is_discrepant(reading.status, before=before.discrepant),
        bench=before.bench if reading.status.bench_faults else None,
        good=before.good + 1,
        bad=bad,
        reply_us=reply_us,
        tries=0,
        retry_ns=0,
        **more,
    )


def lost(before: Snapshot, why: str, now_ns: int, **more: Any) -> Snapshot:  # noqa: ANN401 - as above
    """Return what is known without a link: everything that was, why there is none, and when it is tried again."""
    wait_ms = BACK_OFF_MS[min(before.tries, len(BACK_OFF_MS) - 1)]
    return replace(
        before,
        link=Link.LOST,
        link_since_ns=before.link_since_ns if before.link is Link.LOST else now_ns,
        problem=why,
        lost=before.lost + (before.link is Link.LIVE),
        tries=before.tries + 1,
        retry_ns=now_ns + wait_ms * NS_PER_MS,
        **more,
    )
