"""A snapshot and the instant at which somebody looks at it: all that a widget is given to draw.

Everything that depends on the time (ages, staleness, the flashing of an alarm) is worked out here from the injected
clock, so that a screen can be drawn for any instant and a test never waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from monitor.alarms import Board
from monitor.hindrance import hindrance
from monitor.judgement import alarm_lines, forecast, is_live, stale_after_ms
from protocol.alarms import Priority
from protocol.vocabulary import ChangeKind, Role, State

if TYPE_CHECKING:
    from monitor.alarms import Entry, Shelving
    from monitor.judgement import AlarmLine, Forecast
    from monitor.snapshot import Snapshot
    from protocol.alarms import Priority
    from protocol.messages import Status

NS_PER_S: Final = 1_000_000_000
_NS_PER_MS: Final = 1_000_000
_S_PER_MIN: Final = 60

_UNKNOWN: Final = "what became of a change is not known: nothing else is changed before that is"
_ROLE_NEEDED: Final = "this key only reads: a change needs a technician key"


@dataclass(frozen=True, eq=False)
class Moment:
    """What is known, at one instant of the host's monotonic clock.

    Attributes:
        snapshot: what is known.
        now_ns: the instant.
        board: what became of the alarms so far; without, those that hold now call for the first time.
        dark: the priorities whose flash is in its dark half.
        pause_s: for how many seconds this monitor makes no sound, by somebody's wish.
        now_s: the host's calendar clock, by which alarms are shelved, seconds since 1970 UTC.
        new_faults: entries of the pump's fault log that nobody has looked at.
        problem: why nothing can be remembered of what is shelved, one sentence; empty where it can.
    """

    snapshot: Snapshot
    now_ns: int
    board: Board | None = None
    dark: frozenset[Priority] = frozenset()
    pause_s: int = 0
    now_s: int = 0
    new_faults: int = 0
    problem: str = ""

    @cached_property
    def live(self) -> bool:
        """Whether the reading may be shown, and acted on, as the present."""
        return is_live(self.snapshot, self.now_ns)

    @property
    def status(self) -> Status | None:
        """The newest status, however old; None before the first."""
        return None if self.snapshot.reading is None else self.snapshot.reading.status

    @property
    def age_s(self) -> int:
        """Whole seconds since the reading, 0 before the first."""
        reading = self.snapshot.reading
        return 0 if reading is None else reading.age_ms(self.now_ns) // 1000

    @property
    def retry_s(self) -> int:
        """Whole seconds to the next attempt to connect, rounded up; 0 while none is due."""
        return max(0, -(-(self.snapshot.retry_ns - self.now_ns) // NS_PER_S))

    @cached_property
    def conditions(self) -> tuple[AlarmLine, ...]:
        """What holds now, shelved or not."""
        return alarm_lines(self.snapshot, self.now_ns)

    @cached_property
    def alarms(self) -> tuple[Entry, ...]:
        """The alarms, in the order in which they are to be acted on; without those on the shelf."""
        return (self.board or Board().update(self.conditions, self.now_s)).alarms

    @property
    def shelved(self) -> tuple[Shelving, ...]:
        """What is on the shelf."""
        return () if self.board is None else self.board.shelved

    @cached_property
    def forecast(self) -> Forecast | None:
        """When the reservoir gets low and empty; None before the first reading."""
        return None if self.status is None else forecast(self.status)

    @cached_property
    def flashing(self) -> frozenset[Priority]:
        """The priorities of which an alarm asks for attention."""
        return frozenset(entry.line.priority for entry in self.alarms if entry.unseen)

    def worst(self, *keys: str) -> Priority | None:
        """Return the highest priority among what holds of these, on the shelf or not; None where nothing does."""
        return max((line.priority for line in self.conditions if line.key in keys), default=None)

    def lit(self, priority: Priority) -> bool:
        """Tell whether an unacknowledged alarm of that priority is drawn as a bar at this instant."""
        return priority not in self.dark

    def looks_like(self, other: Moment) -> bool:
        """Tell whether two moments would be drawn alike, so that nothing need be drawn again."""
        return self.says_as(other) and self.dark & self.flashing == other.dark & other.flashing

    def says_as(self, other: Moment) -> bool:
        """Tell whether two moments say the same, so that at most a flash need be drawn."""
        return (
            self.snapshot is other.snapshot
            and self._passing == other._passing
            and self.alarms == other.alarms
            and self.shelved == other.shelved
        )

    @property
    def _passing(self) -> tuple[object, ...]:
        """What changes with time alone, or by a key."""
        ages = (self.live, self.age_s, self.retry_s, self.pause_s, self.new_faults, self.problem)
        return (*ages, bool(self.shelved) and self.now_s // _S_PER_MIN)

    @property
    def next_ns(self) -> int:
        """The instant at which one of its ages changes, should there be no news; a flash is not counted."""
        at = [self.now_ns + NS_PER_S]
        reading = self.snapshot.reading
        if reading is not None:
            # Ages are rounded up to whole milliseconds, so each begins one early.
            since_ns = self.now_ns - reading.asked_ns + _NS_PER_MS - 1
            at.append(self.now_ns + NS_PER_S - since_ns % NS_PER_S)
            limit_ns = reading.asked_ns + stale_after_ms(self.snapshot.period_ms) * _NS_PER_MS + 1
            at += [limit_ns] if limit_ns > self.now_ns else []
        if self.snapshot.retry_ns > self.now_ns:
            at.append(self.now_ns + ((self.snapshot.retry_ns - self.now_ns) % NS_PER_S or NS_PER_S))
        return min(at)

    def obstacle(self, kind: ChangeKind) -> str:
        """Say why a change cannot be asked for now, in a sentence; empty if it can."""
        if self.snapshot.read_only or self.snapshot.unresolved:
            return self.snapshot.read_only or _UNKNOWN
        if self.status is None:
            return "no reading from the pump yet: nothing can be changed"
        if not self.live:
            return f"the reading is {self.age_s} s old: a change needs a live one"
        if self.snapshot.role in (None, Role.VIEWER):
            return _ROLE_NEEDED
        unwritten = self.snapshot.notes_problem or self.snapshot.history_problem
        if unwritten:
            return f"no change is made: {unwritten}"
        return hindrance(self.status, self.snapshot.identity, kind)

    @property
    def may_ask(self) -> bool:
        """Whether there is a change without a verdict that the pump could tell of, to this key."""
        identity = self.snapshot.identity
        told = [
            one for one in self.snapshot.unresolved if identity is None or one.store_id == identity.store_id
        ]
        return bool(told) and self.snapshot.role is not Role.VIEWER and not self.snapshot.read_only

    @property
    def toggle(self) -> ChangeKind:
        """What the one key for stop and resume would do now."""
        stopped = self.status is not None and self.status.state is State.STOPPED
        return ChangeKind.RESUME if stopped else ChangeKind.STOP
