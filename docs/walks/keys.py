"""The keys of the dashboard and of the fleet, as their help has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docs.walks.stage import Told
from monitor.ui.screens import fleet_help
from monitor.ui.screens import help as pump_help

if TYPE_CHECKING:
    from collections.abc import Iterable


def keys() -> Told:
    """Return both tables."""
    told = Told()
    for where, keys in (("one pump", pump_help._KEYS), ("many pumps", fleet_help._KEYS)):
        told.say(f"| {where} | |\n| --- | --- |\n{_rows(keys)}")
    return told


def _rows(keys: Iterable[tuple[str, str]]) -> str:
    return "\n".join(
        f"| {' '.join(f'`{key}`' for key in names.split(', '))} | {meaning} |" for names, meaning in keys
    )
