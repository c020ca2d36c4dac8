"""`pump-monitor set-rate`, `stop` and `resume`: prepared, shown as the pump read it back, confirmed, applied, read again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from monitor.commands import options
from monitor.commands.opening import opened
from monitor.commands.options import keys_option, port_of, typed, url_argument, yes_option
from monitor.errors import LinkError, OutcomeUnknownError, RefusedError
from monitor.report import review_text
from protocol.bounds import Basis, Bounds, assess
from protocol.messages import Change
from protocol.units import QuantityError, format_rate, parse_rate
from protocol.vocabulary import ChangeKind

if TYPE_CHECKING:
    from monitor.client import PumpClient
    from monitor.commands.options import Keys
    from monitor.snapshot import Reading
    from protocol.bounds import Assessment
    from protocol.messages import Outcome, Prepared

_NEGATIVE = re.compile(r"-[0-9.]")


def _rate(text: str) -> int:
    try:
        return parse_rate(text)
    except QuantityError as error:
        raise click.BadParameter(str(error), param_hint="RATE") from error


class RateCommand(click.Command):
    """A command with a rate among its words: a negative one is told so, not taken for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse words such as "-1 mL/day" with the sentence that a rate gets, then parse as usual."""
        for word in args:
            if _NEGATIVE.match(word):
                _rate(word)
        return super().parse_args(ctx, args)


@click.command("set-rate", cls=RateCommand)
@click.argument("words", nargs=-1, required=True, metavar="[URL] RATE")
@keys_option
@yes_option
@click.option("--override", is_flag=True, help="Mean it, although it is over a soft limit.")
def set_rate(words: tuple[str, ...], keys: Keys, *, yes: bool, override: bool) -> None:
    """Change the flow rate: prepared, shown as the pump read it back, confirmed, applied, and read again.

    RATE has a unit: "0.6 mL/day", "25 uL/h". Hard limits are the pump's and can't be overridden.
    """
    *before, text = (word.strip() for word in words)
    if len(before) > 1:
        raise click.UsageError(f'one port and one rate are wanted; quote the rate: "{" ".join(words[-2:])}"')
    rate = _rate(text)
    options.check_terminal(yes=yes)
    url = before[0] if before else port_of(click.get_current_context(), click.Argument(["url"]), None)

    def judge(reading: Reading) -> Assessment:
        now = reading.status
        bounds = Bounds(now.least_rate_nl_h, now.most_rate_nl_h, now.step_up_percent, now.step_down_percent)
        assessment = assess(Basis(now.programmed_rate_nl_h), rate, bounds)
        if assessment.hard is not None:
            raise RefusedError(assessment.hard.sentence)
        if assessment.soft is not None and not override:
            said = f"{format_rate(rate)} is {assessment.soft.sentence} ({assessment.change})"
            raise RefusedError(f"{said}: add --override if it is meant")
        return assessment

    with opened(url, keys) as pump:
        pump.check_settled()
        reading = pump.status()
        assessment = judge(reading)
        prepared = pump.prepare(
            Change(ChangeKind.RATE, rate), seen=reading, overridden=assessment.soft is not None
        )
        word = text if assessment.retype else "y"
        _carry_out(pump, prepared, assessment.change, None if yes else word)


@click.command()
@url_argument
@keys_option
@yes_option
def stop(url: str, keys: Keys, *, yes: bool) -> None:
    """Stop the delivery. Abrupt withdrawal is dangerous to a patient: it takes the same two steps as a rate."""
    _start_or_stop(ChangeKind.STOP, url, keys, yes=yes)


@click.command()
@url_argument
@keys_option
@yes_option
def resume(url: str, keys: Keys, *, yes: bool) -> None:
    """Resume the delivery at the programmed rate."""
    _start_or_stop(ChangeKind.RESUME, url, keys, yes=yes)


def _start_or_stop(kind: ChangeKind, url: str, keys: Keys, *, yes: bool) -> None:
    options.check_terminal(yes=yes)
    with opened(url, keys) as pump:
        pump.check_settled()
        prepared = pump.prepare(Change(kind), seen=pump.status())
        _carry_out(pump, prepared, "", None if yes else kind.name.lower())


def _carry_out(pump: PumpClient, prepared: Prepared, change: str, word: str | None) -> None:
    """Show what was prepared, have `word` typed (None: nothing is asked), apply it and read it back."""
    click.echo(f"pump {pump.serial_number} on {pump.url}")
    click.echo(review_text(prepared, change))
    confirmed = False
    try:
        confirmed = word is None or typed(word) == word
    finally:
        if not confirmed:  # also after Ctrl-C: the pump need not keep the place for it
            pump.resolve(prepared.command_id)
    if not confirmed:
        raise RefusedError("abandoned; nothing was changed")
    _check_read_back(pump, _commit(pump, prepared))


def _commit(pump: PumpClient, prepared: Prepared) -> Outcome:
    try:
        return pump.commit(prepared)
    except KeyboardInterrupt:
        for intent in pump.unresolved:
            raise OutcomeUnknownError(intent, "not waited for; pump-monitor status asks again") from None
        raise


def _check_read_back(pump: PumpClient, outcome: Outcome) -> None:
    try:
        now = pump.status().status
    except LinkError as error:
        raise LinkError(f"applied as revision {outcome.revision}, but not read back: {error}") from error
    said = f"the pump reports {format_rate(now.commanded_rate_nl_h)} (revision {now.revision})"
    if (now.revision, now.commanded_rate_nl_h) != (outcome.revision, outcome.rate_nl_h):
        raise RefusedError(f"not as set: applied as revision {outcome.revision}, but now {said}")
    click.echo(f"set: {said}")
