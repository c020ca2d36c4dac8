"""The `pump-monitor` command: the dashboard, and the same facts without a screen."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.client import PumpClient
from monitor.errors import LinkError, MonitorError, RefusedError
from monitor.keys import find_keys
from monitor.ports import default_url
from monitor.report import (
    event_fields,
    numbered_event,
    reading_fields,
    reading_line,
    reading_text,
    review_text,
)
from protocol.bounds import Bounds, assess
from protocol.messages import ChangeKind
from protocol.places import APP
from protocol.units import QuantityError, format_rate, parse_decimal, parse_rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.snapshot import Reading
    from protocol.bounds import Assessment
    from protocol.messages import Outcome, Prepared

_RETRY_S = 1.0
_MS_A_S = 1_000
_MS_DECIMALS = 3
_NEGATIVE = re.compile(r"-[0-9.]")


class Told(click.ClickException):
    """One of the monitor's own errors on its way to the user: the sentence, and its exit code."""

    def __init__(self, error: MonitorError) -> None:
        super().__init__(str(error))
        self.exit_code: int = error.exit_code  # type: ignore[misc] # click declares it on the class, and reads it here

    def show(self, file: Any = None) -> None:  # noqa: ANN401 - click's signature
        """Print the sentence on standard error."""
        click.echo(f"pump-monitor: {self.format_message()}", file=file, err=True)


class RateCommand(click.Command):
    """A command with a rate among its words: a negative one is told so, not taken for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse words such as "-1 mL/day" with the sentence that a rate gets, then parse as usual."""
        for word in args:
            if _NEGATIVE.match(word):
                _rate(word)
        return super().parse_args(ctx, args)


class Commands(click.Group):
    """A group whose commands may raise the monitor's own errors."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run the command, and turn what can be expected to go wrong into a sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except MonitorError as error:
            raise Told(error) from error


def _url(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str:
    if value is not None:
        return value
    url = default_url()
    click.echo(f"pump-monitor: no port was named, taking {url}", err=True)
    return url


def _period_ms(ctx: click.Context, param: click.Parameter, value: str) -> int:
    try:
        return max(1, parse_decimal(value, _MS_DECIMALS))
    except QuantityError as error:
        raise click.BadParameter(str(error), ctx, param) from error


def _rate(text: str) -> int:
    try:
        return parse_rate(text)
    except QuantityError as error:
        raise click.BadParameter(str(error), param_hint="RATE") from error


_url_argument = click.argument("url", required=False, callback=_url)
_keys_option = click.option(
    "--keys", type=click.Path(path_type=Path, file_okay=False), help="Folder of the pairing keys."
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, a value a line.")
_yes_option = click.option("--yes", is_flag=True, help="Do not ask; for scripts.")
_every_option = click.option(
    "--every",
    "period_ms",
    default="1",
    show_default=True,
    callback=_period_ms,
    help="Seconds between readings.",
)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=APP)
def main() -> None:
    """Watch a drug pump on a serial port, and change its rate within safe bounds.

    URL is a device or anything pyserial opens: /dev/ttyUSB0, socket://127.0.0.1:7070. Without one, the emulator's
    default port is taken. A bench tool; not a medical device.

    \b
    Exit codes: 0 done, 1 refused by the pump or a bound, 2 usage, 3 no link, 4 outcome unknown.
    """  # noqa: D301 - click wants the character, it keeps the line


@main.command()
@_url_argument
@_keys_option
@_every_option
def dashboard(url: str, keys: Path | None, period_ms: int) -> None:
    """Show the pump on the whole terminal."""
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise click.UsageError("the dashboard needs a terminal; status and watch do without")
    if "://" not in url and not Path(url).exists():
        raise LinkError(f"there is no port {url}: is it plugged in, is the emulator running?")
    # A screen is worth its import time only here.
    from monitor.ui.app import DashboardApp  # noqa: PLC0415
    from monitor.watch import Watcher  # noqa: PLC0415

    watcher = Watcher(url, lambda: PumpClient(url, keyring=find_keys(keys)), period_ms=period_ms)
    DashboardApp(watcher).run()


@main.command()
@_url_argument
@_keys_option
@_json_option
def status(url: str, keys: Path | None, *, as_json: bool) -> None:
    """Print one reading."""
    with PumpClient(url, keyring=find_keys(keys)) as pump:
        reading = pump.status()
        fields = reading_fields(reading, time.monotonic_ns())
    click.echo(json.dumps(fields) if as_json else reading_text(reading, url))


@main.command()
@_url_argument
@_keys_option
@_json_option
@click.option(
    "--count", type=click.IntRange(min=1), help="End after this many readings.  [default: at Ctrl-C]"
)
@_every_option
def watch(url: str, keys: Path | None, *, as_json: bool, count: int | None, period_ms: int) -> None:
    """Print a reading a line; a lost link is told on standard error and tried again."""

    def show(reading: Reading) -> None:
        fields = reading_fields(reading, time.monotonic_ns())
        click.echo(json.dumps(fields) if as_json else reading_line(reading))

    try:
        with PumpClient(url, keyring=find_keys(keys)) as pump:
            _watch(pump, show, count, period_ms / _MS_A_S)
    except KeyboardInterrupt:
        return


def _watch(pump: PumpClient, show: Callable[[Reading], None], count: int | None, period_s: float) -> None:
    shown = 0
    due_s = time.monotonic()
    while True:
        try:
            show(pump.status())
            shown += 1
        except LinkError as error:
            _wait_for_link(pump, error)
            due_s = time.monotonic()
            continue
        if shown == count:
            return
        due_s = max(due_s + period_s, time.monotonic())
        time.sleep(max(0.0, due_s - time.monotonic()))  # the period between two readings


def _wait_for_link(pump: PumpClient, error: LinkError) -> None:
    said = ""
    while True:
        if str(error) != said:
            said = str(error)
            click.echo(f"pump-monitor: no link, trying again: {said}", err=True)
        time.sleep(_RETRY_S)  # gives the port time to come back
        try:
            pump.reopen()
        except LinkError as again:
            error = again
        else:
            click.echo("pump-monitor: the link is back", err=True)
            return


@main.command()
@_url_argument
@_keys_option
@_json_option
@click.option(
    "--since", type=click.IntRange(min=1), default=1, show_default=True, help="Number of the first entry."
)
def events(url: str, keys: Path | None, *, as_json: bool, since: int) -> None:
    """Print the pump's event log, oldest first."""
    with PumpClient(url, keyring=find_keys(keys)) as pump:
        for record in pump.events(since):
            click.echo(json.dumps(event_fields(record)) if as_json else numbered_event(record))


@main.command("set-rate", cls=RateCommand)
@click.argument("words", nargs=-1, required=True, metavar="[URL] RATE")
@_keys_option
@_yes_option
@click.option("--override", is_flag=True, help="Mean it, although it is over a soft limit.")
def set_rate(words: tuple[str, ...], keys: Path | None, *, yes: bool, override: bool) -> None:
    """Change the flow rate: prepared, shown as the pump read it back, confirmed, applied, and read again.

    RATE has a unit: "0.6 mL/day", "25 uL/h". Hard limits are the pump's and can't be overridden.
    """
    *before, text = (word.strip() for word in words)
    if len(before) > 1:
        raise click.UsageError(f'one port and one rate are wanted; quote the rate: "{" ".join(words[-2:])}"')
    rate = _rate(text)
    _check_terminal(yes=yes)
    url = before[0] if before else _url(click.get_current_context(), click.Argument(["url"]), None)

    def judge(reading: Reading) -> Assessment:
        now = reading.status
        bounds = Bounds(now.least_rate_nl_h, now.most_rate_nl_h, now.step_up_percent, now.step_down_percent)
        assessment = assess(now.programmed_rate_nl_h, rate, bounds)
        if assessment.hard is not None:
            raise RefusedError(assessment.hard.sentence)
        if assessment.soft is not None and not override:
            said = f"{format_rate(rate)} is {assessment.soft.sentence} ({assessment.change})"
            raise RefusedError(f"{said}: add --override if it is meant")
        return assessment

    with PumpClient(url, keyring=find_keys(keys)) as pump:
        reading = pump.status()
        assessment = judge(reading)
        prepared = pump.prepare(ChangeKind.RATE, rate, seen=reading, overridden=assessment.soft is not None)
        word = text if assessment.retype else "y"
        _carry_out(pump, prepared, assessment.change, None if yes else word)


@main.command()
@_url_argument
@_keys_option
@_yes_option
def stop(url: str, keys: Path | None, *, yes: bool) -> None:
    """Stop the delivery. Abrupt withdrawal is dangerous to a patient: it takes the same two steps as a rate."""
    _start_or_stop(ChangeKind.STOP, url, keys, yes=yes)


@main.command()
@_url_argument
@_keys_option
@_yes_option
def resume(url: str, keys: Path | None, *, yes: bool) -> None:
    """Resume the delivery at the programmed rate."""
    _start_or_stop(ChangeKind.RESUME, url, keys, yes=yes)


def _start_or_stop(kind: ChangeKind, url: str, keys: Path | None, *, yes: bool) -> None:
    _check_terminal(yes=yes)
    with PumpClient(url, keyring=find_keys(keys)) as pump:
        prepared = pump.prepare(kind, seen=pump.status())
        _carry_out(pump, prepared, "", None if yes else kind.name.lower())


def _check_terminal(*, yes: bool) -> None:
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to confirm on: add --yes")


def _carry_out(pump: PumpClient, prepared: Prepared, change: str, word: str | None) -> None:
    """Show what was prepared, have `word` typed (None: nothing is asked), apply it and read it back."""
    click.echo(f"pump {pump.serial_number} on {pump.url}")
    click.echo(review_text(prepared, change))
    confirmed = False
    try:
        confirmed = word is None or _typed(word) == word
    finally:
        if not confirmed:  # also after Ctrl-C: the pump need not keep the place for it
            pump.resolve(prepared.command_id)
    if not confirmed:
        raise RefusedError("abandoned; nothing was changed")
    _check_read_back(pump, pump.commit(prepared))


def _typed(word: str) -> str:
    answer: str = click.prompt(f"type {word} to apply it", default="", show_default=False)
    return answer.strip()


def _check_read_back(pump: PumpClient, outcome: Outcome) -> None:
    try:
        now = pump.status().status
    except LinkError as error:
        raise LinkError(f"applied as revision {outcome.revision}, but not read back: {error}") from error
    said = f"the pump reports {format_rate(now.commanded_rate_nl_h)} (revision {now.revision})"
    if (now.revision, now.commanded_rate_nl_h) != (outcome.revision, outcome.rate_nl_h):
        raise RefusedError(f"not as set: applied as revision {outcome.revision}, but now {said}")
    click.echo(f"set: {said}")
