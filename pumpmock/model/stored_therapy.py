"""The therapy as plain JSON values, and back: part of `stored`, and as distrustful."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from protocol.changes import misfit
from protocol.messages import MINUTES_A_DAY, MOST_RATE_NL_H, STEPS_A_DAY, Change, Step
from protocol.vocabulary import ChangeKind, Mode
from pumpmock.model.plain import MOST, figure, items, members, require
from pumpmock.model.program import DAYS_A_WEEK, MOST_CLOCK_S, Suspended, Therapy, Weekly

if TYPE_CHECKING:
    from pumpmock.model.program import Pattern
    from pumpmock.model.settings import Settings

_BY_VOLUME = {Mode.BOLUS, Mode.PRIME, Mode.BRIDGE, Mode.PATIENT_BOLUS}
_GOES_ON = {Mode.BOLUS, Mode.TEMPORARY_RATE}  # after the patient's bolus


def therapy_dumped(therapy: Therapy) -> dict[str, Any]:
    """Return a therapy as a dict of lists, integers and None."""
    days = [[[step.minute, step.rate_nl_h] for step in pattern] for pattern in therapy.program.days]
    plain = {f.name: getattr(therapy, f.name) for f in fields(Therapy)}
    beneath = therapy.beneath
    suspended = None if beneath is None else beneath._asdict() | {"mode": int(beneath.mode)}
    return plain | {"program": days, "mode": int(therapy.mode), "beneath": suspended}


def therapy_loaded(data: object) -> Therapy:
    """Return the therapy in what `therapy_dumped` returned.

    Raises:
        ValueError: with a sentence that begins with the key at fault.
    """
    found = members(data, "therapy", [f.name for f in fields(Therapy)])
    days = items(found["program"], "therapy.program")
    require(len(days) == DAYS_A_WEEK, "therapy.program", f"does not have {DAYS_A_WEEK} days")
    return Therapy(
        program=Weekly(tuple(_pattern(day, f"therapy.program[{place}]") for place, day in enumerate(days))),
        epoch_s=figure(found["epoch_s"], "therapy.epoch_s", least=-MOST, most=MOST_CLOCK_S),
        **_mode(found, "therapy")._asdict(),
        beneath=None if found["beneath"] is None else _suspended(found["beneath"], "therapy.beneath"),
    )


def check_therapy(therapy: Therapy, settings: Settings, now_us: int, *, stopped: bool) -> None:
    """Hold each figure against those beside it and against the settings.

    Raises:
        ValueError: with a sentence that begins with the key at fault.
    """
    for place, pattern in enumerate(therapy.program.days):
        for step in pattern:
            settings.check_rate(f"therapy.program[{place}]", step.rate_nl_h)
    require(therapy.clock_s(now_us) >= 0, "therapy.epoch_s", "is more than the age before 1970")
    mode, beneath = therapy.mode, therapy.beneath
    require(mode is Mode.PROGRAM or not stopped, "stopped", "is true, and a mode is over the program")
    _check_mode(therapy, settings, "therapy")
    if beneath is not None:
        require(mode is Mode.PATIENT_BOLUS, "therapy.beneath", "is under a mode that suspends nothing")
        require(beneath.mode in _GOES_ON, "therapy.beneath.mode", "is one that nothing suspends")
        require(beneath.mode_left_nl != 0, "therapy.beneath.mode_left_nl", "is 0, and the mode not over")
        _check_mode(beneath, settings, "therapy.beneath")


def _check_mode(standing: Therapy | Suspended, settings: Settings, where: str) -> None:
    mode, left, until = standing.mode, standing.mode_left_nl, standing.mode_until_us
    key = f"{where}.mode_left_nl"
    require((left is not None) is (mode in _BY_VOLUME), key, "is not what the mode asks for")
    require((left or 0) <= settings.capacity_nl, key, "is more than the capacity")
    by_time = mode is Mode.TEMPORARY_RATE
    require((until is not None) is by_time, f"{where}.mode_until_us", "is not what the mode asks for")
    # Within what the motor can do, not what today's settings would give: the keeper may set others under a mode.
    key, rate = f"{where}.mode_rate_nl_h", standing.mode_rate_nl_h
    if mode is Mode.PROGRAM:
        require(rate == 0, key, "is not what the mode asks for")
    elif mode is Mode.TEMPORARY_RATE:
        settings.check_rate(key, rate)
    else:
        require(rate <= settings.most_rate_nl_h, key, "is above the greatest rate")
        require(rate > 0 or mode not in _BY_VOLUME, key, "is none at which a volume ends")


def _suspended(data: object, key: str) -> Suspended:
    return _mode(members(data, key, Suspended._fields), key)


def _mode(found: dict[str, object], where: str) -> Suspended:
    """Return the figures of a mode, of the therapy's own or of the one beneath it."""
    left, until = found["mode_left_nl"], found["mode_until_us"]
    mode = figure(found["mode"], f"{where}.mode")
    require(mode in set(Mode), f"{where}.mode", f"is {mode}, which is no mode")
    return Suspended(
        mode=Mode(mode),
        mode_rate_nl_h=figure(found["mode_rate_nl_h"], f"{where}.mode_rate_nl_h"),
        mode_left_nl=None if left is None else figure(left, f"{where}.mode_left_nl"),
        mode_until_us=None if until is None else figure(until, f"{where}.mode_until_us"),
    )


def _pattern(data: object, key: str) -> Pattern:
    steps = []
    for row in items(data, key):
        step = items(row, key)
        require(len(step) == len(fields(Step)), key, "has a step that is not a minute and a rate")
        minute = figure(step[0], key, most=MINUTES_A_DAY - 1)
        steps.append(Step(minute, figure(step[1], key, most=MOST_RATE_NL_H)))
    require(len(steps) <= STEPS_A_DAY, key, f"has more than {STEPS_A_DAY} steps")
    pattern = tuple(steps)
    # One rule for what a day's pattern is, whether it comes over the wire or out of a file.
    require(not misfit(Change(ChangeKind.FLEX, weekdays=1, steps=pattern)), key, "is no day's pattern")
    return pattern
