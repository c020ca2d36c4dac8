"""What can go wrong inside a pump, as methods: for faults, for scenarios, and for tests. No message causes any of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from protocol.alarms import Alarm
from protocol.units import US_PER_S
from protocol.vocabulary import EventKind
from pumpmock.model.alarms import raising
from pumpmock.model.engine import Engine
from pumpmock.model.handiwork import expecting, holding, primed_with, with_drug
from pumpmock.model.hydraulics import deliverable_nl, refilled_truly, stricken
from pumpmock.model.program import MOST_CLOCK_S
from pumpmock.model.reservoir import refilled
from pumpmock.model.troubles import Trouble, Troubles, relieved

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.model.battery import Battery
    from pumpmock.model.mechanism import Mechanism
    from pumpmock.model.settings import Settings


class Fallible(Engine):
    """An engine that things can befall, each at the present instant of pump time."""

    __slots__ = ()

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

    def slip_clock(self, seconds: int) -> None:
        """Let the calendar clock be on, or with a minus back, by so much: it runs wrong, and nobody is told.

        It stands at its ends, which are what the wire carries.
        """
        self._run_due()
        mechanism = self._settled()
        slipped_s = min(max(self._clock_s() + seconds, 0), MOST_CLOCK_S)
        therapy = replace(mechanism.therapy, epoch_s=slipped_s - self.clock.now_us // US_PER_S)
        self._go_on(replace(mechanism, therapy=therapy))

    def spill(self, *, noticed: bool) -> None:
        """Let all that could be delivered be gone from the reservoir at this instant.

        Args:
            noticed: whether the firmware knows. It counts it as lost then, as at a refill that finds nothing, and its
                delivered volume begins anew; else it goes on expecting what is not there.
        """
        self._run_due()
        mechanism, settings = self._settled(), self.settings
        true = mechanism.hydraulics
        if noticed:
            left_nl = min(mechanism.reservoir.remaining_nl, settings.residual_nl)
            reservoir, past = refilled(mechanism.reservoir, mechanism.past, 0, left_nl)
            true = refilled_truly(true, 0, left_nl, true.concentration_ug_ml)
            self._go_on(replace(mechanism, reservoir=reservoir, past=past, hydraulics=true))
            return
        gone_nl = deliverable_nl(true, settings)
        true = replace(true, held_nl=true.held_nl - gone_nl, leaked_nl=true.leaked_nl + gone_nl)
        self._go_on(replace(mechanism, hydraulics=true))

    def _note(self, alarm: Alarm) -> None:
        """Note that the condition of an alarm holds from this instant on."""
        self._run_due()
        mechanism = self._settled()
        self._go_on(replace(mechanism, noted=mechanism.noted | 1 << alarm))

    def find_held(self, held_nl: int) -> None:
        """Let the reservoir hold `held_nl` from this instant on; its firmware expects what it did, the sensor reads it.

        Raises:
            ValueError: for a volume that it can't hold; nothing is changed then.
        """
        self._put(holding, held_nl)

    def expect(self, expected_nl: int) -> None:
        """Let the firmware expect `expected_nl` in the reservoir from this instant on, and log that as a refill.

        Raises:
            ValueError: for a volume that it can't hold; nothing is changed then.
        """
        self._put(expecting, expected_nl, ((EventKind.REFILLED, 0, expected_nl, expected_nl),))

    def find_drug(self, concentration_ug_ml: int) -> None:
        """Let another concentration be in the reservoir from this instant on than the firmware was told.

        Raises:
            ValueError: for a concentration that can't be; nothing is changed then.
        """
        self._put(with_drug, concentration_ug_ml)

    def find_primed(self, concentration_ug_ml: int) -> None:
        """Let the catheter be full of one concentration at this instant; 0 is one without drug, as at an implantation.

        Raises:
            ValueError: for a concentration that can't be; nothing is changed then.
        """
        self._put(primed_with, concentration_ug_ml)

    def _put(
        self,
        found: Callable[[Mechanism, Settings, int], Mechanism],
        figure: int,
        entries: tuple[tuple[EventKind, int, int, int], ...] = (),
    ) -> None:
        self._run_due()
        self._go_on(found(self._settled(), self.settings, figure), entries)

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
