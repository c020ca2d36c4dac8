"""While a bench injects faults the screen says so: in one line, over every box too, and as no alarm."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.ui.widgets.change_box import ChangeBox
from protocol.messages import Bench
from tests.monitor.ui.bench import FakeSource, lost, low, snapshot, waiting
from tests.monitor.ui.stage import SMALL, WIDE, check, press, run, settle, shown, text
from tests.monitor.ui.test_hostile import HOSTILE, printable
from tests.monitor.ui.test_screens import SIZES, WHY

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from monitor.ui.app import DashboardApp

NAMES = "lose-reply on Commit x1; delay 300 ms"
TWO = Bench(1_000, 2, NAMES)
FAULTY = low(bench_faults=2, bench=TWO)
ROW = 3  # under the two alarm lines
BOXES = {"none": (), "help": ("?",), "rate": ("r", "0.65", "enter", *WHY), "stop": ("p",)}


@pytest.mark.parametrize("size", SIZES)
def test_a_screen_of_a_pump_with_faults_looks_as_it_did(size: str) -> None:
    check(f"faults-{size}", shown(FAULTY, size=SIZES[size]))
    check(f"faults-stale-{size}", shown(lost(FAULTY), size=SIZES[size], after_s=14))
    check(f"faults-rate-{size}", shown(FAULTY, *BOXES["rate"], size=SIZES[size]))


@pytest.mark.parametrize("size", [WIDE, SMALL, (60, 20), (100, 30), (200, 60)])
@pytest.mark.parametrize("box", BOXES)
def test_at_every_size_and_over_every_box_it_is_said_how_many_and_which(
    box: str, size: tuple[int, int]
) -> None:
    line = shown(FAULTY, *BOXES[box], size=size).splitlines()[ROW]
    assert line.startswith("  BENCH: 2 faults injected   lose-reply on Commit x1; delay")


@pytest.mark.parametrize("size", [WIDE, SMALL, (60, 20), (60, 22), (120, 30)])
@pytest.mark.parametrize("box", ["help", "rate", "stop"])
def test_a_box_that_is_open_stays_where_it_is_when_faults_come(box: str, size: tuple[int, int]) -> None:
    source = FakeSource(low())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, *BOXES[box])
        opened = app.screen.query_one("#box" if box == "help" else ChangeBox)
        before = opened.region
        source.publish(FAULTY)
        await settle(pilot)
        assert text(app)[ROW].startswith("  BENCH: 2 faults injected")
        assert opened.region == before
        assert before.y > ROW
        assert before.bottom <= size[1]

    run(source, act, size=size)


def test_faults_that_come_and_go_take_one_row_of_the_log_and_move_no_alarm() -> None:
    source = FakeSource(low())
    pages: list[list[str]] = []

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        for made in (low(), FAULTY, low()):
            source.publish(made)
            await settle(pilot)
            await press(pilot)
            pages.append(text(app))

    run(source, act)
    before, faulty, after = pages
    assert before == after
    assert faulty[:ROW] == before[:ROW]
    assert faulty[-1] == before[-1]
    assert [line.count("ALARM") for line in faulty].count(1) == 2
    assert sum("EVENTS" in line for line in faulty) == 1


def test_faults_are_no_alarm_and_hold_back_no_change() -> None:
    page = shown(snapshot(bench_faults=2, bench=TWO))
    screen, coloured = page.split("\n---")
    assert "no active alarms" in screen
    assert "BENCH" not in coloured
    assert "SET RATE" in shown(snapshot(bench_faults=2, bench=TWO), "r")


def test_faults_that_were_seen_last_are_marked_like_any_figure_of_that_time() -> None:
    line = shown(lost(FAULTY), after_s=14).splitlines()[ROW]
    assert line == f" ? BENCH: 2 faults injected when last seen  {NAMES}"


@pytest.mark.parametrize("made", [snapshot(), low(), waiting(), lost(low())])
def test_without_a_fault_nothing_is_said_of_a_bench(made: object) -> None:
    assert "BENCH" not in shown(made)  # type: ignore[arg-type] # snapshots, all of them


@pytest.mark.parametrize("bench", [None, replace(TWO, faults=3), replace(TWO, names="")])
def test_where_names_are_not_known_the_number_is_said_alone(bench: Bench | None) -> None:
    line = shown(replace(FAULTY, bench=bench)).splitlines()[ROW]
    assert line == "  BENCH: 2 faults injected"


@pytest.mark.parametrize("size", [WIDE, SMALL])
@pytest.mark.parametrize("names", HOSTILE)
def test_names_from_a_device_are_drawn_letter_by_letter(names: str, size: tuple[int, int]) -> None:
    page = shown(replace(FAULTY, bench=replace(TWO, names=names)), size=size)
    assert page.splitlines()[ROW] == f"  BENCH: 2 faults injected   {printable(names)}"
    assert "\x1b" not in page
    stale = shown(lost(replace(FAULTY, bench=replace(TWO, names=names))), size=size, after_s=14)
    assert f"when last seen  {printable(names)}" in stale


def test_the_bench_key_keeps_its_own_mark_beside_the_faults() -> None:
    lines = shown(replace(FAULTY, bench_key=True), size=SMALL).splitlines()
    assert "BENCH KEY" in lines[0]
    assert "BENCH: 2 faults injected" in lines[ROW]
