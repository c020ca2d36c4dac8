"""A screen from which nothing may be done, whatever the key can: it says so, and does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.kinds.table import ROWS
from monitor.ui.moment import Moment
from monitor.ui.widgets import identity
from monitor.ui.widgets.last_line import SAID_NS
from protocol.alarms import Alarm, mask
from protocol.vocabulary import EventKind, Role
from tests.monitor.ui.bench import NOW_NS, Clock, FakeSource, event, low, snapshot, unresolved
from tests.monitor.ui.stage import press, run, shown, text

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from monitor.ui.app import DashboardApp

WHY = "this page only looks"
FAULTS = (event(1, 40, EventKind.ALARM_RAISED, Alarm.MEMORY_ERROR),)


@pytest.mark.parametrize("width", [120, 80])
@pytest.mark.parametrize("role", [Role.VIEWER, Role.TECHNICIAN])
def test_the_first_line_says_that_it_only_reads(role: Role, width: int) -> None:
    first = identity.draw(Moment(snapshot(role=role, read_only=WHY), NOW_NS), width, 1).plain
    assert first.count("read-only") == 1


@pytest.mark.parametrize("kind", [row.kind for row in ROWS], ids=lambda kind: kind.name)
def test_no_kind_of_change_can_be_asked_for(kind: int) -> None:
    assert Moment(snapshot(), NOW_NS).obstacle(kind) != WHY
    assert Moment(snapshot(read_only=WHY), NOW_NS).obstacle(kind) == WHY
    assert Moment(snapshot(read_only=WHY, unresolved=(unresolved(),)), NOW_NS).obstacle(kind) == WHY


def test_every_key_that_would_do_something_says_why_it_does_not(tmp_path: Path) -> None:
    source, clock = FakeSource(low(read_only=WHY)), Clock()

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        for key in ("r", "p", "a", "s", "x"):
            assert WHY not in text(app)[-1]
            await press(pilot, key)
            assert WHY in text(app)[-1]
            clock.now_ns += SAID_NS + 1
            app._tick()
            await press(pilot)
        await press(pilot, "c")
        assert sum(WHY in line for line in text(app)) == 1

    run(source, act, clock=clock, exports=tmp_path)
    assert source.calls == [("start",), ("stop",)]
    assert source.records == []
    assert list(tmp_path.iterdir()) == []


def test_the_list_of_alarms_can_be_looked_at_and_no_more() -> None:
    source = FakeSource(low(read_only=WHY))

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "A")
        assert any("ALARMS" in line for line in text(app))
        for key in ("a", "h", "s"):
            await press(pilot, "down", "up")  # which takes away what was said
            assert not any(WHY in line for line in text(app))
            await press(pilot, key)
            assert any(WHY in line for line in text(app))

    run(source, act)
    assert source.calls == [("start",), ("stop",)]
    assert source.records == []


def test_the_same_keys_do_something_where_something_may_be_done() -> None:
    source = FakeSource(low())
    assert WHY not in shown(source, "a", "s", "A", "h")
    assert [call[0] for call in source.calls] == ["start", "acknowledge", "pause_audio", "stop"]


def test_a_change_in_doubt_is_not_asked_about() -> None:
    source = FakeSource(snapshot(read_only=WHY, unresolved=(unresolved(),)))
    assert WHY in shown(source, "u")
    assert source.calls == [("start",), ("stop",)]


@pytest.mark.parametrize(("why", "still_new"), [("", 0), (WHY, 1)])
def test_the_fault_log_is_not_seen_by_being_looked_at(why: str, still_new: int) -> None:
    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "e")
        assert any("FAULT LOG" in line for line in text(app))
        await press(pilot, "escape")
        assert app.moment is not None
        assert app.moment.new_faults == still_new

    run(FakeSource(snapshot(read_only=why, faults=FAULTS, alarms=mask({Alarm.MEMORY_ERROR}))), act)


def test_what_only_changes_the_view_is_there_as_ever() -> None:
    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        for key in (
            "minus",
            "left",
            "escape",
            "l",
            "question_mark",
            "escape",
            "A",
            "escape",
            "e",
            "escape",
            "t",
        ):
            await press(pilot, key)
            assert not any(WHY in line for line in text(app))

    run(FakeSource(snapshot(read_only=WHY, faults=FAULTS)), act)
