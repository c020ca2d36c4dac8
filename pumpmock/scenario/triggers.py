"""When a step comes: its keys beside what it does."""

from __future__ import annotations

from pumpmock.faults.asked import check_on
from pumpmock.scenario.condition import parse_condition
from pumpmock.scenario.instant import parse_time
from pumpmock.scenario.words import Word, count, flag, quantity, text

ALWAYS = "always"


def _request(value: object) -> str:
    return check_on(text(value), greets=False)


def _times(value: object) -> int | None:
    """Read how often a step comes; None for always."""
    if value == ALWAYS:
        return None
    if not count(value):
        raise ValueError(f'write how many, from 1 on, or "{ALWAYS}"')
    return count(value)


def _period(written: str) -> int:
    period_us = parse_time(written)
    if not period_us:
        raise ValueError("it would come again and again at once: write how long after")
    return period_us


TRIGGERS: dict[str, Word] = {
    "at": Word(quantity(parse_time, '"10 min"'), '"2 days 30 min"', "at this pump time"),
    "every": Word(
        quantity(_period, '"20 days"'), '"20 days"', "with at: once more after each such span, to the end"
    ),
    "on": Word(
        _request,
        '"Commit"',
        "when the pump accepts this request, before it is executed: by its name, by its name and the kind of change as "
        "Prepare:BOLUS, or by the kind alone, for the Commit of one",
    ),
    "when": Word(
        lambda value: parse_condition(text(value)),
        '"volume > 50 uL"',
        "with on: only if this holds of the change that is asked for",
    ),
    "times": Word(
        _times,
        "1",
        f'with on: how many such requests it takes, 1 unless it is told; with every: how often it comes; or "{ALWAYS}"',
    ),
    "in": Word(
        text,
        '"retrying"',
        "only in this state of the scenario; without at and on, as soon as it comes to it",
    ),
    "after": Word(
        quantity(parse_time, '"30 s"'),
        '"30 s"',
        "with on or in: what it does comes so much later; goto does not",
    ),
    "optional": Word(flag, "true", "with on or in: that it never comes is no failure"),
    "goto": Word(
        text, '"retrying"', "the state that the scenario comes to at once when the step's moment has come"
    ),
}
