"""The commands that change something, each made from its row of `monitor.kinds.table`.

Each goes the same way: the figures are read, the bounds are looked at, the pump prepares it and reads it back, somebody
confirms, it is applied and read again.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.commands import options
from monitor.commands.one_change import Wish, make
from monitor.commands.opening import opened
from monitor.commands.options import (
    baud_option,
    history_option,
    json_option,
    keys_option,
    port_of,
    rules_option,
    yes_option,
)
from monitor.flex_file import read_flex
from monitor.kinds.table import KINDS
from protocol.dosing import Rules
from protocol.strict_toml import FileError
from protocol.vocabulary import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from monitor.commands.options import Keys, Place
    from monitor.kinds.fields import Field
    from monitor.kinds.table import Kind

_NEGATIVE = re.compile(r"-[0-9.]")


class _FigureCommand(click.Command):
    """A command with a figure among its words: a negative one is told so, not taken for an option."""

    figure: Field | None = None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse words such as "-1 mL/day" with the sentence that a figure gets, then parse as usual."""
        for word in args:
            if self.figure is not None and _NEGATIVE.match(word):
                _check(self.figure, word)
        return super().parse_args(ctx, args)


def _command(
    name: str,
    kind: Kind,
    about: str,
    examples: tuple[str, ...],
    read_file: Callable[[Path], dict[str, str]] | None = None,
) -> click.Command:
    """Make the command of a kind of change.

    Args:
        name: of the command.
        kind: its row of the table.
        about: its help.
        examples: lines for the end of the help.
        read_file: returns its texts from a file, where its argument is one.
    """
    figure = next((one for one in kind.fields if not one.option), None)
    what = "FILE" if read_file else figure.what if figure else ""

    def run(
        words: tuple[str, ...],
        baud: int,
        keys: Keys,
        history: Place,
        rules: Callable[[], Rules] = Rules,
        *,
        yes: bool,
        reason: str | None,
        as_json: bool,
        **given: str | None,
    ) -> None:
        if read_file:
            before, text = _file_word(words, by_option=given["steps"] is not None)
        else:
            before, text = _words(words, what, wanted=bool(figure))
        texts = _texts(kind, given | ({figure.name: text} if figure else {}))
        if read_file and text:
            texts |= _from_file(read_file, text, given)
        for one in kind.fields:
            _check(one, texts[one.name])
        options.check_terminal(yes=yes)
        url = before or port_of(click.get_current_context(), click.Argument(["url"]), None)
        with opened(url, keys, history, baud) as pump:
            make(pump, Wish(kind, texts, rules, reason, yes, as_json))

    command: Any = run
    for decorate in (
        json_option,
        click.option(
            "--reason", metavar="TEXT", help="Why it is meant, although it is over a soft limit; on record."
        ),
        *((rules_option,) if kind.fields else ()),
        yes_option,
        history_option,
        keys_option,
        baud_option,
        *(_option(one, needed=read_file is None) for one in reversed(kind.fields) if one.option),
        click.argument(
            "words", nargs=-1, required=bool(what) and not read_file, metavar=f"[URL] {what}".strip()
        ),
    ):
        command = decorate(command)
    lines = "\n".join(f"  pump-monitor {line}" for line in examples)
    text = f"{about}\n\n\b\nExamples:\n{lines}"
    made: click.Command = click.command(name, cls=_FigureCommand, help=text)(command)
    if isinstance(made, _FigureCommand) and not read_file:
        made.figure = figure
    return made


def _option(field: Field, *, needed: bool) -> Callable[..., Any]:
    said = (
        field.about
        if field.default is None or not field.default
        else f"{field.about}  [default: {field.default}]"
    )
    return click.option(
        field.option,
        field.name,
        required=needed and field.default is None,
        metavar=field.what,
        help=f"{said} {field.example}, say." if not field.default else said,
    )


def _words(words: tuple[str, ...], what: str, *, wanted: bool) -> tuple[str, str]:
    """Return the port, empty where none was named, and the figure."""
    cleaned = [word.strip() for word in words]
    if not wanted:
        if len(cleaned) > 1:
            raise click.UsageError(f"one port is wanted, not {len(cleaned)} words")
        return "".join(cleaned), ""
    *before, text = cleaned or [""]
    if len(before) > 1:
        said = (
            f'one port and one {what.lower()} are wanted; quote the {what.lower()}: "{" ".join(words[-2:])}"'
        )
        raise click.UsageError(said)
    return "".join(before), text


def _file_word(words: tuple[str, ...], *, by_option: bool) -> tuple[str, str]:
    """Return the port and the file, either empty where it was not named."""
    if by_option:
        if len(words) > 1:
            raise click.UsageError("a FILE and --steps exclude each other: leave one out")
        return "".join(words), ""
    if not words:
        raise click.UsageError(
            'a FILE or --steps is wanted: --steps "00:00 0.5 mL/day, 06:00 0.6 mL/day", say'
        )
    if len(words) > 2:  # noqa: PLR2004 - the port and the file
        raise click.UsageError("one port and one FILE are wanted")
    return ("", words[0]) if len(words) == 1 else (words[0], words[1])


def _texts(kind: Kind, given: Mapping[str, str | None]) -> dict[str, str]:
    return {
        one.name: (one.default or "") if given.get(one.name) is None else str(given[one.name])
        for one in kind.fields
    }


def _from_file(
    read_file: Callable[[Path], dict[str, str]], name: str, given: Mapping[str, str | None]
) -> dict[str, str]:
    if given.get("weekdays") is not None:
        raise click.UsageError("the file names its days: leave --days out")
    try:
        return read_file(Path(name))
    except FileError as error:
        raise click.UsageError(str(error)) from error
    except (OSError, ValueError) as error:  # ValueError of a name that no file can have
        why = error.strerror if isinstance(error, OSError) else error
        raise click.UsageError(f"the file {name} can't be read: {why}") from error


def _check(field: Field, text: str) -> None:
    try:
        field.read(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=field.option or field.what) from error


# --- the commands -------------------------------------------------------------------------------------------------

set_rate = _command(
    "set-rate",
    KINDS[ChangeKind.RATE],
    """Change the flow rate: prepared, shown as the pump read it back, confirmed, applied, and read again.

    RATE has a unit: "0.6 mL/day", "25 uL/h". A soft limit is the drug library's and is overridden by a reason, which is
    asked for or given by --reason. Hard limits can't be overridden.""",
    ('set-rate "0.6 mL/day"', 'set-rate /dev/ttyUSB0 "25 uL/h" --yes --reason "no response yet"'),
)
temporary_rate = _command(
    "temporary-rate",
    KINDS[ChangeKind.TEMPORARY_RATE],
    """Deliver at another rate for a while; then the program goes on by itself.""",
    ('temporary-rate "0.8 mL/day" --for "2 h"',),
)
bolus = _command(
    "bolus",
    KINDS[ChangeKind.BOLUS],
    """Deliver one bolus: prepared, shown as the pump read it back, confirmed, and applied.

    DOSE has a unit: "50 ug", by the concentration in the reservoir, or "0.1 mL". At the concentration of the drug's
    screening trial it is a screening dose, which has bounds of its own.""",
    ('bolus "50 ug" --over "30 min"', 'bolus "0.1 mL" --over "2 h"'),
)
flex = _command(
    "flex",
    KINDS[ChangeKind.FLEX],
    """Give weekdays a program of 24 hours in steps, by the pump's clock in UTC; the other days keep theirs.

    FILE is TOML: format = 1, days = "Mon-Fri", steps = ["00:00 0.5 mL/day", "06:00 0.6 mL/day"]. One file is one
    pattern; a second one, for other days, is a change of its own.""",
    (
        "flex examples/flex.toml",
        'flex --steps "00:00 0.5 mL/day, 06:00 0.6 mL/day" --days Mon-Fri',
    ),
    read_flex,
)
minimum_rate = _command(
    "minimum-rate",
    KINDS[ChangeKind.MINIMUM_RATE],
    """Deliver the least that the pump can, until another change. It takes the same two steps as any rate.""",
    ("minimum-rate", "minimum-rate /dev/ttyUSB0 --yes"),
)
stop = _command(
    "stop",
    KINDS[ChangeKind.STOP],
    """Stop the delivery. Abrupt withdrawal is dangerous to a patient: it takes the same two steps as a rate.""",
    ("stop", "stop /dev/ttyUSB0 --yes"),
)
resume = _command(
    "resume",
    KINDS[ChangeKind.RESUME],
    """Resume the delivery at the programmed rate; it ends whatever mode stands, too.""",
    ("resume", "resume /dev/ttyUSB0 --yes"),
)
refill = _command(
    "refill",
    KINDS[ChangeKind.REFILL],
    """Tell the pump that its reservoir was emptied and filled; the program goes on.

    What was withdrawn is held beside what was expected. Another concentration is another daily dose at the same flow:
    see bridge, for the old drug that is still on its way.""",
    (
        'refill --withdrawn "1.9 mL" --filled "18 mL"',
        'refill --withdrawn "1.9 mL" --filled "18 mL" --concentration "1000 ug/mL"',
    ),
)
prime = _command(
    "prime",
    KINDS[ChangeKind.PRIME],
    """Fill the catheter at the pump's greatest rate, instead of the program. VOLUME is from the pump to the tip.""",
    ('prime "0.2 mL"',),
)
bridge = _command(
    "bridge",
    KINDS[ChangeKind.BRIDGE],
    """Deliver the old drug that is still on its way after a refill at a rate of its own; then the program goes on.""",
    ('bridge "0.25 mL" --at "0.4 mL/day"',),
)
set_clock = _command(
    "set-clock",
    KINDS[ChangeKind.CLOCK],
    """Set the pump's calendar clock, UTC: a flex program goes by it. Pump time and what runs in it go on.

    TIME is now, by this computer's clock, or an instant such as "2026-11-29 12:00".""",
    ("set-clock now", 'set-clock "2026-11-29 12:00" --yes'),
)
