"""The alarms a pump can raise: one table that both ends read, so that a name or a priority is never guessed.

Priority follows from harm and onset (IEC 60601-1-8; the matrix is Table 3 of the Open PCA Pump Requirements v1.0.0), and
each row says which they are: without its drug, a patient whose therapy is intrathecal baclofen is in danger of life
within days (boxed warning of the drug's label). What the pump does to its rate is the pump's own business, and stands in
its own table. docs/decisions/0031-alarms.md

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


class Harm(IntEnum):
    """What may come of it where nobody acts."""

    MINOR = 1
    REVERSIBLE = 2
    DEATH = 3


class Onset(IntEnum):
    """How soon that may come: before anybody can act, in time to act, or later than that."""

    IMMEDIATE = 0
    PROMPT = 1
    DELAYED = 2


# By harm: the priority where the onset is immediate, prompt and delayed.
PRIORITIES: dict[Harm, tuple[Priority, Priority, Priority]] = {
    Harm.DEATH: (Priority.HIGH, Priority.HIGH, Priority.MEDIUM),
    Harm.REVERSIBLE: (Priority.HIGH, Priority.MEDIUM, Priority.LOW),
    Harm.MINOR: (Priority.MEDIUM, Priority.LOW, Priority.LOW),
}


@dataclass(frozen=True, slots=True)
class Sound:
    """What a pump of this kind sounds like, and how often.

    Attributes:
        critical: as the maker of such pumps sorts its alarms.
        name: how it is told from the other.
        repeat_s: from one sound to the next, in s of pump time.
        assumed: whether `repeat_s` is an assumption, and not from the maker's page.
    """

    critical: bool
    name: str
    repeat_s: int
    assumed: bool


# The maker's advisory of 2011 tells the two sounds apart, its page on pump management repeats one of them.
SINGLE_TONE = Sound(critical=False, name="one second, single tone", repeat_s=3_600, assumed=False)
TWO_TONE = Sound(critical=True, name="three seconds, two tones", repeat_s=600, assumed=True)


class Alarm(IntEnum):
    """The bit of each alarm in `Status.alarms` and `Status.acknowledged`."""

    LOW_RESERVOIR = 0
    EMPTY_RESERVOIR = 1
    ERI = 2
    STOPPED = 3
    EOS = 4
    CHANGES_LOCKED = 5
    STALL = 6
    MEMORY_ERROR = 7
    RESET = 8
    CLOCK_LOST = 9
    LINK_WATCHDOG = 10
    DRUG_UNKNOWN = 11


@dataclass(frozen=True, slots=True)
class AlarmKind:
    """One row: which alarm, why it is urgent, how it sounds, what it is called on a screen, what follows, what to do."""

    alarm: Alarm
    harm: Harm
    onset: Onset
    sound: Sound
    title: str
    consequence: str
    action: str

    @property
    def name(self) -> str:
        """The name in JSON and on the command line: "low_reservoir"."""
        return self.alarm.name.lower()

    @property
    def priority(self) -> Priority:
        """How soon somebody must act."""
        return PRIORITIES[self.harm][self.onset]


_ROWS = (
    AlarmKind(
        Alarm.EMPTY_RESERVOIR,
        *(Harm.DEATH, Onset.PROMPT, TWO_TONE),
        *("RESERVOIR EMPTY", "nothing is delivered", "refill now"),
    ),
    AlarmKind(
        Alarm.EOS,
        *(Harm.DEATH, Onset.PROMPT, TWO_TONE),
        *("END OF SERVICE", "the motor is off for good", "replace the pump"),
    ),
    AlarmKind(
        Alarm.STALL,
        *(Harm.DEATH, Onset.PROMPT, TWO_TONE),
        *("MOTOR STALL", "nothing is delivered", "end what holds the motor, or take over"),
    ),
    AlarmKind(
        Alarm.RESET,
        *(Harm.DEATH, Onset.PROMPT, TWO_TONE),
        *("PUMP RESET", "only the minimum rate is delivered", "program the pump anew"),
    ),
    AlarmKind(
        Alarm.DRUG_UNKNOWN,
        *(Harm.DEATH, Onset.PROMPT, TWO_TONE),
        *("DRUG UNKNOWN", "the pump stays stopped", "fill a drug of the library, then resume"),
    ),
    AlarmKind(
        Alarm.STOPPED,
        *(Harm.DEATH, Onset.PROMPT, TWO_TONE),
        *("STOPPED TOO LONG", "nothing is delivered", "resume or take over"),
    ),
    AlarmKind(
        Alarm.LOW_RESERVOIR,
        *(Harm.DEATH, Onset.DELAYED, SINGLE_TONE),
        *("LOW RESERVOIR", "delivery goes on", "plan the refill"),
    ),
    AlarmKind(
        Alarm.CLOCK_LOST,  # a pattern by the hour is delivered at other hours
        *(Harm.REVERSIBLE, Onset.PROMPT, SINGLE_TONE),
        *("CLOCK LOST", "delivery goes on, by a wrong calendar", "set the clock"),
    ),
    AlarmKind(
        Alarm.CHANGES_LOCKED,  # a change that is wanted has to wait
        *(Harm.REVERSIBLE, Onset.PROMPT, SINGLE_TONE),
        *("CHANGES LOCKED", "delivery goes on", "find out who asked for them"),
    ),
    AlarmKind(
        Alarm.ERI,  # what it announces is an alarm of its own, and 90 days away
        *(Harm.REVERSIBLE, Onset.DELAYED, SINGLE_TONE),
        *("BATTERY SERVICE", "delivery goes on", "replace within 90 days"),
    ),
    AlarmKind(
        Alarm.MEMORY_ERROR,  # found and made good; only many of them would tell of more
        *(Harm.MINOR, Onset.DELAYED, SINGLE_TONE),
        *("MEMORY ERROR", "delivery goes on", "acknowledge it; often, have the pump looked at"),
    ),
    AlarmKind(
        Alarm.LINK_WATCHDOG,  # the pump needs nobody to ask it
        *(Harm.MINOR, Onset.DELAYED, SINGLE_TONE),
        *("NOT INTERROGATED", "delivery goes on", "find out why nobody asked, and acknowledge it"),
    ),
)

# Most urgent first; of one priority as they stand above.
KINDS: dict[Alarm, AlarmKind] = {kind.alarm: kind for kind in sorted(_ROWS, key=lambda kind: -kind.priority)}


def mask(alarms: frozenset[Alarm] | set[Alarm]) -> int:
    """Return the bits of a set of alarms."""
    return sum(1 << alarm for alarm in alarms)


def unmask(bits: int) -> tuple[AlarmKind, ...]:
    """Return the rows behind the bits, most urgent first; bits this version does not know are left out."""
    return tuple(kind for alarm, kind in KINDS.items() if bits >> alarm & 1)
