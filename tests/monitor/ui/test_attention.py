"""The bell and the desktop's notification: when, how often, and nothing in them that a terminal could take for more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.alarms import Board
from monitor.judgement import AlarmLine
from monitor.ui.attention import BELL, FORMS, Attention
from protocol.alarms import Alarm, Priority, mask
from tests.monitor.ui.bench import CLOCK_S, NOW_NS, Clock, FakeSource, low, snapshot
from tests.monitor.ui.stage import press, run, settle

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from monitor.ui.app import DashboardApp

MS = 1_000_000
HOSTILE = "\x1b]0;owned\x07\x9c; rm\n\x1b\\"


def line(key: str = "stall", priority: Priority = Priority.HIGH, text: str = "it stands") -> AlarmLine:
    return AlarmLine(key, None, priority, key.upper(), text)


def board(*lines: AlarmLine) -> Board:
    return Board().update(lines, CLOCK_S)


class Terminal:
    """What was written, with an attention that writes there and is heeded whenever it wishes to be."""

    def __init__(self, *, bell: bool = True, notify: str = "off") -> None:
        self.written: list[str] = []
        self.attention = Attention(self.written.append, bell=bell, notify=notify)
        self.now_ns = NOW_NS

    def heed(self, made: Board, *, silent: bool = False) -> int | None:
        return self.attention.heed(made, "02-1187", self.now_ns, silent=silent)

    def go_on(self, made: Board, for_ms: int) -> None:
        until_ns = self.now_ns + for_ms * MS
        while (next_ns := self.heed(made)) is not None and next_ns <= until_ns:
            assert next_ns > self.now_ns
            self.now_ns = next_ns
        self.now_ns = until_ns


@pytest.mark.parametrize(
    ("priority", "bells"), [(Priority.HIGH, 20), (Priority.MEDIUM, 3), (Priority.LOW, 1)]
)
def test_an_alarm_rings_as_its_priority_does(priority: Priority, bells: int) -> None:
    terminal = Terminal()
    terminal.go_on(board(line(priority=priority)), 15_000)
    assert terminal.written == [BELL] * bells


def test_the_highest_priority_is_the_one_that_rings_and_each_that_comes_begins_anew() -> None:
    terminal = Terminal()
    made = board(line("low", Priority.LOW))
    terminal.go_on(made, 15_000)
    made = made.update([line("low", Priority.LOW), line("medium", Priority.MEDIUM)], CLOCK_S)
    terminal.go_on(made, 15_000)
    assert terminal.written == [BELL] * 4


def test_what_was_acknowledged_or_has_gone_rings_no_more_and_what_latched_does() -> None:
    for made, bells in (
        (board(line()).acknowledge({"stall"}), 0),
        (board(line(priority=Priority.MEDIUM)).update([], CLOCK_S), 0),
        (board(line()).update([], CLOCK_S), 10),
    ):
        terminal = Terminal()
        terminal.go_on(made, 5_000)
        assert terminal.written == [BELL] * bells


def test_nothing_rings_in_silence_or_where_it_is_turned_off_and_nothing_wakes_for_it() -> None:
    terminal = Terminal()
    assert terminal.heed(board(line()), silent=True) is None
    assert terminal.written == []
    terminal = Terminal(bell=False)
    assert terminal.heed(board(line())) is None
    assert terminal.written == []


def test_pulses_that_a_busy_machine_missed_are_not_made_up_for() -> None:
    terminal = Terminal()
    terminal.heed(board(line()))
    terminal.now_ns += 2_000 * MS
    terminal.heed(board(line()))
    assert terminal.written == [BELL] * 2


@pytest.mark.parametrize(
    ("notify", "sent"),
    [
        ("off", []),
        ("9", ["\x1b]9;pump 02-1187: STALL, it stands\x1b\\"]),
        ("777", ["\x1b]777;notify;pump 02-1187;STALL, it stands\x1b\\"]),
    ],
)
def test_the_desktop_is_told_once_of_each_alarm_that_calls(notify: str, sent: list[str]) -> None:
    terminal = Terminal(bell=False, notify=notify)
    made = board(line())
    terminal.heed(made)
    terminal.heed(made)
    assert terminal.written == sent
    terminal.heed(made.acknowledge({"stall"}).update([line()], CLOCK_S))
    assert terminal.written == sent
    terminal.heed(made.update([line(), line("eos")], CLOCK_S))
    assert len(terminal.written) == 2 * len(sent)


@pytest.mark.parametrize("notify", FORMS)
def test_text_of_a_device_never_leaves_its_notification(notify: str) -> None:
    terminal = Terminal(bell=False, notify=notify)
    terminal.attention.heed(board(line(text=HOSTILE)), HOSTILE, NOW_NS, silent=False)
    for one in terminal.written:
        inner = one.removeprefix("\x1b]").removesuffix("\x1b\\")
        assert inner.isprintable()
        assert inner.count(";") == {"9": 1, "777": 3}[notify]


def test_the_app_rings_while_somebody_is_called_and_not_once_somebody_has_come() -> None:
    clock, written = Clock(), list[str]()
    source = FakeSource(low())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        app._attention = Attention(written.append)
        for _ in range(4):
            app._tick()
            clock.now_ns += 400 * MS
        assert written == [BELL] * 3
        await press(pilot, "s")
        clock.now_ns += 1_000 * MS
        source.publish(low())
        await settle(pilot)
        assert written == [BELL] * 3
        await press(pilot, "s")
        assert len(written) == 4

    run(source, act, clock=clock)


def test_the_app_wakes_for_each_pulse_and_else_for_the_ages_alone() -> None:
    waits: dict[str, float] = {}
    high = low(alarms=mask({Alarm.STALL}), acknowledged_bits=0)
    quiet = replace(snapshot(), period_ms=1_000)
    for name, made in (("quiet", quiet), ("high", high)):

        async def act(app: DashboardApp, _pilot: Pilot[None], name: str = name) -> None:
            app.animation_level = "full"
            app._tick()
            assert app._timer is not None
            waits[name] = app._timer._interval

        run(FakeSource(made), act)
    assert waits["high"] == pytest.approx(0.2)
    assert waits["quiet"] == pytest.approx(0.899, abs=1e-5)
