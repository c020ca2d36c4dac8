"""Reading a pump over a real pseudo-terminal: typed answers, honest ages, and a sentence for whatever goes wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.errors import LinkError, RefusedError
from monitor.keys import Keyring
from protocol.changes import PREPARE_TTL_MS
from protocol.keys import Key
from protocol.messages import Events, Hello, Identity, Poll, Status
from protocol.timeouts import HANDSHAKE_TRIES, READ_TRIES
from protocol.vocabulary import ChangeKind, EventKind, Log, Refusal, Role, State
from tests.monitor.conftest import MS, RATE_NL_H, SERIAL_NUMBER, STORE_ID, LivePump, S, codes_in

if TYPE_CHECKING:
    from collections.abc import Callable


ALL_KINDS = sum(1 << kind for kind in ChangeKind)


def test_a_client_reads_who_is_there_and_how_it_is(live: LivePump) -> None:
    with live.connect() as pump:
        assert (pump.serial_number, pump.role, pump.store_id, pump.boot) == (
            SERIAL_NUMBER,
            Role.TECHNICIAN,
            STORE_ID,
            1,
        )
        assert pump.identify() == Identity(SERIAL_NUMBER, "bench", "1.2.3", 1, STORE_ID, 1, ALL_KINDS)
        limits = pump.limits()
        assert (limits.least_rate_nl_h, limits.most_rate_nl_h) == (2_000, 1_000_000)
        assert limits.prepare_ttl_ms == PREPARE_TTL_MS
        reading = pump.status()
        assert reading.serial_number == SERIAL_NUMBER
        assert reading.status.state is State.RUNNING
        assert (reading.status.commanded_rate_nl_h, reading.status.reservoir_nl) == (RATE_NL_H, 18_000_000)


def test_two_readings_are_taken_at_two_moments_of_the_pump(live: LivePump) -> None:
    with live.connect() as pump:
        first = pump.status().status.pump_time_us
        live.pump_clock.now_ns += 3 * S
        assert pump.status().status.pump_time_us - first == 3_000_000


def test_the_most_capable_key_is_taken(live: LivePump) -> None:
    with live.connect(keyring=live.keyring) as pump:
        assert pump.role is Role.TECHNICIAN
    with live.connect(Role.VIEWER) as pump:
        assert pump.role is Role.VIEWER


def test_the_pump_is_found_among_the_keys_of_others(live: LivePump) -> None:
    others = tuple(Key(f"PM-0000{n}", Role.TECHNICIAN, bytes((9, 9, 9, n)), bytes(32)) for n in range(2, 6))
    keyring = Keyring(live.keys_folder, (*others, *live.keyring.keys), ())
    with live.connect(keyring=keyring) as pump:
        assert pump.serial_number == SERIAL_NUMBER


def test_the_age_of_a_reading_counts_from_the_moment_its_poll_was_sent(live: LivePump) -> None:
    with live.connect() as pump:

        def slowly(data: bytes, answer: Callable[[bytes], bytes]) -> bytes:
            live.clock.now_ns += 300 * MS
            reply = answer(data)
            live.clock.now_ns += 400 * MS
            return reply

        live.spoil = slowly
        sent_ns = live.clock()
        reading = pump.status()
        assert reading.asked_ns == sent_ns
        assert reading.age_ms(live.clock()) == 700
        assert reading.age_ms(live.clock() + 1) == 701  # rounded up: never younger than it is


def test_a_poll_without_an_answer_is_sent_again_and_the_age_counts_from_the_second(live: LivePump) -> None:
    with live.connect() as pump:
        live.swallow_replies(Status.code)
        sent_ns = live.clock()
        assert pump.status().asked_ns == live.clock() > sent_ns


def test_a_late_answer_to_an_earlier_poll_is_not_taken_for_the_newer_one(live: LivePump) -> None:
    with live.connect() as pump:
        held: list[bytes] = []

        def late(data: bytes, answer: Callable[[bytes], bytes]) -> bytes:
            reply = answer(data)
            if held:
                return held.pop() + reply
            held.append(reply)
            live.pump_clock.now_ns += 60 * S
            return live.swallow()

        live.spoil = late
        before = live.call(lambda: live.memory.pump.clock.now_us)
        reading = pump.status()
        assert reading.status.pump_time_us - before == 60_000_000
        assert reading.asked_ns == live.clock()


def test_a_late_answer_alone_is_no_answer(live: LivePump) -> None:
    with live.connect() as pump:
        held: list[bytes] = []

        def one_behind(data: bytes, answer: Callable[[bytes], bytes]) -> bytes:
            held.append(answer(data))
            live.clock.now_ns += 10 * S
            return b"\0" if len(held) == 1 else held[-2]

        live.spoil = one_behind
        with pytest.raises(LinkError, match="does not answer"):
            pump.status()


def test_a_pump_that_does_not_answer_is_a_link_error_after_two_tries_and_a_greeting(live: LivePump) -> None:
    with live.connect() as pump:
        asked: list[int] = []

        def silent(data: bytes, _answer: Callable[[bytes], bytes]) -> bytes:
            asked.extend(codes_in(data))
            return live.swallow()

        live.spoil = silent
        with pytest.raises(LinkError, match=f"the pump on {re.escape(live.url)} does not answer"):
            pump.status()
        assert asked == [Poll.code] * READ_TRIES + [Hello.code] * HANDSHAKE_TRIES


def test_a_line_that_never_falls_silent_is_given_up_all_the_same(
    live: LivePump, monkeypatch: pytest.MonkeyPatch
) -> None:
    with live.connect() as pump:

        def chatter(_timeout_ms: float) -> bytes:
            live.clock.now_ns += 100 * MS
            return b"\0chatter\0"

        monkeypatch.setattr(pump._line._line, "read", chatter)
        with pytest.raises(LinkError, match="does not answer"):
            pump.status()


def test_an_answer_of_another_kind_is_a_link_error(live: LivePump) -> None:
    with live.connect() as pump:
        live.call(lambda: setattr(live.device, "_identity", live.device._limits))
        with pytest.raises(LinkError, match="answered Identify with Limits"):
            pump.identify()


def test_a_request_that_the_pump_refuses_raises_its_sentence_and_its_bound(live: LivePump) -> None:
    with live.connect(Role.VIEWER) as pump:
        with pytest.raises(RefusedError, match="use a technician key") as caught:
            pump.acknowledge(1)
        assert (caught.value.reason, caught.value.bound) == (Refusal.ROLE, 0)


def test_acknowledging_returns_the_reading_after_it(live: LivePump) -> None:
    live.renew(STORE_ID, low_reservoir_nl=19_000_000)
    with live.connect() as pump:
        assert pump.status().status.acknowledged == 0
        reading = pump.acknowledge(1)
        assert (reading.status.alarms, reading.status.acknowledged) == (1, 1)
        assert reading.asked_ns == live.clock()
        assert live.log[-1].kind is EventKind.ACKNOWLEDGED


@pytest.mark.requirement("R6.7.0(2)")
def test_the_whole_event_log_comes_page_by_page(live: LivePump) -> None:
    with live.connect() as pump:
        assert [record.kind for record in pump.events()] == [EventKind.SESSION]
        live.call(lambda: [live.memory.pump.record(EventKind.REFUSED, 4, wanted) for wanted in range(25)])
        assert tuple(pump.events(2)) == live.log
        assert [record.number for record in pump.events(20)] == [20, 21, 22, 23, 24, 25, 26]
        assert pump.events(27) == []


def test_the_fault_log_is_read_by_its_name(live: LivePump) -> None:
    with live.connect() as pump:
        assert pump.events(log=Log.FAULTS) == []
        live.call(lambda: [live.memory.pump.memory_error() for _ in range(13)])
        assert tuple(pump.events(log=Log.FAULTS)) == live.memory.pump.faults.since(0)
        assert [record.number for record in pump.events(12, Log.FAULTS)] == [12, 13]


def test_entries_written_while_the_log_is_read_are_not_missed(live: LivePump) -> None:
    with live.connect() as pump:
        live.call(lambda: [live.memory.pump.record(EventKind.START) for _ in range(6)])

        def growing(data: bytes, answer: Callable[[bytes], bytes]) -> bytes:
            reply = answer(data)
            if Events.code in codes_in(reply) and live.memory.pump.events.newest < 13:
                live.memory.pump.record(EventKind.START)
            return reply

        live.spoil = growing
        live.call(lambda: live.memory.pump.record(EventKind.START))
        numbers = [record.number for record in pump.events()]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) >= 8


def test_damaged_frames_are_counted_over_a_reopening_and_failed_ones(live: LivePump) -> None:
    with live.connect() as pump:
        live.spoil = lambda data, answer: b"\0damaged\0" + answer(data)
        pump.status()
        pump.status()
        live.spoil = lambda data, answer: answer(data)
        assert pump.bad_frames == 2
        live.call(live.port.unplug)
        for _ in range(3):
            with pytest.raises(LinkError):
                pump.reopen()
        assert pump.bad_frames == 2
        live.call(live.port.replug)
        for _ in range(2):
            pump.reopen()
            assert pump.bad_frames == 2
        assert pump.status().status.revision == 0


def test_a_lost_challenge_is_asked_for_again(live: LivePump) -> None:
    live.swallow_requests(Hello.code)
    with live.connect() as pump:
        assert pump.status().status.state is State.RUNNING


def test_an_unplugged_pump_is_a_link_error_and_a_closed_client_too(live: LivePump) -> None:
    with live.connect() as pump:
        live.call(live.port.unplug)
        with pytest.raises(LinkError, match="has gone: unplugged"):
            pump.status()
    live.call(live.port.replug)
    again = live.connect()
    again.close()
    with pytest.raises(LinkError):
        again.status()
    again.close()


def _open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_client_leaves_no_descriptor_behind(live: LivePump) -> None:
    live.connect().close()
    before = _open_descriptors()
    for _ in range(5):
        with live.connect() as pump:
            pump.status()
            pump.reopen()
    wrong = Keyring(live.keys_folder, (Key(SERIAL_NUMBER, Role.VIEWER, b"none", bytes(32)),), ())
    live.spoil = lambda _data, _answer: live.swallow()
    with pytest.raises(LinkError):
        live.connect(keyring=wrong)
    assert _open_descriptors() == before
