from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.trends.axis import HOURS_A_DAY, rate_axis
from monitor.trends.times import label, stamp
from monitor.trends.window import SPANS, USUAL, covering, ticks, within
from protocol.units import NL_PER_ML, ml

RATES = st.integers(0, 2**32)
NOW_S = 1_767_277_927  # Thu 1 Jan 2026, 14:32:07


@given(RATES, RATES)
def test_every_rate_lies_on_its_axis_and_every_label_is_exact(one: int, other: int) -> None:
    least, most = min(one, other), max(one, other)
    axis = rate_axis(least, most)
    assert axis.floor <= least * HOURS_A_DAY
    assert most * HOURS_A_DAY <= axis.top
    labels = axis.labels()
    assert (labels[0], labels[-1]) == (axis.floor, axis.top)
    assert 2 <= len(labels) <= 8
    for nl_day in labels:
        assert nl_day * 10**axis.decimals % NL_PER_ML == 0 or axis.decimals == 6
        assert ml(nl_day, 6).startswith(ml(nl_day, axis.decimals))


def test_noise_does_not_fill_the_axis() -> None:
    axis = rate_axis(20_800, 20_900)
    assert [ml(one, axis.decimals) for one in axis.labels()] == ["0.45", "0.50", "0.55", "0.60"]


def test_a_pump_that_stood_still_is_shown_from_zero() -> None:
    assert rate_axis(0, 20_833).floor == 0


@pytest.mark.parametrize(
    ("age_s", "name"), [(0, "10 min"), (600, "10 min"), (601, "1 h"), (90_000, "24 h"), (10**9, "24 h")]
)
def test_as_much_is_shown_as_is_known_and_no_more_than_a_day(age_s: int, name: str) -> None:
    assert SPANS[covering(age_s)].name == name
    assert SPANS[USUAL].name == "24 h"


@pytest.mark.parametrize(
    ("seconds", "name"), [(0, "10 min"), (86_400, "24 h"), (2_592_000, "30 d"), (10**9, "1 year")]
)
def test_the_past_is_no_longer_than_what_lies_ahead(seconds: int, name: str) -> None:
    assert within(seconds).name == name


@given(st.integers(0, 2 * NOW_S), st.integers(60, 2**63), st.integers(1, 12))
def test_ticks_are_round_and_not_too_many(start: int, span: int, most: int) -> None:
    found = ticks(start, start + span, most)
    assert len(found) <= most + 1
    assert all(start <= at <= start + span for at in found)
    assert all(at % 60 == 0 for at in found)


@given(st.integers(0, 2 * NOW_S), st.integers(60, 366 * 86_400), st.integers(1, 12))
def test_no_date_is_written_twice_and_each_stands_where_its_day_begins(
    start: int, span: int, most: int
) -> None:
    written = {at: label(at, start + span, span) for at in ticks(start, start + span, most)}
    dates = {at: text for at, text in written.items() if ":" not in text}
    assert len(set(dates.values())) == len(dates)
    assert all(at % 86_400 == 0 for at in dates)


def test_instants_are_written_as_briefly_as_the_axis_allows() -> None:
    assert label(NOW_S, NOW_S, 86_400) == "14:32"
    assert label(NOW_S - 864_000, NOW_S, 2_592_000) == "22 Dec"
    assert label(NOW_S - 864_000 * 33, NOW_S, 31_536_000) == "5 Feb 2025"
    assert label(2**63, NOW_S, 86_400) == ""
    assert stamp(NOW_S * 1_000 + 7) == "2026-01-01T14:32:07.007Z"
