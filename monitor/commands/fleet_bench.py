"""What the fleet's commands have in common: which pumps, by which keys, and the table printed once."""

from __future__ import annotations

import json
import sys
import threading
import time
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.client import PumpClient
from monitor.deeds import NoTrail
from monitor.drugs import content
from monitor.errors import RefusedError
from monitor.fleet.bench_file import BENCH, MOST_BYTES, Member, read_bench
from monitor.fleet.keeping import Keeping
from monitor.fleet.loop import Fleet, without_a_reading
from monitor.fleet.report import row_fields, table_text
from monitor.fleet.rows import BY_URGENCY, Judge, needs_a_hand, ordered
from monitor.history.recorder import MOST_WAITING, Recorder, wall_ms
from monitor.intents import Intents, default_folder
from monitor.keys import bench_keyring, one_key
from monitor.watch import Watcher
from protocol.strict_toml import FileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.commands.options import Keys, Place
    from monitor.keys import Keyring
    from protocol.intent import Intent

_PATIENCE_S = 20  # a pump that is neither read nor lost by then hangs in an opening
_NEEDS_A_HAND = 1
_WAITING_A_PUMP = 10  # readings that wait for a disk that takes none


def members_of(urls: tuple[str, ...], bench: Path | None, baud: int) -> tuple[Member, ...]:
    """Return the pumps that were named, by their ports or by a bench file.

    Raises:
        click.UsageError: none was, or both, or a port twice.
        RefusedError: the bench file can't be taken.
    """
    if bench is not None:
        if urls:
            raise click.UsageError("--bench names the ports itself: leave the URLs out")
        return from_file(bench)
    if not urls:
        raise click.UsageError("no pump was named: give their URLs, or a bench file by --bench")
    twice = next((url for number, url in enumerate(urls) if url in urls[:number]), None)
    if twice is not None:
        raise click.UsageError(f"{twice} was named twice: a port leads to one pump")
    return tuple(Member(url, baud=baud) for url in urls)


def from_file(file: Path) -> tuple[Member, ...]:
    """Return the pumps of a bench file.

    Raises:
        RefusedError: it can't be read or taken.
    """
    try:
        return read_bench(str(file), content(file, MOST_BYTES))
    except FileError as error:
        raise RefusedError(str(error)) from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise RefusedError(f"the bench file {file} can't be read: {why}") from error


def fleet_of(
    members: tuple[Member, ...], keys: Keys, folder: Path, period_ms: int, history: Place | None = None
) -> Fleet:
    """Return the fleet of these pumps; key files are named from `folder` on, and without a history nothing is stored."""
    usual = cache(keys.ring)
    rings = cache(lambda key: ring_of(key, folder, usual))
    keeping = None
    if history is not None and history.kept:
        keeping = Keeping(partial(_recorder, history, len(members)), wall_ms)
    return Fleet(
        members,
        lambda member: rings(member.key),
        period_ms=period_ms,
        in_doubt=_in_doubt(),
        keeping=keeping,
    )


def _recorder(history: Place, pumps: int, bench: bool) -> Recorder:  # noqa: FBT001 - called by place
    """Return where is stored what was had with the published bench key, or the rest."""
    most = max(MOST_WAITING, _WAITING_A_PUMP * pumps)
    return Recorder(history.found(bench=bench), most_waiting=most)


def ring_of(key: str | None, folder: Path, usual: Callable[[], Keyring]) -> Keyring:
    """Return the keys to try: a file's, which is named from where the bench file is; the published one; or the usual."""
    if key is None:
        return usual()
    return bench_keyring() if key == BENCH else one_key(folder / Path(key).expanduser())


def _in_doubt() -> dict[tuple[bool, str], tuple[Intent, ...]]:
    """Return the changes that were left without a verdict, by whether it was by the bench key, and by their pump."""
    found: dict[tuple[bool, str], tuple[Intent, ...]] = {}
    for bench in (False, True):
        for intent in Intents(default_folder(bench=bench)).left_in_doubt(None)[0]:
            whose = (bench, intent.serial_number)
            found[whose] = (*found.get(whose, ()), intent)
    return found


def print_once(watched: Fleet, *, as_json: bool) -> None:
    """Print the table once every pump has been read or lost, and exit with 1 where one needs a hand."""
    complete = threading.Event()
    watched.subscribe(lambda snapshots: None if without_a_reading(snapshots) else complete.set())
    watched.start()
    try:
        complete.wait(_PATIENCE_S)
    finally:
        watched.stop()
    now_ns = time.monotonic_ns()
    rows = ordered(Judge(watched.members).rows(watched.snapshots, now_ns), BY_URGENCY)
    if as_json:
        for row in rows:
            click.echo(json.dumps(row_fields(row, now_ns)))
    else:
        click.echo(table_text(rows, now_ns))
    if any(needs_a_hand(row) for row in rows):
        sys.exit(_NEEDS_A_HAND)


def watcher_of(
    member: Member, keyring: Keyring, period_ms: int, await_port: Callable[[], None], history: Place
) -> Watcher:
    """Return who watches the pump that is open: as the dashboard does, history and changes in doubt included."""
    bench = any(key.is_bench for key in keyring.keys)
    recorder = cache(lambda: Recorder(history.found(bench=bench)) if history.kept else None)
    known = None if bench else {key.serial_number for key in keyring.keys}

    def left(serial_number: str | None) -> tuple[tuple[Intent, ...], str]:
        return Intents(default_folder(bench=bench)).left_in_doubt({serial_number} if serial_number else known)

    return Watcher(
        member.url,
        partial(_connect, member, keyring, recorder, await_port),
        left=left,
        period_ms=period_ms,
        baud=member.baud,
        bench_key=bench,
        history=recorder,
    )


def _connect(
    member: Member, keyring: Keyring, recorder: Callable[[], Recorder | None], await_port: Callable[[], None]
) -> PumpClient:

    await_port()
    return PumpClient(
        member.url,
        keyring=keyring,
        serial_number=member.serial_number,
        baud=member.baud,
        trail=recorder() or NoTrail(),
    )
