"""`pumpmock faults`: what can be made to go wrong, as the table of kinds has it."""

from __future__ import annotations

import click

from pumpmock.faults.checks import kind_of
from pumpmock.faults.kinds import KINDS, Figure, Kind, Seam, Stage

_TITLES = {
    Seam.PORT: "ports",
    Seam.BYTES: "bytes",
    Seam.FRAME: "answers, as frames",
    Seam.COMMAND: "requests",
    Seam.PUMP: "the pump itself",
}
_UNITS = {
    "ms": '"300 ms"',
    "percent": '"50 %"',
    "ppm": '"50 ppm"',
    "nl": '"10 uL"',
    "": "3",
}


@click.command("faults")
@click.argument("kind", required=False)
def faults_command(kind: str | None) -> None:
    """List what can be made to go wrong; with a KIND, how it is written.

    \b
    Examples:
      pumpmock faults
      pumpmock faults delay
      pumpmock serve --fault "lose-reply on=Commit" --fault "delay by='300 ms' times=always"
    """  # noqa: D301 - click wants the character, it keeps the examples' lines
    if kind is None:
        click.echo(_table())
        return
    try:
        row = kind_of(kind)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="KIND") from error
    click.echo("\n".join([f"{row.name}: {row.says}", *_usage(row)]))


def _table() -> str:
    width = max(map(len, KINDS))
    lines: list[str] = []
    for seam, title in _TITLES.items():
        lines += ["", title]
        lines += [f"  {row.name:{width}}  {row.says}" for row in KINDS.values() if row.seam is seam]
    return "\n".join(lines[1:])


def _usage(row: Kind) -> list[str]:
    lines = ["", *(f"  {figure.key} = {_example(figure)}  {_said(figure)}" for figure in row.figures)]
    once, opened = row.stage is Stage.ONCE, row.stage is Stage.OPENED
    if not opened:
        lines.append('  on = "Commit"  which request it waits for; "BOLUS" is the Commit of a bolus')
    if not row.lasts:
        lines.append(
            "  times = 1  how often it strikes; always: until it is cleared" + (", with on" if once else "")
        )
        lines.append("  after = 0  how many that match are passed by first" + (", with on" if once else ""))
        lines.append('  chance = "5 %"  of striking one that matches' + (", with on" if once else ""))
    lines.append('  first = "10 min"  pump time from which on it may strike')
    if row.lasts or not once:
        lines.append('  until = "2 h"  pump time at which it ends')
    return lines


def _example(figure: Figure) -> str:
    if figure.words:
        return " | ".join(f'"{word}"' for word in figure.words)
    return '"..."' if figure.is_word else _UNITS[figure.unit]


def _said(figure: Figure) -> str:
    beside = f", where {figure.only[0]} is {' or '.join(figure.only[1:])}" if figure.only else ""
    left_out = "; has to be given" if figure.is_needed else ""
    if figure.default not in (None, "") and not figure.is_needed:
        left_out = f"  [default: {figure.default}{f' {figure.unit}' if figure.unit else ''}]"
    return f"{figure.doc}{beside}{left_out}"
