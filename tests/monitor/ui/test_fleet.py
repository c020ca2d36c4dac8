"""The fleet's screen: what it shows at each size and in each theme, and what its keys do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.alarms import State as AlarmState
from monitor.fleet.rows import ORDERS, judged
from monitor.memo import Memos
from monitor.snapshot import Link, Reading
from monitor.ui.attention import Attention
from monitor.ui.screens.fleet import FleetScreen
from monitor.ui.screens.fleet_pump import FleetPumpScreen
from monitor.ui.widgets import fleet_head
from monitor.ui.widgets.fleet_cells import BEFORE, cells, columns, heading
from protocol.alarms import Alarm, Priority, mask
from protocol.vocabulary import State
from tests.monitor.ui.bench import NOW_NS, STATUS, Clock, S
from tests.monitor.ui.fleet_stage import desk_of, many, pump, run, shown, some
from tests.monitor.ui.stage import SMALL, WIDE, check, page, press, text

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from monitor.ui.fleet_app import FleetApp

SIZES = {"120x40": WIDE, "80x24": SMALL}
FIRST_ROW = 4


def body(shown_page: str) -> list[str]:
    """Return the rows of the table that name a pump."""
    lines = shown_page.split("---\n", maxsplit=1)[0].splitlines()[FIRST_ROW:]
    return [line[2:-2] for line in lines if line.startswith("│") and line.strip("│ ")]


def under_cursor(shown_page: str) -> str:
    (row,) = [line for line in body(shown_page) if line.startswith("▸")]
    return row.split()[1] if row[1] == " " else row[2:].split()[0]


@pytest.mark.parametrize("size", SIZES)
def test_the_fleet_looks_as_it_did(size: str) -> None:
    check(f"fleet-{size}", shown(some(), size=SIZES[size]))
    check(f"fleet-many-{size}", shown(many(100), size=SIZES[size]))
    check(f"fleet-map-{size}", shown(many(1_000), "m", size=SIZES[size]))
    check(f"fleet-light-{size}", shown(some(), "l", size=SIZES[size]))
    check(f"fleet-filter-{size}", shown(some(), "/", *"rack", size=SIZES[size]))
    check(f"fleet-help-{size}", shown(some(), "?", size=SIZES[size]))
    check(f"fleet-pump-{size}", shown(some(), "enter", size=SIZES[size]))


@pytest.mark.parametrize("key", ["", "m"])
def test_without_colours_every_state_is_told_by_a_mark_and_words(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    plain = shown(some(), *key, size=SMALL)
    monkeypatch.delenv("NO_COLOR")
    assert plain.split("---")[0] == shown(some(), *key, size=SMALL).split("---")[0]
    for mark in "▲◆●?○":
        assert mark in plain


@pytest.mark.parametrize("width", range(56, 200, 3))
def test_every_line_of_the_table_fills_its_width_and_every_figure_stands_whole(width: int) -> None:
    placed = columns(width - BEFORE)
    assert len(heading(placed, width)[0][0]) == width
    for number, (member, snapshot) in enumerate(some()):
        row = judged(number, replace(member, place="a place with a long name"), snapshot, NOW_NS)
        line = "".join(piece for piece, _ in cells(row, placed, width, NOW_NS, chosen=False))
        assert len(line) == width
        if row.status is not None:
            assert f"{row.status.reservoir_nl / 1e6:.2f}" in line


def test_the_cursor_is_on_the_most_urgent_pump_until_somebody_moves_it_and_then_stays_with_its_pump() -> None:
    desk = desk_of(some())
    seen: list[str] = []

    async def act(app: FleetApp, pilot: Pilot[None]) -> None:
        seen.append(under_cursor(page(app)))
        await press(pilot, "down", "down")
        seen.append(under_cursor(page(app)))
        raised = replace(
            pump(0, "rack 1")[1],
            reading=Reading("02-1100", replace(STATUS, alarms=mask({Alarm.STALL})), NOW_NS),
        )
        desk.fleet.snapshots = (raised, *desk.fleet.snapshots[1:])
        app._look()
        await press(pilot)
        seen.append(under_cursor(page(app)))

    run(desk, act)
    assert seen == ["02-1104", "02-1101", "02-1101"]


def test_n_goes_from_one_pump_in_need_to_the_next_and_around_and_passes_what_somebody_acknowledged() -> None:
    found = [under_cursor(shown(some(), *(["n"] * times))) for times in range(6)]
    assert found == ["02-1104", "02-1103", "02-1101", "02-1106", "02-1102", "02-1104"]


def test_n_says_so_where_no_pump_needs_a_hand() -> None:
    assert "no pump needs a hand" in shown([pump(0), pump(1)], "n")


def test_enter_opens_the_pump_under_the_cursor_and_escape_comes_back_to_it() -> None:
    desk = desk_of(some())

    async def act(app: FleetApp, pilot: Pilot[None]) -> None:
        await press(pilot, "n", "n", "enter")
        assert isinstance(app.screen, FleetPumpScreen)
        assert "SN 02-1101" in text(app)[0]
        assert "esc ▲1 ◆2 ●1" in text(app)[-1]  # the others'
        await press(pilot, "escape")
        assert isinstance(app.screen, FleetScreen)
        assert under_cursor(page(app)) == "02-1101"
        await press(pilot, "escape", "enter")
        assert "SN 02-1104" in text(app)[0]

    run(desk, act)
    assert desk.calls[1:] == [("open", 1), ("close",), ("open", 4), ("stop",)]


def test_what_is_asked_for_on_a_pumps_screen_goes_to_that_pump() -> None:
    desk = desk_of(some())

    async def act(_: FleetApp, pilot: Pilot[None]) -> None:
        await press(pilot, "n", "n", "enter", "a")

    run(desk, act)
    assert desk.opened is not None
    assert desk.opened.snapshot.url == "/dev/tty1"
    assert desk.opened.calls == [("acknowledge", 1 << Alarm.LOW_RESERVOIR)]


def test_a_filter_narrows_while_it_is_typed_and_says_whom_it_hides() -> None:
    typed = shown(some(), "/", *"bench 3")
    assert len(body(typed)) == 3
    assert '3 OF 9 WITH "bench 3", HIDES 5 THAT NEED A HAND' in typed
    kept = shown(some(), "/", *"bench 3", "enter", "n")
    assert under_cursor(kept) == "02-1106"
    assert len(body(shown(some(), "/", *"bench 3", "enter", "escape"))) == 9
    assert "no pump" in shown(some(), "/", *"nowhere")


def test_o_goes_through_every_order_and_back_to_urgency() -> None:
    for times, order in enumerate([*ORDERS, next(iter(ORDERS))]):
        assert f"BY {order.upper()}" in shown(some(), *(["o"] * times))


def test_the_last_of_a_thousand_is_reached_by_one_key_and_the_first_by_another() -> None:
    last = shown(many(1_000), "end")
    assert "of 1000 ─┘" in last
    assert under_cursor(last) == "02-2099"
    assert under_cursor(shown(many(1_000), "end", "home")) == "02-1100"
    assert "2 to 35 of 1000" in shown(many(1_000), *["down"] * 34)


def test_a_map_that_is_too_small_for_all_tells_how_many_it_leaves_out_and_how_many_of_them_need_a_hand() -> (
    None
):
    assert "100 more, 5 of them need a hand" in shown(many(1_000), "m", size=SMALL)


def test_figures_that_grow_old_without_a_word_from_the_port_are_marked() -> None:
    clock = Clock()
    pages: list[str] = []

    async def act(app: FleetApp, pilot: Pilot[None]) -> None:
        clock.now_ns += 4 * S
        app._look()
        await press(pilot)
        pages.append(page(app))

    run(desk_of([pump(0)]), act, clock=clock)
    (row,) = body(pages[0])
    assert "no link" in row
    assert "14.62?" in row


def test_the_bench_key_is_told_first_at_every_size() -> None:
    for size in ((60, 20), SMALL, WIDE):
        assert shown([pump(0, bench_key=True)], size=size).startswith("  BENCH KEY")
    assert "BENCH KEY" not in shown([pump(0)])


def test_text_from_a_pump_is_drawn_letter_by_letter() -> None:
    member, snapshot = pump(0, link=Link.LIVE)
    drawn = shown([(replace(member, name="[bold]\x1b[1m", place="[@click=app.quit]x"), snapshot)])
    assert "[bold]?[1m" in drawn
    assert "[@click=app…" in drawn


# --- what calls ---------------------------------------------------------------------------------------------------


class Rung:
    """How often a fleet's bell has rung."""

    def __init__(self, app: FleetApp) -> None:
        self.written: list[str] = []
        app._fleet_bell = Attention(self.written.append)

    def __call__(self) -> int:
        count = len(self.written)
        self.written.clear()
        return count


def test_the_most_urgent_alarm_of_the_fleet_rings_until_it_is_heard_or_silenced() -> None:
    clock = Clock()
    desk = desk_of([pump(0), pump(1, alarms=mask({Alarm.STALL}), measured_rate_nl_h=0)])

    async def act(app: FleetApp, pilot: Pilot[None]) -> None:
        rung = Rung(app)
        app._look()
        assert rung() == 1
        clock.now_ns += 200_000_000
        app._look()
        assert rung() == 1
        await press(pilot, "s")
        assert "no sound for 10 min here" in page(app)
        assert "silent 10 min" in page(app)
        clock.now_ns += S
        app._look()
        assert rung() == 0
        low = pump(0, alarms=mask({Alarm.LOW_RESERVOIR}), reservoir_nl=1_900_000)[1]
        desk.fleet.snapshots = (low, desk.fleet.snapshots[1])
        app._look()
        assert rung() == 1  # something new ends the silence
        for key in ("a", "n", "a"):
            await press(pilot, key)
        rung()
        clock.now_ns += S // 2
        app._look()
        assert rung() == 0
        clock.now_ns += 10 * S
        app._look()
        assert rung() == 1  # by now there is no link to either
        assert desk.calls == [("start",)]  # no pump was told

    run(desk, act, clock=clock)


def test_what_calls_flashes_in_the_head_and_can_be_read_in_either_half() -> None:
    clock = Clock()
    desk = desk_of([pump(1, alarms=mask({Alarm.STALL}), measured_rate_nl_h=0)])

    async def act(app: FleetApp, _: Pilot[None]) -> None:
        app.animation_level = "full"
        halves = set()
        for _half in range(4):
            clock.now_ns += 250_000_000
            app._look()
            assert app.fleet is not None
            halves.add(app.fleet.dark)
            assert "▲ 1 high" in fleet_head.draw(app.fleet, 120, 2).plain
        assert halves == {frozenset(), frozenset({Priority.HIGH})}

    run(desk, act, clock=clock)


@pytest.mark.parametrize("size", [(60, 20), SMALL, WIDE])
def test_that_nothing_is_stored_stands_in_the_second_line_while_the_rows_go_on(size: tuple[int, int]) -> None:
    desk = desk_of(some())
    desk.fleet.problem = "the disk is full: /x/history.db"
    drawn = shown(desk, size=size)
    second = drawn.splitlines()[1]
    assert second.startswith(" !! ◆ NO HISTORY  history not written: the disk is full")
    assert len(body(drawn)) == 9
    assert "REFILLS DUE" in shown(some(), size=size)


def test_how_the_alarms_of_an_opened_pump_stand_is_remembered_and_heard_on_the_way_back(
    tmp_path: Path,
) -> None:
    desk = desk_of([pump(0, state=State.STOPPED, commanded_rate_nl_h=0, measured_rate_nl_h=0)])

    async def act(app: FleetApp, pilot: Pilot[None]) -> None:
        app._memos_of = lambda bench: Memos(tmp_path / str(bench))
        rung = Rung(app)
        app._look()
        assert rung() == 1
        await press(pilot, "enter", "a", "escape")
        rung()
        app._look()
        assert rung() == 0
        assert app.fleet is not None
        assert app.fleet.calling == frozenset()

    run(desk, act)
    (found,) = Memos(tmp_path / "False").load("02-1100").alarms
    assert (found.line.key, found.state) == ("pump_stopped", AlarmState.ACKNOWLEDGED)
