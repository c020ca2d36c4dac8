"""The pump: settings, mechanism, clock and event log, composed.

Everything happens in pump time, and only when somebody advances it. Between two events nothing runs: a reading is
worked out from the last event, and leaves no trace.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from protocol.messages import ChangeKind, EventKind, EventRecord, Refusal
from protocol.units import US_PER_DAY, US_PER_S, time_until
from pumpmock.model import battery as cell
from pumpmock.model.alarms import acknowledging, members
from pumpmock.model.changes import changed, objection
from pumpmock.model.clock import Clock, Handle
from pumpmock.model.log import EventLog
from pumpmock.model.mechanism import Mechanism, due_us, followed, fresh, settled, state_of
from pumpmock.model.reservoir import sensed_nl
from pumpmock.model.sample import Sample
from pumpmock.model.stored import Stored, dumped, loaded

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.model.settings import Settings

_Entry = tuple[EventKind, int, int, int]  # kind, detail, a, b


class Pump:
    """A pump at pump time 0 with `fill_nl` in its reservoir, running at `rate_nl_h`; its alarms are already judged.

    A rate of 0 is a pump that runs without delivering. `clock` is the pump's own: what else is to happen in pump time
    is planned on it. `on_event`, where set, is told of each log entry once the pump's state is the one after it; it
    may read the pump, not change it.

    Raises:
        ValueError: for a volume, a rate or a charge that this pump can't have.
    """

    __slots__ = (
        *("_eos_us", "_mechanism", "_planned", "_state"),
        *("clock", "events", "on_event", "settings"),
    )

    def __init__(
        self, settings: Settings, *, fill_nl: int, rate_nl_h: int, battery_percent: int = 100
    ) -> None:
        mechanism = fresh(settings, fill_nl, rate_nl_h, battery_percent)
        self._assemble(Stored(0, settings, mechanism, ()))
        self._write(
            [(EventKind.ALARM_RAISED, int(alarm), 0, 0) for alarm in members(mechanism.alarms.active)]
        )

    def _assemble(self, stored: Stored) -> None:
        self.settings = stored.settings
        self.clock = Clock(stored.now_us)
        self.events = EventLog(stored.events)
        self.on_event: Callable[[EventRecord], None] | None = None
        self._planned: Handle | None = None
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
        self._go_on(settled(self._mechanism, self.settings, self.clock.now_us))

    def _run_due(self) -> None:
        """Judge the alarms of this very instant now, if the clock has yet to come to them.

        Without it, an action of somebody else's planned for the instant of an alarm would find the pump before or
        after the alarm by the order of planning, which a restart does not keep.
        """
        if self._planned is not None and self._planned.at_us <= self.clock.now_us:
            self._on_due()

    def _go_on(self, mechanism: Mechanism, first: tuple[_Entry, ...] = ()) -> None:
        """Go on from a settled mechanism: follow it, plan its next event, and log `first` and the alarms."""
        before = self._mechanism.alarms.active
        self._adopt(followed(mechanism, self.settings))
        after = self._mechanism.alarms.active
        raised = [(EventKind.ALARM_RAISED, int(alarm), 0, 0) for alarm in members(after & ~before)]
        cleared = [(EventKind.ALARM_CLEARED, int(alarm), 0, 0) for alarm in members(before & ~after)]
        self._write([*first, *cleared, *raised])

    def _adopt(self, mechanism: Mechanism) -> None:
        self._mechanism = mechanism
        self._state = state_of(mechanism.alarms)
        self._eos_us = mechanism.end_us
        if self._planned is not None:
            self._planned.cancel()
        at_us = due_us(mechanism, self.settings)
        self._planned = None if at_us is None else self.clock.call_at(at_us, self._on_due)

    # --- reading --------------------------------------------------------------------------------------------------

    def sample(self) -> Sample:
        """Return the reading of this instant; changes nothing, and costs the same however long nothing happened."""
        settings, mechanism, now_us = self.settings, self._mechanism, self.clock.now_us
        drive, alarms = mechanism.drive, mechanism.alarms
        flown_nl = drive.flown_nl(now_us)
        remaining_nl = mechanism.reservoir.remaining_nl - flown_nl
        left_units = mechanism.battery.left_units(drive.rate_nl_h, now_us - drive.since_us)
        # By place, in the order of the declaration: half the cost of keywords on the path of every poll.
        return Sample(
            self._state,
            mechanism.commanded_rate_nl_h,
            drive.rate_nl_h,
            mechanism.programmed_rate_nl_h,
            remaining_nl,
            sensed_nl(remaining_nl, settings.sensor_offset_nl, settings.capacity_nl),
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

    def outlook(self, rate_nl_h: int) -> tuple[int | None, int | None]:
        """Return the whole seconds to the low-reservoir volume and to the residual volume at a rate, from now on.

        0 where it is there already, None where it will never be. Alarms, a stop and the battery are left out of it.
        """
        drive, now_us = self._mechanism.drive, self.clock.now_us
        carry = drive.carry_at(now_us)
        remaining_nl = self._mechanism.reservoir.remaining_nl - drive.flown_nl(now_us)
        low_us = time_until(rate_nl_h, remaining_nl - self.settings.low_reservoir_nl, carry)
        empty_us = time_until(rate_nl_h, remaining_nl - self.settings.residual_nl, carry)
        return _seconds(low_us), _seconds(empty_us)

    # --- changing -------------------------------------------------------------------------------------------------

    def refuse(self, kind: ChangeKind, new_rate_nl_h: int) -> tuple[Refusal, int, str] | None:
        """Return reason, bound (0: there is none) and sentence if the pump's state forbids a change; None if not.

        Limits of rates and steps are not judged here: that is `protocol.bounds.hard_finding`.
        """
        self._run_due()
        said = objection(self._mechanism, kind, new_rate_nl_h)
        return None if said is None else (Refusal.WRONG_STATE, 0, said)

    def apply(self, kind: ChangeKind, new_rate_nl_h: int) -> None:
        """Change the flow at this instant and log it; `new_rate_nl_h` counts for `ChangeKind.RATE` alone.

        Raises:
            ValueError: if `refuse` would refuse it, or the pump can't turn at the rate; nothing is changed then.
        """
        refused = self.refuse(kind, new_rate_nl_h)
        if refused is not None:
            raise ValueError(refused[2])
        if kind is ChangeKind.RATE:
            self.settings.check_rate("new_rate_nl_h", new_rate_nl_h)
        old_nl_h = self._mechanism.commanded_rate_nl_h
        mechanism = changed(settled(self._mechanism, self.settings, self.clock.now_us), kind, new_rate_nl_h)
        self._go_on(mechanism, ((_TOLD_AS[kind], 0, old_nl_h, mechanism.commanded_rate_nl_h),))

    def acknowledge(self, alarm_bits: int) -> int:
        """Note that somebody has seen these alarms, and return the bits of those that this is news for.

        Alarms that are not active, or were acknowledged before, are passed over; each of the others is logged.
        """
        self._run_due()
        before = self._mechanism.alarms
        after = acknowledging(before, alarm_bits)
        news = after.acknowledged & ~before.acknowledged
        self._mechanism = replace(self._mechanism, alarms=after)
        self._write([(EventKind.ACKNOWLEDGED, int(alarm), 0, 0) for alarm in members(news)])
        return news

    # --- the event log --------------------------------------------------------------------------------------------

    def record(self, kind: EventKind, detail: int = 0, a: int = 0, b: int = 0) -> None:
        """Write an entry of somebody else's making (a start, a refusal, a session) to the event log, as of now."""
        self._write([(kind, detail, a, b)])

    def _write(self, entries: list[_Entry]) -> None:
        # All are in the log before the first is told, so that a state stored on being told lacks none of them.
        now_us, clock_s = self.clock.now_us, self._clock_s()
        written = [self.events.append(now_us, clock_s, *entry) for entry in entries]
        if self.on_event is not None:
            for entry in written:
                self.on_event(entry)

    def _clock_s(self) -> int:
        return self.settings.epoch_s + self.clock.now_us // US_PER_S

    # --- surviving ------------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the whole state as plain JSON values; what others planned on the clock is theirs to keep."""
        self._run_due()
        return dumped(Stored(self.clock.now_us, self.settings, self._mechanism, self.events.since(0)))

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


_TOLD_AS = {
    ChangeKind.RATE: EventKind.RATE_CHANGED,
    ChangeKind.STOP: EventKind.STOPPED,
    ChangeKind.RESUME: EventKind.RESUMED,
}


def _seconds(span_us: int | None) -> int | None:
    return None if span_us is None else span_us // US_PER_S
