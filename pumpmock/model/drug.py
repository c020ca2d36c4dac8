"""What a pump holds of its drug library: its drug, the concentrations that it may have, and the hard bounds of its doses.

A drug that the library does not have is held too, with no concentration: the pump stays stopped and says so (R6.9.0(4) of
the Open PCA Pump Requirements v1.0.0). docs/decisions/0032-drug-library.md
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from protocol.drugs import MOST_CONCENTRATIONS, NAME
from pumpmock.model.plain import figure, items, members, require
from pumpmock.model.reservoir import MOST_UG_ML

if TYPE_CHECKING:
    from protocol.drugs import Library
    from pumpmock.model.settings import Settings

_MOST_DOSE = 0xFFFF_FFFF  # four bytes on the wire
_TEXTS = {"library": NAME, "checksum": re.compile("[0-9a-f]{64}"), "drug": NAME}
_DOSES = ("least_dose_ug_day", "most_dose_ug_day", "least_bolus_ug", "most_bolus_ug")


@dataclass(frozen=True, slots=True)
class DrugRules:
    """A drug of a library; a bound of 0 is none.

    Attributes:
        library: what the library calls itself.
        checksum: SHA-256 of its values, in hexadecimal.
        drug: the drug's name.
        concentrations_ug_ml: those it may have, rising; none where the library does not have the drug.
        least_dose_ug_day: hard bound of the daily dose below.
        most_dose_ug_day: the same above.
        least_bolus_ug: hard bound of the dose of one bolus below.
        most_bolus_ug: the same above.
    """

    library: str
    checksum: str
    drug: str
    concentrations_ug_ml: tuple[int, ...] = ()
    least_dose_ug_day: int = 0
    most_dose_ug_day: int = 0
    least_bolus_ug: int = 0
    most_bolus_ug: int = 0

    def knows(self, concentration_ug_ml: int) -> bool:
        """Tell whether the drug may have this concentration; one of 0 is not known, so no dose can be told from a rate."""
        return concentration_ug_ml in self.concentrations_ug_ml

    def unknown(self, concentration_ug_ml: int) -> str:
        """Return why the pump stays stopped with this concentration, and what mends it, in a refusal's length."""
        if not self.concentrations_ug_ml:
            return f"the drug library has no {self.drug}: give the pump one that has it, by --drugs or --drug"
        *others, last = (str(one) for one in self.concentrations_ug_ml)
        known = f"{', '.join(others)} or {last}" if others else last
        said = f"at {concentration_ug_ml} ug/mL" if concentration_ug_ml else "of no known concentration"
        return f"{self.drug} {said} is not in the drug library: refill with {known} ug/mL"


def rules_of(library: Library, name: str) -> DrugRules:
    """Return what a pump holds of a library for the drug of this name, whether the library has it or not."""
    drug = library.drugs.get(name)
    if drug is None:
        return DrugRules(library.name, library.checksum, name)
    daily, bolus = drug.daily_dose, drug.bolus_dose
    return DrugRules(
        library.name,
        library.checksum,
        name,
        drug.concentrations_ug_ml,
        daily.lower_hard,
        daily.upper_hard,
        bolus.lower_hard,
        bolus.upper_hard,
    )


def tighter(one: int, other: int) -> int:
    """Return the lower of two upper bounds, of which 0 is none."""
    return min(one or other, other or one)


def check_drug(drug: DrugRules | None, settings: Settings) -> None:
    """Refuse a drug whose doses and the pump's own limits leave none that is allowed.

    Raises:
        ValueError: with a sentence.
    """
    if drug is None:
        return
    least = max(settings.least_dose_ug_day, drug.least_dose_ug_day)
    most = tighter(settings.most_dose_ug_day, drug.most_dose_ug_day)
    if most and least > most:
        raise ValueError(f"limits and drug library together allow {least} ug/day at least and {most} at most")


def rules_dumped(drug: DrugRules | None) -> dict[str, Any] | None:
    """Return rules as plain JSON values."""
    return None if drug is None else asdict(drug) | {"concentrations_ug_ml": [*drug.concentrations_ug_ml]}


def rules_loaded(data: object, key: str) -> DrugRules | None:
    """Return the rules in what `rules_dumped` returned.

    Raises:
        ValueError: with a sentence that begins with the key at fault.
    """
    if data is None:
        return None
    found = members(data, key, tuple(one.name for one in fields(DrugRules)))
    where = f"{key}.concentrations_ug_ml"
    concentrations = tuple(
        figure(one, where, 1, MOST_UG_ML) for one in items(found["concentrations_ug_ml"], where)
    )
    require(len(concentrations) <= MOST_CONCENTRATIONS, where, f"are more than {MOST_CONCENTRATIONS}")
    require(sorted({*concentrations}) == [*concentrations], where, "do not rise")
    library, checksum, drug = (
        _matching(found[name], f"{key}.{name}", pattern) for name, pattern in _TEXTS.items()
    )
    doses = {name: figure(found[name], f"{key}.{name}", most=_MOST_DOSE) for name in _DOSES}
    return DrugRules(library, checksum, drug, concentrations, **doses)


def _matching(value: object, key: str, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{key} is not a text of its kind")
    return value
