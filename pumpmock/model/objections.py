"""In which state, and for which figures, the pump itself can't take a change.

Only that is judged here; limits of rates, steps, doses and volumes are `protocol.bounds`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.alarms import Alarm
from protocol.bounds import Bounds, Finding, bolus_finding
from protocol.changes import misfit
from protocol.messages import EVERY_DAY
from protocol.units import S_PER_H, format_rate, format_volume
from protocol.vocabulary import ChangeKind, Mode, Refusal
from pumpmock.model.alarms import SLOWING
from pumpmock.model.changes import changed
from pumpmock.model.mechanism import is_unknown
from pumpmock.model.program import MOST_CLOCK_S

if TYPE_CHECKING:
    from protocol.messages import Change
    from pumpmock.model.mechanism import Mechanism
    from pumpmock.model.settings import Settings

_BY_VOLUME = {ChangeKind.BOLUS, ChangeKind.PRIME, ChangeKind.BRIDGE}
_IS_EMPTY = Finding(Refusal.WRONG_STATE, 0, "the reservoir is empty: refill it before asking for more flow")


def objection(mechanism: Mechanism, settings: Settings, change: Change) -> Finding | None:
    """Return why the pump can't take a change in its present state, a settled mechanism; None if it takes it.

    While the reservoir is empty, only what asks for more flow is refused: lowering the rate or stopping can't harm.
    """
    said = misfit(change)
    if said:
        return Finding(Refusal.MALFORMED, 0, said)
    if change.kind is ChangeKind.REFILL:
        return _refill_objection(settings, change)
    if change.kind is ChangeKind.CLOCK:
        return _clock_objection(change)
    if change.kind is ChangeKind.RESUME and mechanism.drug is not None and is_unknown(mechanism):
        held_ug_ml = mechanism.concentration_ug_ml
        return Finding(Refusal.DRUG_UNKNOWN, held_ug_ml, mechanism.drug.unknown(held_ug_ml))
    said = _alarm_objection(mechanism, change) or _state_objection(mechanism, change)
    if said:
        return Finding(Refusal.WRONG_STATE, 0, said)
    found = _rate_objection(settings, change)
    if found is None and change.kind in _BY_VOLUME:
        found = _volume_objection(mechanism, settings, change)
    if found is None and _asks_for_more(mechanism, settings, change):
        found = _IS_EMPTY
    return found


def _state_objection(mechanism: Mechanism, change: Change) -> str:
    """Say why a change of the flow does not fit what the pump is doing; empty if it does."""
    mode, kind = mechanism.therapy.mode, change.kind
    if mechanism.stopped and kind is not ChangeKind.RESUME:
        stops = kind is ChangeKind.STOP
        return "the pump is stopped already" if stops else "the pump is stopped: resume it first"
    if kind is ChangeKind.RESUME and not mechanism.stopped and mode is Mode.PROGRAM:
        return "the pump is not stopped and delivers by its program: there is nothing to resume"
    if kind is ChangeKind.MINIMUM_RATE and mode is Mode.MINIMUM_RATE:
        return "the pump is at its minimum rate already"
    return ""


def _alarm_objection(mechanism: Mechanism, change: Change) -> str:
    """Say why a change of the flow has to wait until an alarm has ended; empty if it has not."""
    if Alarm.EOS in mechanism.alarms:
        return "the pump is at its end of service: the motor is off for good"
    if mechanism.noted & SLOWING and not mechanism.stopped and not _replaces_program(change):
        return "the pump was reset and does not trust its program: program a rate, or all seven days, first"
    return ""


def _replaces_program(change: Change) -> bool:
    """Tell whether nothing is delivered by the old program after a change."""
    whole_week = change.kind is ChangeKind.FLEX and change.weekdays == EVERY_DAY
    return whole_week or change.kind in {ChangeKind.RATE, ChangeKind.STOP}


def _rate_objection(settings: Settings, change: Change) -> Finding | None:
    """Return the first rate of a change at which the motor can't turn: it is 0, or within the least and the greatest."""
    rates = (change.rate_nl_h, *(step.rate_nl_h for step in change.steps))
    least, most = settings.least_rate_nl_h, settings.most_rate_nl_h
    for rate in rates:
        if rate > most:
            said = f"{format_rate(rate)} is above the greatest rate, {format_rate(most)}"
            return Finding(Refusal.ABOVE_MOST, most, said)
        if rate < least and (rate or change.kind is ChangeKind.BRIDGE):
            said = f"{format_rate(rate)} is below the least rate, {format_rate(least)}"
            return Finding(Refusal.BELOW_LEAST, least, said)
    return None


def _volume_objection(mechanism: Mechanism, settings: Settings, change: Change) -> Finding | None:
    """Return why a bolus, prime or bridge can't be delivered: for its volume, or for the time it is to take."""
    volume_nl = change.volume_nl
    there_nl = max(mechanism.reservoir.remaining_nl - settings.residual_nl, 0)
    if not there_nl:
        return _IS_EMPTY
    if volume_nl > there_nl:
        said = f"{format_volume(volume_nl)} is more than the reservoir can give, {format_volume(there_nl)}"
        return Finding(Refusal.VOLUME, there_nl, said)
    if change.kind is not ChangeKind.BOLUS:
        return None
    slowest = max(settings.minimum_rate_nl_h, 1)
    longest_s = volume_nl * S_PER_H // slowest
    if change.duration_s > longest_s:
        said = f"{format_volume(volume_nl)} takes {longest_s} s at the minimum rate, {format_rate(slowest)}"
        return Finding(Refusal.DURATION, longest_s, said)
    bounds = Bounds(settings.least_rate_nl_h, settings.most_rate_nl_h)
    return bolus_finding(volume_nl, change.duration_s, bounds)


def _asks_for_more(mechanism: Mechanism, settings: Settings, change: Change) -> bool:
    """Tell whether an empty reservoir would have to give more after the change than is asked of it now."""
    if Alarm.EMPTY_RESERVOIR not in mechanism.alarms:
        return False
    return changed(mechanism, settings, change).commanded_rate_nl_h > mechanism.commanded_rate_nl_h


def _refill_objection(settings: Settings, change: Change) -> Finding | None:
    most = settings.capacity_nl
    for volume_nl, what in ((change.withdrawn_nl, "withdrawn"), (change.volume_nl, "filled")):
        if volume_nl > most:
            said = (
                f"{format_volume(volume_nl)} {what} is more than the reservoir holds, {format_volume(most)}"
            )
            return Finding(Refusal.VOLUME, most, said)
    return None


def _clock_objection(change: Change) -> Finding | None:
    if change.clock_s > MOST_CLOCK_S:
        return Finding(Refusal.MALFORMED, 0, "the calendar clock ends in 2106")
    return None
