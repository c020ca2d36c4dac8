"""One thing that happened to a pump on the bench, as its journal keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

HEARD, SAID = "in", "out"
CAME, WENT = "connected", "disconnected"  # of a host


class Entry(NamedTuple):
    """One thing that happened.

    Attributes:
        number: 1 for the first; numbers go on when the oldest entries are given up.
        wall_ns: monotonic wall time.
        pump_time_us: pump time.
        what: "in" and "out" for bytes from and to a host, or the name of an event.
        peer: which host; "" where it is none's.
        data: the bytes.
        fields: what else there is to say, as JSON values.
    """

    number: int
    wall_ns: int
    pump_time_us: int
    what: str
    peer: str = ""
    data: bytes = b""
    fields: Mapping[str, Any] = {}
