"""A pump tells every host, at every poll, that faults are injected into it, and on request which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.messages import Bench as Told
from protocol.messages import Events, GetBench, GetEvents, Poll, Status, build, parse
from protocol.vocabulary import Log, Role
from pumpmock.notice import bench_of
from pumpmock.pace import Pace
from tests.pumpmock.conftest import TECHNICIAN, VIEWER, Bench, Host

if TYPE_CHECKING:
    from protocol.keys import Key

NAMES = "lose-reply on Commit x1; delay 300 ms"


@pytest.mark.parametrize("key", [VIEWER, TECHNICIAN], ids=lambda key: key.role.name)
def test_a_host_with_any_key_learns_at_its_next_poll_that_faults_are_injected(bench: Bench, key: Key) -> None:
    host = Host(bench.open(), key)
    assert host.ask(Poll(), Status).bench_faults == 0
    assert host.ask(GetBench(), Told) == Told(1_000, 0, "")
    bench.notice = (2, NAMES)
    assert host.ask(Poll(), Status).bench_faults == 2
    assert host.ask(GetBench(), Told) == Told(1_000, 2, NAMES)
    bench.notice = (0, "")
    assert host.ask(Poll(), Status).bench_faults == 0


def test_to_ask_what_the_bench_does_leaves_no_trace_in_the_pump(bench: Bench) -> None:
    bench.notice = (2, NAMES)
    before = bench.memory.pump.to_dict()
    bench.serve(GetBench(), Told, Role.VIEWER)
    assert bench.memory.pump.to_dict() == before
    assert bench.serve(GetEvents(1, Log.EVENTS), Events).events == ()


@pytest.mark.parametrize(
    ("speed", "told"), [(0, 0), (60_000, 60_000), (2**32, 2**32 - 1), (10**12, 2**32 - 1)]
)
def test_the_speed_of_pump_time_is_told_as_far_as_its_field_goes(speed: int, told: int) -> None:
    assert bench_of(lambda: (0, ""), Pace(speed, 0, 0)).speed == told


@pytest.mark.parametrize(("count", "told"), [(1, 1), (254, 254), (255, 255), (256, 255), (100_000, 255)])
def test_so_many_faults_that_a_byte_cannot_count_them_are_told_as_255(
    bench: Bench, count: int, told: int
) -> None:
    bench.notice = (count, "")
    assert bench.status().bench_faults == told
    assert bench.serve(GetBench(), Told).faults == told


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("x" * 120, "x" * 120),
        ("x" * 121, "x" * 117 + "..."),
        ("lose-reply on Commit \u00d71", "lose-reply on Commit x1"),
        ("\x1b[2J\n\x7f", "?[2J??"),
    ],
)
def test_names_are_cut_and_cleaned_to_what_a_message_carries(names: str, told: str) -> None:
    assert bench_of(lambda: (1, names), Pace(1_000, 0, 0)).names == told


@given(st.integers(0, 2**40), st.text(max_size=400), st.integers(0, 2**40))
def test_whatever_is_injected_can_be_told(count: int, names: str, speed: int) -> None:
    told = bench_of(lambda: (count, names), Pace(speed, 0, 0))
    assert parse(Told.code, build(told)) == told
