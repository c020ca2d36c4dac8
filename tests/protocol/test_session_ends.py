"""A session ends after 24 hours or 2^31 frames, at whichever end that is first; the pump answers nothing in it afterwards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import exchange
from protocol.exchange import HostEnd
from protocol.messages import Poll, Status
from protocol.session import LAST_COUNTER, LONGEST_SESSION_MS, SessionEndedError
from tests.protocol.helpers import (
    HOST_NONCE,
    TECHNICIAN,
    Bench,
    answer,
    connect,
)

OPENED_MS = 7_000
ENDS_MS = OPENED_MS + LONGEST_SESSION_MS


def answered_at(now_ms: int) -> bool:
    """Tell whether a pump answers a request of a session that it opened at `OPENED_MS`."""
    pump = Bench().port()
    host = connect(pump, now_ms=OPENED_MS)
    return pump.receive(host.ask(Poll())[0], now_ms) != b""


def test_a_session_lives_for_24_hours() -> None:
    assert LONGEST_SESSION_MS == 24 * 60 * 60 * 1_000


def test_the_pump_answers_to_the_last_millisecond_of_a_session_and_not_after_it() -> None:
    assert answered_at(ENDS_MS - 1)
    assert not answered_at(ENDS_MS)
    assert not answered_at(ENDS_MS + LONGEST_SESSION_MS)


def test_the_end_would_be_noticed_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "LONGEST_SESSION_MS", 2 * LONGEST_SESSION_MS)
    assert answered_at(ENDS_MS)


@given(st.lists(st.integers(0, LONGEST_SESSION_MS // 2), max_size=20))
def test_however_often_it_is_used_a_session_ends_when_it_is_due(steps: list[int]) -> None:
    pump = Bench().port()
    host = connect(pump, now_ms=OPENED_MS)
    now_ms = OPENED_MS
    for step in steps:
        now_ms += step
        assert (pump.receive(host.ask(Poll())[0], now_ms) != b"") is (now_ms < ENDS_MS)
    assert (pump.session is None) is (now_ms >= ENDS_MS and bool(steps))


def test_after_the_end_frames_are_counted_as_of_no_session_and_a_new_handshake_opens() -> None:
    pump = Bench().port()
    host = connect(pump, now_ms=OPENED_MS)
    assert pump.receive(host.ask(Poll())[0], ENDS_MS) == b""
    assert pump.dropped == 1
    again = connect(pump, now_ms=ENDS_MS, nonce=b"\x42" * 16)
    assert isinstance(answer(again, pump, Poll(), ENDS_MS + LONGEST_SESSION_MS - 1).message, Status)


def test_a_session_that_takes_the_place_of_another_has_24_hours_of_its_own() -> None:
    pump = Bench().port()
    connect(pump, now_ms=OPENED_MS)
    again = connect(pump, now_ms=ENDS_MS - 1, nonce=b"\x42" * 16)
    assert isinstance(answer(again, pump, Poll(), ENDS_MS + 1).message, Status)


def test_the_host_sends_nothing_more_24_hours_after_its_hello() -> None:
    pump = Bench().port()
    host = HostEnd(TECHNICIAN, HOST_NONCE)
    to_pump = host.hello(OPENED_MS)
    while to_pump:
        _, to_pump = host.receive(pump.receive(to_pump, OPENED_MS + 400))
    assert host.ask(Poll(), ENDS_MS - 1)
    for now_ms in (ENDS_MS, ENDS_MS + 1):
        with pytest.raises(SessionEndedError):
            host.ask(Poll(), now_ms)


def test_the_host_is_the_first_to_end_a_session_where_both_clocks_run_alike() -> None:
    pump = Bench().port()
    host = HostEnd(TECHNICIAN, HOST_NONCE)
    to_pump = host.hello(OPENED_MS)
    while to_pump:
        _, to_pump = host.receive(pump.receive(to_pump, OPENED_MS + 1))
    data, _ = host.ask(Poll(), ENDS_MS - 1)
    assert pump.receive(data, ENDS_MS) != b""


def test_after_2_to_the_31_frames_the_pump_is_silent_and_has_no_session() -> None:
    pump = Bench().port()
    host = connect(pump)
    assert pump._session is not None
    pump._session._sent = LAST_COUNTER - 1
    assert pump.receive(host.ask(Poll())[0], 0) != b""
    assert pump.receive(host.ask(Poll())[0], 0) == b""
    assert pump.session is None
