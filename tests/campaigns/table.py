"""The campaigns, in the order of their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.campaigns import byte_damage, flips

if TYPE_CHECKING:
    from tests.campaigns.campaign import Campaign

CAMPAIGNS: dict[int, Campaign] = {module.CAMPAIGN.number: module.CAMPAIGN for module in (flips, byte_damage)}
