"""On what a change is decided, and what a judgement of it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol.dosing import Rules

if TYPE_CHECKING:
    from protocol.bounds import Finding
    from protocol.messages import EventRecord, Status, Step

Pattern = tuple["Step", ...]
Week = tuple[Pattern, ...]  # Monday first

S_PER_DAY = 86_400
MINUTES_PER_HOUR = 60


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known when a change is decided.

    Attributes:
        status: the live reading.
        events: the newest entries of the pump's log, oldest first.
        rules: by what a figure is judged before the pump is asked.
        week: the pump's program by weekday; empty where it was not asked for.
        host_s: this host's calendar clock, seconds since 1970 UTC.
    """

    status: Status
    events: tuple[EventRecord, ...] = ()
    rules: Rules = Rules()  # noqa: RUF009 - a constant, and frozen
    week: Week = ()
    host_s: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """What a change does against its bounds.

    Attributes:
        hard: the hard limit that it crosses, None if none.
        soft: the soft ones.
        step: how far it goes, in words: "+30.0 %"; empty where nothing is compared.
        large: why its figure is to be typed again; empty where it need not be, but for a soft limit.
        again: what is to be typed again if anything is: a figure as it is written here, or a word.
        label: before the field for that, 17 characters at the most.
        remark: what there is to say of it within all limits.
        idle: why there is nothing to change; empty where there is.
    """

    hard: Finding | None = None
    soft: tuple[Finding, ...] = ()
    step: str = ""
    large: str = ""
    again: str = ""
    label: str = "Type it again"
    remark: str = ""
    idle: str = ""

    @property
    def retype(self) -> str:
        """What is to be typed again before it is sent; empty where nothing is."""
        return self.again if self.soft or self.large else ""

    @property
    def sentence(self) -> tuple[str, bool]:
        """What matters most of it once a reason was given, the hardest first, and whether it warns."""
        if self.hard is None and self.large:
            return f"{self._lead}{self.large}", True
        return self.asking

    @property
    def asking(self) -> tuple[str, bool]:
        """The same before a reason was given: a soft limit names itself first."""
        if self.hard is not None:
            return self.hard.sentence, True
        if self.soft:
            first, *others = self.soft
            more = f", and {len(others)} more" if others else ""
            return f"{self._lead}{first.sentence}{more}.", True
        if self.large:
            return f"{self._lead}{self.large}", True
        return f"{self._lead}{self.remark}" if self.remark else "", False

    @property
    def _lead(self) -> str:
        return f"{self.step}: " if self.step else ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line that sets old beside new; `new` is None as long as it is not known.

    Attributes:
        name: what it is, 14 characters at the most.
        now: as it is.
        new: as it would be.
        change: how far that is, or what goes with it.
    """

    name: str
    now: str
    new: str | None = None
    change: str = ""
