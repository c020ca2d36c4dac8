"""What turns and empties inside the pump, as one value and pure functions of time.

A mechanism is exact at the instant `drive.since_us`, and says what will be until its next event: nothing has to run in
between. At an event it is settled (volumes counted up to now), changed or not, and followed (alarms and motor brought
in line); `due_us` tells when the next event is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from protocol.alarms import Alarm
from protocol.messages import State
from pumpmock.model.alarms import STOPPING, Alarms, following
from pumpmock.model.battery import NOTICE_US, Battery, charged
from pumpmock.model.drive import Drive
from pumpmock.model.reservoir import Reservoir, draw, filled

if TYPE_CHECKING:
    from pumpmock.model.settings import Settings

_LOW = 1 << Alarm.LOW_RESERVOIR
_EMPTY = 1 << Alarm.EMPTY_RESERVOIR
_ERI = 1 << Alarm.ERI
_STOPPED = 1 << Alarm.STOPPED
_EOS = 1 << Alarm.EOS


@dataclass(frozen=True, slots=True)
class Mechanism:
    """The parts, the rate that was programmed in nL/h, and whether the pump was told to stop."""

    reservoir: Reservoir
    drive: Drive
    battery: Battery
    alarms: Alarms
    programmed_rate_nl_h: int
    stopped: bool

    @property
    def commanded_rate_nl_h(self) -> int:
        """The rate that the pump was told, in nL/h: 0 while stopped. What turns is `drive.rate_nl_h`."""
        return 0 if self.stopped else self.programmed_rate_nl_h

    @property
    def end_us(self) -> int:
        """The instant of the end of service, if the motor goes on as it does."""
        return self.battery.end_us(self.drive.rate_nl_h, self.drive.since_us)


def fresh(settings: Settings, fill_nl: int, rate_nl_h: int, battery_percent: int) -> Mechanism:
    """Return the mechanism at pump time 0: filled, charged, and told to deliver at a rate.

    A rate of 0 is a pump that runs without delivering; it is not stopped, and takes a rate as any running one does.

    Raises:
        ValueError: for a volume, a rate or a charge that this pump can't have.
    """
    if not 0 <= fill_nl <= settings.capacity_nl:
        raise ValueError(f"fill_nl is {fill_nl}: the reservoir holds 0 to {settings.capacity_nl} nL")
    if not 0 <= battery_percent <= 100:  # noqa: PLR2004 - a hundred per cent
        raise ValueError(f"battery_percent is {battery_percent}: it must be 0 to 100")
    settings.check_rate("rate_nl_h", rate_nl_h)
    parts = (filled(fill_nl), Drive(), charged(battery_percent), Alarms())
    return followed(Mechanism(*parts, rate_nl_h, stopped=False), settings)


def settled(mechanism: Mechanism, settings: Settings, now_us: int) -> Mechanism:
    """Return the mechanism with volumes and charge counted up to `now_us`.

    Raises:
        LedgerError: if the volumes do not add up.
    """
    drive = mechanism.drive
    battery = mechanism.battery.drained(drive.rate_nl_h, now_us - drive.since_us)
    reservoir = draw(mechanism.reservoir, drive.flown_nl(now_us), settings.residual_nl)
    return replace(mechanism, reservoir=reservoir, drive=drive.settled(now_us), battery=battery)


def followed(mechanism: Mechanism, settings: Settings) -> Mechanism:
    """Return a settled mechanism with its alarms, its motor and its notice of replacement brought in line."""
    conditions = _conditions(mechanism, settings)
    rate_nl_h = 0 if conditions & STOPPING else mechanism.programmed_rate_nl_h
    drive = mechanism.drive.turning(rate_nl_h)
    battery = mechanism.battery
    # ERI is asked last: the time left depends on the rate at which the motor turns after the other alarms had their say.
    if battery.end_us(rate_nl_h, drive.since_us) - drive.since_us <= NOTICE_US:
        conditions |= _ERI
        if battery.eri_us is None:
            battery = replace(battery, eri_us=drive.since_us)
    alarms = following(mechanism.alarms, conditions)
    return replace(mechanism, drive=drive, battery=battery, alarms=alarms)


def _conditions(mechanism: Mechanism, settings: Settings) -> int:
    """Return the bits of the alarm conditions that hold, but for ERI."""
    remaining_nl = mechanism.reservoir.remaining_nl
    low = _LOW if remaining_nl <= settings.low_reservoir_nl else 0
    empty = _EMPTY if remaining_nl <= settings.residual_nl else 0
    stopped = _STOPPED if mechanism.stopped else 0
    eos = _EOS if mechanism.end_us <= mechanism.drive.since_us else 0
    return low | empty | stopped | eos


def due_us(mechanism: Mechanism, settings: Settings) -> int | None:
    """Return the first instant at which an alarm that is not active will be; None if none ever will by itself."""
    alarms, drive = mechanism.alarms, mechanism.drive
    remaining_nl = mechanism.reservoir.remaining_nl
    low_us = (
        None if Alarm.LOW_RESERVOIR in alarms else drive.reaches_us(remaining_nl - settings.low_reservoir_nl)
    )
    empty_us = (
        None if Alarm.EMPTY_RESERVOIR in alarms else drive.reaches_us(remaining_nl - settings.residual_nl)
    )
    eri_us = None if Alarm.ERI in alarms else mechanism.end_us - NOTICE_US
    eos_us = None if Alarm.EOS in alarms else mechanism.end_us
    return min((at_us for at_us in (low_us, empty_us, eri_us, eos_us) if at_us is not None), default=None)


def state_of(alarms: Alarms) -> State:
    """Return what the motor does and on whose account; of several reasons to stand, the one hardest to end."""
    if Alarm.EOS in alarms:
        return State.END_OF_SERVICE
    if Alarm.EMPTY_RESERVOIR in alarms:
        return State.EMPTY
    return State.STOPPED if Alarm.STOPPED in alarms else State.RUNNING
