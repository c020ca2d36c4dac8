"""What a change asks for: each figure with its label, its parser and the option of the command."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from monitor.kinds.days import parse_days, parse_instant, parse_steps
from protocol.messages import STEPS_A_DAY
from protocol.units import (
    NL_PER_ML,
    format_volume,
    ml_day,
    parse_concentration,
    parse_mass,
    parse_rate,
    parse_span,
    parse_volume,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.kinds.ground import Ground


def _as_read(value: Any, _ground: Ground) -> Any:  # noqa: ANN401 - a field's own type, an integer or a pattern
    return value


@dataclass(frozen=True, slots=True)
class Field:
    """One figure of a change.

    Attributes:
        name: the field of `protocol.messages.Change` that it fills.
        label: before the field on the screen, 17 characters at the most.
        what: in the command's help, in capitals: "RATE".
        about: one sentence of help.
        example: as it is typed.
        read: turns text into a value; ValueError with a sentence where it can't.
        settle: makes of that value the one that is sent, by what is known of the pump; ValueError likewise.
        hint: what stands behind the field on the screen.
        unit: what a bare figure on the screen is given in; empty where it needs one of its own.
        option: of the command; empty where it is its argument.
        default: the text that stands for an empty field; None where one is wanted.
        rows: lines of the table that it is typed into on the screen; 0 for one field.
    """

    name: str
    label: str
    what: str
    about: str
    example: str
    read: Callable[[str], Any]
    settle: Callable[[Any, Ground], Any] = field(default=_as_read)
    hint: Callable[[Ground], str] = field(default=lambda _: "")
    unit: str = ""
    option: str = ""
    default: str | None = None
    rows: int = 0

    def typed(self, text: str) -> str:
        """Return what was typed on the screen with the unit that its label promises, and the default where it is empty."""
        if not text.strip() and self.default is not None:
            return self.default
        return with_unit(text, self.unit)

    def value(self, text: str, ground: Ground) -> Any:  # noqa: ANN401 - as above
        """Return the value of the change's field.

        Raises:
            ValueError: with a sentence that says how to write it, or what it lacks.
        """
        return self.settle(self.read(text), ground)


def with_unit(text: str, unit: str) -> str:
    """Return a figure with its unit: a bare one gets `unit`, another keeps its own."""
    cleaned = text.strip()
    bare = unit and cleaned and not any(char.isalpha() for char in cleaned)
    return f"{cleaned} {unit}" if bare else cleaned


def _rate_hint(ground: Ground) -> str:
    bounds = ground.rules.bounds(ground.status)
    return f"{ml_day(bounds.least_rate_nl_h)} to {ml_day(bounds.most_rate_nl_h)}, steps of 0.001"


def _read_dose(text: str) -> tuple[str, int]:
    is_mass = text.strip().endswith("g")
    return ("mass", parse_mass(text)) if is_mass else ("volume", parse_volume(text))


def _dose_nl(read: tuple[str, int], ground: Ground) -> int:
    """Return the volume of a dose in nL, to the nearest."""
    kind, amount = read
    held = ground.status.concentration_ug_ml
    if kind == "volume":
        return amount
    if not held:
        raise ValueError("the pump does not know the concentration of its drug: give the bolus as a volume")
    return (2 * amount * NL_PER_ML + held) // (2 * held)


def _dose_hint(ground: Ground) -> str:
    held = ground.status.concentration_ug_ml
    return f"ug or mL, at {held} ug/mL" if held else "mL"


def _read_concentration(text: str) -> int | None:
    return parse_concentration(text) if text else None


def _concentration(read: int | None, ground: Ground) -> int:
    return ground.status.concentration_ug_ml if read is None else read


def _concentration_hint(ground: Ground) -> str:
    held = ground.status.concentration_ug_ml
    return f"empty: {held} ug/mL, as it is" if held else "empty: not known, as it is"


def _instant(read: int | None, ground: Ground) -> int:
    return ground.host_s if read is None else read


RATE = Field(
    *("rate_nl_h", "New rate, mL/day", "RATE", "A flow rate.", "0.6 mL/day", parse_rate),
    hint=_rate_hint,
    unit="mL/day",
)
TEMPORARY = Field(
    *("rate_nl_h", "Rate, mL/day", "RATE", "A flow rate.", "0.8 mL/day", parse_rate),
    hint=_rate_hint,
    unit="mL/day",
)
SPAN = Field(
    *("duration_s", "For", "SPAN", "How long; then the program goes on.", "2 h", parse_span),
    hint=lambda _: "h, min or s; then the program",
    option="--for",
)
DOSE = Field(
    *("volume_nl", "Dose", "DOSE", "A dose or a volume.", "50 ug", _read_dose, _dose_nl),
    hint=_dose_hint,
)
OVER = Field(
    *("duration_s", "Over", "SPAN", "Within which it is delivered.", "30 min", parse_span),
    hint=lambda _: "h, min or s",
    option="--over",
)
PRIME_VOLUME = Field(
    *("volume_nl", "Volume, mL", "VOLUME", "From the pump to the tip.", "0.2 mL", parse_volume),
    hint=lambda _: "from the pump to the catheter's tip",
    unit="mL",
)
BRIDGE_VOLUME = Field(
    *("volume_nl", "Volume, mL", "VOLUME", "Of old drug on its way.", "0.25 mL", parse_volume),
    hint=lambda _: "of the old drug on its way",
    unit="mL",
)
BRIDGE_RATE = Field(
    *("rate_nl_h", "Rate, mL/day", "RATE", "At which the old drug flows.", "0.4 mL/day", parse_rate),
    hint=_rate_hint,
    unit="mL/day",
    option="--at",
)
WITHDRAWN = Field(
    *("withdrawn_nl", "Withdrawn, mL", "VOLUME", "What was in the syringe.", "1.9 mL", parse_volume),
    hint=lambda g: f"expected {format_volume(g.status.reservoir_nl)}",
    unit="mL",
    option="--withdrawn",
)
FILLED = Field(
    *("volume_nl", "Filled, mL", "VOLUME", "What was filled in.", "18 mL", parse_volume),
    hint=lambda g: f"holds {format_volume(g.status.capacity_nl)}",
    unit="mL",
    option="--filled",
)
CONCENTRATION = Field(
    *("concentration_ug_ml", "Conc., ug/mL", "CONCENTRATION", "Of the drug filled in, where it is another."),
    *("500 ug/mL", _read_concentration, _concentration),
    hint=_concentration_hint,
    unit="ug/mL",
    option="--concentration",
    default="",
)
CLOCK = Field(
    *("clock_s", "Time, UTC", "TIME", "now, by this computer, or a time in UTC.", "2026-11-29 12:00"),
    *(parse_instant, _instant),
    hint=lambda _: "now, or 2026-11-29 12:00",
)
DAYS = Field(
    *("weekdays", "Days", "DAYS", "The weekdays that get this pattern.", "Mon-Fri", parse_days),
    hint=lambda _: "all, or Mon-Fri; the others stay",
    option="--days",
    default="all",
)
STEPS = Field(
    *("steps", "From", "STEPS", "The day's pattern, by the pump's clock, UTC."),
    *("00:00 0.5 mL/day, 06:00 0.6 mL/day", parse_steps),
    option="--steps",
    rows=STEPS_A_DAY,
)
