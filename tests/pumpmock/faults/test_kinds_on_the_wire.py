"""What each fault of bytes, frames and commands does, seen by a host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protocol.frame import Damage
from protocol.messages import Commit, Identify, Identity, Poll, Rejected, Status
from protocol.vocabulary import Refusal, Verdict
from pumpmock.faults import KINDS
from pumpmock.faults.kinds import Seam
from tests.pumpmock.faults.stand import MS, RATE, Stand

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.pumpmock.faults.stand import Host

SHOWN: dict[str, Callable[[Stand, Host], None]] = {}


def shows(kind: str) -> Callable[[Callable[[Stand, Host], None]], Callable[[Stand, Host], None]]:
    def keep(test: Callable[[Stand, Host], None]) -> Callable[[Stand, Host], None]:
        SHOWN[kind] = test
        return test

    return keep


def test_every_kind_on_the_wire_is_shown() -> None:
    on_the_wire = {
        name for name, kind in KINDS.items() if kind.seam in (Seam.BYTES, Seam.FRAME, Seam.COMMAND)
    }
    assert set(SHOWN) == on_the_wire


@pytest.mark.parametrize(
    "kind",
    [name for name, kind in KINDS.items() if kind.seam in (Seam.BYTES, Seam.FRAME, Seam.COMMAND)],
)
def test_a_host_sees_it_once_and_then_all_is_well(kind: str) -> None:
    stand = Stand()
    host = stand.host()
    SHOWN[kind](stand, host)
    assert stand.faults.active == ()
    assert [note["kind"] for note in stand.notes()].count(kind) >= 1
    if not host.answers(Poll()):  # the pump may have started anew
        assert host.greet()
    assert isinstance(host.status(), Status)


# --- bytes ---------------------------------------------------------------------------------------------------------


@shows("delay")
def delay(stand: Stand, host: Host) -> None:
    stand.faults.add("delay", by_ms=300)
    asked, _ = host.end.ask(Poll())
    host.port.write(asked)
    stand.hand.advance(300 * MS - 1)
    assert host.port.read(1_000) == b""
    stand.hand.advance(1)
    ((answer, *_), _) = host.end.receive(host.port.read(1_000))
    assert isinstance(answer.message, Status)


@shows("pace")
def pace(stand: Stand, host: Host) -> None:
    stand.faults.add("pace", baud=9_600)
    asked, _ = host.end.ask(Poll())
    host.port.write(asked)
    arrived = 0
    for at in range(1, 51):
        stand.hand.advance(at * 10 * 10**9 // 9_600 - (at - 1) * 10 * 10**9 // 9_600)
        arrived += len(host.port.read(1_000))
        assert arrived == at  # a byte each ten bits, from the first one on
    host.read()


@shows("chunk")
def chunk(stand: Stand, host: Host) -> None:
    stand.faults.add("chunk", size=7, gap_ms=5)
    asked, _ = host.end.ask(Poll())
    host.port.write(asked)
    stand.hand.advance(0)
    sizes = [len(host.port.read(1_000))]
    while stand.hand.next_due_ns is not None:
        stand.hand.advance(5 * MS)
        sizes.append(len(host.port.read(1_000)))
    assert set(sizes[:-1]) == {7}
    assert 0 < sizes[-1] <= 7


@shows("drop")
def drop(stand: Stand, host: Host) -> None:
    stand.faults.add("drop")
    assert host.answers(Poll()) == []
    assert host.end.dropped == 0


@shows("flip")
def flip(stand: Stand, host: Host) -> None:
    stand.faults.add("flip", bits=3)
    before = len(host.received)
    assert host.answers(Poll()) == []
    was = bytes.fromhex(stand.notes()[-1]["was"])
    arrived = bytes(host.received[before:])
    assert sum((one ^ other).bit_count() for one, other in zip(was, arrived, strict=True)) == 3


@shows("noise")
def noise(stand: Stand, host: Host) -> None:
    stand.faults.add("noise", size=40)
    before = len(host.received)
    host.send(Poll())
    was = bytes.fromhex(stand.notes()[-1]["was"])
    arrived = bytes(host.received[before:])
    assert len(arrived) == len(was) + 40
    at = next((place for place, byte in enumerate(was) if arrived[place] != byte), len(was))
    assert arrived[at + 40 :] == was[at:]


@shows("duplicate")
def duplicate(stand: Stand, host: Host) -> None:
    stand.faults.add("duplicate")
    before = len(host.received)
    assert len(host.answers(Poll())) == 1  # the second has a counter that was used
    was = bytes.fromhex(stand.notes()[-1]["was"])
    assert bytes(host.received[before:]) == was + was
    assert host.end.dropped == 1


@shows("truncate")
def truncate(stand: Stand, host: Host) -> None:
    stand.faults.add("truncate", keep=20)
    before = len(host.received)
    assert host.answers(Poll()) == []
    assert len(host.received) - before == 20


@shows("echo")
def echo(stand: Stand, host: Host) -> None:
    stand.faults.add("echo")
    before = len(host.received)
    asked, _ = host.end.ask(Poll())
    host.port.write(asked)
    assert len(host.end.receive(host.read())[0]) == 1  # our own frame opens for nobody
    assert bytes(host.received[before:]).startswith(asked)
    assert host.end.dropped == 1


# --- frames --------------------------------------------------------------------------------------------------------


def is_dropped_as(host: Host, reason: Damage | None) -> None:
    assert host.send(Poll())[0] == []
    if reason is not None:
        assert host.end._decoder.damaged[reason] == 1
    assert host.end.dropped == 1


@shows("bad-crc")
def bad_crc(stand: Stand, host: Host) -> None:
    stand.faults.add("bad-crc")
    is_dropped_as(host, Damage.CRC)


@shows("bad-length")
def bad_length(stand: Stand, host: Host) -> None:
    stand.faults.add("bad-length")
    is_dropped_as(host, Damage.LENGTH)


@shows("bad-counter")
def bad_counter(stand: Stand, host: Host) -> None:
    stand.faults.add("bad-counter")
    is_dropped_as(host, None)


@shows("bad-session")
def bad_session(stand: Stand, host: Host) -> None:
    stand.faults.add("bad-session")
    is_dropped_as(host, None)


@shows("unknown-type")
def unknown_type(stand: Stand, host: Host) -> None:
    stand.faults.add("unknown-type")
    is_dropped_as(host, None)


@shows("unsolicited")
def unsolicited(stand: Stand, host: Host) -> None:
    stand.faults.add("unsolicited", on="Identify")
    found, counter = host.send(Identify())
    assert [type(answer.message) for answer in found] == [Status, Identity]
    assert [answer.ack >= counter for answer in found] == [False, True]


@shows("late-answer")
def late_answer(stand: Stand, host: Host) -> None:
    stand.faults.add("late-answer", on="Identify")
    assert host.send(Identify())[0] == []
    found, counter = host.send(Poll())
    assert [type(answer.message) for answer in found] == [Identity, Status]
    assert [answer.ack >= counter for answer in found] == [False, True]


@shows("answer-twice")
def answer_twice(stand: Stand, host: Host) -> None:
    stand.faults.add("answer-twice")
    before = len(host.received)
    assert len(host.send(Poll())[0]) == 1
    arrived = bytes(host.received[before:])
    assert arrived[: len(arrived) // 2] == arrived[len(arrived) // 2 :]


@shows("busy")
def busy(stand: Stand, host: Host) -> None:
    prepared = host.prepared()
    stand.faults.add("busy", on="Commit")
    (answer,) = host.commit(prepared)
    assert isinstance(answer, Rejected)
    assert answer.reason == Refusal.BUSY
    assert host.resolve(prepared).verdict is Verdict.NOT_APPLIED


# --- commands ------------------------------------------------------------------------------------------------------


@shows("lose-request")
def lose_request(stand: Stand, host: Host) -> None:
    prepared = host.prepared()
    stand.faults.add("lose-request", on="Commit")
    assert host.commit(prepared) == []
    assert stand.pump.sample().commanded_rate_nl_h != RATE.rate_nl_h


@shows("lose-reply")
def lose_reply(stand: Stand, host: Host) -> None:
    prepared = host.prepared()
    stand.faults.add("lose-reply", on="Commit")
    assert host.commit(prepared) == []
    assert stand.pump.sample().commanded_rate_nl_h == RATE.rate_nl_h


@shows("refuse")
def refuse(stand: Stand, host: Host) -> None:
    stand.faults.add("refuse", on="Prepare", code="LOCKED")
    (answer,) = host.answers(host.prepare())
    assert isinstance(answer, Rejected)
    assert (answer.reason, answer.command_id) == (Refusal.LOCKED, (1).to_bytes(8, "big"))


@shows("slow")
def slow(stand: Stand, host: Host) -> None:
    prepared = host.prepared()
    stand.faults.add("slow", on="Commit", by_ms=900)
    began_ns = stand.emulator.wall.now_ns()
    asked, _ = host.end.ask(Commit(prepared.command_id, prepared.token))
    host.port.write(asked)
    assert stand.pump.sample().commanded_rate_nl_h == RATE.rate_nl_h
    assert host.port.read(1_000) == b""
    assert host.end.receive(host.read())[0] != []
    assert stand.emulator.wall.now_ns() - began_ns == 900 * MS


@shows("half")
def half(stand: Stand, host: Host) -> None:
    for at, verdict in (
        ("heard", Verdict.NOT_APPLIED),
        ("stored", Verdict.APPLIED),
        ("done", Verdict.APPLIED),
    ):
        boot = host.status().boot
        prepared = host.prepared()
        stand.faults.add("half", on="Commit", at=at)
        assert host.commit(prepared) == []
        assert host.answers(Poll()) == []  # its session was with a start that is over
        assert host.greet()
        assert host.status().boot == boot + 1
        assert host.resolve(prepared).verdict is verdict
