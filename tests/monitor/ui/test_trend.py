from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.snapshot import Reading
from protocol.vocabulary import State
from tests.monitor.ui import past
from tests.monitor.ui.bench import (
    IDENTITY,
    MS,
    NOW_NS,
    SERIAL,
    STATUS,
    Clock,
    FakeSource,
    S,
    lost,
    low,
    snapshot,
    still,
    waiting,
)
from tests.monitor.ui.stage import SMALL, WIDE, check, page, press, read, run, settle, shown, strips, text
from tests.monitor.ui.test_staleness import bright_digits

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from monitor.snapshot import Snapshot
    from monitor.ui.app import DashboardApp
    from monitor.ui.trends import Wanted

SIZES = {"120x40": WIDE, "80x24": SMALL}
SPANS = ("10 min", "1 h", "6 h", "24 h", "7 d", "30 d", "1 year")
HATCH = "╱"  # noqa: RUF001 - the hatching
OTHER_MEMORY = replace(IDENTITY, store_id=b"store-02")


def trend(made: Snapshot | FakeSource, *keys: str, size: tuple[int, int] = WIDE, after_s: int = 0) -> str:
    """Return what the trend's own screen shows, of a pump with a past, after these keys."""
    return shown(made, "t", *keys, size=size, after_s=after_s, stored=past.told)


def chart(shown_page: str, name: str) -> list[str]:
    """Return the rows of a chart, without heading, labels and axis."""
    lines = [
        line[1:-1].rstrip()
        for line in shown_page.split("\n---", maxsplit=1)[0].splitlines()
        if line.startswith("│")
    ]
    start = next(index for index, line in enumerate(lines) if line.strip().startswith(name))
    end = next(index for index in range(start, len(lines)) if "now" in lines[index] and index > start)
    return [line[12:] for line in lines[start + 1 : end]]


def dotted(rows: list[str]) -> set[int]:
    """Return in which columns there is a dot."""
    return {at for row in rows for at, char in enumerate(row) if "⠀" < char <= "⣿"}


def reading(after_s: int, **changes: int) -> Snapshot:
    """Make the snapshot of a reading so long after the first."""
    facts = {"pump_time_us": STATUS.pump_time_us + after_s * 1_000_000} | changes
    status = replace(STATUS, **facts)
    return snapshot(reading=Reading(SERIAL, status, NOW_NS + after_s * S - 100 * MS))


@pytest.mark.parametrize("size", SIZES)
def test_the_trend_of_a_pump_with_a_past_looks_as_it_did(size: str) -> None:
    check(f"trend-{size}", trend(snapshot(), size=SIZES[size]))
    check(f"trend-month-{size}", trend(low(), "+", "+", size=SIZES[size]))
    check(f"trend-cursor-{size}", trend(snapshot(), *["left"] * 20, size=SIZES[size]))
    check(f"trend-stale-{size}", trend(lost(snapshot()), size=SIZES[size], after_s=14))
    check(f"trend-waiting-{size}", trend(waiting(problem="no such port: /dev/pts/7"), size=SIZES[size]))
    check(f"trend-new-{size}", shown(snapshot(), "t", size=SIZES[size], stored=past.nothing))


@pytest.mark.parametrize("size", SIZES)
def test_the_pumps_screen_with_a_past_looks_as_it_did(size: str) -> None:
    check(f"past-{size}", shown(snapshot(), size=SIZES[size], stored=past.told))
    check(f"past-stopped-{size}", shown(still(State.STOPPED), size=SIZES[size], stored=past.told))


@pytest.mark.parametrize("size", SIZES)
def test_the_trend_reads_the_same_in_the_light_theme(size: str) -> None:
    dark, light = (trend(low(), *keys, size=SIZES[size]).split("\n---") for keys in ((), ("l",)))
    assert dark == light


@pytest.mark.parametrize("size", SIZES)
def test_without_colour_the_trend_reads_the_same_and_is_grey(
    size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    coloured = trend(low(), size=SIZES[size]).split("\n---")[0]
    monkeypatch.setenv("NO_COLOR", "1")

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "t")
        await read(app, pilot)
        assert page(app).split("\n---")[0] == coloured
        colours = {
            c.triplet
            for line in strips(app)
            for s in line
            if s.style
            for c in (s.style.color, s.style.bgcolor)
            if c
        }
        assert all(c is None or c.red == c.green == c.blue for c in colours)

    run(FakeSource(low()), act, size=SIZES[size], stored=past.told)


def test_t_opens_the_trend_and_t_or_escape_closes_it() -> None:
    opened = trend(snapshot())
    assert "EVENTS" not in opened
    assert "flow rate mL/day, 24 h" in opened
    assert "reservoir mL, 24 h back and ahead" in opened
    for key in ("t", "escape"):
        assert trend(snapshot(), key) == shown(snapshot(), stored=past.told)


def test_plus_and_minus_go_through_the_spans_and_stop_at_the_ends() -> None:
    for presses in range(9):
        assert f"mL/day, {SPANS[min(3 + presses, 6)]} " in trend(snapshot(), *["+"] * presses)
        assert f"mL/day, {SPANS[max(3 - presses, 0)]} " in trend(snapshot(), *["-"] * presses)


def test_the_span_and_the_cursor_are_the_same_on_both_screens() -> None:
    assert "mL/day, 7 d " in shown(snapshot(), "+", stored=past.told)
    assert "mL/day, 7 d " in shown(snapshot(), "+", "t", stored=past.told)
    assert "22 min 30 s ago" in shown(snapshot(), "left", stored=past.told)
    assert "22 min 30 s ago" in shown(snapshot(), "left", "t", stored=past.told)


def test_without_a_choice_as_much_is_shown_as_is_known() -> None:
    assert "mL/day, 10 min " in shown(snapshot(), stored=past.nothing)
    assert "mL/day, 24 h " in shown(snapshot(), stored=past.told)


@pytest.mark.parametrize("keys", [(), ("t",)])
def test_the_cursor_tells_the_figures_of_its_column(keys: tuple[str, ...]) -> None:
    opened = shown(snapshot(), *keys, *["left"] * 32, stored=past.told)
    assert "02:32:07, 12 h 0 min ago" in opened
    assert "mL/day, set 0.450" in opened
    assert "mL expected, " in opened


def test_the_cursor_in_a_gap_says_that_there_is_no_reading() -> None:
    opened = trend(snapshot(), *["left"] * 37)
    assert "flow rate  no reading" in opened
    assert "reservoir  no reading" in opened


def test_right_of_now_and_by_escape_there_is_no_cursor() -> None:
    plain = trend(snapshot())
    assert trend(snapshot(), "left", "right") != plain
    for keys in (("left", "right", "right"), ("left", "left", "escape")):
        assert trend(snapshot(), *keys) == plain
    assert shown(snapshot(), "left", "escape", stored=past.told) == shown(snapshot(), stored=past.told)


def test_the_cursor_stops_where_the_span_begins() -> None:
    assert "23 h 37 min ago" in trend(snapshot(), *["left"] * 80)


def test_a_gap_is_hatched_and_no_line_is_drawn_over_it() -> None:
    opened = trend(snapshot())
    for name in ("flow rate", "reservoir"):
        rows = chart(opened, name)
        gap = {at for row in rows for at, char in enumerate(row) if char == HATCH}
        assert len(gap) >= 2
        assert gap == set(range(min(gap), max(gap) + 1))
        assert not gap & dotted(rows)
        assert {min(gap) - 1, max(gap) + 1} <= dotted(rows)


def test_before_anything_is_known_nothing_is_hatched() -> None:
    rows = chart(trend(snapshot(), "+", "+"), "flow rate")
    assert not any(HATCH in row for row in rows)
    assert min(dotted(rows)) > len(rows[0]) // 2


def test_silence_since_the_last_reading_is_hatched_up_to_now() -> None:
    rows = chart(shown(lost(snapshot()), "t", after_s=300, stored=past.nothing), "flow rate")
    assert rows[0].endswith(HATCH)
    assert len([char for char in rows[0] if char == HATCH]) > 40


def test_no_curve_is_bright_once_the_reading_is_stale() -> None:
    clock = Clock()

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "t")
        await read(app, pilot)
        clock.now_ns += 14 * S
        app._tick()
        assert bright_digits(app) == []
        assert "stale ?" in page(app)
        assert "as last seen ?" in page(app)

    run(FakeSource(snapshot()), act, clock=clock, stored=past.told)


def test_limits_and_the_day_of_the_refill_are_named_where_they_are_in_sight() -> None:
    month = trend(snapshot(), "+", "+")
    for words in ("low 2.00", "empty 1.40", "▲ 26 Jan", "on to empty"):
        assert words in month
    assert "▲" not in trend(snapshot())


def test_a_reading_that_no_screen_was_in_time_for_is_drawn_all_the_same() -> None:
    clock, source = Clock(), FakeSource(snapshot())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        for after_s in range(1, 30):
            clock.now_ns += S
            rate = 90_000 if after_s == 17 else 20_900
            source.publish(reading(after_s, measured_rate_nl_h=rate))  # thirty before the screen looks once
        await press(pilot, "t")
        rows = chart(page(app), "flow rate")
        assert dotted(rows[: len(rows) // 2])

    run(source, act, clock=clock)


def test_another_memory_has_another_past() -> None:
    clock, source, asked = Clock(), FakeSource(snapshot()), []

    def told(wanted: Wanted) -> past.Told:
        asked.append(wanted.pump)
        return past.told(wanted) if wanted.pump[1] == IDENTITY.store_id else past.nothing(wanted)

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "t")
        await read(app, pilot)
        assert "mL/day, 24 h " in page(app)
        clock.now_ns += S
        source.publish(replace(reading(1), identity=OTHER_MEMORY))
        await settle(pilot)
        await read(app, pilot)
        assert "mL/day, 10 min " in page(app)

    run(source, act, clock=clock, stored=told)
    assert set(asked) == {(SERIAL, IDENTITY.store_id), (SERIAL, OTHER_MEMORY.store_id)}


def test_the_history_is_asked_once_for_each_span_and_pump() -> None:
    asked: list[Wanted] = []

    def told(wanted: Wanted) -> past.Told:
        asked.append(wanted)
        return past.told(wanted)

    shown(snapshot(), "t", "+", "-", "+", "t", "t", stored=told)
    assert len({wanted.span_ms for wanted in asked}) == len(asked)


def test_a_history_that_cannot_be_read_is_said_and_the_live_trend_goes_on() -> None:
    opened = shown(snapshot(), "t", stored=past.broken)
    assert "no trend from before: its disk reports an error: history.db" in opened
    assert dotted(chart(opened, "flow rate"))


def test_where_pump_time_runs_fast_the_trend_says_so_and_counts_back_from_now() -> None:
    clock, source = Clock(), FakeSource(snapshot())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        for after_s in range(1, 9):
            clock.now_ns += S
            source.publish(reading(after_s, pump_time_us=STATUS.pump_time_us + after_s * 2_000_000_000))
        await press(pilot, "t")
        assert "mL/day, 10 min, pump time x2000 " in page(app)
        assert "4 min ago" in page(app)
        assert "reservoir mL, 13 d back and ahead" in page(app)  # ten minutes, 2,000 times as fast
        await press(pilot, "left")
        assert "9 s ago" in page(app)

    run(source, act, clock=clock)


@pytest.mark.parametrize("leap_us", [2**40, 2**62, 2**64 - 1 - STATUS.pump_time_us])
def test_a_pump_whose_time_leaps_ends_nothing(leap_us: int, tmp_path: Path) -> None:
    clock, source = Clock(), FakeSource(snapshot())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        clock.now_ns += 3 * S
        source.publish(reading(3, pump_time_us=STATUS.pump_time_us + leap_us, clock_s=2**63))
        await press(pilot, "left", "t", "left", "x")
        assert "exported: " in page(app)

    run(source, act, clock=clock, exports=tmp_path, size=(220, 50))


def test_x_writes_a_table_and_a_picture_once(tmp_path: Path) -> None:
    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "t", "x")
        assert "exported: " in page(app)
        names = sorted(one.name for one in await asyncio.to_thread(lambda: list(tmp_path.iterdir())))
        assert names == ["trend-02-1187-2026-01-01T143207.csv", "trend-02-1187-2026-01-01T143207.svg"]
        await press(pilot, "x")
        assert "was exported already" in page(app)

    run(FakeSource(snapshot()), act, size=(200, 40), stored=past.told, exports=tmp_path)
    written = (tmp_path / "trend-02-1187-2026-01-01T143207.csv").read_text()
    assert written.count(",read,") > 400
    assert written.count(",gap,") == 1
    assert written.count(",forecast,") == 480


def test_x_on_the_pumps_screen_writes_what_that_shows(tmp_path: Path) -> None:
    async def act(_app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "x")

    run(FakeSource(snapshot()), act, stored=past.told, exports=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_an_export_that_cannot_be_written_is_said_and_ends_nothing() -> None:
    assert "not exported: No such file or directory: /nowhere" in shown(
        snapshot(), "t", "x", stored=past.told
    )
    assert "nothing to export before the first reading" in shown(waiting(), "t", "x")


def test_where_the_trend_has_no_room_its_keys_say_so() -> None:
    for key in ("+", "-", "left", "right", "x"):
        assert "there is no room for the trend here: t shows it" in shown(snapshot(), key, size=(60, 20))
    assert "flow rate" in shown(snapshot(), "t", size=(60, 20))


@pytest.mark.parametrize("size", [(60, 20), (64, 22), (100, 30), (133, 50), (200, 60)])
def test_the_trend_fills_any_terminal(size: tuple[int, int]) -> None:
    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "t")
        await read(app, pilot)
        lines = text(app)
        assert len(lines) == size[1]
        assert lines[-2].startswith("└")
        assert lines[-2].endswith("┘")
        assert "now" in lines[-3]

    run(FakeSource(snapshot()), act, size=size, stored=past.told)
