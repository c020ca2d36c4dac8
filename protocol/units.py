"""Quantities as people write them, as integers: the only place where decimal text is read or printed.

Volumes are nanolitres, rates nanolitres per hour, times microseconds. Text is read strictly: a point for the decimal,
a leading zero, a unit, no sign, no exponent, nothing rounded away that was typed. A figure that is refused is refused
with the sentence that mends it, because a misplaced decimal point is the classic slip at an infusion pump.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

NL_PER_ML = 1_000_000
S_PER_H = 3_600
US_PER_S = 1_000_000
US_PER_H = S_PER_H * US_PER_S
US_PER_DAY = 24 * US_PER_H

_NUMBER = r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?"
_QUANTITY = re.compile(rf"(?P<number>{_NUMBER})(?P<space> ?)(?P<unit>[^\s0-9.,].*)")
_BARE = re.compile(_NUMBER)
_LONGEST = 15  # characters of a number; longer ones are slips, and Decimal would round them


class QuantityError(ValueError):
    """What was typed is not a quantity that can be taken; the message says how to write it."""


@dataclass(frozen=True, slots=True)
class Unit:
    """How one unit converts: `numerator / denominator` base units each, at most `decimals` decimals typed."""

    numerator: int
    denominator: int
    decimals: int


# A rate in mL/day is taken in steps of 0.001 mL/day, which is 41.67 nL/h: the nearest nL/h prints back as typed.
# docs/decisions/0004-rates-in-integers.md
RATE_UNITS = {
    "mL/day": Unit(NL_PER_ML, 24, 3),
    "uL/h": Unit(1_000, 1, 3),
    "nL/h": Unit(1, 1, 0),
}
VOLUME_UNITS = {
    "mL": Unit(NL_PER_ML, 1, 6),
    "uL": Unit(1_000, 1, 3),
    "nL": Unit(1, 1, 0),
}
PERCENT_UNITS = {"%": Unit(1, 1, 0)}
MASS_UNITS = {"ug": Unit(1, 1, 0), "mg": Unit(1_000, 1, 3)}
DOSE_UNITS = {"ug/day": Unit(1, 1, 0), "mg/day": Unit(1_000, 1, 3)}
CONCENTRATION_UNITS = {"ug/mL": Unit(1, 1, 0), "mg/mL": Unit(1_000, 1, 3)}
SPAN_UNITS = {"s": Unit(1, 1, 0), "min": Unit(60, 1, 0), "h": Unit(3_600, 1, 0)}
WALL_UNITS = {"ms": Unit(1, 1, 0), "s": Unit(1_000, 1, 3), "min": Unit(60_000, 1, 0)}
AGE_UNITS = {"h": Unit(1, 1, 0), "days": Unit(24, 1, 0), "years": Unit(8_766, 1, 3)}  # of 365.25 days
SHARE_UNITS = {"%": Unit(10_000, 1, 4), "ppm": Unit(1, 1, 0)}
VOLTAGE_UNITS = {"mV": Unit(1, 1, 0), "V": Unit(1_000, 1, 3)}
_SPELLINGS = {
    "µL/h": "uL/h",
    "μL/h": "uL/h",
    "mL/d": "mL/day",
    "day": "days",
    "year": "years",
    "µL": "uL",
    "μL": "uL",
    "µg": "ug",
    "μg": "ug",
    "µg/day": "ug/day",
    "μg/day": "ug/day",
    "ug/d": "ug/day",
    "mg/d": "mg/day",
    "µg/mL": "ug/mL",
    "μg/mL": "ug/mL",
}


def parse_rate(text: str) -> int:
    """Read a flow rate such as "0.5 mL/day" or "25 uL/h" as nL/h.

    Raises:
        QuantityError: with a sentence that says how to write it.
    """
    return _parse(text, RATE_UNITS, "a rate", "0.5 mL/day")


def parse_volume(text: str) -> int:
    """Read a volume such as "18 mL" as nanolitres.

    Raises:
        QuantityError: with a sentence that says how to write it.
    """
    return _parse(text, VOLUME_UNITS, "a volume", "18 mL")


def parse_dose(text: str) -> int:
    """Read a daily dose such as "300 ug/day" as micrograms a day.

    Raises:
        QuantityError: with a sentence that says how to write it.
    """
    return _parse(text, DOSE_UNITS, "a daily dose", "300 ug/day")


def parse_mass(text: str) -> int:
    """Read the dose of a bolus such as "50 ug" as micrograms.

    Raises:
        QuantityError: with a sentence that says how to write it.
    """
    return _parse(text, MASS_UNITS, "a dose", "50 ug")


def parse_concentration(text: str) -> int:
    """Read a concentration such as "500 ug/mL" as micrograms per millilitre.

    Raises:
        QuantityError: with a sentence that says how to write it.
    """
    return _parse(text, CONCENTRATION_UNITS, "a concentration", "500 ug/mL")


def parse_span(text: str) -> int:
    """Read a span of time such as "60 s" or "10 min" as seconds.

    Raises:
        QuantityError: with a sentence that says how to write it.
    """
    return _parse(text, SPAN_UNITS, "a span of time", "60 s")


def parse_wall(text: str) -> int:
    """Read a span of wall time such as "300 ms" or "2.5 s" as milliseconds.

    Raises:
        QuantityError: with a sentence that says how to write it.
    """
    return _parse(text, WALL_UNITS, "a span of wall time", "300 ms")


def parse_age(text: str) -> int:
    """Read an age such as "90 days" or "7 years" as hours.

    Raises:
        QuantityError: with a sentence that says how to write it.
    """
    return _parse(text, AGE_UNITS, "an age", "7 years")


def parse_voltage(text: str) -> int:
    """Read a voltage such as "3100 mV" as millivolts.

    Raises:
        QuantityError: with a sentence that says how to write it.
    """
    return _parse(text, VOLTAGE_UNITS, "a voltage", "3100 mV")


def parse_share(text: str) -> int:
    """Read a share such as "14.5 %" as parts in a million.

    Raises:
        QuantityError: with a sentence that says how to write it.
    """
    return _parse(text, SHARE_UNITS, "a share", "14.5 %")


def parse_deviation(text: str) -> int:
    """Read a share with or without a sign, such as "-2.4 %", as parts in a million.

    Raises:
        QuantityError: with a sentence that says how to write it.
    """
    cleaned = text.strip()
    negative = cleaned.startswith(("-", "\u2212"))
    share = parse_share(cleaned[1:] if negative or cleaned.startswith("+") else cleaned)
    return -share if negative else share


def parse_percent(text: str, most: int = 100) -> int:
    """Read "80 %" as 80; 0 to `most`.

    Raises:
        QuantityError: with a sentence that says how to write it.
    """
    value = _parse(text, PERCENT_UNITS, "a percentage", "80 %")
    if value > most:
        raise QuantityError(f'"{_shown(text)}" is more than there is: 0 % to {most} %')
    return value


def parse_decimal(text: str, decimals: int) -> int:
    """Read a plain number such as "2.5" with at most `decimals` decimals, scaled by ten to that power.

    Raises:
        QuantityError: with a sentence that says how to write it.
    """
    cleaned = text.strip()
    if not _BARE.fullmatch(cleaned):
        raise QuantityError(
            _explain_number(cleaned, "") or f'"{_shown(cleaned)}" is not a number: write 2.5, say'
        )
    value = _decimal(cleaned).scaleb(decimals)
    if value != value.to_integral_value():
        raise QuantityError(f'"{cleaned}" is finer than {Decimal(1).scaleb(-decimals)}')
    return int(value)


def _parse(text: str, units: dict[str, Unit], what: str, example: str) -> int:
    cleaned = text.strip()
    match = _QUANTITY.fullmatch(cleaned)
    if match is None:
        raise QuantityError(_explain(cleaned, units, what, example))
    name = _SPELLINGS.get(match["unit"], match["unit"])
    unit = units.get(name)
    if unit is None:
        raise QuantityError(_explain_unit(match["number"], match["unit"], units, what))
    number = _decimal(match["number"])
    if number != number.quantize(Decimal(1).scaleb(-unit.decimals)):
        step = Decimal(1).scaleb(-unit.decimals)
        raise QuantityError(
            f'"{_shown(cleaned)}" is finer than {what} can be given in {name}: steps of {step} {name}'
        )
    scaled = number.scaleb(unit.decimals)
    numerator, denominator = int(scaled) * unit.numerator, unit.denominator * int(10**unit.decimals)
    return (2 * numerator + denominator) // (2 * denominator)


def _decimal(number: str) -> Decimal:
    if len(number) > _LONGEST:
        raise QuantityError(f'"{_shown(number)}" has too many digits: {_LONGEST} at the most')
    return Decimal(number)


def _explain(text: str, units: dict[str, Unit], what: str, example: str) -> str:
    if not text:
        return f'nothing was given where {what} was expected: write "{example}", say'
    if _BARE.fullmatch(text):
        return f'"{_shown(text)}" has no unit: write "{_shown(text)} {next(iter(units))}", say'
    number, _, unit = text.partition(" ")
    said = _explain_number(number, unit)
    return said or f'"{_shown(text)}" is not {what}: write it like "{example}"'


def _explain_number(number: str, unit: str) -> str:
    tail = f" {unit}" if unit else ""
    if re.fullmatch(rf"[-\u2212]{_NUMBER}.*", number):
        return f'"{_shown(number + tail)}" is negative; only zero or more can be taken'
    if re.fullmatch(r"[0-9]+,[0-9]+.*", number):
        mended = _shown(number.replace(",", ".") + tail)
        return f'"{_shown(number + tail)}" has a decimal comma: write a point, "{mended}"'
    if re.match(r"\.[0-9]", number):
        return f'"{_shown(number + tail)}" lacks its leading zero: write "{_shown("0" + number + tail)}"'
    if re.match(r"0[0-9]", number):
        return f'"{_shown(number + tail)}" has a needless leading zero, which hides slips of ten'
    if re.fullmatch(r"[0-9.]+[eE][-+]?[0-9]+", number):
        return f'"{_shown(number + tail)}" has an exponent: write the figure out'
    return ""


def _explain_unit(number: str, unit: str, units: dict[str, Unit], what: str) -> str:
    if re.match(r"[eE][-+]?[0-9]", unit):
        return f'"{_shown(number + unit)}" has an exponent: write the figure out'
    names = {**dict(zip(units, units, strict=True)), **_SPELLINGS}
    folded = {spelling.lower(): name for spelling, name in names.items() if name in units}
    near = difflib.get_close_matches(unit.lower(), folded, n=1, cutoff=0.5)
    close = f'did you mean "{_shown(number)} {folded[near[0]]}"?' if near else ""
    known = "it is given in " + " or ".join(units)
    return f'"{_shown(unit)}" is not a unit of {what}; {close or known}'


def _shown(text: str) -> str:
    """Return `text` fit for a terminal: printable, and not longer than a line."""
    clean = "".join(c if c.isprintable() else "?" for c in text)
    return clean if len(clean) <= 40 else clean[:39] + "…"  # noqa: PLR2004 - half a line


def ml_day(rate_nl_h: int, decimals: int = 3) -> str:
    """Print a rate as a bare figure in mL/day, rounded to the nearest step: 20833 -> "0.500"."""
    return _fixed(Decimal(rate_nl_h * 24) / NL_PER_ML, decimals, ROUND_HALF_UP)


def ml(volume_nl: int, decimals: int = 2) -> str:
    """Print a volume as a bare figure in mL, rounded down: what is shown is there. 4999999 -> "4.99"."""
    return _fixed(Decimal(volume_nl) / NL_PER_ML, decimals, ROUND_DOWN)


def format_rate(rate_nl_h: int) -> str:
    """Print a rate with its unit: 20833 -> "0.500 mL/day"."""
    return f"{ml_day(rate_nl_h)} mL/day"


def format_volume(volume_nl: int) -> str:
    """Print a volume with its unit, rounded down: 18000000 -> "18.00 mL"."""
    return f"{ml(volume_nl)} mL"


def format_span(seconds: int) -> str:
    """Print a time span in its two largest units: 14 -> "14 s", 5000 -> "1 h 23 min", 700000 -> "8 d 2 h"."""
    minutes, s = divmod(seconds, 60)
    hours, m = divmod(minutes, 60)
    days, h = divmod(hours, 24)
    if days:
        return f"{days} d {h} h"
    if hours:
        return f"{hours} h {m} min"
    return f"{m} min {s} s" if minutes else f"{s} s"


def _fixed(value: Decimal, decimals: int, rounding: str) -> str:
    return format(value.quantize(Decimal(1).scaleb(-decimals), rounding=rounding), "f")


def volume_at(rate_nl_h: int, elapsed_us: int, carry: int = 0) -> tuple[int, int]:
    """Return the whole nanolitres that flow in `elapsed_us` and the remainder to carry on.

    The carry counts in nL/h times microseconds, 0 to 3.6e9 - 1; with it, any cut of a time span gives the same sum.
    """
    return divmod(rate_nl_h * elapsed_us + carry, US_PER_H)


def time_until(rate_nl_h: int, volume_nl: int, carry: int = 0) -> int | None:
    """Return the least microseconds after which `volume_nl` have flowed; None if they never will."""
    if volume_nl <= 0:
        return 0
    if rate_nl_h == 0:
        return None
    return -(-(volume_nl * US_PER_H - carry) // rate_nl_h)
