"""The way of a change from the command line: bounds, the pump's read-back, confirmation, commit, and reading it again."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from monitor.commands.options import typed
from monitor.errors import LinkError, OutcomeUnknownError, RefusedError
from monitor.kinds.ground import Ground
from monitor.kinds.judging import looks_back_s
from monitor.kinds.reading_back import is_as_set, reported
from monitor.kinds.wording import wanted
from monitor.report import outcome_fields, review_text
from protocol.intent import check_reason
from protocol.messages import EVENTS_A_PAGE
from protocol.units import US_PER_S
from protocol.vocabulary import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from monitor.client import PumpClient
    from monitor.kinds.ground import Judged, Week
    from monitor.kinds.table import Kind
    from protocol.bounds import Finding
    from protocol.dosing import Rules
    from protocol.messages import Change, EventRecord, Outcome, Prepared

_DAYS = 7


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line says: the kind, its texts by field, and how much is to be asked."""

    kind: Kind
    texts: Mapping[str, str]
    rules: Callable[[], Rules]
    reason: str | None
    yes: bool
    as_json: bool

    def say(self, text: str) -> None:
        """Say something to a person; beside JSON, on standard error."""
        click.echo(text, err=self.as_json)


def make(pump: PumpClient, wish: Wish) -> None:
    """Make the change that was wished for, and say on the way what there is to be known.

    Raises:
        RefusedError: the pump or a bound refuses, it was abandoned, or it does not read back as set.
        OutcomeUnknownError: whether it was applied is not known.
        LinkError: where no answer comes.
    """
    kind = wish.kind
    pump.check_settled()
    reading = pump.status()
    week = _week(pump) if kind.by_week else ()
    ground = Ground(reading.status, (), wish.rules(), week, int(time.time()))
    try:
        change = kind.change(wish.texts, ground)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    ground = replace(ground, events=tuple(_events(pump, ground, looks_back_s(change, ground))))
    judged = kind.judged(change, ground)
    if judged.hard is not None:
        raise RefusedError(judged.hard.sentence)
    said = wanted(change, ground, judged.step)
    why = _reason(said, judged.soft, wish)
    prepared = pump.prepare(change, seen=reading, reason=why)
    facts = kind.facts(change, ground, prepared)
    if facts:
        wish.say(said)
    wish.say(f"pump {pump.serial_number} on {pump.url}")
    step = judged.step if kind.kind is ChangeKind.RATE else ""
    wish.say(review_text(prepared, step, facts) + _over(judged.soft, why))
    _confirm(pump, prepared, None if wish.yes else _word(wish, judged, ground))
    _check_read_back(pump, wish, change, prepared, _commit(pump, prepared))


def _word(wish: Wish, judged: Judged, ground: Ground) -> str:
    """Return what is to be typed: y, or where it is a large step its figure, as it was typed before."""
    if not judged.large:
        return "y"
    before = (wish.texts[one.name].strip() for one in wish.kind.fields)
    alike = (text for text in before if wish.kind.same(judged.again, text, ground))
    return next(alike, judged.again)


def _week(pump: PumpClient) -> Week:
    return tuple(pump.program(weekday).steps for weekday in range(_DAYS))


def _events(pump: PumpClient, ground: Ground, span_s: int) -> list[EventRecord]:
    """Return the newest entries of the event log, as far back as a span of pump time goes; none for a span of 0."""
    now = ground.status
    since_us = now.pump_time_us - span_s * US_PER_S
    count = EVENTS_A_PAGE
    while span_s:
        found = pump.events(max(now.newest_event - count + 1, 1))
        if count >= now.newest_event or not found or found[0].pump_time_us < since_us:
            return found
        count *= 4
    return []


def _reason(said: str, soft: tuple[Finding, ...], wish: Wish) -> str:
    """Return why soft limits are overridden, as it was given or as it is typed now; empty where none is crossed."""
    if not soft:
        return ""
    over = f"{said} is over a soft limit: {'; '.join(finding.sentence for finding in soft)}"
    given = wish.reason
    if given is None and wish.yes:
        raise RefusedError(f'{over}: add --reason "why" if it is meant')
    if given is None:
        wish.say(over)
        given = click.prompt("the reason for it", default="", show_default=False, err=wish.as_json)
    try:
        return check_reason(given)
    except ValueError as error:
        raise RefusedError(str(error)) from error


def _over(soft: tuple[Finding, ...], why: str) -> str:
    """Return the lines of the review that tell of soft limits; none where none is crossed."""
    lines = [*(f"{'soft limit':10} {finding.sentence}" for finding in soft)]
    return "".join(f"\n{line}" for line in (*lines, f"{'reason':10} {why}")) if lines else ""


def _confirm(pump: PumpClient, prepared: Prepared, word: str | None) -> None:
    """Have `word` typed; None: nothing is asked.

    Raises:
        RefusedError: something else was.
    """
    confirmed = False
    try:
        confirmed = word is None or typed(word) == word
    finally:
        if not confirmed:  # also after Ctrl-C: the pump need not keep the place for it
            pump.resolve(prepared.command_id)
    if not confirmed:
        raise RefusedError("abandoned; nothing was changed")


def _commit(pump: PumpClient, prepared: Prepared) -> Outcome:
    try:
        return pump.commit(prepared)
    except KeyboardInterrupt:
        for intent in pump.unresolved:
            raise OutcomeUnknownError(intent, "not waited for; pump-monitor status asks again") from None
        raise


def _check_read_back(
    pump: PumpClient, wish: Wish, change: Change, prepared: Prepared, outcome: Outcome
) -> None:
    try:
        now = pump.status().status
        week = _week(pump) if wish.kind.by_week else ()
    except LinkError as error:
        raise LinkError(f"applied as revision {outcome.revision}, but not read back: {error}") from error
    same = is_as_set(change, outcome, now, week)
    if wish.as_json:
        click.echo(json.dumps(outcome_fields(prepared, outcome, now, as_set=same)))
    if not same:
        said = f"applied as revision {outcome.revision}, but now {reported(change, now)}"
        raise RefusedError(f"not as set: {said}")
    wish.say(f"set: {reported(change, now)}")
