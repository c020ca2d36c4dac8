"""`pump-monitor unresolved`: the changes of this user that have no verdict, with their pumps or without."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click

from monitor.commands.opening import opened, say
from monitor.commands.options import (
    baud_option,
    check_terminal,
    history_option,
    json_option,
    keys_option,
    typed,
    yes_option,
)
from monitor.errors import RefusedError
from monitor.intents import Intents, default_folder
from monitor.verdicts import either_rate, named, noted_time, wish
from protocol.machines import Stage
from protocol.units import format_rate

if TYPE_CHECKING:
    from monitor.client import PumpClient
    from monitor.commands.options import Keys, Place
    from monitor.intents import Noted
    from protocol.intent import Intent

_UNKNOWN = 4
_WORD = "discard"


@click.command()
@click.argument("url", required=False)
@baud_option
@keys_option
@history_option
@json_option
@yes_option
@click.option(
    "--discard", "chosen", metavar="ID", help="Give up a change whose pump has another memory by now."
)
def unresolved(
    url: str | None, baud: int, keys: Keys, history: Place, *, as_json: bool, yes: bool, chosen: str | None
) -> None:
    """List the changes that have no verdict yet, of all pumps; with URL, that pump is asked first.

    Without a pump, what was noted on this computer is listed. The exit code is 4 as long as an outcome is unknown.
    """
    if chosen is not None and url is None:
        said = (
            "the port is wanted as well: only a pump with another memory can't tell what became of a change"
        )
        raise click.UsageError(said)
    if chosen is not None:
        check_terminal(yes=yes)
    if url is not None:
        with opened(url, keys, history, baud) as pump:
            if chosen is not None:
                _discard(pump, chosen, yes=yes)
    found = Intents(default_folder(bench=keys.bench)).look()
    for one in found.noted:
        click.echo(json.dumps(_fields(one)) if as_json else _text(one, time.time()))
    for problem in found.problems:
        say(problem)
    if found.problems or any(_in_doubt(one) for one in found.noted):
        raise SystemExit(_UNKNOWN)
    if not found.noted and not as_json:
        click.echo("no change is without a verdict")


def _discard(pump: PumpClient, chosen: str, *, yes: bool) -> None:
    fitting = [intent for intent in pump.unresolved if intent.command_id.hex().startswith(chosen.lower())]
    if len(fitting) != 1:
        which = "no change" if not fitting else "more than one change"
        raise RefusedError(f"{which} of pump {pump.serial_number} without a verdict begins with {chosen}")
    (intent,) = fitting
    what = named(intent, time.time())
    pump.check_discard(intent.command_id)
    now = pump.status().status
    click.echo(f"{what} left the rate at {either_rate(intent)}, and nobody can tell any more.")
    click.echo(
        f"pump {pump.serial_number} reports {format_rate(now.commanded_rate_nl_h)} (revision {now.revision})"
    )
    if not yes and typed(_WORD, "give it up") != _WORD:
        raise RefusedError("abandoned; it is kept")
    pump.discard(intent.command_id)
    say(f"{what} was given up")


def _in_doubt(one: Noted) -> bool:
    return one.intent.stage is not Stage.INTENDED and not one.under_way


def _stage(one: Noted) -> str:
    if one.under_way:
        return "under way"
    return "begun, not committed" if one.intent.stage is Stage.INTENDED else "committed, no answer"


def _text(one: Noted, now_s: float) -> str:
    intent = one.intent
    rates = f"the rate is {either_rate(intent)}"
    which = (intent.command_id.hex(), f"pump {intent.serial_number}", noted_time(intent, now_s))
    return "  ".join((*which, wish(intent.change), rates, _stage(one)))


def _fields(one: Noted) -> dict[str, Any]:
    """Return an intent as JSON values; the names are a contract with scripts."""
    intent: Intent = one.intent
    return {
        "command_id": intent.command_id.hex(),
        "serial_number": intent.serial_number,
        "noted_s": intent.noted_s,
        "kind": intent.change.kind.name.lower(),
        "revision": intent.revision,
        "old_rate_nl_h": intent.old_rate_nl_h,
        "new_rate_nl_h": intent.new_rate_nl_h,
        "reason": intent.reason or None,
        "stage": intent.stage.name.lower(),
        "under_way": one.under_way,
    }
