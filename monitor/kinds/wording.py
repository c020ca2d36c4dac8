"""A change in one line, with all its figures: what is about to be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.kinds.days import days_text, time_text
from monitor.kinds.effects import clock_text, concentration_text, dose_text
from protocol.units import format_rate, format_span, format_volume, ml, ml_day
from protocol.vocabulary import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.kinds.ground import Ground
    from protocol.messages import Change


def wanted(change: Change, ground: Ground, step: str) -> str:
    """Return a change in words; `step` is how far it goes, "+30.0 %", or empty."""
    said = _WORDS[change.kind](change, ground)
    return f"{said} ({step})" if step else said


def _amount(change: Change, ground: Ground) -> str:
    held = ground.status.concentration_ug_ml
    dose = dose_text(change.volume_nl, held)
    at = f"{held or 'an unknown number of'} ug/mL"
    return f"{f'{dose}, ' if dose else ''}{ml(change.volume_nl, 4)} mL at {at}"


def _steps(change: Change, _ground: Ground) -> str:
    steps = ", ".join(f"{time_text(one.minute)} {ml_day(one.rate_nl_h)}" for one in change.steps)
    return f"{days_text(change.weekdays)}: {steps} mL/day"


def _refill(change: Change, _ground: Ground) -> str:
    filled = f"{format_volume(change.volume_nl)} of {concentration_text(change.concentration_ug_ml)}"
    return f"{format_volume(change.withdrawn_nl)} withdrawn, {filled} filled"


_WORDS: dict[ChangeKind, Callable[[Change, Ground], str]] = {
    ChangeKind.RATE: lambda c, _: format_rate(c.rate_nl_h),
    ChangeKind.STOP: lambda _c, _g: "a stop",
    ChangeKind.RESUME: lambda _c, _g: "a resume",
    ChangeKind.MINIMUM_RATE: lambda _c, _g: "the minimum rate",
    ChangeKind.TEMPORARY_RATE: lambda c, _: f"{format_rate(c.rate_nl_h)} for {format_span(c.duration_s)}",
    ChangeKind.BOLUS: lambda c, g: f"{_amount(c, g)}, within {format_span(c.duration_s)}",
    ChangeKind.FLEX: _steps,
    ChangeKind.REFILL: _refill,
    ChangeKind.PRIME: lambda c, g: f"a prime of {_amount(c, g)}",
    ChangeKind.BRIDGE: lambda c, g: f"a bridge bolus of {_amount(c, g)}, at {format_rate(c.rate_nl_h)}",
    ChangeKind.CLOCK: lambda c, _: f"the clock at {clock_text(c.clock_s)}",
}
