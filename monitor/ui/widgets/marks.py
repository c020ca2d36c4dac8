"""How a priority looks: a mark, a word of capitals or bangs, and a colour. Each carries the meaning without the others."""

from __future__ import annotations

from typing import Final

from monitor import marks
from protocol.alarms import Priority

MARK: Final = marks.MARK
GONE: Final = "○"  # of an alarm that has gone, whatever its priority was
BANGS: Final = {Priority.HIGH: "!!!", Priority.MEDIUM: " !!", Priority.LOW: "  !"}
TEXT: Final = {Priority.HIGH: "$high", Priority.MEDIUM: "$medium", Priority.LOW: "$low"}
FILL: Final = {
    Priority.HIGH: "$high-on on $high-fill",
    Priority.MEDIUM: "$medium-on on $medium-fill",
    Priority.LOW: "$low-on on $low-fill",
}

# Which alarms mark which figure.
FLOW: Final = ("outcome_unknown", "stopped")
RESERVOIR: Final = ("low_reservoir", "empty_reservoir", "low_by_volume", "refill_soon", "discrepancy")
BATTERY: Final = ("eri", "eos")
LINK: Final = ("no_link",)


def figure(priority: Priority | None, *, live: bool) -> str:
    """Return the style of a figure: dim when it is stale, coloured when an alarm is about it."""
    if not live:
        return "$dim"
    return "$value" if priority is None else TEXT[priority]
