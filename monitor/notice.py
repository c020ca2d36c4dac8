"""What a person is told of the faults that a bench injects: how many, and which.

A pump under injected faults lies on purpose. That is said beside every reading, so that nobody looks for the fault in the
pump, or in a host. docs/decisions/0042-injected-faults-on-the-wire.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.messages import MOST_COUNTED

if TYPE_CHECKING:
    from protocol.messages import Bench, Status


def injected(status: Status) -> str:
    """Say how many faults are injected: "2 faults injected"; empty where none is."""
    count = status.bench_faults
    if not count:
        return ""
    at_least = "at least " if count == MOST_COUNTED else ""
    return f"{at_least}{count} fault{'' if count == 1 else 's'} injected"


def fault_names(status: Status, bench: Bench | None) -> str:
    """Return which, as the bench words it; empty where it has not told them of as many as the reading counts."""
    return bench.names if bench is not None and bench.faults == status.bench_faults else ""


def notice(status: Status, bench: Bench | None) -> str:
    """Say how many and which: "2 faults injected: lose-reply on Commit x1; delay 300 ms"; empty where none is."""
    return ": ".join(part for part in (injected(status), fault_names(status, bench)) if part)
