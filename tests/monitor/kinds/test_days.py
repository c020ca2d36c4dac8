from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.kinds.days import (
    WEEKDAYS,
    check_pattern,
    days_text,
    even_rate,
    parse_days,
    parse_instant,
    parse_steps,
    time_text,
)
from protocol.messages import EVERY_DAY, MINUTES_A_DAY, STEPS_A_DAY, Step


@given(st.integers(1, EVERY_DAY))
def test_weekdays_that_were_written_are_read_back(weekdays: int) -> None:
    assert parse_days(days_text(weekdays)) == weekdays


@pytest.mark.parametrize(
    ("text", "weekdays"),
    [
        ("all", 0x7F),
        ("Mon-Fri", 0x1F),
        ("sat, SUN", 0x60),
        ("Monday", 1),
        ("Mon,Wed-Thu", 0b1101),
        ("Sun", 0x40),
    ],
)
def test_weekdays_are_read_as_people_write_them(text: str, weekdays: int) -> None:
    assert parse_days(text) == weekdays


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no weekday is named"),
        ("Mom", 'did you mean "Mon"?'),
        ("Fri-Mon", "goes back in the week"),
        ("Mon-", "is not a weekday"),
        ("1-5", "is not a weekday"),
    ],
)
def test_what_is_no_weekday_is_refused_with_what_to_write(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("?", r"\?")):
        parse_days(text)


PATTERNS = st.lists(
    st.tuples(st.integers(1, MINUTES_A_DAY - 1), st.integers(0, 1_000_000)),
    max_size=STEPS_A_DAY - 1,
    unique_by=lambda pair: pair[0],
).map(lambda pairs: (Step(0, 20_833), *(Step(minute, rate) for minute, rate in sorted(pairs))))


@given(PATTERNS)
def test_a_pattern_that_was_written_is_read_back_to_the_nanolitre(pattern: tuple[Step, ...]) -> None:
    text = ", ".join(f"{time_text(one.minute)} {one.rate_nl_h} nL/h" for one in pattern)
    assert parse_steps(text) == pattern


@given(PATTERNS)
def test_the_even_rate_delivers_what_the_pattern_does_to_within_a_nanolitre_an_hour(
    pattern: tuple[Step, ...],
) -> None:
    by_minute = [
        max((one for one in pattern if one.minute <= minute), key=lambda one: one.minute).rate_nl_h
        for minute in range(MINUTES_A_DAY)
    ]
    down, up = even_rate(pattern), even_rate(pattern, up=True)
    assert down * MINUTES_A_DAY <= sum(by_minute) <= up * MINUTES_A_DAY
    assert up - down <= 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a pattern has a step at least"),
        ("06:00 0.5 mL/day", "the first step is at 06:00, and the day begins at 00:00"),
        ("00:00 0.5 mL/day, 06:00 0.6", 'step 2: "0.6" has no unit'),
        ("00:00 0.5 mL/day, 6:00 0.6 mL/day", 'step 2: "6:00" is not a time of the day: write "06:00"'),
        ("00:00 0.5 mL/day, 24:00 0.6 mL/day", "is not a time of the day"),
        ("00:00 0.5 mL/day, 06:00", "step 2: nothing was given where a rate was expected"),
        ("00:00 0.5 mL/day, 06:00 0.6 mL/day, 06:00 0.7 mL/day", "06:00 stands after 06:00"),
        ("00:00 0,5 mL/day", 'step 1: "0,5 mL/day" has a decimal comma'),
        ("00:00 0.5 mL/day,06:00 0,6 mL/day", 'step 2: "0,6 mL/day" has a decimal comma'),
        ("00:00 0.5 mL/day, 6 0.6 mL/day", 'step 2: "6" is not a time of the day'),
    ],
)
def test_a_pattern_that_can_not_be_is_refused_by_the_step_that_is_wrong(text: str, said: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the sentence is looked at below
        parse_steps(text)
    assert said in str(refused.value)


def test_a_day_has_no_more_steps_than_the_wire_carries() -> None:
    steps = tuple(Step(minute, 20_833) for minute in range(STEPS_A_DAY))
    check_pattern(steps)
    with pytest.raises(ValueError, match="13 steps at the most, these are 14"):
        check_pattern((*steps, Step(600, 20_833)))


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("now", None),
        (" NOW ", None),
        ("1970-01-01 00:00", 0),
        ("2026-11-29 12:00", 1_795_953_600),
        ("2026-11-29T12:00:07", 1_795_953_607),
    ],
)
def test_an_instant_is_read_as_utc(text: str, instant: int | None) -> None:
    assert parse_instant(text) == instant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", 'write "now"'),
        ("nwo", 'did you mean "now"'),
        ("12:00", 'write "now"'),
        ("2026-02-30 12:00", "is not in the calendar"),
        ("2200-01-01 12:00", "beyond the pump's calendar"),
        ("1969-12-31 12:00", "beyond the pump's calendar"),
    ],
)
def test_what_is_no_instant_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_instant(text)


def test_each_weekday_has_its_bit() -> None:
    assert [parse_days(name) for name in WEEKDAYS] == [1 << day for day in range(7)]
