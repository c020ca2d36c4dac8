"""How far back a trend looks: the spans to choose from, and the instants along its axis that are worth a label."""

from __future__ import annotations

from typing import Final, NamedTuple

from monitor.trends.times import HOURS_S

MS_A_S: Final = 1_000
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


class Span(NamedTuple):
    """A span of time and what it is called."""

    name: str
    seconds: int

    @property
    def ms(self) -> int:
        """The same in milliseconds."""
        return self.seconds * MS_A_S


# The shortest is for a pump whose time runs fast: in ten minutes it may live for months.
SPANS: Final = (
    Span("10 min", 10 * _MINUTE),
    Span("1 h", _HOUR),
    Span("6 h", 6 * _HOUR),
    Span("24 h", _DAY),
    Span("7 d", 7 * _DAY),
    Span("30 d", 30 * _DAY),
    Span("1 year", 365 * _DAY),
)
USUAL: Final = 3  # of SPANS: nothing longer is shown unless it is asked for
# From tick to tick, in seconds: what people count in.
_STEPS: Final = (
    *(_MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE),
    *(_HOUR, 2 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR),
    *(_DAY, 2 * _DAY, 5 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY, 60 * _DAY, 90 * _DAY),
)


def covering(seconds: int) -> int:
    """Return the index of the shortest span that covers so many seconds, and of no longer one than is usual."""
    return next((index for index in range(USUAL) if SPANS[index].seconds >= seconds), USUAL)


def within(seconds: int) -> Span:
    """Return the longest span that is not longer than so many seconds; the shortest where all are."""
    return next((span for span in reversed(SPANS) if span.seconds <= seconds), SPANS[0])


def step_s(seconds: int, most: int) -> int:
    """Return how far apart ticks are, in seconds, so that there are no more than `most` over a span.

    Where they are labelled with dates they are whole days apart: a date stands where its day begins, and once.
    """
    least = _DAY if seconds > HOURS_S else 0
    step = next((step for step in _STEPS if seconds <= step * max(most, 1) and step >= least), _STEPS[-1])
    while seconds > step * max(most, 1):  # only a pump whose time leaps by centuries comes here
        step *= 2
    return step


def ticks(start_s: int, end_s: int, most: int) -> list[int]:
    """Return the ticks from one instant to another, at round instants of the clock that they are given in."""
    step = step_s(end_s - start_s, most)
    first = -(-start_s // step) * step
    return list(range(first, end_s + 1, step))
