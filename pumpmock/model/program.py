"""The program, a day's pattern for each weekday, and the therapy: the program with the mode that stands over it.

Pure values of pump time. Which step of the program counts is told by the pump's calendar clock, whose days all have
24 hours; simple continuous is one step at minute 0, the same every day. Nothing is sampled: rates, the instants at
which they change and the instants at which an amount is reached follow exactly, years ahead as fast as hours ahead.
docs/decisions/0019-one-mode-over-the-program.md, docs/decisions/0033-patient-bolus.md
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import NamedTuple

from protocol.messages import MINUTES_A_DAY, Step
from protocol.units import US_PER_DAY, US_PER_H, US_PER_S, time_until, volume_at
from protocol.vocabulary import Mode

DAYS_A_WEEK = 7
WEEK_US = DAYS_A_WEEK * US_PER_DAY
MOST_CLOCK_S = 0xFFFF_FFFF  # in 2106: the event log has four bytes for the clock that was
_US_PER_MINUTE = 60 * US_PER_S
_THURSDAY_US = 3 * US_PER_DAY  # 1 January 1970, from which the clock counts, was one; weeks begin on Monday

Pattern = tuple[Step, ...]


class Cost(NamedTuple):
    """What is counted while the motor turns: so much an hour, and so much a nanolitre delivered."""

    per_h: int
    per_nl: int


FLOW = Cost(0, 1)  # counts nanolitres


@dataclass(frozen=True, slots=True)
class Weekly:
    """The program: seven day's patterns, Monday first, each with its first step at minute 0.

    Amounts are counted in units times 3.6e9, as a rate in nL/h times microseconds is, so that no remainder is lost.
    """

    days: tuple[Pattern, ...]
    # The week in one row: where each rate begins, the rate, and the flow since Monday. Neighbours differ in their rate.
    _starts_us: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _rates_nl_h: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _flows: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Lay the days in one row."""
        row: list[tuple[int, int]] = []
        for day, pattern in enumerate(self.days):
            for step in pattern:
                if not row or row[-1][1] != step.rate_nl_h:
                    row.append((day * US_PER_DAY + step.minute * _US_PER_MINUTE, step.rate_nl_h))
        starts, rates = zip(*row, strict=True)
        spans = (end - start for start, end in zip(starts, (*starts[1:], WEEK_US), strict=True))
        flows = accumulate((rate * span for rate, span in zip(rates, spans, strict=True)), initial=0)
        object.__setattr__(self, "_starts_us", starts)
        object.__setattr__(self, "_rates_nl_h", rates)
        object.__setattr__(self, "_flows", tuple(flows))

    @property
    def mean_nl_h(self) -> int:
        """The rate that would deliver the same in a week, rounded up: of simple continuous, the rate."""
        return -(-self._flows[-1] // WEEK_US)

    def with_days(self, weekdays: int, pattern: Pattern) -> Weekly:
        """Return the program with this pattern on the weekdays whose bits are set, Monday lowest; others keep theirs."""
        return Weekly(tuple(pattern if weekdays >> day & 1 else own for day, own in enumerate(self.days)))

    def rate_nl_h(self, week_us: int) -> int:
        """Return the rate at an instant of the week, in us since Monday."""
        return self._rates_nl_h[self._place(week_us)]

    def until_change_us(self, week_us: int) -> int | None:
        """Return the time from an instant of the week to the next other rate; None if there is just one."""
        starts, rates = self._starts_us, self._rates_nl_h
        if len(starts) == 1:
            return None
        following = self._place(week_us) + 1
        if following < len(starts):
            return starts[following] - week_us
        return WEEK_US - week_us + (starts[1] if rates[0] == rates[-1] else 0)

    def until_amount_us(self, week_us: int, amount: int, cost: Cost) -> int | None:
        """Return the least time from an instant of the week in which `amount` comes together; None if it never does."""
        if amount <= 0:
            return 0
        whole = cost.per_h * WEEK_US + cost.per_nl * self._flows[-1]
        if whole == 0:
            return None
        place = self._place(week_us)
        begun = self._amount(place, cost) + self._per_us(place, cost) * (week_us - self._starts_us[place])
        weeks, wanted = divmod(begun + amount - 1, whole)
        wanted += 1  # counted from Monday of that week, 1 to `whole`: the instant is inside it or at its end
        last = self._last_below(wanted, cost)
        within = -(-(wanted - self._amount(last, cost)) // self._per_us(last, cost))
        return weeks * WEEK_US + self._starts_us[last] + within - week_us

    def _last_below(self, amount: int, cost: Cost) -> int:
        # By hand: `bisect` with a key takes three times as long, and this is asked at every step of the program.
        least, most = 0, len(self._starts_us) - 1
        while least < most:
            middle = (least + most + 1) // 2
            if self._amount(middle, cost) < amount:
                least = middle
            else:
                most = middle - 1
        return least

    def _place(self, week_us: int) -> int:
        return bisect_right(self._starts_us, week_us) - 1

    def _amount(self, place: int, cost: Cost) -> int:
        return cost.per_h * self._starts_us[place] + cost.per_nl * self._flows[place]

    def _per_us(self, place: int, cost: Cost) -> int:
        return cost.per_h + cost.per_nl * self._rates_nl_h[place]


def simple_continuous(rate_nl_h: int) -> Weekly:
    """Return the program of one rate."""
    return Weekly(((Step(0, rate_nl_h),),) * DAYS_A_WEEK)


def day_volume_nl(pattern: Pattern) -> int:
    """Return what a day with this pattern delivers, rounded down to whole nanolitres."""
    return rate_minutes(pattern) // 60


def rate_minutes(pattern: Pattern) -> int:
    """Return what a day with this pattern delivers, exactly: in nL/h times minutes."""
    ends = (*(step.minute for step in pattern[1:]), MINUTES_A_DAY)
    return sum(step.rate_nl_h * (end - step.minute) for step, end in zip(pattern, ends, strict=True))


class Suspended(NamedTuple):
    """A mode that goes on once the one over it is over; its figures as those of `Therapy`, by the same names."""

    mode: Mode
    mode_rate_nl_h: int
    mode_left_nl: int | None
    mode_until_us: int | None


@dataclass(frozen=True, slots=True)
class Therapy:
    """What the pump was told to deliver: the program, the calendar it follows, and the mode that stands over it.

    Attributes:
        program: what counts where no mode stands over it.
        epoch_s: what the calendar clock shows at pump time 0, in seconds since 1970 UTC; below 0 where the clock was
            set back behind the age of the pump.
        mode: by what a running pump delivers.
        mode_rate_nl_h: the mode's rate; 0 for PROGRAM.
        mode_left_nl: the mode ends once so much more was delivered; None where no volume ends it.
        mode_until_us: the mode ends at this instant of pump time; None where no time ends it.
        beneath: what goes on after the mode, as far as its time is not over by then; None where that is the program.
    """

    program: Weekly
    epoch_s: int
    mode: Mode = Mode.PROGRAM
    mode_rate_nl_h: int = 0
    mode_left_nl: int | None = None
    mode_until_us: int | None = None
    beneath: Suspended | None = None

    def clock_s(self, now_us: int) -> int:
        """Return what the calendar clock shows, in seconds since 1970 UTC."""
        return self.epoch_s + now_us // US_PER_S

    def programmed_rate_nl_h(self, now_us: int) -> int:
        """Return the rate of the program, whatever stands over it."""
        return self.program.rate_nl_h(self._week_us(now_us))

    def rate_nl_h(self, now_us: int) -> int:
        """Return the rate that is in force while the pump is not stopped."""
        return self.programmed_rate_nl_h(now_us) if self.mode is Mode.PROGRAM else self.mode_rate_nl_h

    def next_step_us(self, now_us: int) -> int | None:
        """Return the instant at which the program comes to its next other rate; None if it has just one."""
        wait_us = self.program.until_change_us(self._week_us(now_us))
        return None if wait_us is None else now_us + wait_us

    def mode_span_us(self, now_us: int, carry: int) -> int | None:
        """Return the time until the mode ends by itself while the motor follows it; None if it does not end so.

        `carry` is the drive's: the part of a nanolitre that has flowed.
        """
        if self.mode_left_nl is not None:
            return time_until(self.mode_rate_nl_h, self.mode_left_nl, carry)
        return None if self.mode_until_us is None else max(self.mode_until_us - now_us, 0)

    def until_amount_us(self, now_us: int, carry: int, amount: int, cost: Cost) -> int | None:
        """Return the least time in which `amount` (as `Weekly` counts) comes together, the mode first; None if never."""
        if self.mode is Mode.PROGRAM or amount <= 0:
            return self.program.until_amount_us(self._week_us(now_us), amount, cost)
        per_us = cost.per_h + cost.per_nl * self.mode_rate_nl_h
        span_us = self.mode_span_us(now_us, carry)
        if span_us is None or per_us * span_us >= amount:
            return -(-amount // per_us) if per_us else None
        end_us, (_, carry) = now_us + span_us, volume_at(self.mode_rate_nl_h, span_us, carry)
        rest_us = self.after_mode().until_amount_us(end_us, carry, amount - per_us * span_us, cost)
        return None if rest_us is None else span_us + rest_us

    def until_volume_us(self, now_us: int, carry: int, volume_nl: int) -> int | None:
        """Return the least time in which `volume_nl` have flowed; None if they never will."""
        if volume_nl <= 0:
            return 0
        return self.until_amount_us(now_us, carry, volume_nl * US_PER_H - carry, FLOW)

    def delivered(self, volume_nl: int) -> Therapy:
        """Return the therapy after so much was delivered by it."""
        if not volume_nl or self.mode_left_nl is None:
            return self
        return replace(self, mode_left_nl=self.mode_left_nl - volume_nl)

    def without_mode(self) -> Therapy:
        """Return the therapy by its program alone."""
        return self if self.mode is Mode.PROGRAM else Therapy(self.program, self.epoch_s)

    def after_mode(self) -> Therapy:
        """Return the therapy once its mode is over: with what was suspended, whose time may be over too."""
        return Therapy(self.program, self.epoch_s, *(self.beneath or ()))

    @property
    def standing(self) -> tuple[tuple[Mode, int], ...]:
        """The modes over the program with their rates in nL/h, the one in force first."""
        if self.mode is Mode.PROGRAM:
            return ()
        own = (self.mode, self.mode_rate_nl_h)
        return (own,) if self.beneath is None else (own, self.beneath[:2])

    def under(
        self, mode: Mode, rate_nl_h: int, *, left_nl: int | None = None, until_us: int | None = None
    ) -> Therapy:
        """Return the therapy with another mode over its program."""
        return Therapy(self.program, self.epoch_s, mode, rate_nl_h, left_nl, until_us)

    def interrupted(self, mode: Mode, rate_nl_h: int, left_nl: int) -> Therapy:
        """Return the therapy with a volume to deliver in another mode, after which what stands now goes on."""
        beneath = None
        if self.mode is not Mode.PROGRAM:
            beneath = Suspended(self.mode, self.mode_rate_nl_h, self.mode_left_nl, self.mode_until_us)
        return replace(self.under(mode, rate_nl_h, left_nl=left_nl), beneath=beneath)

    def _week_us(self, now_us: int) -> int:
        return (self.epoch_s * US_PER_S + now_us + _THURSDAY_US) % WEEK_US
