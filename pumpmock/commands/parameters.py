"""The parameters of the `pumpmock` commands: each read by one of our own strict parsers, or looked up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import platformdirs
from click.shell_completion import CompletionItem

from protocol.drugs import check_name
from protocol.keys import BENCH_KEY, KEY_ID_SIZE, KeyFileError, check_serial_number
from protocol.places import APP, HOME, KEYS
from protocol.units import (
    parse_concentration,
    parse_deviation,
    parse_percent,
    parse_rate,
    parse_span,
    parse_volume,
)
from pumpmock.drug_file import library_named
from pumpmock.keyring import read_key
from pumpmock.limits_file import limits_named
from pumpmock.pace import parse_speed
from pumpmock.ports.tcp import parse_host_port
from pumpmock.profile_file import find_profile, shipped_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from protocol.keys import Key

REFUSED, USAGE, NO_LINK = 1, 2, 3  # exit codes
DRAWN = "drawn"  # from the seed


class Parsed(click.ParamType[Any]):
    """A parameter read by one of our own strict parsers.

    Args:
        name: what `--help` calls it.
        parse: raises ValueError with a sentence.
        words: those that a shell can complete; asked for when it does.
        or_file: whether it may be a file too.
    """

    def __init__(
        self,
        name: str,
        parse: Callable[[str], Any],
        words: Callable[[], Iterable[str]] = tuple,
        *,
        or_file: bool = False,
    ) -> None:
        self.name = name
        self._parse = parse
        self._words = words
        self._or_file = or_file

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the words that begin with what was typed; with the files that the shell adds, where it may be one."""
        del ctx, param
        files = [CompletionItem(incomplete, type="file")] if self._or_file else []
        # In this order: bash forgets what came before a file.
        return [*files, *(CompletionItem(word) for word in self._words() if word.startswith(incomplete))]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's signature
        """Return the parsed value, or fail with the parser's sentence."""
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _parse_key_id(text: str) -> bytes:
    try:
        key_id = bytes.fromhex(text)
    except ValueError:
        key_id = b""
    if len(key_id) != KEY_ID_SIZE:
        # Not repeated here: it may be the key itself, pasted by mistake.
        raise ValueError(
            f"a key id has {2 * KEY_ID_SIZE} hexadecimal digits: pumpmock keys list shows those there are"
        )
    return key_id


def _parse_rate_error(text: str) -> int | str:
    return text if text == DRAWN else parse_deviation(text)


VOLUME = Parsed("volume", parse_volume)
RATE = Parsed("rate", parse_rate)
PERCENT = Parsed("percent", parse_percent)
CONCENTRATION = Parsed("concentration", parse_concentration)
PROFILE = Parsed("name|file", find_profile, shipped_names, or_file=True)
RATE_ERROR = Parsed(f"percent|{DRAWN}", _parse_rate_error)
DEVIATION = Parsed("percent", parse_deviation)
SPAN = Parsed("span", parse_span)
LIMITS = Parsed("file|none", limits_named)
DRUGS = Parsed("file|none", library_named)
DRUG = Parsed("name", check_name)
SPEED = Parsed("factor", parse_speed)
HOST_PORT = Parsed("host:port", parse_host_port)
SERIAL_NUMBER = Parsed("serial", check_serial_number)
KEY_ID = Parsed("key id", _parse_key_id)


def default_keys() -> Path:
    """Return the folder of the key files: in the user's configuration, or in the home that the environment names."""
    home = os.environ.get(HOME)
    return (Path(home) if home else platformdirs.user_config_path(APP)) / KEYS


keys_option = click.option(
    "--keys", type=click.Path(path_type=Path, file_okay=False), help="Folder of the pairing keys."
)


_BENCH = "bench"  # in place of a file; a file of that name is meant by its whole path

key_files_option = click.option(
    "--key",
    "key_files",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE|bench",
    multiple=True,
    help="Verify tags with the key in this file, or with the published bench key; more than one may be given.",
)


def read_keys(files: Sequence[Path]) -> list[Key]:
    """Return the keys in these files; where one can't be had, say why and end with the exit code for it."""
    try:
        return [BENCH_KEY if str(file) == _BENCH else read_key(file) for file in files]
    except KeyFileError as error:
        click.echo(f"pumpmock: {error}", err=True)
    except OSError as error:
        click.echo(f"pumpmock: {error.filename}: {error.strerror or error}", err=True)
    raise SystemExit(REFUSED)
