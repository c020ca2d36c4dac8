"""The settings of the pump that is served where nobody asks for another, with what a test wants otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pumpmock.profile_file import USUAL, shipped

if TYPE_CHECKING:
    from pumpmock.model.settings import Settings

CELL = shipped(USUAL).settings.cell


def usual_settings(**figures: int) -> Settings:
    """Return the settings of a SynchroMed-like pump of 20 mL under no limits, but for these."""
    others: dict[str, Any] = dict(figures)
    return replace(shipped(USUAL).settings, **others)
