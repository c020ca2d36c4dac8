"""The alarms a pump can raise: one table that both ends read, so that a name or a priority is never guessed.

Priority follows from harm and onset (IEC 60601-1-8; the matrix is Table 3 of the Open PCA Pump Requirements v1.0.0).
This is a bench tool: the figures and the priorities are the emulator's defaults, not a clinical statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Priority(IntEnum):
    """How soon somebody must act."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class Alarm(IntEnum):
    """The bit of each alarm in `Status.alarms` and `Status.acknowledged`."""

    LOW_RESERVOIR = 0
    EMPTY_RESERVOIR = 1
    ERI = 2
    STOPPED = 3
    EOS = 4
    CHANGES_LOCKED = 5


@dataclass(frozen=True, slots=True)
class AlarmKind:
    """One row: which alarm, how urgent, what it is called on a screen, what follows, and what to do."""

    alarm: Alarm
    priority: Priority
    title: str
    consequence: str
    action: str

    @property
    def name(self) -> str:
        """The name in JSON and on the command line: "low_reservoir"."""
        return self.alarm.name.lower()


KINDS: dict[Alarm, AlarmKind] = {
    kind.alarm: kind
    for kind in (
        AlarmKind(
            Alarm.EMPTY_RESERVOIR, Priority.HIGH, "RESERVOIR EMPTY", "nothing is delivered", "refill now"
        ),
        AlarmKind(
            Alarm.EOS, Priority.HIGH, "END OF SERVICE", "the motor is off for good", "replace the pump"
        ),
        AlarmKind(
            Alarm.STOPPED, Priority.MEDIUM, "PUMP STOPPED", "nothing is delivered", "resume or take over"
        ),
        AlarmKind(
            Alarm.LOW_RESERVOIR, Priority.MEDIUM, "LOW RESERVOIR", "delivery goes on", "plan the refill"
        ),
        AlarmKind(
            Alarm.CHANGES_LOCKED,
            Priority.MEDIUM,
            "CHANGES LOCKED",
            "delivery goes on",
            "find out who asked for them",
        ),
        AlarmKind(Alarm.ERI, Priority.LOW, "BATTERY SERVICE", "delivery goes on", "replace within 90 days"),
    )
}


def mask(alarms: frozenset[Alarm] | set[Alarm]) -> int:
    """Return the bits of a set of alarms."""
    return sum(1 << alarm for alarm in alarms)


def unmask(bits: int) -> tuple[AlarmKind, ...]:
    """Return the rows behind the bits, most urgent first; bits this version does not know are left out."""
    return tuple(kind for alarm, kind in KINDS.items() if bits >> alarm & 1)
