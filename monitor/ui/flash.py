"""How an alarm that nobody has acknowledged flashes: which priorities are in the dark half of their period now.

The rates are those of IEC 60601-1-8: high 1.4 to 2.8 Hz, medium 0.4 to 0.8 Hz, lit for 20 to 60 % of the time; low is
steady. The app's timer does it: what a terminal makes of its own blinking text is anybody's guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from protocol.alarms import Priority

if TYPE_CHECKING:
    from collections.abc import Collection

# Half of each period is lit: 2 Hz and 0.5 Hz.
HALF_NS: Final = {Priority.HIGH: 250_000_000, Priority.MEDIUM: 1_000_000_000}


def dark(since_ns: int, now_ns: int) -> frozenset[Priority]:
    """Return the priorities that are not lit now; all began lit at `since_ns`."""
    return frozenset(one for one, half_ns in HALF_NS.items() if (now_ns - since_ns) // half_ns % 2)


def next_edge_ns(flashing: Collection[Priority], since_ns: int, now_ns: int) -> int | None:
    """Return when the first of these changes between lit and dark; None where none of them flashes."""
    halves = [HALF_NS[one] for one in flashing if one in HALF_NS]
    return min((now_ns + half - (now_ns - since_ns) % half for half in halves), default=None)
