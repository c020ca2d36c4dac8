from __future__ import annotations

import pytest

from pumpmock.ports.presence import Sign
from pumpmock.ports.visits import Attendance, Visits

WROTE, CLOSED, OPENED = Sign.WROTE, Sign.CLOSED, Sign.OPENED


@pytest.mark.parametrize(
    ("before", "signs", "expected", "after"),
    [
        (1, [WROTE], Visits(last=0, author=0), 1),
        (0, [OPENED], Visits(last=1, author=1), 1),
        (0, [OPENED, WROTE], Visits(last=1, author=1), 1),
        (1, [CLOSED], Visits(last=0, author=0), 0),
        (1, [WROTE, CLOSED], Visits(last=0, author=0), 0),
        (1, [CLOSED, OPENED, WROTE], Visits(last=1, author=1), 1),
        (1, [WROTE, CLOSED, OPENED], Visits(last=1, author=0), 1),
        (0, [OPENED, WROTE, CLOSED], Visits(last=1, author=1), 0),
        (0, [OPENED, WROTE, CLOSED, OPENED, CLOSED, OPENED], Visits(last=3, author=1), 1),
    ],
)
def test_bytes_are_those_of_the_one_visit_that_wrote(
    before: int, signs: list[Sign], expected: Visits, after: int
) -> None:
    attendance = Attendance(before)

    assert attendance.sort_out(signs, bytes_read=True) == expected
    assert attendance.clients == after


@pytest.mark.parametrize(
    ("before", "signs"),
    [(1, [WROTE, CLOSED, OPENED, WROTE]), (0, [OPENED, WROTE, CLOSED, OPENED, WROTE, CLOSED])],
)
def test_bytes_of_several_visits_are_nobodys(before: int, signs: list[Sign]) -> None:
    assert Attendance(before).sort_out(signs, bytes_read=True).author is None


def test_where_no_bytes_were_read_there_is_no_author() -> None:
    assert Attendance(1).sort_out([WROTE, CLOSED, OPENED], bytes_read=False) == Visits(last=1, author=None)


def test_bytes_owed_from_before_are_the_first_visits() -> None:
    assert Attendance(1).sort_out([CLOSED, OPENED], bytes_read=True, bytes_owed=True) == Visits(
        last=1, author=0
    )
    assert Attendance(1).sort_out([CLOSED, OPENED, WROTE], bytes_read=True, bytes_owed=True).author is None


def test_a_second_client_that_leaves_without_a_word_has_not_been_there() -> None:
    attendance = Attendance(1)

    assert attendance.sort_out([OPENED], bytes_read=False) == Visits(last=0, author=None)
    assert attendance.sort_out([CLOSED], bytes_read=False) == Visits(last=0, author=None)
    assert attendance.sort_out([WROTE], bytes_read=True) == Visits(last=0, author=0)


@pytest.mark.parametrize("signs", [[WROTE], []])
def test_what_is_written_while_a_second_client_is_there_begins_a_visit(signs: list[Sign]) -> None:
    """The empty run is a write that the kernel has not reported yet."""
    attendance = Attendance(1)
    attendance.sort_out([OPENED], bytes_read=False)

    assert attendance.sort_out(signs, bytes_read=True) == Visits(last=1, author=1)
    assert attendance.sort_out([WROTE], bytes_read=True) == Visits(last=0, author=0)


def test_a_count_too_high_keeps_no_two_hosts_together() -> None:
    """Two clients that close in one instant leave one sign; each later host then seems to be a second client."""
    attendance = Attendance(2)
    attendance.sort_out([CLOSED], bytes_read=False)

    for _ in range(3):
        assert attendance.sort_out([OPENED, WROTE, CLOSED], bytes_read=True) == Visits(last=1, author=1)


def test_there_are_never_fewer_than_no_clients() -> None:
    attendance = Attendance(1)

    assert attendance.sort_out([CLOSED, CLOSED, OPENED], bytes_read=True) == Visits(last=1, author=1)
    assert attendance.clients == 1
