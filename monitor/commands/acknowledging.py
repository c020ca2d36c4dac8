"""`pump-monitor acknowledge`: say that somebody has seen the pump's alarms. It changes nothing of the delivery."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from monitor.commands import options
from monitor.commands.opening import opened
from monitor.commands.options import (
    baud_option,
    history_option,
    json_option,
    keys_option,
    typed,
    url_argument,
    yes_option,
)
from monitor.errors import RefusedError
from monitor.judgement import describe
from protocol.alarms import KINDS, mask, unmask
from protocol.strict_toml import meant, shown

if TYPE_CHECKING:
    from monitor.commands.options import Keys, Place
    from protocol.alarms import Alarm

_NAMES = {kind.name: alarm for alarm, kind in KINDS.items()}


def _named(_ctx: click.Context, _param: click.Parameter, words: tuple[str, ...]) -> frozenset[Alarm]:
    for word in words:
        if word not in _NAMES:
            raise click.BadParameter(f"{shown(word)} is not an alarm; {meant(word, _NAMES)}")
    return frozenset(_NAMES[word] for word in words)


@click.command()
@url_argument
@baud_option
@keys_option
@history_option
@yes_option
@json_option
@click.option(
    "--alarm", "named", multiple=True, metavar="NAME", callback=_named, help="This one alone; again for more."
)
def acknowledge(
    url: str, baud: int, keys: Keys, history: Place, *, yes: bool, as_json: bool, named: frozenset[Alarm]
) -> None:
    """Say that somebody has seen the pump's alarms: all that nobody has acknowledged, or those named.

    An alarm stays as long as its condition does. It goes on record, with the key by which it was done.

    \b
    Examples:
      pump-monitor acknowledge
      pump-monitor acknowledge /dev/ttyUSB0 --alarm low_reservoir --yes
    """  # noqa: D301 - click wants the character, it keeps the lines
    options.check_terminal(yes=yes)
    with opened(url, keys, history, baud) as pump:
        status = pump.status().status
        unseen = [
            kind for kind in unmask(status.alarms & ~status.acknowledged) if not named or kind.alarm in named
        ]
        if not unseen:
            raise RefusedError("there is nothing to acknowledge")
        for kind in unseen:
            click.echo(f"{kind.title}  {describe(kind.alarm, status)}", err=as_json)
        if not yes and typed("y", "acknowledge") != "y":
            raise RefusedError("abandoned; nothing was acknowledged")
        after = pump.acknowledge(mask({kind.alarm for kind in unseen})).status
        left = after.alarms & ~after.acknowledged & mask({kind.alarm for kind in unseen})
        names = [kind.name for kind in unseen]
        if as_json:
            click.echo(json.dumps({"acknowledged": names, "left": [kind.name for kind in unmask(left)]}))
        if left:
            raise RefusedError(f"not acknowledged: {', '.join(kind.name for kind in unmask(left))}")
        click.echo(f"acknowledged: {', '.join(names)}", err=as_json)
