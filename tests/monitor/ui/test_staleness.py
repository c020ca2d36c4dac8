from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.monitor.ui.bench import NOW_NS, Clock, FakeSource, S, lost, low, snapshot, waiting
from tests.monitor.ui.stage import SMALL, WIDE, colours, press, run, shown, strips, text

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from monitor.ui.app import DashboardApp

BRIGHT = {"value", "foreground", "trace", "action"}


def bright_digits(app: DashboardApp) -> list[str]:
    """Return what bears a digit in a colour of the present, outside the log and the monitor's own counts."""
    found = []
    for strip, line in zip(strips(app), text(app), strict=True):
        if "EVENTS" in line:
            break
        if "good" in line or "PUMP" in line:
            continue
        found += [
            segment.text
            for segment in strip
            if any(char.isdigit() or char in "┃━┛┓┗┏◆" for char in segment.text)
            and colours(segment).split(" on ")[0] in BRIGHT
        ]
    return found


@pytest.mark.parametrize("size", [WIDE, SMALL, (60, 20), (100, 30)])
def test_without_a_new_snapshot_every_figure_is_dimmed_and_marked(size: tuple[int, int]) -> None:
    clock = Clock()

    async def act(app: DashboardApp, _pilot: Pilot[None]) -> None:
        assert bright_digits(app)
        clock.now_ns += 14 * S
        app._tick()
        assert bright_digits(app) == []
        page = "\n".join(text(app))
        assert "stale 14 s" in page
        assert "? RUNNING" in page
        assert page.count("?") >= 5

    run(FakeSource(low()), act, size=size, clock=clock)


def test_a_reading_is_live_up_to_three_periods_and_not_beyond() -> None:
    assert "▶ RUNNING" in shown(snapshot(), after_s=2)
    page = shown(snapshot(), after_s=3)
    assert "▶ RUNNING" not in page
    assert "no link 3 s" in page


@pytest.mark.parametrize(("after_ms", "in_ms"), [(0, 899), (700, 199), (1_500, 399), (2_800, 99)])
def test_the_app_looks_at_the_clock_by_itself_when_an_age_changes(after_ms: int, in_ms: int) -> None:
    clock = Clock()
    clock.now_ns += after_ms * 1_000_000
    ticks: list[float] = []

    async def act(app: DashboardApp, _pilot: Pilot[None]) -> None:
        assert app._timer is not None
        ticks.append(app._timer._interval)

    run(FakeSource(snapshot()), act, clock=clock)  # of a reading that is 100 ms old at first
    assert ticks == [pytest.approx(in_ms / 1_000, abs=1e-6)]


def test_a_lost_link_is_shown_with_its_age_its_tries_and_the_next_one() -> None:
    page = shown(lost(snapshot()), after_s=14)
    assert "no answer for 14 s, 5 tries, next in 1 s" in page
    assert "NO LINK  no answer from the pump for 14 s, trying again" in page


def test_a_long_loss_leaves_the_next_try_out_and_is_not_cut() -> None:
    page = shown(lost(snapshot(), tries=993, retry_ns=NOW_NS + 4_985 * S), after_s=4_980)
    assert "no answer for 1 h 23 min, 993 tries " in page


def test_before_the_first_reading_there_is_no_figure_at_all() -> None:
    page = shown(waiting(problem="no such port: /dev/pts/7"))
    assert "waiting for the pump: no such port: /dev/pts/7" in page
    assert "no active alarms" not in page
    body = page.split("EVENTS", maxsplit=1)[0]
    digits = [line for line in body.splitlines() if any(char.isdigit() for char in line)]
    assert all("/dev/pts/7" in line or "0 good  0 lost  0 bad" in line or "14.5 %" in line for line in digits)


def test_a_reading_that_comes_back_is_bright_again() -> None:
    clock = Clock()
    source = FakeSource(snapshot())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        clock.now_ns += 14 * S
        app._tick()
        assert bright_digits(app) == []
        clock.now_ns -= 14 * S
        source.publish(snapshot())
        await press(pilot)
        assert bright_digits(app)

    run(source, act, clock=clock)
