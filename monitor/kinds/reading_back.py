"""Whether a pump reports what was set: what differs, in words, a function a kind of change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.kinds.days import WEEKDAYS
from monitor.kinds.effects import clock_text, concentration_text, mode_words, span_s
from protocol.messages import NEVER_S
from protocol.units import US_PER_S, format_rate, format_span, format_volume
from protocol.vocabulary import ChangeKind, Mode

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.kinds.ground import Week
    from protocol.messages import Change, Outcome, Status

_MODES = {
    ChangeKind.MINIMUM_RATE: Mode.MINIMUM_RATE,
    ChangeKind.TEMPORARY_RATE: Mode.TEMPORARY_RATE,
    ChangeKind.BOLUS: Mode.BOLUS,
    ChangeKind.PRIME: Mode.PRIME,
    ChangeKind.BRIDGE: Mode.BRIDGE,
}
_CLOCK_SLACK_S = 1  # a second that began meanwhile


def is_as_set(change: Change, outcome: Outcome, status: Status, week: Week = ()) -> bool:
    """Tell whether a reading shows an applied change.

    Args:
        change: as the pump understood it.
        outcome: the pump's verdict.
        status: a reading of later on.
        week: the program read since, by weekday; for a flex program alone.
    """
    if status.revision != outcome.revision:
        return False
    return _AS_SET.get(change.kind, _same_rate)(change, outcome, status, week)


def reported(change: Change, status: Status) -> str:
    """Return what the pump reports of what was changed: "the pump reports 0.600 mL/day (revision 5)"."""
    if change.kind is ChangeKind.REFILL:
        held = concentration_text(status.concentration_ug_ml)
        figure = f"{format_volume(status.reservoir_nl)}, {held}, {format_rate(status.commanded_rate_nl_h)}"
    elif change.kind is ChangeKind.CLOCK:
        figure = clock_text(status.clock_s)
    else:
        figure = format_rate(status.commanded_rate_nl_h)
        if change.kind in _MODES:
            left = "" if status.mode_left_s == NEVER_S else f" for {format_span(status.mode_left_s)}"
            figure += f" by {mode_words(status.mode)}{left}"
    return f"the pump reports {figure} (revision {status.revision})"


def _same_rate(_change: Change, outcome: Outcome, status: Status, _week: Week) -> bool:
    return status.commanded_rate_nl_h == outcome.rate_nl_h


def _by_program(change: Change, outcome: Outcome, status: Status, week: Week) -> bool:
    """Take a rate that the program has come to since for as set, too."""
    follows = status.mode is Mode.PROGRAM and status.commanded_rate_nl_h == status.programmed_rate_nl_h
    return follows or _same_rate(change, outcome, status, week)


def _by_mode(change: Change, outcome: Outcome, status: Status, week: Week) -> bool:
    """Take a mode that has come to its own end since for as set, too."""
    if status.mode is _MODES[change.kind]:
        return _same_rate(change, outcome, status, week)
    passed_us = status.pump_time_us - outcome.pump_time_us
    ends_by_itself = change.kind is not ChangeKind.MINIMUM_RATE
    return ends_by_itself and passed_us >= span_s(change, outcome.rate_nl_h) * US_PER_S - US_PER_S


def _filled(change: Change, _outcome: Outcome, status: Status, _week: Week) -> bool:
    volume_nl = status.reservoir_nl + status.delivered_nl
    return (volume_nl, status.concentration_ug_ml) == (change.volume_nl, change.concentration_ug_ml)


def _clock(change: Change, outcome: Outcome, status: Status, _week: Week) -> bool:
    passed_s = (status.pump_time_us - outcome.pump_time_us) // US_PER_S
    return abs(status.clock_s - change.clock_s - passed_s) <= _CLOCK_SLACK_S


def _patterns(change: Change, outcome: Outcome, status: Status, week: Week) -> bool:
    named = [day for day in range(len(WEEKDAYS)) if change.weekdays >> day & 1]
    same = bool(week) and all(week[day] == change.steps for day in named)
    return same and _by_program(change, outcome, status, week)


_AS_SET: dict[ChangeKind, Callable[[Change, Outcome, Status, Week], bool]] = {
    ChangeKind.RESUME: _by_program,
    ChangeKind.FLEX: _patterns,
    ChangeKind.REFILL: _filled,
    ChangeKind.CLOCK: _clock,
    **dict.fromkeys(_MODES, _by_mode),
}
