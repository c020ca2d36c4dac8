"""A fault strikes as often as it was asked for, when it was asked for, and moves nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.messages import Commit, Identify, Poll, Resolve, Status
from protocol.vocabulary import Verdict
from pumpmock.emulator import Emulator
from pumpmock.faults import KINDS
from tests.pumpmock.faults.stand import BOLUS, HOUR_US, RATE, Stand


def answered(stand: Stand, polls: int) -> list[bool]:
    host = stand.host()
    return [bool(host.answers(Poll())) for _ in range(polls)]


def test_a_reply_that_is_lost_is_that_of_a_change_that_was_made() -> None:
    stand = Stand()
    host = stand.host()
    stand.faults.add("lose-reply", on="Commit")
    prepared = host.prepared()

    assert host.commit(prepared) == []
    assert host.resolve(prepared).verdict is Verdict.APPLIED
    assert host.status().commanded_rate_nl_h == RATE.rate_nl_h


def test_a_request_that_is_lost_was_never_executed() -> None:
    stand = Stand()
    host = stand.host()
    stand.faults.add("lose_request", on="Commit")
    prepared = host.prepared()

    assert host.commit(prepared) == []
    assert host.resolve(prepared).verdict is Verdict.NOT_APPLIED


@pytest.mark.parametrize("times", [1, 2, 7])
def test_times_is_exact(times: int) -> None:
    stand = Stand()
    stand.faults.add("lose-reply", times=times)
    assert answered(stand, 10) == [False] * times + [True] * (10 - times)
    assert stand.faults.active == ()


def test_without_times_it_strikes_until_it_is_cleared() -> None:
    stand = Stand()
    host = stand.host()
    number = stand.faults.add("lose-request", times=None)
    assert [host.answers(Poll()) for _ in range(20)] == [[]] * 20

    assert stand.faults.clear(number) == 1
    assert host.answers(Poll()) != []


def test_after_lets_so_many_pass_first() -> None:
    stand = Stand()
    stand.faults.add("lose-reply", after=3, times=2)
    assert answered(stand, 7) == [True, True, True, False, False, True, True]


def test_only_what_matches_is_counted() -> None:
    stand = Stand()
    host = stand.host()
    stand.faults.add("lose-reply", on="Identify", after=1)
    assert [bool(host.answers(Poll())) for _ in range(5)] == [True] * 5
    assert host.answers(Identify()) != []
    assert host.answers(Identify()) == []


@pytest.mark.parametrize(
    ("on", "lost"),
    [
        ("BOLUS", ["Commit"]),
        ("Commit:BOLUS", ["Commit"]),
        ("Prepare:BOLUS", ["Prepare"]),
        ("Resolve:BOLUS", ["Resolve"]),
        ("Commit:RATE", []),
    ],
)
def test_a_change_is_meant_by_its_kind(on: str, lost: list[str]) -> None:
    stand = Stand()
    host = stand.host()
    prepared = host.prepared(BOLUS)  # before the fault is there: the pump itself knows what an id stands for
    stand.faults.add("lose-reply", on=on, times=None)
    commit = Commit(prepared.command_id, prepared.token)
    asked = [commit, Resolve(prepared.command_id), host.prepare(BOLUS), host.prepare(RATE)]
    assert [type(request).__name__ for request in asked if not host.answers(request)] == lost


def test_the_reading_that_ends_a_handshake_is_no_poll() -> None:
    stand = Stand()
    stand.faults.add("lose-reply", on="Poll")
    stand.faults.add("lose-request")
    host = stand.host()
    assert host.end.is_open

    stand.faults.clear()
    stand.faults.add("lose-reply", on="Confirm")
    assert not host.greet()
    assert host.greet()


def test_it_strikes_within_its_span_of_pump_time() -> None:
    stand = Stand()
    host = stand.host()
    stand.faults.add("lose-reply", times=None, first_us=HOUR_US, until_us=2 * HOUR_US)
    found = []
    for _ in range(4):
        found.append(bool(host.answers(Poll())))
        stand.emulator.advance(HOUR_US // 2 + 1)
    assert found == [True, True, False, False]
    assert stand.faults.active == ()
    assert host.answers(Poll()) != []


def test_a_strike_is_in_the_journal_where_it_struck() -> None:
    stand = Stand()
    host = stand.host()
    number = stand.faults.add("lose-reply", on="Poll")
    host.answers(Poll())

    what = [entry.what for entry in stand.emulator.journal.entries]
    assert what[-2:] == ["in", "fault"]
    entry = stand.emulator.journal.entries[-1]
    assert entry.peer == "memory"
    assert dict(entry.fields) == {"id": number, "kind": "lose-reply", "seam": "command", "on": "Poll"}


def test_who_watches_is_told_each_strike_but_of_an_endless_one_the_first() -> None:
    stand = Stand()
    host = stand.host()
    stand.faults.add("lose-reply", times=2)
    stand.faults.add("answer-twice", times=None)
    for _ in range(5):
        host.answers(Poll())
    told = [event["kind"] for event in stand.teller.told if event["event"] == "fault"]
    assert sorted(told) == ["answer-twice", "lose-reply", "lose-reply"]
    assert len([note for note in stand.notes() if note["kind"] == "answer-twice"]) == 5


def test_what_is_active_can_be_read_by_a_person() -> None:
    stand = Stand()
    stand.faults.add("lose-reply", on="Commit")
    stand.faults.add("delay", by_ms=300, times=4)
    stand.faults.add("occlusion")
    assert [active.text for active in stand.faults.active] == [
        "1 lose-reply on Commit, once more",
        "2 delay way=out by_ms=300, 4 times more",
        "3 occlusion, until cleared",
    ]
    assert stand.faults.count == 3


def test_a_state_changes_when_the_request_matches_and_not_after_its_delay() -> None:
    stand = Stand()
    host = stand.host()
    prepared = host.prepared()
    stand.faults.add("slow", on="Commit", by_ms=3_000)
    asked, _ = host.end.ask(Commit(prepared.command_id, prepared.token))
    host.port.write(asked)

    assert stand.pump.sample().commanded_rate_nl_h == RATE.rate_nl_h
    assert host.port.read(1_000) == b""
    assert stand.faults.active == ()


# --- chance, and streams ------------------------------------------------------------------------------------------


def lost(seed: int, *others: str) -> list[bool]:
    stand = Stand(seed=seed)
    for other in others:
        stand.faults.add(other, on="Identify", chance_ppm=500_000, times=None)
    stand.faults.add("lose-reply", chance_ppm=300_000, times=None, on="Poll")
    return answered(stand, 40)


def test_the_same_seed_loses_the_same_and_another_does_not() -> None:
    assert lost(1) == lost(1)
    assert lost(1) != lost(2)
    assert 0 < lost(1).count(False) < 40


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 2**32), st.lists(st.sampled_from(["busy", "lose-reply", "slow"]), max_size=3, unique=True)
)
def test_one_more_fault_moves_the_randomness_of_no_other(seed: int, others: list[str]) -> None:
    assert lost(seed, *others) == lost(seed)


def test_two_of_the_very_same_draw_differently() -> None:
    stand = Stand()
    for _ in range(2):
        stand.faults.add("flip", times=None)
    first, second = stand.faults.live.values()
    assert first.stream.random() != second.stream.random()


# --- what can't be ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "arguments", "sentence"),
    [
        ("lose-replay", {}, 'did you mean "lose-reply"'),
        ("lose-reply", {"on": "Comit"}, 'did you mean "Commit"'),
        ("lose-reply", {"on": "Prepare:BOLS"}, 'did you mean "BOLUS"'),
        ("lose-reply", {"on": "Poll:BOLUS"}, "not about a change"),
        ("lose-request", {"on": "Confirm"}, "a session is open before"),
        ("lose-reply", {"times": 0}, "once or more"),
        ("lose-reply", {"after": -1}, "negative"),
        ("lose-reply", {"chance_ppm": 0}, "1 to 1000000"),
        ("lose-reply", {"first_us": 5, "until_us": 5}, "end before it begins"),
        ("lose-reply", {"until_us": 0}, "end before it begins"),
        ("lose-reply", {"by_ms": 5}, "it has no figures"),
        ("delay", {}, "needs by_ms"),
        ("delay", {"by": 5}, "known are way, by_ms"),
        ("delay", {"by_mss": 5}, 'did you mean "by_ms"'),
        ("delay", {"by_ms": "300 ms"}, "not a whole number"),
        ("delay", {"by_ms": -1}, "it must be 0 to"),
        ("delay", {"by_ms": 5, "spread_ms": 5}, "without effect unless jitter"),
        ("delay", {"by_ms": 5, "jitter": "gauss"}, "can't be"),
        ("drop", {"way": 1}, "not a word"),
        ("drop", {"way": "in", "on": "Poll"}, "before the pump knows"),
        ("occlusion", {"times": 3}, "lasts until it is cleared"),
        ("occlusion", {"after": 3}, "name one by on"),
        ("memory-error", {"times": None}, "name one by on"),
        ("memory-error", {"until_us": 5}, "leave until out"),
        ("reboot", {"first_us": 5}, "name a request"),
        ("reboot", {"memory": "old"}, "name the request"),
        ("unplug", {}, "none is attached"),
        ("mute", {"port": "pty"}, "none is open"),
        ("alarm", {"name": "low_reservoir"}, "let the pump start with less"),
        ("firmware", {"version": "x" * 99}, "printable ASCII"),
        ("firmware", {"version": "2.0\x1b"}, "printable ASCII"),
    ],
)
def test_what_can_not_be_is_refused_with_a_sentence_and_nothing_is_added(
    kind: str, arguments: dict[str, object], sentence: str
) -> None:
    stand = Stand()
    with pytest.raises(ValueError, match=sentence):
        stand.faults.add(kind, **arguments)
    assert stand.faults.active == ()
    assert stand.faults.add("lose-reply") == 1


def test_what_lasts_is_not_asked_for_twice() -> None:
    stand = Stand()
    stand.faults.add("occlusion")
    with pytest.raises(ValueError, match="fault 1: clear it first"):
        stand.faults.add("occlusion")


def test_numbers_are_not_used_again() -> None:
    stand = Stand()
    assert [stand.faults.add("busy"), stand.faults.add("busy")] == [1, 2]
    assert stand.faults.clear() == 2
    assert stand.faults.clear(7) == 0
    assert stand.faults.add("busy") == 3


# --- nothing asked for --------------------------------------------------------------------------------------------


def test_without_a_fault_no_turn_is_kept_and_no_line_is_made() -> None:
    stand = Stand()
    host = stand.host()
    host.status()
    assert all(wire._transit is None for wire in stand.emulator._reception._wires)
    assert stand.faults.turn is None


def test_a_fault_that_never_matches_changes_no_byte_but_the_count_of_faults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Emulator, "bench_notice", lambda _self: (0, ""))
    plain, armed = Stand(), Stand()
    for stand in (plain, armed):
        host = stand.host()
        if stand is armed:
            stand.faults.add("lose-reply", on="AudioPause", times=None)
            stand.faults.add("flip", on="AudioPause", times=None)
            stand.faults.add("occlusion", on="AudioPause")
        prepared = host.prepared()
        host.commit(prepared)
        for _ in range(3):
            assert isinstance(host.status(), Status)
    assert plain.said() == armed.said()


def test_every_kind_has_a_sentence_and_its_figures_have_one() -> None:
    for name, kind in KINDS.items():
        assert name == kind.name
        assert len(kind.says) > 10
        assert all(figure.doc for figure in kind.figures)


@pytest.mark.parametrize("first", ["bad-crc", "bad-length", "bad-counter"])
@pytest.mark.parametrize("second", ["bad-crc", "bad-length", "unknown-type"])
def test_an_answer_that_several_faults_strike_is_sent_twice_as_they_have_made_it(
    first: str, second: str
) -> None:
    stand = Stand()
    host = stand.host()
    for kind in ("answer-twice", first, second):
        stand.faults.add(kind, on="Poll")

    assert host.answers(Poll()) == []

    said = [entry.data for entry in stand.emulator.journal.entries if entry.what == "out"][-1]
    assert said[: len(said) // 2] == said[len(said) // 2 :]
    assert [type(answer) for answer in host.answers(Poll())] == [Status]
