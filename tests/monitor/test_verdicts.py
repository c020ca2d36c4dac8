"""What is said of a change, in words that a person at a pump takes in at a glance."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.errors import OutcomeUnknownError
from monitor.verdicts import became, either_rate, named, noted_time, wish
from protocol.intent import Intent
from protocol.messages import Change, Outcome, Step
from protocol.vocabulary import ChangeKind, Verdict
from tests.monitor.conftest import SERIAL_NUMBER, STORE_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON_S = 1_767_268_800  # Thu 1 Jan 2026, 12:00 UTC
INTENT = Intent(
    b"command1", SERIAL_NUMBER, STORE_ID, NOON_S, Change(ChangeKind.RATE, 25_000), 4, 20_833, 25_000
)


@pytest.fixture(autouse=True)
def _in_kolkata(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "IST-5:30")
        time.tzset()
        yield
    time.tzset()


def test_both_rates_are_named_once_each() -> None:
    assert either_rate(INTENT) == "0.500 or 0.600 mL/day"
    assert either_rate(replace(INTENT, new_rate_nl_h=20_833)) == "0.500 mL/day"
    assert either_rate(replace(INTENT, new_rate_nl_h=None)) == "0.500 mL/day"
    assert either_rate(replace(INTENT, new_rate_nl_h=0)) == "0.500 or 0.000 mL/day"
    assert either_rate(INTENT, replace(INTENT, old_rate_nl_h=25_000, new_rate_nl_h=30_000)) == (
        "0.500, 0.600 or 0.720 mL/day"
    )


def test_an_unknown_outcome_says_both_rates_and_what_is_in_the_way() -> None:
    assert str(OutcomeUnknownError(INTENT, "no answer")) == "the rate is 0.500 or 0.600 mL/day: no answer"


@pytest.mark.parametrize(
    ("now_s", "said"),
    [
        (NOON_S, "17:30"),
        (NOON_S + 6 * 3_600, "17:30"),
        (NOON_S + 7 * 3_600, "1 Jan 17:30"),  # midnight here, not in London
        (NOON_S + 400 * 86_400, "1 Jan 2026 17:30"),
    ],
)
def test_a_time_is_of_this_hosts_calendar_with_the_date_where_it_was_not_today(now_s: int, said: str) -> None:
    assert noted_time(INTENT, now_s) == said
    assert named(INTENT, now_s) == f"the change of {said} to 0.600 mL/day"


def test_a_time_beyond_the_calendar_is_still_said() -> None:
    assert noted_time(replace(INTENT, noted_s=1 << 62), NOON_S) == f"{1 << 62} s after 1970"


def test_a_verdict_in_words() -> None:
    applied = Outcome(INTENT.command_id, Verdict.APPLIED, 8, 25_000, 0)
    assert became(INTENT, applied) == "applied as revision 8"
    not_applied = replace_outcome(20_833)
    assert became(INTENT, not_applied) == "not applied: the rate is still 0.500 mL/day"
    assert became(INTENT, replace_outcome(22_000)) == "not applied: the rate is 0.528 mL/day"


def replace_outcome(rate_nl_h: int) -> Outcome:
    return Outcome(INTENT.command_id, Verdict.NOT_APPLIED, 4, rate_nl_h, 0)


@pytest.mark.parametrize("kind", ChangeKind)
def test_every_kind_of_change_has_words(kind: ChangeKind) -> None:
    change = Change(kind, 25_000, 1_500_000, 5_400, 2_000_000, 500, NOON_S, 0x7F, (Step(0, 20_000),))
    assert wish(change)
    assert wish(change).isprintable()
