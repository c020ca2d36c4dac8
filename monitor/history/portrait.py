"""What the history is told of a pump beside its readings: who it is, and what its bench does to it.

A report that is drawn from the file alone wants the limits of the reservoir, and has to say where faults were injected. Both
are records of the audit trail (`Recorder.learn`), one a change.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.notice import fault_names

if TYPE_CHECKING:
    from protocol.messages import Bench, Identity, Status

IDENTIFIED, BENCH = "identified", "bench"
NO_FAULTS: dict[str, object] = {"faults": 0, "names": ""}
_STRIKES = re.compile(r" x\d+(?=;|$)")  # how often a fault has struck: a record a strike would be too many


def identified(identity: Identity, status: Status) -> dict[str, object]:
    """Return who a pump is, and the size of its reservoir, nL."""
    return {
        "model": identity.model,
        "firmware": identity.firmware,
        "capacity_nl": status.capacity_nl,
        "low_reservoir_nl": status.low_reservoir_nl,
        "residual_nl": status.residual_nl,
    }


def injected(status: Status, bench: Bench | None) -> dict[str, object]:
    """Return how many faults are injected into it, and their names as far as its bench has told them."""
    return {"faults": status.bench_faults, "names": _STRIKES.sub("", fault_names(status, bench))}


def is_news(before: dict[str, object], now: dict[str, object]) -> bool:
    """Tell whether a record of how it is now says more than the one before: as many faults without their names do not."""
    nameless = bool(now.get("faults")) and not now.get("names")
    return now != before and not (nameless and now.get("faults") == before.get("faults"))
