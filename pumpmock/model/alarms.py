"""What each alarm is about and what it does inside the pump: one table. Names and priorities are `protocol.alarms.KINDS`.

An alarm is active while its condition holds; one that latches stays active after that. Acknowledging says that
somebody has seen an active alarm; it ends with the alarm, so that the next occurrence asks for attention anew. What no
row is about raises none: an occluded or disconnected catheter is found by nothing inside such a pump, on purpose.
docs/decisions/0031-alarms.md
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from protocol.alarms import KINDS, Alarm, mask
from protocol.vocabulary import ChangeKind


class Effect(Enum):
    """What the pump does to its rate (R5.1.0(4) of the Open PCA Pump Requirements v1.0.0 asks for this table)."""

    NONE = "goes on"
    MINIMUM = "falls to the minimum rate"
    STANDS = "the motor stands meanwhile"
    STOPS = "stops, until RESUME"


class Latch(Enum):
    """Does the alarm outlast its condition?"""

    NONE = "no"
    UNTIL_SEEN = "until acknowledged"
    FOR_GOOD = "for good"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row.

    Attributes:
        condition: what the alarm is about, in words.
        effect: what the pump does to its rate while the condition holds.
        latch: whether the alarm outlasts its condition.
        ended_by: the changes that end the condition; none where it ends otherwise, or never.
        fault: whether something in the pump failed: the fault log keeps it then.
    """

    condition: str
    effect: Effect = Effect.NONE
    latch: Latch = Latch.NONE
    ended_by: frozenset[ChangeKind] = frozenset()
    fault: bool = False


RULES: dict[Alarm, Rule] = {
    Alarm.LOW_RESERVOIR: Rule(
        "the expected volume is the low-reservoir volume or less", ended_by=frozenset({ChangeKind.REFILL})
    ),
    Alarm.EMPTY_RESERVOIR: Rule(
        "the expected volume is the residual volume or less",
        Effect.STANDS,
        ended_by=frozenset({ChangeKind.REFILL}),
    ),
    # A lower rate makes the battery last, but not the notice.
    Alarm.ERI: Rule("the service ends within 90 days", latch=Latch.FOR_GOOD),
    Alarm.STOPPED: Rule(
        "the pump has stood stopped for as long as its profile says, 48 h in most",
        Effect.STANDS,
        ended_by=frozenset({ChangeKind.RESUME}),
    ),
    Alarm.EOS: Rule("the service has ended", Effect.STANDS, Latch.FOR_GOOD),
    Alarm.CHANGES_LOCKED: Rule("changes over a limit were refused too often"),
    Alarm.STALL: Rule("the motor was told to turn and stands", Effect.STANDS, fault=True),
    # Over as soon as it is found: it would be gone before anybody looked, did it not latch. So would be the silence that
    # ends with the question of whoever is to be told of it.
    Alarm.MEMORY_ERROR: Rule("a memory error was found and made good", latch=Latch.UNTIL_SEEN, fault=True),
    Alarm.RESET: Rule(
        "a critical memory error made the pump begin anew",
        Effect.MINIMUM,
        ended_by=frozenset({ChangeKind.RATE, ChangeKind.FLEX}),
        fault=True,
    ),
    Alarm.CLOCK_LOST: Rule(
        "the calendar clock began anew in 1970", ended_by=frozenset({ChangeKind.CLOCK}), fault=True
    ),
    Alarm.LINK_WATCHDOG: Rule(
        "nobody with a key has asked for as long as the profile says, if it says so at all",
        latch=Latch.UNTIL_SEEN,
    ),
    Alarm.DRUG_UNKNOWN: Rule(
        "drug or concentration is not in the drug library",
        Effect.STOPS,
        ended_by=frozenset({ChangeKind.REFILL}),
        fault=True,
    ),
}


def _bits(effect: Effect) -> int:
    return mask({alarm for alarm, rule in RULES.items() if rule.effect is effect})


SLOWING, STANDING, STOPPING = _bits(Effect.MINIMUM), _bits(Effect.STANDS), _bits(Effect.STOPS)
LESSENING = SLOWING | STANDING | STOPPING
UNTIL_SEEN, FOR_GOOD = (
    mask({alarm for alarm, rule in RULES.items() if rule.latch is latch})
    for latch in (Latch.UNTIL_SEEN, Latch.FOR_GOOD)
)
FAULTS = mask({alarm for alarm, rule in RULES.items() if rule.fault})
ENDED_BY: dict[ChangeKind, int] = {
    kind: mask({alarm for alarm, rule in RULES.items() if kind in rule.ended_by}) for kind in ChangeKind
}
# Conditions that follow from no figure, and are noted when they begin.
NOTED = mask({Alarm.RESET, Alarm.CLOCK_LOST})
KNOWN = mask(set(KINDS))


@dataclass(frozen=True, slots=True)
class Alarms:
    """The alarms that are active and those of them that were acknowledged: bit sets by `protocol.alarms.Alarm`."""

    active: int = 0
    acknowledged: int = 0

    def __contains__(self, alarm: Alarm) -> bool:
        """Tell whether an alarm is active."""
        return bool(self.active >> alarm & 1)


def following(alarms: Alarms, conditions: int) -> Alarms:
    """Return the alarms once the bits in `conditions` are the conditions that hold."""
    kept = FOR_GOOD | UNTIL_SEEN & ~alarms.acknowledged
    active = conditions | alarms.active & kept
    return Alarms(active, alarms.acknowledged & active)


def acknowledging(alarms: Alarms, bits: int) -> Alarms:
    """Return the alarms after somebody has seen those in `bits`; alarms that are not active are passed over."""
    return Alarms(alarms.active, alarms.acknowledged | bits & alarms.active)


def raising(alarms: Alarms, bits: int) -> Alarms:
    """Return the alarms after those in `bits` were raised, news to everybody; they stay as far as they latch."""
    return Alarms(alarms.active | bits, alarms.acknowledged & ~bits)


def members(bits: int) -> tuple[Alarm, ...]:
    """Return the alarms in a bit set, by rising bit: the order in which those of one instant are logged."""
    return tuple(alarm for alarm in Alarm if bits >> alarm & 1)
