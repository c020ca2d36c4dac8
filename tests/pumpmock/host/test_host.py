"""Whatever goes wrong on the way, what the host says of a change is what the pump's ledger has: or that it does not know."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.changes import PREPARE_TTL_MS
from protocol.messages import Change
from protocol.vocabulary import ChangeKind, Refusal
from pumpmock.faults import KINDS
from pumpmock.faults.kinds import Seam
from pumpmock.host import Fate, Host
from pumpmock.scenario.clockwork import Clockwork
from pumpmock.scenario.pump_words import options_of, read_pump

H_US = 3_600 * 10**6
BOLUS = Change(ChangeKind.BOLUS, volume_nl=10_000, duration_s=600)
TRUE = {True: Fate.APPLIED, False: Fate.NOT_APPLIED}
# Faults of the way, each with figures that make it matter.
FAULTS = {
    kind.name: {"way": "out"} if any(figure.key == "way" for figure in kind.figures) else {}
    for kind in KINDS.values()
    if kind.seam in (Seam.BYTES, Seam.FRAME, Seam.COMMAND)
}
FAULTS["delay"] = {"way": "out", "by_ms": 1_500}
FAULTS["truncate"] = {"way": "out", "keep": 10}
FAULTS["drop in"] = {"way": "in"}
FAULTS["flip in"] = {"way": "in"}
FAULTS["half stored"] = {"at": "stored"}
FAULTS["half heard"] = {"at": "heard"}


def stage(seed: int = 0) -> Clockwork:
    return Clockwork(options_of(read_pump({"limits": "none", "drugs": "none"}, Path()), seed))


def applied(one: Clockwork) -> int:
    """Return how many changes the pump's ledger has."""
    return one.emulator.device.memory.ledger.revision


def do(one: Clockwork, verb: str, figure: object = None) -> Host:
    one.let_host("host", verb, figure)
    return one.host("host")


def test_a_change_takes_four_requests_and_no_more() -> None:
    one = stage()
    host = do(one, "change", BOLUS)

    assert (host.fate, host.resolved, host.talk.unanswered, host.talk.sessions) == (Fate.APPLIED, 0, 0, 1)
    assert dict(one.seen.requests) == {"Poll": 1, "Prepare": 1, "Commit": 1}


@pytest.mark.parametrize("on", ["Prepare", "Commit"])
@pytest.mark.parametrize("name", sorted(FAULTS))
def test_whatever_befalls_a_change_its_fate_is_what_the_ledger_has(name: str, on: str) -> None:
    one = stage()
    do(one, "poll")
    figures = FAULTS[name]
    waits = {} if figures.get("way") == "in" or name in ("echo", "slow-start") else {"on": on}
    one.emulator.faults.add(name.partition(" ")[0], **waits, **figures)
    host = do(one, "change", BOLUS)

    assert host.fate in (Fate.REFUSED, TRUE[applied(one) == 1])
    assert applied(one) == 0 or host.fate is not Fate.REFUSED
    assert sum(one.seen.faults.values()) == 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(FAULTS)), st.integers(0, 5), st.integers(1, 4)), max_size=5),
    st.integers(0, 3),
)
def test_whatever_goes_wrong_together_no_change_is_applied_twice_and_no_fate_is_wrong(
    wrong: list[tuple[str, int, int]], seed: int
) -> None:
    one = stage(seed)
    for name, after, times in wrong:
        one.emulator.faults.add(name.partition(" ")[0], after=after, times=times, **FAULTS[name])
    for _ in range(4):
        before = applied(one)
        host = do(one, "change", BOLUS)
        if host.fate in TRUE.values():
            assert host.fate is TRUE[applied(one) == before + 1]
        assert applied(one) <= before + 1
        one.go_to(one.now_us + H_US)
    one.emulator.faults.clear()
    do(one, "poll")  # what was left open is settled once the line is good
    assert do(one, "change", BOLUS).fate is Fate.APPLIED


def test_while_a_change_is_in_doubt_nothing_else_is_sent() -> None:
    one = stage()
    do(one, "prepare", BOLUS)
    one.emulator.faults.add("mute", port="host")
    host = do(one, "commit")
    assert (host.fate, applied(one)) == (Fate.UNKNOWN, 1)
    assert do(one, "change", BOLUS).fate is Fate.UNSENT
    assert applied(one) == 1

    one.emulator.faults.clear()
    assert do(one, "poll").fate is Fate.APPLIED
    assert one.seen.requests["Prepare"] == 1


def test_a_prepared_change_that_is_left_too_long_is_refused_and_not_made() -> None:
    one = stage()
    do(one, "prepare", BOLUS)
    one.go_to(PREPARE_TTL_MS * 1_000)
    host = do(one, "commit")

    assert (host.fate, applied(one)) == (Fate.REFUSED, 0)
    assert host.refused == {Refusal.NOT_PREPARED: 1}


def test_another_change_gives_up_the_one_that_was_prepared_before() -> None:
    one = stage()
    do(one, "prepare", BOLUS)
    host = do(one, "change", Change(ChangeKind.STOP))

    assert (host.fate, applied(one), host.resolved) == (Fate.APPLIED, 1, 1)


def test_a_verdict_of_another_memory_is_not_believed() -> None:
    one = stage()
    do(one, "prepare", BOLUS)
    one.emulator.faults.add("reboot", memory="lost")
    host = do(one, "commit")

    assert (host.fate, host.resolved) == (Fate.UNKNOWN, 0)


def test_after_a_day_the_next_session_is_opened_on_the_way() -> None:
    one = stage()
    do(one, "poll")
    one.go_to(24 * H_US)
    host = do(one, "poll")

    assert (host.talk.sessions, host.talk.unanswered) == (2, 0)
    assert host.talk.status is not None
    assert host.talk.status.pump_time_us == 24 * H_US


def test_a_host_that_was_killed_before_it_did_anything_has_nothing_to_settle() -> None:
    one = stage()
    assert do(one, "vanish").fate is Fate.NONE
    host = do(one, "reconnect")

    assert (host.fate, host.resolved, host.talk.sessions) == (Fate.NONE, 0, 1)


def test_the_alarm_sound_is_paused_and_alarms_are_acknowledged() -> None:
    one = stage()
    one.emulator.do(one.emulator.device.pump.memory_error)
    do(one, "silence", 600)
    assert one.emulator.device.pump.audio_pause_s == 600
    do(one, "acknowledge", 0xFFFF)
    assert one.sample.alarms == 0
