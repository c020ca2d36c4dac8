"""How fast alarms flash: within the rates and duty cycles of IEC 60601-1-8."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.bell import Calls
from monitor.ui.app import DashboardApp
from monitor.ui.flash import HALF_NS, dark, next_edge_ns
from monitor.ui.widgets.drawing import Drawing
from protocol.alarms import Alarm, Priority, mask
from tests.monitor.ui.bench import NOW_NS, Clock, FakeSource, low, snapshot
from tests.monitor.ui.stage import page, run

if TYPE_CHECKING:
    from textual.pilot import Pilot

MS = 1_000_000
RATES_HZ = {Priority.HIGH: (1.4, 2.8), Priority.MEDIUM: (0.4, 0.8)}


@pytest.mark.requirement("R6.4.2(1-3) flash")
@pytest.mark.parametrize("priority", RATES_HZ)
def test_each_priority_flashes_at_its_rate_and_is_lit_for_as_long_as_it_may_be(priority: Priority) -> None:
    lit = [priority not in dark(0, at_ms * MS) for at_ms in range(20_000)]
    begins = sum(now and not before for before, now in zip([False, *lit], lit, strict=False))
    least, most = RATES_HZ[priority]
    assert least <= begins / 20 <= most
    assert 0.2 <= sum(lit) / len(lit) <= 0.6
    assert lit[0]


def test_low_is_steady() -> None:
    assert not any(Priority.LOW in dark(0, at_ms * MS) for at_ms in range(5_000))
    assert next_edge_ns({Priority.LOW}, 0, 0) is None
    assert next_edge_ns((), 0, 0) is None


@pytest.mark.parametrize("priority", HALF_NS)
def test_the_next_edge_is_where_it_changes_and_not_before(priority: Priority) -> None:
    now_ns = since_ns = NOW_NS
    for _ in range(6):
        edge_ns = next_edge_ns({priority}, since_ns, now_ns)
        assert edge_ns is not None
        assert edge_ns > now_ns
        assert dark(since_ns, edge_ns - 1) & {priority} == dark(since_ns, now_ns) & {priority}
        assert dark(since_ns, edge_ns) & {priority} != dark(since_ns, now_ns) & {priority}
        now_ns = edge_ns


@pytest.mark.requirement("R6.4.2(1-3) flash")
def test_a_medium_alarm_flashes_between_a_bar_and_its_colour_until_it_is_acknowledged() -> None:
    clock = Clock()

    async def act(app: DashboardApp, _pilot: Pilot[None]) -> None:
        app.animation_level = "full"
        looks = []
        for _ in range(4):
            app._tick()
            looks.append("◆ LOW RESERVOIR  [medium-on on medium-fill]" in page(app))
            clock.now_ns += 1_000 * MS
        assert looks == [True, False, True, False]

    run(FakeSource(low(period_ms=60_000)), act, clock=clock)


def test_without_blinking_every_alarm_is_steady_and_nothing_wakes_for_it() -> None:
    clock = Clock()
    source = FakeSource(low(alarms=mask({Alarm.STALL}), acknowledged_bits=0))

    async def act(app: DashboardApp, _pilot: Pilot[None]) -> None:
        app.animation_level = "full"
        app._calls = Calls(blink=False)
        for _ in range(4):
            app._tick()
            assert app.moment is not None
            assert not app.moment.dark
            clock.now_ns += 250 * MS
        assert app._flashing == frozenset()

    run(source, act, clock=clock)


@pytest.mark.parametrize(
    ("blink", "flashes"), [(True, frozenset({Priority.MEDIUM})), (False, frozenset[Priority]())]
)
def test_blinking_is_a_setting(*, blink: bool, flashes: frozenset[Priority]) -> None:
    app = DashboardApp(FakeSource(snapshot()), calls=Calls(blink=blink))
    app.animation_level = "full"
    app._dark(frozenset({Priority.MEDIUM}), NOW_NS)
    assert app._flashing == flashes


def test_a_flash_draws_the_alarm_lines_and_nothing_else() -> None:
    clock = Clock()

    async def act(app: DashboardApp, _pilot: Pilot[None]) -> None:
        app.animation_level = "full"
        app._tick()
        drawn: list[str | None] = []
        for part in app.screen.query(Drawing):
            draw = part._draw
            part._draw = lambda *data, draw=draw, part=part: drawn.append(part.id) or draw(*data)
        clock.now_ns += 250 * MS
        app._tick()
        assert drawn == ["alarms"]

    stalled = low(alarms=mask({Alarm.STALL}), acknowledged_bits=0)
    run(FakeSource(stalled), act, clock=clock)
