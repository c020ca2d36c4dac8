"""`pumpmock replay`: ask a pump what was asked of another one."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from protocol.places import BAUD, LEAST_BAUD, MOST_BAUD
from protocol.units import parse_span
from pumpmock.commands.parameters import NO_LINK, REFUSED, Parsed, key_files_option, read_keys
from pumpmock.journal.caller import Caller
from pumpmock.journal.entry import Entry
from pumpmock.journal.file import JournalError, JournalFile
from pumpmock.journal.frames import Follower
from pumpmock.journal.reading import read_journal
from pumpmock.journal.replay import Adapter, Course, course_of
from pumpmock.journal.serial_end import SerialEnd
from pumpmock.ports.base import PortError

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.keys import Key

_REAL = "real"
_PEER = "replay"
_NS_A_S = 1_000_000_000


def _gap(text: str) -> int | None:
    """Read what is left between two requests, in ns; None for as long as it was."""
    if text == _REAL:
        return None
    return 0 if text == "none" else parse_span(text) * _NS_A_S


@click.command("replay")
@click.argument("journal", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("url")
@key_files_option
@click.option(
    "--gap",
    type=Parsed("real|none|span", _gap),
    default="none",
    show_default=True,
    help="What is left between two requests: as long as it was, nothing, or always the same.",
)
@click.option(
    "--baud",
    type=click.IntRange(LEAST_BAUD, MOST_BAUD),
    metavar="RATE",
    default=BAUD,
    show_default=True,
    help="Of the line, bits a second: what the port is set to, and how long an answer is waited for.",
)
@click.option(
    "--journal",
    "to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a journal of it, for pumpmock diff.",
)
@click.option(
    "--allow-changes", is_flag=True, help="Ask for the changes in it too: this pump is changed then."
)
@click.option("--reads-only", is_flag=True, help="Leave out what is to change the pump.")
def replay_command(
    *,
    journal: Path,
    url: str,
    key_files: tuple[Path, ...],
    gap: int | None,
    baud: int,
    to: Path | None,
    allow_changes: bool,
    reads_only: bool,
) -> None:
    """Ask the pump at URL what hosts asked in JOURNAL, in the same order.

    A recorded frame opens for no other session, so each request is sealed anew under --key. Changes get new ids, the
    token that this pump gives them, and the revision and rate that this pump told last where the host had decided on what
    it heard last; all else is asked as it was. All is asked in one conversation, with a new session where the host had
    begun one. What the pump dropped, and what was malformed, is left out, and counted.

    \b
    Examples:
      pumpmock replay real.jsonl /tmp/ttyPUMP --key bench --reads-only
      pumpmock replay real.jsonl socket://127.0.0.1:7070 --key bench --allow-changes --journal again.jsonl
      pumpmock diff real.jsonl again.jsonl
    """  # noqa: D301 - click wants the character, it keeps the examples' lines
    if allow_changes and reads_only:
        raise click.UsageError("--allow-changes and --reads-only exclude each other: leave one out")
    if len(key_files) != 1:
        raise click.UsageError("give one --key: the file of a key that the pump at URL has, or bench")
    try:
        course = course_of(read_journal(journal))
    except (JournalError, OSError) as error:
        raise click.UsageError(str(error)) from error
    if course.changing and not (allow_changes or reads_only):
        kinds = ", ".join(dict.fromkeys(type(one).__name__ for one in course.changing))
        said = f"{len(course.changing)} requests in {journal} are to change a pump ({kinds})"
        click.echo(f"pumpmock: {said}: --allow-changes asks for them, --reads-only leaves them out", err=True)
        raise SystemExit(REFUSED)
    (key,) = read_keys(key_files)
    try:
        counts = _replay(course.only_reading() if reads_only else course, SerialEnd(url, baud), key, gap, to)
    except PortError as error:
        click.echo(f"pumpmock: {error}", err=True)
        raise SystemExit(NO_LINK) from error
    except (JournalError, OSError) as error:
        click.echo(f"pumpmock: {error}", err=True)
        raise SystemExit(REFUSED) from error
    click.echo(f"{counts['asked']} requests asked, {counts['answered']} answered")
    left_out = course.only_reading().left_out if reads_only else course.left_out
    for why, count in left_out.items():
        if count:
            click.echo(f"{count} left out: {why}")


def _replay(course: Course, end: SerialEnd, key: Key, gap_ns: int | None, to: Path | None) -> Counter[str]:
    with contextlib.ExitStack() as stack:
        line = stack.enter_context(end)
        file = None if to is None else _file(to, line.url, key)
        if file is not None:
            stack.callback(file.close)
        caller = Caller(line, key, secrets.token_bytes, time.monotonic_ns, _noting(file))
        began_ns = time.monotonic_ns()

        def sleep_until(ns: int) -> None:
            time.sleep(max(0, began_ns + ns - time.monotonic_ns()) / _NS_A_S)

        return ask_all(course, caller, Adapter(secrets.token_bytes), gap_ns, sleep_until)


def ask_all(
    course: Course, caller: Caller, adapter: Adapter, gap_ns: int | None, sleep_until: Callable[[int], None]
) -> Counter[str]:
    """Ask all, and return how many were asked and answered.

    Args:
        course: what.
        caller: the host that asks.
        adapter: puts it in terms of this pump.
        gap_ns: what is left between two requests; None for as long as it was.
        sleep_until: waits until so many ns after the first request.
    """
    counts: Counter[str] = Counter()
    first_ns: int | None = None
    for step in course.steps:
        if not step.is_request:
            adapter.heard_then(step.message)
            continue
        first_ns = step.wall_ns if first_ns is None else first_ns
        sleep_until(step.wall_ns - first_ns if gap_ns is None else gap_ns * counts["asked"])
        if step.begins:
            for message in caller.greet():
                adapter.heard_now(message)
        answer = caller.ask(adapter.adapted(step.message))
        counts["asked"] += 1
        if answer is not None:
            counts["answered"] += 1
            adapter.heard_now(answer)
    return counts


def _file(to: Path, url: str, key: Key) -> JournalFile:
    return JournalFile(
        to,
        {"url": url, "side": "host"},
        began=datetime.now(UTC),
        since_ns=time.monotonic_ns(),
        follower=Follower({key.key_id: key}, is_pumps=False),
        warn=lambda said: click.echo(f"pumpmock: {said}", err=True),
        has_pump_time=False,
    )


def _noting(file: JournalFile | None) -> Callable[[str, bytes], None]:
    made = Counter[str]()

    def passed(what: str, data: bytes) -> None:
        made["entries"] += 1
        if file is not None:
            file.take(Entry(made["entries"], time.monotonic_ns(), 0, what, _PEER, data))

    return passed
