"""What this host asks about its changes, on a real port: before anything else, and only who can know."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from monitor.errors import LinkError, OutcomeUnknownError, RefusedError
from monitor.intents import Intents, default_folder
from monitor.keys import bench_keyring
from protocol.bounds import Finding
from protocol.changes import rejected
from protocol.intent import Intent
from protocol.keys import BENCH_KEY
from protocol.machines import Stage
from protocol.messages import Change, Commit, Outcome, Poll, Prepare, Prepared, Rejected, Resolve
from protocol.vocabulary import ChangeKind, Refusal, Role, Verdict
from tests.monitor.conftest import RATE_NL_H, SERIAL_NUMBER, STORE_ID, LivePump
from tests.monitor.test_changing import NEW_NL_H, files, leave, prepare, requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.client import PumpClient


@pytest.fixture
def pump(live: LivePump) -> Iterator[PumpClient]:
    with live.connect() as client:
        yield client


# --- asked about before anything else -------------------------------------------------------------------------------


@pytest.mark.parametrize("applied", [True, False])
def test_the_next_monitor_asks_what_became_of_it_before_anything_else(
    live: LivePump, *, applied: bool
) -> None:
    prepared = leave(live, applied=applied)
    codes = requests(live)
    with live.connect() as pump:
        ((intent, outcome),) = pump.settled
        assert pump.unresolved == ()
        assert codes[-1] == Resolve.code
        assert not {Poll.code, Prepare.code} & set(codes)
    assert intent.command_id == outcome.command_id == prepared.command_id
    assert (intent.old_rate_nl_h, intent.new_rate_nl_h) == (RATE_NL_H, NEW_NL_H)
    assert outcome.verdict is (Verdict.APPLIED if applied else Verdict.NOT_APPLIED)
    assert live.rate_nl_h == (NEW_NL_H if applied else RATE_NL_H)
    assert files() == []


def test_a_monitor_that_lost_its_answer_learns_it_by_reopening(live: LivePump, pump: PumpClient) -> None:
    prepared = leave(live, applied=True, keep=pump)
    assert [intent.command_id for intent in pump.unresolved] == [prepared.command_id]
    pump.reopen()
    assert pump.unresolved == ()
    assert [outcome.revision for _, outcome in pump.settled] == [1]
    assert pump.resolve(prepared.command_id) == pump.commit(prepared) == pump.settled[0][1]
    pump.settle()
    assert len(pump.settled) == 1  # it is told once


def test_a_key_that_only_reads_can_not_ask_and_keeps_nobody_else_from_asking(live: LivePump) -> None:
    prepared = leave(live, applied=True)
    with live.connect(Role.VIEWER) as viewer:
        assert [intent.command_id for intent in viewer.unresolved] == [prepared.command_id]
        assert viewer.settled == ()
        assert viewer.status().status.commanded_rate_nl_h == NEW_NL_H  # reading goes on
        with pytest.raises(RefusedError, match="this key only reads"):
            viewer.resolve(prepared.command_id)
        viewer._line.close()
        with live.connect() as technician:
            assert [intent.command_id for intent, _ in technician.settled] == [prepared.command_id]
        viewer.reopen()
        assert viewer.unresolved == ()  # somebody has asked


def test_a_technician_whose_key_only_reads_after_reopening_keeps_it_in_mind(live: LivePump) -> None:
    pump = live.connect(keyring=live.keyring)
    prepared = leave(live, applied=True, keep=pump)
    technician = next(key for key in live.keyring.keys if key.role is Role.TECHNICIAN)
    del live.keys[technician.key_id]
    live.spoil = lambda data, answer: answer(data) or live.swallow()
    pump.reopen()
    assert pump.role is Role.VIEWER
    assert [intent.command_id for intent in pump.unresolved] == [prepared.command_id]
    live.keys[technician.key_id] = technician
    pump.reopen()
    assert (pump.unresolved, [outcome.revision for _, outcome in pump.settled]) == ((), [1])
    pump.close()


def test_while_there_is_no_verdict_nothing_is_changed_and_both_rates_are_told(
    live: LivePump, pump: PumpClient
) -> None:
    leave(live, applied=True, keep=pump)
    pump.reopen()  # settled; now a pump that does not say
    refusal = rejected(Resolve.code, Finding(Refusal.ROLE, 0, "not to you"))
    prepared = prepare(pump, 22_000)
    live.answer(Resolve, lambda _request: refusal)
    live.swallow_replies(Outcome.code)
    with pytest.raises(OutcomeUnknownError):
        pump.commit(prepared)
    codes = requests(live)
    with pytest.raises(
        OutcomeUnknownError, match=r"the rate is 0\.600 or 0\.528 mL/day: .*nothing else is changed"
    ):
        pump.prepare(Change(ChangeKind.STOP), seen=pump.status())
    assert Prepare.code not in codes
    live.call(lambda: delattr(live.device, "serve"))
    assert pump.commit(pump.prepare(Change(ChangeKind.STOP), seen=pump.status())).rate_nl_h == 0


def test_a_pump_that_never_says_what_became_of_it_can_still_be_read(live: LivePump) -> None:
    leave(live, applied=True)
    live.swallow_replies(Outcome.code, times=1_000)
    with live.connect() as pump:
        assert len(pump.unresolved) == 1
        assert pump.status().status.revision == 1


def test_an_answer_about_another_change_decides_nothing(live: LivePump) -> None:
    leave(live, applied=True)
    live.lie(Resolve, lambda _request, said: dataclasses.replace(said, command_id=b"another1"))
    with live.connect() as pump:
        assert len(pump.unresolved) == 1
        with pytest.raises(LinkError, match="about another change"):
            pump.resolve(pump.unresolved[0].command_id)


def test_a_refusal_of_another_request_is_no_refusal_of_this_one(live: LivePump, pump: PumpClient) -> None:
    prepared = prepare(pump)
    other = rejected(Prepare.code, Finding(Refusal.BUSY, 0, "of another request"))
    live.lie(Commit, lambda _request, _said: other)
    assert pump.commit(prepared).revision == 1  # asked for, as after a lost answer


@pytest.mark.parametrize("reason", [Refusal.ALREADY_APPLIED, Refusal.VOID])
def test_a_commit_that_the_pump_knows_already_is_asked_about(
    live: LivePump, pump: PumpClient, reason: Refusal
) -> None:
    prepared = prepare(pump)
    live.lie(
        Commit, lambda request, _said: rejected(Commit.code, Finding(reason, 0, "again"), request.command_id)
    )
    assert pump.commit(prepared).revision == 1


# --- what was begun and not committed -------------------------------------------------------------------------------


def test_a_change_that_was_never_committed_blocks_nothing_and_frees_its_place(live: LivePump) -> None:
    left = live.connect()
    prepare(left)
    left._line.close()  # as if killed: the session stays open at the pump until the next one
    left._changes._intents.close()
    with live.connect() as pump:
        assert pump.unresolved == ()
        assert [outcome.verdict for _, outcome in pump.settled] == [Verdict.NOT_APPLIED]
        assert pump.commit(prepare(pump)).revision == 1


def test_a_prepare_without_an_answer_is_given_up_before_the_next_one(
    live: LivePump, pump: PumpClient
) -> None:
    live.swallow_replies(Prepared.code, Rejected.code, times=100)
    with pytest.raises(LinkError, match="does not answer"):
        prepare(pump)
    assert pump.unresolved == ()  # without a Commit there is one rate only
    assert len(files()) == 1
    codes = requests(live)
    assert pump.commit(prepare(pump)).revision == 1
    assert codes == [Poll.code, Resolve.code, Prepare.code, Commit.code]
    assert files() == []


def test_a_change_that_another_monitor_has_under_way_is_left_to_it(live: LivePump) -> None:
    other = Intents()
    with live.connect() as pump:
        prepared = prepare(pump)
        assert [one.under_way for one in other.look(SERIAL_NUMBER).noted] == [True]
        pump.settle()
        assert pump.commit(prepared).revision == 1  # nor does it ask about its own


def test_a_change_left_by_another_monitor_meanwhile_is_found_before_the_next_change(
    live: LivePump, pump: PumpClient
) -> None:
    prepared = prepare(pump)
    pump.commit(prepared)
    left = dataclasses.replace(
        _committing(prepared),
        revision=1,
        old_rate_nl_h=NEW_NL_H,
        new_rate_nl_h=30_000,
        command_id=b"elsewher",
    )
    other = Intents()
    other.note(left)
    other.close()
    codes = requests(live)
    assert prepare(pump, 26_000).new_rate_nl_h == 26_000
    assert codes == [Poll.code, Resolve.code, Prepare.code]
    assert [(intent.command_id, outcome.verdict) for intent, outcome in pump.settled] == [
        (b"elsewher", Verdict.NOT_APPLIED)
    ]


def _committing(prepared: Prepared, store_id: bytes = STORE_ID) -> Intent:
    return Intent(
        prepared.command_id,
        SERIAL_NUMBER,
        store_id,
        1_767_225_600,
        prepared.change,
        prepared.revision,
        prepared.old_rate_nl_h,
        prepared.new_rate_nl_h,
        stage=Stage.COMMITTING,
    )


# --- a memory that was replaced -------------------------------------------------------------------------------------


@pytest.fixture
def replaced(live: LivePump) -> Prepared:
    """Leave a change behind whose pump then comes back with another memory."""
    prepared = leave(live, applied=True)
    live.call(lambda: live.renew(b"store-02"))
    live.call(live.port.replug)
    return prepared


def test_another_memory_is_not_asked_and_nothing_is_changed_until_somebody_has_looked(
    live: LivePump, replaced: Prepared
) -> None:
    codes = requests(live)
    with live.connect() as pump:
        assert [intent.command_id for intent in pump.unresolved] == [replaced.command_id]
        with pytest.raises(RefusedError, match="another memory answers now"):
            pump.resolve(replaced.command_id)
        with pytest.raises(OutcomeUnknownError, match=r"0\.500 or 0\.600 mL/day: another memory"):
            prepare(pump)
        assert not {Resolve.code, Prepare.code} & set(codes)
        pump.discard(replaced.command_id)
        assert (pump.unresolved, files()) == ((), [])
        assert pump.commit(prepare(pump)).revision == 1


def test_what_the_pump_can_tell_is_not_given_up(live: LivePump) -> None:
    leave(live, applied=True)
    live.answer(Resolve, lambda _: rejected(Resolve.code, Finding(Refusal.ROLE, 0, "not now")))
    with live.connect() as pump:
        with pytest.raises(RefusedError, match="the pump can tell"):
            pump.discard(pump.unresolved[0].command_id)
        with pytest.raises(RefusedError, match="no such change"):
            pump.discard(b"whatever")
    assert len(files()) == 1


def test_a_change_that_was_given_up_elsewhere_is_forgotten_here(live: LivePump, replaced: Prepared) -> None:
    with live.connect() as pump:
        assert len(pump.unresolved) == 1
        (path,) = files()
        path.unlink()
        pump.settle()
        assert pump.unresolved == ()
        assert prepare(pump).command_id != replaced.command_id


def test_a_change_without_a_commit_is_forgotten_with_the_memory_it_was_for(live: LivePump) -> None:
    with live.connect() as pump:
        prepare(pump)
    live.call(lambda: live.renew(b"store-02"))
    live.call(live.port.replug)
    with live.connect() as pump:
        assert (pump.unresolved, pump.settled, files()) == ((), (), [])


# --- the bench key ----------------------------------------------------------------------------------------------------


def test_whoever_answers_to_the_bench_key_is_not_asked_about_a_change_that_a_real_key_began(
    live: LivePump,
) -> None:
    leave(live, applied=True)
    live.keys[BENCH_KEY.key_id] = dataclasses.replace(BENCH_KEY, serial_number=SERIAL_NUMBER)
    codes = requests(live)
    with live.connect(keyring=bench_keyring()) as pump:
        assert pump.serial_number == SERIAL_NUMBER
        assert (pump.settled, pump.unresolved) == ((), ())
        assert Resolve.code not in codes
        prepare(pump)
        assert len(list(default_folder(bench=True).iterdir())) == 1
    assert len(files()) == 1
    with live.connect() as pump:
        assert len(pump.settled) == 1
    assert files() == []
    assert len(list(default_folder(bench=True).iterdir())) == 1
