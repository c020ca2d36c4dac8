"""The `pumpmock` command: which commands there are."""

from __future__ import annotations

from importlib import import_module

import click
from click.exceptions import NoSuchCommand

from protocol.places import APP

# Loaded when called, so that a command waits for the imports of no other: module below pumpmock.commands, name in it.
_COMMANDS = {
    "serve": ("serve", "serve_command"),
    "ctl": ("control", "ctl_group"),
    "run": ("scenario", "run_command"),
    "check": ("scenario", "check_command"),
    "faults": ("faults", "faults_command"),
    "decode": ("decode", "decode"),
    "record": ("record", "record_command"),
    "replay": ("replay", "replay_command"),
    "diff": ("diff", "diff_command"),
    "conform": ("conform", "conform"),
    "profiles": ("profiles", "profiles"),
    "drugs": ("drugs", "drugs_group"),
    "trumpet": ("trumpet", "trumpet_command"),
    "keygen": ("keys", "keygen"),
    "keys": ("keys", "keys_group"),
    "completion": ("completion", "completion_command"),
}


class Commands(click.Group):
    """The commands, each loaded when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order in which they help a newcomer."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Load a command, or suggest one for a slip of the keys."""
        if cmd_name not in _COMMANDS:
            raise NoSuchCommand(cmd_name, possibilities=_COMMANDS, ctx=ctx)
        module, name = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"pumpmock.commands.{module}"), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=APP)
def main() -> None:
    """Stand in for an implantable drug pump on a real serial port.

    A bench tool for those who test pump software; not a medical device.
    """
