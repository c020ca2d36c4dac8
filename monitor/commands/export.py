"""`pump-monitor export`: what was read of the pumps, for a spreadsheet or a program."""

from __future__ import annotations

import csv
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from monitor.commands.options import Place, history_option, keys_option
from monitor.history.reading import EXPORTED, exported, pumps
from monitor.history.schema import opened_to_read

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.commands.options import Keys

_MS_A_S = 1_000
_COLUMNS = ("time", "serial_number", *EXPORTED)
_Line = tuple[str | int, ...]


def _instant_ms(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    try:
        return int(datetime.fromisoformat(value).timestamp() * _MS_A_S)
    except (ValueError, OverflowError, OSError) as error:
        said = f'"{value}" is no instant: write 2026-11-29, "2026-11-29 14:30" or 2026-11-29T14:30:00Z'
        raise click.BadParameter(said, ctx, param) from error


@click.command()
@keys_option
@history_option
@click.option(
    "--from", "from_ms", metavar="TIME", callback=_instant_ms, help="From this instant on, local time."
)
@click.option(
    "--to", "to_ms", metavar="TIME", callback=_instant_ms, help="Until this instant, itself no more."
)
@click.option(
    "--format",
    "as_what",
    type=click.Choice(["csv", "jsonl"]),
    default="csv",
    show_default=True,
    help="Of the lines.",
)
def export(keys: Keys, history: Place, from_ms: int | None, to_ms: int | None, as_what: str) -> None:
    """Print what was read, a line a reading, pump by pump, oldest first.

    What is older than a week is kept as minutes, what is older than a year as hours: span_s is how many seconds a line
    stands for, 0 for a single reading, and readings how many it sums up. measured_rate_nl_h is their mean.

    \b
    pump-monitor export --from 2026-11-29 > today.csv
    pump-monitor export --from "2026-11-29 08:00" --to "2026-11-29 12:00" --format jsonl
    """  # noqa: D301 - click wants the character, it keeps the line
    write = _csv() if as_what == "csv" else _json
    with opened_to_read(history.found(bench=keys.bench)) as connection:
        for number, pump in pumps(connection).items():
            for row in exported(connection, number, from_ms, to_ms):
                instant = datetime.fromtimestamp(row[0] / _MS_A_S, UTC)
                write((f"{instant:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z", pump.serial_number, *row))


def _csv() -> Callable[[_Line], object]:
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(_COLUMNS)
    return lines.writerow


def _json(line: _Line) -> None:
    click.echo(json.dumps(dict(zip(_COLUMNS, line, strict=True))))
