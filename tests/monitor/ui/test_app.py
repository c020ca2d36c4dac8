from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from protocol.alarms import Priority
from tests.monitor.ui.bench import Clock, FakeSource, low, snapshot
from tests.monitor.ui.stage import press, run, settle, text

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from monitor.ui.app import DashboardApp

EMPTY_ALARM = 0b10


def test_the_source_is_started_after_the_first_paint_and_stopped_on_the_way_out() -> None:
    source = FakeSource(snapshot())

    async def act(app: DashboardApp, _pilot: Pilot[None]) -> None:
        assert source.calls == [("start",)]
        assert "02-1187" in text(app)[0]

    run(source, act)
    assert source.calls == [("start",), ("stop",)]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_app_as_a_key_would(name: str) -> None:
    source = FakeSource(snapshot())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        os.kill(os.getpid(), getattr(signal, name))
        await settle(pilot)
        await settle(pilot)
        assert app._exit

    run(source, act)
    assert source.calls[-1] == ("stop",)


def test_a_snapshot_from_another_thread_is_drawn() -> None:
    source = FakeSource(snapshot())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        assert "LOW RESERVOIR" not in text(app)[1]
        thread = threading.Thread(target=source.publish, args=(low(),))
        thread.start()
        thread.join()
        await press(pilot)
        assert "LOW RESERVOIR" in text(app)[1]

    run(source, act)


def test_what_looks_the_same_is_not_drawn_again() -> None:
    source = FakeSource(snapshot())
    clock = Clock()

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        app.animation_level = "full"
        drawings = list(app.screen.query("Drawing"))
        shown = [drawing.render() for drawing in drawings]
        source.publish(snapshot())
        await press(pilot)
        for _ in range(3):
            clock.now_ns += 250_000_000
            app._tick()
        assert len(drawings) == 6
        assert all(drawing.render() is before for drawing, before in zip(drawings, shown, strict=True))

    run(source, act, clock=clock)


@pytest.mark.requirement("R6.4.2(1-3) flash")
def test_only_an_unacknowledged_high_alarm_flashes_and_at_two_hertz() -> None:
    clock = Clock()
    high = low(alarms=EMPTY_ALARM, acknowledged_bits=0)

    async def act(app: DashboardApp, _pilot: Pilot[None]) -> None:
        app.animation_level = "full"
        lit = []
        for _ in range(8):
            app._tick()
            assert app.moment is not None
            lit.append(app.moment.lit(Priority.HIGH))
            clock.now_ns += 250_000_000
        assert lit == [True, False] * 4
        assert app.moment.flashing == {Priority.HIGH}

    run(FakeSource(high), act, clock=clock)


def test_nothing_flashes_where_animations_are_turned_off() -> None:
    clock = Clock()

    async def act(app: DashboardApp, _pilot: Pilot[None]) -> None:
        for _ in range(4):
            clock.now_ns += 250_000_000
            app._tick()
            assert app.moment is not None
            assert not app.moment.dark

    run(FakeSource(low()), act, clock=clock)


@pytest.mark.requirement("R6.4.2(1-3) flash")
def test_a_flashing_alarm_can_be_read_in_either_half() -> None:
    clock = Clock()
    high = low(alarms=EMPTY_ALARM, acknowledged_bits=0)

    async def act(app: DashboardApp, _pilot: Pilot[None]) -> None:
        app.animation_level = "full"
        for _ in range(2):
            app._tick()
            assert text(app)[1].startswith("!!! ▲ RESERVOIR EMPTY")
            clock.now_ns += 250_000_000

    run(FakeSource(high), act, clock=clock)
