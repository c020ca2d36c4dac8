from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.judgement import describe
from monitor.snapshot import Reading
from monitor.ui.moment import Moment
from monitor.ui.widgets import identity
from protocol.alarms import KINDS, Alarm, mask
from protocol.vocabulary import EventKind, Mode, Role, State
from tests.monitor.ui.bench import (
    EVENTS,
    NOW_NS,
    STATUS,
    FakeSource,
    S,
    event,
    lost,
    low,
    snapshot,
    still,
    waiting,
)
from tests.monitor.ui.stage import SMALL, WIDE, check, run, settle, shown, text

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from monitor.snapshot import Snapshot
    from monitor.ui.app import DashboardApp

BOTH_SEEN = mask({Alarm.LOW_RESERVOIR, Alarm.ERI})
EMPTY = mask({Alarm.LOW_RESERVOIR, Alarm.EMPTY_RESERVOIR, Alarm.ERI})
REFUSAL = "the pump says no: 0.650 mL/day is more than +25 % in one step: 0.625 mL/day at the most"

# The commonest states are held in every theme in test_states_in_themes.py.
SNAPSHOTS: dict[str, Snapshot] = {
    "waiting": waiting(problem="no such port: /dev/pts/7"),
    "empty": low(
        state=State.EMPTY,
        measured_rate_nl_h=0,
        reservoir_nl=1_400_000,
        alarms=EMPTY,
        acknowledged_bits=0,
    ),
    "stopped": still(State.STOPPED, events=(*EVENTS, event(7, 600, EventKind.STOPPED, 0, 20_833))),
    "stopped-too-long": still(State.STOPPED, alarms=mask({Alarm.STOPPED})),
    "stalled": still(State.STALLED, commanded_rate_nl_h=20_833, alarms=mask({Alarm.STALL})),
    "reset": snapshot(
        mode=Mode.MINIMUM_RATE,
        commanded_rate_nl_h=250,
        measured_rate_nl_h=250,
        alarms=mask({Alarm.RESET, Alarm.CLOCK_LOST, Alarm.MEMORY_ERROR}),
    ),
    "viewer": snapshot(role=Role.VIEWER),
    "bench": snapshot(role=Role.DEVELOPER, bench_key=True),
    "bench-waiting": waiting(bench_key=True),
}
STALE = lost(low(acknowledged_bits=BOTH_SEEN))
LONGEST = Reading("PM-00001", replace(STATUS, state=State.END_OF_SERVICE), NOW_NS)
SIZES = {"120x40": WIDE, "80x24": SMALL}
WHY = (*"meant", "enter")  # what is typed where a soft limit is crossed


@pytest.mark.requirement("R6.4.2(1-3) text")
@pytest.mark.parametrize("alarm", Alarm)
def test_each_alarm_is_on_the_screen_by_its_title_and_what_follows(alarm: Alarm) -> None:
    line = shown(snapshot(alarms=mask({alarm})), size=WIDE).splitlines()[1]
    assert f"{KINDS[alarm].title}  {describe(alarm, STATUS)}" in line


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SNAPSHOTS)
def test_the_screen_of_a_snapshot_looks_as_it_did(name: str, size: str) -> None:
    check(f"{name}-{size}", shown(SNAPSHOTS[name], size=SIZES[size]))


def test_the_link_says_the_rate_of_a_line_that_is_not_the_usual_one_and_how_often_it_is_read() -> None:
    slow = snapshot(baud=1_200, period_ms=2_032, reply_us=1_627_400)
    assert "each 2.0 s at 1200 baud  reply 1627 ms  " in shown(slow, size=WIDE)
    assert "each 2.0 s at 1200 baud  reply 1627 ms  84 lost  3 bad ─┘" in shown(slow, size=SMALL)
    assert not any("baud" in shown(snapshot(), size=size) for size in SIZES.values())


def test_a_port_with_a_long_name_is_shown_by_its_end_beside_what_it_is() -> None:
    long = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
    row = next(line for line in shown(snapshot(url=long), size=WIDE).splitlines() if "LINK" in line)
    assert row.startswith("│ LINK …")
    assert long[-32:] in row
    assert "│ ◆ LINK …" in shown(lost(snapshot(url=long)), size=WIDE, after_s=14)


@pytest.mark.parametrize("size", SIZES)
def test_while_a_long_log_is_read_it_is_said_how_far(size: str) -> None:
    page = shown(snapshot(log_to=480), size=SIZES[size])
    assert "┌─ EVENTS reading the log: 6 of 480 ─" in page
    assert "no events read yet" in shown(snapshot(log_to=480, events=()), size=SIZES[size])
    assert "the pump's event log is empty" in shown(snapshot(events=()), size=SIZES[size])


@pytest.mark.parametrize("size", SIZES)
def test_the_steps_of_the_rate_box_look_as_they_did(size: str) -> None:
    check(f"rate-step1-{size}", shown(low(), "r", "0.65", size=SIZES[size]))
    check(f"rate-reason-{size}", shown(low(), "r", "0.65", "enter", *"meant", size=SIZES[size]))
    check(f"rate-step2-{size}", shown(low(), "r", "0.65", "enter", *WHY, size=SIZES[size]))
    check(f"rate-armed-{size}", shown(low(), "r", "0.65", "enter", *WHY, "0.650", size=SIZES[size]))


@pytest.mark.parametrize("size", SIZES)
def test_the_stop_box_and_the_help_look_as_they_did(size: str) -> None:
    check(f"stop-{size}", shown(low(), "p", size=SIZES[size]))
    check(f"help-{size}", shown(low(), "?", size=SIZES[size]))


@pytest.mark.parametrize("size", [(50, 15), (59, 40), (120, 19)])
def test_a_terminal_too_small_says_what_it_needs_and_shows_no_figure(size: tuple[int, int]) -> None:
    page = shown(low(), size=size)
    assert f"{size[0]} x {size[1]}, needs 60 x 20" in page
    assert "q quits" in page
    assert "0.503" not in page


@pytest.mark.requirement("R6.5.0(23)")
def test_the_smallest_terminal_shows_every_figure_whole() -> None:
    page = shown(low(), size=(60, 20))
    for figure in ("SN 02-1187", "▶ RUNNING", "0.503 mL/day", "set 0.500  +0.6 %", "1.96 mL", "31 %", "now"):
        assert figure in page


@pytest.mark.parametrize("width", range(60, 200, 4))
def test_at_any_width_and_in_any_state_the_screen_says_that_it_is_by_the_bench_key(width: int) -> None:
    for made in (
        snapshot(bench_key=True),
        snapshot(bench_key=True, reading=LONGEST),
        lost(snapshot(bench_key=True, reading=LONGEST)),
        waiting(bench_key=True, url="socket://a-host-with-a-long-name.example:50000" * 3),
    ):
        line = identity.draw(Moment(made, NOW_NS + 14 * S), width, 1).plain
        assert len(line) == width
        assert "BENCH KEY" in line
        assert ("BENCH KEY: anyone can change this pump" in line) is (width >= 120)


def test_the_mark_of_the_bench_key_leaves_name_and_state_of_the_pump_on_the_line() -> None:
    for width in (60, 80, 100, 120):
        for reading in (snapshot().reading, Reading("PM-00001", STATUS, NOW_NS)):
            assert reading is not None
            live = snapshot(bench_key=True, reading=reading)
            for made in (live, lost(live)):
                line = identity.draw(Moment(made, NOW_NS), width, 1).plain
                assert reading.serial_number in line
                assert " RUNNING" in line


def test_without_the_bench_key_nothing_is_said_of_it() -> None:
    assert "BENCH KEY" not in "".join(shown(made) for made in (snapshot(), STALE, waiting()))


def test_nothing_moves_when_alarms_come_and_go() -> None:
    lines: list[list[str]] = []
    source = FakeSource(snapshot())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        for made in (snapshot(), low(), snapshot(), low(alarms=EMPTY)):
            source.publish(made)
            await settle(pilot)
            lines.append(text(app))

    def rows(page: list[str]) -> list[int]:
        labels = ("REFILL BY", "LINK  ", "a Ack")
        borders = [row for row, line in enumerate(page) if line.startswith(("┌", "└"))]
        return borders + [next(row for row, line in enumerate(page) if label in line) for label in labels]

    run(source, act)
    assert all(rows(page) == rows(lines[0]) for page in lines)


def test_a_second_unacknowledged_alarm_is_a_bar_too_and_further_ones_are_counted() -> None:
    page = shown(low(alarms=EMPTY, acknowledged_bits=0))
    lines = page.splitlines()
    assert lines[1].startswith("!!! ▲ RESERVOIR EMPTY")
    assert lines[2].startswith(" !! ◆ LOW RESERVOIR")
    assert lines[2].endswith("+1 (A)")


def test_a_long_alarm_is_cut_before_its_state() -> None:
    made = lost(waiting(), problem="no such port " * 20, retry_ns=0)
    line = shown(made, size=SMALL).splitlines()[1]
    assert "…" in line
    assert line.endswith("UNACK")
