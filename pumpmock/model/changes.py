"""What a change of the flow does to the mechanism, and in which state the pump refuses it.

Only the pump's own preconditions are judged here; limits of rates and steps are `protocol.bounds`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from protocol.alarms import Alarm
from protocol.messages import ChangeKind

if TYPE_CHECKING:
    from pumpmock.model.mechanism import Mechanism


def objection(mechanism: Mechanism, kind: ChangeKind, new_rate_nl_h: int) -> str | None:
    """Return the sentence with which the pump refuses a change in its present state; None if it takes it.

    While the reservoir is empty, only what asks for more flow is refused: lowering the rate or stopping can't harm.
    """
    if Alarm.EOS in mechanism.alarms:
        return "the pump is at its end of service: the motor is off for good"
    resumes = kind is ChangeKind.RESUME
    if resumes and not mechanism.stopped:
        return "the pump is not stopped: there is nothing to resume"
    if mechanism.stopped and not resumes:
        return (
            "the pump is stopped already"
            if kind is ChangeKind.STOP
            else "the pump is stopped: resume it first"
        )
    raises = kind is ChangeKind.RATE and new_rate_nl_h > mechanism.programmed_rate_nl_h
    if Alarm.EMPTY_RESERVOIR in mechanism.alarms and (resumes or raises):
        return "the reservoir is empty: refill it before asking for more flow"
    return None


def changed(mechanism: Mechanism, kind: ChangeKind, new_rate_nl_h: int) -> Mechanism:
    """Return a settled mechanism after a change that nothing objects to; the rate counts for `ChangeKind.RATE` alone."""
    if kind is ChangeKind.RATE:
        return replace(mechanism, programmed_rate_nl_h=new_rate_nl_h)
    return replace(mechanism, stopped=kind is ChangeKind.STOP)
