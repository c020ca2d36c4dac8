"""What docs/security.md says is shown by a campaign or a test is: each of them exists."""

from __future__ import annotations

import re
from pathlib import Path

from tests.campaigns.table import CAMPAIGNS

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8")
_CAMPAIGNS = re.compile(r"\bcampaigns?\s+(\d+(?:(?:,\s*(?:and\s+)?|\s+and\s+)\d+)*)")
_FILES = re.compile(r"\btests/[\w/]+\.py\b")
_LEAST = 15


def numbers_in(text: str) -> list[int]:
    """Return the number of every campaign that a text refers to, in its order."""
    return [int(number) for found in _CAMPAIGNS.findall(text) for number in re.findall(r"\d+", found)]


def test_references_are_found_however_they_are_listed() -> None:
    said = "campaign 8; campaigns 1, 2 and 25; campaigns 3,\n4; in 5 campaigns of 6, campaign nine"
    assert numbers_in(said) == [8, 1, 2, 25, 3, 4]


def test_the_page_refers_to_campaigns_and_to_tests() -> None:
    assert len(numbers_in(PAGE)) >= _LEAST
    assert _FILES.findall(PAGE)


def test_every_campaign_that_the_page_names_exists() -> None:
    assert sorted(set(numbers_in(PAGE)) - set(CAMPAIGNS)) == []


def test_every_test_that_the_page_names_exists() -> None:
    assert [path for path in _FILES.findall(PAGE) if not (REPOSITORY / path).is_file()] == []
