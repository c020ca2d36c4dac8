"""The patient's bolus: what a press of the button does, and when it does nothing.

The button takes no figure: volume, duration, lock-out and how many a day are settings of the pump, and no message
changes them. The lock-out and the day run from the press that was granted, whatever became of its bolus.
docs/decisions/0033-patient-bolus.md
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from protocol.bounds import Bounds, bolus_finding
from protocol.units import S_PER_H, US_PER_DAY, US_PER_S
from protocol.vocabulary import Mode, PressRefusal
from pumpmock.model.alarms import LESSENING
from pumpmock.model.guard import worst_day_nl
from pumpmock.model.mechanism import planned

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.model.mechanism import Mechanism
    from pumpmock.model.settings import Settings

# A prime and a bridge move a known volume of one drug through the catheter: what came between would not be in the reckoning.
_UNDISTURBED = frozenset({Mode.PRIME, Mode.BRIDGE})


def refusal(mechanism: Mechanism, settings: Settings) -> PressRefusal | None:
    """Return why a settled mechanism grants no bolus to a patient who presses now; None if it does."""
    return next((reason for reason, holds in _REFUSALS.items() if holds(mechanism, settings)), None)


def pressed(mechanism: Mechanism, settings: Settings) -> Mechanism:
    """Return a settled mechanism after a press that nothing refuses: with the bolus over what stands."""
    volume_nl, guard = settings.patient_bolus_nl, mechanism.guard
    # As a clinician's: the least whole rate that is in time, and its volume ends it.
    rate_nl_h = -(-volume_nl * S_PER_H // settings.patient_bolus_s)
    granted_us = (*guard.granted_us, mechanism.drive.since_us)[-settings.patient_boluses_a_day :]
    return replace(
        mechanism,
        therapy=mechanism.therapy.interrupted(Mode.PATIENT_BOLUS, rate_nl_h, volume_nl),
        guard=replace(guard, granted_us=granted_us),
    )


def _stands(mechanism: Mechanism, _settings: Settings) -> bool:
    """Tell whether the motor stands on somebody's account; a program of 0 is none: it may live by boluses alone."""
    therapy = mechanism.therapy
    paused = therapy.mode is Mode.TEMPORARY_RATE and not therapy.mode_rate_nl_h
    return mechanism.stopped or paused or mechanism.hydraulics.troubles.firmware_holds


def _locked(mechanism: Mechanism, settings: Settings) -> bool:
    granted_us = mechanism.guard.granted_us
    lockout_us = settings.patient_lockout_s * US_PER_S
    return bool(granted_us) and mechanism.drive.since_us < granted_us[-1] + lockout_us


def _had_all(mechanism: Mechanism, settings: Settings) -> bool:
    granted_us = mechanism.guard.granted_us
    is_full = len(granted_us) == settings.patient_boluses_a_day
    return is_full and mechanism.drive.since_us < granted_us[0] + US_PER_DAY


def _outside_limits(mechanism: Mechanism, settings: Settings) -> bool:
    """Judge volume, dose and rate as those of a clinician's bolus."""
    drug = mechanism.drug
    bounds = Bounds(
        settings.least_rate_nl_h,
        settings.most_rate_nl_h,
        most_bolus_nl=settings.most_bolus_nl,
        least_bolus_ug=0 if drug is None else drug.least_bolus_ug,
        most_bolus_ug=0 if drug is None else drug.most_bolus_ug,
    )
    asked = settings.patient_bolus_nl, settings.patient_bolus_s
    return bolus_finding(*asked, bounds, mechanism.concentration_ug_ml) is not None


def _over_a_day(mechanism: Mechanism, settings: Settings) -> bool:
    """Judge any 24 h that end after now, by what was delivered and what is committed, this bolus included."""
    course = planned(pressed(mechanism, settings))
    return 0 < settings.most_day_nl < worst_day_nl(mechanism.guard.turned, course)


_REFUSALS: dict[PressRefusal, Callable[[Mechanism, Settings], bool]] = {
    PressRefusal.NOT_OFFERED: lambda _, settings: not settings.patient_boluses_a_day,
    PressRefusal.STANDS: _stands,
    PressRefusal.ALARM: lambda mechanism, _: bool(mechanism.alarms.active & LESSENING),
    PressRefusal.MINIMUM_RATE: lambda mechanism, _: mechanism.therapy.mode is Mode.MINIMUM_RATE,
    PressRefusal.RUNNING: lambda mechanism, _: mechanism.therapy.mode is Mode.PATIENT_BOLUS,
    PressRefusal.UNDISTURBED: lambda mechanism, _: mechanism.therapy.mode in _UNDISTURBED,
    PressRefusal.LOCKOUT: _locked,
    PressRefusal.DAILY_MAXIMUM: _had_all,
    PressRefusal.OUTSIDE_LIMITS: _outside_limits,
    PressRefusal.DAY_VOLUME: _over_a_day,
    PressRefusal.RESERVOIR: lambda mechanism, settings: (
        mechanism.reservoir.remaining_nl - settings.residual_nl < settings.patient_bolus_nl
    ),
}
