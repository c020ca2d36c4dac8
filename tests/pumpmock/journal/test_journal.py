"""A journal tells the frames of every host's line: joined, verified, read, and why the pump dropped what it dropped."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.exchange import HostEnd
from protocol.frame import Decoder
from protocol.handshake import PENDING_MS
from protocol.keys import BENCH_KEY
from protocol.messages import Change, Commit, Outcome, Poll, Prepare, Status
from protocol.session import LONGEST_SESSION_MS
from protocol.vocabulary import ChangeKind
from pumpmock.journal.frames import Follower
from pumpmock.journal.journal import HEARD, SAID, Journal
from pumpmock.ports.memory import MemoryPort
from pumpmock.snapshot import dumped_memory, loaded_memory
from pumpmock.wall import NS_A_S
from tests.pumpmock.conftest import TECHNICIAN
from tests.pumpmock.stand import Host, Stand

TO_25 = Change(ChangeKind.RATE, 25_000)


@pytest.fixture
def stand() -> Stand:
    return Stand()


def journal_of(stand: Stand, kept: int) -> Journal:
    """Return one that hears what the pump's own does, and keeps fewer."""
    now = {"wall_ns": 0, "pump_time_us": 0}
    journal = Journal(
        lambda: now["wall_ns"],
        lambda: now["pump_time_us"],
        lambda _ns: now["pump_time_us"],
        {BENCH_KEY.key_id: BENCH_KEY},
    )
    journal.keep(kept)

    def add(entry: object) -> None:
        number, now["wall_ns"], now["pump_time_us"], what, peer, data, fields = entry
        del number
        if what in {HEARD, SAID}:
            journal.passed(what, peer, data)
        else:
            journal.note(what, peer, **fields)

    stand.emulator.journal.heard_by.append(add)
    return journal


def names(journal: Journal) -> list[str]:
    return [frame.name for frame in journal.frames()]


def test_a_change_is_told_request_by_request_and_answer_by_answer(stand: Stand) -> None:
    Host(MemoryPort(stand.emulator.plug())).change(TO_25)
    journal = stand.emulator.journal

    assert names(journal)[:4] == ["Hello", "Challenge", "Confirm", "Status"]
    assert [frame.name for frame in journal.requests] == ["Poll", "Prepare", "Commit"]
    assert [frame.name for frame in journal.answers] == ["Status", "Prepared", "Outcome"]
    assert isinstance(journal.answers[-1].message, Outcome)
    prepare = journal.requests[1]
    assert isinstance(prepare.message, Prepare)
    assert prepare.message.change == TO_25
    assert {frame.verified for frame in journal.frames()} == {True}
    assert [frame.ack for frame in journal.answers] == [frame.counter for frame in journal.requests]


def test_frames_are_asked_for_as_they_come_and_none_is_told_twice(stand: Stand) -> None:
    host = Host(MemoryPort(stand.emulator.plug()))
    journal = stand.emulator.journal
    for count in range(1, 5):
        host.poll()
        assert len(journal.requests) == count


@given(cuts=st.lists(st.integers(1, 40), max_size=30))
def test_however_a_line_cuts_a_request_the_journal_has_it_once(cuts: list[int]) -> None:
    stand = Stand()
    port = MemoryPort(stand.emulator.plug())
    host = Host(port)
    data = b"".join(host.end.ask(request)[0] for request in (Poll(), Commit(bytes(8), bytes(8)), Poll()))
    for cut in (*cuts, len(data)):
        port.write(data[:cut])
        data = data[cut:]

    requests = stand.emulator.journal.requests
    assert [frame.name for frame in requests] == ["Poll", "Commit", "Poll"]
    assert [frame.name for frame in stand.emulator.journal.answers] == ["Status", "Rejected", "Status"]


def test_two_hosts_bytes_are_never_joined_even_where_their_ports_have_one_name(stand: Stand) -> None:
    ports = [MemoryPort(stand.emulator.plug()) for _ in range(2)]
    hosts = [Host(port) for port in ports]
    asked = [host.end.ask(Poll())[0] for host in hosts]
    for half in (slice(0, 20), slice(20, None)):
        for port, data in zip(ports, asked, strict=True):
            port.write(data[half])

    requests = stand.emulator.journal.requests
    assert [(frame.name, frame.peer) for frame in requests] == [("Poll", "memory"), ("Poll", "memory (2)")]


def test_what_one_host_began_is_not_ended_by_the_next_of_its_name(stand: Stand) -> None:
    port = MemoryPort(stand.emulator.plug())
    host = Host(port)
    port.write(host.end.ask(Poll())[0][:-5])
    port.close()
    Host(MemoryPort(stand.emulator.plug())).poll()

    frames = stand.emulator.journal.frames()
    assert {frame.peer for frame in frames} == {"memory"}
    assert [frame.why for frame in frames] == [""] * 10
    assert [frame.name for frame in frames[4:]] == [
        "Hello",
        "Challenge",
        "Confirm",
        "Status",
        "Poll",
        "Status",
    ]


@pytest.mark.parametrize("read_before", [False, True])
def test_a_session_whose_opening_was_given_up_is_still_followed(stand: Stand, read_before: bool) -> None:  # noqa: FBT001 - a parameter
    short = journal_of(stand, 3)
    host = Host(MemoryPort(stand.emulator.plug()))
    if read_before:
        short.frames()
    for _ in range(10):
        host.poll()

    assert [entry.what for entry in short.entries] == ["out", "in", "out"]
    assert [(frame.name, frame.verified, frame.why) for frame in short.frames()] == [
        ("Status", True, ""),
        ("Poll", True, ""),
        ("Status", True, ""),
    ]


def test_a_frame_whose_beginning_was_given_up_is_whole(stand: Stand) -> None:
    short = journal_of(stand, 2)
    port = MemoryPort(stand.emulator.plug())
    asked, _ = Host(port).end.ask(Poll())
    port.write(asked[:9])
    port.write(asked[9:])

    assert [frame.name for frame in short.frames()] == ["Poll", "Status"]


def test_frames_of_entries_that_were_given_up_are_given_up_too(stand: Stand) -> None:
    short = journal_of(stand, 4)
    host = Host(MemoryPort(stand.emulator.plug()))
    for _ in range(5):
        host.poll()
        assert len(short.frames()) <= 4

    assert short.frames()[0].number == short.entries[0].number


def again(host: Host, stand: Stand) -> bytes:
    """Return the bytes of a request that was taken before."""
    del stand
    asked, _ = host.end.ask(Poll())
    host.port.write(asked)
    return asked


def flipped(host: Host, stand: Stand) -> bytes:
    del stand
    asked = bytearray(host.end.ask(Poll())[0])
    asked[5] ^= 1
    return bytes(asked)


def forged(host: Host, stand: Stand) -> bytes:
    """Return a request whose tag is another session's."""
    del stand
    other = Host(MemoryPort(Stand(seed=2).emulator.plug()))
    number = host.end._session.number
    other.end._session.number = number
    return other.end.ask(Poll())[0]


def of_an_ended_session(host: Host, stand: Stand) -> bytes:
    stand.emulator.restore(loaded_memory(json.loads(json.dumps(dumped_memory(stand.emulator.device.memory)))))
    return host.end.ask(Poll())[0]


def of_a_day_ago(host: Host, stand: Stand) -> bytes:
    stand.hand.advance(LONGEST_SESSION_MS * 10**6)
    return host.end.ask(Poll())[0]


def by_a_strange_key(host: Host, stand: Stand) -> bytes:
    del host, stand
    return HostEnd(TECHNICIAN, bytes(16)).hello()


def with_a_wrong_secret(host: Host, stand: Stand) -> bytes:
    del host, stand
    return HostEnd(replace(BENCH_KEY, secret=bytes(32)), bytes(16)).hello()


def too_late(host: Host, stand: Stand) -> bytes:
    host.end = HostEnd(BENCH_KEY, bytes(range(16)))
    host.port.write(host.end.hello())
    _, confirm = host.end.receive(host.port.read(1_000))
    stand.hand.advance((PENDING_MS + 1) * 10**6)
    return confirm


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (again, "seen before"),
        (flipped, "wrong CRC-32"),
        (forged, "wrong tag"),
        (of_an_ended_session, "of another session"),
        (of_a_day_ago, "of another session"),
        (by_a_strange_key, "names a key that the pump does not have"),
        (with_a_wrong_secret, "wrong tag"),
        (too_late, "too late after the challenge"),
        (lambda _host, _stand: b"\0" + bytes([7]) * 300 + b"\0", "too short or too long"),
    ],
)
def test_what_the_pump_drops_is_told_with_the_reason(stand: Stand, make: object, why: str) -> None:
    host = Host(MemoryPort(stand.emulator.plug()))
    data = make(host, stand)
    host.port.read(1_000)

    host.port.write(data)

    assert host.port.read(1_000) == b""
    assert stand.emulator.journal.frames()[-1].why == why


def test_bytes_have_the_pump_time_at_which_they_came(stand: Stand) -> None:
    host = Host(MemoryPort(stand.emulator.plug()))
    stand.hand.advance(3 * NS_A_S)
    host.poll()

    assert [frame.pump_time_us for frame in stand.emulator.journal.frames()[-2:]] == [3_000_000, 3_000_000]


def heard_without_a_key(stand: Stand) -> list[tuple[str, bool | None, str]]:
    """Return what somebody makes of the line who has no key: name, whether verified, why dropped."""
    follower = Follower({}, is_pumps=False)
    frames = [frame for entry in stand.emulator.journal.entries for frame in follower.read(entry)]
    return [(frame.name, frame.verified, frame.why) for frame in frames]


def test_without_a_key_frames_are_read_and_none_is_verified(stand: Stand) -> None:
    host = Host(MemoryPort(stand.emulator.plug()))
    again(host, stand)
    host.port.write(again(host, stand))

    named = [
        (name, None, "")
        for name in ("Hello", "Challenge", "Confirm", "Status", "Poll", "Status", "Poll", "Status")
    ]
    assert heard_without_a_key(stand) == [*named, ("Poll", None, "seen before")]


def test_without_a_key_another_session_counts_anew(stand: Stand) -> None:
    host = Host(MemoryPort(stand.emulator.plug()))
    host.poll()
    host.greet()
    host.poll()

    assert {why for _, _, why in heard_without_a_key(stand)} == {""}


def test_a_line_has_the_frame_as_json_beside_its_bytes(stand: Stand) -> None:
    host = Host(MemoryPort(stand.emulator.plug()))
    host.change(Change(ChangeKind.BOLUS, volume_nl=50_000, duration_s=600))
    lines = [json.loads(json.dumps(line)) for line in stand.emulator.journal.lines()]

    prepare = next(line for line in lines if line.get("frames") and line["frames"][0]["name"] == "Prepare")
    assert prepare["frames"][0]["fields"]["change"]["kind"] == "BOLUS"
    assert prepare["frames"][0]["fields"]["command_id"] == "00" * 8
    assert Decoder().feed(bytes.fromhex(prepare["hex"]))[0].counter == prepare["frames"][0]["counter"]
    session = next(line for line in lines if line["what"] == "session")
    assert (session["peer"], session["fields"]) == ("memory", {"role": "developer"})


@pytest.mark.parametrize("last", [0, 1, 5, 1_000])
def test_the_newest_lines_are_the_end_of_all_lines(stand: Stand, last: int) -> None:
    Host(MemoryPort(stand.emulator.plug())).change(TO_25)
    everything = [*stand.emulator.journal.lines()]

    assert [*stand.emulator.journal.lines(last)] == (everything[-last:] if last else [])


def test_one_line_at_a_time_is_the_same_as_all_of_them(stand: Stand) -> None:
    journal = stand.emulator.journal
    one_by_one: list[object] = []
    journal.heard_by.append(lambda entry: one_by_one.append(journal.line(entry)))
    before = len(journal.entries)
    port = MemoryPort(stand.emulator.plug())
    host = Host(port)
    port.write(host.end.ask(Poll())[0] + host.end.ask(Poll())[0])

    assert one_by_one == [*journal.lines()][before:]


def test_no_secret_is_in_a_line(stand: Stand) -> None:
    Host(MemoryPort(stand.emulator.plug())).change(TO_25)

    assert BENCH_KEY.secret.hex() not in json.dumps(list(stand.emulator.journal.lines()))


def test_the_same_run_twice_has_the_same_journal_to_the_byte() -> None:
    told = []
    for _ in range(2):
        stand = Stand(speed=60_000, seed=7)
        host = Host(MemoryPort(stand.emulator.plug()))
        for rate in (21_000, 25_000, 30_000):
            stand.hand.advance(90 * NS_A_S)
            host.change(Change(ChangeKind.RATE, rate))
        told.append("\n".join(json.dumps(line) for line in stand.emulator.journal.lines()))

    assert told[0] == told[1]
    assert '"Outcome"' in told[0]
    assert isinstance(host.poll(), Status)


def test_a_journal_that_keeps_none_notes_nothing_while_nobody_hears_and_then_tells_what_it_can(
    stand: Stand,
) -> None:
    journal = stand.emulator.journal
    journal.keep(0)
    host = Host(MemoryPort(stand.emulator.plug()))
    host.ask(Poll())
    assert (list(journal.entries), journal.frames()) == ([], [])

    told: list[dict[str, Any]] = []
    journal.heard_by.append(lambda entry: told.extend([journal.line(entry)] * 2))  # two that hear of it
    host.ask(Poll())
    frames = [frame for line in told for frame in line["frames"]]
    assert [(frame["name"], frame["verified"]) for frame in frames] == [("Poll", None)] * 2 + [
        ("Status", None)
    ] * 2
    journal.heard_by.clear()
    newest = journal.entries[-1]
    host.ask(Poll())
    assert list(journal.entries) == [newest]
