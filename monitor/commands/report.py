"""`pump-monitor report`: what the history has of one pump within a period, as one HTML file."""

from __future__ import annotations

import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from monitor.account.facts import Period
from monitor.account.gaps import session_start
from monitor.account.gather import account
from monitor.account.page import page
from monitor.commands.new_file import write_new
from monitor.commands.options import Place, history_option, instant_ms, keys_option
from monitor.commands.progress import Progress
from monitor.commands.stored_pump import chosen_pump
from monitor.errors import MonitorError
from monitor.history.past import newest_ms
from monitor.history.schema import opened_to_read
from monitor.trends.times import stamp
from monitor.trends.window import SPANS
from protocol.places import APP

if TYPE_CHECKING:
    import sqlite3

    from monitor.account.facts import Account
    from monitor.commands.options import Keys

_SPANS: Final = {span.name.replace(" ", ""): span.ms for span in SPANS}
_STDOUT: Final = "-"
_NS_A_MS: Final = 1_000_000


@click.command()
@click.argument("serial", required=False)
@keys_option
@history_option
@click.option(
    "--since", "since_ms", metavar="TIME", callback=instant_ms, help="From this instant on, local time."
)
@click.option(
    "--until",
    "until_ms",
    metavar="TIME",
    callback=instant_ms,
    help="Until this instant, itself no more.  [default: its last reading]",
)
@click.option("--span", type=click.Choice(list(_SPANS)), help="How far back, in place of --since.")
@click.option(
    "--out",
    metavar="FILE",
    help="Where to write it; - for standard output.  [default: report-SERIAL-TIME.html]",
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def report(
    serial: str | None,
    keys: Keys,
    history: Place,
    since_ms: int | None,
    until_ms: int | None,
    span: str | None,
    out: str | None,
    *,
    force: bool,
) -> None:
    """Write a report of a pump: one HTML file, for a browser or for paper, which fetches nothing and runs nothing.

    SERIAL is the pump; without one the only one, or the one met last. Without a period it is the last session: back from its
    last reading to where nothing was read for an hour.

    It is drawn from the history, without a pump at hand: readings and trends, alarms, every change and what became of it,
    times without a link, faults that a bench injected, and whether the record holds. Where that does not, the report says so
    and is written all the same, with the exit code 1.

    \b
    Examples:
      pump-monitor report
      pump-monitor report PM-00001 --span 7d --out week.html
      pump-monitor report --since "2026-11-29 08:00" --until "2026-11-29 12:00" --out - | less
    """  # noqa: D301 - click wants the character, it keeps the lines
    if since_ms is not None and span is not None:
        raise click.UsageError("--since and --span exclude each other: leave one out")
    file = history.found(bench=keys.bench)
    with opened_to_read(file) as connection, Progress() as progress:
        connection.execute("BEGIN")  # one state of the file for all that follows
        number, serial = chosen_pump(connection, file, serial)
        period = _period(connection, number, since_ms, until_ms, span)
        bench_key = keys.bench
        found = account(connection, number, period, file.name, bench_key=bench_key, progress=progress.come)
        if found is None:
            raise MonitorError(_nothing(connection, number, serial, period))
    now_ms = time.time_ns() // _NS_A_MS
    text = page(found, made_ms=now_ms, version=version(APP), zone=None)
    if out == _STDOUT:
        sys.stdout.write(text)
    else:
        path = (
            Path(out)
            if out is not None
            else Path(f"report-{_for_a_file(serial)}-{_minute(period.to_ms)}.html")
        )
        write_new(path, text, over=force)
        click.echo(f"written: {path}", err=True)
    _tell(found)


def _period(
    connection: sqlite3.Connection, pump: int, since_ms: int | None, until_ms: int | None, span: str | None
) -> Period:
    end_ms = (newest_ms(connection, pump) or 0) + 1 if until_ms is None else until_ms
    if since_ms is not None:
        begin_ms = since_ms
    elif span is not None:
        begin_ms = end_ms - _SPANS[span]
    else:
        began_ms = session_start(connection, pump, end_ms)
        begin_ms = end_ms - 1 if began_ms is None else began_ms
    if begin_ms >= end_ms:
        raise click.UsageError("the period ends before it begins: --until is to be later than --since")
    return Period(begin_ms, end_ms)


def _nothing(connection: sqlite3.Connection, pump: int, serial: str, period: Period) -> str:
    newest = newest_ms(connection, pump) or 0
    within = f"from {stamp(period.from_ms)} to {stamp(period.to_ms)}"
    return f"nothing was read of pump {serial} {within}: its last reading is of {stamp(newest)}; --span 7d looks back from there"


def _tell(found: Account) -> None:
    """Say on standard error that the record does not hold, and end with 1 where it does not."""
    if found.verdict.broken:
        raise MonitorError(f"the record does not hold, and the report says so: {found.verdict.broken}")


def _minute(at_ms: int) -> str:
    return stamp(at_ms)[:16].replace(":", "")


def _for_a_file(name: str) -> str:
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in name)
