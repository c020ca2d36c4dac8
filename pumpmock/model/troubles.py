"""What can be physically wrong with a pump, and how each of it shows: one table.

None of it is known to the firmware, which believes what it commands until it notices otherwise. What it never notices
raises no alarm: telemetry says all is well, and the patient gets nothing. docs/decisions/0030-belief-and-truth.md
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Trouble(IntEnum):
    """The bit of each trouble in `Troubles.present`."""

    OCCLUSION = 0
    LEAK = 1
    STALL = 2
    HOLD = 3
    VALVE = 4


@dataclass(frozen=True, slots=True)
class Row:
    """How a trouble shows.

    Attributes:
        title: what it is called in a sentence, with its article.
        ended_by: what ends it.
        rotor_stands: the rotor does not turn with the drive; the firmware notices once it has driven it for a while.
        path_shut: nothing leaves the reservoir, and the firmware does not notice.
        firmware_holds: the firmware itself holds the drive and knows that it delivers nothing, but raises no alarm.
        figure: what is said of its extent; "" where nothing is.
        least: the least such figure.
        most: the greatest such figure; None where just the reservoir limits it.
    """

    title: str
    ended_by: str
    rotor_stands: bool = False
    path_shut: bool = False
    firmware_holds: bool = False
    figure: str = ""
    least: int = 0
    most: int | None = 0


# The hold: interference puts a pump into telemetry while an alarm sounds, and it does not resume infusion until somebody
# interrogates it (TGA, on SynchroMed pumps in MRI). The valve: flow shuts it, after a bolus of 10 uL at the most, and it
# stays shut until it is reset (Prometra II in MRI, instructions for use, page 14). Of a leak, 100 % is a disconnection.
TROUBLES: dict[Trouble, Row] = {
    Trouble.OCCLUSION: Row("an occlusion", "clearing the catheter", path_shut=True),
    Trouble.LEAK: Row("a leak", "mending the catheter", figure="per cent", least=1, most=100),
    Trouble.STALL: Row("a stall of the rotor", "leaving the magnetic field", rotor_stands=True),
    Trouble.HOLD: Row("a hold for telemetry", "interrogating the pump", firmware_holds=True),
    Trouble.VALVE: Row("a shut valve", "resetting it", path_shut=True, figure="nL of bolus", most=None),
}

KNOWN = sum(1 << trouble for trouble in TROUBLES)
_STANDING = sum(1 << trouble for trouble, row in TROUBLES.items() if row.rotor_stands)
_SHUT = sum(1 << trouble for trouble, row in TROUBLES.items() if row.path_shut)
_HOLDING = sum(1 << trouble for trouble, row in TROUBLES.items() if row.firmware_holds)


@dataclass(frozen=True, slots=True)
class Troubles:
    """What is wrong at present.

    Attributes:
        present: bit set by `Trouble`.
        leak_percent: share that is lost of what leaves the reservoir; 0 without a leak.
        driven_us: since when the drive has turned without a rotor that follows; None while the rotor follows, or the
            drive stands and the firmware has noticed nothing.
    """

    present: int = 0
    leak_percent: int = 0
    driven_us: int | None = None

    def __contains__(self, trouble: Trouble) -> bool:
        """Tell whether a trouble is present."""
        return bool(self.present >> trouble & 1)

    @property
    def rotor_stands(self) -> bool:
        """Whether the rotor stands, whatever the drive does."""
        return bool(self.present & _STANDING)

    @property
    def path_shut(self) -> bool:
        """Whether nothing leaves the reservoir, whatever the rotor does."""
        return bool(self.present & _SHUT)

    @property
    def firmware_holds(self) -> bool:
        """Whether the firmware holds the drive on account of a trouble."""
        return bool(self.present & _HOLDING)

    def noticed_us(self, detect_us: int) -> int | None:
        """Return when a firmware that takes `detect_us` notices that the rotor stands; None if it does not as it is."""
        return None if self.driven_us is None else self.driven_us + detect_us


def befallen(troubles: Troubles, trouble: Trouble, figure: int = 0) -> Troubles:
    """Return the troubles after one more befell the pump; a leak takes another extent in the same way.

    Raises:
        ValueError: for one that is present, or an extent that it can't have.
    """
    row = TROUBLES[trouble]
    if trouble in troubles and trouble is not Trouble.LEAK:
        raise ValueError(f"the pump has {row.title} already, which ends by {row.ended_by}")
    if figure < row.least or (row.most is not None and figure > row.most):
        extent = (
            f"{row.least} {f'to {row.most}' if row.most else 'or more'} {row.figure}"
            if row.figure
            else "no extent"
        )
        raise ValueError(f"{row.title} has {extent}, not {figure}")
    percent = figure if trouble is Trouble.LEAK else troubles.leak_percent
    return Troubles(troubles.present | 1 << trouble, percent, troubles.driven_us)


def relieved(troubles: Troubles, trouble: Trouble) -> Troubles:
    """Return the troubles after one of them ended.

    Raises:
        ValueError: for one that is not present.
    """
    if trouble not in troubles:
        raise ValueError(f"the pump does not have {TROUBLES[trouble].title}: there is nothing to end")
    percent = 0 if trouble is Trouble.LEAK else troubles.leak_percent
    driven_us = None if trouble is Trouble.STALL else troubles.driven_us
    return Troubles(troubles.present & ~(1 << trouble), percent, driven_us)


def watched(troubles: Troubles, now_us: int, *, drives: bool, noticed: bool) -> Troubles:
    """Return the troubles when the firmware drives, or does not, from `now_us` on; `noticed` is a stall it knows of.

    A drive that stands tells nothing about its rotor: the time to notice begins anew with the next turn.
    """
    if not troubles.rotor_stands or noticed:
        return troubles
    driven_us = (now_us if troubles.driven_us is None else troubles.driven_us) if drives else None
    return (
        troubles
        if driven_us == troubles.driven_us
        else Troubles(troubles.present, troubles.leak_percent, driven_us)
    )
