"""A scenario against a host of somebody else's, on real ports and in real time: `pumpmock serve --scenario`.

A step comes as soon as its instant has passed, which is later by what the event loop is late, times the speed: exact is only
`pumpmock run`. What the host of the scenario would do or know has no place here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpmock.model.reservoir import LedgerError
from pumpmock.scenario.expectations import OF_A_HOST
from pumpmock.scenario.playing import Play
from pumpmock.scenario.reading import ScenarioError
from pumpmock.scenario.results import Result
from pumpmock.scenario.stage import SceneError, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.fields import Message
    from pumpmock.emulator import Emulator
    from pumpmock.pace import Pace
    from pumpmock.scenario.steps import Scenario
    from pumpmock.wall import Planned


def check_served(scenario: Scenario) -> None:
    """Refuse a scenario that plays a host of its own.

    Raises:
        ScenarioError: with a sentence for each place where it does.
    """
    slips = []
    for step in scenario.steps:
        if step.host:
            said = "what a host does is played by pumpmock run only: here the host is yours, leave it out"
            slips.append(f"{scenario.path}, line {step.line}: {said}")
    for expected in (*(step.expects for step in scenario.steps), scenario.expects):
        known = [] if expected is None else sorted(OF_A_HOST & set(expected.wanted))
        if expected is not None and known:
            said = f"what a host of your own knows can't be looked at: leave {', '.join(known)} out"
            slips.append(f"{scenario.path}, line {expected.line}: {said}")
    if slips:
        raise ScenarioError(slips)


class Served(Stage):
    """A scenario that goes along with a live pump.

    Args:
        emulator: the pump, before it starts.
        scenario: what is played.
        over: called once when it is over.

    Raises:
        ValueError: where another one goes along with the pump already.
    """

    def __init__(
        self, emulator: Emulator, scenario: Scenario, over: Callable[[], None] = lambda: None
    ) -> None:
        if emulator.companion is not None:
            raise ValueError("a scenario goes along with this pump already: let it come to its end first")
        super().__init__(emulator)
        self._scenario = scenario
        self._over = over
        self._timer: Planned | None = None
        self._set_for: tuple[int | None, Pace] | None = None
        self._error = ""
        self._began_ns = emulator.wall.now_ns()
        self._ended: tuple[int, int] | None = None  # wall and pump time
        self._play = Play(scenario, self)
        self.agenda.add(scenario.end_us, self._end)
        emulator.companion = self
        self.moved()

    @property
    def result(self) -> Result:
        """What came of it so far; a scenario that did not come to its end says so."""
        ended_ns, ended_us = self._ended or (self.emulator.wall.now_ns(), self.now_us)
        cut = "it was ended before its end" if self._ended is None else ""
        return Result(
            path=self._scenario.path,
            name=self._scenario.name,
            seed=self.emulator.faults.seed,
            failures=tuple(self.failures),
            error=self._error or cut,
            checked=self.checked,
            pump_time_us=ended_us,
            took_ns=ended_ns - self._began_ns,
            command="pumpmock serve --scenario",
        )

    def asked(self, request: Message, labels: frozenset[str]) -> None:
        """Count a request, let happen what waits for it, and plan what comes later of it."""
        super().asked(request, labels)
        self.moved()

    # --- going along with the pump ----------------------------------------------------------------------------------

    def next_us(self) -> int | None:
        """Return the instant of what comes next; None where it is over."""
        return self.agenda.next_us(busy=False) if self._ended is None else None

    def come(self) -> None:
        """Let happen what is due."""
        if self._ended is not None or self.emulator.doubt is not None:
            return
        try:
            self.do_due()
        except SceneError as error:
            self._error = str(error)
            self._stop()
        except LedgerError as error:
            self.emulator.stop(error)

    def moved(self) -> None:
        """Set the timer anew where pump time has jumped, goes at another pace, or something else comes next."""
        pace, wall = self.emulator.device.pace, self.emulator.wall
        next_us = self.next_us()
        if (next_us, pace) == self._set_for:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._set_for, self._timer = (next_us, pace), None
        if next_us is None:
            return
        # A frozen pump never comes anywhere, but it may stand there.
        due_ns = wall.now_ns() if next_us <= self.now_us else pace.wall_ns_at(next_us)
        if due_ns is not None:
            self._timer = wall.later(max(0, due_ns - wall.now_ns()), self._wake)

    def _wake(self) -> None:
        self._set_for = None
        self.emulator.do(lambda: None)  # come to the present
        self.come()
        self.moved()

    def _end(self) -> None:
        self._play.finish()
        self._stop()

    def _stop(self) -> None:
        self._ended = (self.emulator.wall.now_ns(), self.now_us)
        self.emulator.companion = None
        self.leave()
        self._over()
