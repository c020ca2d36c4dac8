"""A scenario played on a stage: its steps come to the agenda or wait for requests and states, and what they say is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from protocol.messages import Commit, Prepare, Resolve
from pumpmock.scenario.actions import ACTIONS
from pumpmock.scenario.host_words import AT_ONCE
from pumpmock.scenario.instant import time_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.fields import Message
    from protocol.messages import Change
    from pumpmock.scenario.stage import Stage
    from pumpmock.scenario.steps import Scenario, Step

_ABOUT_A_CHANGE = (Prepare, Commit, Resolve)


@dataclass(slots=True)
class _Waiting:
    """A step that waits for requests or for a state, and how often its moment has come."""

    step: Step
    came: int = 0


class Play:
    """A scenario on a stage.

    Args:
        scenario: what is played.
        stage: where.
        let_host: lets a host do something; None where the hosts are somebody else's.
    """

    def __init__(
        self,
        scenario: Scenario,
        stage: Stage,
        let_host: Callable[[str, str, Any], None] | None = None,
    ) -> None:
        self._scenario = scenario
        self._stage = stage
        self._let_host = let_host
        self._changes: dict[bytes, Change] = {}  # by command id: a Commit does not say what it commits
        self._waiting = [_Waiting(step) for step in scenario.steps if step.at_us is None]
        for step in scenario.steps:
            if step.at_us is not None:
                self._plan(step, step.at_us)
        stage.rules.append(self._requested)
        self._enter(stage.state)

    def finish(self) -> None:
        """Look at what has to be so at the end, and at what has never come."""
        if self._scenario.expects is not None:
            self._stage.expect(self._scenario.expects)
        left_us = self._stage.agenda.next_us(busy=False)
        if left_us is not None and left_us <= self._scenario.end_us:
            said = f"the end came before all was done: what was due at {time_text(left_us)} had to wait for a host"
            self._stage.fail(self._scenario.steps[-1].line, said)
        for waiting in self._waiting:
            if not (waiting.came or waiting.step.optional):
                self._stage.fail(
                    waiting.step.line, f"the step was never taken: nothing came for {waiting.step.waits_for}"
                )

    # --- when -------------------------------------------------------------------------------------------------------

    def _plan(self, step: Step, at_us: int, times: int = 1) -> None:
        self._stage.agenda.add(at_us, lambda: self._come(step, at_us, times), takes_time=_takes_time(step))

    def _come(self, step: Step, at_us: int, times: int) -> None:
        """Take a step whose time has come, for the first time or again."""
        next_us = at_us + step.every_us
        if step.every_us and next_us <= self._scenario.end_us and (step.times is None or times < step.times):
            self._plan(step, next_us, times + 1)
        if step.inside in (None, self._stage.state):
            self._go(step)
            self._do(step)

    def _requested(self, request: Message, labels: frozenset[str]) -> None:
        """Take the steps that wait for this request. The state changes now: not when the request is answered, nor later."""
        if isinstance(request, Prepare):
            self._changes[request.command_id] = request.change
        change = self._changes.get(request.command_id) if isinstance(request, _ABOUT_A_CHANGE) else None
        state = self._stage.state
        due = [waiting for waiting in self._waiting if self._matches(waiting, labels, change, state)]
        for waiting in due:
            waiting.came += 1
            self._go(waiting.step)
        for waiting in due:
            self._then(waiting.step)

    def _matches(self, waiting: _Waiting, labels: frozenset[str], change: Change | None, state: str) -> bool:
        step = waiting.step
        return (
            step.on in labels
            and step.inside in (None, state)
            and (step.times is None or waiting.came < step.times)
            and (step.when is None or step.when.holds(change))
        )

    def _go(self, step: Step) -> None:
        if step.goto is not None and step.goto != self._stage.state:
            self._stage.state = step.goto
            self._enter(step.goto)

    def _enter(self, state: str) -> None:
        """Take the steps that wait for a state and nothing else."""
        for waiting in self._waiting:
            if waiting.step.on is None and waiting.step.inside == state:
                waiting.came += 1
                self._plan_then(waiting.step)

    def _then(self, step: Step) -> None:
        if step.after_us or _takes_time(step):  # the host that has just asked is busy
            self._plan_then(step)
        else:
            self._do(step)

    def _plan_then(self, step: Step) -> None:
        self._stage.agenda.add(
            self._stage.now_us + step.after_us, lambda: self._do_entered(step), takes_time=_takes_time(step)
        )

    def _do_entered(self, step: Step) -> None:
        if step.on is None:
            self._go(step)
        self._do(step)

    # --- what -------------------------------------------------------------------------------------------------------

    def _do(self, step: Step) -> None:
        try:
            for verb, figure in step.does:
                ACTIONS[verb].do(self._stage, figure)
            for verb, figure in step.host:
                if self._let_host is not None:
                    self._let_host(step.who or self._stage.first, verb, figure)
        except ValueError as error:  # the pump can't be so, or the fault can't be asked for now
            self._stage.fail(step.line, str(error))
            return
        if step.expects is not None:
            self._stage.expect(step.expects)


def _takes_time(step: Step) -> bool:
    """Tell whether a step has a host do something that waits its turn."""
    return any(verb not in AT_ONCE for verb, _ in step.host)
