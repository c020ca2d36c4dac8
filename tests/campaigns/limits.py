"""Row 22: random commands at the limits, against an oracle of its own; the run itself is tests/pumpmock/limits_campaign.py."""

from __future__ import annotations

from tests.campaigns.campaign import Achieved, Campaign, under
from tests.pumpmock import limits_campaign


def run(size: int, seed: int) -> Achieved:
    """Drive `size` pumps through their commands."""
    figures, failures = limits_campaign.run(size, seed)
    achieved = Achieved(figures)
    for said in failures:
        achieved.fail(said)
    return achieved


CAMPAIGN = Campaign(
    number=22,
    name="limits",
    promise="nothing beyond a limit is applied, and nothing within all of them is refused for one",
    run=run,
    controls={broken: under(defect, run) for broken, defect in limits_campaign.DEFECTS.items()},
    counts=f"pumps of {limits_campaign.COMMANDS} commands each",
    short=40,
    full=10_000,
)
