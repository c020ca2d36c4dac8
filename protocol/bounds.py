"""Safe bounds of a rate, and what a proposed change does against them.

Pure, and used on both sides: the pump enforces the hard limits, the monitor shows hard and soft ones before anything
is sent. A hard limit cannot be overridden; a soft one asks for a second act (R6.5.0(9) and (10) of the Open PCA Pump
Requirements v1.0.0). A change by a factor of two or more is where a slip of ten hides: the figure is to be retyped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from protocol.drugs import Range
from protocol.units import NL_PER_ML, S_PER_H, format_rate, format_span, format_volume
from protocol.vocabulary import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

_H_A_DAY = 24


@dataclass(frozen=True, slots=True)
class Bounds:
    """Hard limits by the names and units of the message `Limits`; where a limit is 0, but for the least rate, there is none."""

    least_rate_nl_h: int
    most_rate_nl_h: int
    step_up_percent: int = 0
    step_down_percent: int = 0
    day_up_percent: int = 0
    least_dose_ug_day: int = 0
    most_dose_ug_day: int = 0
    most_bolus_nl: int = 0
    least_bolus_ug: int = 0
    most_bolus_ug: int = 0
    most_day_nl: int = 0


@dataclass(frozen=True, slots=True)
class Basis:
    """What a rate is judged against, beside the bounds.

    Attributes:
        rate_nl_h: the present programmed rate, from which steps are measured; from 0, any step is allowed.
        concentration_ug_ml: of the drug in the reservoir, for the daily dose; 0 where it is not known: no dose is judged.
        day_least_nl_h: the least rate programmed within the last 24 h; None where that is not known.
        age_s: pump time since the therapy began; None where that is not known.
        increased_s: pump time since the last increase; None where that is not known, or there was none.
    """

    rate_nl_h: int
    concentration_ug_ml: int = 0
    day_least_nl_h: int | None = None
    age_s: int | None = None
    increased_s: int | None = None


@dataclass(frozen=True, slots=True)
class SoftLimits:
    """What asks for a second act: a drug's titration rules, and retyping from `retype_factor` on. Hard bounds are not judged.

    Attributes:
        step_up: an increase in per cent of the present rate.
        step_down: a decrease likewise.
        daily_dose: in ug/day; None for none.
        concentrations_ug_ml: those that the drug may have; none where that is not judged.
        first_s: from the start of a therapy to its first increase; 0 for none.
        interval_s: from one increase to the next; 0 for none.
        source: where the spans are from.
        retype_factor: the same figure is typed twice from this factor on, up or down.
    """

    step_up: Range
    step_down: Range
    daily_dose: Range | None = None
    concentrations_ug_ml: tuple[int, ...] = ()
    first_s: int = 0
    interval_s: int = 0
    source: str = ""
    retype_factor: int = 2


# Without a drug library: 20 % is the upper part of the titration band of adults, above which a step "may be excessive".
SOFT_LIMITS = SoftLimits(Range(0, 0, 10, 20, 0xFFFF, "assumption"), Range(0, 0, 10, 20, 100, "assumption"))


@dataclass(frozen=True, slots=True)
class Finding:
    """A bound that a proposal crosses: which, where it lies, and the sentence for a person."""

    reason: Refusal
    bound: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a proposal does: the hard limit it crosses if any, the soft ones, whether to retype."""

    hard: Finding | None
    soft: tuple[Finding, ...]
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


def assess(basis: Basis, proposed_nl_h: int, bounds: Bounds, soft: SoftLimits = SOFT_LIMITS) -> Assessment:
    """Judge a change of the rate to `proposed_nl_h`.

    While the pump is stopped, the basis is the rate that it would resume with.
    """
    current = basis.rate_nl_h
    return Assessment(
        hard=hard_finding(basis, proposed_nl_h, bounds),
        soft=tuple(_soft_findings(basis, proposed_nl_h, soft)),
        retype=_is_large(current, proposed_nl_h, soft.retype_factor),
        percent_tenths=_tenths(current, proposed_nl_h) if current else None,
    )


class _Limit(NamedTuple):
    """One limit of the rate: where it lies in nL/h, the bound that a refusal names, and what it is."""

    reason: Refusal
    rate_nl_h: int
    bound: int
    words: str


def hard_finding(basis: Basis, proposed_nl_h: int, bounds: Bounds) -> Finding | None:
    """Return the first hard limit of the rate that the change crosses, None if it crosses none."""
    for limit in _lower(basis, bounds):
        if proposed_nl_h < limit.rate_nl_h:
            return _finding(proposed_nl_h, limit)
    for limit in _upper(basis, bounds):
        if proposed_nl_h > limit.rate_nl_h:
            return _finding(proposed_nl_h, limit)
    return None


def allowed(basis: Basis, bounds: Bounds) -> tuple[int, int]:
    """Return the least and the greatest rate in nL/h that all hard limits together allow; none where the first is higher."""
    least = max(limit.rate_nl_h for limit in _lower(basis, bounds))
    most = min(limit.rate_nl_h for limit in _upper(basis, bounds))
    return least, most


def bolus_finding(
    volume_nl: int, duration_s: int, bounds: Bounds, concentration_ug_ml: int = 0
) -> Finding | None:
    """Return what a bolus crosses: its greatest volume, the least or greatest dose, or the greatest rate; None if none.

    Its dose is not judged where the concentration is 0, which is not known.
    """
    if bounds.most_bolus_nl and volume_nl > bounds.most_bolus_nl:
        said = (
            f"{format_volume(volume_nl)} is above the greatest bolus, {format_volume(bounds.most_bolus_nl)}"
        )
        return Finding(Refusal.BOLUS_VOLUME, bounds.most_bolus_nl, said)
    dose = volume_nl * concentration_ug_ml  # in pg
    least_ug, most_ug = bounds.least_bolus_ug, bounds.most_bolus_ug
    if dose and dose < least_ug * NL_PER_ML:
        return Finding(
            Refusal.BOLUS_DOSE, least_ug, f"the dose is less than {least_ug} ug, the least of one bolus"
        )
    if most_ug and dose > most_ug * NL_PER_ML:
        return Finding(
            Refusal.BOLUS_DOSE, most_ug, f"the dose is more than {most_ug} ug, the greatest of one bolus"
        )
    most = bounds.most_rate_nl_h
    if volume_nl * S_PER_H > most * duration_s:
        least_s = -(-volume_nl * S_PER_H // most)
        said = f"{format_volume(volume_nl)} takes {least_s} s at the greatest rate, {format_rate(most)}"
        return Finding(Refusal.DURATION, least_s, said)
    return None


def day_finding(volume_nl: int, bounds: Bounds) -> Finding | None:
    """Return the limit of any 24 h where `volume_nl`, delivered and committed together, crosses it."""
    if not bounds.most_day_nl or volume_nl <= bounds.most_day_nl:
        return None
    said = (
        f"{format_volume(volume_nl)} within 24 h is above the greatest, {format_volume(bounds.most_day_nl)}"
    )
    return Finding(Refusal.DAY_VOLUME, bounds.most_day_nl, said)


def _lower(basis: Basis, bounds: Bounds) -> list[_Limit]:
    least, dose, down = bounds.least_rate_nl_h, bounds.least_dose_ug_day, bounds.step_down_percent
    limits = [_Limit(Refusal.BELOW_LEAST, least, least, "below the least rate")]
    if dose and basis.concentration_ug_ml:
        rate = -(-dose * NL_PER_ML // (_H_A_DAY * basis.concentration_ug_ml))
        limits.append(_Limit(Refusal.BELOW_DOSE, rate, dose, f"less than {dose} ug/day"))
    if down and basis.rate_nl_h:
        rate = -(-basis.rate_nl_h * (100 - down) // 100)
        limits.append(_Limit(Refusal.STEP_DOWN, rate, rate, f"more than -{down} % in one step"))
    return limits


def _upper(basis: Basis, bounds: Bounds) -> list[_Limit]:
    most, dose, up = bounds.most_rate_nl_h, bounds.most_dose_ug_day, bounds.step_up_percent
    limits = [_Limit(Refusal.ABOVE_MOST, most, most, "above the greatest rate")]
    if dose and basis.concentration_ug_ml:
        rate = dose * NL_PER_ML // (_H_A_DAY * basis.concentration_ug_ml)
        limits.append(_Limit(Refusal.ABOVE_DOSE, rate, dose, f"more than {dose} ug/day"))
    if up and basis.rate_nl_h:
        rate = basis.rate_nl_h * (100 + up) // 100
        limits.append(_Limit(Refusal.STEP_UP, rate, rate, f"more than +{up} % in one step"))
    if bounds.day_up_percent and basis.day_least_nl_h:
        rate = basis.day_least_nl_h * (100 + bounds.day_up_percent) // 100
        limits.append(_Limit(Refusal.DAY_UP, rate, rate, f"more than +{bounds.day_up_percent} % within 24 h"))
    return limits


def _finding(proposed_nl_h: int, limit: _Limit) -> Finding:
    wanted, bound = _apart(proposed_nl_h, limit.rate_nl_h)
    if limit.reason in {Refusal.BELOW_LEAST, Refusal.ABOVE_MOST}:
        return Finding(limit.reason, limit.bound, f"{wanted} is {limit.words}, {bound}")
    end = "least" if proposed_nl_h < limit.rate_nl_h else "most"
    return Finding(limit.reason, limit.bound, f"{wanted} is {limit.words}: {bound} at the {end}")


def _apart(one_nl_h: int, other_nl_h: int) -> tuple[str, str]:
    """Print two rates so that they can be told apart, to the nL/h where it takes that."""
    texts = format_rate(one_nl_h), format_rate(other_nl_h)
    return texts if texts[0] != texts[1] else (f"{one_nl_h} nL/h", f"{other_nl_h} nL/h")


def _soft_findings(basis: Basis, proposed_nl_h: int, soft: SoftLimits) -> Iterator[Finding]:
    """Return each soft limit that a change crosses: of the drug, of the time, of the step and of the dose."""
    if proposed_nl_h == basis.rate_nl_h:
        return
    known, held = soft.concentrations_ug_ml, basis.concentration_ug_ml
    if known and held not in known:
        said = f"{held} ug/mL in the reservoir is none of the drug's concentrations"
        yield Finding(Refusal.DRUG_UNKNOWN, held, said)
    if proposed_nl_h > basis.rate_nl_h:
        yield from _early(basis.age_s, soft.first_s, f"no increase in the first {{}} ({soft.source})")
        yield from _early(basis.increased_s, soft.interval_s, f"one increase in {{}} ({soft.source})")
    yield from _step_findings(basis.rate_nl_h, proposed_nl_h, soft)
    if soft.daily_dose is not None and held:
        yield from _dose_findings(proposed_nl_h * held, soft.daily_dose, held)


def _early(passed_s: int | None, span_s: int, words: str) -> Iterator[Finding]:
    if passed_s is not None and passed_s < span_s:
        left_s = span_s - passed_s
        hours, rest = divmod(span_s, S_PER_H)
        span = format_span(span_s) if rest else f"{hours} h"
        yield Finding(Refusal.TOO_SOON, left_s, f"{words.format(span)}: {format_span(left_s)} left")


def _step_findings(current_nl_h: int, proposed_nl_h: int, soft: SoftLimits) -> Iterator[Finding]:
    up = proposed_nl_h > current_nl_h
    name, bounds = ("step up", soft.step_up) if up else ("step down", soft.step_down)
    reason, sign = (Refusal.STEP_UP, 1) if up else (Refusal.STEP_DOWN, -1)
    if not current_nl_h:  # from nothing there is no step
        return
    # Rates are whole nL/h, so that +20 % as typed in mL/day may lie a nL/h above: half an nL/h is allowed for each rate.
    step = 200 * abs(proposed_nl_h - current_nl_h)
    for percent, beyond, side, where in (
        (
            bounds.upper_soft,
            step > 2 * bounds.upper_soft * current_nl_h + 200 + bounds.upper_soft,
            "above",
            "upper",
        ),
        (
            bounds.lower_soft,
            step < 2 * bounds.lower_soft * current_nl_h - 200 - bounds.lower_soft,
            "below",
            "lower",
        ),
    ):
        if beyond:
            said = f"the {name} is {side} its {where} soft limit, {percent} % ({bounds.source})"
            yield Finding(reason, current_nl_h * (100 + sign * percent) // 100, said)


def _dose_findings(dose_h: int, bounds: Range, concentration_ug_ml: int) -> Iterator[Finding]:
    """Judge a dose in pg an hour, to half an nL/h."""
    a_day, half = 2 * dose_h * _H_A_DAY, concentration_ug_ml * _H_A_DAY
    for reason, limit, beyond, words in (
        (
            Refusal.ABOVE_DOSE,
            bounds.upper_soft,
            a_day - half > 2 * bounds.upper_soft * NL_PER_ML,
            "above its upper",
        ),
        (
            Refusal.BELOW_DOSE,
            bounds.lower_soft,
            a_day + half < 2 * bounds.lower_soft * NL_PER_ML,
            "below its lower",
        ),
    ):
        if beyond:
            yield Finding(
                reason, limit, f"the daily dose is {words} soft limit, {limit} ug/day ({bounds.source})"
            )


def _tenths(current_nl_h: int, proposed_nl_h: int) -> int:
    """Return the change in tenths of a per cent of the present rate, rounded to the nearest."""
    return (2000 * (proposed_nl_h - current_nl_h) + current_nl_h) // (2 * current_nl_h)


def _is_large(current_nl_h: int, proposed_nl_h: int, factor: int) -> bool:
    # A rate is a rounded figure: half of 0.500 mL/day as typed is 0.250 mL/day, a nL/h more than half of 20,833.
    return proposed_nl_h >= factor * (current_nl_h - 1) or current_nl_h >= factor * (proposed_nl_h - 1)
