"""Opening a pump for a command: first it is said what became of changes that were left without a verdict."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import click

from monitor.client import PumpClient
from monitor.deeds import NoTrail
from monitor.history.recorder import Recorder
from monitor.verdicts import became, either_rate, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.commands.options import Keys, Place


@contextmanager
def opened(url: str, keys: Keys, history: Place, baud: int) -> Iterator[PumpClient]:
    """Open a pump, and tell on standard error what was settled on the way and what is in doubt still.

    Raises:
        LinkError: where there is no such port, no answer, no key, or no pump.
    """
    with recording(keys, history) as recorder, opened_for(recorder, url, keys, baud) as pump:
        yield pump


@contextmanager
def recording(keys: Keys, history: Place) -> Iterator[Recorder | None]:
    """Have a history at hand, None where none is kept; it is opened when there is something to record."""
    if not history.kept:
        yield None
        return
    with closing(Recorder(history.found(bench=keys.bench))) as recorder:
        yield recorder


@contextmanager
def opened_for(recorder: Recorder | None, url: str, keys: Keys, baud: int) -> Iterator[PumpClient]:
    """Do as `opened` with a history that is at hand."""
    with PumpClient(url, keyring=keys.ring(), baud=baud, trail=recorder or NoTrail()) as pump:
        tell(pump)
        yield pump


def tell(pump: PumpClient, told: int = 0) -> None:
    """Tell what was settled, but for the first `told` verdicts, and what is in doubt still."""
    now_s = time.time()
    for intent, outcome in pump.settled[told:]:
        say(f"{named(intent, now_s)} was {became(intent, outcome)}")
    for intent in pump.unresolved:
        why = pump.obstacle(intent) or "the pump does not say what became of it"
        say(f"OUTCOME UNKNOWN: {named(intent, now_s)}: the rate is {either_rate(intent)}: {why}")
    if pump.problem:
        say(f"nothing can be changed: {pump.problem}")


def say(sentence: str) -> None:
    """Say something on standard error."""
    click.echo(f"pump-monitor: {sentence}", err=True)
