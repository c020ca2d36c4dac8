"""Changes as a scenario writes them: one key a kind, its figures in braces."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from protocol.messages import EVERY_DAY, Change, Step
from protocol.units import parse_concentration, parse_rate, parse_span, parse_volume
from protocol.vocabulary import ChangeKind
from pumpmock.limits import DAYS
from pumpmock.scenario.words import Word, flag, name_in, quantity, read_table

if TYPE_CHECKING:
    from collections.abc import Callable

RATE = Word(quantity(parse_rate, '"0.6 mL/day"'), '"0.6 mL/day"', "rate")
VOLUME = Word(quantity(parse_volume, '"50 uL"'), '"50 uL"', "volume")
DURATION = Word(quantity(parse_span, '"10 min"'), '"10 min"', "duration, of pump time")
CONCENTRATION = Word(quantity(parse_concentration, '"500 ug/mL"'), '"500 ug/mL"', "concentration of the drug")


def _kind(kind: ChangeKind) -> Callable[[object], Change]:
    """Return what reads a change that needs no figure."""

    def read(value: object) -> Change:
        flag(value)
        return Change(kind)

    return read


def _figures(kind: ChangeKind, **figures: tuple[str, Word]) -> Callable[[object], Change]:
    """Return what reads a change with figures in braces, all of them needed: by key, the field and how it is read."""
    words = {key: word for key, (_, word) in figures.items()}

    def read(value: object) -> Change:
        found = read_table(value, words, f"figure of {kind.name}")
        for key, word in words.items():
            if key not in found:
                raise ValueError(f"{key} is missing: write {key} = {word.example}, say")
        return Change(kind, **{figures[key][0]: figure for key, figure in found.items()})

    return read


def _clock_s(value: object) -> int:
    try:
        return int(datetime.strptime(str(value), "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp())
    except ValueError as error:
        raise ValueError('it is a time in UTC: write "2026-03-29 01:00", say') from error


def _weekdays(value: object) -> int:
    read = name_in(DAYS, "a weekday")
    days = value if isinstance(value, list) else [value]
    return sum({1 << DAYS.index(read(day)) for day in days}) if value != "every day" else EVERY_DAY


def _steps(value: object) -> tuple[Step, ...]:
    if not isinstance(value, dict) or not value:
        raise ValueError('write times of day with rates: { "00:00" = "0.5 mL/day" }, say')
    return tuple(Step(_minute(at), RATE.read(rate)) for at, rate in value.items())


def _minute(text: str) -> int:
    found = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", text)
    if found is None:
        raise ValueError(f'"{text[:10]}" is not a time of day: write "08:00", say')
    return int(found[1]) * 60 + int(found[2])


CHANGES: dict[str, Word] = {
    "rate": Word(
        lambda value: Change(ChangeKind.RATE, RATE.read(value)), '"0.6 mL/day"', "one rate for all days"
    ),
    "stop": Word(_kind(ChangeKind.STOP), "true", "stop the motor"),
    "resume": Word(_kind(ChangeKind.RESUME), "true", "deliver by the program again"),
    "minimum_rate": Word(_kind(ChangeKind.MINIMUM_RATE), "true", "the minimum rate, until RESUME"),
    "temporary_rate": Word(
        _figures(ChangeKind.TEMPORARY_RATE, rate=("rate_nl_h", RATE), duration=("duration_s", DURATION)),
        '{ rate = "0.6 mL/day", duration = "2 h" }',
        "a rate for a while",
    ),
    "bolus": Word(
        _figures(ChangeKind.BOLUS, volume=("volume_nl", VOLUME), duration=("duration_s", DURATION)),
        '{ volume = "50 uL", duration = "10 min" }',
        "a volume within a duration",
    ),
    "flex": Word(
        _figures(
            ChangeKind.FLEX,
            days=("weekdays", Word(_weekdays, '"every day"', "weekdays")),
            steps=("steps", Word(_steps, '{ "00:00" = "0.5 mL/day" }', "the pattern")),
        ),
        '{ days = ["Monday", "Friday"], steps = { "00:00" = "0.5 mL/day", "08:00" = "1 mL/day" } }',
        'a day\'s pattern for some weekdays, or "every day"; times in UTC',
    ),
    "refill": Word(
        _figures(
            ChangeKind.REFILL,
            withdrawn=("withdrawn_nl", VOLUME),
            volume=("volume_nl", VOLUME),
            concentration=("concentration_ug_ml", CONCENTRATION),
        ),
        '{ withdrawn = "2 mL", volume = "18 mL", concentration = "500 ug/mL" }',
        "what the host tells of a refill; the pump takes it to be so",
    ),
    "prime": Word(
        _figures(ChangeKind.PRIME, volume=("volume_nl", VOLUME)),
        '{ volume = "395 uL" }',
        "a volume at the greatest rate",
    ),
    "bridge": Word(
        _figures(ChangeKind.BRIDGE, volume=("volume_nl", VOLUME), rate=("rate_nl_h", RATE)),
        '{ volume = "395 uL", rate = "0.15 mL/day" }',
        "the old drug at the old rate",
    ),
    "clock": Word(
        lambda value: Change(ChangeKind.CLOCK, clock_s=_clock_s(value)),
        '"2026-03-29 01:00"',
        "the calendar clock, UTC",
    ),
}


def read_change(value: object) -> Change:
    """Return a change that is written as a table of one key.

    Raises:
        ValueError: with a sentence.
    """
    found: dict[str, Any] = read_table(value, CHANGES, "change")
    if len(found) != 1:
        raise ValueError(f"it is one change: write one of {', '.join(CHANGES)} in the braces")
    change: Change = next(iter(found.values()))
    return change
