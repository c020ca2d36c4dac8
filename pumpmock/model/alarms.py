"""What each alarm does inside the pump: one table. Names and priorities are `protocol.alarms.KINDS`.

An alarm is active while its condition holds; one that latches stays active after that. Acknowledging says that
somebody has seen an active alarm; it ends with the alarm, so that the next occurrence asks for attention anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.alarms import KINDS, Alarm, mask


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: does the alarm outlast its condition, and does the motor stand while it is active?"""

    latches: bool
    stops_motor: bool


RULES: dict[Alarm, Rule] = {
    Alarm.LOW_RESERVOIR: Rule(latches=False, stops_motor=False),
    Alarm.EMPTY_RESERVOIR: Rule(latches=False, stops_motor=True),
    Alarm.ERI: Rule(
        latches=True, stops_motor=False
    ),  # a lower rate makes the battery last, but not the notice
    Alarm.STOPPED: Rule(latches=False, stops_motor=True),
    Alarm.EOS: Rule(latches=True, stops_motor=True),
    Alarm.CHANGES_LOCKED: Rule(latches=False, stops_motor=False),
    Alarm.STALL: Rule(latches=False, stops_motor=True),
    Alarm.MEMORY_ERROR: Rule(latches=True, stops_motor=False),
    Alarm.RESET: Rule(latches=False, stops_motor=False),
    Alarm.CLOCK_LOST: Rule(latches=False, stops_motor=False),
    Alarm.LINK_WATCHDOG: Rule(latches=True, stops_motor=False),
    Alarm.DRUG_UNKNOWN: Rule(latches=False, stops_motor=True),
}

LATCHING = mask({alarm for alarm, rule in RULES.items() if rule.latches})
STOPPING = mask({alarm for alarm, rule in RULES.items() if rule.stops_motor})
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
    active = conditions | alarms.active & LATCHING
    return Alarms(active, alarms.acknowledged & active)


def acknowledging(alarms: Alarms, bits: int) -> Alarms:
    """Return the alarms after somebody has seen those in `bits`; alarms that are not active are passed over."""
    return Alarms(alarms.active, alarms.acknowledged | bits & alarms.active)


def members(bits: int) -> tuple[Alarm, ...]:
    """Return the alarms in a bit set, by rising bit: the order in which those of one instant are logged."""
    return tuple(alarm for alarm in Alarm if bits >> alarm & 1)
