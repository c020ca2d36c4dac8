"""What a live pump can be asked to be: the words of `pumpmock serve`, as keywords. A slip is refused with what was meant."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from protocol.drugs import check_name
from protocol.keys import check_serial_number
from protocol.strict_toml import FileError, meant, shown
from protocol.units import (
    parse_concentration,
    parse_deviation,
    parse_percent,
    parse_rate,
    parse_volume,
)
from protocol.vocabulary import Role
from pumpmock.commands.link_options import MOST_CHUNK, parse_baud, parse_jitter, parse_latency
from pumpmock.drug_file import library_named
from pumpmock.limits_file import limits_named
from pumpmock.many import MOST_SEED
from pumpmock.medium import NO_JITTER, Medium
from pumpmock.options import Options, refused
from pumpmock.pace import REAL_SPEED, parse_speed
from pumpmock.profile_file import USUAL, find_profile, shipped
from pumpmock.testing.transports import TRANSPORTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEFAULT_SEED = 1
_DRAWN = "drawn"  # from the seed
DEFAULT_TRANSPORT = "pty" if os.name == "posix" else "tcp"


class OptionError(ValueError):
    """A pump can't be as it was asked for; the message says what to write."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for.

    Attributes:
        pump: what the pump starts with.
        serial_number: who it shall be; None for the next that is free.
        transport: the name of one of `TRANSPORTS`.
        role: of the key that is made for its hosts.
        journal: the file that its journal is written to; None for none.
        strict: whether a violation of the protocol by a host is an error.
    """

    pump: Options
    serial_number: str | None
    transport: str
    role: Role
    journal: Path | None
    strict: bool


class _Entry(NamedTuple):
    """How an option is read, from text unless said otherwise, and what it looks like."""

    parse: Callable[[Any], Any]
    example: str
    kinds: tuple[type, ...] = (str,)


def _transport(text: str) -> str:
    if text not in TRANSPORTS:
        raise ValueError(f"{shown(text)} is no transport; {meant(text, TRANSPORTS)}")
    return text


def _role(text: str) -> Role:
    roles = {role.name.lower(): role for role in Role}
    if text not in roles:
        raise ValueError(f"{shown(text)} is no role of a key; {meant(text, roles)}")
    return roles[text]


def _rate_error(text: str) -> int | None:
    return None if text == _DRAWN else parse_deviation(text)


def _chunk(value: int) -> int:
    if not 0 < value <= MOST_CHUNK:
        raise ValueError(f"bytes arrive 1 to {MOST_CHUNK} at a time")
    return value


def _seed(value: int) -> int:
    if not 0 <= value < MOST_SEED:
        raise ValueError(f"a seed is 0 to {MOST_SEED - 1}")
    return value


_FILE = (str, os.PathLike)
_OPTIONS: dict[str, _Entry] = {
    "transport": _Entry(_transport, 'transport="tcp"'),
    "profile": _Entry(lambda name: find_profile(os.fspath(name)), f'profile="{USUAL}"', _FILE),
    "reservoir": _Entry(parse_volume, 'reservoir="18 mL"'),
    "low_reservoir": _Entry(parse_volume, 'low_reservoir="2 mL"'),
    "rate": _Entry(parse_rate, 'rate="0.5 mL/day"'),
    "battery": _Entry(parse_percent, 'battery="80 %"'),
    "concentration": _Entry(parse_concentration, 'concentration="500 ug/mL"'),
    "rate_error": _Entry(_rate_error, 'rate_error="-2.4 %"'),
    "drug": _Entry(check_name, 'drug="baclofen"'),
    "drugs": _Entry(lambda name: library_named(os.fspath(name)), 'drugs="none"', _FILE),
    "limits": _Entry(lambda name: limits_named(os.fspath(name)), 'limits="none"', _FILE),
    "serial_number": _Entry(check_serial_number, 'serial_number="PM-00007"'),
    "key_role": _Entry(_role, 'key_role="viewer"'),
    "seed": _Entry(_seed, "seed=7", (int,)),
    "speed": _Entry(lambda factor: parse_speed(str(factor)), "speed=60", (str, int, float)),
    "frozen": _Entry(bool, "frozen=False", (bool,)),
    "baud": _Entry(lambda baud: parse_baud(str(baud)), "baud=9600", (int, str)),
    "latency": _Entry(parse_latency, 'latency="20 ms"'),
    "jitter": _Entry(parse_jitter, 'jitter="uniform 5 ms"'),
    "chunk": _Entry(_chunk, "chunk=1", (int,)),
    "journal": _Entry(Path, 'journal="pump.jsonl"', _FILE),
    "strict": _Entry(bool, "strict=False", (bool,)),
}


def read_options(options: Mapping[str, Any]) -> Asked:
    """Return what these options ask for; those that are left out are as `pumpmock serve` has them, but for what repeats.

    Pump time stands still, unless there is a `speed`, or `frozen` is False; the seed is `DEFAULT_SEED`, and all that is
    random comes from it; and the drive has no error, unless one is given, or "drawn" from the seed.

    Raises:
        OptionError: for an option that there is none of, or that no pump can have.
        OSError: where a file can't be read.
    """
    found = {name: _read(name, value) for name, value in options.items()}
    if found.get("frozen") and "speed" in found:
        raise OptionError("frozen and speed exclude each other: leave one out")
    profile = found.get("profile") or shipped(USUAL)
    speed = found.get("speed", 0 if found.get("frozen", True) else REAL_SPEED)
    pump = Options(
        serial_number="",
        profile=profile,
        fill_nl=found.get("reservoir", profile.fill_nl),
        low_reservoir_nl=found.get("low_reservoir", profile.settings.low_reservoir_nl),
        rate_nl_h=found.get("rate", profile.rate_nl_h),
        battery_percent=found.get("battery", 100),
        concentration_ug_ml=found.get("concentration", 500),
        rate_error_ppm=found.get("rate_error", 0),
        drugs=found.get("drugs"),
        drug=found.get("drug"),
        limits=found.get("limits"),
        speed=speed,
        seed=found.get("seed", DEFAULT_SEED),
        link=None,
        tcp=None,
        state=None,
        keys=None,
        repeatable=True,
        medium=Medium(
            found.get("baud", 0),
            found.get("latency", 0),
            found.get("jitter", NO_JITTER),
            found.get("chunk", 0),
        ),
    )
    _check(pump)
    return Asked(
        pump,
        found.get("serial_number"),
        found.get("transport", DEFAULT_TRANSPORT),
        found.get("key_role", Role.TECHNICIAN),
        found.get("journal"),
        found.get("strict", True),
    )


def _read(name: str, value: object) -> Any:  # noqa: ANN401 - of any kind
    entry = _OPTIONS.get(name)
    if entry is None:
        raise OptionError(f"{shown(name)} is not an option of a pump; {meant(name, _OPTIONS)}")
    # True is an int to Python, and a seed of True is a slip.
    if not isinstance(value, entry.kinds) or (isinstance(value, bool) and bool not in entry.kinds):
        raise OptionError(f"{name}={value!r} is not what a pump can be asked for: write {entry.example}, say")
    try:
        return entry.parse(value)
    except FileError as error:  # it names the file
        raise OptionError(str(error)) from error
    except ValueError as error:
        raise OptionError(f"{name}: {error}") from error


def _check(pump: Options) -> None:
    found = refused(pump)
    if found is not None:
        raise OptionError("{}: {}".format(*found))
