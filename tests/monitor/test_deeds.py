"""Every change is on record before the pump hears of it, and so is what became of it; without a record nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from monitor.deeds import NoTrail
from monitor.errors import LinkError, MonitorError, OutcomeUnknownError, RefusedError
from monitor.intents import Intents
from protocol.messages import Change, Commit, Outcome, Prepare, Prepared, Resolve
from protocol.vocabulary import ChangeKind, Role
from tests.monitor.conftest import RATE_NL_H, SERIAL_NUMBER, STORE_ID, LivePump

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.client import PumpClient

NEW_NL_H = 25_000
CHANGE = Change(ChangeKind.RATE, NEW_NL_H)


class Trail:
    """A trail in memory.

    Attributes:
        records: what was put on it.
        broken: whether it takes no more, of what kind.
        sent: the kinds of frame that had reached the pump when a record was made.
    """

    def __init__(self) -> None:
        self.records: list[tuple[str, dict[str, Any]]] = []
        self.broken: frozenset[str] = frozenset()
        self.sent: dict[str, list[int]] = {}
        self.heard: list[int] = []

    def intend(self, facts: dict[str, object]) -> bytes:
        name = bytes.fromhex(str(facts["nonce"]))[::-2]  # by a rule of its own
        self.note("intended", facts | {"command": name.hex()})
        return name

    def note(self, kind: str, facts: dict[str, object]) -> None:
        if kind in self.broken:
            raise MonitorError("the disk is full: /x/history.db")
        self._take(kind, facts)

    def note_late(self, kind: str, facts: dict[str, object]) -> bool:
        if kind not in self.broken:
            self._take(kind, facts)
        return kind not in self.broken

    def _take(self, kind: str, facts: dict[str, object]) -> None:
        self.records.append((kind, facts))
        self.sent.setdefault(kind, list(self.heard))

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.records]

    def facts(self, kind: str) -> dict[str, Any]:
        return next(facts for found, facts in self.records if found == kind)


@pytest.fixture
def trail(live: LivePump) -> Trail:
    made = Trail()
    honest = live.device.serve

    def serve(request: Any, *rest: Any) -> Any:  # noqa: ANN401 - of the pump
        made.heard.append(request.code)
        return honest(request, *rest)

    live.device.serve = serve  # type: ignore[method-assign]
    return made


@pytest.fixture
def pump(live: LivePump, trail: Trail) -> Iterator[PumpClient]:
    with live.connect(trail=trail) as client:
        yield client


def prepare(pump: PumpClient, reason: str = "") -> Prepared:
    return pump.prepare(CHANGE, seen=pump.status(), reason=reason)


# --- what is on record --------------------------------------------------------------------------------------------


def test_each_step_is_on_record_and_the_two_that_count_before_their_frames_leave(
    live: LivePump, pump: PumpClient, trail: Trail
) -> None:
    outcome = pump.commit(prepare(pump, "the ward asks for it"))
    assert trail.kinds == ["intended", "prepared", "committing", "outcome"]
    assert Prepare.code not in trail.sent["intended"]
    assert Prepare.code in trail.sent["prepared"]
    assert Commit.code not in trail.sent["committing"]
    assert Commit.code in trail.sent["outcome"]
    (key,) = (key for key in live.keys.values() if key.role is Role.TECHNICIAN)
    for _, facts in trail.records:
        assert (facts["pump"], facts["store"]) == (SERIAL_NUMBER, STORE_ID.hex())
        assert (facts["by"], facts["role"]) == (key.key_id.hex(), "TECHNICIAN")
        assert facts["command"] == outcome.command_id.hex()
    intended = trail.facts("intended")
    assert bytes.fromhex(intended["nonce"])[::-2] == outcome.command_id  # as the trail names it
    assert intended["change"] == {"kind": "RATE", "rate_nl_h": NEW_NL_H}
    assert intended["reason"] == "the ward asks for it"
    assert intended["seen"] == {"boot": 1, "newest_event": 1, "rate_nl_h": RATE_NL_H, "revision": 0}
    assert trail.facts("prepared")["new_rate_nl_h"] == NEW_NL_H
    said = trail.facts("outcome")
    assert (said["verdict"], said["revision"], said["boot"]) == ("APPLIED", 1, 1)
    assert said["pump_time_us"] == live.log[-1].pump_time_us


def test_neither_the_token_nor_a_secret_is_on_record(live: LivePump, pump: PumpClient, trail: Trail) -> None:
    prepared = prepare(pump)
    pump.commit(prepared)
    secrets = [prepared.token.hex(), *(key.secret.hex() for key in live.keys.values())]
    assert not [secret for secret in secrets if secret in repr(trail.records)]


def test_a_refusal_is_on_record_with_its_reason(pump: PumpClient, trail: Trail) -> None:
    with pytest.raises(RefusedError):
        pump.prepare(Change(ChangeKind.RATE, 1), seen=pump.status())
    assert trail.kinds == ["intended", "refused"]
    said = trail.facts("refused")
    assert (said["reason"], said["at"]) == ("BELOW_LEAST", "PREPARING")
    assert "least rate" in said["sentence"]


def test_a_change_that_was_abandoned_and_one_whose_answer_was_lost_are_on_record_as_such(
    live: LivePump, pump: PumpClient, trail: Trail
) -> None:
    pump.resolve(prepare(pump).command_id)
    assert trail.kinds == ["intended", "prepared", "abandoned", "outcome"]
    assert trail.facts("outcome")["verdict"] == "NOT_APPLIED"
    trail.records.clear()
    prepared = prepare(pump)
    live.swallow_replies(Outcome.code)
    pump.commit(prepared)
    assert trail.kinds == ["intended", "prepared", "committing", "no_answer", "outcome"]
    assert trail.facts("outcome")["verdict"] == "APPLIED"


def test_a_change_that_an_earlier_monitor_left_is_on_record_once_its_verdict_is_known(
    live: LivePump, trail: Trail
) -> None:
    with live.connect(trail=trail) as first:
        prepared = prepare(first)
        live.swallow_replies(Outcome.code, times=99)
        with pytest.raises(OutcomeUnknownError):
            first.commit(prepared)
    live.spoil = lambda data, answer: answer(data)
    assert "outcome" not in trail.kinds
    with live.connect(trail=trail):
        assert trail.kinds[-1] == "outcome"
    assert trail.facts("outcome")["command"] == prepared.command_id.hex()


def test_seeing_to_alarms_is_on_record(pump: PumpClient, trail: Trail) -> None:
    pump.acknowledge(2)
    pump.pause_audio(60)
    assert trail.kinds == ["acknowledged", "audio_paused"]
    assert (trail.facts("acknowledged")["alarms"], trail.facts("audio_paused")["seconds"]) == (2, 60)


# --- a trail that takes no more -----------------------------------------------------------------------------------


def test_what_can_not_be_recorded_is_not_even_prepared(pump: PumpClient, trail: Trail) -> None:
    trail.broken = frozenset({"intended"})
    seen = pump.status()
    trail.heard.clear()
    with pytest.raises(RefusedError, match="nothing is changed without a record of it: the disk is full"):
        pump.prepare(CHANGE, seen=seen)
    assert trail.heard == []
    assert Intents().look().noted == ()
    trail.broken = frozenset()
    pump.commit(prepare(pump))


def test_a_confirmation_that_can_not_be_recorded_is_not_sent_and_the_pump_is_free_at_once(
    live: LivePump, pump: PumpClient, trail: Trail
) -> None:
    prepared = prepare(pump)
    trail.broken = frozenset({"committing"})
    with pytest.raises(RefusedError, match="without a record"):
        pump.commit(prepared)
    assert Commit.code not in trail.heard
    assert Resolve.code in trail.heard
    assert live.rate_nl_h == RATE_NL_H
    assert Intents().look().noted == ()
    assert trail.kinds == ["intended", "prepared", "abandoned", "outcome"]


def test_a_verdict_that_can_not_be_recorded_is_owed_and_nothing_is_changed_before_it_is_there(
    live: LivePump, pump: PumpClient, trail: Trail
) -> None:
    prepared = prepare(pump)
    trail.broken = frozenset({"outcome"})
    assert pump.commit(prepared).revision == 1
    assert live.rate_nl_h == NEW_NL_H
    assert [one.intent.command_id for one in Intents().look().noted] == [prepared.command_id]
    seen = pump.status()
    trail.heard.clear()
    with pytest.raises(RefusedError, match="nothing is changed before what was done last is on record"):
        pump.prepare(Change(ChangeKind.RATE, 24_000), seen=seen)
    assert Prepare.code not in trail.heard
    assert pump.unresolved == ()
    trail.broken = frozenset()
    pump.settle()
    assert trail.kinds == ["intended", "prepared", "committing", "outcome"]
    assert Intents().look().noted == ()


def test_a_verdict_that_could_not_be_recorded_before_the_monitor_ended_is_recorded_by_the_next(
    live: LivePump, trail: Trail
) -> None:
    with live.connect(trail=trail) as first:
        prepared = prepare(first)
        trail.broken = frozenset({"outcome"})
        first.commit(prepared)
    trail.broken = frozenset()
    with live.connect(trail=trail) as second:
        ((intent, outcome),) = second.settled
    assert (intent.command_id, outcome.revision) == (prepared.command_id, 1)
    assert trail.kinds == ["intended", "prepared", "committing", "outcome"]
    assert Intents().look().noted == ()


def test_a_monitor_that_remembers_nothing_reads_and_changes_nothing(live: LivePump) -> None:
    with live.connect(trail=NoTrail()) as pump:
        seen = pump.status()
        pump.acknowledge(1)
        with pytest.raises(RefusedError, match="start without --no-history"):
            pump.prepare(CHANGE, seen=seen)
    assert live.rate_nl_h == RATE_NL_H


def test_a_line_that_dies_before_the_read_back_is_on_record(
    live: LivePump, pump: PumpClient, trail: Trail
) -> None:
    live.swallow_replies(Prepared.code, times=99)
    with pytest.raises(LinkError):
        prepare(pump)
    assert trail.kinds == ["intended", "no_answer"]


def test_a_line_that_dies_after_the_commit_is_on_record(
    live: LivePump, pump: PumpClient, trail: Trail
) -> None:
    prepared = prepare(pump)
    live.swallow_replies(Outcome.code, times=99)
    with pytest.raises(OutcomeUnknownError):
        pump.commit(prepared)
    assert trail.kinds == ["intended", "prepared", "committing", "no_answer"]


# --- killed at any record -----------------------------------------------------------------------------------------


class Killed(BaseException):
    """Ends a monitor as a kill does: nothing that it would still do is done."""


class Fatal(Trail):
    """A trail at one of whose records the monitor is killed, before it is made or right after."""

    def __init__(self, at: int, *, after: bool) -> None:
        super().__init__()
        self._left = at
        self._after = after

    def _take(self, kind: str, facts: dict[str, Any]) -> None:
        self._left -= 1
        if self._left < 0:
            raise Killed
        if self._left == 0 and not self._after:
            raise Killed
        super()._take(kind, facts)
        if self._left == 0:
            raise Killed


@pytest.mark.parametrize("lost", [False, True], ids=["the outcome arrives", "the outcome is lost"])
@pytest.mark.parametrize("after", [False, True], ids=["before the record", "after it"])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_whatever_record_a_monitor_is_killed_at_the_trail_tells_what_the_pump_did(
    live: LivePump, at: int, *, after: bool, lost: bool
) -> None:
    fatal = Fatal(at, after=after)
    killed = live.connect(trail=fatal)
    if lost:
        live.swallow_replies(Outcome.code)
    with pytest.raises(Killed):
        killed.commit(prepare(killed))
    killed._line.close()  # what a process leaves behind is closed, and its locks are gone
    killed._changes.close()
    trail = Trail()
    trail.records = fatal.records
    with live.connect(trail=trail) as pump:
        assert pump.unresolved == ()
        applied = pump.status().status.revision == 1
    told = [facts["verdict"] for kind, facts in trail.records if kind == "outcome"]
    assert applied == (live.rate_nl_h == NEW_NL_H)
    if applied:
        assert "committing" in trail.kinds
        assert "APPLIED" in told
        assert "NOT_APPLIED" not in told
    else:
        assert "APPLIED" not in told
        assert not Intents().look().noted
    assert ("prepared" in trail.kinds) <= bool(told)  # what the pump had heard of has an end
