"""What each kind of change does to the mechanism, and what the event log says of it: one table each.

A change of the flow takes force at once and ends the mode that stood; a refill and the clock leave it standing.
docs/decisions/0019-one-mode-over-the-program.md
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from protocol.units import S_PER_H, US_PER_S
from protocol.vocabulary import ChangeKind, EventKind, Mode
from pumpmock.model.alarms import ENDED_BY, SLOWING
from pumpmock.model.hydraulics import refilled_truly
from pumpmock.model.program import MOST_CLOCK_S, Therapy, day_volume_nl, simple_continuous
from pumpmock.model.reservoir import refilled

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.messages import Change
    from pumpmock.model.mechanism import Mechanism
    from pumpmock.model.settings import Settings


def changed(mechanism: Mechanism, settings: Settings, change: Change) -> Mechanism:
    """Return a settled mechanism after a change that nothing objects to."""
    if change.kind is ChangeKind.REFILL:
        return _refilled(mechanism, change)
    now_us, noted = mechanism.drive.since_us, mechanism.noted & ~ENDED_BY[change.kind]
    # While an alarm keeps the pump at its minimum rate, that is all there is to resume.
    kind = ChangeKind.MINIMUM_RATE if change.kind is ChangeKind.RESUME and noted & SLOWING else change.kind
    therapy = _THERAPY[kind](mechanism.therapy, settings, change, now_us)
    if kind is ChangeKind.CLOCK:
        return replace(mechanism, therapy=therapy, noted=noted)
    stopped_us = now_us if kind is ChangeKind.STOP else None
    return replace(mechanism, therapy=therapy, noted=noted, stopped_us=stopped_us)


def entry_of(change: Change, before: Mechanism, after: Mechanism) -> tuple[EventKind, int, int, int]:
    """Return the kind, detail, a and b of the entry that an applied change makes in the event log."""
    if change.kind in _TOLD:
        return _TOLD[change.kind](change)
    if change.kind is ChangeKind.CLOCK:
        was_s = before.therapy.clock_s(before.drive.since_us)
        return EventKind.CLOCK_SET, 0, min(was_s, MOST_CLOCK_S), 0
    return _TOLD_BY_RATES[change.kind], 0, before.commanded_rate_nl_h, after.commanded_rate_nl_h


def _refilled(mechanism: Mechanism, change: Change) -> Mechanism:
    reservoir, past = refilled(mechanism.reservoir, mechanism.past, change.withdrawn_nl, change.volume_nl)
    concentration = change.concentration_ug_ml
    hydraulics = refilled_truly(mechanism.hydraulics, change.withdrawn_nl, change.volume_nl, concentration)
    return replace(
        mechanism, reservoir=reservoir, past=past, concentration_ug_ml=concentration, hydraulics=hydraulics
    )


def _to_rate(therapy: Therapy, _settings: Settings, change: Change, _now_us: int) -> Therapy:
    return Therapy(simple_continuous(change.rate_nl_h), therapy.epoch_s)


def _to_flex(therapy: Therapy, _settings: Settings, change: Change, _now_us: int) -> Therapy:
    return Therapy(therapy.program.with_days(change.weekdays, change.steps), therapy.epoch_s)


def _to_program(therapy: Therapy, _settings: Settings, _change: Change, _now_us: int) -> Therapy:
    return therapy.without_mode()


def _to_minimum_rate(therapy: Therapy, settings: Settings, _change: Change, _now_us: int) -> Therapy:
    return therapy.under(Mode.MINIMUM_RATE, settings.minimum_rate_nl_h)


def _to_temporary_rate(therapy: Therapy, _settings: Settings, change: Change, now_us: int) -> Therapy:
    until_us = now_us + change.duration_s * US_PER_S
    return therapy.under(Mode.TEMPORARY_RATE, change.rate_nl_h, until_us=until_us)


def _to_bolus(therapy: Therapy, _settings: Settings, change: Change, _now_us: int) -> Therapy:
    # The least whole rate at which the volume is in within the duration: the volume ends the bolus, not the time.
    rate_nl_h = -(-change.volume_nl * S_PER_H // change.duration_s)
    return therapy.under(Mode.BOLUS, rate_nl_h, left_nl=change.volume_nl)


def _to_prime(therapy: Therapy, settings: Settings, change: Change, _now_us: int) -> Therapy:
    return therapy.under(Mode.PRIME, settings.most_rate_nl_h, left_nl=change.volume_nl)


def _to_bridge(therapy: Therapy, _settings: Settings, change: Change, _now_us: int) -> Therapy:
    return therapy.under(Mode.BRIDGE, change.rate_nl_h, left_nl=change.volume_nl)


def _to_clock(therapy: Therapy, _settings: Settings, change: Change, now_us: int) -> Therapy:
    return replace(therapy, epoch_s=change.clock_s - now_us // US_PER_S)


_THERAPY: dict[ChangeKind, Callable[[Therapy, Settings, Change, int], Therapy]] = {
    ChangeKind.RATE: _to_rate,
    ChangeKind.STOP: _to_program,  # which is what a resume goes on with
    ChangeKind.RESUME: _to_program,
    ChangeKind.MINIMUM_RATE: _to_minimum_rate,
    ChangeKind.TEMPORARY_RATE: _to_temporary_rate,
    ChangeKind.BOLUS: _to_bolus,
    ChangeKind.FLEX: _to_flex,
    ChangeKind.PRIME: _to_prime,
    ChangeKind.BRIDGE: _to_bridge,
    ChangeKind.CLOCK: _to_clock,
}
_TOLD_BY_RATES = {
    ChangeKind.RATE: EventKind.RATE_CHANGED,
    ChangeKind.STOP: EventKind.STOPPED,
    ChangeKind.RESUME: EventKind.RESUMED,
    ChangeKind.MINIMUM_RATE: EventKind.MINIMUM_RATE,
}
_TOLD: dict[ChangeKind, Callable[[Change], tuple[EventKind, int, int, int]]] = {
    ChangeKind.TEMPORARY_RATE: lambda c: (EventKind.TEMPORARY_RATE, 0, c.rate_nl_h, c.duration_s),
    ChangeKind.BOLUS: lambda c: (EventKind.BOLUS, 0, c.volume_nl, c.duration_s),
    ChangeKind.FLEX: lambda c: (EventKind.FLEX, c.weekdays, day_volume_nl(c.steps), 0),
    ChangeKind.REFILL: lambda c: (EventKind.REFILLED, 0, c.withdrawn_nl, c.volume_nl),
    ChangeKind.PRIME: lambda c: (EventKind.PRIME, 0, c.volume_nl, 0),
    ChangeKind.BRIDGE: lambda c: (EventKind.BRIDGE, 0, c.volume_nl, c.rate_nl_h),
}
