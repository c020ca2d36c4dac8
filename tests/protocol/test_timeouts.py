"""Time-outs that follow the rate of the line: the formula, the sizes that it takes, and the figures on the page."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.frame import LEAST_WIRE, MOST_WIRE
from protocol.handshake import PENDING_MS
from protocol.messages import Challenge, Confirm, Hello, Poll, Status
from protocol.places import BAUD, LEAST_BAUD, MOST_BAUD
from protocol.session import LONGEST_SESSION_MS
from protocol.timeouts import (
    HANDSHAKE_TIMEOUT_MS,
    REPLY_TIMEOUT_MS,
    handshake_timeout_ms,
    line_ms,
    reading_period_ms,
    reply_timeout_ms,
    wire_size,
)

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
bauds = st.integers(LEAST_BAUD, MOST_BAUD)
sizes = st.integers(LEAST_WIRE, MOST_WIRE)


def row(baud: int) -> tuple[int, ...]:
    poll = wire_size(Poll)
    return baud, handshake_timeout_ms(baud), reply_timeout_ms(baud, poll), reading_period_ms(1, baud)


def test_at_1200_baud_a_handshake_has_3275_ms_an_answer_to_a_poll_3300_ms_and_readings_are_2032_ms_apart() -> (
    None
):
    assert row(1_200) == (1_200, 500 + 2_775, 1_000 + 2_300, 2_032)


def test_at_the_usual_rate_bytes_add_29_ms_to_a_handshake_and_24_ms_to_an_answer() -> None:
    assert row(BAUD) == (115_200, 529, 1_024, 22)


def test_the_sizes_are_those_of_the_frames_that_pass() -> None:
    assert [wire_size(kind) for kind in (Hello, Challenge, Confirm, Status, Poll)] == [59, 79, 38, 157, 38]


def test_a_hello_more_takes_its_own_bytes_more() -> None:
    assert handshake_timeout_ms(1_200, hellos=13) == 500 + (12 * 59 + 333) * 10_000 // 1_200


@given(bauds, sizes, sizes)
def test_a_request_and_its_answer_cross_within_the_time_out_with_all_of_its_fixed_part_to_spare(
    baud: int, asked: int, answered: int
) -> None:
    crossing_ms = Fraction((asked + answered) * 10_000, baud)
    assert reply_timeout_ms(baud, asked) - crossing_ms >= REPLY_TIMEOUT_MS


@given(bauds)
def test_a_handshake_crosses_within_its_time_out_with_all_of_its_fixed_part_to_spare(baud: int) -> None:
    assert handshake_timeout_ms(baud) - Fraction(333 * 10_000, baud) >= HANDSHAKE_TIMEOUT_MS


@given(bauds, st.integers(1, LONGEST_SESSION_MS))
def test_readings_are_as_far_apart_as_is_wished_or_leave_a_fifth_of_the_line_free_and_not_less(
    baud: int, wished_ms: int
) -> None:
    period_ms = reading_period_ms(wished_ms, baud)
    busy_ms = Fraction(195 * 10_000, baud)
    assert period_ms == wished_ms or busy_ms <= period_ms * Fraction(4, 5) < busy_ms + 1
    assert period_ms >= wished_ms


def test_below_the_least_rate_a_confirm_would_come_too_late_and_at_it_it_does_not() -> None:
    size = wire_size(Challenge) + wire_size(Confirm)
    assert line_ms(size, LEAST_BAUD) < PENDING_MS < line_ms(size, 200)


def test_the_page_has_the_figures_of_the_code() -> None:
    section = PAGE.split("## Time-outs")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|$", section, re.MULTILINE)
    found = [tuple(int(figure.replace(",", "")) for figure in one) for one in rows]
    assert found == [row(baud) for baud in (300, 1_200, 4_800, 9_600, 115_200)]
    assert f"From {LEAST_BAUD} baud on" in section
    # Every sum that the text works out for 1,200 baud.
    sums = re.findall(
        r"([\d,]+ \+ )?10,000 \* (\(?[\d +]+\)?) / 1,200( \* 5 / 4)?\s*=\s*([\d,]+) ms", section
    )
    worked = [(first, size, slack, int(figure.replace(",", ""))) for first, size, slack, figure in sums]
    assert worked == [
        ("500 + ", "333", "", row(1_200)[1]),
        ("1,000 + ", "(38 + 238)", "", row(1_200)[2]),
        ("", "(38 + 157)", " * 5 / 4", row(1_200)[3]),
    ]


@pytest.mark.parametrize("baud", [300, 1_200, 115_200])
def test_a_byte_is_ten_bits(baud: int) -> None:
    assert line_ms(baud, baud) == 10_000
