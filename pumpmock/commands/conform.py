"""`pumpmock conform`: does a device speak the protocol?"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from protocol.keys import BENCH_WARNING, KeyFileError
from protocol.places import BAUD, LEAST_BAUD, MOST_BAUD
from pumpmock.commands.parameters import NO_LINK, REFUSED, Parsed, default_keys
from pumpmock.conform import report
from pumpmock.conform.check import Check, FailedError, Need
from pumpmock.conform.pairing import at_hand, meet, named, whose
from pumpmock.conform.rig import Keys, Rig
from pumpmock.conform.runner import Result, Runner, Verdict
from pumpmock.conform.table import CHECKS, UNTRIED, chosen, sections
from pumpmock.conform.wire import LinkError, SerialWire, takes_two, tells_of_hanging_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NS_PER_MS = 1_000_000
_MS_PER_S = 1_000
_PATIENCE_MS = 2_000  # twice as long as a host waits by docs/protocol.md
_SECTION = Parsed("section", chosen)


class _Here:
    """The clock and the randomness of this machine."""

    def now_ms(self) -> int:
        return time.monotonic_ns() // _NS_PER_MS

    def sleep(self, ms: int) -> None:
        time.sleep(ms / _MS_PER_S)

    def random(self, size: int) -> bytes:
        return os.urandom(size)


class _Paper:
    """Where results are written as they come."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.results: list[Result] = []
        self._section = ""
        self._is_live = not as_json and sys.stdout.isatty()

    def begin(self, check: Check) -> None:
        """Show what is being tried, where somebody watches."""
        self.say(check.name)

    def say(self, text: str) -> None:
        """Show what is being waited for, where somebody watches."""
        if self._is_live:
            width = shutil.get_terminal_size().columns - 1  # a line that wraps is not wiped
            click.echo(f"\r\x1b[2K{f'  ...      {text}':.{width}}", nl=False)

    def add(self, result: Result) -> None:
        """Write down what became of a check."""
        self.results.append(result)
        if self.as_json:
            click.echo(json.dumps(report.as_json(result)))
            return
        self._wipe()
        if result.check.section != self._section:
            self._section = result.check.section
            click.echo(f"\n{self._section}")
        click.echo("\n".join(report.lines(result)))

    def close(self, put_back: str) -> None:
        """Write the summary."""
        if self.as_json:
            click.echo(report.summary_json(self.results, put_back))
            return
        self._wipe()
        if put_back:
            click.echo(f"\n{put_back}")
        click.echo("\n" + "\n".join(report.summary(self.results)))

    def _wipe(self) -> None:
        if self._is_live:
            click.echo("\r\x1b[2K", nl=False)


@click.command("conform")
@click.argument("url", required=False)
@click.option(
    "--key",
    "key_files",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE|bench",
    multiple=True,
    help="A key of the device, or the published bench key; a viewer's and a technician's make the most checks.  "
    "[default: those in the user's folder]",
)
@click.option("--allow-changes", is_flag=True, help="Let checks change the rate by 1 nL/h, and put it back.")
@click.option("--slow", is_flag=True, help="Make the checks as well that wait for 5 s and for 15 s.")
@click.option(
    "--only", type=_SECTION, multiple=True, help="Only the checks of this section of docs/protocol.md."
)
@click.option(
    "--timeout",
    "patience_ms",
    type=click.IntRange(1),
    metavar="MS",
    default=_PATIENCE_MS,
    show_default=True,
    help="How long to wait for an answer that has to come, beside the time that bytes take at --baud.",
)
@click.option(
    "--baud",
    type=click.IntRange(LEAST_BAUD, MOST_BAUD),
    metavar="RATE",
    default=BAUD,
    show_default=True,
    help="Of the line, bits a second.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON a check, and one that sums up.")
@click.option(
    "--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write the results as JUnit XML too."
)
@click.option(
    "--list", "wants_list", is_flag=True, help="List the checks, and what is not tried; no device needed."
)
def conform(  # noqa: PLR0913 - one parameter an option
    *,
    url: str | None,
    key_files: tuple[Path, ...],
    allow_changes: bool,
    slow: bool,
    only: tuple[tuple[Check, ...], ...],
    patience_ms: int,
    baud: int,
    as_json: bool,
    junit: Path | None,
    wants_list: bool,
) -> None:
    """Try whether a device speaks the protocol.

    URL is a serial port, or anything that pyserial opens. Each check says what must be true, by section of
    docs/protocol.md; one that fails tells what was expected, what came, and the frames. Without --allow-changes the
    device is only asked. Its log will show sessions, refusals and handshakes with wrong tags, and handshakes are ignored
    on its port for some seconds at the end.

    With --allow-changes changes are prepared, one is committed (the rate, by 1 nL/h), and the rate is put back, which
    takes as long as the device's lock-out after a change. Two of the refusals are over a limit, where that does not lock
    changes. Never do that to a pump that is in somebody.

    Exit codes: 0 nothing failed, 1 something did, 2 usage, 3 no device answers.

    \b
    Examples:
      pumpmock conform /dev/ttyUSB0 --key PM-00001.viewer.key
      pumpmock conform socket://127.0.0.1:7070 --key bench --allow-changes
      pumpmock conform /tmp/ttyPUMP --only "The handshake" --slow
      pumpmock conform --list
    """  # noqa: D301 - click wants the character, it keeps the examples' lines
    checks = tuple(check for check in CHECKS if not only or any(check in part for part in only))
    if wants_list:
        click.echo("\n".join(_listed(checks)))
        return
    if url is None:
        raise click.UsageError("name a port: pumpmock conform URL; or --list")
    candidates = _candidates(key_files)
    if allow_changes and not any(keys.changer for keys in candidates):
        raise click.UsageError("--allow-changes needs a technician key: --key FILE")
    paper = _Paper(as_json=as_json)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    rig = _dialled(url, baud, candidates[0], patience_ms, paper)
    try:
        code = _examined(rig, url, candidates, checks, paper, allow_changes=allow_changes, slow=slow)
    finally:
        rig.close()
    if junit is not None:
        _write(junit, report.junit(paper.results, url))
    raise SystemExit(code)


def _candidates(files: Sequence[Path]) -> list[Keys]:
    try:
        return [named(files)] if files else at_hand(default_keys())
    except KeyFileError as error:
        _warn(str(error))
    except OSError as error:
        _warn(f"{error.filename}: {error.strerror or error}")
    raise SystemExit(REFUSED)


def _dialled(url: str, baud: int, keys: Keys, patience_ms: int, paper: _Paper) -> Rig:
    try:
        return Rig(partial(SerialWire, url, baud), keys, _Here(), patience_ms, paper.say, baud)
    except LinkError as error:
        _warn(str(error))
        raise SystemExit(NO_LINK) from error


def _examined(
    rig: Rig,
    url: str,
    candidates: list[Keys],
    checks: Sequence[Check],
    paper: _Paper,
    *,
    allow_changes: bool,
    slow: bool,
) -> int:
    """Make the checks, undo what was changed, print what was found, and return the exit code."""
    offered = _offered(url, allow_changes=allow_changes, slow=slow)
    runner, code, put_back = Runner(rig, offered, paper.begin), 0, ""
    try:
        if not meet(rig, candidates):
            _warn(f"nobody answers on {url} to the key of {whose(candidates)}: {_SILENT}")
            return NO_LINK
        runner = Runner(rig, _with_keys(offered, rig.keys), paper.begin)
        _announce(rig, allow_changes=allow_changes)
        for result in runner.results(checks):
            paper.add(result)
    except KeyboardInterrupt:
        _warn(f"stopped after {len(paper.results)} of {len(checks)} checks")
        code = REFUSED
    except LinkError as error:
        _warn(str(error))
        code = NO_LINK
    if not code and any(result.verdict is Verdict.FAILED for result in paper.results):
        code = REFUSED
    try:
        put_back = runner.undo()
    except (FailedError, LinkError, KeyboardInterrupt) as error:
        rate_nl_h = rig.first.programmed_rate_nl_h if rig.first else 0
        _warn(
            f"THE DEVICE MAY NOT BE AS IT WAS, at {rate_nl_h} nL/h by its program: {str(error) or 'stopped'}"
        )
        code = code or REFUSED
    paper.close(put_back)
    return code


_SILENT = (
    "it is off, it is another device, its key is another one, its line is slower than --baud says, or wrong tags have made "
    "it ignore handshakes for up to 60 s"
)


def _offered(url: str, *, allow_changes: bool, slow: bool) -> Need:
    offered = Need.READS
    if allow_changes:
        offered |= Need.CHANGES | Need.GUARDED
    if slow:
        offered |= Need.SLOW
    if tells_of_hanging_up(url):
        offered |= Need.HANGS_UP
    if takes_two(url):
        offered |= Need.SECOND_HOST
    return offered


def _with_keys(offered: Need, keys: Keys) -> Need:
    if keys.changer is None:
        offered &= ~Need.CHANGES & ~Need.GUARDED
    if keys.viewer is not None:
        offered |= Need.VIEWER | Need.GUARDED
    return offered


def _announce(rig: Rig, *, allow_changes: bool) -> None:
    if rig.keys.reader.is_bench:
        _warn(BENCH_WARNING)
    if rig.first is not None and rig.first.bench_faults:
        _warn(
            f"{rig.first.bench_faults} faults are injected into this device on purpose: checks will fail by them"
        )
    if allow_changes:
        _warn("changes are allowed: the rate will differ by 1 nL/h for a while, and is put back at the end")


def _listed(checks: Sequence[Check]) -> Iterator[str]:
    for section in sections(checks):
        yield section
        yield from (f"  {check.name}{_mark(check.needs)}" for check in checks if check.section == section)
        yield ""
    if len(checks) == len(CHECKS):
        yield "not tried"
        yield from (f"  {section}: {why}" for section, why in UNTRIED.items())


def _mark(needs: Need) -> str:
    marks = {Need.CHANGES: "--allow-changes", Need.SLOW: "--slow", Need.VIEWER: "a viewer key"}
    told = [mark for need, mark in marks.items() if need in needs]
    return f"  ({', '.join(told)})" if told else ""


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        _warn(f"{path}: {error.strerror or error}")
        raise SystemExit(REFUSED) from error


def _warn(text: str) -> None:
    click.echo(f"pumpmock: {text}", err=True)
