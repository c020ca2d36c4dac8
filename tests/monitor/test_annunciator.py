"""The alarms of a pump that is watched: what calls, what is silent, what is remembered and recorded."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alarms import State
from monitor.annunciator import Annunciator
from monitor.errors import RefusedError
from monitor.memo import Memos
from monitor.snapshot import Link, Snapshot
from protocol.alarms import Alarm, Priority, mask
from protocol.vocabulary import EventKind
from protocol.vocabulary import State as PumpState
from tests.monitor.ui.bench import (
    CLOCK_S,
    EVENTS,
    IDENTITY,
    NOW_NS,
    FakeSource,
    S,
    event,
    lost,
    low,
    snapshot,
    still,
    waiting,
)

ERI_SHELVED = ("eri", "the new pump is ordered", 3_600)


class Desk:
    """An annunciator with its source and its clocks at hand."""

    def __init__(self, made: Snapshot, folder: Path | None = None) -> None:
        self.source = FakeSource(made)
        self.now_ns, self.now_s, self.changes = NOW_NS, float(CLOCK_S), 0
        memos = None if folder is None else Memos(folder)
        self.annunciator = Annunciator(
            self.source, memos, now_s=lambda: self.now_s, changed=self._note_change
        )
        self.look(made)

    def _note_change(self) -> None:
        self.changes += 1

    def look(self, made: Snapshot | None = None) -> dict[str, State]:
        self.source.snapshot = made or self.source.snapshot
        board = self.annunciator.look(self.source.snapshot, self.now_ns)
        return {entry.line.key: entry.state for entry in board.entries}

    @property
    def pause_s(self) -> int:
        return self.annunciator.pause_s(self.now_ns)

    @property
    def recorded(self) -> list[str]:
        return [kind for kind, _ in self.source.records]


# --- seeing -------------------------------------------------------------------------------------------------------


def test_the_monitors_own_alarms_are_seen_here_and_the_pumps_where_the_pump_says_so() -> None:
    desk = Desk(lost(low()))
    desk.now_ns += 14 * S
    desk.look()
    future = desk.annunciator.acknowledge({"low_reservoir", "no_link"})
    assert desk.source.calls == [("acknowledge", mask({Alarm.LOW_RESERVOIR}))]
    assert future is not None
    desk.annunciator.answered(future)
    assert desk.look() == {
        "low_reservoir": State.UNACKNOWLEDGED,
        "eri": State.ACKNOWLEDGED,
        "no_link": State.ACKNOWLEDGED,
    }
    assert desk.source.records == [("alarm_acknowledged", {"pump": "02-1187", "alarms": ["no_link"]})]


def test_an_alarm_that_ends_with_its_acknowledgement_is_gone_for_good() -> None:
    for before in (False, True):  # the reading without it, before the answer and after it
        desk = Desk(snapshot(alarms=mask({Alarm.MEMORY_ERROR})))
        future = desk.annunciator.acknowledge({"memory_error"})
        assert future is not None
        if before:
            assert desk.look(snapshot()) == {"memory_error": State.GONE}
        desk.annunciator.answered(future)
        assert desk.look(snapshot()) == {}


def test_a_refused_acknowledgement_leaves_the_alarm_as_it_was() -> None:
    desk = Desk(low())
    desk.source.acknowledge_error = RefusedError("needs a technician key")
    future = desk.annunciator.acknowledge({"low_reservoir"})
    assert future is not None
    desk.annunciator.answered(future)
    assert desk.look()["low_reservoir"] is State.UNACKNOWLEDGED
    assert desk.look(snapshot())["low_reservoir"] is State.GONE


def test_what_has_gone_is_acknowledged_without_asking_the_pump() -> None:
    desk = Desk(low())
    desk.look(snapshot())
    assert desk.annunciator.acknowledge({"low_reservoir"}) is None
    assert desk.look() == {}
    assert desk.source.calls == []


# --- what no reading showed ---------------------------------------------------------------------------------------


def outage(*kinds: tuple[EventKind, Alarm]) -> tuple[Snapshot, Snapshot]:
    """Return a pump before and after an outage, in which its log says that this happened."""
    number = EVENTS[-1].number
    logged = [event(number + n, 900 - n, kind, alarm) for n, (kind, alarm) in enumerate(kinds, 1)]
    before = snapshot(newest_event=number)
    return before, snapshot(newest_event=number + len(kinds), events=(*EVENTS, *logged))


def test_an_alarm_that_came_and_went_unseen_calls_where_it_is_of_high_priority_and_else_stands_as_gone() -> (
    None
):
    before, after = outage(
        (EventKind.ALARM_RAISED, Alarm.STALL),
        (EventKind.ALARM_RAISED, Alarm.CLOCK_LOST),
        (EventKind.ALARM_CLEARED, Alarm.CLOCK_LOST),
        (EventKind.ALARM_CLEARED, Alarm.STALL),
    )
    desk = Desk(before)
    assert desk.look(replace(after, events=EVENTS)) == {}  # the log has not been read so far yet
    assert desk.look(after) == {"stall": State.LATCHED, "clock_lost": State.GONE}
    assert desk.annunciator.board.calling == {Priority.HIGH}
    (stall,) = [entry.line for entry in desk.annunciator.board.entries if entry.line.key == "stall"]
    assert stall.text == "nothing is delivered, until 14:17:11: no reading showed it"
    desk.annunciator.acknowledge({"stall", "clock_lost"})
    assert desk.look(after) == {}
    assert desk.look() == {}


def test_what_somebody_saw_at_the_pump_and_what_was_logged_before_the_first_reading_was_not_missed() -> None:
    before, after = outage(
        (EventKind.ALARM_RAISED, Alarm.STALL),
        (EventKind.ACKNOWLEDGED, Alarm.STALL),
        (EventKind.ALARM_CLEARED, Alarm.STALL),
    )
    desk = Desk(before)
    assert desk.look(after) == {}
    _, after = outage((EventKind.ALARM_RAISED, Alarm.STALL), (EventKind.ALARM_CLEARED, Alarm.STALL))
    assert Desk(after).look() == {}


def test_an_alarm_that_a_reading_showed_is_not_told_a_second_time_by_the_log() -> None:
    before, after = outage((EventKind.ALARM_RAISED, Alarm.STALL), (EventKind.ALARM_CLEARED, Alarm.STALL))
    seen = still(
        PumpState.STALLED, newest_event=before.reading.status.newest_event + 1, alarms=mask({Alarm.STALL})
    )
    desk = Desk(before)
    assert desk.look(seen)["stall"] is State.UNACKNOWLEDGED
    assert desk.look(replace(after, events=EVENTS))["stall"] is State.LATCHED
    desk.annunciator.acknowledge({"stall"})
    assert desk.look(after) == {}


# --- silence ------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R6.4.3(5)", "R6.5.0(13-17) pause")
def test_silence_is_asked_of_the_pump_lasts_ten_minutes_of_wall_time_and_ends_by_itself() -> None:
    desk = Desk(low())
    assert desk.annunciator.silence(desk.now_ns) is not None
    assert desk.source.calls == [("pause_audio", 600)]
    assert desk.pause_s == 600
    desk.now_ns += 600 * S - 1
    assert desk.pause_s == 1
    desk.now_ns += 1
    assert desk.pause_s == 0


@pytest.mark.requirement("R6.5.0(13-17) cancel")
def test_silence_can_be_ended_at_once() -> None:
    desk = Desk(low())
    desk.annunciator.silence(desk.now_ns)
    desk.annunciator.silence(desk.now_ns, 0)
    assert desk.source.calls == [("pause_audio", 600), ("pause_audio", 0)]
    assert desk.pause_s == 0
    assert desk.recorded == ["sound_paused", "sound_resumed"]


@pytest.mark.requirement("R6.4.3(5)")
def test_an_alarm_that_comes_ends_the_silence() -> None:
    desk = Desk(low())
    desk.annunciator.silence(desk.now_ns)
    desk.look(low(alarms=mask({Alarm.LOW_RESERVOIR, Alarm.ERI, Alarm.STALL})))
    assert desk.pause_s == 0


def test_an_alarm_that_goes_or_is_seen_leaves_it_silent() -> None:
    desk = Desk(low(history_problem="the disk is full"))
    desk.annunciator.silence(desk.now_ns)
    desk.annunciator.acknowledge({"no_history"})
    desk.look(low())
    assert desk.pause_s == 600


@pytest.mark.requirement("R6.4.4(2)")
def test_link_loss_ends_the_silence_and_without_a_link_it_is_silent_here_alone() -> None:
    desk = Desk(snapshot())
    desk.annunciator.silence(desk.now_ns)
    assert desk.look(lost(snapshot())) == {"no_link": State.UNACKNOWLEDGED}
    assert desk.pause_s == 0
    desk.source.calls.clear()
    assert desk.annunciator.silence(desk.now_ns) is None
    assert desk.source.calls == []
    desk.look()
    assert desk.pause_s == 600


def test_a_link_that_is_lost_while_its_alarm_is_there_already_ends_the_silence_too() -> None:
    desk = Desk(lost(snapshot()))
    desk.look(snapshot())  # it is back, and nobody has acknowledged that it was lost
    desk.annunciator.silence(desk.now_ns)
    desk.now_ns += 4 * S  # the reading is not live any more
    desk.look()
    assert desk.pause_s == 0


# --- the shelf ----------------------------------------------------------------------------------------------------


def test_what_is_shelved_is_so_after_a_restart_and_returns_by_itself(tmp_path: Path) -> None:
    desk = Desk(low(), tmp_path)
    desk.annunciator.shelve(*ERI_SHELVED)
    assert desk.look()["eri"] is State.SHELVED
    again = Desk(waiting(), tmp_path)
    again.now_s += 3_599
    assert again.look(low())["eri"] is State.SHELVED
    again.now_s += 1
    assert again.look()["eri"] is State.ACKNOWLEDGED  # as the pump says
    assert again.recorded == ["alarm_unshelved"]
    assert Desk(low(), tmp_path).annunciator.board.shelved == ()


def test_shelving_is_on_record_with_its_reason_and_its_end(tmp_path: Path) -> None:
    desk = Desk(low(), tmp_path)
    desk.annunciator.shelve(*ERI_SHELVED)
    desk.annunciator.unshelve("eri")
    facts = {"pump": "02-1187", "alarm": "eri"}
    reason = {"reason": "the new pump is ordered", "until_s": CLOCK_S + 3_600}
    assert desk.source.records == [
        ("alarm_shelved", facts | reason),
        ("alarm_unshelved", facts | {"how": "by hand"}),
    ]
    assert Desk(low(), tmp_path).look()["eri"] is State.ACKNOWLEDGED


def test_what_was_shelved_of_one_pump_is_not_of_another(tmp_path: Path) -> None:
    desk = Desk(low(), tmp_path)
    desk.annunciator.shelve(*ERI_SHELVED)
    other = replace(IDENTITY, serial_number="02-1188")
    assert desk.look(low(identity=other))["eri"] is State.ACKNOWLEDGED
    assert desk.look(low())["eri"] is State.SHELVED


def test_of_another_pump_nothing_is_told_that_has_gone(tmp_path: Path) -> None:
    desk = Desk(low(), tmp_path)
    assert desk.look(snapshot(identity=replace(IDENTITY, store_id=b"store-02"))) == {}


def test_what_called_before_the_pump_said_who_it_is_is_not_forgotten() -> None:
    desk = Desk(waiting(link=Link.LOST, problem="there is no port"))
    assert desk.look() == {"no_link": State.UNACKNOWLEDGED}
    assert desk.look(snapshot()) == {"no_link": State.GONE}


def test_a_memo_that_can_not_be_believed_shelves_nothing_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "02-1187.json").write_text("{}")
    desk = Desk(low(), tmp_path)
    assert desk.look()["eri"] is State.ACKNOWLEDGED
    assert "is not what this program wrote: nothing is taken for shelved" in desk.annunciator.problem


def test_where_it_can_not_be_remembered_it_is_shelved_all_the_same_and_told(tmp_path: Path) -> None:
    (tmp_path / "memos").write_text("a file where the folder should be")
    desk = Desk(low(), tmp_path / "memos")
    desk.annunciator.shelve(*ERI_SHELVED)
    assert desk.look()["eri"] is State.SHELVED
    assert "this is forgotten with the next start" in desk.annunciator.problem


def test_what_is_not_on_the_list_can_not_be_shelved() -> None:
    with pytest.raises(RefusedError, match="no such alarm"):
        Desk(snapshot()).annunciator.shelve(*ERI_SHELVED)


# --- over a restart -----------------------------------------------------------------------------------------------

NO_HISTORY = {"history_problem": "the disk is full"}
MET = waiting(identity=IDENTITY)  # it has said who it is, and nothing else yet
DEFECT = {"alarms": mask({Alarm.STALL})}  # of high priority
SIGHTS = (
    snapshot(),
    low(),
    low(acknowledged_bits=0),
    low(**NO_HISTORY),
    snapshot(**NO_HISTORY),
    snapshot(**DEFECT),
    lost(snapshot()),
    still(PumpState.STOPPED),
)


def restarted(desk: Desk, folder: Path, seen: Snapshot) -> Desk:
    """Return another dashboard, of the same pump, at an instant at which the first was killed."""
    again = Desk(waiting(), folder)
    again.now_ns = desk.now_ns
    again.look(MET)
    again.look(seen)
    return again


def test_what_was_acknowledged_here_and_what_has_gone_unseen_is_so_after_a_restart(tmp_path: Path) -> None:
    desk = Desk(low(**NO_HISTORY), tmp_path)
    desk.annunciator.acknowledge({"no_history"})
    desk.look(snapshot(**NO_HISTORY))
    again = restarted(desk, tmp_path, snapshot(**NO_HISTORY))
    assert again.look() == {"no_history": State.ACKNOWLEDGED, "low_reservoir": State.GONE}
    again.annunciator.acknowledge({"low_reservoir"})
    assert again.look(snapshot()) == {}
    assert restarted(again, tmp_path, snapshot()).look() == {}


def test_what_called_when_the_dashboard_was_killed_and_passed_meanwhile_has_gone_or_latched(
    tmp_path: Path,
) -> None:
    desk = Desk(snapshot(**DEFECT, **NO_HISTORY), tmp_path)
    assert desk.look() == {"stall": State.UNACKNOWLEDGED, "no_history": State.UNACKNOWLEDGED}
    again = restarted(desk, tmp_path, snapshot())
    assert again.look() == {"stall": State.LATCHED, "no_history": State.GONE}
    (latched, _) = again.annunciator.board.alarms
    assert latched.line.text == desk.annunciator.board.alarms[0].line.text
    assert again.annunciator.board.calling == {Priority.HIGH}


def test_what_the_pump_raised_anew_meanwhile_calls(tmp_path: Path) -> None:
    desk = Desk(low(), tmp_path)
    assert desk.look()["eri"] is State.ACKNOWLEDGED
    assert restarted(desk, tmp_path, low(acknowledged_bits=0)).look()["eri"] is State.UNACKNOWLEDGED


def test_with_another_memory_of_the_pump_alarms_begin_anew(tmp_path: Path) -> None:
    desk = Desk(low(), tmp_path)
    desk.look(snapshot())
    other = replace(IDENTITY, store_id=b"store-02")
    assert Desk(snapshot(identity=other), tmp_path).look() == {}


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(SIGHTS), st.booleans()), min_size=1, max_size=8))
def test_a_kill_at_any_moment_loses_no_state_of_an_alarm_that_was_shown(
    turns: list[tuple[Snapshot, bool]],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        desk = Desk(waiting(), folder)
        for seen, acknowledges in turns:
            desk.now_ns += S
            shown = desk.look(seen)
            assert restarted(desk, folder, seen).look() == shown
            if acknowledges:
                desk.annunciator.acknowledge(set(shown))
                again = restarted(desk, folder, seen)
                assert again.look() == desk.look()
                assert [one.line.key for one in again.annunciator.board.alarms] == [
                    one.line.key for one in desk.annunciator.board.alarms
                ]


def test_where_states_can_not_be_remembered_that_is_said_until_they_can(tmp_path: Path) -> None:
    in_the_way = tmp_path / f"02-1187.json.{os.getpid()}.new"
    in_the_way.mkdir()
    desk = Desk(waiting(), tmp_path)
    desk.now_ns += 14 * S
    desk.look(low())
    assert "this is forgotten with the next start" in desk.annunciator.problem
    in_the_way.rmdir()
    desk.now_ns += 4 * S
    desk.look()
    assert desk.annunciator.problem
    desk.now_ns += S
    desk.look()
    assert desk.annunciator.problem == ""
    assert restarted(desk, tmp_path, snapshot()).look()["low_reservoir"] is State.GONE


def test_what_can_not_be_believed_is_said_though_a_new_memo_could_be_written(tmp_path: Path) -> None:
    (tmp_path / "02-1187.json").write_text("{}")
    desk = Desk(low(), tmp_path)
    desk.look()
    assert "is not what this program wrote" in desk.annunciator.problem
    assert Desk(low(), tmp_path).annunciator.problem == ""


# --- faults -------------------------------------------------------------------------------------------------------


def test_faults_are_new_until_somebody_has_looked_and_that_is_remembered(tmp_path: Path) -> None:
    made = snapshot(faults=EVENTS[:2])
    desk = Desk(made, tmp_path)
    assert desk.annunciator.new_faults(made) == 2
    desk.annunciator.see_faults(made)
    assert desk.annunciator.new_faults(made) == 0
    more = snapshot(faults=EVENTS[:3])
    assert Desk(more, tmp_path).annunciator.new_faults(more) == 1
    other = replace(more, identity=replace(IDENTITY, store_id=b"store-02"))
    assert Desk(other, tmp_path).annunciator.new_faults(other) == 3  # another memory counts anew


def test_every_wish_is_drawn_at_once() -> None:
    desk = Desk(low(history_problem="the disk is full"))
    desk.annunciator.acknowledge({"no_history"})
    desk.annunciator.silence(desk.now_ns)
    desk.annunciator.shelve(*ERI_SHELVED)
    desk.annunciator.unshelve("eri")
    assert desk.changes == 4
