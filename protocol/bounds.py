"""Safe bounds of a rate, and what a proposed change does against them.

Pure, and used on both sides: the pump enforces the hard limits, the monitor shows hard and soft ones before anything
is sent. A hard limit cannot be overridden; a soft one asks for a second act (R6.5.0(9) and (10) of the Open PCA Pump
Requirements v1.0.0). A change by a factor of two or more is where a slip of ten hides: the figure is to be retyped.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.messages import Refusal
from protocol.units import format_rate


@dataclass(frozen=True, slots=True)
class Bounds:
    """Hard limits: rates in nL/h, steps in per cent of the present rate (0: no limit of the step)."""

    least_rate_nl_h: int
    most_rate_nl_h: int
    step_up_percent: int = 0
    step_down_percent: int = 0


@dataclass(frozen=True, slots=True)
class SoftLimits:
    """What asks for a second act: steps over `step_percent`, and retyping from `retype_factor` on.

    20 % is an assumption: the upper part of the titration band of adults, above which a step "may be excessive".
    """

    step_percent: int = 20
    retype_factor: int = 2


SOFT_LIMITS = SoftLimits()


@dataclass(frozen=True, slots=True)
class Finding:
    """A bound that a proposal crosses: which, where it lies, and the sentence for a person."""

    reason: Refusal
    bound: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a proposal does: the hard limit it crosses if any, the soft one, whether to retype."""

    hard: Finding | None
    soft: Finding | None
    retype: bool
    percent_tenths: int | None

    @property
    def change(self) -> str:
        """The step in words: "+30.0 %"; from zero there is no percentage."""
        if self.percent_tenths is None:
            return "from zero"
        sign = "-" if self.percent_tenths < 0 else "+"
        whole, tenth = divmod(abs(self.percent_tenths), 10)
        return f"{sign}{whole}.{tenth} %"


def assess(
    current_nl_h: int, proposed_nl_h: int, bounds: Bounds, soft: SoftLimits = SOFT_LIMITS
) -> Assessment:
    """Judge a change of the rate from `current_nl_h` to `proposed_nl_h`.

    While the pump is stopped, `current_nl_h` is the rate that it would resume with.
    """
    return Assessment(
        hard=hard_finding(current_nl_h, proposed_nl_h, bounds),
        soft=_soft_finding(current_nl_h, proposed_nl_h, soft),
        retype=_is_large(current_nl_h, proposed_nl_h, soft.retype_factor),
        percent_tenths=_tenths(current_nl_h, proposed_nl_h) if current_nl_h else None,
    )


def hard_finding(current_nl_h: int, proposed_nl_h: int, bounds: Bounds) -> Finding | None:
    """Return the first hard limit that the change crosses, None if it crosses none."""
    least, most = bounds.least_rate_nl_h, bounds.most_rate_nl_h
    if proposed_nl_h < least:
        wanted, bound = _apart(proposed_nl_h, least)
        return Finding(Refusal.BELOW_LEAST, least, f"{wanted} is below the least rate, {bound}")
    if proposed_nl_h > most:
        wanted, bound = _apart(proposed_nl_h, most)
        return Finding(Refusal.ABOVE_MOST, most, f"{wanted} is above the greatest rate, {bound}")
    return _step_finding(current_nl_h, proposed_nl_h, bounds)


def _step_finding(current_nl_h: int, proposed_nl_h: int, bounds: Bounds) -> Finding | None:
    highest = current_nl_h * (100 + bounds.step_up_percent) // 100
    if bounds.step_up_percent and proposed_nl_h > highest:
        said = f"{format_rate(proposed_nl_h)} is more than +{bounds.step_up_percent} % in one step"
        return Finding(Refusal.STEP_UP, highest, f"{said}: {format_rate(highest)} at the most")
    lowest = -(-current_nl_h * (100 - bounds.step_down_percent) // 100)
    if bounds.step_down_percent and proposed_nl_h < lowest:
        said = f"{format_rate(proposed_nl_h)} is more than -{bounds.step_down_percent} % in one step"
        return Finding(Refusal.STEP_DOWN, lowest, f"{said}: {format_rate(lowest)} at the least")
    return None


def _apart(one_nl_h: int, other_nl_h: int) -> tuple[str, str]:
    """Print two rates so that they can be told apart, to the nL/h where it takes that."""
    texts = format_rate(one_nl_h), format_rate(other_nl_h)
    return texts if texts[0] != texts[1] else (f"{one_nl_h} nL/h", f"{other_nl_h} nL/h")


def _soft_finding(current_nl_h: int, proposed_nl_h: int, soft: SoftLimits) -> Finding | None:
    step = soft.step_percent
    # Rates are whole nL/h, so that +20 % as typed in mL/day may lie a nL/h above: half an nL/h is allowed for each rate.
    if 200 * (proposed_nl_h - current_nl_h) > 2 * step * current_nl_h + 200 + step:
        return Finding(Refusal.STEP_UP, current_nl_h * (100 + step) // 100, f"larger than a {step} % step")
    if 200 * (current_nl_h - proposed_nl_h) > 2 * step * current_nl_h + 200 + step:
        return Finding(Refusal.STEP_DOWN, current_nl_h * (100 - step) // 100, f"larger than a {step} % step")
    return None


def _tenths(current_nl_h: int, proposed_nl_h: int) -> int:
    """Return the change in tenths of a per cent of the present rate, rounded to the nearest."""
    return (2000 * (proposed_nl_h - current_nl_h) + current_nl_h) // (2 * current_nl_h)


def _is_large(current_nl_h: int, proposed_nl_h: int, factor: int) -> bool:
    # A rate is a rounded figure: half of 0.500 mL/day as typed is 0.250 mL/day, a nL/h more than half of 20,833.
    return proposed_nl_h >= factor * (current_nl_h - 1) or current_nl_h >= factor * (proposed_nl_h - 1)
