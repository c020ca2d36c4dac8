"""`pump-monitor check`: pumps as a check of a monitoring system, by that world's exit codes and not by this program's."""

from __future__ import annotations

import json
import sys
import threading
import time
import traceback
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from monitor.commands.fleet_bench import fleet_of, members_of, ring_of
from monitor.commands.options import baud_option, json_option, keys_option, seconds_ms
from monitor.errors import MonitorError
from monitor.fleet.bench_file import days_s
from monitor.fleet.check import Code, fields, finding, line, one_line, worst
from monitor.fleet.loop import without_a_reading
from monitor.fleet.rows import BY_URGENCY, Judge, ordered
from monitor.ports import default_url
from protocol.units import parse_percent, parse_volume

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.commands.options import Keys
    from monitor.fleet.bench_file import Member
    from monitor.fleet.loop import Fleet

_PERIOD_MS: Final = 1_000  # the first polls are spread over it
_START_AND_END_S: Final = 0.5  # of the time-out, for imports and for giving the ports back
_MS_A_S: Final = 1_000


class _Plugin(click.Command):
    """A command whose every end is one line on standard output and one of the four codes: a wrong call is UNKNOWN."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:  # noqa: ANN401 - click's signature
        """Read the arguments."""
        try:
            return super().make_context(*args, **extra)
        except click.UsageError as error:
            raise _unknown(error.format_message()) from error

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run the check."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise _unknown(error.format_message()) from error
        except MonitorError as error:
            raise _unknown(str(error)) from error
        except KeyboardInterrupt as error:
            raise _unknown("interrupted") from error
        except Exception as error:  # a bug of ours ends a program with 1, which is another verdict there
            traceback.print_exc()
            raise _unknown(f"the check itself failed: {error!r}") from error


def _unknown(said: str) -> SystemExit:
    click.echo(one_line(Code.UNKNOWN, said))
    return SystemExit(Code.UNKNOWN)


def _quantity(parse: Callable[[str], int]) -> Callable[..., int | None]:
    def read(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
        try:
            return None if value is None else parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, param) from error

    return read


@click.command(cls=_Plugin)
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option(
    "--bench",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Bench file: name, place, port, key and limits of each pump.",
)
@click.option(
    "--timeout",
    "timeout_ms",
    default="10",
    show_default=True,
    metavar="SECONDS",
    callback=seconds_ms,
    help="The longest that it may take; who has not answered by then has no link.",
)
@click.option(
    "--low",
    "low_nl",
    metavar="VOLUME",
    callback=_quantity(parse_volume),
    help='WARNING from here on: "3 mL".',
)
@click.option(
    "--soon",
    "soon_s",
    metavar="TIME",
    callback=_quantity(days_s),
    help='WARNING if it is low within: "14 days".  [default: 7 days]',
)
@click.option(
    "--battery",
    "percent",
    metavar="CHARGE",
    callback=_quantity(parse_percent),
    help='WARNING from here on: "20 %".',
)
@json_option
@baud_option
@keys_option
def check(  # noqa: PLR0913 - each an option
    urls: tuple[str, ...],
    bench: Path | None,
    timeout_ms: int,
    low_nl: int | None,
    soon_s: int | None,
    percent: int | None,
    baud: int,
    keys: Keys,
    *,
    as_json: bool,
) -> None:
    """Print one line for a monitoring system, and end with its code.

    \b
    Exit codes, other than everywhere else in this program:
      0 OK        nothing is the matter
      1 WARNING   an alarm of low or medium priority, or low within a week
      2 CRITICAL  an alarm of high priority, or no link to a pump
      3 UNKNOWN   nothing can be told: no key, the port is in use here, a wrong call

    What a pump's limits, this monitor or a bench file call low is a WARNING; --low, --soon and --battery add to that and
    hide nothing. An alarm that was acknowledged is still one. Several pumps make one line, and the worst of them its code.
    After the bar stand performance data. Nothing is stored, nothing is changed; a port that only one program can open is
    busy for as long as it takes.

    \b
    Examples:
      pump-monitor check socket://127.0.0.1:7070
      pump-monitor check /dev/ttyUSB0 --low "3 mL" --timeout 5
      pump-monitor check --bench examples/bench.toml
    """  # noqa: D301 - click wants the character, it keeps the lines
    began_ns = time.monotonic_ns()
    members = members_of(urls if urls or bench is not None else (default_url(),), bench, baud)
    wished = {"low_nl": low_nl, "soon_s": soon_s, "battery_percent": percent}
    members = tuple(
        _with(member, {name: one for name, one in wished.items() if one is not None}) for member in members
    )
    folder = Path() if bench is None else bench.parent
    unable = _without_a_key(members, keys, folder)
    watched = fleet_of(members, keys, folder, _PERIOD_MS)
    _read(watched, timeout_ms / _MS_A_S - (time.monotonic_ns() - began_ns) / 1e9)
    now_ns = time.monotonic_ns()
    rows = ordered(Judge(watched.members).rows(watched.snapshots, now_ns), BY_URGENCY)
    found = [finding(row, f"{timeout_ms / _MS_A_S:g}", unable) for row in rows]
    click.echo(json.dumps(fields(rows, found, now_ns)) if as_json else line(rows, found, now_ns))
    sys.exit(worst(found))


def _with(member: Member, wished: dict[str, int]) -> Member:
    """Add limits to those of the bench file; the stricter one holds."""
    usual = member.limits
    return replace(
        member,
        limits=replace(usual, **{name: max(one, getattr(usual, name)) for name, one in wished.items()}),
    )


def _without_a_key(members: tuple[Member, ...], keys: Keys, folder: Path) -> dict[int, str]:
    """Return, by their numbers, the pumps that can't be asked for want of a key, and what is missing."""
    found = {}
    usual = cache(keys.ring)
    for number, member in enumerate(members):
        ring = ring_of(member.key, folder, usual)
        if not ring.rounds(member.serial_number):
            found[number] = ring.what_is_missing(member.serial_number)
    return found


def _read(watched: Fleet, within_s: float) -> None:
    """Wait until every pump has been read or lost, and no longer than that."""
    complete = threading.Event()
    watched.subscribe(lambda snapshots: None if without_a_reading(snapshots) else complete.set())
    watched.start()
    try:
        complete.wait(max(0.0, within_s - _START_AND_END_S))
    finally:
        watched.stop(within_s=_START_AND_END_S)
