from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitor.trends.columns import Column, Grid, Kind, reduced
from monitor.trends.points import QUANTITIES, Points, Range

QUIET_MS = 3_000
ALL = range(len(QUANTITIES))
Reading = tuple[int, tuple[int, ...]]

# How long after the one before, and the four figures: half of the steps are so long that readings are missing.
STEPS = st.lists(
    st.tuples(st.integers(1, 2 * QUIET_MS), st.tuples(*[st.integers(0, 1_000_000)] * len(QUANTITIES))),
    min_size=1,
    max_size=200,
)
COUNTS = st.integers(2, 300)


def timed(steps: list[tuple[int, tuple[int, ...]]]) -> list[Reading]:
    at_ms, found = 1_000_000, []
    for after_ms, figures in steps:
        at_ms += after_ms
        found.append((at_ms, figures))
    return found


def points(readings: list[Reading]) -> Points:
    made = Points()
    for at_ms, figures in readings:
        made.add(at_ms, at_ms, tuple((figure, figure) for figure in figures), QUIET_MS)
    return made


def over(readings: list[Reading], count: int) -> Grid:
    """Return a grid that has all of them, the last at its now."""
    first_ms, last_ms = readings[0][0], readings[-1][0]
    return Grid.back(last_ms, (last_ms - first_ms + 1) * 2, count)


def extremes(columns: list[Column]) -> list[Range]:
    ranges = [column.ranges for column in columns if column.kind is Kind.READ]
    return [(min(one[at][0] for one in ranges), max(one[at][1] for one in ranges)) for at in ALL]


def expected(readings: list[Reading]) -> list[Range]:
    return [(min(r[1][at] for r in readings), max(r[1][at] for r in readings)) for at in ALL]


@given(STEPS, COUNTS)
def test_no_extreme_is_ever_lost(steps: list[Reading], count: int) -> None:
    readings = timed(steps)
    assert extremes(reduced([points(readings)], over(readings, count), ALL, QUIET_MS)) == expected(readings)


@given(STEPS, COUNTS)
def test_every_column_has_the_extremes_of_its_own_readings(steps: list[Reading], count: int) -> None:
    readings = timed(steps)
    grid = over(readings, count)
    for index, column in enumerate(reduced([points(readings)], grid, ALL, QUIET_MS)):
        own = [one for one in readings if grid.index(one[0]) == index]
        assert (column.kind is Kind.READ) == bool(own)
        if own:
            assert list(column.ranges) == expected(own)


@given(STEPS, COUNTS)
def test_a_gap_stays_a_gap(steps: list[Reading], count: int) -> None:
    readings = timed(steps)
    grid = over(readings, count)
    columns = reduced([points(readings)], grid, ALL, QUIET_MS)
    for (before_ms, _), (after_ms, _) in pairwise(readings):
        first, last = grid.index(before_ms), grid.index(after_ms)
        between = {column.kind for column in columns[first + 1 : last]}
        if after_ms - before_ms > QUIET_MS:
            assert between <= {Kind.GAP}
            assert first == last or not columns[last].joined
        else:
            assert between <= {Kind.HELD}
            assert first == last or columns[last].joined


@given(STEPS, COUNTS, st.integers(0, 199))
def test_it_makes_no_difference_which_part_a_reading_is_in(
    steps: list[Reading], count: int, cut: int
) -> None:
    readings = timed(steps)
    grid = over(readings, count)
    parts = [points(readings[:cut]), points(readings[cut:])]
    assert reduced(parts, grid, ALL, QUIET_MS) == reduced([points(readings)], grid, ALL, QUIET_MS)


@given(STEPS, COUNTS, st.integers(0, 200), st.integers(0, 200))
def test_folding_loses_no_extreme_and_joins_nothing(
    steps: list[Reading], count: int, once: int, again: int
) -> None:
    readings = timed(steps)
    grid = over(readings, count)
    folded = points(readings)
    for fold in (once, again):
        folded.fold(min(fold, len(folded)))
    columns = reduced([folded], grid, ALL, QUIET_MS)
    assert extremes(columns) == expected(readings)
    assert folded.joined.count(False) == points(readings).joined.count(False)
    assert [(last, first) for last, first, joined in edges(folded) if not joined] == [
        (last, first) for last, first, joined in edges(points(readings)) if not joined
    ]


def edges(made: Points) -> list[tuple[int, int, bool]]:
    return list(zip(made.last_ms, made.first_ms[1:], made.joined[1:], strict=False))


def test_silence_up_to_now_is_a_gap_only_once_readings_are_missing() -> None:
    made = points([(10_000, (1, 2, 3, 4))])
    for now_ms, kind in ((13_000, Kind.HELD), (13_001, Kind.GAP)):
        columns = reduced([made], Grid.back(now_ms, 10_000, 11), ALL, QUIET_MS)
        assert columns[-1].kind is kind
        assert columns[0].kind is Kind.BEFORE


def test_what_was_read_before_the_window_is_held_into_it_and_not_over_a_gap() -> None:
    figures = (1, 2, 3, 4)
    held = reduced([points([(7_000, figures), (9_500, figures)])], Grid(8_000, 500, 4, 9_999), ALL, QUIET_MS)
    assert [one.kind for one in held] == [Kind.HELD] * 3 + [Kind.READ]
    gap = reduced([points([(6_000, figures), (9_500, figures)])], Grid(8_000, 500, 4, 9_999), ALL, QUIET_MS)
    assert [one.kind for one in gap] == [Kind.GAP] * 3 + [Kind.READ]


def test_nothing_is_told_of_what_is_to_come() -> None:
    columns = reduced([points([(1_000, (1, 2, 3, 4))])], Grid(0, 1_000, 5, 2_500), ALL, QUIET_MS)
    assert [one.kind for one in columns] == [Kind.BEFORE, Kind.READ, Kind.HELD, Kind.AHEAD, Kind.AHEAD]


@given(st.integers(1, 10**13), st.integers(1, 10**11), st.integers(2, 500), st.integers(0, 10**7))
def test_a_reading_stays_in_its_column_while_time_goes_on(
    now: int, span: int, count: int, later: int
) -> None:
    one, other = Grid.back(now, span, count), Grid.back(now + later, span, count)
    assert one.step_ms == other.step_ms
    assert (one.start_ms - other.start_ms) % one.step_ms == 0
    assert one.start_ms <= now < one.end_ms
    assert one.start_ms <= now - span


def test_a_reading_of_a_clock_that_was_set_back_is_passed_over() -> None:
    made = points(
        [(5_000, (1, 2, 3, 4)), (4_000, (9, 9, 9, 9)), (5_000, (9, 9, 9, 9)), (5_001, (1, 2, 3, 4))]
    )
    assert made.first_ms == [5_000, 5_001]
