"""By what a host judges a change before it asks the pump: a drug of the library, and the class of patients it is for.

The pump enforces its own limits whatever a host thinks. Here are the soft ones, and the drug's hard bounds, beyond which
a host does not even ask.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from protocol.bounds import SOFT_LIMITS, Assessment, Basis, Bounds, Finding, SoftLimits, assess
from protocol.drugs import PatientClass
from protocol.units import NL_PER_ML, US_PER_S, format_span
from protocol.vocabulary import EventKind, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from protocol.drugs import Drug, Range
    from protocol.messages import EventRecord, Status


@dataclass(frozen=True, slots=True)
class Rules:
    """A drug and a class of patients that it has a titration for; without a drug, a step of 20 % is the soft limit."""

    drug: Drug | None = None
    patient: PatientClass = PatientClass.SPINAL

    @property
    def soft(self) -> SoftLimits:
        """The soft limits of a change of the rate."""
        drug = self.drug
        if drug is None:
            return SOFT_LIMITS
        titration = drug.titration[self.patient]
        return replace(
            SOFT_LIMITS,
            step_up=titration.step_up,
            step_down=drug.step_down,
            daily_dose=drug.daily_dose,
            concentrations_ug_ml=drug.concentrations_ug_ml,
            first_s=titration.first_s,
            interval_s=titration.interval_s,
            source=titration.source,
        )

    def bounds(self, status: Status) -> Bounds:
        """Return the pump's hard limits as a reading has them, and the drug's where they are tighter."""
        pump = Bounds(
            status.least_rate_nl_h, status.most_rate_nl_h, status.step_up_percent, status.step_down_percent
        )
        drug = self.drug
        if drug is None:
            return pump
        up, down = drug.titration[self.patient].step_up.upper_hard, drug.step_down.upper_hard
        return replace(
            pump,
            step_up_percent=min(pump.step_up_percent or up, up),
            step_down_percent=min(pump.step_down_percent or down, down),
            least_dose_ug_day=drug.daily_dose.lower_hard,
            most_dose_ug_day=drug.daily_dose.upper_hard,
        )

    def assess(self, status: Status, events: Iterable[EventRecord], proposed_nl_h: int) -> Assessment:
        """Judge a change of the rate.

        Args:
            status: the pump as the operator sees it.
            events: its log, as far back as it is known: an increase is looked for in it.
            proposed_nl_h: the rate wanted.
        """
        now_us = (
            status.pump_time_us
        )  # since the pump's first start, the best that a host knows of the therapy's
        basis = Basis(
            status.programmed_rate_nl_h,
            status.concentration_ug_ml,
            age_s=now_us // US_PER_S,
            increased_s=_since_s(now_us, events, _is_increase),
        )
        return assess(basis, proposed_nl_h, self.bounds(status), self.soft)

    def assess_bolus(
        self, status: Status, events: Iterable[EventRecord], volume_nl: int, duration_s: int
    ) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
        """Judge a bolus: the drug's hard bounds that it crosses, and the soft ones.

        At the concentration of a screening trial it is a screening dose, with bounds of its own and a wait between two.
        Its dose is not judged where the concentration is not known.

        Args:
            status: the pump as the operator sees it.
            events: its log, as far back as it is known.
            volume_nl: of the bolus.
            duration_s: within which it is delivered.
        """
        drug, held = self.drug, status.concentration_ug_ml
        if drug is None:
            return (), ()
        trial = drug.screening if drug.screening and held == drug.screening.concentration_ug_ml else None
        name, bounds = ("bolus dose", drug.bolus_dose) if trial is None else ("screening dose", trial.dose)
        dose = _Figure(name, Refusal.BOLUS_DOSE, volume_nl * held, NL_PER_ML, "{} ug".format)
        span = _Figure("bolus duration", Refusal.DURATION, duration_s, 1, format_span)
        figures = ((dose, bounds), (span, drug.bolus_duration)) if held else ((span, drug.bolus_duration),)
        hard = tuple(found for one, five in figures for found in one.hard(five))
        soft = [found for one, five in figures for found in one.soft(five)]
        since_s = _since_s(status.pump_time_us, events, lambda record: record.kind == EventKind.BOLUS)
        if trial is not None and since_s is not None and since_s < trial.interval_s:
            left_s = trial.interval_s - since_s
            said = f"screening doses are {format_span(trial.interval_s)} apart ({trial.source})"
            soft.append(Finding(Refusal.TOO_SOON, left_s, f"{said}: {format_span(left_s)} left"))
        return hard, tuple(soft)


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure that five bounds are for: its value in parts, so many to the unit of the bounds."""

    name: str
    reason: Refusal
    value: int
    parts: int
    words: Callable[[int], str]

    def hard(self, five: Range) -> Iterator[Finding]:
        """Return the hard bound that it crosses."""
        return self._crossed(five.lower_hard, five.upper_hard, "hard", five.source)

    def soft(self, five: Range) -> Iterator[Finding]:
        """Return the soft bound that it crosses."""
        return self._crossed(five.lower_soft, five.upper_soft, "soft", five.source)

    def _crossed(self, lower: int, upper: int, kind: str, source: str) -> Iterator[Finding]:
        for bound, beyond, words in (
            (lower, self.value < lower * self.parts, "below its lower"),
            (upper, self.value > upper * self.parts, "above its upper"),
        ):
            if beyond:
                said = f"the {self.name} is {words} {kind} limit, {self.words(bound)} ({source})"
                yield Finding(self.reason, bound, said)


def _is_increase(record: EventRecord) -> bool:
    return record.kind == EventKind.RATE_CHANGED and record.b > record.a


def _since_s(now_us: int, events: Iterable[EventRecord], wanted: Callable[[EventRecord], bool]) -> int | None:
    """Return the whole seconds of pump time since the newest of the wanted entries; None where there is none."""
    newest_us = max((record.pump_time_us for record in events if wanted(record)), default=None)
    return None if newest_us is None else max(now_us - newest_us, 0) // US_PER_S
