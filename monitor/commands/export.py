"""`pump-monitor export`: what was read of the pumps, for a spreadsheet or a program."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import click

from monitor.commands.options import Place, history_option, instant_ms, keys_option
from monitor.history.reading import EXPORTED, exported, links, log, pumps
from monitor.history.schema import opened_to_read
from monitor.report import event_fields

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from monitor.commands.options import Keys

_MS_A_S = 1_000
_READ = ("time", "serial_number", *EXPORTED)
_LOGGED = ("time", "serial_number", "number", "pump_time_us", "clock_s", "kind", "detail", "a", "b", "text")
_LINKED = ("time", "serial_number", "wall_ms", "link", "why")
_Line = tuple[str | int, ...]


@click.command()
@keys_option
@history_option
@click.option(
    "--from", "from_ms", metavar="TIME", callback=instant_ms, help="From this instant on, local time."
)
@click.option(
    "--to", "to_ms", metavar="TIME", callback=instant_ms, help="Until this instant, itself no more."
)
@click.option(
    "--format",
    "as_what",
    type=click.Choice(["csv", "jsonl"]),
    default="csv",
    show_default=True,
    help="Of the lines.",
)
@click.option(
    "--log", "of_log", is_flag=True, help="The pumps' event logs instead; FROM and TO by each pump's clock."
)
@click.option(
    "--links", "of_links", is_flag=True, help="When there was a link, and why there was none, instead."
)
def export(
    keys: Keys,
    history: Place,
    from_ms: int | None,
    to_ms: int | None,
    as_what: str,
    *,
    of_log: bool,
    of_links: bool,
) -> None:
    """Print what was read, a line a reading, pump by pump, oldest first.

    What is older than a week is kept as minutes, what is older than a year as hours: span_s is how many seconds a line
    stands for, 0 for a single reading, and readings how many it sums up. measured_rate_nl_h is their mean.

    \b
    pump-monitor export --from 2026-11-29 > today.csv
    pump-monitor export --from "2026-11-29 08:00" --to "2026-11-29 12:00" --format jsonl
    pump-monitor export --log > log.csv
    pump-monitor export --links > links.csv
    """  # noqa: D301 - click wants the character, it keeps the line
    if of_log and of_links:
        raise click.UsageError("--log and --links are two files: ask for one after the other")
    columns, lines = _WHAT["log" if of_log else "links" if of_links else "readings"]
    write = _csv(columns) if as_what == "csv" else partial(_json, columns)
    with opened_to_read(history.found(bench=keys.bench)) as connection:
        for number, pump in pumps(connection).items():
            for line in lines(connection, number, from_ms, to_ms):
                write((line[0], pump.serial_number, *line[1:]))


def _reading_lines(
    connection: sqlite3.Connection, pump: int, from_ms: int | None, to_ms: int | None
) -> Iterator[_Line]:
    for row in exported(connection, pump, from_ms, to_ms):
        yield (_time(row[0]), *row)


def _log_lines(
    connection: sqlite3.Connection, pump: int, from_ms: int | None, to_ms: int | None
) -> Iterator[_Line]:
    for event in log(connection, pump):
        at_ms = event.clock_s * _MS_A_S
        if (from_ms is None or at_ms >= from_ms) and (to_ms is None or at_ms < to_ms):
            yield (_time(at_ms), *event_fields(event).values())


def _link_lines(
    connection: sqlite3.Connection, pump: int, from_ms: int | None, to_ms: int | None
) -> Iterator[_Line]:
    for wall_ms, why in links(connection, pump, from_ms, to_ms):
        yield (_time(wall_ms), wall_ms, "none" if why else "live", why)


def _time(at_ms: int) -> str:
    """Return an instant in UTC; empty beyond the calendar, where a pump's clock may stand."""
    try:
        instant = datetime.fromtimestamp(at_ms / _MS_A_S, UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _csv(columns: tuple[str, ...]) -> Callable[[_Line], object]:
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(columns)
    return lines.writerow


def _json(columns: tuple[str, ...], line: _Line) -> None:
    click.echo(json.dumps(dict(zip(columns, line, strict=True))))


_Lines = Callable[["sqlite3.Connection", int, int | None, int | None], "Iterator[_Line]"]
# What can be exported: its columns, and the lines of a pump from one instant to another.
_WHAT: dict[str, tuple[tuple[str, ...], _Lines]] = {
    "readings": (_READ, _reading_lines),
    "log": (_LOGGED, _log_lines),
    "links": (_LINKED, _link_lines),
}
