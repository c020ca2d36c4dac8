from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.errors import RefusedError
from protocol.alarms import Alarm
from protocol.vocabulary import Role, State
from tests.monitor.ui.bench import Clock, FakeSource, S, lost, low, snapshot, waiting
from tests.monitor.ui.stage import SMALL, colours, page, press, run, settle, shown, strips

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from monitor.snapshot import Snapshot
    from monitor.ui.app import DashboardApp

NEEDS_KEY = "this key only reads: a change needs a technician key"


def last_line(shown_page: str) -> str:
    return shown_page.split("\n---", maxsplit=1)[0].splitlines()[-1]


def test_the_last_line_names_every_key() -> None:
    assert (
        last_line(shown(low()))
        == " r Rate  p Stop  c Change  a Ack  s Silence  A Alarms  e Faults  t Trend  l Light  ? Help  q Quit"
    )
    assert last_line(shown(low(), size=(60, 20))) == " r Rate  p Stop  c Change  a Ack  s  A  e  t  l  ?  q"


def test_r_opens_the_rate_box_and_escape_closes_it() -> None:
    assert "SET RATE  pump 02-1187" in shown(snapshot(), "r")
    assert "SET RATE" not in shown(snapshot(), "r", "escape")


def test_p_stops_a_running_pump_and_resumes_a_stopped_one() -> None:
    assert "STOP DELIVERY  pump 02-1187" in shown(snapshot(), "p")
    stopped = snapshot(state=State.STOPPED, commanded_rate_nl_h=0, measured_rate_nl_h=0)
    assert "p Resume" in shown(stopped)
    assert "RESUME DELIVERY  pump 02-1187" in shown(stopped, "p")


@pytest.mark.parametrize("key", ["r", "p"])
@pytest.mark.parametrize(
    ("made", "after_s", "why"),
    [
        (snapshot(role=Role.VIEWER), 0, NEEDS_KEY),
        (snapshot(role=None), 0, NEEDS_KEY),
        (lost(snapshot()), 14, "the reading is 14 s old: a change needs a live one"),
        (snapshot(), 4, "the reading is 4 s old: a change needs a live one"),
        (waiting(), 0, "no reading from the pump yet: nothing can be changed"),
        (
            snapshot(state=State.END_OF_SERVICE),
            0,
            "the pump is at its end of service: its motor is off for good",
        ),
    ],
)
def test_where_nothing_can_be_changed_a_key_says_why(
    made: Snapshot, after_s: int, why: str, key: str
) -> None:
    source = FakeSource(made)
    assert last_line(shown(source, key, after_s=after_s)).endswith(why)
    assert not [call for call in source.calls if call[0] == "prepare"]


def test_the_rate_of_a_stopped_pump_is_not_asked_for() -> None:
    stopped = snapshot(state=State.STOPPED, commanded_rate_nl_h=0, measured_rate_nl_h=0)
    assert last_line(shown(stopped, "r")).endswith(
        "the pump is stopped: resume it before its rate is changed"
    )


@pytest.mark.parametrize(("made", "colour"), [(snapshot(role=Role.VIEWER), "dim"), (snapshot(), "action")])
def test_a_key_that_can_do_nothing_is_grey(made: Snapshot, colour: str) -> None:
    async def act(app: DashboardApp, _pilot: Pilot[None]) -> None:
        segment = next(segment for segment in strips(app)[-1] if segment.text.strip() == "r")
        assert colours(segment) == f"{colour} on background"

    run(FakeSource(made), act)


def test_a_viewer_is_told_so_beside_the_state() -> None:
    assert "▶ RUNNING  read-only" in shown(snapshot(role=Role.VIEWER))
    assert "read-only" not in shown(snapshot())


def test_a_sentence_takes_the_whole_last_line_where_it_has_no_room_beside_the_keys() -> None:
    line = last_line(shown(snapshot(role=Role.VIEWER), "r", size=(60, 20)))
    assert line == f" {NEEDS_KEY}"


def test_a_sentence_leaves_the_last_line_after_a_while() -> None:
    clock = Clock()

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "r")
        assert NEEDS_KEY in page(app)
        clock.now_ns += 9 * S
        app._tick()
        assert NEEDS_KEY not in page(app)

    run(FakeSource(snapshot(role=Role.VIEWER)), act, clock=clock, size=SMALL)


def test_a_acknowledges_what_nobody_has() -> None:
    source = FakeSource(lost(low()))
    lines = shown(source, "a", after_s=14).splitlines()
    assert ("acknowledge", 1 << Alarm.LOW_RESERVOIR) in source.calls
    assert "LOW RESERVOIR" in lines[1]  # the pump has to say so itself
    assert lines[1].rstrip().endswith("UNACKNOWLEDGED")
    assert "NO LINK" in lines[2]
    assert "  acknowledged" in lines[2]


def test_a_says_so_when_there_is_nothing_to_acknowledge() -> None:
    source = FakeSource(snapshot())
    assert last_line(shown(source, "a")).endswith("there is nothing to acknowledge")
    assert source.calls == [("start",), ("stop",)]


def test_a_refused_acknowledgement_is_said_calmly() -> None:
    why = "acknowledging a pump's alarm needs a technician key"
    source = FakeSource(low(role=Role.VIEWER), acknowledge_error=RefusedError(why))
    assert last_line(shown(source, "a")).endswith(why)


def test_l_changes_between_light_and_dark() -> None:
    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        assert app.theme == "bench-dark"
        await press(pilot, "l")
        assert app.theme == "bench-light"
        assert "l Dark" in last_line(page(app))
        await press(pilot, "l")
        assert app.theme == "bench-dark"
        assert "l Light" in last_line(page(app))

    run(FakeSource(low()), act)


def test_the_question_mark_explains_and_any_closing_key_closes() -> None:
    for key in ("escape", "?", "q", "enter"):
        assert "A bench tool, not a medical device." in shown(snapshot(), "?")
        assert "HELP" not in shown(snapshot(), "?", key)


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
def test_q_quits_and_closes_the_port(key: str) -> None:
    source = FakeSource(snapshot())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await pilot.press(key)
        await settle(pilot)
        assert not app.is_running

    run(source, act)
    assert source.calls == [("start",), ("stop",)]


def test_no_letter_does_anything_that_the_last_line_does_not_name() -> None:
    source = FakeSource(snapshot())
    before = shown(source)
    assert shown(source, *"bdfghijkmnouvwyz", "space", "tab", "up", "f1", "ctrl+o") == before
