"""Audio pause, statistics, and who may fill the log: what a pump does for its hosts beside delivering."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.frame import encode, header
from protocol.messages import (
    Acknowledge,
    AudioPause,
    Change,
    EventRecord,
    GetStatistics,
    Identify,
    Poll,
    Prepare,
    Rejected,
    Statistics,
    Status,
    build,
)
from protocol.vocabulary import ChangeKind, EventKind, Refusal, Role
from pumpmock.model.log import LENGTH, MOST_TALK, TALK, EventLog
from pumpmock.talk import MINUTE_MS, Talk
from tests.pumpmock.conftest import RATE_NL_H, TECHNICIAN, VIEWER, Bench, Host, new_memory

if TYPE_CHECKING:
    from protocol.fields import Message
    from pumpmock.device import Device
    from pumpmock.dialects.native import NativeConversation

S = 10**9


def log_of(bench: Bench, *kinds: EventKind) -> list[EventRecord]:
    return [entry for entry in bench.device.pump.events.since(0) if not kinds or entry.kind in kinds]


# --- audio pause ----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R6.5.0(13-17) pause", "R6.4.3(5)")
def test_the_alarm_sound_pauses_for_the_pump_time_asked_for_and_returns() -> None:
    bench = Bench(speed=60_000)
    host = Host(bench.open())
    assert host.ask(Poll(), Status).audio_pause_s == 0
    assert host.ask(AudioPause(600), Status).audio_pause_s == 600
    bench.now_ns += 10 * S - 1_000
    assert host.ask(Poll(), Status).audio_pause_s == 1
    bench.now_ns += 1_000
    assert host.ask(Poll(), Status).audio_pause_s == 0
    (entry,) = log_of(bench, EventKind.AUDIO_PAUSED)
    assert entry.a == 600


@pytest.mark.requirement("R6.5.0(13-17) cancel")
def test_a_pause_of_no_time_ends_it() -> None:
    bench = Bench()
    host = Host(bench.open())
    host.ask(AudioPause(600), Status)
    assert host.ask(AudioPause(0), Status).audio_pause_s == 0
    assert [entry.a for entry in log_of(bench, EventKind.AUDIO_PAUSED)] == [600, 0]


def test_a_viewer_does_not_pause_the_sound() -> None:
    host = Host(Bench().open(), VIEWER)
    assert host.ask(AudioPause(600), Rejected).reason == Refusal.ROLE
    assert host.ask(Poll(), Status).audio_pause_s == 0


@pytest.mark.requirement("R6.4.3(5)")
def test_an_alarm_that_is_raised_ends_the_pause_and_one_that_goes_on_does_not() -> None:
    bench = Bench(new_memory(low_reservoir_nl=17_999_000))
    host = Host(bench.open())
    low_s = -(-1_000 * 3_600 // RATE_NL_H)  # 1,000 nL above the alarm volume
    host.ask(AudioPause(600), Status)
    bench.now_ns += (low_s - 1) * S
    before = host.ask(Poll(), Status)
    assert (before.alarms, before.audio_pause_s) == (0, 600 - low_s + 1)
    bench.now_ns += S
    raised = host.ask(Poll(), Status)
    assert (raised.alarms, raised.audio_pause_s) == (1, 0)
    host.ask(AudioPause(600), Status)
    host.ask(Acknowledge(1), Status)
    bench.now_ns += 60 * S
    assert host.ask(Poll(), Status).audio_pause_s == 540


@pytest.mark.requirement("R6.4.4(2)")
@pytest.mark.parametrize("how", ["the port is closed", "a host greets anew"])
def test_silence_ends_with_the_link_to_whoever_asked_for_it(how: str) -> None:
    bench = Bench()
    conversation = bench.open()
    Host(conversation).ask(AudioPause(600), Status)
    other = Host(bench.open(), VIEWER)
    assert other.ask(Poll(), Status).audio_pause_s == 600
    if how == "the port is closed":
        conversation.close()
    else:
        Host(conversation, VIEWER, nonce=bytes(16))
    assert other.ask(Poll(), Status).audio_pause_s == 0
    assert [entry.a for entry in log_of(bench, EventKind.AUDIO_PAUSED)] == [600, 0]


@pytest.mark.requirement("R6.4.4(2)")
def test_the_end_of_another_session_ends_no_silence() -> None:
    bench = Bench()
    host, conversation = Host(bench.open()), bench.open()
    Host(conversation).ask(AudioPause(60), Status)
    assert host.ask(AudioPause(600), Status).audio_pause_s == 600
    conversation.close()
    assert host.ask(Poll(), Status).audio_pause_s == 600


def test_a_silence_that_is_over_ends_without_another_word() -> None:
    bench = Bench()
    conversation = bench.open()
    Host(conversation).ask(AudioPause(60), Status)
    bench.now_ns += 60 * S
    conversation.close()
    assert [entry.a for entry in log_of(bench, EventKind.AUDIO_PAUSED)] == [60]


# --- statistics -----------------------------------------------------------------------------------------------------


def flipped(data: bytes) -> bytes:
    """Return a frame with one bit of its payload or tag flipped."""
    return data[:9] + bytes((data[9] ^ 1 or 2,)) + data[10:]


def test_the_statistics_count_frames_by_what_became_of_them() -> None:
    bench = Bench()
    conversation = bench.open()
    host = Host(conversation)
    first = host.ask(GetStatistics(), Statistics)
    fields = Statistics.__dataclass_fields__
    assert first == Statistics(**dict.fromkeys(fields, 0) | {"accepted": 1, "sessions": 1})
    sent, _ = host._end.ask(Poll())
    conversation.receive(sent)
    conversation.receive(sent)  # seen before
    conversation.receive(flipped(sent))
    conversation.receive(b"\0" + bytes((5, 1, 2, 3, 4)) + b"\0")  # too short
    session = conversation._end.session
    assert session is not None
    payload = build(Poll())
    for number, code in ((session + 1, Poll.code), (session, Status.code), (session, Poll.code)):
        conversation.receive(encode(header(code, number, 99, 0, payload) + payload, bytes(16)))
    told = host.ask(GetStatistics(), Statistics)
    expected = {"accepted": 3, "sessions": 1, "bad_counter": 1, "bad_crc": 1, "bad_size": 1}
    expected |= {"bad_session": 1, "bad_direction": 1, "bad_tag": 1}
    assert told == Statistics(**dict.fromkeys(fields, 0) | expected)
    dropped = sum(expected.values()) - expected["accepted"] - expected["sessions"]
    assert host.ask(Poll(), Status).frames_bad == dropped


def test_a_new_session_begins_its_count_anew_and_keeps_that_of_the_port() -> None:
    conversation = Bench().open()
    host = Host(conversation)
    for _ in range(5):
        host.ask(Poll(), Status)
    again = Host(conversation, VIEWER, nonce=bytes(16))
    told = again.ask(GetStatistics(), Statistics)
    assert (told.accepted, told.sessions) == (1, 2)


def bad_hello(conversation: NativeConversation, nonce: bytes = bytes(16)) -> None:
    """Greet with a key id that the pump knows and a tag that is wrong."""
    payload = TECHNICIAN.key_id + nonce + bytes(1)
    assert conversation.receive(encode(header(1, 0, 0, 0, payload) + payload, bytes(16))) == b""


def test_a_host_hears_of_handshakes_with_a_wrong_tag_and_of_how_long_the_port_is_deaf() -> None:
    bench = Bench()
    conversation = bench.open()
    host = Host(conversation)
    for _ in range(4):
        bad_hello(conversation)
        bench.now_ns += 5 * S
    bad_hello(conversation)
    told = host.ask(GetStatistics(), Statistics)
    assert (told.bad_handshake, told.deaf_ms) == (5, 4_000)
    bench.now_ns += 1_500 * 10**6
    assert host.ask(GetStatistics(), Statistics).deaf_ms == 2_500


# --- the log --------------------------------------------------------------------------------------------------------


def test_each_session_is_logged_with_the_role_of_its_key() -> None:
    bench = Bench()
    Host(bench.open())
    Host(bench.open(), VIEWER)
    entries = log_of(bench, EventKind.SESSION)
    assert [(entry.detail, entry.a) for entry in entries] == [(Role.TECHNICIAN, 1), (Role.VIEWER, 1)]


def test_a_request_that_the_pump_does_not_understand_is_logged_as_refused() -> None:
    bench = Bench()
    conversation = bench.open()
    host = Host(conversation)
    session = host._end._session
    assert session is not None
    conversation.receive(session.seal(0x7F, b""))
    conversation.receive(session.seal(Identify.code, b"more than it takes"))
    reasons = [entry.detail for entry in log_of(bench, EventKind.REFUSED)]
    assert reasons == [Refusal.UNSUPPORTED, Refusal.MALFORMED]


def refuse(bench: Bench, role: Role, number: int) -> None:
    request: Message = Prepare(bytes(8), 7, 0, 0, Change(ChangeKind.RATE, RATE_NL_H + number))
    assert isinstance(bench.device.serve(request, role, number, 0), Rejected)


def test_after_five_refusals_a_minute_the_rest_is_one_entry() -> None:
    bench = Bench()
    for number in range(40):
        bench.device.catch_up()
        refuse(bench, Role.VIEWER, number)
        bench.now_ns += S
    assert len(log_of(bench, EventKind.REFUSED)) == 5
    bench.now_ns += 20 * S
    bench.device.catch_up()
    (rest,) = log_of(bench, EventKind.REFUSALS)
    assert (rest.detail, rest.a) == (Role.VIEWER, 35)


def test_a_viewer_s_refusals_hide_no_technician_s() -> None:
    bench = Bench()
    for number in range(40):
        refuse(bench, Role.VIEWER, number)
    refuse(bench, Role.TECHNICIAN, 40)
    assert log_of(bench)[-1].detail == Refusal.STALE_REVISION


def test_what_is_held_back_is_told_before_the_pump_ends() -> None:
    bench = Bench()
    for number in range(7):
        refuse(bench, Role.VIEWER, number)
    bench.device.finish()
    assert log_of(bench)[-1].a == 2


def test_wrong_handshakes_come_to_the_pump_s_log_with_their_number(bench: Bench) -> None:
    bench.device.note_bad_handshakes(7)
    assert [(entry.kind, entry.a) for entry in log_of(bench)] == [(EventKind.BAD_HANDSHAKES, 7)]


@pytest.mark.requirement("R6.6.0(6-8) ring")
def test_no_number_of_sessions_and_refusals_pushes_out_what_the_pump_did() -> None:
    bench = Bench()
    bench.device._save = lambda _memory: None
    bench.device.pump.apply(Change(ChangeKind.STOP))
    bench.device.pump.memory_error()
    conversation = bench.open()
    for number in range(LENGTH):
        host = Host(conversation, VIEWER, nonce=number.to_bytes(16, "little"))
        host.ask(AudioPause(600), Rejected)
        bench.now_ns += 61 * S
    kinds = {entry.kind for entry in log_of(bench)}
    assert kinds >= {EventKind.STOPPED, EventKind.ALARM_RAISED}
    assert len(log_of(bench, *TALK)) == MOST_TALK


def test_a_ring_that_treats_all_entries_alike_would_have_lost_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pumpmock.model.log.MOST_TALK", 2 * LENGTH)
    with pytest.raises(AssertionError):
        test_no_number_of_sessions_and_refusals_pushes_out_what_the_pump_did()


@pytest.mark.requirement("R6.6.0(6-8) ring")
@given(st.lists(st.booleans(), max_size=3 * LENGTH), st.integers(0, LENGTH))
def test_the_log_keeps_the_newest_of_both_sorts_in_order(talks: list[bool], quiet: int) -> None:
    log = EventLog()
    kinds = [EventKind.SESSION if talk else EventKind.START for talk in talks] + [EventKind.START] * quiet
    written = [log.append(0, 0, kind) for kind in kinds]
    kept = log.since(0)
    assert len(kept) <= LENGTH
    assert [entry.number for entry in kept] == sorted({entry.number for entry in kept})
    for is_talk in (True, False):
        mine, held = (
            [entry for entry in some if (entry.kind in TALK) is is_talk] for some in (written, kept)
        )
        assert held == mine[len(mine) - len(held) :]
        if is_talk:
            assert len(held) <= MOST_TALK
        else:
            assert len(held) >= min(len(mine), LENGTH - MOST_TALK)
    assert log.newest == len(kinds)
    assert EventLog(kept).since(0) == kept
    assert [log.since(entry.number, 1) for entry in kept[:3]] == [(entry,) for entry in kept[:3]]


@given(st.lists(st.integers(0, 90_000), max_size=60), st.integers(1, 6))
def test_talk_is_told_no_oftener_than_it_may_and_none_of_it_is_lost(waits_ms: list[int], singly: int) -> None:
    talk, now_ms, told, said = Talk(singly), 0, [], 0
    for wait_ms in waits_ms:
        now_ms += wait_ms
        held = talk.release(now_ms)
        if held:
            told.append(now_ms)
            said += held
        if talk.admits(now_ms):
            told.append(now_ms)
            said += 1
    assert said + talk.held == len(waits_ms)
    # A window of a minute may lie across two minutes as they are counted.
    assert all(sum(start <= at_ms < start + MINUTE_MS for at_ms in told) <= 2 * singly for start in told)


def test_a_flood_of_refusals_is_stored_even_where_it_is_not_logged() -> None:
    bench = Bench(
        new_memory(step_up_percent=40, refusals_allowed=9, refusal_window_s=600, lock_s=600), speed=0
    )
    device: Device = bench.device
    for number in range(8):
        request = Prepare(bench.random(8), 0, RATE_NL_H, 0, Change(ChangeKind.RATE, 90_000 + number))
        device.serve(request, Role.TECHNICIAN, 1, 0)
        device.persist()
    assert len(bench.saves[-1][2]["guard"]["refusals_us"]) == 8
