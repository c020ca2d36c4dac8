"""What a pump tells its hosts of the bench that it stands on: that faults are injected, and how fast its time goes.

A host must never take a fault that somebody injects for one of the pump's: docs/decisions/0042-injected-faults-on-the-wire.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.messages import MOST_COUNTED, MOST_SPEED, NAMED, Bench

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.pace import Pace

    # How many faults are injected now, and their names for a person; asked at every poll.
    Notice = Callable[[], tuple[int, str]]

_NONE = (0, "")
_CUT = "..."  # at the end of names that are too many


def no_faults() -> tuple[int, str]:
    """Return the notice of a pump into which nobody injects anything."""
    return _NONE


def bench_of(notice: Notice, pace: Pace) -> Bench:
    """Return all that is told of the bench; what the wire can't carry in a name becomes a question mark."""
    count, names = notice()
    named = names.replace("\N{MULTIPLICATION SIGN}", "x")
    plain = "".join(char if " " <= char <= "~" else "?" for char in named)
    if len(plain) > NAMED:
        plain = plain[: NAMED - len(_CUT)] + _CUT
    return Bench(min(pace.speed, MOST_SPEED), min(count, MOST_COUNTED), plain)
