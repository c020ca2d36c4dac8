"""Every campaign at its short size: its promise holds, and each of its controls is found out."""

from __future__ import annotations

import pytest

from tests.campaigns.campaign import SEED, Campaign
from tests.campaigns.table import CAMPAIGNS

CONTROLS = [(campaign, broken) for campaign in CAMPAIGNS.values() for broken in campaign.controls]


def _announce(campaign: Campaign) -> None:
    print(f"python -m tests.campaigns {campaign.number} --seed {SEED} --size {campaign.short}")  # noqa: T201 - pytest shows it where the test fails


@pytest.mark.parametrize("campaign", CAMPAIGNS.values(), ids=lambda campaign: campaign.name)
def test_the_promise_is_kept(campaign: Campaign) -> None:
    _announce(campaign)
    achieved = campaign.run(campaign.short, SEED)
    assert (achieved.failures, achieved.examples) == (0, [])
    assert achieved.figures
    assert all(achieved.figures.values()), "a figure of nothing tells nothing"


@pytest.mark.parametrize(
    ("campaign", "broken"), CONTROLS, ids=[f"{campaign.name}-{broken}" for campaign, broken in CONTROLS]
)
def test_a_control_is_found_out(campaign: Campaign, broken: str) -> None:
    _announce(campaign)
    assert campaign.controls[broken](campaign.short, SEED).failures > 0


@pytest.mark.parametrize("campaign", CAMPAIGNS.values(), ids=lambda campaign: campaign.name)
def test_a_campaign_has_a_control_and_repeats_itself_from_its_seed(campaign: Campaign) -> None:
    assert campaign.controls
    small = max(1, campaign.short // 10)
    assert campaign.run(small, 7) == campaign.run(small, 7)


def test_no_two_campaigns_share_a_number() -> None:
    assert all(number == campaign.number for number, campaign in CAMPAIGNS.items())
    assert list(CAMPAIGNS) == sorted(CAMPAIGNS)
