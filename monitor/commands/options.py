"""What the commands have in common: the port, the keys, the pace, the form of the output."""

from __future__ import annotations

import sys
from datetime import datetime
from functools import cache, partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from protocol.places import BAUD, LEAST_BAUD, MOST_BAUD
from protocol.units import QuantityError, parse_decimal

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.keys import Keyring
    from protocol.dosing import Rules

_MS_DECIMALS = 3
_MS_A_S = 1_000
_DRUG, _PATIENTS = "baclofen", "spinal"


class Keys(NamedTuple):
    """Which keys a command tries.

    Attributes:
        folder: where they are; None for the user's own folder.
        bench: whether it is the published bench key instead.
    """

    folder: Path | None
    bench: bool

    def ring(self) -> Keyring:
        """Return the keys themselves."""
        from monitor.keys import bench_keyring, find_keys  # noqa: PLC0415 - after the first paint

        return bench_keyring() if self.bench else find_keys(self.folder)


def keys_option(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options --keys and --bench-key, and call it with `keys`, a `Keys`."""

    @click.option(
        "--keys", type=click.Path(path_type=Path, file_okay=False), help="Folder of the pairing keys."
    )
    @click.option(
        "--bench-key",
        is_flag=True,
        help="Try the published bench key and no other; for an emulator that was started with it.",
    )
    @wraps(command)
    def with_keys(*args: Any, keys: Path | None, bench_key: bool, **options: Any) -> None:  # noqa: ANN401 - the command's own
        if bench_key and keys is not None:
            raise click.UsageError("--bench-key and --keys exclude each other: leave one out")
        if bench_key:
            from protocol.keys import BENCH_WARNING  # noqa: PLC0415 - after the first paint, for whoever has keys

            click.echo(f"pump-monitor: {BENCH_WARNING}", err=True)
        command(*args, keys=Keys(keys, bench_key), **options)

    return with_keys


class Place(NamedTuple):
    """Where a command keeps its history.

    Attributes:
        file: that was named; None for the one in the user's data folder.
        kept: whether readings and events are.
    """

    file: Path | None
    kept: bool

    def found(self, *, bench: bool) -> Path:
        """Return the file."""
        from monitor.history.schema import default_file  # noqa: PLC0415 - after the first paint

        return self.file or default_file(bench=bench)


def history_option(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the option --history, and call it with `history`, a `Place`."""

    @click.option(
        "--history",
        "file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The history file.  [default: in the user's data folder]",
    )
    @wraps(command)
    def with_history(*args: Any, file: Path | None, no_history: bool = False, **options: Any) -> None:  # noqa: ANN401 - as above
        if no_history and file is not None:
            raise click.UsageError("--history and --no-history exclude each other: leave one out")
        command(*args, history=Place(file, not no_history), **options)

    return with_history


no_history_option = click.option(
    "--no-history", is_flag=True, help="Remember nothing; nothing can be changed then."
)


def rules_option(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options --drugs, --drug and --patient-class, and call it with `rules`, which returns the rules.

    What was named is read, and refused, before the command begins. The default is read when it is first asked for.
    """

    @click.option(
        "--drugs",
        metavar="FILE|none",
        help="Drug library with the soft limits.  [default: the emulator's own]",
    )
    @click.option("--drug", metavar="NAME", default=_DRUG, show_default=True, help="Of that library.")
    @click.option(
        "--patient-class",
        type=click.Choice(["spinal", "cerebral", "child"]),
        default=_PATIENTS,
        show_default=True,
        help="Whose titration rules apply.",
    )
    @wraps(command)
    def with_rules(*args: Any, drugs: str | None, drug: str, patient_class: str, **options: Any) -> None:  # noqa: ANN401 - as above
        rules = cache(partial(_rules, drugs, drug, patient_class))
        if (drugs, drug, patient_class) != (None, _DRUG, _PATIENTS):
            rules()
        command(*args, rules=rules, **options)

    return with_rules


def _rules(drugs: str | None, drug: str, patient_class: str) -> Rules:
    """Return the rules that were named.

    Raises:
        click.UsageError: there are none such.
    """
    from monitor.drugs import find_rules  # noqa: PLC0415 - the first paint does not wait for them
    from protocol.drugs import PatientClass  # noqa: PLC0415 - as above
    from protocol.strict_toml import FileError  # noqa: PLC0415 - as above

    try:
        return find_rules(drugs, drug, PatientClass(patient_class))
    except FileError as error:
        raise click.UsageError(str(error)) from error
    except (OSError, ValueError) as error:  # ValueError of a name that no file can have
        why = error.strerror if isinstance(error, OSError) else error
        raise click.UsageError(f"the drug library {drugs} can't be read: {why}") from error


def port_of(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str:
    """Return the port that was named, or the emulator's default one, and say that it was taken."""
    if value is not None:
        return value
    from monitor.ports import default_url  # noqa: PLC0415 - pyserial can wait until after the first paint

    url = default_url()
    click.echo(f"pump-monitor: no port was named, taking {url}", err=True)
    return url


def seconds_ms(ctx: click.Context, param: click.Parameter, value: str) -> int:
    """Read a number of seconds, down to thousandths, as milliseconds; at least one."""
    try:
        return max(1, parse_decimal(value, _MS_DECIMALS))
    except QuantityError as error:
        raise click.BadParameter(str(error), ctx, param) from error


def instant_ms(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Read an instant, of local time where it names no zone, as ms of this host's calendar clock."""
    if value is None:
        return None
    try:
        return int(datetime.fromisoformat(value).timestamp() * _MS_A_S)
    except (ValueError, OverflowError, OSError) as error:
        said = f'"{value}" is no instant: write 2026-11-29, "2026-11-29 14:30" or 2026-11-29T14:30:00Z'
        raise click.BadParameter(said, ctx, param) from error


def check_terminal(*, yes: bool) -> None:
    """Refuse to go on where something is to be confirmed and nobody is there to do it.

    Raises:
        click.UsageError: without a terminal and without --yes.
    """
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to confirm on: add --yes")


def typed(word: str, purpose: str = "apply it") -> str:
    """Return what is typed when `word` is asked for."""
    answer: str = click.prompt(f"type {word} to {purpose}", default="", show_default=False)
    return answer.strip()


url_argument = click.argument("url", required=False, callback=port_of)
baud_option = click.option(
    "--baud",
    type=click.IntRange(LEAST_BAUD, MOST_BAUD),
    metavar="RATE",
    default=BAUD,
    show_default=True,
    help="Of the line, bits a second: what the port is set to, and how long an answer is waited for.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, a value a line.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask; for scripts.")
every_option = click.option(
    "--every",
    "period_ms",
    default="1",
    show_default=True,
    callback=seconds_ms,
    help="Seconds between readings.",
)
