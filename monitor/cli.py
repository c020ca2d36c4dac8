"""The `pump-monitor` command: which commands there are, and what becomes of the errors they end with."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click
from click.exceptions import NoSuchCommand

from monitor.errors import MonitorError
from protocol.places import APP

# Loaded when called, so that a command waits for the imports of no other: module below monitor.commands, name in it.
_COMMANDS = {
    "dashboard": ("dashboard", "dashboard"),
    "status": ("reading", "status"),
    "watch": ("reading", "watch"),
    "events": ("reading", "events"),
    "set-rate": ("changing", "set_rate"),
    "temporary-rate": ("changing", "temporary_rate"),
    "bolus": ("changing", "bolus"),
    "flex": ("changing", "flex"),
    "minimum-rate": ("changing", "minimum_rate"),
    "stop": ("changing", "stop"),
    "resume": ("changing", "resume"),
    "refill": ("changing", "refill"),
    "prime": ("changing", "prime"),
    "bridge": ("changing", "bridge"),
    "set-clock": ("changing", "set_clock"),
    "acknowledge": ("acknowledging", "acknowledge"),
    "unresolved": ("unresolved", "unresolved"),
    "audit": ("audit", "audit"),
    "export": ("export", "export"),
    "trend": ("trend", "trend"),
    "report": ("report", "report"),
    "fleet": ("fleet", "fleet"),
    "web": ("web", "web"),
    "check": ("check", "check"),
}


class Told(click.ClickException):
    """One of the monitor's own errors on its way to the user: the sentence, and its exit code."""

    def __init__(self, error: MonitorError) -> None:
        super().__init__(str(error))
        self.exit_code: int = error.exit_code  # type: ignore[misc] # click declares it on the class, and reads it here

    def show(self, file: Any = None) -> None:  # noqa: ANN401 - click's signature
        """Print the sentence on standard error."""
        click.echo(f"pump-monitor: {self.format_message()}", file=file, err=True)


class Commands(click.Group):
    """The commands, each loaded when it is called, and each free to raise the monitor's own errors."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order in which they help a newcomer."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Load a command, or suggest one for a slip of the keys."""
        if cmd_name not in _COMMANDS:
            raise NoSuchCommand(cmd_name, possibilities=_COMMANDS, ctx=ctx)
        module, name = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"monitor.commands.{module}"), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run the command, and turn what can be expected to go wrong into a sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except MonitorError as error:
            raise Told(error) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=APP)
def main() -> None:
    """Watch a drug pump on a serial port, and change what it does within safe bounds.

    URL is a device or anything pyserial opens: /dev/ttyUSB0, socket://127.0.0.1:7070. Without one, the emulator's
    default port is taken. A bench tool; not a medical device.

    \b
    Exit codes: 0 done, 1 refused by the pump or a bound, 2 usage, 3 no link, 4 outcome unknown.
    """  # noqa: D301 - click wants the character, it keeps the line
