"""The forecast as lines: the reservoir at an instant ahead, as expected and within the stated error of the rate.

Its axis is the pump's time. Where an emulator's time runs fast, the past is drawn at the same pace, so that the line of the
forecast goes on from that of the readings.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from monitor.judgement import Span
    from protocol.messages import Status

_US_A_MS: Final = 1_000
_OVER_MS: Final = 10_000  # the pace is measured over so long
_LEAST_MS: Final = 2_000  # and over no less
_TENTH: Final = 10  # a pace within a tenth of 1 is 1: the instants of readings are no better known


class Volumes(NamedTuple):
    """A volume ahead: as expected, the least and the most that are likely; nL."""

    expected_nl: int
    least_nl: int
    most_nl: int


def volume_ahead(status: Status, seconds: int, lasts_s: int) -> int:
    """Return the volume in nL after `seconds`, where it lasts `lasts_s` down to the residual."""
    left, residual = status.reservoir_nl, status.residual_nl
    return max(left - (left - residual) * seconds // max(lasts_s, 1), residual)


def volumes_ahead(status: Status, span: Span, seconds: int) -> Volumes:
    """Return the volume after `seconds`, where delivery ends as `span` has it."""
    return Volumes(
        *(volume_ahead(status, seconds, lasts_s) for lasts_s in (span.expected_s, span.early_s, span.late_s))
    )


@dataclass(frozen=True, slots=True)
class Pace:
    """How much pump time passes in how much of this host's; one to one for all but an emulator that is told otherwise."""

    pump_us: int = 1
    host_us: int = 1

    @property
    def is_usual(self) -> bool:
        """Whether the pump's time runs as everybody's."""
        return self.pump_us == self.host_us

    @property
    def times(self) -> int:
        """How many times as fast the pump's time runs, rounded; 0 for slower."""
        return (2 * self.pump_us + self.host_us) // (2 * self.host_us)

    def pump_s(self, host_ms: int) -> int:
        """Return the seconds of pump time in so many milliseconds of this host's."""
        return host_ms * self.pump_us // (self.host_us * 1_000)

    def host_ms(self, pump_s: int) -> int:
        """Return the milliseconds of this host's time in so many seconds of pump time."""
        return pump_s * 1_000 * self.host_us // self.pump_us


USUAL_PACE: Final = Pace()


@dataclass(slots=True)
class Pacer:
    """Measures the pace from readings, over the last ten seconds."""

    _seen: deque[tuple[int, int, int]] = field(default_factory=deque)

    def see(self, at_ms: int, status: Status) -> None:
        """Take note of a reading and of when it was taken, this host's clock."""
        if self._seen and (status.boot != self._seen[-1][2] or at_ms <= self._seen[-1][0]):
            self._seen.clear()
        self._seen.append((at_ms, status.pump_time_us, status.boot))
        while len(self._seen) > 2 and at_ms - self._seen[1][0] >= _OVER_MS:  # noqa: PLR2004 - one at each end
            self._seen.popleft()

    @property
    def pace(self) -> Pace:
        """The pace; the usual one where it can't be told, or where the pump's time stands."""
        if not self._seen:
            return USUAL_PACE
        (first_ms, first_us, _), (last_ms, last_us, _) = self._seen[0], self._seen[-1]
        host_us, pump_us = (last_ms - first_ms) * _US_A_MS, last_us - first_us
        if host_us < _LEAST_MS * _US_A_MS or pump_us <= 0 or abs(pump_us - host_us) * _TENTH <= host_us:
            return USUAL_PACE
        return Pace(pump_us, host_us)
