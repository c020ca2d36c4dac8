"""What becomes of an alarm: a table of states, and the board that holds one pump's alarms in the order to act on them.

Pure, without a clock or a screen: it is told which conditions hold (`monitor.judgement.alarm_lines`) and what somebody
did. The states are those of ISA-18.2; that a high priority latches is IEC 60601-1-8's. docs/decisions/0047-alarm-states.md
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from monitor.errors import RefusedError
from protocol.alarms import Priority
from protocol.intent import MOST_REASON

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from monitor.judgement import AlarmLine

# The longest time on the shelf, a shift. An assumption of this tool: ISA-18.2 asks for a limit and names none.
MOST_SHELVED_S: Final = 8 * 3_600
LEAST_SHELVED_S: Final = 60
# Without a link nothing else on the screen is the present: nobody may do without being told.
_NEVER_SHELVED: Final = frozenset({"no_link"})
# It ends with the pump's verdict, which is told as such: what latched would contradict it.
_NEVER_LATCHED: Final = frozenset({"outcome_unknown"})


class State(Enum):
    """How an alarm stands; the value is what a screen says of it."""

    INACTIVE = "inactive"
    UNACKNOWLEDGED = "UNACKNOWLEDGED"
    ACKNOWLEDGED = "acknowledged"
    GONE = "gone, unacknowledged"
    LATCHED = "LATCHED"
    SHELVED = "shelved"


class Event(Enum):
    """What can happen to an alarm."""

    COMES = "its condition holds"
    GOES = "its condition has passed"
    LATCHES = "its condition has passed, and its priority is high"
    SEEN = "somebody acknowledged it"
    ANEW = "it is more urgent than when it was seen, or the pump raises it anew"
    SHELVED = "somebody shelved it"
    RETURNS = "its time on the shelf is over"


# What is not in the table changes nothing.
TRANSITIONS: Final[dict[tuple[State, Event], State]] = {
    (State.INACTIVE, Event.COMES): State.UNACKNOWLEDGED,
    (State.UNACKNOWLEDGED, Event.SEEN): State.ACKNOWLEDGED,
    (State.UNACKNOWLEDGED, Event.GOES): State.GONE,
    (State.UNACKNOWLEDGED, Event.LATCHES): State.LATCHED,
    (State.UNACKNOWLEDGED, Event.SHELVED): State.SHELVED,
    (State.ACKNOWLEDGED, Event.ANEW): State.UNACKNOWLEDGED,
    (State.ACKNOWLEDGED, Event.GOES): State.INACTIVE,
    (State.ACKNOWLEDGED, Event.LATCHES): State.INACTIVE,
    (State.ACKNOWLEDGED, Event.SHELVED): State.SHELVED,
    (State.GONE, Event.SEEN): State.INACTIVE,
    (State.GONE, Event.COMES): State.UNACKNOWLEDGED,
    (State.GONE, Event.SHELVED): State.SHELVED,
    (State.LATCHED, Event.SEEN): State.INACTIVE,
    (State.LATCHED, Event.COMES): State.UNACKNOWLEDGED,
    (State.SHELVED, Event.RETURNS): State.INACTIVE,
    (State.SHELVED, Event.GOES): State.INACTIVE,
}

_UNSEEN: Final = frozenset({State.UNACKNOWLEDGED, State.LATCHED})
# What calls for somebody first, then what is, then what was.
_GROUPS: Final = {State.UNACKNOWLEDGED: 0, State.LATCHED: 0, State.ACKNOWLEDGED: 1, State.GONE: 2}


def after(state: State, event: Event) -> State:
    """Return the state that follows."""
    return TRANSITIONS.get((state, event), state)


@dataclass(frozen=True, slots=True)
class Shelving:
    """An alarm that is not to be told of for a time.

    Attributes:
        key: which, by `AlarmLine.key`.
        title: what it is called on a screen.
        priority: how urgent it was; where it gets more urgent it leaves the shelf.
        reason: why, as somebody wrote.
        from_s: since when, host calendar clock, seconds since 1970 UTC.
        until_s: until when.
    """

    key: str
    title: str
    priority: Priority
    reason: str
    from_s: int
    until_s: int

    def holds(self, now_s: float) -> bool:
        """Tell whether its time is not over; a calendar clock that was set back ends it as well."""
        return self.from_s <= now_s < self.until_s


@dataclass(frozen=True, slots=True)
class Entry:
    """An alarm that is not inactive.

    Attributes:
        line: its words and figures, those of when it was last active where it has gone.
        state: how it stands.
        order: a number that is greater than that of any that called before.
    """

    line: AlarmLine
    state: State
    order: int

    @property
    def unseen(self) -> bool:
        """Whether it calls for somebody, by its bar and by its sound."""
        return self.state in _UNSEEN

    @property
    def acknowledgeable(self) -> bool:
        """Whether there is something to acknowledge."""
        return self.unseen or self.state is State.GONE


@dataclass(frozen=True, slots=True)
class Board:
    """The alarms of one pump; every method returns another board.

    Attributes:
        entries: all that are not inactive, in no order.
        shelved: what is on the shelf, whether its condition holds or not.
        calls: how often an alarm has called for somebody so far.
    """

    entries: tuple[Entry, ...] = ()
    shelved: tuple[Shelving, ...] = ()
    calls: int = 0

    @property
    def alarms(self) -> tuple[Entry, ...]:
        """All but the shelved, in the order to act on them: of the highest priority, the one that called first."""
        shown = (entry for entry in self.entries if entry.state is not State.SHELVED)
        return tuple(
            sorted(shown, key=lambda one: (_GROUPS[one.state], -one.line.priority, one.order)),
        )

    @property
    def calling(self) -> frozenset[Priority]:
        """The priorities of those that call for somebody."""
        return frozenset(entry.line.priority for entry in self.entries if entry.unseen)

    def update(self, lines: Iterable[AlarmLine], now_s: float) -> Board:
        """Take which conditions hold now."""
        holding = {line.key: line for line in lines}
        kept = tuple(one for one in self.shelved if one.holds(now_s) and _may_stay(one, holding.get(one.key)))
        shelf = {one.key for one in kept}
        before = {entry.line.key: entry for entry in self.entries}
        # What is new is counted in the order in which it began, as far as the pump's log tells.
        began = sorted(holding.values(), key=lambda line: (line.since_s is None, line.since_s or 0))
        calls, entries = self.calls, []
        for key in dict.fromkeys([*before, *(line.key for line in began)]):
            entry = _moved(before.get(key), holding.get(key), shelved=key in shelf)
            if entry is None:
                continue
            was = before.get(key)
            if entry.state is State.UNACKNOWLEDGED and (was is None or was.state is not entry.state):
                calls += 1
                entry = replace(entry, order=calls)
            entries.append(entry)
        return Board(tuple(entries), kept, calls)

    def acknowledge(self, keys: Collection[str]) -> Board:
        """Take that somebody has seen these; what the pump itself keeps, it has to confirm with its next status."""
        return self._with(Event.SEEN, keys)

    def shelve(self, shelving: Shelving) -> Board:
        """Put an alarm on the shelf.

        Raises:
            RefusedError: it may not lie there, or not for so long, or without a reason.
        """
        entry = next((one for one in self.entries if one.line.key == shelving.key), None)
        refusal = why_not_shelved(entry) or _flaw(shelving)
        if refusal:
            raise RefusedError(refusal)
        others = tuple(one for one in self.shelved if one.key != shelving.key)
        return replace(self._with(Event.SHELVED, {shelving.key}), shelved=(*others, shelving))

    def unshelve(self, key: str) -> Board:
        """Take an alarm off the shelf: where its condition holds, it calls anew with the next update."""
        kept = tuple(one for one in self.shelved if one.key != key)
        return replace(self._with(Event.RETURNS, {key}), shelved=kept)

    def with_past(self, past: Iterable[Entry]) -> Board:
        """Take how alarms stood when they were looked at last, in the order in which they called, but for those on the board.

        Whether their conditions hold still tells the next update.
        """
        present = {entry.line.key for entry in self.entries}
        missing = [one for one in past if one.line.key not in present]
        old = (replace(one, order=order) for order, one in enumerate(missing, self.calls + 1))
        return replace(self, entries=(*self.entries, *old), calls=self.calls + len(missing))

    def _with(self, event: Event, keys: Collection[str]) -> Board:
        moved = (
            replace(one, state=after(one.state, event)) if one.line.key in keys else one
            for one in self.entries
        )
        return replace(self, entries=tuple(one for one in moved if one.state is not State.INACTIVE))


def why_not_shelved(entry: Entry | None) -> str:
    """Say why an alarm may not be shelved, in a sentence; empty if it may."""
    if entry is None:
        return "there is no such alarm now"
    if entry.line.priority is Priority.HIGH:
        return f"{entry.line.title} is of high priority: it can be acknowledged, not shelved"
    if entry.line.key in _NEVER_SHELVED:
        return f"{entry.line.title} can be acknowledged, not shelved: without a link nothing on the screen is live"
    return ""


def _flaw(shelving: Shelving) -> str:
    """Say what is wrong with a reason or an end, in a sentence; empty if nothing is."""
    reason, for_s = shelving.reason, shelving.until_s - shelving.from_s
    if not reason.strip():
        return "a reason is wanted: say in a few words why nobody is to be told"
    if len(reason) > MOST_REASON or not reason.isprintable():
        return f"a reason has at most {MOST_REASON} characters, all of which can be printed"
    if not LEAST_SHELVED_S <= for_s <= MOST_SHELVED_S:
        return f"an alarm is shelved for {LEAST_SHELVED_S // 60} min to {MOST_SHELVED_S // 3_600} h"
    return ""


def sound(shelving: Shelving) -> bool:
    """Tell whether a shelving could have been made here: what was found on a disk may be anything."""
    allowed = shelving.priority is not Priority.HIGH and shelving.key not in _NEVER_SHELVED
    return allowed and not _flaw(shelving)


def _may_stay(shelving: Shelving, line: AlarmLine | None) -> bool:
    return line is None or line.priority <= shelving.priority


def _moved(entry: Entry | None, line: AlarmLine | None, *, shelved: bool) -> Entry | None:
    """Return an alarm after its condition was looked at; None if it is inactive."""
    state = State.INACTIVE if entry is None else entry.state
    if state is State.SHELVED and not shelved:
        state = after(state, Event.RETURNS)
    if line is None:
        if entry is None:
            return None
        latches = entry.line.priority is Priority.HIGH and entry.line.key not in _NEVER_LATCHED
        state = after(state, Event.LATCHES if latches else Event.GOES)
        return None if state is State.INACTIVE else replace(entry, state=state)
    state = after(state, Event.COMES)
    if line.acknowledged:
        state = after(state, Event.SEEN)
    elif line.alarm is not None or (entry is not None and line.priority > entry.line.priority):
        state = after(state, Event.ANEW)
    if shelved:
        state = after(state, Event.SHELVED)
    return Entry(line, state, 0 if entry is None else entry.order)
