from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.changes import NO_COMMAND
from protocol.exchange import Answer, DeviceEnd, HostEnd, sealed
from protocol.frame import FROM_DEVICE, Damage, encode
from protocol.keys import Key
from protocol.messages import (
    MESSAGES,
    Acknowledge,
    Change,
    Commit,
    Events,
    GetEvents,
    GetLimits,
    Identify,
    Identity,
    Limits,
    Outcome,
    Poll,
    Prepare,
    Prepared,
    Rejected,
    Resolve,
    Statistics,
    Status,
    build,
)
from protocol.session import LAST_COUNTER, Intrusion, SessionEndedError
from protocol.vocabulary import ChangeKind, Refusal, Role, Verdict
from tests.protocol.helpers import (
    HOST_NONCE,
    KEYS,
    RATE_NL_H,
    READING,
    TECHNICIAN,
    VIEWER,
    WISH,
    Bench,
    answer,
    connect,
    device_handshake,
    frame_of,
)

if TYPE_CHECKING:
    from protocol.fields import Message

NOISE = st.binary(max_size=300) | st.just(b"\x55" * 500)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_three_frames_and_a_status_open_the_conversation(bench: Bench) -> None:
    opened: list[Role] = []
    pump = DeviceEnd(device_handshake(), bench.serve, opened.append)
    host = HostEnd(TECHNICIAN, HOST_NONCE)
    nothing, confirm = host.receive(pump.receive(host.hello(), 0))
    assert nothing == []
    assert host.challenge is not None
    assert (host.is_open, opened) == (False, [])
    assert host.receive(pump.receive(confirm, 0)) == ([Answer(READING, 0)], b"")
    assert (host.is_open, opened) == (True, [Role.TECHNICIAN])
    assert (host.dropped, pump.dropped) == (0, 0)


def test_nothing_is_asked_before_the_pump_has_proved_itself(bench: Bench) -> None:
    pump = bench.port()
    host = HostEnd(TECHNICIAN, HOST_NONCE)
    with pytest.raises(ValueError, match=r"^there is no session yet$"):
        host.ask(Poll())
    host.receive(pump.receive(host.hello(), 0))
    with pytest.raises(ValueError, match=r"^there is no session yet$"):
        host.ask(Poll())


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (Poll(), Status),
        (Identify(), Identity),
        (GetLimits(), Limits),
        (GetEvents(0), Events),
        (Prepare(b"change-1", 0, RATE_NL_H, 0, Change(ChangeKind.STOP, 0)), Prepared),
        (Commit(bytes(8), bytes(8)), Rejected),
        (Resolve(bytes(8)), Outcome),
        (Acknowledge(1), Status),
    ],
)
def test_every_request_has_one_answer_that_reaches_its_counter(
    bench: Bench, request_: Message, kind: type[Message]
) -> None:
    pump = bench.port()
    host = connect(pump)
    for _ in range(3):
        assert isinstance(answer(host, pump, request_).message, kind)


def test_a_rate_is_changed_over_the_wire(bench: Bench) -> None:
    pump = bench.port()
    host = connect(pump)
    prepared = answer(host, pump, WISH).message
    assert isinstance(prepared, Prepared)
    outcome = answer(host, pump, Commit(prepared.command_id, prepared.token)).message
    assert outcome == Outcome(b"change-1", Verdict.APPLIED, 1, 25_000, 1_000_000)
    assert answer(host, pump, Resolve(b"change-1")).message == outcome
    assert len(bench.applied) == 1


@pytest.mark.parametrize("code", sorted(set(range(0x80)) - set(MESSAGES)))
def test_an_unknown_type_is_answered_with_unsupported(bench: Bench, code: int) -> None:
    pump = bench.port()
    host = connect(pump)
    assert host._session is not None
    (found,), _ = host.receive(pump.receive(host._session.seal(code, b"any"), 0))
    assert isinstance(found.message, Rejected)
    assert (found.message.request, found.message.reason) == (code, Refusal.UNSUPPORTED)
    assert found.message.command_id == NO_COMMAND
    assert f"0x{code:02x}" in found.message.sentence


@pytest.mark.parametrize("code", sorted(code for code in MESSAGES if 0x10 <= code < FROM_DEVICE))
def test_a_malformed_request_is_answered_with_malformed(bench: Bench, code: int) -> None:
    pump = bench.port()
    host = connect(pump)
    assert host._session is not None
    (found,), _ = host.receive(pump.receive(host._session.seal(code, b"\xff" * 200), 0))
    assert isinstance(found.message, Rejected)
    assert (found.message.request, found.message.reason) == (code, Refusal.MALFORMED)
    assert found.ack == host._session.sent


# --- roles ------------------------------------------------------------------------------------------------------------

CHANGING = [WISH, Commit(b"change-1", bytes(8)), Resolve(b"change-1"), Acknowledge(1)]


def changes_admitted(key: Key) -> int:
    bench = Bench()
    pump = bench.port()
    host = connect(pump, key)
    answers = [answer(host, pump, request).message for request in CHANGING]
    return sum(not (isinstance(found, Rejected) and found.reason == Refusal.ROLE) for found in answers)


@pytest.mark.parametrize("code", [0x01, 0x02])
def test_a_type_of_the_handshake_is_no_request_in_a_session_and_is_not_counted(
    bench: Bench, code: int
) -> None:
    pump = bench.port()
    host = connect(pump)
    assert host._session is not None
    assert pump.receive(host._session.seal(code, b""), 0) == b""
    assert pump.dropped == 0
    assert answer(host, pump, Poll()).message == READING


def test_a_viewers_key_reads_and_changes_nothing(bench: Bench) -> None:
    pump = bench.port()
    host = connect(pump, VIEWER)
    for request in (Poll(), Identify(), GetLimits(), GetEvents(0)):
        assert not isinstance(answer(host, pump, request).message, Rejected)
    assert changes_admitted(VIEWER) == 0


def test_the_role_test_would_notice_a_pump_that_gives_every_key_all_rights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert changes_admitted(TECHNICIAN) == len(CHANGING)
    monkeypatch.setitem(
        KEYS, VIEWER.key_id, Key(VIEWER.serial_number, Role.TECHNICIAN, VIEWER.key_id, VIEWER.secret)
    )
    assert changes_admitted(KEYS[VIEWER.key_id]) == len(CHANGING)


# --- a bad wire -------------------------------------------------------------------------------------------------------


@given(st.lists(NOISE, min_size=9, max_size=9))
def test_garbage_before_between_and_after_the_frames_harms_nothing(noise: list[bytes]) -> None:
    bench = Bench()
    pump = bench.port()
    host = HostEnd(TECHNICIAN, HOST_NONCE)
    assert host.receive(noise[0]) == ([], b"")
    assert pump.receive(noise[1], 0) == b""
    _, confirm = host.receive(pump.receive(host.hello() + noise[2], 0) + noise[3])
    found, _ = host.receive(noise[4] + pump.receive(noise[5] + confirm, 0))
    assert found == [Answer(READING, 0)]
    data, counter = host.ask(Poll())
    reply = pump.receive(noise[6] + data + noise[7], 0)
    assert host.receive(noise[8] + reply)[0] == [Answer(READING, counter)]


@pytest.mark.parametrize("lost", range(4))
def test_after_any_lost_frame_of_a_handshake_the_next_try_opens(bench: Bench, lost: int) -> None:
    pump = bench.port()
    host = HostEnd(TECHNICIAN, HOST_NONCE)
    to_pump = host.hello()
    for step in itertools.count(0, 2):
        to_host = pump.receive(to_pump if lost != step else b"", 0)
        _, to_pump = host.receive(to_host if lost != step + 1 else b"")
        if not to_pump:
            break
    assert not host.is_open
    assert connect(pump, nonce=b"\x42" * 16).is_open


def test_a_lost_request_leaves_a_gap_that_the_next_one_closes(bench: Bench) -> None:
    pump = bench.port()
    host = connect(pump)
    host.ask(Poll())
    host.ask(Poll())
    assert answer(host, pump, Poll()).ack == 3


def test_an_answer_that_comes_late_acknowledges_the_older_question(bench: Bench) -> None:
    pump = bench.port()
    host = connect(pump)
    first, first_counter = host.ask(Poll())
    late = pump.receive(first, 0)
    second, second_counter = host.ask(Identify())
    found, _ = host.receive(late + pump.receive(second, 0))
    assert [(type(one.message), one.ack) for one in found] == [
        (Status, first_counter),
        (Identity, second_counter),
    ]


def spend(end: HostEnd | DeviceEnd) -> None:
    assert end._session is not None
    end._session._sent = LAST_COUNTER


def test_a_used_up_session_ends_at_either_end_and_a_new_one_opens(bench: Bench) -> None:
    pump = bench.port()
    host = connect(pump)
    data, _ = host.ask(Poll())
    spend(host)
    with pytest.raises(SessionEndedError):
        host.ask(Poll())
    spend(pump)
    assert pump.receive(data, 0) == b""
    assert connect(pump, nonce=b"\x42" * 16).is_open


def test_an_answer_that_this_host_does_not_know_is_counted_and_passed_over(bench: Bench) -> None:
    pump = bench.port()
    host = connect(pump)
    assert pump._session is not None
    for code, payload in ((0xEE, b""), (Status.code, b"short")):
        assert host.receive(pump._session.seal(code, payload)) == ([], b"")
    assert host.dropped == 2
    assert answer(host, pump, Poll()).message == READING


def test_an_answer_with_a_wrong_tag_is_counted_and_passed_over(bench: Bench) -> None:
    pump = bench.port()
    host = connect(pump)
    assert pump._session is not None
    frame = frame_of(pump._session.seal(Status.code, build(READING)))
    assert host.receive(encode(frame.signed, bytes(len(frame.tag)))) == ([], b"")
    assert host.dropped == 1
    assert answer(host, pump, Poll()).message == READING


def test_a_port_tells_the_number_of_its_session(bench: Bench) -> None:
    pump = bench.port()
    assert pump.session is None
    host = connect(pump)
    assert host.challenge is not None
    assert pump.session == host.challenge.session > 0


def test_each_count_of_the_statistics_is_of_what_its_name_says(bench: Bench) -> None:
    pump = bench.port()
    host = connect(pump)
    assert pump._session is not None
    pump._decoder.damaged.update(zip(Damage, range(1, 6), strict=True))
    pump._intruders.update(zip(Intrusion, range(6, 10), strict=True))
    pump._handshake.refused = 10
    pump._accepted = 11
    pump._sessions = 12
    assert pump.dropped == sum(range(1, 11))
    assert pump.statistics(0) == Statistics(
        accepted=11,
        bad_size=1,
        bad_cobs=2,
        bad_crc=3,
        bad_version=4,
        bad_length=5,
        bad_session=6,
        bad_direction=7,
        bad_counter=8,
        bad_tag=9,
        bad_handshake=10,
        sessions=12,
        deaf_ms=0,
    )
    assert answer(host, pump, Poll()).message == READING
    assert pump.statistics(0).accepted == 12


def test_whatever_bytes_it_drops_a_port_counts_them_by_what_is_wrong(bench: Bench) -> None:
    pump = bench.port()
    host = connect(pump)
    data, _ = host.ask(Poll())
    frame = frame_of(data)
    assert pump.statistics(0).accepted == 0
    for _ in range(2):
        pump.receive(encode(frame.signed, bytes(16)), 0)
    pump.receive(encode(frame.signed[:2] + bytes(4) + frame.signed[6:], frame.tag), 0)
    pump.receive(b"\0noise\0", 0)
    assert pump.receive(data, 0)
    pump.receive(data, 0)
    counts = pump.statistics(0)
    assert (counts.bad_tag, counts.bad_session, counts.bad_size, counts.bad_counter) == (2, 1, 1, 1)
    assert (counts.accepted, pump.dropped) == (1, 5)


def test_before_a_session_is_open_whatever_is_sealed_is_of_another(bench: Bench) -> None:
    pump, other = bench.port(), bench.port()
    data, _ = connect(other).ask(Poll())
    for count in (1, 2):
        assert pump.receive(data, 0) == b""
        assert (pump.statistics(0).bad_session, pump.dropped) == (count, count)


@pytest.mark.parametrize(
    ("code", "payload", "reason"), [(0x7E, b"", Refusal.UNSUPPORTED), (Poll.code, b"\1", Refusal.MALFORMED)]
)
def test_a_refusal_that_the_port_gives_itself_is_told_with_the_role_it_went_to(
    code: int, payload: bytes, reason: Refusal
) -> None:
    bench = Bench()
    told: list[tuple[Rejected, Role]] = []
    pump = DeviceEnd(
        device_handshake(),
        bench.serve,
        lambda _role: None,
        refused=lambda answer, role: told.append((answer, role)),
    )
    host = connect(pump, VIEWER)
    assert host._session is not None
    pump.receive(host._session.seal(code, payload), 0)
    ((rejected, role),) = told
    assert (rejected.request, rejected.reason, role) == (code, reason, Role.VIEWER)


def test_a_request_that_its_pump_leaves_unanswered_is_accepted_and_silent(bench: Bench) -> None:
    silent = [False]

    def serve(request: Message, role: Role, session: int) -> Message | None:
        return None if silent[0] else bench.serve(request, role, session)

    pump = DeviceEnd(device_handshake(), serve, lambda _role: None)
    host = connect(pump)
    silent[0] = True
    assert pump.receive(host.ask(Poll())[0], 0) == b""
    silent[0] = False
    assert answer(host, pump, Poll()).ack == 2
    assert pump.statistics(0).accepted == 2


def test_what_seals_an_answer_can_be_another(bench: Bench) -> None:
    pump = bench.port()
    host = connect(pump)
    pump.seal = lambda session, message: sealed(session, message) * 2
    reply = pump.receive(host.ask(Poll())[0], 0)
    assert reply[: len(reply) // 2] == reply[len(reply) // 2 :]
    assert [found.message for found in host.receive(reply)[0]] == [READING]
