"""What turns and empties inside the pump, as one value and pure functions of time: what is believed and what is so.

All but `hydraulics` is what the pump's firmware knows or believes. docs/decisions/0030-belief-and-truth.md

A mechanism is exact at the instant `drive.since_us`, and says what will be until its next event: nothing has to run in
between. At an event it is settled (volumes counted up to now), changed or not, and followed (mode, alarms and motor
brought in line); `due_us` tells when the next event is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from protocol.alarms import Alarm
from protocol.units import US_PER_DAY, US_PER_S, volume_at
from protocol.vocabulary import Mode, State
from pumpmock.model.alarms import SLOWING, STANDING, STOPPING, Alarms, following
from pumpmock.model.battery import Battery, charged
from pumpmock.model.drive import Drive
from pumpmock.model.drug import DrugRules, check_drug
from pumpmock.model.guard import Course, Guard, Span, watched
from pumpmock.model.hydraulics import Hydraulics, new_hydraulics, pumped
from pumpmock.model.program import Therapy, simple_continuous
from pumpmock.model.reservoir import MOST_UG_ML, Past, Reservoir, draw, filled
from pumpmock.model.troubles import watched as watched_rotor

if TYPE_CHECKING:
    from pumpmock.model.battery import Cell
    from pumpmock.model.settings import Settings

_LOW = 1 << Alarm.LOW_RESERVOIR
_EMPTY = 1 << Alarm.EMPTY_RESERVOIR
_ERI = 1 << Alarm.ERI
_STOPPED = 1 << Alarm.STOPPED
_EOS = 1 << Alarm.EOS
_LOCKED = 1 << Alarm.CHANGES_LOCKED
_UNKNOWN = 1 << Alarm.DRUG_UNKNOWN
_UNHEARD = 1 << Alarm.LINK_WATCHDOG
_STALL = 1 << Alarm.STALL
_PLANNED_US = 8 * US_PER_DAY  # a week and a day hold any 24 h of a weekly program


@dataclass(frozen=True, slots=True)
class Mechanism:
    """The parts, and what else the pump knows.

    Attributes:
        concentration_ug_ml: of the drug; 0 where it is not known.
        hydraulics: what is physically so, of which the firmware knows nothing.
        stopped_us: since when the pump stands stopped; None where it does not.
        noted: conditions of alarms that last until they are ended, bits by `Alarm`.
        heard_us: when somebody with a key asked last; kept only where the link is watched.
        guard: what its limits remember.
        drug: what it holds of its drug library; without one, any concentration is taken.
    """

    reservoir: Reservoir
    past: Past
    drive: Drive
    battery: Battery
    alarms: Alarms
    therapy: Therapy
    concentration_ug_ml: int
    hydraulics: Hydraulics
    stopped_us: int | None = None
    noted: int = 0
    heard_us: int = 0
    guard: Guard = field(default_factory=Guard)
    drug: DrugRules | None = None

    @property
    def stopped(self) -> bool:
        """Whether the pump was told to stop, by a change or by an alarm, and not to resume."""
        return self.stopped_us is not None

    @property
    def programmed_rate_nl_h(self) -> int:
        """The rate of the program in nL/h, whatever stands over it."""
        return self.therapy.programmed_rate_nl_h(self.drive.since_us)

    @property
    def commanded_rate_nl_h(self) -> int:
        """The rate that the pump was told, in nL/h: 0 while stopped. What turns is `drive.rate_nl_h`."""
        return 0 if self.stopped else self.therapy.rate_nl_h(self.drive.since_us)

    @property
    def mode_end_us(self) -> int | None:
        """The instant at which the mode ends by itself; None if it does not."""
        span_us = self.therapy.mode_span_us(self.drive.since_us, self.drive.carry)
        return None if span_us is None else self.drive.since_us + span_us


def fresh(
    settings: Settings,
    fill_nl: int,
    rate_nl_h: int,
    battery_percent: int,
    concentration_ug_ml: int = 0,
    drug: DrugRules | None = None,
    *,
    primed: bool = True,
) -> Mechanism:
    """Return the mechanism at pump time 0: filled, charged, and told to deliver at a rate.

    A rate of 0 is a pump that runs without delivering; it is not stopped, and takes a rate as any running one does.
    One that is not `primed` has no drug on the way to the tip, as at its implantation.

    Raises:
        ValueError: for a volume, a rate, a charge or a concentration that this pump can't have.
    """
    if not 0 <= fill_nl <= settings.capacity_nl:
        raise ValueError(f"fill_nl is {fill_nl}: the reservoir holds 0 to {settings.capacity_nl} nL")
    if not 0 <= concentration_ug_ml <= MOST_UG_ML:
        raise ValueError(f"concentration_ug_ml is {concentration_ug_ml}: it must be 0 to {MOST_UG_ML}")
    settings.check_rate("rate_nl_h", rate_nl_h)
    check_drug(drug, settings)
    parts = (filled(fill_nl), Past(), Drive(), charged(settings.cell, battery_percent), Alarms())
    therapy = Therapy(simple_continuous(rate_nl_h), settings.epoch_s)
    hydraulics = new_hydraulics(settings, fill_nl, concentration_ug_ml, primed=primed)
    made = Mechanism(*parts, therapy, concentration_ug_ml, hydraulics, drug=drug)
    return followed(made, settings)


def settled(mechanism: Mechanism, settings: Settings, now_us: int) -> Mechanism:
    """Return the mechanism with volumes and charge counted up to `now_us`.

    Raises:
        LedgerError: if the volumes do not add up.
    """
    before = mechanism.drive
    drive, flown_nl = before.settled(now_us)
    # By place, in the order of the declaration: this and what follows run at every event.
    return Mechanism(
        draw(mechanism.reservoir, flown_nl, settings.residual_nl),
        mechanism.past,
        drive,
        mechanism.battery.drained(settings.cell, drive.rate_nl_h, now_us - before.since_us),
        mechanism.alarms,
        mechanism.therapy.delivered(flown_nl),
        mechanism.concentration_ug_ml,
        pumped(mechanism.hydraulics, flown_nl, settings),
        mechanism.stopped_us,
        mechanism.noted,
        mechanism.heard_us,
        mechanism.guard,
        mechanism.drug,
    )


def followed(mechanism: Mechanism, settings: Settings, *, steady: bool = False) -> Mechanism:
    """Return a settled mechanism with its mode, alarms, motor and notice of replacement brought in line.

    Args:
        mechanism: the settled one.
        settings: of the pump.
        steady: whether nothing but time has changed it since it was last followed: what was foreseen then is still so.
    """
    now_us, battery, cell = mechanism.drive.since_us, mechanism.battery, settings.cell
    conditions = _conditions(mechanism, settings)
    stopped_us, therapy, hydraulics = mechanism.stopped_us, mechanism.therapy, mechanism.hydraulics
    if conditions & STOPPING and stopped_us is None:
        stopped_us, therapy = now_us, therapy.without_mode()
    stands = stopped_us is not None or bool(conditions & STANDING) or hydraulics.troubles.firmware_holds
    while therapy.mode is not Mode.PROGRAM and _is_over(therapy, now_us, stands=stands):
        therapy = therapy.after_mode()
    if conditions & SLOWING and stopped_us is None and therapy.mode is not Mode.MINIMUM_RATE:
        therapy = therapy.under(Mode.MINIMUM_RATE, settings.minimum_rate_nl_h)
    drive = mechanism.drive.turning(0 if stands else therapy.rate_nl_h(now_us))
    # These two are asked last: they depend on whether the pump turns after the other alarms had their say.
    if not (steady and drive.rate_nl_h and mechanism.drive.rate_nl_h and therapy is mechanism.therapy):
        battery = battery.emptied_at(_empty_us(therapy, drive, battery, cell, stands=stands))
    if battery.eri_us is None and battery.end_us(cell) - now_us <= cell.notice_us:
        battery = replace(battery, eri_us=now_us)
    conditions |= 0 if battery.eri_us is None else _ERI
    if stopped_us is not None and now_us - stopped_us >= settings.stopped_alarm_s * US_PER_S:
        conditions |= _STOPPED
    alarms = following(mechanism.alarms, conditions)
    guard = watched(mechanism.guard, now_us, therapy.program.mean_nl_h, drive.rate_nl_h)
    if hydraulics.troubles.rotor_stands:
        hydraulics = _watched(hydraulics, drive, noticed=bool(conditions & _STALL))
    return Mechanism(
        mechanism.reservoir,
        mechanism.past,
        drive,
        battery,
        alarms,
        therapy,
        mechanism.concentration_ug_ml,
        hydraulics,
        stopped_us,
        mechanism.noted,
        mechanism.heard_us,
        guard,
        mechanism.drug,
    )


def _conditions(mechanism: Mechanism, settings: Settings) -> int:
    """Return the bits of the alarm conditions that hold, but for ERI and STOPPED."""
    remaining_nl, now_us = mechanism.reservoir.remaining_nl, mechanism.drive.since_us
    low = _LOW if remaining_nl <= settings.low_reservoir_nl else 0
    empty = _EMPTY if remaining_nl <= settings.residual_nl else 0
    eos = _EOS if mechanism.battery.has_ended(settings.cell, now_us) else 0
    locked = _LOCKED if mechanism.guard.locked_until_us > now_us else 0
    unheard_us = now_us - mechanism.heard_us
    unheard = _UNHEARD if 0 < settings.watchdog_s * US_PER_S <= unheard_us else 0
    stall_us = mechanism.hydraulics.troubles.noticed_us(settings.stall_detect_s * US_PER_S)
    stall = 0 if stall_us is None or stall_us > now_us else _STALL
    unknown = _UNKNOWN if is_unknown(mechanism) else 0
    return low | empty | eos | locked | unheard | stall | unknown | mechanism.noted


def is_unknown(mechanism: Mechanism) -> bool:
    """Tell whether there is a drug library, and what is in the reservoir is not in it."""
    return mechanism.drug is not None and not mechanism.drug.knows(mechanism.concentration_ug_ml)


def _watched(hydraulics: Hydraulics, drive: Drive, *, noticed: bool) -> Hydraulics:
    troubles = watched_rotor(hydraulics.troubles, drive.since_us, drives=drive.rate_nl_h > 0, noticed=noticed)
    return hydraulics if troubles is hydraulics.troubles else replace(hydraulics, troubles=troubles)


def _is_over(therapy: Therapy, now_us: int, *, stands: bool) -> bool:
    """Tell whether the mode ends now: its time or volume is over, or the volume can't come because the motor stands."""
    if therapy.mode_left_nl is not None:
        return stands or therapy.mode_left_nl == 0
    return therapy.mode_until_us is not None and therapy.mode_until_us <= now_us


def _empty_us(therapy: Therapy, drive: Drive, battery: Battery, cell: Cell, *, stands: bool) -> int:
    """Return when the battery will be empty if the therapy stays and the motor goes on to follow it, or to stand."""
    left = battery.left(cell)
    if left == 0:
        return min(battery.empty_us, drive.since_us)
    if stands:
        return drive.since_us + -(-left // cell.cost.per_h)
    lasts_us = therapy.until_amount_us(drive.since_us, drive.carry, left, cell.cost)
    return drive.since_us + (lasts_us or 0)  # never None: living alone drains


def due_us(mechanism: Mechanism, settings: Settings) -> int | None:
    """Return the first instant at which mode, motor or alarms will be others by themselves; None if they never will."""
    alarms, drive = mechanism.alarms, mechanism.drive
    remaining_nl, end_us = mechanism.reservoir.remaining_nl, mechanism.battery.end_us(settings.cell)
    low_us = (
        None if Alarm.LOW_RESERVOIR in alarms else drive.reaches_us(remaining_nl - settings.low_reservoir_nl)
    )
    empty_us = (
        None if Alarm.EMPTY_RESERVOIR in alarms else drive.reaches_us(remaining_nl - settings.residual_nl)
    )
    eri_us = None if Alarm.ERI in alarms else end_us - settings.cell.notice_us
    eos_us = None if Alarm.EOS in alarms else end_us
    step_us = mechanism.therapy.next_step_us(drive.since_us)
    lock_us = mechanism.guard.locked_until_us if Alarm.CHANGES_LOCKED in alarms else None
    troubles = mechanism.hydraulics.troubles
    stall_us = None if Alarm.STALL in alarms else troubles.noticed_us(settings.stall_detect_s * US_PER_S)
    instants = (
        *(low_us, empty_us, eri_us, eos_us, step_us, lock_us, stall_us, mechanism.mode_end_us),
        *(_stood_us(mechanism, settings), _unheard_us(mechanism, settings)),
    )
    return min([at_us for at_us in instants if at_us is not None], default=None)


def _stood_us(mechanism: Mechanism, settings: Settings) -> int | None:
    if mechanism.stopped_us is None or Alarm.STOPPED in mechanism.alarms:
        return None
    return mechanism.stopped_us + settings.stopped_alarm_s * US_PER_S


def _unheard_us(mechanism: Mechanism, settings: Settings) -> int | None:
    if not settings.watchdog_s or Alarm.LINK_WATCHDOG in mechanism.alarms:
        return None
    return mechanism.heard_us + settings.watchdog_s * US_PER_S


def planned(mechanism: Mechanism) -> Course:
    """Return the rates to come by the therapy of a settled mechanism: until they repeat themselves, and then 0.

    Alarms and the battery, which may keep some of it back, are left out of it.
    """
    now_us, therapy, carry = mechanism.drive.since_us, mechanism.therapy, mechanism.drive.carry
    if mechanism.stopped:
        return (Span(now_us, 0),)
    spans: list[Span] = []
    at_us: int | None = now_us
    while at_us is not None and therapy.mode is not Mode.PROGRAM:
        rate_nl_h, span_us = therapy.mode_rate_nl_h, therapy.mode_span_us(at_us, carry)
        spans.append(Span(at_us, rate_nl_h))
        if span_us is None:
            at_us = None
        else:
            at_us, (_, carry) = at_us + span_us, volume_at(rate_nl_h, span_us, carry)
            therapy = therapy.after_mode()
    end_us = (at_us or 0) + _PLANNED_US
    while at_us is not None and at_us < end_us:
        spans.append(Span(at_us, therapy.programmed_rate_nl_h(at_us)))
        at_us = therapy.next_step_us(at_us)
    return tuple(spans) if at_us is None else (*spans, Span(end_us, 0))


def state_of(mechanism: Mechanism) -> State:
    """Return what the motor does and on whose account; of several reasons to stand, the one hardest to end."""
    alarms = mechanism.alarms
    if Alarm.EOS in alarms:
        return State.END_OF_SERVICE
    if Alarm.STALL in alarms:
        return State.STALLED
    if Alarm.EMPTY_RESERVOIR in alarms:
        return State.EMPTY
    return State.STOPPED if mechanism.stopped else State.RUNNING
