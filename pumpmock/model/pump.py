"""The pump: settings, mechanism, clock and logs, composed.

Everything happens in pump time, and only when somebody advances it. Between two events nothing runs: a reading is
worked out from the last event, and leaves no trace.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from protocol.alarms import Alarm
from protocol.changes import Effect
from protocol.messages import NEVER_S, OVERRIDDEN, Change, EventRecord
from protocol.units import US_PER_DAY, US_PER_S
from protocol.vocabulary import EventKind, Mode
from pumpmock.model.alarms import FAULTS, acknowledging, members, raising
from pumpmock.model.changes import changed, entry_of
from pumpmock.model.clock import Clock, Handle
from pumpmock.model.drug import check_drug
from pumpmock.model.guard import OVER_A_LIMIT, after_change, after_refusal, locked_s, too_soon_s
from pumpmock.model.hydraulics import held_after_nl, stricken
from pumpmock.model.log import EventLog
from pumpmock.model.mechanism import Mechanism, due_us, followed, fresh, planned, settled, state_of
from pumpmock.model.objections import objection
from pumpmock.model.patient import pressed, refusal
from pumpmock.model.program import MOST_CLOCK_S
from pumpmock.model.reservoir import sensed_nl
from pumpmock.model.sample import Sample
from pumpmock.model.stored import Stored, dumped, loaded
from pumpmock.model.stored_therapy import check_therapy
from pumpmock.model.troubles import Trouble, Troubles, relieved
from pumpmock.model.truth import Truth, truth_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from protocol.bounds import Finding
    from protocol.vocabulary import PressRefusal, Refusal
    from pumpmock.model.battery import Battery
    from pumpmock.model.drug import DrugRules
    from pumpmock.model.guard import Course, Guard
    from pumpmock.model.program import Pattern
    from pumpmock.model.settings import Settings

_Entry = tuple[EventKind, int, int, int]  # kind, detail, a, b
_OF_ALARMS = {EventKind.ALARM_RAISED, EventKind.ALARM_CLEARED}


class Pump:
    """A pump at pump time 0 with `fill_nl` in its reservoir, running at `rate_nl_h`; its alarms are already judged.

    A rate of 0 is a pump that runs without delivering. Where it is not `primed`, there is no drug between its reservoir
    and the tip of the catheter, as at its implantation. `clock` is the pump's own: what else is to happen in pump time
    is planned on it. `on_event`, where set, is told of each log entry once the pump's state is the one after it; it
    may read the pump, not change it.

    Raises:
        ValueError: for a volume, a rate, a charge or a concentration that this pump can't have.
    """

    __slots__ = (
        *(
            "_audio_until_us",
            "_commanded_nl_h",
            "_eos_us",
            "_mechanism",
            "_mode_end_us",
            "_planned",
            "_programmed_nl_h",
            "_state",
        ),
        *("clock", "events", "faults", "on_event", "settings"),
    )

    def __init__(
        self,
        settings: Settings,
        *,
        fill_nl: int,
        rate_nl_h: int,
        battery_percent: int = 100,
        concentration_ug_ml: int = 0,
        drug: DrugRules | None = None,
        primed: bool = True,
    ) -> None:
        mechanism = fresh(
            settings, fill_nl, rate_nl_h, battery_percent, concentration_ug_ml, drug, primed=primed
        )
        self._assemble(Stored(0, settings, mechanism, (), ()))
        self._write(
            [(EventKind.ALARM_RAISED, int(alarm), 0, 0) for alarm in members(mechanism.alarms.active)]
        )

    def _assemble(self, stored: Stored) -> None:
        self.settings = stored.settings
        self.clock = Clock(stored.now_us)
        self.events = EventLog(stored.events)
        self.faults = EventLog(stored.faults)
        self.on_event: Callable[[EventRecord], None] | None = None
        self._planned: Handle | None = None
        self._audio_until_us = 0
        self._adopt(stored.mechanism)

    # --- time -----------------------------------------------------------------------------------------------------

    def advance_to(self, t_us: int) -> None:
        """Let pump time go on to `t_us`, running what is due on the way at its own instant.

        Raises:
            ValueError: if `t_us` has passed.
            LedgerError: if the volumes no longer add up.
        """
        self.clock.advance_to(t_us)

    def advance(self, dt_us: int) -> None:
        """Let `dt_us` of pump time pass; as `advance_to`."""
        self.clock.advance_to(self.clock.now_us + dt_us)

    def _on_due(self) -> None:
        self._go_on(self._settled(), steady=True)

    def _run_due(self) -> None:
        """Judge mode and alarms of this very instant now, if the clock has yet to come to them.

        Without it, an action of somebody else's planned for the instant of an alarm would find the pump before or
        after the alarm by the order of planning, which a restart does not keep.
        """
        if self._planned is not None and self._planned.at_us <= self.clock.now_us:
            self._on_due()

    def _go_on(
        self, mechanism: Mechanism, first: tuple[_Entry, ...] = (), anew: int = 0, *, steady: bool = False
    ) -> None:
        """Go on from a settled mechanism: follow it, plan its next event, and log `first`, what ended and alarms.

        Args:
            mechanism: the settled one.
            first: the entries that come before all others.
            anew: bits of alarms that are logged as raised even where they were active before.
            steady: whether nothing but time has changed it, as of `followed`.
        """
        before = self._mechanism.alarms.active & ~anew
        self._adopt(followed(mechanism, self.settings, steady=steady))
        after = self._mechanism.alarms.active
        entries = [*first, *self._effects(mechanism)]
        if after & ~before:
            self._audio_until_us = 0  # whoever asked for silence did not know of this one
        if after != before:
            entries += [(EventKind.ALARM_CLEARED, int(alarm), 0, 0) for alarm in members(before & ~after)]
            entries += [(EventKind.ALARM_RAISED, int(alarm), 0, 0) for alarm in members(after & ~before)]
        self._write(entries)

    def _effects(self, mechanism: Mechanism) -> list[_Entry]:
        """Return what there is to log of a flow that is another one since `mechanism` was followed."""
        now, ended = self._mechanism, mechanism.therapy
        if now.stopped is not mechanism.stopped:
            return [(EventKind.STOPPED, 0, mechanism.commanded_rate_nl_h, 0)]
        if now.therapy.mode is ended.mode:
            return []
        if now.therapy.mode is Mode.MINIMUM_RATE:
            return [(EventKind.MINIMUM_RATE, 0, mechanism.commanded_rate_nl_h, self._commanded_nl_h)]
        over = ended.standing[: len(ended.standing) - len(now.therapy.standing)]
        return [
            (EventKind.MODE_ENDED, int(mode), rate_nl_h, self._commanded_nl_h) for mode, rate_nl_h in over
        ]

    def _adopt(self, mechanism: Mechanism) -> None:
        self._mechanism = mechanism
        self._state = state_of(mechanism)
        self._programmed_nl_h = mechanism.programmed_rate_nl_h
        # What turns was commanded; only of a motor that stands, something else may have been.
        self._commanded_nl_h = mechanism.drive.rate_nl_h or mechanism.commanded_rate_nl_h
        self._mode_end_us = mechanism.mode_end_us
        self._eos_us = mechanism.battery.end_us(self.settings.cell)
        if self._planned is not None:
            self._planned.cancel()
        at_us = due_us(mechanism, self.settings)
        self._planned = None if at_us is None else self.clock.call_at(at_us, self._on_due)

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
        return Sample(
            self._state,
            mechanism.therapy.mode,
            self._commanded_nl_h,
            drive.rate_nl_h,
            self._programmed_nl_h,
            NEVER_S if end_us is None else min((end_us - now_us) // US_PER_S, NEVER_S - 1),
            mechanism.concentration_ug_ml,
            mechanism.reservoir.remaining_nl - flown_nl,
            sensed_nl(held_nl, settings.sensor_offset_nl, settings.capacity_nl),
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

    # --- what befalls it --------------------------------------------------------------------------------------------

    def hear(self) -> None:
        """Note that somebody with a key asks something at this instant: the link watchdog, where there is one, waits anew."""
        if not self.settings.watchdog_s:
            return
        self._run_due()
        self._go_on(replace(self._settled(), heard_us=self.clock.now_us))

    def memory_error(self) -> None:
        """Let a memory error be found and made good: the alarm stays until somebody acknowledges it."""
        self._run_due()
        mechanism, bit = self._settled(), 1 << Alarm.MEMORY_ERROR
        self._go_on(replace(mechanism, alarms=raising(mechanism.alarms, bit)), anew=bit)

    def reset_critically(self) -> None:
        """Let a critical memory error make the pump begin anew: at its minimum rate, until it is programmed anew."""
        self._note(Alarm.RESET)

    @property
    def battery(self) -> Battery:
        """What was drained of the battery, as of the last event."""
        return self._mechanism.battery

    def weaken_battery(self, percent: int) -> None:
        """Let the battery be found with no more than `percent` of a new one's charge: it was not as good as it seemed.

        Raises:
            ValueError: for a charge that no battery can have; nothing is changed then.
        """
        self._run_due()
        mechanism = self._settled()
        self._go_on(replace(mechanism, battery=mechanism.battery.weakened(self.settings.cell, percent)))

    def lose_clock(self) -> None:
        """Let the calendar clock begin anew in 1970, until it is set; the program follows it all the same."""
        self._run_due()
        was_s = min(self._clock_s(), MOST_CLOCK_S)
        mechanism = self._settled()
        therapy = replace(mechanism.therapy, epoch_s=-(self.clock.now_us // US_PER_S))
        noted = mechanism.noted | 1 << Alarm.CLOCK_LOST
        self._go_on(replace(mechanism, therapy=therapy, noted=noted), ((EventKind.CLOCK_SET, 0, was_s, 0),))

    def _note(self, alarm: Alarm) -> None:
        """Note that the condition of an alarm holds from this instant on."""
        self._run_due()
        mechanism = self._settled()
        self._go_on(replace(mechanism, noted=mechanism.noted | 1 << alarm))

    @property
    def troubles(self) -> Troubles:
        """What is physically wrong at present."""
        return self._mechanism.hydraulics.troubles

    def strike(self, trouble: Trouble, figure: int = 0) -> None:
        """Let a trouble befall the pump at this instant. The firmware is told nothing: it logs what it notices.

        Args:
            trouble: which one.
            figure: its extent, as `troubles.TROUBLES` has it: the percentage of a leak, the nL of a valve's bolus.

        Raises:
            ValueError: for a trouble that is present, or an extent that it can't have; nothing is changed then.
        """
        self._run_due()
        mechanism = self._settled()
        hydraulics = stricken(mechanism.hydraulics, self.settings, trouble, figure)
        self._go_on(replace(mechanism, hydraulics=hydraulics))

    def relieve(self, trouble: Trouble) -> None:
        """Let a trouble end at this instant; what the firmware had noticed of it, it sees ending, and logs.

        Raises:
            ValueError: for one that is not present.
        """
        self._run_due()
        mechanism = self._settled()
        troubles = relieved(mechanism.hydraulics.troubles, trouble)
        self._go_on(replace(mechanism, hydraulics=replace(mechanism.hydraulics, troubles=troubles)))

    def interrogated(self) -> None:
        """Note that somebody asked over telemetry how the pump is: that ends a hold for it, and nothing else."""
        if Trouble.HOLD in self.troubles:
            self.relieve(Trouble.HOLD)

    def _settled(self) -> Mechanism:
        return settled(self._mechanism, self.settings, self.clock.now_us)

    # --- the logs ---------------------------------------------------------------------------------------------------

    def record(self, kind: EventKind, detail: int = 0, a: int = 0, b: int = 0) -> None:
        """Write an entry of somebody else's making (a start, a refusal, a session) to the event log, as of now."""
        self._write([(kind, detail, a, b)])

    def record_fault(self, kind: EventKind, detail: int = 0, a: int = 0) -> None:
        """Write an entry to the fault log, as of now, of what failed beside the model."""
        self.faults.append(self.clock.now_us, self._clock_s(), kind, detail, a)

    def _write(self, entries: list[_Entry]) -> None:
        if not entries:
            return  # as at most steps of a program
        # All are in the logs before the first is told, so that a state stored on being told lacks none of them.
        now_us, clock_s = self.clock.now_us, self._clock_s()
        written = [self.events.append(now_us, clock_s, *entry) for entry in entries]
        for kind, detail, *figures in entries:
            if kind in _OF_ALARMS and FAULTS >> detail & 1:
                self.faults.append(now_us, clock_s, kind, detail, *figures)
        if self.on_event is not None:
            for entry in written:
                self.on_event(entry)

    def _clock_s(self) -> int:
        return self._mechanism.therapy.clock_s(self.clock.now_us)

    # --- surviving ------------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the whole state as plain JSON values; what others planned on the clock is theirs to keep."""
        self._run_due()
        return self.last_state()

    def last_state(self) -> dict[str, Any]:
        """Return the state as the last event left it, whatever is due: all that is sure once volumes do not add up."""
        return dumped(
            Stored(
                self.clock.now_us, self.settings, self._mechanism, self.events.since(0), self.faults.since(0)
            )
        )

    @classmethod
    def from_dict(cls, data: object) -> Pump:
        """Return the pump that `to_dict` described; it goes on as if nothing had been.

        Raises:
            ValueError: with a sentence that begins with the key at fault; no pump exists then.
        """
        stored = loaded(data)
        pump = cls.__new__(cls)
        cls._assemble(pump, stored)
        return pump


def _span_s(mechanism: Mechanism, volume_nl: int) -> int | None:
    """Return the whole seconds until so much has flowed by the therapy; None if it never will."""
    if mechanism.stopped and volume_nl > 0:
        return None
    drive = mechanism.drive
    span_us = mechanism.therapy.until_volume_us(drive.since_us, drive.carry, volume_nl)
    return None if span_us is None else span_us // US_PER_S
