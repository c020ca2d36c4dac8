"""The commands that change something, each made from its row of `monitor.kinds.table`.

Each goes the same way: the figures are read, the bounds are looked at, the pump prepares it and reads it back, somebody
confirms, it is applied and read again.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.commands import options
from monitor.commands.opening import opened
from monitor.commands.options import (
    baud_option,
    history_option,
    json_option,
    keys_option,
    port_of,
    rules_option,
    typed,
    yes_option,
)
from monitor.errors import LinkError, OutcomeUnknownError, RefusedError
from monitor.flex_file import read_flex
from monitor.kinds.ground import Ground
from monitor.kinds.judging import looks_back_s
from monitor.kinds.reading_back import is_as_set, reported
from monitor.kinds.table import KINDS
from monitor.kinds.wording import wanted
from monitor.report import outcome_fields, review_text
from protocol.dosing import Rules
from protocol.intent import check_reason
from protocol.messages import EVENTS_A_PAGE
from protocol.strict_toml import FileError
from protocol.units import US_PER_S
from protocol.vocabulary import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from monitor.client import PumpClient
    from monitor.commands.options import Keys, Place
    from monitor.kinds.fields import Field
    from monitor.kinds.ground import Judged, Week
    from monitor.kinds.table import Kind
    from protocol.bounds import Finding
    from protocol.messages import Change, EventRecord, Outcome, Prepared

_NEGATIVE = re.compile(r"-[0-9.]")
_DAYS = 7


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the command line says: the kind, its texts by field, and how much is to be asked."""

    kind: Kind
    texts: Mapping[str, str]
    rules: Callable[[], Rules]
    reason: str | None
    yes: bool
    as_json: bool

    def say(self, text: str) -> None:
        """Say something to a person; beside JSON, on standard error."""
        click.echo(text, err=self.as_json)


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
            _make(pump, _Wish(kind, texts, rules, reason, yes, as_json))

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


# --- the way of a change ------------------------------------------------------------------------------------------


def _make(pump: PumpClient, wish: _Wish) -> None:
    kind = wish.kind
    pump.check_settled()
    reading = pump.status()
    week = _week(pump) if kind.by_week else ()
    ground = Ground(reading.status, (), wish.rules(), week, int(time.time()))
    try:
        change = kind.change(wish.texts, ground)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    ground = replace(ground, events=tuple(_events(pump, ground, looks_back_s(change, ground))))
    judged = kind.judged(change, ground)
    if judged.hard is not None:
        raise RefusedError(judged.hard.sentence)
    said = wanted(change, ground, judged.step)
    why = _reason(said, judged.soft, wish)
    prepared = pump.prepare(change, seen=reading, reason=why)
    facts = kind.facts(change, ground, prepared)
    if facts:
        wish.say(said)
    wish.say(f"pump {pump.serial_number} on {pump.url}")
    step = judged.step if kind.kind is ChangeKind.RATE else ""
    wish.say(review_text(prepared, step, facts) + _over(judged.soft, why))
    _confirm(pump, prepared, None if wish.yes else _word(wish, judged, ground))
    _check_read_back(pump, wish, change, prepared, _commit(pump, prepared))


def _word(wish: _Wish, judged: Judged, ground: Ground) -> str:
    """Return what is to be typed: y, or where it is a large step its figure, as it was typed before."""
    if not judged.large:
        return "y"
    before = (wish.texts[one.name].strip() for one in wish.kind.fields)
    alike = (text for text in before if wish.kind.same(judged.again, text, ground))
    return next(alike, judged.again)


def _week(pump: PumpClient) -> Week:
    return tuple(pump.program(weekday).steps for weekday in range(_DAYS))


def _events(pump: PumpClient, ground: Ground, span_s: int) -> list[EventRecord]:
    """Return the newest entries of the event log, as far back as a span of pump time goes; none for a span of 0."""
    now = ground.status
    since_us = now.pump_time_us - span_s * US_PER_S
    count = EVENTS_A_PAGE
    while span_s:
        found = pump.events(max(now.newest_event - count + 1, 1))
        if count >= now.newest_event or not found or found[0].pump_time_us < since_us:
            return found
        count *= 4
    return []


def _reason(said: str, soft: tuple[Finding, ...], wish: _Wish) -> str:
    """Return why soft limits are overridden, as it was given or as it is typed now; empty where none is crossed."""
    if not soft:
        return ""
    over = f"{said} is over a soft limit: {'; '.join(finding.sentence for finding in soft)}"
    given = wish.reason
    if given is None and wish.yes:
        raise RefusedError(f'{over}: add --reason "why" if it is meant')
    if given is None:
        wish.say(over)
        given = click.prompt("the reason for it", default="", show_default=False, err=wish.as_json)
    try:
        return check_reason(given)
    except ValueError as error:
        raise RefusedError(str(error)) from error


def _over(soft: tuple[Finding, ...], why: str) -> str:
    """Return the lines of the review that tell of soft limits; none where none is crossed."""
    lines = [*(f"{'soft limit':10} {finding.sentence}" for finding in soft)]
    return "".join(f"\n{line}" for line in (*lines, f"{'reason':10} {why}")) if lines else ""


def _confirm(pump: PumpClient, prepared: Prepared, word: str | None) -> None:
    """Have `word` typed; None: nothing is asked.

    Raises:
        RefusedError: something else was.
    """
    confirmed = False
    try:
        confirmed = word is None or typed(word) == word
    finally:
        if not confirmed:  # also after Ctrl-C: the pump need not keep the place for it
            pump.resolve(prepared.command_id)
    if not confirmed:
        raise RefusedError("abandoned; nothing was changed")


def _commit(pump: PumpClient, prepared: Prepared) -> Outcome:
    try:
        return pump.commit(prepared)
    except KeyboardInterrupt:
        for intent in pump.unresolved:
            raise OutcomeUnknownError(intent, "not waited for; pump-monitor status asks again") from None
        raise


def _check_read_back(
    pump: PumpClient, wish: _Wish, change: Change, prepared: Prepared, outcome: Outcome
) -> None:
    try:
        now = pump.status().status
        week = _week(pump) if wish.kind.by_week else ()
    except LinkError as error:
        raise LinkError(f"applied as revision {outcome.revision}, but not read back: {error}") from error
    same = is_as_set(change, outcome, now, week)
    if wish.as_json:
        click.echo(json.dumps(outcome_fields(prepared, outcome, now, as_set=same)))
    if not same:
        said = f"applied as revision {outcome.revision}, but now {reported(change, now)}"
        raise RefusedError(f"not as set: {said}")
    wish.say(f"set: {reported(change, now)}")


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
