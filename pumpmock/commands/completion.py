"""`pumpmock completion`: what a shell wants to know to complete what is typed."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from protocol.places import APP
from pumpmock.commands.parameters import REFUSED

_SHELLS = ("bash", "zsh", "fish")
_VARIABLE = f"_{APP.upper()}_COMPLETE"


@click.command("completion")
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion_command(ctx: click.Context, *, shell: str) -> None:
    """Print what makes a shell complete commands, options, verbs, profiles and files.

    \b
    Examples:
      pumpmock completion bash > ~/.local/share/bash-completion/completions/pumpmock
      pumpmock completion zsh > ~/.zfunc/_pumpmock
      pumpmock completion fish > ~/.config/fish/completions/pumpmock.fish
    """  # noqa: D301 - click wants the character, it keeps the examples' lines
    made = get_completion_class(shell)
    if made is None:  # of a click that has lost one of them
        click.echo(f"pumpmock: click does not know {shell}", err=True)
        raise SystemExit(REFUSED)
    click.echo(made(ctx.find_root().command, {}, APP, _VARIABLE).source())
