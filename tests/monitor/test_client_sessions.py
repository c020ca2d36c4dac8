"""Sessions end, by time, by use or with the pump's start; whoever uses a client does not notice, and is never deceived."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor import conversation
from monitor.conversation import Conversation
from monitor.errors import LinkError, RefusedError
from monitor.snapshot import Link
from monitor.watch import Watcher
from protocol.changes import PREPARE_TTL_MS
from protocol.handshake import LONGEST_BACK_OFF_MS
from protocol.messages import Change, Commit, Confirm, Hello, Prepared, Resolve
from protocol.session import LAST_COUNTER, LONGEST_SESSION_MS
from protocol.timeouts import HANDSHAKE_TRIES
from protocol.vocabulary import ChangeKind
from pumpmock.dialects.native import NativeConversation
from tests.monitor.conftest import MS, RATE_NL_H, STORE_ID, LivePump, S, _Seam, codes_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.client import PumpClient
    from monitor.snapshot import Snapshot

NEW_NL_H = 25_000
DAY_NS = LONGEST_SESSION_MS * MS
HOUR_NS = DAY_NS // 24


class Tap:
    """What the client sends, and the silence of a pump told to it at once.

    Attributes:
        sent: the type codes of its requests, in order.
        lost: those that never reach the pump.
    """

    def __init__(self, live: LivePump) -> None:
        self.live = live
        self.sent: list[int] = []
        self.lost: set[int] = set()
        live.spoil = self.pass_on

    def pass_on(self, data: bytes, answer: Callable[[bytes], bytes]) -> bytes:
        codes = codes_in(data)
        self.sent += codes
        reply = b"" if self.lost & set(codes) else answer(data)
        return reply or self.live.swallow()

    @property
    def sessions(self) -> int:
        return self.sent.count(Confirm.code)


@pytest.fixture
def pump(live: LivePump) -> Iterator[PumpClient]:
    with live.connect() as client:
        yield client


@pytest.fixture
def tap(live: LivePump, pump: PumpClient) -> Tap:
    del pump  # connected before
    return Tap(live)


def wait(live: LivePump, span_ns: int) -> None:
    live.clock.now_ns += span_ns
    live.pump_clock.now_ns += span_ns


def prepare(pump: PumpClient) -> Prepared:
    return pump.prepare(Change(ChangeKind.RATE, NEW_NL_H), seen=pump.status())


def restart(live: LivePump) -> None:
    """Start the pump again behind a line that stays: what it knew of sessions is gone, its memory is not."""
    live.memory.boot += 1
    begun = NativeConversation(
        live.device, live.keys, live.random, opened=lambda _role: None, unsaved=lambda _error: None
    )
    passed_on = live.spoil
    live.spoil = lambda data, _answer: passed_on(data, begun.receive)


def test_readings_go_on_for_days_and_the_next_session_opens_before_the_present_one_ends(
    live: LivePump, pump: PumpClient, tap: Tap
) -> None:
    for _ in range(24 * 4 * 3):
        wait(live, HOUR_NS // 4)
        before_ns = live.clock()
        assert pump.status().status.commanded_rate_nl_h == RATE_NL_H
        assert live.clock() == before_ns  # nothing was waited for: no request went into a dead session
    assert tap.sessions == 3


def test_a_client_that_did_not_renew_would_be_noticed(
    live: LivePump, pump: PumpClient, tap: Tap, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_line: Conversation) -> None:
        raise LinkError("not renewed")

    monkeypatch.setattr(Conversation, "_renew", fail)
    wait(live, DAY_NS)
    with pytest.raises(LinkError):
        pump.status()
    assert tap.sessions == 0


@pytest.mark.parametrize("ahead", ["the pump's clock", "the host's clock"])
def test_a_session_that_one_end_holds_for_ended_is_renewed_unnoticed(
    live: LivePump, pump: PumpClient, tap: Tap, ahead: str
) -> None:
    clock = live.pump_clock if ahead.startswith("the pump") else live.clock
    clock.now_ns += 30 * HOUR_NS
    assert pump.status().status.commanded_rate_nl_h == RATE_NL_H
    assert tap.sessions == 1


@pytest.mark.parametrize("end", ["host", "pump"])
def test_a_session_whose_frames_are_used_up_is_renewed_unnoticed(
    live: LivePump, pump: PumpClient, tap: Tap, end: str
) -> None:
    seam = live.port._conversation
    assert isinstance(seam, _Seam)
    session = (pump._line if end == "host" else seam._conversation)._end._session
    assert session is not None
    live.call(lambda: setattr(session, "_sent", LAST_COUNTER))
    assert pump.status().status.commanded_rate_nl_h == RATE_NL_H
    assert tap.sessions == 1


def test_a_pump_that_was_started_again_behind_the_line_is_met_again_unnoticed(
    live: LivePump, pump: PumpClient, tap: Tap
) -> None:
    assert pump.boot == 1
    restart(live)
    assert pump.status().status.boot == 2
    assert (pump.boot, tap.sessions) == (2, 1)


def test_another_memory_behind_the_line_is_never_taken_for_the_same(
    live: LivePump, pump: PumpClient, tap: Tap
) -> None:
    command_id = prepare(pump).command_id
    live.memory.store_id = b"store-02"
    restart(live)
    for _ in range(2):
        with pytest.raises(LinkError, match="another memory of the pump answers"):
            pump.resolve(command_id)
    assert Resolve.code in tap.sent
    assert pump.store_id == STORE_ID
    pump.reopen()
    assert pump.store_id == b"store-02"
    with pytest.raises(RefusedError, match="another memory answers now"):
        pump.resolve(command_id)


def test_what_is_prepared_when_the_renewal_is_due_can_still_be_committed(
    live: LivePump, pump: PumpClient, tap: Tap
) -> None:
    due_ns = pump._line._renew_ns - live.clock()
    wait(live, due_ns - 1 * S)
    prepared = prepare(pump)
    for _ in range(5):
        wait(live, 2 * S)
        pump.status()
    assert pump.commit(prepared).revision == 1
    assert tap.sessions == 0
    pump.status()
    assert tap.sessions == 1


def test_a_change_that_was_left_prepared_holds_the_renewal_up_no_longer_than_its_token_lives(
    live: LivePump, pump: PumpClient, tap: Tap
) -> None:
    wait(live, pump._line._renew_ns - live.clock() - 1 * S)
    ttl_ns = prepare(pump).ttl_ms * MS
    wait(live, ttl_ns - 1)
    pump.status()
    assert tap.sessions == 0
    wait(live, 1)
    pump.status()
    assert tap.sessions == 1


def test_a_commit_into_a_session_that_the_pump_has_ended_is_sent_once_and_its_verdict_asked_for(
    live: LivePump, pump: PumpClient, tap: Tap
) -> None:
    prepared = prepare(pump)
    live.pump_clock.now_ns += DAY_NS
    with pytest.raises(RefusedError, match="did not reach the pump, and it will not be applied"):
        pump.commit(prepared)
    assert tap.sent.count(Commit.code) == 1
    assert live.rate_nl_h == RATE_NL_H


def test_a_pump_that_ignores_greetings_keeps_the_present_session_and_is_greeted_again_a_minute_later(
    live: LivePump, pump: PumpClient, tap: Tap
) -> None:
    wait(live, pump._line._renew_ns - live.clock())
    tap.lost = {Hello.code}
    for _ in range(3):
        assert pump.status().status.commanded_rate_nl_h == RATE_NL_H
    assert tap.sent.count(Hello.code) == HANDSHAKE_TRIES
    tap.lost = set()
    wait(live, 60 * S)
    assert pump.status().status.commanded_rate_nl_h == RATE_NL_H
    assert tap.sessions == 1


def test_damaged_frames_are_counted_over_a_renewal(live: LivePump, pump: PumpClient, tap: Tap) -> None:
    live.spoil = lambda data, answer: b"\0damaged\0" + tap.pass_on(data, answer)
    pump.status()
    before = pump.bad_frames
    wait(live, DAY_NS)
    pump.status()
    assert pump.bad_frames > before == 1


def test_a_watcher_sees_no_end_of_a_session(live: LivePump, pump: PumpClient, tap: Tap) -> None:
    told: list[Snapshot] = []
    watcher = Watcher(live.url, lambda: pump, now_ns=live.clock)
    watcher.subscribe(told.append)
    for _ in range(30):
        watcher._turn()
        wait(live, HOUR_NS)
    live.pump_clock.now_ns += DAY_NS
    watcher._turn()
    assert tap.sessions == 2
    assert (told[-1].link, told[-1].lost, told[-1].good) == (Link.LIVE, 0, 31)
    assert {one.link for one in told[1:]} == {Link.LIVE}


def test_the_renewal_leaves_time_for_a_prepared_change_and_for_a_pump_that_ignores_greetings() -> None:
    assert conversation._RENEW_BEFORE_MS > 2 * LONGEST_BACK_OFF_MS + PREPARE_TTL_MS
    assert conversation._RENEW_AGAIN_MS >= LONGEST_BACK_OFF_MS
