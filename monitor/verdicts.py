"""What is said of a change: what it wishes for, which rates are possible while it has no verdict, what became of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from protocol.units import format_rate, format_span, format_volume, ml_day
from protocol.vocabulary import ChangeKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from protocol.intent import Intent
    from protocol.messages import Change, Outcome

_WISHES: dict[ChangeKind, Callable[[Change], str]] = {
    ChangeKind.RATE: lambda c: f"to {format_rate(c.rate_nl_h)}",
    ChangeKind.STOP: lambda _: "to a stop",
    ChangeKind.RESUME: lambda _: "to resume",
    ChangeKind.MINIMUM_RATE: lambda _: "to the minimum rate",
    ChangeKind.TEMPORARY_RATE: lambda c: f"to {format_rate(c.rate_nl_h)} for {format_span(c.duration_s)}",
    ChangeKind.BOLUS: lambda c: f"to a bolus of {format_volume(c.volume_nl)}",
    ChangeKind.FLEX: lambda _: "to a flex program",
    ChangeKind.REFILL: lambda c: f"to a fill of {format_volume(c.volume_nl)}",
    ChangeKind.PRIME: lambda c: f"to a prime of {format_volume(c.volume_nl)}",
    ChangeKind.BRIDGE: lambda c: f"to a bridge bolus of {format_volume(c.volume_nl)}",
    ChangeKind.CLOCK: lambda _: "of the clock",
}


def wish(change: Change) -> str:
    """Return what a change is for: "to 0.600 mL/day"."""
    return _WISHES[change.kind](change)


def either_rate(*intents: Intent) -> str:
    """Return the rates that are possible while these changes have no verdict: "0.500 or 0.600 mL/day"."""
    *others, last = dict.fromkeys(_rates(intents))
    return f"{', '.join(others)} or {last} mL/day" if others else f"{last} mL/day"


def doubt(intent: Intent) -> str:
    """Return what is not known while a change has no verdict: which rate it is, or whether what leaves the rate was done."""
    if intent.new_rate_nl_h in (None, intent.old_rate_nl_h):
        return f"the change {wish(intent.change)} was applied or not"
    return f"the rate is {either_rate(intent)}"


def _rates(intents: Iterable[Intent]) -> Iterable[str]:
    for intent in intents:
        yield ml_day(intent.old_rate_nl_h)
        if intent.new_rate_nl_h is not None:
            yield ml_day(intent.new_rate_nl_h)


def named(intent: Intent, now_s: float | None = None) -> str:
    """Return which change it is, with the time of this host's calendar if `now_s` of it is given.

    "the change of 10:03 to 0.600 mL/day", or "of 24 Nov 10:03" if that was not today.
    """
    when = "" if now_s is None else f" of {noted_time(intent, now_s)}"
    return f"the change{when} {wish(intent.change)}"


def noted_time(intent: Intent, now_s: float) -> str:
    """Return when a change was meant, by this host's calendar: "10:03", with the date where that is not today's."""
    try:
        meant = datetime.fromtimestamp(intent.noted_s, UTC).astimezone()
    except (ValueError, OverflowError, OSError):  # beyond the calendar: the clock of this host stood wrong
        return f"{intent.noted_s} s after 1970"
    today = datetime.fromtimestamp(now_s, UTC).astimezone()
    if meant.date() == today.date():
        return f"{meant:%H:%M}"
    year = "" if meant.year == today.year else f" {meant.year}"
    return f"{meant.day} {meant:%b}{year} {meant:%H:%M}"


def became(intent: Intent, outcome: Outcome) -> str:
    """Return the verdict: "applied as revision 8", or "not applied: the rate is still 0.500 mL/day"."""
    if outcome.verdict is Verdict.APPLIED:
        return f"applied as revision {outcome.revision}"
    still = "still " if outcome.rate_nl_h == intent.old_rate_nl_h else ""
    return f"not applied: the rate is {still}{format_rate(outcome.rate_nl_h)}"
