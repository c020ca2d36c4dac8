"""The `pumpmock` command."""

from __future__ import annotations

from pathlib import Path
from secrets import randbelow
from typing import TYPE_CHECKING, Any

import click
import platformdirs

from protocol.bounds import Basis, Bounds, hard_finding
from protocol.keys import KeyFileError, check_serial_number
from protocol.places import APP, KEYS
from protocol.units import (
    QuantityError,
    format_volume,
    parse_decimal,
    parse_percent,
    parse_rate,
    parse_volume,
)
from pumpmock.console import Console
from pumpmock.model.settings import Settings
from pumpmock.ports import PortError
from pumpmock.ports.tcp import parse_host_port
from pumpmock.serve import Options, serve
from pumpmock.snapshot import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable

_REFUSED, _USAGE, _NO_LINK = 1, 2, 3
_SPEED_DECIMALS = 3
_MOST_SPEED = 1_000_000  # a day in 86 ms; the pump's clocks last for months of that
_MOST_SEED = 2**32


class Parsed(click.ParamType[Any]):
    """A parameter read by one of our own strict parsers.

    Args:
        name: what `--help` calls it.
        parse: raises ValueError with a sentence.
    """

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's signature
        """Return the parsed value, or fail with the parser's sentence."""
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _parse_speed(text: str) -> int:
    speed = parse_decimal(text, _SPEED_DECIMALS)
    if speed > _MOST_SPEED * 10**_SPEED_DECIMALS:
        raise QuantityError(f"a pump runs {_MOST_SPEED} times as fast as real time at the most")
    return speed


VOLUME = Parsed("volume", parse_volume)
RATE = Parsed("rate", parse_rate)
PERCENT = Parsed("percent", parse_percent)
SPEED = Parsed("factor", _parse_speed)
HOST_PORT = Parsed("host:port", parse_host_port)
SERIAL_NUMBER = Parsed("serial", check_serial_number)


def default_keys() -> Path:
    """Return the folder of the key files in the user's configuration."""
    return platformdirs.user_config_path(APP) / KEYS


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=APP)
def main() -> None:
    """Stand in for an implantable drug pump on a real serial port.

    A bench tool for those who test pump software; not a medical device.
    """


@main.command("serve")
@click.option(
    "--pty", "link", type=click.Path(path_type=Path), help="Stable name of the virtual serial port."
)
@click.option("--tcp", type=HOST_PORT, help="Serve the same pump on TCP too; port 0 takes a free one.")
@click.option(
    "--speed", type=SPEED, help="Pump time against real time: 60 runs a minute a second.  [default: 1]"
)
@click.option("--frozen", is_flag=True, help="Let pump time stand still.")
@click.option("--reservoir", type=VOLUME, default="18 mL", show_default=True, help="Volume in the reservoir.")
@click.option(
    "--low-reservoir", type=VOLUME, default="2 mL", show_default=True, help="Low-reservoir alarm volume."
)
@click.option("--flow", type=RATE, default="0.5 mL/day", show_default=True, help="Flow rate.")
@click.option("--battery", type=PERCENT, default="100 %", show_default=True, help="Charge of the battery.")
@click.option(
    "--serial-number", type=SERIAL_NUMBER, default="PM-00001", show_default=True, help="Who the pump is."
)
@click.option(
    "--seed",
    type=click.IntRange(0, _MOST_SEED - 1),
    help="Draw what differs from pump to pump (the level sensor's error) from this.  [default: a new one, printed]",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep the pump in this file; go on from it.",
)
@click.option("--keys", type=click.Path(path_type=Path, file_okay=False), help="Folder of the pairing keys.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print a line of JSON an event; the first says when ports answer."
)
def serve_command(  # noqa: PLR0913 - one parameter an option
    *,
    link: Path | None,
    tcp: tuple[str, int] | None,
    speed: int | None,
    frozen: bool,
    reservoir: int,
    low_reservoir: int,
    flow: int,
    battery: int,
    serial_number: str,
    seed: int | None,
    state: Path | None,
    keys: Path | None,
    as_json: bool,
) -> None:
    """Serve a pump until Ctrl-C.

    Without --pty the port gets the first free name of pump0 to pump9 in the run-time folder; pump-monitor finds pump0 by
    itself. A viewer and a technician key are made at the first start of a serial number.

    \b
    Examples:
      pumpmock serve
      pumpmock serve --speed 3600 --reservoir "3 mL"
      pumpmock serve --pty /tmp/ttyPUMP --tcp 127.0.0.1:7070 --json
    """  # noqa: D301 - click wants the character, it keeps the examples' lines
    if frozen and speed is not None:
        raise click.UsageError("--frozen and --speed exclude each other: leave one out")
    _check_figures(reservoir, low_reservoir, flow)
    options = Options(
        serial_number=serial_number,
        fill_nl=reservoir,
        low_reservoir_nl=low_reservoir,
        rate_nl_h=flow,
        battery_percent=battery,
        speed=0 if frozen else 1_000 if speed is None else speed,
        seed=randbelow(_MOST_SEED) if seed is None else seed,
        link=link,
        tcp=tcp,
        state=state,
        keys=keys or default_keys(),
    )
    console = Console(as_json=as_json)
    if state is not None and state.exists():
        console.warn(f"the pump goes on from {state}; reservoir, flow and battery are as it left them")
    _run(options, console)


def _check_figures(fill_nl: int, low_nl: int, rate_nl_h: int) -> None:
    """Refuse, in the units that were typed, what the pump's own settings would refuse."""
    usual = Settings()
    if fill_nl > usual.capacity_nl:
        raise click.BadParameter(
            f"the reservoir holds {format_volume(usual.capacity_nl)}", param_hint="--reservoir"
        )
    if not usual.residual_nl <= low_nl <= usual.capacity_nl:
        least, most = format_volume(usual.residual_nl), format_volume(usual.capacity_nl)
        raise click.BadParameter(f"the alarm can be set to {least} to {most}", param_hint="--low-reservoir")
    finding = hard_finding(Basis(rate_nl_h), rate_nl_h, Bounds(usual.least_rate_nl_h, usual.most_rate_nl_h))
    if finding is not None:
        raise click.BadParameter(finding.sentence, param_hint="--flow")


def _run(options: Options, console: Console) -> None:
    """Serve, and turn what can be expected to go wrong into a sentence and an exit code."""
    try:
        serve(options, console)
    except PortError as error:
        console.warn(str(error))
        raise SystemExit(_NO_LINK) from error
    except (SnapshotError, KeyFileError) as error:
        console.warn(str(error))
        raise SystemExit(_REFUSED) from error
    except ValueError as error:
        console.warn(f"there is no such pump: {error}")
        raise SystemExit(_USAGE) from error
    except OSError as error:
        console.warn(f"{error.filename or 'a file'}: {error.strerror or error}")
        raise SystemExit(_REFUSED) from error
