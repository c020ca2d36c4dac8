"""`pump-monitor status`, `watch` and `events`: what the pump says, for people and for programs."""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING

import click

from monitor.commands.opening import opened, opened_for, recording, say, tell
from monitor.commands.options import (
    baud_option,
    every_option,
    history_option,
    json_option,
    keys_option,
    no_history_option,
    url_argument,
)
from monitor.errors import LinkError
from monitor.history import portrait
from monitor.history.told import Pump
from monitor.link_state import ENDED
from monitor.report import event_fields, numbered_event, reading_fields, reading_line, reading_text
from protocol.timeouts import reading_period_ms
from protocol.vocabulary import Log

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.client import PumpClient
    from monitor.commands.options import Keys, Place
    from monitor.history.recorder import Recorder
    from monitor.snapshot import Reading
    from protocol.messages import Bench

_RETRY_S = 1.0
_MS_A_S = 1_000


@click.command()
@url_argument
@baud_option
@keys_option
@history_option
@json_option
def status(url: str, baud: int, keys: Keys, history: Place, *, as_json: bool) -> None:
    """Print one reading."""
    with opened(url, keys, history, baud) as pump:
        reading = pump.status()
        bench = _bench(pump, reading)
        fields = reading_fields(reading, time.monotonic_ns(), bench)
    click.echo(json.dumps(fields) if as_json else reading_text(reading, url, bench))


def _bench(pump: PumpClient, reading: Reading) -> Bench | None:
    """Return which faults are injected, if any are; where that answer is lost, the reading still counts them."""
    if reading.status.bench_faults:
        with contextlib.suppress(LinkError):
            return pump.bench()
    return None


@click.command()
@url_argument
@baud_option
@keys_option
@history_option
@json_option
@click.option(
    "--count", type=click.IntRange(min=1), help="End after this many readings.  [default: at Ctrl-C]"
)
@every_option
@no_history_option
def watch(
    url: str, baud: int, keys: Keys, history: Place, *, as_json: bool, count: int | None, period_ms: int
) -> None:
    """Print a reading a line; a lost link is told on standard error and tried again.

    Readings and the pump's log go to the history before they are printed.
    """

    def shown_by(pump: PumpClient, recorder: Recorder | None) -> Callable[[Reading, Bench | None], None]:
        told = ""
        met: set[Pump] = set()

        def show(reading: Reading, bench: Bench | None) -> None:
            nonlocal told
            if recorder is not None:
                recorder.follow(pump, reading, reading.status.newest_event + 1)
                if recorder.problem not in {"", told}:
                    say(f"history not written: {recorder.problem}")
                told = recorder.problem
                known = Pump(pump.serial_number, pump.store_id)
                recorder.learn(
                    portrait.BENCH, known, portrait.injected(reading.status, bench), portrait.NO_FAULTS
                )
                if known not in met:
                    who = portrait.identified(pump.identify(), reading.status)
                    recorder.learn(portrait.IDENTIFIED, known, who)
                    met.add(known)
            fields = reading_fields(reading, time.monotonic_ns(), bench)
            click.echo(json.dumps(fields) if as_json else reading_line(reading, bench))

        return show

    try:
        with recording(keys, history) as recorder, opened_for(recorder, url, keys, baud) as pump:
            period_s = reading_period_ms(period_ms, baud) / _MS_A_S

            def turned(why: str) -> None:
                if recorder is not None:
                    recorder.turned(pump.serial_number, pump.store_id, why)

            try:
                _watch(pump, shown_by(pump, recorder), turned, count, period_s)
            finally:
                turned(ENDED)
    except KeyboardInterrupt:
        return


def _watch(
    pump: PumpClient,
    show: Callable[[Reading, Bench | None], None],
    turned: Callable[[str], None],
    count: int | None,
    period_s: float,
) -> None:
    shown, is_linked = 0, False
    due_s = time.monotonic()
    while True:
        try:
            reading = pump.status()
            if not is_linked:
                turned("")
                is_linked = True
            show(reading, _bench(pump, reading))
            shown += 1
        except LinkError as error:
            turned(str(error))
            is_linked = False
            _wait_for_link(pump, error)
            due_s = time.monotonic()
            continue
        if shown == count:
            return
        due_s = max(due_s + period_s, time.monotonic())
        time.sleep(max(0.0, due_s - time.monotonic()))  # the period between two readings


def _wait_for_link(pump: PumpClient, error: LinkError) -> None:
    said, told = "", len(pump.settled)
    while True:
        if str(error) != said:
            said = str(error)
            say(f"no link, trying again: {said}")
        time.sleep(_RETRY_S)  # gives the port time to come back
        try:
            pump.reopen()
        except LinkError as again:
            error = again
        else:
            say("the link is back")
            tell(pump, told)
            return


@click.command()
@url_argument
@baud_option
@keys_option
@history_option
@json_option
@click.option(
    "--since", type=click.IntRange(min=1), default=1, show_default=True, help="Number of the first entry."
)
@click.option("--faults", is_flag=True, help="Print the fault log, which counts its own entries.")
def events(
    url: str, baud: int, keys: Keys, history: Place, *, as_json: bool, since: int, faults: bool
) -> None:
    """Print the pump's event log, oldest first."""
    with opened(url, keys, history, baud) as pump:
        for record in pump.events(since, Log.FAULTS if faults else Log.EVENTS):
            click.echo(json.dumps(event_fields(record)) if as_json else numbered_event(record))
