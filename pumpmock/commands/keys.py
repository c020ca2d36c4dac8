"""`pumpmock keygen` and `pumpmock keys`: making, listing and dropping pairing keys, all of it on this machine."""

from __future__ import annotations

import json
import os
import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from protocol.keys import KeyFileError
from protocol.places import APP, KEYS
from protocol.vocabulary import Role
from pumpmock.commands.parameters import KEY_ID, REFUSED, SERIAL_NUMBER, default_keys, keys_option
from pumpmock.keyring import drop, generate, list_keys, load_keys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pumpmock.keyring import KeyFile


@click.command()
@click.option(
    "--serial-number", type=SERIAL_NUMBER, default="PM-00001", show_default=True, help="Which pump it is for."
)
@click.option(
    "--role",
    type=click.Choice([role.name.lower() for role in Role]),
    required=True,
    help="A viewer reads, a technician changes too, a developer as a technician.",
)
@keys_option
def keygen(serial_number: str, role: str, keys: Path | None) -> None:
    """Make a pairing key for a pump.

    Where the pump has a key of this role already, the new one stands beside it and the pump takes both from its next
    start on. To replace a key: make another, carry it to the monitor, start the pump again, then drop the old one with
    pumpmock keys drop.
    """
    folder = keys or default_keys()
    with _told():
        made = generate(
            folder, serial_number, Role[role.upper()], os.urandom, load_keys(folder, serial_number)
        )
    click.echo(f"{_words(made)}: {made.path}")
    click.echo("the pump takes it from its next start on; a monitor on this machine finds it in this folder")
    click.echo(
        "for another machine, copy the file by hand, by a way that nobody else can read, and keep it its owner's:"
    )
    click.echo(f"  scp -p {shlex.quote(str(made.path))} MACHINE:.config/{APP}/{KEYS}/")


@click.group("keys")
def keys_group() -> None:
    """List the pairing keys on this machine, or drop one."""


@keys_group.command("list")
@keys_option
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON a file.")
def list_command(keys: Path | None, *, as_json: bool) -> None:
    """List the key files: role, key id, pump, file, and what keeps one from being taken.

    The exit code is 1 where a file can't be taken.
    """
    folder = keys or default_keys()
    with _told():
        found = list_keys(folder)
    for file in found:
        click.echo(json.dumps(_fields(file)) if as_json else _line(file))
    if not found and not as_json:
        click.echo(f"there are no keys in {folder}: pumpmock serve makes them at its first start")
    if any(file.problem for file in found):
        raise SystemExit(REFUSED)


@keys_group.command("drop")
@click.argument("key_id", type=KEY_ID)
@click.option(
    "--serial-number", type=SERIAL_NUMBER, help="Whose key, where several pumps have one of this id."
)
@keys_option
def drop_command(key_id: bytes, serial_number: str | None, keys: Path | None) -> None:
    """Delete the file of the key KEY_ID; there is no way back.

    A pump that runs takes the key until it is started again. Copies on other machines are to be deleted there.
    """
    with _told():
        dropped = drop(keys or default_keys(), key_id, serial_number)
    click.echo(f"dropped the {_words(dropped)}: {dropped.path}")
    click.echo("the pump takes it no longer from its next start on")


@contextmanager
def _told() -> Iterator[None]:
    """Turn what can be expected to go wrong into a sentence and an exit code."""
    try:
        yield
    except (KeyFileError, OSError) as error:
        said = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
        click.echo(f"{APP}: {said}", err=True)
        raise SystemExit(REFUSED) from error


def _words(file: KeyFile) -> str:
    key = file.key
    return (
        "" if key is None else f"{key.role.name.lower()} key {key.key_id.hex()} of pump {key.serial_number}"
    )


def _line(file: KeyFile) -> str:
    key = file.key
    if key is None:
        return f"problem     {file.problem}"
    return f"{key.role.name.lower():10}  {key.key_id.hex()}  {key.serial_number:8}  {file.path}"


def _fields(file: KeyFile) -> dict[str, str | None]:
    """Return a key file as JSON values; the names are a contract with scripts."""
    key = file.key
    return {
        "serial_number": None if key is None else key.serial_number,
        "role": None if key is None else key.role.name.lower(),
        "key_id": None if key is None else key.key_id.hex(),
        "file": str(file.path),
        "problem": file.problem or None,
    }
