"""The options of `pumpmock serve` that say what the link is like, and what is to go wrong from the start on."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

from protocol.strict_toml import meant, shown
from protocol.units import parse_wall
from pumpmock.commands.parameters import Parsed
from pumpmock.faults.kinds import FASTEST_BAUD, JITTERS, LONGEST_MS
from pumpmock.faults.text import EXAMPLE, parse_fault_line
from pumpmock.medium import AS_SET, NO_JITTER, Jitter, Medium

if TYPE_CHECKING:
    from collections.abc import Callable

AS_SET_WORD = "as-set"
_LEAST_BAUD = 50
MOST_CHUNK = 4_096


def parse_baud(text: str) -> int:
    """Read a baud rate in bits a second; of "as-set", what stands for the one that the host sets.

    Raises:
        ValueError: with a sentence.
    """
    if text == AS_SET_WORD:
        return AS_SET
    if not (text.isascii() and text.isdecimal()) or not _LEAST_BAUD <= int(text[:9]) <= FASTEST_BAUD:
        raise ValueError(
            f"{shown(text)} is no baud rate: write 9600, say, or {AS_SET_WORD} for what the host sets"
        )
    return int(text)


def parse_latency(text: str) -> int:
    """Read by how much bytes come later, such as "20 ms", in milliseconds of wall time.

    Raises:
        ValueError: with a sentence.
    """
    latency_ms = parse_wall(text)
    if latency_ms > LONGEST_MS:
        raise ValueError(f"{shown(text)} is more than an hour")
    return latency_ms


def parse_jitter(text: str) -> Jitter:
    """Read a distribution and its spread, such as "uniform 5 ms".

    Raises:
        ValueError: with a sentence.
    """
    name, _, spread = text.partition(" ")
    if name not in JITTERS[1:] or not spread:
        said = meant(name, JITTERS[1:]) if name not in JITTERS[1:] else "its spread is missing"
        raise ValueError(f'{shown(text)} is no jitter: write "uniform 5 ms", say; {said}')
    return Jitter(name, parse_latency(spread))


BAUD = Parsed(f"baud|{AS_SET_WORD}", parse_baud)
LATENCY = Parsed("span", parse_latency)
JITTER = Parsed("name span", parse_jitter)
FAULT = Parsed("fault", parse_fault_line)

_OPTIONS = (
    click.option(
        "--baud",
        type=BAUD,
        help=f"Let bytes come and go no faster than a serial line of so many bits a second; {AS_SET_WORD}: as the host sets "
        "its port, where that can be known.  [default: as fast as can be]",
    ),
    click.option(
        "--latency", type=LATENCY, help="Let bytes come so much later, either way.  [default: 0 ms]"
    ),
    click.option(
        "--jitter",
        type=JITTER,
        help='And by a time more that is drawn anew each time: "uniform 5 ms", "normal 5 ms" or "lognormal 5 ms".',
    ),
    click.option(
        "--chunk",
        type=click.IntRange(1, MOST_CHUNK),
        help="Let bytes arrive so many at a time.",
    ),
    click.option(
        "--fault",
        "faults",
        type=FAULT,
        multiple=True,
        help=f'Let something go wrong: "{EXAMPLE}"; can be given more than once. pumpmock faults lists what there is.',
    ),
)


def link_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command these options, and pass it `medium` and `faults`."""

    @functools.wraps(command)
    def run(
        *,
        baud: int | None,
        latency: int | None,
        jitter: Jitter | None,
        chunk: int | None,
        **rest: Any,  # noqa: ANN401 - the command's other options
    ) -> None:
        command(medium=Medium(baud or 0, latency or 0, jitter or NO_JITTER, chunk or 0), **rest)

    decorated: Callable[..., None] = run
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated
