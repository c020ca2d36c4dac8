"""The pump's own protocol without a port: the whole main job in memory, and garbage wherever a line can put it."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.exchange import HostEnd
from protocol.messages import (
    Commit,
    Events,
    GetEvents,
    GetLimits,
    Identify,
    Identity,
    Limits,
    Outcome,
    Poll,
    Prepared,
    Rejected,
    Resolve,
    Status,
)
from protocol.session import LONGEST_SESSION_MS, Session
from protocol.vocabulary import EventKind, Refusal, Role, Verdict
from pumpmock.dialects.native import NativeConversation
from pumpmock.ports.memory import MemoryPort
from tests.pumpmock.conftest import KEYS, RATE_NL_H, SERIAL_NUMBER, TECHNICIAN, VIEWER, Bench, Host, preparing

PREPARE = preparing(b"command1", 25_000)


def test_the_whole_main_job_works_without_a_port(bench: Bench) -> None:
    host = Host(bench.open())
    assert host.ask(Identify(), Identity).serial_number == SERIAL_NUMBER
    limits = host.ask(GetLimits(), Limits)
    before = host.ask(Poll(), Status)
    assert (before.commanded_rate_nl_h, before.reservoir_nl) == (RATE_NL_H, 18_000_000)
    too_fast = limits.most_rate_nl_h + 1
    refused = host.ask(preparing(b"command0", too_fast), Rejected)
    assert refused.reason == Refusal.ABOVE_MOST
    prepared = host.ask(PREPARE, Prepared)
    assert (prepared.old_rate_nl_h, prepared.new_rate_nl_h) == (RATE_NL_H, 25_000)
    outcome = host.ask(Commit(b"command1", prepared.token), Outcome)
    assert (outcome.verdict, outcome.revision, outcome.rate_nl_h) == (Verdict.APPLIED, 1, 25_000)
    bench.now_ns += 3_600 * 10**9
    after = host.ask(Poll(), Status)
    assert (after.revision, after.measured_rate_nl_h) == (1, 25_000)
    assert after.reservoir_nl == 18_000_000 - 25_000
    assert host.ask(Resolve(b"command1"), Outcome) == outcome
    kinds = [entry.kind for entry in host.ask(GetEvents(1), Events).events]
    assert kinds == [EventKind.SESSION, EventKind.REFUSED, EventKind.RATE_CHANGED]


def test_the_port_in_memory_carries_a_conversation(bench: Bench) -> None:
    port = MemoryPort(bench.open)
    end = HostEnd(TECHNICIAN, bytes(16))
    port.write(end.hello())
    port.write(end.receive(port.read(500))[1])
    end.receive(port.read(500))
    data, counter = end.ask(Poll())
    port.write(data)
    ((status, ack),) = end.receive(port.read(500))[0]
    assert isinstance(status, Status)
    assert ack == counter
    port.close()


@pytest.mark.requirement("R6.7.0(6)")
def test_a_pump_whose_host_has_gone_goes_on_by_its_last_change_and_tells_the_next_host(bench: Bench) -> None:
    conversation = bench.open()
    host = Host(conversation)
    prepared = host.ask(PREPARE, Prepared)
    host.ask(Commit(b"command1", prepared.token), Outcome)
    conversation.close()
    bench.now_ns += 20 * 3_600 * 10**9
    after = Host(bench.open(), nonce=b"another nonce...").ask(Poll(), Status)
    assert (after.measured_rate_nl_h, after.delivered_nl) == (25_000, 500_000)


def test_closing_the_conversation_frees_the_prepared_change(bench: Bench) -> None:
    first = bench.open()
    Host(first).ask(PREPARE, Prepared)
    other = Host(bench.open())
    again = preparing(b"command2", 26_000)
    assert other.ask(again, Rejected).reason == Refusal.BUSY
    first.close()
    assert other.ask(again, Prepared).new_rate_nl_h == 26_000


def test_closing_one_conversation_leaves_what_another_prepared(bench: Bench) -> None:
    bystander = bench.open()
    Host(bystander)
    host = Host(bench.open())
    prepared = host.ask(PREPARE, Prepared)
    bystander.close()
    bench.open().close()  # a host that came and went without a word
    assert host.ask(Commit(b"command1", prepared.token), Outcome).rate_nl_h == 25_000


def test_a_host_that_greets_anew_on_the_same_line_is_not_kept_out_by_what_it_prepared_before(
    bench: Bench,
) -> None:
    conversation = bench.open()
    lost = Host(conversation).ask(PREPARE, Prepared)
    back = Host(conversation, nonce=b"another nonce...")
    assert back.ask(Commit(b"command1", lost.token), Rejected).reason == Refusal.NOT_PREPARED
    again = preparing(b"command2", 26_000)
    assert back.ask(again, Prepared).new_rate_nl_h == 26_000


def test_a_session_that_ends_by_itself_frees_the_prepared_change(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bench.open()
    lost = Host(first)
    lost.ask(PREPARE, Prepared)
    monkeypatch.setattr(first._end._session, "_sent", 2**31)
    assert lost.send(Poll()) == []
    again = preparing(b"command2", 26_000)
    assert Host(bench.open()).ask(again, Prepared).new_rate_nl_h == 26_000


@pytest.mark.requirement("EC24")
def test_after_24_hours_of_wall_time_a_host_has_to_greet_anew(bench: Bench) -> None:
    conversation = bench.open()
    host = Host(conversation)
    bench.now_ns += LONGEST_SESSION_MS * 10**6 - 1
    assert host.ask(Poll(), Status).revision == 0
    bench.now_ns += 1
    assert host.send(Poll()) == []
    assert Host(conversation, nonce=b"another nonce...").ask(Poll(), Status).revision == 0


def test_handshakes_with_wrong_tags_are_told_to_whoever_keeps_the_log(bench: Bench) -> None:
    told: list[int] = []
    conversation = NativeConversation(
        bench.device,
        KEYS,
        bench.random,
        opened=lambda _role: None,
        unsaved=bench.told.append,
        bad_handshakes=told.append,
    )
    stranger = dataclasses.replace(TECHNICIAN, secret=bytes(32))
    assert not Host(conversation, stranger).is_open
    assert told == [1]
    assert Host(conversation).is_open
    assert told == [1]


def test_each_session_is_told_with_its_role(bench: Bench) -> None:
    roles: list[Role] = []
    conversation = NativeConversation(
        bench.device, KEYS, bench.random, opened=roles.append, unsaved=bench.told.append
    )
    Host(conversation, VIEWER)
    Host(conversation, TECHNICIAN)
    assert roles == [Role.VIEWER, Role.TECHNICIAN]


def test_a_viewer_reads_and_changes_nothing(bench: Bench) -> None:
    host = Host(bench.open(), VIEWER)
    assert host.ask(Poll(), Status).revision == 0
    assert host.ask(PREPARE, Rejected).reason == Refusal.ROLE


# Without a zero byte garbage could run into a frame only where the frame had no delimiter of its own in front.
garbage = st.binary(max_size=600)


@settings(deadline=None)
@given(garbage, garbage, st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_garbage_before_between_and_after_frames_costs_no_answer(
    before: bytes, after: bytes, cuts: list[int]
) -> None:
    bench = Bench()
    conversation = bench.open()

    class Chopped:
        """The same conversation over a line that cuts the bytes up."""

        def receive(self, data: bytes) -> bytes:
            reply, turn = b"", 0
            while data:
                size = cuts[turn % len(cuts)]
                reply += conversation.receive(data[:size])
                data, turn = data[size:], turn + 1
            return reply

    host = Host(Chopped(), wire=lambda data: before + data + after)
    assert host.is_open
    prepared = host.ask(PREPARE, Prepared)
    assert host.ask(Commit(b"command1", prepared.token), Outcome).rate_nl_h == 25_000
    assert host.ask(Poll(), Status).revision == 1


def test_dropped_frames_are_counted_in_the_status(bench: Bench) -> None:
    host = Host(bench.open(), wire=lambda data: b"\0noise\0" + data)
    first, second = (host.ask(Poll(), Status).frames_bad for _ in range(2))
    assert (first, second) == (3, 4)  # one came with the hello, one with the confirm, one with each poll


def test_noise_alone_is_never_answered_and_never_stored(bench: Bench) -> None:
    conversation = bench.open()
    assert conversation.receive(b"\0AT\r\n\0" * 50) == b""
    assert bench.saves == []


def test_a_used_up_session_is_silent_and_its_change_is_stored_all_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = bench.open()
    host = Host(conversation)
    prepared = host.ask(PREPARE, Prepared)
    session = conversation._end._session
    assert isinstance(session, Session)
    monkeypatch.setattr(session, "_sent", 2**31)
    assert host.send(Commit(b"command1", prepared.token)) == []
    _, ledger, _ = bench.saves[-1]
    assert [line.command_id for line in ledger] == [b"command1"]
