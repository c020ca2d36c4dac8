"""`pumpmock ctl`: a command for each verb, made from their table."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from protocol.places import DEFAULT_LINK, runtime_folder
from pumpmock.commands.parameters import NO_LINK, REFUSED, Parsed
from pumpmock.control.address import beside
from pumpmock.control.client import Control, NoPumpError, UnknownOutcomeError
from pumpmock.control.server import TAIL
from pumpmock.control.telling import told
from pumpmock.control.verb import VerbError
from pumpmock.control.verbs import VERBS
from pumpmock.journal.text import Teller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pumpmock.control.verb import Argument, Verb

_UNKNOWN = 4
_PAIRS = "pairs"
_ALSO = {"span": ("--for",), "last": ("-n",)}  # what else an option is called


def default_control() -> Path:
    """Return the control socket of the pump on the default port."""
    return beside(Path(runtime_folder(os.environ, tempfile.gettempdir(), os.getuid())) / DEFAULT_LINK)


@click.group("ctl")
@click.option(
    "--control",
    type=click.Path(path_type=Path),
    help="Control socket of the pump, as it says when it is ready.  [default: that of the default port]",
)
@click.option("--json", "as_json", is_flag=True, help="Print what came of it as JSON.")
@click.pass_context
def ctl_group(ctx: click.Context, *, control: Path | None, as_json: bool) -> None:
    """Do something to a pump that is being served: let its time pass, break it, look inside.

    No host of the pump can do any of this, and nobody but the user who serves it.

    \b
    Examples:
      pumpmock ctl status
      pumpmock ctl advance "2 h"
      pumpmock ctl set reservoir="3 mL"
      pumpmock ctl trouble strike occlusion
      pumpmock ctl unplug --span "5 s"
      pumpmock ctl --control /tmp/ttyPUMP.ctl journal tail --follow
    """  # noqa: D301 - click wants the character, it keeps the examples' lines
    ctx.obj = (control or default_control(), as_json)


def _checked(argument: Argument) -> Parsed:
    """Return a parameter of text that one of a verb's parsers takes; the pump reads it again."""

    def check(text: str) -> str:
        argument.parse(text)
        return text

    return Parsed(argument.name, check, lambda: argument.words)


class _Path(click.Path):
    """A file, by its whole path: the pump may run in another folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401 - click's signature
        """Return the whole path."""
        return str(Path(str(super().convert(value, param, ctx))).absolute())


def _command(verb: Verb) -> click.Command:
    def run(**given: Any) -> None:  # noqa: ANN401 - of the verb
        follow = given.pop("follow", False)
        given = {name: value for name, value in given.items() if value is not None}
        path, as_json = click.get_current_context().obj
        as_json |= given.pop("as_json")
        for pair in given.pop(_PAIRS, ()):
            name, equals, value = pair.partition("=")
            if not equals:
                raise click.UsageError(f'"{pair}" is no NAME=VALUE')
            given[name.replace("-", "_")] = value
        try:
            verb.read(given)
        except VerbError as error:
            raise click.UsageError(str(error)) from error
        _do(path, verb, given, as_json=as_json, follow=follow)

    examples = "".join(f"\n  pumpmock ctl {example}" for example in verb.examples)
    text = f"{verb.help}\n\n\b\nExamples:{examples}" if examples else verb.help
    return click.Command(verb.name.split()[-1], callback=run, params=[*_parameters(verb)], help=text)


def _parameters(verb: Verb) -> Iterator[click.Parameter]:
    for one in verb.arguments:
        kind: click.ParamType[Any] = _Path(dir_okay=False) if one.name == "file" else _checked(one)
        flag = f"--{one.name.replace('_', '-')}"
        if one.needed:
            yield click.Argument([one.name], type=kind)
        elif not one.as_pair:
            yield click.Option([flag, *_ALSO.get(one.name, ()), one.name], type=kind, help=one.help)
    yield click.Option(["--json", "as_json"], is_flag=True, help="Print what came of it as JSON.")
    if verb.figures or any(one.as_pair for one in verb.arguments):
        names = [f"{one.name}=" for one in verb.arguments if one.as_pair]
        pair = Parsed("pair", str, lambda: names)
        yield click.Argument([_PAIRS], nargs=-1, metavar="NAME=VALUE...", type=pair)
    if verb.name == TAIL:
        yield click.Option(["--follow", "-f"], is_flag=True, help="Go on with each new entry, until Ctrl-C.")


def _do(path: Path, verb: Verb, given: dict[str, Any], *, as_json: bool, follow: bool) -> None:
    """Ask the pump, print what it answers, and end with the exit code."""
    say = _teller(verb, as_json=as_json)
    try:
        with Control(path) as control:
            if follow:
                with contextlib.suppress(KeyboardInterrupt):  # the way to end it
                    for entry in control.follow(**given):
                        say([entry])
            else:
                say(control.call(verb.name, given))
    except NoPumpError as error:
        _end(str(error), NO_LINK)
    except VerbError as error:
        _end(str(error), REFUSED)
    except UnknownOutcomeError as error:
        _end(str(error), _UNKNOWN)


def _teller(verb: Verb, *, as_json: bool) -> Callable[[Any], None]:
    if verb.name == TAIL:
        teller = Teller()

        def entries(found: list[dict[str, Any]]) -> None:
            for entry in found:
                for line in [json.dumps(entry)] if as_json else teller.text(entry):
                    click.echo(line)

        return entries
    return lambda found: click.echo(json.dumps(found) if as_json else told(verb.name, found))


def _end(sentence: str, code: int) -> None:
    click.echo(f"pumpmock: {sentence}", err=True)
    raise SystemExit(code)


def _add_all() -> None:
    groups: dict[str, click.Group] = {}
    for verb in VERBS.values():
        *group, _ = verb.name.split()
        parent = ctl_group
        for word in group:
            if word not in groups:
                groups[word] = click.Group(word, help=_GROUPS[word])
                ctl_group.add_command(groups[word])
            parent = groups[word]
        parent.add_command(_command(verb))


_GROUPS = {
    "trouble": "What goes wrong inside the pump.",
    "fault": "What goes wrong when a host asks: on the link, in the ports, in the answers, inside the pump.",
    "journal": "What has happened.",
}
_add_all()
