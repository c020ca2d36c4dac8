"""`pump-monitor set-rate`, `bolus`, `stop` and `resume`: prepared, shown as the pump read it back, confirmed, applied, read again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from monitor.commands import options
from monitor.commands.opening import opened
from monitor.commands.options import (
    baud_option,
    history_option,
    keys_option,
    port_of,
    rules_option,
    typed,
    url_argument,
    yes_option,
)
from monitor.errors import LinkError, OutcomeUnknownError, RefusedError
from monitor.report import review_text
from protocol.intent import check_reason
from protocol.messages import EVENTS_A_PAGE, Change
from protocol.units import (
    NL_PER_ML,
    US_PER_S,
    QuantityError,
    format_rate,
    format_span,
    ml,
    parse_mass,
    parse_rate,
    parse_span,
    parse_volume,
)
from protocol.vocabulary import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.client import PumpClient
    from monitor.commands.options import Keys, Place
    from protocol.bounds import Finding
    from protocol.dosing import Rules
    from protocol.messages import EventRecord, Outcome, Prepared, Status

_NEGATIVE = re.compile(r"-[0-9.]")


reason_option = click.option(
    "--reason", metavar="TEXT", help="Why it is meant, although it is over a soft limit."
)


def _quantity(parse: Callable[[str], int], text: str, what: str) -> int:
    try:
        return parse(text)
    except QuantityError as error:
        raise click.BadParameter(str(error), param_hint=what) from error


def _rate(text: str) -> int:
    return _quantity(parse_rate, text, "RATE")


class RateCommand(click.Command):
    """A command with a figure among its words: a negative one is told so, not taken for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse words such as "-1 mL/day" with the sentence that a rate gets, then parse as usual."""
        for word in args:
            if _NEGATIVE.match(word):
                _rate(word)
        return super().parse_args(ctx, args)


@click.command("set-rate", cls=RateCommand)
@click.argument("words", nargs=-1, required=True, metavar="[URL] RATE")
@baud_option
@keys_option
@history_option
@yes_option
@rules_option
@reason_option
def set_rate(
    words: tuple[str, ...],
    baud: int,
    keys: Keys,
    history: Place,
    rules: Callable[[], Rules],
    *,
    yes: bool,
    reason: str | None,
) -> None:
    """Change the flow rate: prepared, shown as the pump read it back, confirmed, applied, and read again.

    RATE has a unit: "0.6 mL/day", "25 uL/h". A soft limit is the drug library's and is overridden by a reason, which is
    asked for or given by --reason. Hard limits can't be overridden.
    """
    *before, text = (word.strip() for word in words)
    if len(before) > 1:
        raise click.UsageError(f'one port and one rate are wanted; quote the rate: "{" ".join(words[-2:])}"')
    rate = _rate(text)
    options.check_terminal(yes=yes)
    url = before[0] if before else port_of(click.get_current_context(), click.Argument(["url"]), None)

    with opened(url, keys, history, baud) as pump:
        pump.check_settled()
        reading = pump.status()
        now = reading.status
        judge = rules()
        known = _events(pump, now, judge.soft.interval_s if rate > now.programmed_rate_nl_h else 0)
        judged = judge.assess(now, known, rate)
        if judged.hard is not None:
            raise RefusedError(judged.hard.sentence)
        why = _reason(f"{format_rate(rate)} ({judged.change})", judged.soft, reason, yes=yes)
        prepared = pump.prepare(Change(ChangeKind.RATE, rate), seen=reading, reason=why)
        word = text if judged.retype else "y"
        _carry_out(pump, prepared, judged.change, None if yes else word, _over(judged.soft, why))


@click.command(cls=RateCommand)
@click.argument("words", nargs=-1, required=True, metavar="[URL] DOSE")
@click.option(
    "--over", "span", required=True, metavar="SPAN", help="Within which it is delivered: 30 min, say."
)
@baud_option
@keys_option
@history_option
@yes_option
@rules_option
@reason_option
def bolus(
    words: tuple[str, ...],
    span: str,
    baud: int,
    keys: Keys,
    history: Place,
    rules: Callable[[], Rules],
    *,
    yes: bool,
    reason: str | None,
) -> None:
    """Deliver one bolus: prepared, shown as the pump read it back, confirmed, and applied.

    DOSE has a unit: "50 ug", by the concentration in the reservoir, or "0.1 mL". At the concentration of the drug's
    screening trial it is a screening dose, which has bounds of its own.
    """
    *before, text = (word.strip() for word in words)
    if len(before) > 1:
        raise click.UsageError(f'one port and one dose are wanted; quote the dose: "{" ".join(words[-2:])}"')
    duration_s = _quantity(parse_span, span, "--over")
    options.check_terminal(yes=yes)
    is_mass = text.endswith("g")
    amount = _quantity(parse_mass if is_mass else parse_volume, text, "DOSE")
    url = before[0] if before else port_of(click.get_current_context(), click.Argument(["url"]), None)
    with opened(url, keys, history, baud) as pump:
        pump.check_settled()
        reading = pump.status()
        now = reading.status
        volume_nl = _volume_of(amount, now.concentration_ug_ml) if is_mass else amount
        change = Change(ChangeKind.BOLUS, volume_nl=volume_nl, duration_s=duration_s)
        judge = rules()
        interval_s = judge.drug.screening.interval_s if judge.drug and judge.drug.screening else 0
        hard, soft = judge.assess_bolus(now, _events(pump, now, interval_s), volume_nl, duration_s)
        if hard:
            raise RefusedError(hard[0].sentence)
        said = _bolus_text(change, now.concentration_ug_ml)
        why = _reason(said, soft, reason, yes=yes)
        prepared = pump.prepare(change, seen=reading, reason=why)
        click.echo(said)
        _carry_out(pump, prepared, "", None if yes else text, _over(soft, why))


def _volume_of(dose_ug: int, concentration_ug_ml: int) -> int:
    """Return the volume of a dose in nL, to the nearest."""
    if not concentration_ug_ml:
        said = "the pump does not know the concentration of its drug: give the bolus as a volume"
        raise RefusedError(said)
    return (2 * dose_ug * NL_PER_ML + concentration_ug_ml) // (2 * concentration_ug_ml)


def _bolus_text(change: Change, concentration_ug_ml: int) -> str:
    """Return a bolus in words, its dose to the nearest 0.1 ug: "50.0 ug, 0.1000 mL at 500 ug/mL, within 30 min 0 s"."""
    tenths = (10 * change.volume_nl * concentration_ug_ml + NL_PER_ML // 2) // NL_PER_ML
    dose = f"{tenths // 10}.{tenths % 10} ug, " if concentration_ug_ml else ""
    volume = f"{ml(change.volume_nl, 4)} mL at {concentration_ug_ml or 'an unknown number of'} ug/mL"
    return f"{dose}{volume}, within {format_span(change.duration_s)}"


def _events(pump: PumpClient, now: Status, span_s: int) -> list[EventRecord]:
    """Return the newest entries of the event log, as far back as a span of pump time goes; none for a span of 0."""
    since_us = now.pump_time_us - span_s * US_PER_S
    count = EVENTS_A_PAGE
    while span_s:
        found = pump.events(max(now.newest_event - count + 1, 1))
        if count >= now.newest_event or not found or found[0].pump_time_us < since_us:
            return found
        count *= 4
    return []


def _reason(wanted: str, soft: tuple[Finding, ...], given: str | None, *, yes: bool) -> str:
    """Return why soft limits are overridden, as it was given or as it is typed now; empty where none is crossed."""
    if not soft:
        return ""
    said = f"{wanted} is over a soft limit: {'; '.join(finding.sentence for finding in soft)}"
    if given is None and yes:
        raise RefusedError(f'{said}: add --reason "why" if it is meant')
    if given is None:
        click.echo(said)
        given = click.prompt("the reason for it", default="", show_default=False)
    try:
        return check_reason(given)
    except ValueError as error:
        raise RefusedError(str(error)) from error


def _over(soft: tuple[Finding, ...], why: str) -> str:
    """Return the lines of the review that tell of soft limits; none where none is crossed."""
    lines = [*(f"{'soft limit':10} {finding.sentence}" for finding in soft)]
    return "".join(f"\n{line}" for line in (*lines, f"{'reason':10} {why}")) if lines else ""


@click.command()
@url_argument
@baud_option
@keys_option
@history_option
@yes_option
def stop(url: str, baud: int, keys: Keys, history: Place, *, yes: bool) -> None:
    """Stop the delivery. Abrupt withdrawal is dangerous to a patient: it takes the same two steps as a rate."""
    _start_or_stop(ChangeKind.STOP, url, baud, keys, history, yes=yes)


@click.command()
@url_argument
@baud_option
@keys_option
@history_option
@yes_option
def resume(url: str, baud: int, keys: Keys, history: Place, *, yes: bool) -> None:
    """Resume the delivery at the programmed rate."""
    _start_or_stop(ChangeKind.RESUME, url, baud, keys, history, yes=yes)


def _start_or_stop(kind: ChangeKind, url: str, baud: int, keys: Keys, history: Place, *, yes: bool) -> None:
    options.check_terminal(yes=yes)
    with opened(url, keys, history, baud) as pump:
        pump.check_settled()
        prepared = pump.prepare(Change(kind), seen=pump.status())
        _carry_out(pump, prepared, "", None if yes else kind.name.lower())


def _carry_out(pump: PumpClient, prepared: Prepared, change: str, word: str | None, over: str = "") -> None:
    """Show what was prepared, have `word` typed (None: nothing is asked), apply it and read it back."""
    click.echo(f"pump {pump.serial_number} on {pump.url}")
    click.echo(review_text(prepared, change) + over)
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
