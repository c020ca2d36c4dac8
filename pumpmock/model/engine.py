"""What keeps a pump going: its clock, its state, its logs, and the way from one event to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from protocol.vocabulary import EventKind, Mode
from pumpmock.model.alarms import FAULTS, members
from pumpmock.model.clock import Clock, Handle
from pumpmock.model.log import EventLog
from pumpmock.model.mechanism import Mechanism, due_us, followed, fresh, settled, state_of
from pumpmock.model.stored import Stored, dumped, loaded

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.messages import EventRecord
    from pumpmock.model.drug import DrugRules
    from pumpmock.model.settings import Settings

_Entry = tuple[EventKind, int, int, int]  # kind, detail, a, b
_OF_ALARMS = {EventKind.ALARM_RAISED, EventKind.ALARM_CLEARED}


class Engine:
    """The part of a pump that is the same whatever happens to it; `Pump` documents what it is made of."""

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
        *("clock", "events", "faults", "misread", "on_event", "settings"),
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
        self.misread: Callable[[int], int] | None = None
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
    def from_dict(cls, data: object) -> Self:
        """Return the pump that `to_dict` described; it goes on as if nothing had been.

        Raises:
            ValueError: with a sentence that begins with the key at fault; no pump exists then.
        """
        stored = loaded(data)
        pump = cls.__new__(cls)
        cls._assemble(pump, stored)
        return pump
