"""What the commands have in common: the port, the keys, the pace, the form of the output."""

from __future__ import annotations

from pathlib import Path

import click

from protocol.units import QuantityError, parse_decimal

_MS_DECIMALS = 3


def port_of(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str:
    """Return the port that was named, or the emulator's default one, and say that it was taken."""
    if value is not None:
        return value
    from monitor.ports import default_url  # noqa: PLC0415 - pyserial can wait until after the first paint

    url = default_url()
    click.echo(f"pump-monitor: no port was named, taking {url}", err=True)
    return url


def _period_ms(ctx: click.Context, param: click.Parameter, value: str) -> int:
    try:
        return max(1, parse_decimal(value, _MS_DECIMALS))
    except QuantityError as error:
        raise click.BadParameter(str(error), ctx, param) from error


url_argument = click.argument("url", required=False, callback=port_of)
keys_option = click.option(
    "--keys", type=click.Path(path_type=Path, file_okay=False), help="Folder of the pairing keys."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, a value a line.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask; for scripts.")
every_option = click.option(
    "--every",
    "period_ms",
    default="1",
    show_default=True,
    callback=_period_ms,
    help="Seconds between readings.",
)
