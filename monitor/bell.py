"""When a terminal's bell rings for an alarm: bursts of pulses by priority, and how often they come again. Pure.

The patterns are those that IEC 60601-1-8 gives to its priorities, as far as a bell can follow: ten pulses in two groups of
3 and 2 for high, three for medium, one for low; a burst again within 15 s for high, within 30 s for medium, and low not at
all. How long and how loud a pulse is is the terminal's affair, so this is no alarm signal in the standard's sense.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from protocol.alarms import Priority

_NS_PER_MS: Final = 1_000_000


class Calls(NamedTuple):
    """How a dashboard calls for somebody.

    Attributes:
        bell: whether the terminal's bell rings.
        blink: whether alarms flash.
        notify: how the desktop is told, a name of `monitor.ui.attention.FORMS`.
    """

    bell: bool = True
    blink: bool = True
    notify: str = "off"


@dataclass(frozen=True, slots=True)
class Burst:
    """One burst.

    Attributes:
        pulses_ms: when each pulse begins, ms from the first.
        again_ms: from the first pulse of a burst to the first of the next; 0 where there is none.
    """

    pulses_ms: tuple[int, ...]
    again_ms: int


BURSTS: Final = {
    # Between two pulses 200 ms, between the groups 300 ms, and 600 ms in the middle.
    Priority.HIGH: Burst((0, 200, 400, 700, 900, 1_500, 1_700, 1_900, 2_200, 2_400), 10_000),
    Priority.MEDIUM: Burst((0, 400, 800), 20_000),
    Priority.LOW: Burst((0,), 0),
}


def due(priority: Priority, began_ns: int, now_ns: int) -> int:
    """Return how many pulses are due by now, the first included, since an alarm began to sound."""
    burst, elapsed_ms = BURSTS[priority], (now_ns - began_ns) // _NS_PER_MS
    if elapsed_ms < 0:
        return 0
    bursts, into_ms = divmod(elapsed_ms, burst.again_ms) if burst.again_ms else (0, elapsed_ms)
    return bursts * len(burst.pulses_ms) + sum(at <= into_ms for at in burst.pulses_ms)


def next_ns(priority: Priority, began_ns: int, now_ns: int) -> int | None:
    """Return when the next pulse is due; None where no more comes."""
    burst = BURSTS[priority]
    bursts, place = divmod(due(priority, began_ns, now_ns), len(burst.pulses_ms))
    if bursts and not burst.again_ms:
        return None
    return began_ns + (bursts * burst.again_ms + burst.pulses_ms[place]) * _NS_PER_MS
