"""A screen from which nothing may be done, whatever the key can: it says so, and does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.kinds.table import ROWS
from monitor.ui.moment import Moment
from protocol.alarms import Alarm, mask
from protocol.vocabulary import EventKind, Role
from tests.monitor.ui.bench import NOW_NS, FakeSource, event, low, snapshot, unresolved
from tests.monitor.ui.stage import SMALL, press, run, shown, text

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from monitor.ui.app import DashboardApp

WHY = "this page only looks"
FAULTS = (event(1, 40, EventKind.ALARM_RAISED, Alarm.MEMORY_ERROR),)


@pytest.mark.parametrize("size", [(120, 40), SMALL])
@pytest.mark.parametrize("role", [Role.VIEWER, Role.TECHNICIAN])
def test_the_first_line_says_that_it_only_reads(role: Role, size: tuple[int, int]) -> None:
    first = shown(snapshot(role=role, read_only=WHY), size=size).splitlines()[0]
    assert first.count("read-only") == 1


@pytest.mark.parametrize("kind", [row.kind for row in ROWS], ids=lambda kind: kind.name)
def test_no_kind_of_change_can_be_asked_for(kind: int) -> None:
    assert Moment(snapshot(), NOW_NS).obstacle(kind) != WHY
    assert Moment(snapshot(read_only=WHY), NOW_NS).obstacle(kind) == WHY
    assert Moment(snapshot(read_only=WHY, unresolved=(unresolved(),)), NOW_NS).obstacle(kind) == WHY


@pytest.mark.parametrize("key", ["r", "p", "c", "a", "s", "x"])
def test_a_key_that_would_do_something_says_why_it_does_not(key: str) -> None:
    source = FakeSource(low(read_only=WHY))
    page = shown(source, key)
    assert WHY in page
    assert source.calls == [("start",), ("stop",)]
    assert source.records == []


@pytest.mark.parametrize("key", ["a", "h", "s"])
def test_the_list_of_alarms_can_be_looked_at_and_no_more(key: str) -> None:
    source = FakeSource(low(read_only=WHY))
    page = shown(source, "A", key)
    assert "ALARMS" in page
    assert WHY in page
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


def test_nothing_is_exported(tmp_path: Path) -> None:
    async def act(_app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "x")

    run(FakeSource(snapshot(read_only=WHY)), act, exports=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("why", "still_new"), [("", 0), (WHY, 1)])
def test_the_fault_log_is_not_seen_by_being_looked_at(why: str, still_new: int) -> None:
    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "e")
        assert any("FAULT LOG" in line for line in text(app))
        await press(pilot, "escape")
        assert app.moment is not None
        assert app.moment.new_faults == still_new

    run(FakeSource(snapshot(read_only=why, faults=FAULTS, alarms=mask({Alarm.MEMORY_ERROR}))), act)


@pytest.mark.parametrize("key", ["t", "l", "minus", "question_mark", "A", "e", "left"])
def test_what_only_changes_the_view_is_there_as_ever(key: str) -> None:
    made = {"faults": FAULTS}
    assert WHY not in shown(snapshot(read_only=WHY, **made), key)
