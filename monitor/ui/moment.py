"""A snapshot and the instant at which somebody looks at it: all that a widget is given to draw.

Everything that depends on the time (ages, staleness, the flashing of an alarm) is worked out here from the injected
clock, so that a screen can be drawn for any instant and a test never waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from monitor.judgement import alarm_lines, forecast, is_live
from protocol.alarms import Priority
from protocol.units import format_span
from protocol.vocabulary import ChangeKind, Role, State

if TYPE_CHECKING:
    from monitor.judgement import AlarmLine, Forecast
    from monitor.snapshot import Snapshot
    from protocol.messages import Status

NS_PER_S: Final = 1_000_000_000
# High priority flashes at 2 Hz (IEC 60601-1-8: 1.4 to 2.8 Hz), half of the time lit.
HALF_FLASH_NS: Final = NS_PER_S // 4

_UNKNOWN: Final = "what became of a change is not known: nothing else is changed before that is"
_ROLE_NEEDED: Final = "this key only reads: a change needs a technician key"


@dataclass(frozen=True, eq=False)
class Moment:
    """What is known, at one instant of the host's monotonic clock.

    Attributes:
        snapshot: what is known.
        now_ns: the instant.
        lit: whether a flashing alarm is in the lit half of its period.
    """

    snapshot: Snapshot
    now_ns: int
    lit: bool = True

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
    def alarms(self) -> tuple[AlarmLine, ...]:
        """The alarms, in the order in which they are to be acted on."""
        return alarm_lines(self.snapshot, self.now_ns)

    @cached_property
    def forecast(self) -> Forecast | None:
        """When the reservoir gets low and empty; None before the first reading."""
        return None if self.status is None else forecast(self.status)

    @property
    def flashes(self) -> bool:
        """Whether an alarm asks for attention by flashing."""
        return any(line.priority is Priority.HIGH and not line.acknowledged for line in self.alarms)

    def worst(self, *keys: str) -> Priority | None:
        """Return the highest priority among the alarms with these keys, None if none is active."""
        return max((line.priority for line in self.alarms if line.key in keys), default=None)

    @property
    def barred(self) -> bool:
        """Whether a high alarm is drawn as a bar at this instant."""
        return self.lit or not self.flashes

    def looks_like(self, other: Moment) -> bool:
        """Tell whether two moments would be drawn alike, so that nothing need be drawn again."""
        return (
            self.snapshot is other.snapshot
            and (self.live, self.age_s, self.retry_s) == (other.live, other.age_s, other.retry_s)
            and self.barred == other.barred
        )

    def obstacle(self, kind: ChangeKind) -> str:
        """Say why a change cannot be asked for now, in a sentence; empty if it can."""
        if self.snapshot.unresolved:
            return _UNKNOWN
        if self.status is None:
            return "no reading from the pump yet: nothing can be changed"
        if not self.live:
            return f"the reading is {self.age_s} s old: a change needs a live one"
        if self.snapshot.role in (None, Role.VIEWER):
            return _ROLE_NEEDED
        unwritten = self.snapshot.notes_problem or self.snapshot.history_problem
        if unwritten:
            return f"no change is made: {unwritten}"
        return _obstacle_at_pump(self.status, kind)

    @property
    def may_ask(self) -> bool:
        """Whether there is a change without a verdict that the pump could tell of, to this key."""
        identity = self.snapshot.identity
        told = [
            one for one in self.snapshot.unresolved if identity is None or one.store_id == identity.store_id
        ]
        return bool(told) and self.snapshot.role is not Role.VIEWER

    @property
    def toggle(self) -> ChangeKind:
        """What the one key for stop and resume would do now."""
        stopped = self.status is not None and self.status.state is State.STOPPED
        return ChangeKind.RESUME if stopped else ChangeKind.STOP


def _obstacle_at_pump(status: Status, kind: ChangeKind) -> str:
    if status.state is State.END_OF_SERVICE:
        return "the pump is at its end of service: its motor is off for good"
    if status.refusing_s and kind is not ChangeKind.STOP:
        return f"the pump refuses changes for {format_span(status.refusing_s)}, a stop excepted"
    if kind is ChangeKind.RATE and status.state is State.STOPPED:
        return "the pump is stopped: resume it before its rate is changed"
    return ""
