"""The campaigns, in the order of their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.campaigns import (
    attacker,
    branches,
    byte_damage,
    channel,
    chunks,
    clocks,
    crashes,
    differential,
    exploration,
    flips,
    flood,
    freshness,
    fuzz,
    hostile_files,
    kills,
    limits,
    memory,
    misfortune,
    mutation,
    noise,
    races,
)

if TYPE_CHECKING:
    from tests.campaigns.campaign import Campaign

_MODULES = (
    flips,
    byte_damage,
    noise,
    chunks,
    differential,
    fuzz,
    channel,
    attacker,
    exploration,
    misfortune,
    crashes,
    kills,
    freshness,
    races,
    clocks,
    hostile_files,
    flood,
    limits,
    mutation,
    branches,
    memory,
)
CAMPAIGNS: dict[int, Campaign] = {module.CAMPAIGN.number: module.CAMPAIGN for module in _MODULES}
