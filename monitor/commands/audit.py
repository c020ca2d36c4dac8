"""`pump-monitor audit list` and `audit verify`: what was done to pumps from here, and whether that record still holds."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import click

from monitor.commands.opening import opened
from monitor.commands.options import Place, baud_option, history_option, json_option, keys_option
from monitor.history import reading
from monitor.history.anchors import applied_changes, by_pump, compare
from monitor.history.chain import GENESIS, first_break
from monitor.history.names import first_misnamed
from monitor.history.schema import HistoryError, opened_to_read
from monitor.history.told import Pump
from monitor.trail_text import told
from protocol.vocabulary import Role, Verdict
from protocol.wording import event_line

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from monitor.client import PumpClient
    from monitor.commands.options import Keys
    from monitor.history.anchors import Applied, Comparison
    from monitor.history.chain import Break, Entry

_LEAST_HEAD = 8  # hexadecimal digits of a hash that somebody wrote down
_MOST_FOREIGN = 5  # changes of others that are listed one by one
_MS_A_S = 1_000


@click.group()
def audit() -> None:
    """Look at the record of every change: who meant what, what the pump made of it, and what became of it."""


@audit.command("list")
@keys_option
@history_option
@json_option
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the newest N records.")
def listed(keys: Keys, history: Place, *, as_json: bool, last: int | None) -> None:
    """Print the audit trail, oldest first.

    \b
    pump-monitor audit list --last 20
    """  # noqa: D301 - click wants the character, it keeps the line
    with opened_to_read(history.found(bench=keys.bench)) as connection:
        found = list(reading.entries(connection))
    for entry in found[-last:] if last else found:
        click.echo(json.dumps(_fields(entry)) if as_json else _text(entry))
    if not found and not as_json:
        click.echo("nothing was changed from here")


@audit.command()
@click.argument("url", required=False)
@baud_option
@keys_option
@history_option
@click.option(
    "--head", metavar="HASH", help="The hash that verify printed once: it must still be in the trail."
)
def verify(url: str | None, baud: int, keys: Keys, history: Place, head: str | None) -> None:
    """Check that neither the audit trail nor a reading was altered, and hold the trail against the pumps' own logs.

    With URL the pump is asked for its log, and by a technician key whether it knows the newest change by its name, which
    follows from all that was on record before it. Without, the log that was stored is taken, which lies in the same file.
    The exit code is 1 where something does not hold, and the first bad record is named.

    \b
    pump-monitor audit verify
    pump-monitor audit verify /dev/ttyUSB0
    """  # noqa: D301 - click wants the character, it keeps the lines
    if head is not None and len(head) < _LEAST_HEAD:
        raise click.BadParameter(f"{_LEAST_HEAD} digits at the least", param_hint="--head")
    file = history.found(bench=keys.bench)
    with ExitStack() as until_told:
        pump = None if url is None else until_told.enter_context(opened(url, keys, history, baud))
        _verify(file, pump, head)


def _verify(file: Path, pump: PumpClient | None, head: str | None) -> None:
    asked = None if pump is None else (Pump(pump.serial_number, pump.store_id), pump.events())
    with opened_to_read(file) as connection:
        connection.execute("BEGIN")  # one state of the file for all that follows
        trail = list(reading.entries(connection))
        damage = reading.damage(connection)
        try:
            broken = first_break(trail) or first_misnamed(trail) or _broken_reading(connection, trail)
        except ValueError as error:
            raise HistoryError(f"{error}: {file}") from error
        readings = reading.count(connection, "readings")
        logs = {pump: reading.log(connection, number) for number, pump in reading.pumps(connection).items()}
    if asked is not None:
        logs[asked[0]] = asked[1]
    if broken is not None or damage:
        raise HistoryError(f"{broken.why if broken else damage}: {file}")
    if head is not None and not any(entry.hash.hex().startswith(head.lower()) for entry in trail):
        raise HistoryError(f"no record has the hash {head}: the trail was cut off or replaced: {file}")
    newest = trail[-1].hash if trail else GENESIS
    click.echo(f"{len(trail)} records hold; head {newest.hex()}")
    click.echo(f"{readings} readings hold")
    try:
        records = by_pump(trail)
        applied = {one: applied_changes(records.get(_named(one), []), one) for one in logs}
    except ValueError as error:
        raise HistoryError(f"{error}: {file}") from error
    whole = None if asked is None else asked[0]
    _say_all(
        applied, {one: compare(applied[one], log, whole=one == whole) for one, log in logs.items()}, whole
    )
    if pump is not None and whole is not None:
        _ask_by_name(pump, applied[whole], file)


def _named(pump: Pump) -> tuple[str, str]:
    return (pump.serial_number, pump.store_id.hex())


def _say_all(applied: dict[Pump, list[Applied]], beside: dict[Pump, Comparison], asked: Pump | None) -> None:
    """Say how the trail stands with the logs of all pumps; of those that were never changed, how many they are.

    Raises:
        HistoryError: a log lacks a change.
    """
    quiet = 0
    for one, found in beside.items():
        if applied[one] or found.foreign or one == asked or len(beside) == 1:
            _say(one, applied[one], found)
        else:
            quiet += 1
    if quiet:
        click.echo(f"{quiet} pumps that were not changed, neither from here nor by their logs")
    if any(one.missing for one in beside.values()):
        raise HistoryError("a change that was recorded as applied is not in the log of its pump")


def _ask_by_name(pump: PumpClient, applied: list[Applied], file: Path) -> None:
    """Ask the pump whether it knows the newest change by its name.

    Raises:
        HistoryError: it does not, so what stands before that change is not what stood there.
    """
    ledger = f"pump {pump.serial_number}: its ledger"
    named = [one for one in applied if one.begun]
    if not named:
        click.echo(f"{ledger} proves nothing: no change that was begun in this trail was applied")
        return
    newest = max(named, key=lambda one: one.begun)
    if pump.role < Role.TECHNICIAN:
        click.echo(f"{ledger} was not asked: it tells of a change by name to a technician key alone")
        return
    outcome = pump.recall(bytes.fromhex(newest.command))
    said = f"record {newest.begun} to {newest.seq}: "
    if outcome.verdict is not Verdict.APPLIED:
        said += f"the pump knows no change {newest.command[:_LEAST_HEAD]}"
        raise HistoryError(f"{said}: the trail was rewritten, before it or there: {file}")
    if (outcome.revision, outcome.pump_time_us) != (newest.revision, newest.pump_time_us):
        said += f"the pump made revision {outcome.revision} of it, at {outcome.pump_time_us} us"
        raise HistoryError(f"{said}: {file}")
    click.echo(f"{ledger} knows the newest by its name: records 1 to {newest.begun} are as they were then")


def _broken_reading(connection: sqlite3.Connection, trail: list[Entry]) -> Break | None:
    before, last = reading.folded_until(trail)
    return reading.broken_reading(connection, before, last + 1)


def _say(pump: Pump, applied: list[Applied], beside: Comparison) -> None:
    """Say how the trail stands with a pump's log."""
    said = f"pump {pump.serial_number}: {len(applied)} changes applied from here, {beside.found} of them in its log"
    if beside.untold:
        said += f", {len(beside.untold)} where the log at hand does not reach"
    click.echo(said)
    for one in applied:
        if not one.begun:
            click.echo(
                f"  record {one.seq}: not begun in this trail: by a script without one, or cut from it"
            )
    for one in beside.missing:
        what = f"revision {one.revision}, pump time {one.pump_time_us} us"
        click.echo(f"  record {one.seq}: applied as {what}, and not in the pump's log")
    if beside.foreign:
        click.echo(
            f"  {len(beside.foreign)} changes of its log were made by another host, or cut from this trail:"
        )
    for event in beside.foreign[-_MOST_FOREIGN:]:
        click.echo(f"  {event.number:5}  {event_line(event)}")


def _fields(entry: Entry) -> dict[str, Any]:
    """Return a record as JSON values; the names are a contract with scripts."""
    head = {"seq": entry.seq, "wall_ms": entry.wall_ms, "kind": entry.kind, "hash": entry.hash.hex()}
    return head | cast("dict[str, Any]", entry.facts)


def _text(entry: Entry) -> str:
    facts = cast("dict[str, Any]", entry.facts)
    when = datetime.fromtimestamp(entry.wall_ms / _MS_A_S, UTC).astimezone()
    who = f"{facts.get('role', '').lower()} {facts.get('by', '')}".strip()
    said = "".join(char if char.isprintable() else "?" for char in told(entry))
    command = facts.get("command", "")[:_LEAST_HEAD]
    return (
        f"{entry.seq:5}  {when:%Y-%m-%d %H:%M:%S}  {facts.get('pump', ''):8}  {who:19}  {command:8}  {said}"
    )
