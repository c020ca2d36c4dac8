"""The bench file: which pumps are watched, where each stands, on which port, by which key, and from where on it is low.

format = 1

[limits]                     # of every pump that says nothing else
low = "3 mL"
soon = "14 days"

[pumps.window-left]
url = "/dev/serial/by-id/usb-FTDI_A1-if00-port0"
place = "rack 1"
serial_number = "PM-00001"
limits.low = "5 mL"
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from protocol.keys import check_serial_number
from protocol.places import BAUD, LEAST_BAUD, MOST_BAUD
from protocol.strict_toml import FileError, Table, content_of, shown, text_of
from protocol.units import parse_age, parse_percent, parse_volume

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BENCH = "bench"  # in place of a key file: the published bench key
MOST_BYTES = 1_000_000  # a thousand pumps take 150 kB
_RATE = re.compile("[1-9][0-9]{0,7}")
_FORMAT = 1
_S_PER_HOUR = 3_600
_LONGEST_NAME = 24
_AT_THE_TOP = ("format", "limits", "pumps")
_OF_A_PUMP = ("url", "place", "serial_number", "key", "baud", "limits")


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a pump needs a hand by this bench, beside what the pump and the monitor say by themselves.

    Attributes:
        low_nl: at this volume or less its reservoir is low; 0 for the pump's own limit alone.
        soon_s: low within this time is said early; 0 for the monitor's own seven days alone.
        battery_percent: at this charge or less its battery is low; 0 for the pump's own alarm alone.
    """

    low_nl: int = 0
    soon_s: int = 0
    battery_percent: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """One pump of the fleet.

    Attributes:
        url: its port, as pyserial names it.
        name: what it is called here; empty for its serial number.
        place: where it stands; empty where nobody said.
        serial_number: the pump it must be; None for whichever answers.
        key: the key file, or "bench"; None for the keys at hand.
        baud: bits a second of its line; a pseudo-terminal and a socket take any.
        limits: from where on it needs a hand.
    """

    url: str
    name: str = ""
    place: str = ""
    serial_number: str | None = None
    key: str | None = None
    baud: int = BAUD
    limits: Limits = field(default_factory=Limits)


def days_s(text: str) -> int:
    """Read "14 days" as seconds.

    Raises:
        QuantityError: with a sentence that says how to write it.
    """
    return parse_age(text) * _S_PER_HOUR


# Each limit: how it is read, and how it is written.
_LIMITS: Mapping[str, tuple[str, Callable[[str], int], str]] = {
    "low": ("low_nl", parse_volume, '"3 mL"'),
    "soon": ("soon_s", days_s, '"14 days"'),
    "battery": ("battery_percent", parse_percent, '"20 %"'),
}


def read_bench(name: str, data: bytes) -> tuple[Member, ...]:
    """Return the pumps of a bench file, in the order in which they stand there.

    Args:
        name: what to call the file.
        data: what is in it; a byte more than `MOST_BYTES` is enough of one that is too large.

    Raises:
        FileError: where the file can't be taken, with its line and what to write.
    """
    text = text_of(name, data, MOST_BYTES)
    top = Table(name, text, content_of(text, name, _FORMAT))
    top.check_keys(_AT_THE_TOP, "a part of a bench file")
    usual = _limits(top, Limits())
    members: dict[str, Member] = {}
    names: dict[str, str] = {}
    for called, table in top.table("pumps").tables():
        if not called or len(called) > _LONGEST_NAME or not called.isprintable():
            raise table.error(
                f"{shown(called)} can't name a pump: 1 to {_LONGEST_NAME} letters that can be printed"
            )
        member = _member(called, table, usual)
        if member.url in members:
            raise table.error(f"{shown(names[member.url])} has the same url: a port leads to one pump", "url")
        members[member.url], names[member.url] = member, called
    if not members:
        raise FileError(f'{name} names no pump: write [pumps.NAME] and url = "/dev/ttyUSB0" below it, say')
    return tuple(members.values())


def _member(name: str, table: Table, usual: Limits) -> Member:
    table.check_keys(_OF_A_PUMP, "known of a pump")
    return Member(
        url=table.read("url", _words, '"/dev/ttyUSB0"'),
        name=name,
        place=table.read("place", _words, '"rack 1"') if "place" in table else "",
        serial_number=table.read("serial_number", check_serial_number, '"PM-00001"')
        if "serial_number" in table
        else None,
        key=table.read("key", _words, '"PM-00001-technician.key"') if "key" in table else None,
        baud=table.read("baud", _baud, '"9600"') if "baud" in table else BAUD,
        limits=_limits(table, usual),
    )


def _limits(table: Table, usual: Limits) -> Limits:
    if "limits" not in table:
        return usual
    found = table.table("limits")
    found.check_keys(_LIMITS, "a limit of a bench")
    set_here = {
        attribute: found.read(key, parse, example)
        for key, (attribute, parse, example) in _LIMITS.items()
        if key in found
    }
    return replace(usual, **set_here)


def _baud(text: str) -> int:
    if not _RATE.fullmatch(text) or not LEAST_BAUD <= int(text) <= MOST_BAUD:
        raise ValueError(f"{shown(text)} is no rate of a line: {LEAST_BAUD} to {MOST_BAUD} bits a second")
    return int(text)


def _words(text: str) -> str:
    if not text or not text.isprintable():
        raise ValueError("this is empty, or can't be printed")
    return text
