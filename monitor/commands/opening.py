"""Opening a pump for a command: first it is said what became of changes that were left without a verdict."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import click

from monitor.client import PumpClient
from monitor.verdicts import became, either_rate, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.commands.options import Keys


@contextlib.contextmanager
def opened(url: str, keys: Keys) -> Iterator[PumpClient]:
    """Open a pump, and tell on standard error what was settled on the way and what is in doubt still.

    Raises:
        LinkError: where there is no such port, no answer, no key, or no pump.
    """
    with PumpClient(url, keyring=keys.ring()) as pump:
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
