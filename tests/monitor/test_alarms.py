"""What becomes of an alarm: the states, the order in which to act, the shelf."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alarms import (
    LEAST_SHELVED_S,
    MOST_SHELVED_S,
    TRANSITIONS,
    Board,
    Event,
    Shelving,
    State,
    after,
    sound,
)
from monitor.errors import RefusedError
from monitor.judgement import AlarmLine
from protocol.alarms import KINDS, Alarm, Priority

NOW_S = 1_767_277_927
ERI, STALL, LOW_RESERVOIR = (KINDS[alarm] for alarm in (Alarm.ERI, Alarm.STALL, Alarm.LOW_RESERVOIR))


def own(key: str = "refill_soon", priority: Priority = Priority.LOW, **changes: object) -> AlarmLine:
    return replace(AlarmLine(key, None, priority, key.upper(), "as it is"), **changes)


def pumps(alarm: Alarm, *, seen: bool = False, since_s: int | None = None) -> AlarmLine:
    kind = KINDS[alarm]
    return AlarmLine(kind.name, alarm, kind.priority, kind.title, kind.consequence, since_s, seen)


def shelving(line: AlarmLine, for_s: int = 3_600, reason: str = "being refilled") -> Shelving:
    return Shelving(line.key, line.title, line.priority, reason, NOW_S, NOW_S + for_s)


def board(*lines: AlarmLine) -> Board:
    return Board().update(lines, NOW_S)


def states(made: Board) -> dict[str, State]:
    return {entry.line.key: entry.state for entry in made.entries}


def order(made: Board) -> list[str]:
    return [entry.line.key for entry in made.alarms]


# --- the states ---------------------------------------------------------------------------------------------------


def test_every_state_can_be_reached_and_left() -> None:
    reached = {State.INACTIVE}
    for _ in State:
        reached |= {after(state, event) for state, event in itertools.product(tuple(reached), Event)}
    assert reached == set(State)
    assert {state for state, _ in TRANSITIONS} == set(State)


def test_nothing_but_somebody_or_the_alarms_own_end_takes_an_unacknowledged_alarm_from_calling() -> None:
    calling = {State.UNACKNOWLEDGED, State.LATCHED}
    leaving = {
        event for (state, event), then in TRANSITIONS.items() if state in calling and then not in calling
    }
    assert leaving == {Event.SEEN, Event.GOES, Event.SHELVED}
    assert TRANSITIONS[State.UNACKNOWLEDGED, Event.GOES] is State.GONE  # which is on the screen still


def test_an_alarm_that_is_seen_and_goes_is_no_more() -> None:
    made = board(own())
    assert states(made) == {"refill_soon": State.UNACKNOWLEDGED}
    made = made.acknowledge({"refill_soon"})
    assert states(made) == {"refill_soon": State.ACKNOWLEDGED}
    assert made.update([own()], NOW_S) == made
    assert states(made.update([], NOW_S)) == {}


def test_an_alarm_that_goes_before_anybody_has_seen_it_stays_until_somebody_says_so() -> None:
    made = board(own()).update([], NOW_S)
    assert states(made) == {"refill_soon": State.GONE}
    assert states(made.update([], NOW_S)) == {"refill_soon": State.GONE}
    assert made.calling == frozenset()
    assert states(made.acknowledge({"refill_soon"})) == {}
    assert states(made.update([own()], NOW_S)) == {"refill_soon": State.UNACKNOWLEDGED}


def test_a_high_alarm_latches_and_goes_on_calling() -> None:
    made = board(pumps(Alarm.STALL)).update([], NOW_S)
    assert states(made) == {"stall": State.LATCHED}
    assert made.calling == {Priority.HIGH}
    assert states(made.update([pumps(Alarm.STALL)], NOW_S)) == {"stall": State.UNACKNOWLEDGED}
    assert states(made.acknowledge({"stall"})) == {}


def test_a_high_alarm_that_was_seen_does_not_latch() -> None:
    assert states(board(pumps(Alarm.STALL, seen=True)).update([], NOW_S)) == {}


def test_an_outcome_that_is_known_by_now_does_not_latch() -> None:
    made = board(own("outcome_unknown", Priority.HIGH)).update([], NOW_S)
    assert states(made) == {"outcome_unknown": State.GONE}


def test_of_the_pumps_alarms_its_own_word_counts() -> None:
    made = board(pumps(Alarm.ERI))
    assert states(made.update([pumps(Alarm.ERI, seen=True)], NOW_S)) == {"eri": State.ACKNOWLEDGED}
    told = made.acknowledge({"eri"}).update([pumps(Alarm.ERI)], NOW_S)
    assert states(told) == {"eri": State.UNACKNOWLEDGED}


def test_an_alarm_that_gets_more_urgent_after_it_was_seen_calls_anew() -> None:
    line = own("low_by_volume", Priority.MEDIUM)
    made = board(line).acknowledge({line.key}).update([replace(line, priority=Priority.HIGH)], NOW_S)
    assert states(made) == {"low_by_volume": State.UNACKNOWLEDGED}
    less = made.acknowledge({line.key}).update([line], NOW_S)
    assert states(less) == {"low_by_volume": State.ACKNOWLEDGED}


# --- the order ----------------------------------------------------------------------------------------------------


def test_of_the_highest_priority_the_one_that_called_first_is_first() -> None:
    made = board(own("b", Priority.MEDIUM)).update(
        [own("a", Priority.MEDIUM), own("b", Priority.MEDIUM)], NOW_S
    )
    made = made.update([own("a", Priority.MEDIUM), own("b", Priority.MEDIUM), pumps(Alarm.STALL)], NOW_S)
    assert order(made) == ["stall", "b", "a"]


def test_of_those_that_are_found_together_the_pumps_log_tells_which_came_first() -> None:
    later, first = pumps(Alarm.STALL, since_s=200), pumps(Alarm.EMPTY_RESERVOIR, since_s=100)
    assert order(board(later, first)) == ["empty_reservoir", "stall"]


def test_what_calls_is_before_what_was_seen_and_that_before_what_has_gone() -> None:
    lines = [own("low"), own("seen", Priority.HIGH), own("gone", Priority.MEDIUM)]
    made = board(*lines).acknowledge({"seen"}).update(lines[:2], NOW_S)
    assert order(made) == ["low", "seen", "gone"]


def test_a_latched_alarm_keeps_its_place() -> None:
    made = board(pumps(Alarm.STALL)).update([own("medium", Priority.MEDIUM)], NOW_S)
    assert order(made) == ["stall", "medium"]


# --- the shelf ----------------------------------------------------------------------------------------------------


def test_a_shelved_alarm_is_not_told_of_and_calls_anew_when_its_time_is_over() -> None:
    made = board(own()).shelve(shelving(own()))
    assert (order(made), states(made)) == ([], {"refill_soon": State.SHELVED})
    assert made.calling == frozenset()
    made = made.update([own()], NOW_S + 3_599)
    assert order(made) == []
    calls = made.calls
    made = made.update([own()], NOW_S + 3_600)
    assert states(made) == {"refill_soon": State.UNACKNOWLEDGED}
    assert (made.shelved, made.calls) == ((), calls + 1)


def test_a_shelved_alarm_that_comes_and_goes_is_not_told_of_and_leaves_nothing() -> None:
    made = board(own()).shelve(shelving(own())).update([], NOW_S + 1)
    assert states(made) == {}
    made = made.update([own()], NOW_S + 2)
    assert order(made) == []
    assert states(made.update([], NOW_S + 3_600)) == {}


def test_taken_off_the_shelf_an_alarm_calls_anew() -> None:
    made = board(own()).shelve(shelving(own())).unshelve("refill_soon")
    assert states(made.update([own()], NOW_S)) == {"refill_soon": State.UNACKNOWLEDGED}


def test_a_shelved_alarm_that_gets_more_urgent_leaves_the_shelf_at_once() -> None:
    line = own("low_by_volume", Priority.MEDIUM)
    made = board(line).shelve(shelving(line)).update([replace(line, priority=Priority.HIGH)], NOW_S)
    assert (order(made), made.shelved) == (["low_by_volume"], ())


@pytest.mark.parametrize("now_s", [NOW_S - 1, NOW_S + 3_600])
def test_a_clock_that_was_set_ends_the_time_on_the_shelf_either_way(now_s: int) -> None:
    assert order(board(own()).shelve(shelving(own())).update([own()], now_s)) == ["refill_soon"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (pumps(Alarm.STALL), "MOTOR STALL is of high priority: it can be acknowledged, not shelved"),
        (own("no_link", Priority.MEDIUM, title="NO LINK"), "NO LINK can be acknowledged, not shelved"),
    ],
)
def test_what_must_not_be_missed_can_not_be_shelved(line: AlarmLine, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        board(line).shelve(shelving(line))
    assert not sound(shelving(line))


@pytest.mark.parametrize(
    ("for_s", "reason", "why"),
    [
        (3_600, "  ", "a reason is wanted"),
        (3_600, "x" * 121, "at most 120 characters"),
        (3_600, "a\x1b[31m", "can be printed"),
        (LEAST_SHELVED_S - 1, "why", "for 1 min to 8 h"),
        (MOST_SHELVED_S + 1, "why", "for 1 min to 8 h"),
    ],
)
def test_without_a_reason_and_an_end_nothing_is_shelved(for_s: int, reason: str, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        board(own()).shelve(shelving(own(), for_s, reason))


def test_what_is_not_there_can_not_be_shelved() -> None:
    with pytest.raises(RefusedError, match="no such alarm"):
        Board().shelve(shelving(own()))


# --- whatever happens ---------------------------------------------------------------------------------------------

_LINES = st.lists(
    st.sampled_from([Alarm.ERI, Alarm.STALL, Alarm.LOW_RESERVOIR, None]), unique=True, max_size=4
).flatmap(
    lambda alarms: st.tuples(
        *(
            st.builds(pumps, st.just(alarm), seen=st.booleans())
            if alarm is not None
            else st.builds(own, st.just("low_by_volume"), st.sampled_from(Priority))
            for alarm in alarms
        )
    )
)
_KEYS = st.sampled_from(["eri", "stall", "low_reservoir", "low_by_volume"])
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("look"), _LINES, st.integers(0, 4_000)),
        st.tuples(st.sampled_from(["seen", "shelve", "unshelve"]), _KEYS, st.just(0)),
    ),
    max_size=40,
)


@given(_STEPS)
def test_whatever_holds_and_was_neither_seen_nor_shelved_calls_and_is_listed(
    steps: list[tuple[str, object, int]],
) -> None:
    made, now_s, seen = Board(), NOW_S, {}
    for what, of, later_s in steps:
        if what == "look":
            lines = [one for one in of if isinstance(one, AlarmLine)]  # type: ignore[attr-defined]
            now_s += later_s
            made = made.update(lines, now_s)
            seen = {
                line.key: line.priority
                for line in lines
                if line.acknowledged or (line.alarm is None and seen.get(line.key, 0) >= line.priority)
            }
            shelved = {one.key for one in made.shelved}
            missing = {line.key for line in lines} - seen.keys() - shelved
            assert missing <= {entry.line.key for entry in made.alarms if entry.unseen}
            assert {line.priority for line in lines if line.key in missing} <= made.calling
            assert not [one for one in made.shelved if not sound(one)]
            assert not shelved & {line.key for line in lines if line.priority is Priority.HIGH}
        elif what == "seen":
            made = made.acknowledge({str(of)})
            entry = next((one for one in made.entries if one.line.key == of), None)
            if entry is not None and entry.state is State.ACKNOWLEDGED:
                seen[str(of)] = entry.line.priority
        elif what == "shelve":
            entry = next((one for one in made.alarms if one.line.key == of), None)
            if entry is not None and entry.line.priority is not Priority.HIGH:
                made = made.shelve(replace(shelving(entry.line), from_s=now_s, until_s=now_s + 3_600))
        else:
            if of in {one.key for one in made.shelved}:
                seen.pop(str(of), None)
            made = made.unshelve(str(of))
