from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from monitor.history.chain import (
    GENESIS,
    KEPT,
    Entry,
    Row,
    canonical,
    entry_after,
    first_break,
    first_broken_reading,
    reading_rows,
)
from tests.monitor.conftest import STATUS

FACTS = st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text(max_size=9), max_size=3)
COUNT = 6


def trail_of(facts: list[dict[str, object]]) -> list[Entry]:
    first = entry_after(GENESIS, 1, 0, "kind", facts[0])
    return list(
        accumulate(
            facts[1:],
            lambda before, said: entry_after(before.hash, before.seq + 1, before.seq * 7, "kind", said),
            initial=first,
        )
    )


trails = st.lists(FACTS, min_size=1, max_size=COUNT).map(trail_of)


def rows_of(count: int = COUNT) -> list[Row]:
    readings = [
        (1_000 + n, replace(STATUS, pump_time_us=n, reservoir_nl=9_000_000 - n)) for n in range(count)
    ]
    return list(reading_rows(GENESIS, 1, 1, readings))


# --- the audit trail ----------------------------------------------------------------------------------------------


@given(trails)
def test_a_trail_that_nobody_touched_holds(trail: list[Entry]) -> None:
    assert first_break(trail) is None


@given(trails, st.data())
def test_a_record_that_was_altered_in_any_part_is_named(trail: list[Entry], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(trail) - 1))
    one = trail[index]
    other = data.draw(
        st.sampled_from(
            [
                replace(one, wall_ms=one.wall_ms + 1),
                replace(one, kind="kinds"),
                replace(one, body=one.body + " "),
                replace(one, hash=bytes(31) + b"\1"),
            ]
        )
    )
    found = first_break([*trail[:index], other, *trail[index + 1 :]])
    assert found is not None
    assert found.seq == one.seq


@given(trails.filter(lambda trail: len(trail) > 1), st.data())
def test_a_record_that_was_taken_out_from_before_another_is_missed(
    trail: list[Entry], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(trail) - 2))
    found = first_break([*trail[:index], *trail[index + 1 :]])
    assert found is not None
    assert found.seq == index + 1


@given(trails.filter(lambda trail: len(trail) > 1))
def test_a_trail_in_which_one_record_was_made_anew_without_the_next_is_found_out(trail: list[Entry]) -> None:
    forged = entry_after(GENESIS, 1, 0, "kind", {"forged": True})
    found = first_break([forged, *trail[1:]])
    assert found is not None
    assert found.seq == 2


@given(trails)
def test_the_end_of_a_long_trail_is_checked_from_the_hash_before_it(trail: list[Entry]) -> None:
    before, seq = (trail[0].hash, 2) if len(trail) > 1 else (GENESIS, 1)
    assert first_break(trail[1:] or trail, before, seq) is None


def test_the_bytes_that_are_hashed_are_these() -> None:
    body = '{"a":1,"reason":"caf\\u00e9"}'
    entry = entry_after(GENESIS, 1, 1_700_000_000_000, "intended", {"reason": "café", "a": 1})
    assert entry.body == body
    assert canonical(1, 1_700_000_000_000, "intended", body) == (
        b'[1,1,1700000000000,"intended","{\\"a\\":1,\\"reason\\":\\"caf\\\\u00e9\\"}"]'
    )
    assert entry.hash.hex() == ("3460350ebe67d88bf5e914fe4c04040a8477c6a46fdcace67152483847259a11")


# --- readings -----------------------------------------------------------------------------------------------------


def test_readings_that_nobody_touched_hold() -> None:
    assert first_broken_reading(GENESIS, 1, rows_of()) is None


@given(st.integers(0, COUNT - 1), st.integers(1, 2 + len(KEPT)), st.integers(-1, 1))
def test_a_reading_that_was_altered_in_any_figure_is_named(index: int, column: int, by: int) -> None:
    rows = rows_of()
    row = list(rows[index])
    row[column] = int(row[column]) + (by or 2)
    found = first_broken_reading(GENESIS, 1, [*rows[:index], tuple(row), *rows[index + 1 :]])
    assert found is not None
    assert found.seq == index + 1


@given(st.integers(0, COUNT - 2))
def test_a_reading_that_was_taken_out_is_missed(index: int) -> None:
    rows = rows_of()
    found = first_broken_reading(GENESIS, 1, [*rows[:index], *rows[index + 1 :]])
    assert found is not None
    assert found.seq == index + 1


def test_readings_after_those_that_were_taken_out_rightly_are_checked_from_the_hash_of_the_last_one() -> None:
    rows = rows_of()
    last = rows[2][-1]
    assert isinstance(last, bytes)
    assert first_broken_reading(last, 4, rows[3:]) is None
    assert first_broken_reading(GENESIS, 4, rows[3:]) is not None
