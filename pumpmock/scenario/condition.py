"""`when = "rate > 0.6 mL/day"`: a comparison of one figure of a request. Nothing is evaluated but that."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from protocol.strict_toml import meant, shown
from protocol.units import parse_concentration, parse_rate, parse_span, parse_volume
from protocol.vocabulary import ChangeKind
from pumpmock.scenario.words import member_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.messages import Change

_COMPARISON = re.compile(r"\s*(?P<figure>[a-z_]+)\s*(?P<sign>[<>=!]{1,2})\s*(?P<value>.+?)\s*")
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
# Figure: the field of the change, and how it is read.
FIGURES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "kind": ("kind", member_of(ChangeKind, "a kind of change")),
    "rate": ("rate_nl_h", parse_rate),
    "volume": ("volume_nl", parse_volume),
    "duration": ("duration_s", parse_span),
    "withdrawn": ("withdrawn_nl", parse_volume),
    "concentration": ("concentration_ug_ml", parse_concentration),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of a figure of the change that a request is about; of one that is about none it does not hold."""

    field: str
    sign: str
    value: Any

    def holds(self, change: Change | None) -> bool:
        """Tell whether it does."""
        return change is not None and _SIGNS[self.sign](getattr(change, self.field), self.value)


def parse_condition(text: str) -> Condition:
    """Read a comparison.

    Raises:
        ValueError: with a sentence that says how to write it.
    """
    found = _COMPARISON.fullmatch(text)
    if found is None or found["sign"] not in _SIGNS:
        raise ValueError('it compares a figure of the change: write "volume > 50 uL", say')
    if found["figure"] not in FIGURES:
        raise ValueError(
            f"{shown(found['figure'])} is no figure of a change; {meant(found['figure'], FIGURES)}"
        )
    field, parse = FIGURES[found["figure"]]
    return Condition(field, found["sign"], parse(found["value"]))
