"""A history that is not written: an alarm, no change, and nothing else is different."""

from __future__ import annotations

from tests.monitor.ui.bench import FakeSource, snapshot
from tests.monitor.ui.stage import shown

PROBLEM = "the disk is full: /home/x/history.db"


def test_a_history_that_is_not_written_is_an_alarm_and_no_change_is_begun() -> None:
    source = FakeSource(snapshot(history_problem=PROBLEM))
    shown_page = shown(source, "r")
    assert f" !! ◆ NO HISTORY  history not written: {PROBLEM}" in shown_page
    assert f"no change is made: {PROBLEM}" in shown_page
    assert "SET RATE" not in shown_page
    assert source.calls == [("start",), ("stop",)]
    assert "RUNNING" in shown_page


def test_seeing_the_alarm_is_noted_here_and_recorded_once_that_can_be() -> None:
    source = FakeSource(snapshot(history_problem=PROBLEM))
    assert "  acknowledged" in shown(source, "a").splitlines()[1]
    assert source.calls == [("start",), ("stop",)]
    assert source.records == [("alarm_acknowledged", {"pump": "02-1187", "alarms": ["no_history"]})]
