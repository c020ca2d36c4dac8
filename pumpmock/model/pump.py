"""The pump: settings, mechanism, clock and logs, composed.

Everything happens in pump time, and only when somebody advances it. Between two events nothing runs: a reading is
worked out from the last event, and leaves no trace.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from protocol.changes import Effect
from protocol.messages import NEVER_S, OVERRIDDEN, Change
from protocol.units import US_PER_DAY, US_PER_S
from protocol.vocabulary import EventKind
from pumpmock.model.alarms import acknowledging, members
from pumpmock.model.changes import changed, entry_of
from pumpmock.model.drug import check_drug
from pumpmock.model.guard import OVER_A_LIMIT, after_change, after_refusal, locked_s, too_soon_s
from pumpmock.model.hydraulics import held_after_nl
from pumpmock.model.mechanism import Mechanism, followed, planned
from pumpmock.model.mishaps import Fallible
from pumpmock.model.objections import objection
from pumpmock.model.patient import pressed, refusal
from pumpmock.model.reservoir import sensed_nl
from pumpmock.model.sample import Sample
from pumpmock.model.stored_therapy import check_therapy
from pumpmock.model.troubles import Trouble
from pumpmock.model.truth import Truth, truth_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protocol.bounds import Finding
    from protocol.vocabulary import PressRefusal, Refusal
    from pumpmock.model.drug import DrugRules
    from pumpmock.model.guard import Course, Guard
    from pumpmock.model.program import Pattern


class Pump(Fallible):
    """A pump at pump time 0 with `fill_nl` in its reservoir, running at `rate_nl_h`; its alarms are already judged.

    A rate of 0 is a pump that runs without delivering. Where it is not `primed`, there is no drug between its reservoir
    and the tip of the catheter, as at its implantation. `clock` is the pump's own: what else is to happen in pump time
    is planned on it. `on_event`, where set, is told of each log entry once the pump's state is the one after it; it
    may read the pump, not change it. `misread`, where set, returns what a failed level sensor reads in nL for what a
    sound one would; it is asked for each sample, may read the clock, and is not part of the state.

    Raises:
        ValueError: for a volume, a rate, a charge or a concentration that this pump can't have.
    """

    __slots__ = ()

    # --- reading --------------------------------------------------------------------------------------------------

    def sample(self) -> Sample:
        """Return the reading of this instant; changes nothing, and costs the same however long nothing happened."""
        settings, mechanism, now_us = self.settings, self._mechanism, self.clock.now_us
        drive, alarms, end_us = mechanism.drive, mechanism.alarms, self._mode_end_us
        cell = settings.cell
        flown_nl = drive.flown_nl(now_us)
        held_nl = held_after_nl(mechanism.hydraulics, flown_nl, settings)
        left_units = mechanism.battery.left_units(cell, drive.rate_nl_h, now_us - drive.since_us)
        # By place, in the order of the declaration: half the cost of keywords on the path of every poll.
        reading_nl = sensed_nl(held_nl, settings.sensor_offset_nl, settings.capacity_nl)
        return Sample(
            self._state,
            mechanism.therapy.mode,
            self._commanded_nl_h,
            drive.rate_nl_h,
            self._programmed_nl_h,
            NEVER_S if end_us is None else min((end_us - now_us) // US_PER_S, NEVER_S - 1),
            mechanism.concentration_ug_ml,
            mechanism.reservoir.remaining_nl - flown_nl,
            reading_nl if self.misread is None else self.misread(reading_nl),
            settings.sensed_band_nl,
            settings.capacity_nl,
            settings.low_reservoir_nl,
            settings.residual_nl,
            mechanism.reservoir.delivered_nl + flown_nl,
            cell.percent(left_units),
            cell.millivolts(left_units),
            max(self._eos_us - now_us, 0) // US_PER_DAY,
            alarms.active,
            alarms.acknowledged,
            now_us,
            self._clock_s(),
            self.events.newest,
            settings.least_rate_nl_h,
            settings.most_rate_nl_h,
            settings.step_up_percent,
            settings.step_down_percent,
        )

    def truth(self) -> Truth:
        """Return what is physically so at this instant, whatever the sample says; changes nothing.

        Raises:
            LedgerError: if the volumes no longer add up.
        """
        return truth_of(self._settled(), self.settings)

    def program_of(self, weekday: int) -> Pattern:
        """Return the program's pattern for a weekday, 0 for Monday."""
        return self._mechanism.therapy.program.days[weekday]

    @property
    def mode_rate_nl_h(self) -> int:
        """The rate of the mode that stands over the program, in nL/h; 0 for PROGRAM."""
        return self._mechanism.therapy.mode_rate_nl_h

    def foresee(self, change: Change | None = None) -> Effect:
        """Return the commanded rate after a change, or as it is, and the whole seconds to low and to empty from now.

        0 where it is there already, None where it will never be. The mode's end and the program's steps are counted in
        exactly; alarms and the battery are left out of it.
        """
        mechanism = self._settled()
        if change is not None:
            mechanism = followed(changed(mechanism, self.settings, change), self.settings)
        remaining_nl, settings = mechanism.reservoir.remaining_nl, self.settings
        low_s = _span_s(mechanism, remaining_nl - settings.low_reservoir_nl)
        empty_s = _span_s(mechanism, remaining_nl - settings.residual_nl)
        return Effect(mechanism.commanded_rate_nl_h, low_s, empty_s)

    def planned(self, change: Change | None = None) -> Course:
        """Return the rates to come after a change, or as it is; alarms and the battery are left out of it."""
        mechanism = self._settled()
        return planned(mechanism if change is None else changed(mechanism, self.settings, change))

    # --- changing -------------------------------------------------------------------------------------------------

    def refuse(self, change: Change) -> Finding | None:
        """Return why the pump itself can't take a change now; None if it can.

        Limits are not judged here but for the motor's own: that is `protocol.bounds`.
        """
        self._run_due()
        return objection(self._settled(), self.settings, change)

    def apply(self, change: Change, *, overridden: bool = False) -> None:
        """Make a change at this instant and log it, and with it whether a soft limit of its host was overridden.

        Raises:
            ValueError: if `refuse` would refuse it; nothing is changed then.
        """
        refused = self.refuse(change)
        if refused is not None:
            raise ValueError(refused.sentence)
        before = self._settled()
        after = changed(before, self.settings, change)
        after = replace(after, guard=after_change(after.guard, self.clock.now_us))
        kind, detail, a, b = entry_of(change, before, after)
        self._go_on(after, ((kind, detail | (OVERRIDDEN if overridden else 0), a, b),))

    @property
    def guard(self) -> Guard:
        """What the limits need to know of the past, as of the last event."""
        self._run_due()
        return self._mechanism.guard

    @property
    def refusing_s(self) -> int:
        """For how many seconds no change but STOP and MINIMUM_RATE is taken, rounded up; 0 where all are."""
        guard, now_us = self._mechanism.guard, self.clock.now_us
        return max(locked_s(guard, now_us), too_soon_s(guard, now_us, self.settings))

    def configure(self, limits: Mapping[str, int]) -> None:
        """Set limits, by the names of `Settings`: what the pump's own keeper does beside it, never a message.

        Raises:
            ValueError: where they contradict one another or the present therapy; nothing is changed then.
        """
        settings, mechanism = self.settings.limited(limits), self._mechanism
        check_therapy(mechanism.therapy, settings, self.clock.now_us, stopped=mechanism.stopped)
        check_drug(mechanism.drug, settings)
        self.settings = settings

    @property
    def drug(self) -> DrugRules | None:
        """What the pump holds of its drug library; None without one."""
        return self._mechanism.drug

    def hold(self, drug: DrugRules | None) -> None:
        """Give the pump a drug of a library, or none: its keeper's affair, as `configure`.

        For one that is not known with the concentration in the reservoir, the pump stops. It stays stopped when it is
        known again: that takes a RESUME.

        Raises:
            ValueError: where its doses contradict the limits; nothing is changed then.
        """
        check_drug(drug, self.settings)
        self._run_due()
        self._go_on(replace(self._settled(), drug=drug))

    def note_refusal(self, reason: Refusal) -> None:
        """Note that a change was refused at this instant; too many over a limit lock changes and raise an alarm."""
        self._run_due()
        if reason not in OVER_A_LIMIT:
            return
        mechanism = self._settled()
        guard = after_refusal(mechanism.guard, self.clock.now_us, self.settings)
        self._go_on(replace(mechanism, guard=guard))

    def acknowledge(self, alarm_bits: int) -> int:
        """Note that somebody has seen these alarms, and return the bits of those that this is news for.

        Alarms that are not active, or were acknowledged before, are passed over; each of the others is logged.
        """
        self._run_due()
        before = self._mechanism.alarms
        after = acknowledging(before, alarm_bits)
        news = after.acknowledged & ~before.acknowledged
        if news:
            entries = tuple((EventKind.ACKNOWLEDGED, int(alarm), 0, 0) for alarm in members(news))
            mechanism = self._settled()
            self._go_on(replace(mechanism, alarms=after), entries)
        return news

    @property
    def audio_pause_s(self) -> int:
        """For how many seconds the alarm sound is still paused, rounded up; 0 where it is on."""
        return max(0, -(-(self._audio_until_us - self.clock.now_us) // US_PER_S))

    def pause_audio(self, seconds: int) -> None:
        """Pause the alarm sound for so long, or until an alarm is raised; 0 ends a pause. Not kept over a restart."""
        self._run_due()
        self._audio_until_us = self.clock.now_us + seconds * US_PER_S
        self._write([(EventKind.AUDIO_PAUSED, 0, seconds, 0)])

    def press(self) -> PressRefusal | None:
        """Let the patient press the button at this instant: grant a bolus, or return why not. Either is logged."""
        self._run_due()
        mechanism, settings = self._settled(), self.settings
        reason = refusal(mechanism, settings)
        if reason is None:
            told = (EventKind.PATIENT_BOLUS, 0, settings.patient_bolus_nl, settings.patient_bolus_s)
            self._go_on(pressed(mechanism, settings), (told,))
        else:
            self._write([(EventKind.PATIENT_BOLUS_REFUSED, int(reason), 0, 0)])
        return reason

    def hear(self) -> None:
        """Note that somebody with a key asks something at this instant: the link watchdog, where there is one, waits anew."""
        if not self.settings.watchdog_s:
            return
        self._run_due()
        self._go_on(replace(self._settled(), heard_us=self.clock.now_us))

    def interrogated(self) -> None:
        """Note that somebody asked over telemetry how the pump is: that ends a hold for it, and nothing else."""
        if Trouble.HOLD in self.troubles:
            self.relieve(Trouble.HOLD)


def _span_s(mechanism: Mechanism, volume_nl: int) -> int | None:
    """Return the whole seconds until so much has flowed by the therapy; None if it never will."""
    if mechanism.stopped and volume_nl > 0:
        return None
    drive = mechanism.drive
    span_us = mechanism.therapy.until_volume_us(drive.since_us, drive.carry, volume_nl)
    return None if span_us is None else span_us // US_PER_S
