"""A scenario as it was read: when each step comes, and what it does and expects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pumpmock.scenario.condition import Condition
    from pumpmock.scenario.expectations import Expectations


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        line: where it begins in the file.
        at_us: pump time; None where it waits for something else.
        every_us: how long after that it comes again, and again; 0 where it does not.
        on: the request that it waits for, by its name; None where it waits for none.
        when: what else has to hold of that request.
        times: how many such requests it takes, or how often it comes by time; None for always.
        inside: the state that the scenario has to be in; None for any. Alone it is what the step waits for.
        after_us: how long after what it waits for it comes.
        optional: whether it may never come.
        goto: the state that the scenario comes to with it; None where it stays.
        does: verbs with their figures, in order.
        host: what a host does, by verb, in order.
        who: which host; None for the first.
        expects: what has to be so then.
    """

    line: int
    at_us: int | None
    every_us: int
    on: str | None
    when: Condition | None
    times: int | None
    inside: str | None
    after_us: int
    optional: bool
    goto: str | None
    does: tuple[tuple[str, Any], ...]
    who: str | None
    host: tuple[tuple[str, Any], ...]
    expects: Expectations | None

    @property
    def waits_for(self) -> str:
        """What it waits for, for a person."""
        if self.on is not None:
            return f'on = "{self.on}"'
        return f"at = {self.at_us} us" if self.at_us is not None else f'in = "{self.inside}"'


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario.

    Attributes:
        path: its file.
        name: what to call it.
        about: what it shows.
        sources: where it is from.
        seed: of all that is drawn.
        pump: what `[pump]` says.
        steps: in the order of the file.
        end_us: pump time at which it is over.
        expects: what has to be so then.
    """

    path: Path
    name: str
    about: str
    sources: tuple[str, ...]
    seed: int
    pump: Mapping[str, Any]
    steps: tuple[Step, ...]
    end_us: int
    expects: Expectations | None
