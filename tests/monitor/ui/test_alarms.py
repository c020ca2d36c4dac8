"""Every state of an alarm on the screen, every key that moves it, and that none is ever lost from sight."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.annunciator import Annunciator
from monitor.errors import RefusedError
from monitor.memo import Memos
from monitor.ui.moment import Moment
from monitor.ui.widgets import alarms
from protocol.alarms import Alarm, Priority, mask
from protocol.vocabulary import EventKind, Role
from tests.monitor.ui.bench import (
    CLOCK_S,
    NOW_NS,
    Clock,
    FakeSource,
    S,
    event,
    lost,
    low,
    snapshot,
    unresolved,
)
from tests.monitor.ui.stage import SMALL, WIDE, check, page, press, run, shown, strips, text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from textual.pilot import Pilot

    from monitor.alarms import Entry
    from monitor.snapshot import Snapshot
    from monitor.ui.app import DashboardApp

SIZES = {"120x40": WIDE, "80x24": SMALL}
FAULTS = (
    event(1, 4_000, EventKind.ALARM_RAISED, Alarm.MEMORY_ERROR),
    event(2, 40, EventKind.ALARM_RAISED, Alarm.STALL),
)
STALLED = snapshot(alarms=mask({Alarm.STALL}))
SHELVE = ("A", "down", "h", *"ordered", "enter")
# By state: what was, what is, and what somebody did between the two.
STATES: dict[str, tuple[Snapshot, Snapshot, tuple[str, ...]]] = {
    "inactive": (snapshot(), snapshot(), ()),
    "high": (STALLED, STALLED, ()),
    "medium": (low(), low(), ()),
    "low": (low(alarms=mask({Alarm.ERI}), acknowledged_bits=0), low(), ()),
    "acknowledged": (low(), low(acknowledged_bits=mask({Alarm.ERI, Alarm.LOW_RESERVOIR})), ()),
    "gone": (low(), snapshot(), ()),
    "latched": (STALLED, snapshot(), ()),
    "shelved": (low(), low(), (*SHELVE, "escape")),
    "many": (
        low(alarms=mask(set(Alarm)), acknowledged_bits=0),
        low(alarms=mask(set(Alarm)), acknowledged_bits=0),
        ("s",),
    ),
}


def staged(name: str, size: tuple[int, int], *keys: str) -> list[str]:
    """Return the page of a state, dark and light."""
    before, then, done = STATES[name]
    source, pages = FakeSource(before), []

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, *done)
        source.publish(then)
        await press(pilot, *keys)
        for _ in range(2):
            pages.append(page(app))
            app.action_light()
            await press(pilot)

    run(source, act, size=size)
    return pages


def head(made: str) -> str:
    """Return of a page the two alarm lines, the last line, and the colours of the former."""
    screen, coloured = made.split("\n---\n")
    lines = screen.splitlines()
    colours = [line for line in coloured.splitlines() if line[:3].strip() in {"2", "3"}]
    return "\n".join([*lines[1:3], lines[-1], "---", *colours, ""])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", STATES)
def test_each_state_looks_as_it_did_dark_and_light(name: str, size: str) -> None:
    dark, light = staged(name, SIZES[size])
    check(f"alarm-{name}-{size}", f"{head(dark)}\nLIGHT\n{head(light)}")


@pytest.mark.parametrize("name", STATES)
def test_without_colour_each_state_says_the_same_and_a_bar_can_be_told_from_a_text(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    coloured = staged(name, WIDE)[0].split("\n---", maxsplit=1)[0]
    monkeypatch.setenv("NO_COLOR", "1")
    before, then, done = STATES[name]
    source = FakeSource(before)

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        assert app.no_color
        await press(pilot, *done)
        source.publish(then)
        await press(pilot)
        assert "\n".join(text(app)) == coloured
        for strip, entry in zip(strips(app)[1:3], app.moment.alarms if app.moment else (), strict=False):
            grounds = {segment.style.bgcolor for segment in strip if segment.style}
            plain = {segment.style.bgcolor for segment in strips(app)[0] if segment.style}
            assert (grounds != plain) is entry.unseen

    run(source, act)


@pytest.mark.parametrize("size", SIZES)
def test_the_list_the_shelf_and_the_fault_log_look_as_they_did(size: str) -> None:
    many = low(alarms=mask(set(Alarm)), acknowledged_bits=0)
    check(f"alarms-list-{size}", shown(many, "A", "down", size=SIZES[size]))
    check(f"alarms-shelve-{size}", shown(low(), "A", "down", "h", *"ordered", size=SIZES[size]))
    check(f"alarms-shelf-{size}", shown(low(), *SHELVE, size=SIZES[size]))
    check(f"alarms-faults-{size}", shown(low(faults=FAULTS), "e", size=SIZES[size]))


# --- the keys -----------------------------------------------------------------------------------------------------


def lines(shown_page: str) -> list[str]:
    return shown_page.split("\n---", maxsplit=1)[0].splitlines()


def test_a_takes_what_has_gone_from_the_screen_and_asks_the_pump_nothing() -> None:
    source = FakeSource(low())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        source.publish(snapshot())
        await press(pilot)
        assert text(app)[1].startswith("    ○ LOW RESERVOIR  has gone; it said: 1.96 mL left")
        assert text(app)[1].endswith("gone, unacknowledged")
        await press(pilot, "a")
        assert text(app)[1] == "  no active alarms"

    run(source, act)
    assert source.calls == [("start",), ("stop",)]


def test_s_silences_for_ten_minutes_of_wall_time_and_again_ends_that() -> None:
    source, clock = FakeSource(low(period_ms=600_000)), Clock()

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "s")
        assert "alarm sound off 10 min 0 s" in text(app)[1]
        clock.now_ns += 61 * S
        app._tick()
        assert "s Sound" in text(app)[-1]
        assert "alarm sound off 8 min 59 s" in text(app)[1]
        await press(pilot, "s")
        assert "alarm sound off" not in text(app)[1]
        assert "alarms sound again" in text(app)[-1]

    run(source, act, clock=clock)
    assert source.calls[1:-1] == [("pause_audio", 600), ("pause_audio", 0)]


def test_a_viewer_silences_this_screen_and_is_told_that_the_pump_sounds_on() -> None:
    source = FakeSource(low(role=Role.VIEWER), pause_error=RefusedError("needs a technician key"))
    page_ = lines(shown(source, "s"))
    assert page_[-1].endswith("needs a technician key")
    assert "alarm sound off 10 min 0 s" in page_[1]


def test_in_the_list_one_alarm_is_acknowledged_and_the_others_are_not() -> None:
    source = FakeSource(low(alarms=mask({Alarm.LOW_RESERVOIR, Alarm.STALL}), acknowledged_bits=0))
    shown(source, "A", "down", "a")
    assert source.calls[1] == ("acknowledge", mask({Alarm.LOW_RESERVOIR}))


def test_what_is_chosen_stays_chosen_when_the_rows_move() -> None:
    source = FakeSource(low(alarms=mask({Alarm.LOW_RESERVOIR}), acknowledged_bits=0))

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "A")
        assert ">  !! ◆ LOW RESERVOIR" in page(app)
        source.publish(low(alarms=mask({Alarm.LOW_RESERVOIR, Alarm.STALL}), acknowledged_bits=0))
        await press(pilot, "a")

    run(source, act)
    assert source.calls[1] == ("acknowledge", mask({Alarm.LOW_RESERVOIR}))


def test_the_list_says_so_where_there_is_nothing_to_acknowledge_or_to_shelve() -> None:
    assert "there is nothing to acknowledge of it" in shown(low(), "A", "down", "a")
    assert "can be acknowledged, not shelved" in shown(STALLED, "A", "h")
    assert "there is no such alarm now" in shown(snapshot(), "A", "h")


@pytest.mark.parametrize("key", ["escape", "A", "q"])
def test_the_list_closes(key: str) -> None:
    assert "ON THE SHELF" not in shown(low(), "A", key)


def test_h_shelves_with_a_reason_and_an_end_and_takes_off_the_shelf_again() -> None:
    source = FakeSource(low())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, *SHELVE)
        body = "\n".join(text(app))
        assert "BATTERY SERVICE  ordered" in body
        assert "shelved, 1 h 0 min left" in body
        assert text(app)[2].rstrip().endswith("1 shelved")
        await press(pilot, "down", "down", "h")
        assert "1 shelved" not in text(app)[2]
        assert "BATTERY SERVICE" in text(app)[2]

    run(source, act)
    assert [kind for kind, _ in source.records] == ["alarm_shelved", "alarm_unshelved"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("enter",), "a reason is wanted: say in a few words why nobody is to be told"),
        (
            (*"why", "shift+tab", *["backspace"] * 3, "9", "space", "h", "enter"),
            "is shelved for 1 min to 8 h",
        ),
        (("shift+tab", *["backspace"] * 3, *"soon", "enter"), "soon"),
    ],
)
def test_what_can_not_be_shelved_so_is_refused_and_the_box_stays(typed: tuple[str, ...], said: str) -> None:
    source = FakeSource(low())
    body = shown(source, "A", "h", *typed)
    assert said in body
    assert "SHELVE  LOW RESERVOIR" in body
    assert source.records == []


def test_escape_shelves_nothing() -> None:
    source = FakeSource(low())
    assert "SHELVE" not in shown(source, "A", "h", *"why", "escape")
    assert source.records == []


def test_a_shelved_alarm_returns_by_itself() -> None:
    clock, now_s = Clock(), [float(CLOCK_S)]
    source = FakeSource(low())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        app._annunciator._now_s = lambda: now_s[0]
        await press(pilot, *SHELVE, "escape")
        assert "BATTERY SERVICE" not in text(app)[2]
        now_s[0] += 3_601
        app._tick()
        assert "BATTERY SERVICE" in text(app)[2]

    run(source, act, clock=clock)


def test_what_is_shelved_is_so_after_a_restart_of_the_dashboard(tmp_path: Path) -> None:
    for keys in (SHELVE, ()):
        source = FakeSource(low())

        async def act(app: DashboardApp, pilot: Pilot[None], keys: tuple[str, ...] = keys) -> None:
            app._annunciator._memos = Memos(tmp_path)
            app._annunciator._whose = None
            app._tick()
            await press(pilot, *keys)
            assert text(app)[2].rstrip().endswith("1 shelved")

        run(source, act)


def test_what_can_not_be_remembered_is_told_in_the_last_line(tmp_path: Path) -> None:
    (tmp_path / "02-1187.json").write_text("{}")

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        app._annunciator._memos, app._annunciator._whose = Memos(tmp_path), None
        app._tick()
        await press(pilot)
        assert "is not what this program wrote" in text(app)[-1]

    run(FakeSource(low()), act)


def test_e_shows_the_fault_log_and_whoever_has_opened_it_has_seen_it() -> None:
    source = FakeSource(snapshot(faults=FAULTS))

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        assert "EVENTS  2 new in the pump's fault log (e)" in page(app)
        await press(pilot, "e")
        body = "\n".join(text(app))
        assert "new      2  14:31:27  ALARM    motor stall" in body
        await press(pilot, "e")
        assert "fault log (e)" not in page(app)

    run(source, act)
    assert lines(shown(snapshot(), "e"))[-1].endswith("the pump's fault log is empty")


@pytest.mark.parametrize("keys", [("A",), ("A", "h"), ("e",), ("?",), ("r",), ("p",)])
def test_no_box_hides_an_alarm_that_comes_while_it_is_open(keys: tuple[str, ...]) -> None:
    source = FakeSource(low(faults=FAULTS))

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, *keys)
        source.publish(low(alarms=mask({Alarm.EMPTY_RESERVOIR, Alarm.LOW_RESERVOIR}), faults=FAULTS))
        await press(pilot)
        assert "2 !!! ▲ RESERVOIR EMPTY  [high-on on high-fill]" in page(app).replace("  2", "2")

    run(source, act)


# --- whatever happens ---------------------------------------------------------------------------------------------

_BITS = st.sets(st.sampled_from(Alarm)).map(mask)
_STEP = st.one_of(
    st.tuples(st.just("raise"), _BITS, _BITS),
    st.tuples(st.sampled_from(["lose", "doubt", "disk"]), st.just(0), st.just(0)),
    st.tuples(st.just("wait"), st.integers(0, 4_000), st.just(0)),
    st.tuples(st.sampled_from(["a", "s"]), st.just(0), st.just(0)),
    st.tuples(st.sampled_from(["one", "shelve", "unshelve"]), st.integers(0, 14), st.just(0)),
)


class Watched:
    """A pump and its alarms; each method is one thing that can happen, with a figure or two to choose by."""

    def __init__(self) -> None:
        self.source = FakeSource(snapshot())
        self.now_ns, self.now_s = NOW_NS, CLOCK_S
        self.annunciator = Annunciator(self.source, now_s=lambda: self.now_s)
        self.seen: set[str] = set()  # the monitor's own that somebody has acknowledged, while they hold

    def raise_(self, raised: int, seen: int) -> None:
        made = low(alarms=raised, acknowledged_bits=raised & seen)
        self.source.snapshot = replace(self.source.snapshot, reading=made.reading)

    def lose(self, _one: int, _other: int) -> None:
        self.source.snapshot = lost(self.source.snapshot)

    def doubt(self, _one: int, _other: int) -> None:
        made = self.source.snapshot
        self.source.snapshot = replace(made, unresolved=() if made.unresolved else (unresolved(),))

    def disk(self, _one: int, _other: int) -> None:
        made = self.source.snapshot
        self.source.snapshot = replace(made, history_problem="" if made.history_problem else "it is full")

    def wait(self, seconds: int, _other: int) -> None:
        self.now_ns, self.now_s = self.now_ns + seconds * S, self.now_s + seconds

    def acknowledge_all(self, _one: int, _other: int) -> None:
        self._acknowledge([one for one in self.annunciator.board.alarms if one.acknowledgeable])

    def acknowledge_one(self, place: int, _other: int) -> None:
        self._acknowledge(self.annunciator.board.alarms[place : place + 1])

    def _acknowledge(self, entries: Sequence[Entry]) -> None:
        self.annunciator.acknowledge({one.line.key for one in entries})
        self.seen |= {one.line.key for one in entries if one.line.alarm is None}

    def silence(self, _one: int, _other: int) -> None:
        self.annunciator.silence(self.now_ns)

    def shelve(self, place: int, _other: int) -> None:
        for entry in self.annunciator.board.alarms[place : place + 1]:
            try:
                self.annunciator.shelve(entry.line.key, "because", 3_600)
            except RefusedError:
                assert entry.line.priority is Priority.HIGH or entry.line.key == "no_link"

    def unshelve(self, place: int, _other: int) -> None:
        for one in self.annunciator.board.shelved[place : place + 1]:
            self.annunciator.unshelve(one.key)

    def moment(self) -> Moment:
        before = {one.key for one in self.annunciator.board.shelved}
        board = self.annunciator.look(self.source.snapshot, self.now_ns)
        made = Moment(
            *(self.source.snapshot, self.now_ns, board),
            pause_s=self.annunciator.pause_s(self.now_ns),
            now_s=self.now_s,
        )
        self.seen &= {line.key for line in made.conditions} - before - {one.key for one in made.shelved}
        return made

    def asking(self, made: Moment) -> set[str]:
        """Return what holds and nobody has acknowledged or shelved, worked out apart from the board."""
        quiet = self.seen | {one.key for one in made.shelved}
        return {line.key for line in made.conditions if not line.acknowledged} - quiet


_BITS = st.sets(st.sampled_from(Alarm)).map(mask)
_PLACES = st.integers(0, 14)
_STEPS = st.one_of(
    st.tuples(st.just(Watched.raise_), _BITS, _BITS),
    st.tuples(st.just(Watched.wait), st.integers(0, 4_000), st.just(0)),
    st.tuples(
        st.sampled_from(
            [
                *(Watched.lose, Watched.doubt, Watched.disk, Watched.silence, Watched.acknowledge_all),
                *(Watched.acknowledge_one, Watched.shelve, Watched.unshelve),
            ]
        ),
        *(_PLACES, st.just(0)),
    ),
)


@settings(deadline=None)
@given(st.lists(_STEPS, max_size=30), st.sampled_from([60, 79, 80, 99, 100, 120, 160]))
def test_no_sequence_of_conditions_and_keys_loses_an_unacknowledged_alarm_from_the_screen(
    steps: list[tuple[Callable[[Watched, int, int], None], int, int]], width: int
) -> None:
    watched = Watched()
    watched.moment()
    for step, one, other in steps:
        step(watched, one, other)
        moment = watched.moment()
        unseen = [entry for entry in moment.alarms if entry.unseen]
        assert watched.asking(moment) <= {entry.line.key for entry in unseen}
        assert list(moment.alarms[: len(unseen)]) == unseen
        assert [-entry.line.priority for entry in unseen] == sorted(-one.line.priority for one in unseen)
        check_drawn(moment, width)


def check_drawn(moment: Moment, width: int) -> None:
    """Hold the two lines to what they must say, whatever else they have no room for."""
    drawn = alarms.draw(moment, width, 2).plain.splitlines()
    assert [len(line) for line in drawn[:2]] == [width, width]
    for entry, line in zip(moment.alarms, drawn[:2], strict=False):
        assert entry.line.title in line
        assert (entry.state.value if width >= 100 else alarms.SHORT[entry.state]) in line
    more = len(moment.alarms) - 2
    assert more <= 0 or f"+{more} (A)" in drawn[1]
    assert not moment.shelved or f"{len(moment.shelved)} shelved" in drawn[1]
