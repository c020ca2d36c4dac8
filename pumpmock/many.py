"""Many pumps in one process: who each of them is, where it can be reached, and the descriptors they take together."""

from __future__ import annotations

import resource
from dataclasses import replace
from typing import TYPE_CHECKING

from protocol.keys import check_serial_number
from pumpmock.options import NO_CONTROL
from pumpmock.ports.base import PortError
from pumpmock.ports.tcp import HIGHEST_PORT

if TYPE_CHECKING:
    from pathlib import Path

    from pumpmock.options import Options

MOST_PUMPS = 4_000  # Linux has 4,096 pseudo-terminals unless it is told otherwise
MOST_SEED = 2**32
_DESCRIPTORS_A_PUMP = (
    7  # both ends of a pseudo-terminal and its lock, the control socket and its, a state file's, a journal
)
_DESCRIPTORS_BESIDE = 200  # what else a process has open, with some hosts on TCP


def each_of(options: Options, folder: Path) -> list[Options]:
    """Return what each pump is asked for: the next serial number, place of everything, and seed a pump.

    Args:
        options: what was asked for of the first.
        folder: of the links where none was named.

    Raises:
        ValueError: where the serial numbers or the TCP ports do not suffice.
    """
    if options.pumps == 1:
        return [options]
    return [_numbered(options, folder, number) for number in range(options.pumps)]


def _numbered(options: Options, folder: Path, number: int) -> Options:
    serial_number = _serial_number(options.serial_number, number)
    state, journal, link, control = options.state, options.journal, options.link, options.control
    return replace(
        options,
        serial_number=serial_number,
        link=folder / f"pump{number}" if link is None else link.with_name(f"{link.name}{number}"),
        tcp=_address(options.tcp, number),
        rfc2217=_address(options.rfc2217, number),
        state=None if state is None else _file_of(serial_number, state),
        control=control if control in {None, NO_CONTROL} else control.with_name(f"{control.name}{number}"),
        journal=None if journal is None else _file_of(serial_number, journal),
        seed=(options.seed + number) % MOST_SEED,
    )


def _file_of(serial_number: str, file: Path) -> Path:
    return file.with_name(f"{file.stem}-{serial_number}{file.suffix}")


def _serial_number(first: str, number: int) -> str:
    head = first.rstrip("0123456789")
    digits = first[len(head) :]
    counted = str(int(digits or 0) + number).zfill(len(digits))
    try:
        return check_serial_number(head + counted)
    except ValueError as error:
        raise ValueError(
            f"{first} can't be counted up that far: take one that ends in digits enough, as PM-00001"
        ) from error


def _address(first_of_all: tuple[str, int] | None, number: int) -> tuple[str, int] | None:
    if first_of_all is None:
        return None
    host, first = first_of_all
    if first and first + number > HIGHEST_PORT:
        raise ValueError(
            f"there are no {number + 1} ports from {first} on: take an earlier one, or 0 for any that are free"
        )
    return host, first + number if first else 0


def room_for(pumps: int, listening: int = 0) -> None:
    """Let this process have as many descriptors as so many pumps want, each of which listens on so many TCP ports.

    Raises:
        PortError: where the system allows it fewer.
    """
    wanted = pumps * (_DESCRIPTORS_A_PUMP + listening) + _DESCRIPTORS_BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise PortError(
            f"{pumps} pumps want {wanted} open files and this system allows {hard}: serve fewer, or raise ulimit -n"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
