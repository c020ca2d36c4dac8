"""`pumpmock diff`: what is otherwise in one journal than in another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pumpmock.commands.parameters import REFUSED
from pumpmock.journal.diff import CONTEXT, differences, items_of, sees_events, told
from pumpmock.journal.file import JournalError
from pumpmock.journal.reading import read_journal

if TYPE_CHECKING:
    from pumpmock.journal.reading import Recorded

_SHOWN = 160  # characters of an item that is the same


@click.command("diff")
@click.argument("one", metavar="A", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("other", metavar="B", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Compare what differs in any two runs too: nonces, sessions, tokens, ids, times, addresses.",
)
def diff_command(*, one: Path, other: Path, everything: bool) -> None:
    """Show what is otherwise in journal B than in journal A; exit 0 where nothing is, 1 where something is.

    Requests, answers and events are aligned. A line with - is in A alone, one with + in B alone, and one with ~ in both
    with the fields that differ, A's before B's. What a pump does inside itself is compared where both journals are a pump's
    own; one that was recorded on a line, or by replay, does not have it.

    \b
    Examples:
      pumpmock diff before.jsonl after.jsonl
      pumpmock diff real.jsonl again.jsonl
    """  # noqa: D301 - click wants the character, it keeps the examples' lines
    ours, theirs = _read(one), _read(other)
    events = sees_events(ours) and sees_events(theirs)
    if not events:
        click.echo("pumpmock: one of these was recorded on a line: only messages are compared", err=True)
    sides = [items_of(side, events=events, everything=everything) for side in (ours, theirs)]
    differ = False
    for same, difference in differences(*sides):
        if not differ:
            click.echo(f"--- {one}\n+++ {other}")
        differ = True
        places = [side[0].number if side else "-" for side in difference]
        click.echo(f"@@ entry {places[0]} / {places[1]} @@")
        for item in same[-CONTEXT:]:
            click.echo(f"  {item.text[:_SHOWN]}")
        for line in told(difference):
            click.echo(line)
    raise SystemExit(REFUSED if differ else 0)


def _read(path: Path) -> Recorded:
    try:
        return read_journal(path)
    except (JournalError, OSError) as error:
        raise click.UsageError(str(error)) from error
