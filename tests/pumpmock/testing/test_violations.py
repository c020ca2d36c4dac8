"""A host that breaks the protocol is told where, and by which section; one that keeps to it, or was struck, never is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from protocol.exchange import HostEnd
from protocol.frame import encode, header
from protocol.handshake import HostHandshake
from protocol.keys import BENCH_KEY
from protocol.messages import (
    MINOR_VERSION,
    Acknowledge,
    Change,
    Commit,
    Hello,
    Identify,
    Outcome,
    Poll,
    Prepare,
    Prepared,
    Rejected,
    Resolve,
    build,
)
from protocol.session import tag
from protocol.vocabulary import ChangeKind, Refusal
from pumpmock.ports.memory import MemoryPort
from pumpmock.testing.violations import _DROPPED, judged, violations
from pumpmock.testing.violations_of_changes import _AFTER, _CHANGING, _ONCE
from pumpmock.wall import NS_A_S
from tests.pumpmock.stand import Host, Stand

if TYPE_CHECKING:
    from protocol.fields import Message

PAGE = Path(__file__).parents[3] / "docs" / "protocol.md"
ONE, TWO = b"change-1", b"change-2"
RATE = Change(ChangeKind.RATE, 25_000)


class Court(Stand):
    """A live pump with one host, and what is held against it."""

    def __init__(self) -> None:
        super().__init__(speed=0)
        self.port = MemoryPort(self.emulator.plug())
        self.host = Host(self.port)

    @property
    def sections(self) -> list[str]:
        return [violation.section for violation in violations(self.emulator.journal)]

    @property
    def sentences(self) -> str:
        return "\n".join(map(str, violations(self.emulator.journal)))

    def send(self, request: Message) -> None:
        """Send a request, and do not wait for its answer."""
        self.port.write(self.host.end.ask(request)[0])

    def hear(self) -> list[Message]:
        return [answer.message for answer in self.host.end.receive(self.port.read(10_000))[0]]

    def wish(self, command_id: bytes, change: Change = RATE) -> Prepare:
        seen = self.host.poll()
        assert seen is not None
        return Prepare(command_id, seen.revision, seen.commanded_rate_nl_h, 0, change)

    def prepared(self, command_id: bytes, change: Change = RATE) -> Prepared:
        answer = self.host.ask(self.wish(command_id, change))
        assert isinstance(answer, Prepared)
        return answer

    def seal(self, code: int, payload: bytes) -> bytes:
        session = self.host.end._session
        assert session is not None
        return session.seal(code, payload)

    def strike(self, seam: str) -> None:
        self.emulator.journal.note("fault", "memory", id=1, kind="some", seam=seam, on=None)


@pytest.fixture
def court() -> Court:
    return Court()


def test_a_host_that_keeps_to_the_page_breaks_nothing(court: Court) -> None:
    assert court.host.poll() is not None
    court.host.ask(Identify())
    assert isinstance(court.host.change(RATE), Outcome)
    court.host.ask(Acknowledge(1))
    court.host.greet()
    refused = court.host.ask(court.wish(TWO, Change(ChangeKind.RATE, 2_000_000)))  # over the limit
    assert isinstance(refused, Rejected)
    assert court.sentences == ""


def test_every_section_that_is_named_is_one_of_the_page() -> None:
    headings = set(re.findall(r"^#+ (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    named = {section for section, _ in _DROPPED.values()} | {_AFTER, _CHANGING, _ONCE}
    assert named | {"The handshake", "Sessions", "The frame", "Requests"} <= headings


# --- frames -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "section"),
    [
        (b"\0hello pump\0", "The order of checks"),
        (b"\0" + b"\x63" * 40 + b"\0", "COBS"),
        (b"\0" + b"x" * 300, "The order of checks"),
    ],
    ids=["short", "not COBS", "long"],
)
def test_bytes_that_are_no_frame_break_the_section_of_what_is_wrong_with_them(
    court: Court, sent: bytes, section: str
) -> None:
    court.port.write(sent)
    assert court.sections == [section]


def test_a_bit_that_a_host_turns_over_is_told_as_its_checksum(court: Court) -> None:
    good = bytearray(court.seal(Poll.code, build(Poll())))
    good[-8] ^= 0x40
    court.port.write(bytes(good))
    assert court.sections[0] in {"CRC-32", "COBS"}


def test_a_frame_under_a_wrong_key_is_told_with_its_name(court: Court) -> None:
    session = court.host.end._session
    assert session is not None
    signed = header(Poll.code, session.number, 2, 1, b"")
    court.port.write(encode(signed, tag(bytes(32), signed)))
    assert court.sections == ["Sessions"]
    assert "wrong tag: Poll #2" in court.sentences


def test_a_frame_that_is_sent_twice_to_the_byte_uses_its_counter_twice(court: Court) -> None:
    asked, _ = court.host.end.ask(Poll())
    court.port.write(asked)
    court.port.write(asked)
    assert court.sections == ["Sessions"]
    assert "counter" in court.sentences


def test_a_type_of_the_pumps_is_not_the_hosts_to_send(court: Court) -> None:
    court.port.write(court.seal(Outcome.code, b""))
    assert court.sections == ["Sessions"]
    assert "bit 7" in court.sentences


def test_a_hello_with_a_wrong_tag_breaks_the_handshake(court: Court) -> None:
    payload = build(Hello(BENCH_KEY.key_id, bytes(16), MINOR_VERSION))
    signed = header(Hello.code, 0, 0, 0, payload) + payload
    court.port.write(encode(signed, bytes(16)))
    assert court.sections == ["The handshake"]


def test_a_key_that_the_pump_does_not_have_may_be_tried(court: Court) -> None:
    other = type(BENCH_KEY)("", BENCH_KEY.role, b"\1\2\3\4", bytes(32))
    court.port.write(HostHandshake(other, bytes(16)).hello())
    assert court.sentences == ""


@pytest.mark.parametrize("seam", ["bytes", "port"])
def test_what_a_fault_on_the_line_may_have_done_is_nobodys_violation(court: Court, seam: str) -> None:
    court.strike(seam)
    court.port.write(b"\0hello pump\0")
    assert court.sentences == ""


# --- sessions ---------------------------------------------------------------------------------------------------------


def test_a_session_that_was_never_opened_is_told(court: Court) -> None:
    signed = header(Poll.code, 99, 1, 0, b"")
    court.port.write(encode(signed, bytes(16)))
    assert court.sections == ["Sessions"]
    assert "99 was never opened" in court.sentences


def test_a_session_that_the_pump_has_ended_may_be_asked_in(court: Court) -> None:
    court.emulator.restore(court.emulator.device.memory)
    court.send(Poll())
    assert court.sentences == ""


def test_a_session_is_ended_by_its_host_before_its_24_hours_are_over(court: Court) -> None:
    court.hand.advance(25 * 3_600 * NS_A_S)
    court.send(Poll())
    assert court.sections == ["Sessions"]
    assert "24 h" in court.sentences


def test_a_request_beside_its_confirm_did_not_wait_for_the_pumps_proof(court: Court) -> None:
    end = HostEnd(BENCH_KEY, bytes(range(16)))
    court.port.read(10_000)
    court.port.write(end.hello())
    _, confirm = end.receive(court.port.read(10_000))
    session = end._session
    assert session is not None
    court.port.write(confirm + session.seal(Poll.code, build(Poll())))
    assert court.sections == ["The handshake"]
    assert "first sealed frame" in court.sentences


def test_a_request_in_a_session_without_its_confirm_is_told(court: Court) -> None:
    end = HostEnd(BENCH_KEY, bytes(range(16)))
    court.port.write(end.hello())
    end.receive(court.port.read(10_000))  # the Confirm is kept back
    session = end._session
    assert session is not None
    court.port.write(session.seal(Poll.code, build(Poll())))
    assert court.sections == ["The handshake"]
    assert "not confirmed" in court.sentences


@pytest.mark.parametrize(("heard", "told"), [(0, "fell from"), (9, "nothing after")])
def test_an_ack_is_the_highest_counter_that_was_accepted(court: Court, heard: int, told: str) -> None:
    court.host.poll()
    court.host.poll()
    session = court.host.end._session
    assert session is not None
    session.heard = heard
    court.hand.advance(2 * NS_A_S)
    court.send(Poll())
    assert court.sections == ["The frame"]
    assert told in court.sentences


# --- one at a time ----------------------------------------------------------------------------------------------------


def test_two_requests_in_one_breath_are_one_too_many(court: Court) -> None:
    first, _ = court.host.end.ask(Poll())
    second, _ = court.host.end.ask(Identify())
    court.port.write(first + second)
    assert court.sections == ["Sessions"]
    assert "did not wait for the answer to its Poll #1 before: Identify #2" in court.sentences


def test_a_request_at_once_after_an_answer_that_was_not_read_did_not_wait(court: Court) -> None:
    court.send(Poll())
    court.hand.advance(NS_A_S // 1_000)
    court.send(Identify())
    assert court.sections == ["Sessions"]


def test_a_host_whose_time_was_up_may_ask_for_something_else(court: Court) -> None:
    court.send(Poll())
    court.hand.advance(NS_A_S)
    court.send(Identify())
    assert court.sentences == ""


def test_a_request_that_is_tried_again_at_once_is_no_second_one(court: Court) -> None:
    first, _ = court.host.end.ask(Poll())
    second, _ = court.host.end.ask(Poll())
    court.port.write(first + second)
    assert court.sentences == ""


def test_a_request_after_an_answer_that_a_fault_took_is_no_haste(court: Court) -> None:
    court.send(Poll())
    court.strike("frame")
    court.send(Identify())
    assert court.sentences == ""


# --- what requests say ------------------------------------------------------------------------------------------------


def test_a_request_with_a_field_outside_its_range_is_malformed(court: Court) -> None:
    court.port.write(court.seal(Acknowledge.code, b"\1"))
    assert court.sections == ["Requests"]
    assert "Acknowledge #1 is malformed" in court.sentences


def test_a_change_that_contradicts_itself_is_malformed(court: Court) -> None:
    court.host.ask(court.wish(ONE, Change(ChangeKind.STOP, 7)))
    assert court.sections == ["Requests"]


def test_a_type_of_no_version_that_the_host_speaks_is_told(court: Court) -> None:
    court.port.write(court.seal(0x7E, b""))
    assert court.sections == ["Requests"]


def test_a_refusal_that_a_fault_made_is_nobodys_violation(court: Court) -> None:
    journal = court.emulator.journal
    asked = court.seal(Acknowledge.code, b"\1")
    journal.heard_by.append(lambda entry: court.strike("command") if entry.what == "in" else None)
    court.port.write(asked)
    assert court.sentences == ""


# --- changing ---------------------------------------------------------------------------------------------------------


def test_a_commit_of_what_was_never_prepared_is_told(court: Court) -> None:
    answer = court.host.ask(Commit(ONE, bytes(8)))
    assert isinstance(answer, Rejected)
    assert answer.reason == Refusal.NOT_PREPARED
    assert court.sections == ["Changing"]
    assert ONE.hex() in court.sentences


def test_a_commit_after_its_fifteen_seconds_is_told(court: Court) -> None:
    prepared = court.prepared(ONE)
    court.hand.advance(16 * NS_A_S)
    court.host.ask(Commit(ONE, prepared.token))
    assert court.sections == ["Changing"]


def test_a_commit_is_sent_once(court: Court) -> None:
    prepared = court.prepared(ONE)
    court.host.ask(Commit(ONE, prepared.token))
    court.host.ask(Commit(ONE, prepared.token))
    assert court.sections == ["Time-outs"]


def test_a_command_id_is_for_one_change(court: Court) -> None:
    court.prepared(ONE)
    court.prepared(ONE, Change(ChangeKind.RATE, 22_000))
    assert court.sections == ["Changing"]
    assert "two changes" in court.sentences


def test_a_prepare_that_is_tried_again_is_the_same_change(court: Court) -> None:
    court.prepared(ONE)
    court.prepared(ONE)
    assert court.sentences == ""


def test_another_attempt_after_a_refusal_is_a_new_command_id(court: Court) -> None:
    court.prepared(ONE)
    assert isinstance(court.host.ask(court.wish(TWO)), Rejected)  # BUSY
    court.host.ask(court.wish(TWO))
    assert court.sections == ["What follows from what"]
    assert "new command id" in court.sentences


def test_a_refusal_that_was_not_heard_may_be_asked_for_again(court: Court) -> None:
    court.prepared(ONE)
    wish = court.wish(TWO)
    court.send(wish)
    court.port.read(10_000)  # lost
    court.hand.advance(NS_A_S)
    court.host.ask(wish)
    assert court.sentences == ""


@pytest.mark.parametrize("again", [Prepare, Commit])
def test_what_was_resolved_is_neither_prepared_nor_committed_again(
    court: Court, again: type[Message]
) -> None:
    prepared = court.prepared(ONE)
    wish = court.wish(ONE)
    court.host.ask(Resolve(ONE))
    court.host.ask(wish if again is Prepare else Commit(ONE, prepared.token))
    assert "What follows from what" in court.sections


def test_a_commit_without_an_answer_is_resolved(court: Court) -> None:
    prepared = court.prepared(ONE)
    court.host.ask(Commit(ONE, prepared.token))
    unanswered = [frame for frame in court.emulator.journal.frames() if frame.name != "Outcome"]
    (told,) = judged(unanswered, [(6, "memory", "command")])
    assert told.section == "What follows from what"
    assert f"memory: it never resolved change {ONE.hex()}" in str(told)


def test_after_a_commit_without_an_answer_nothing_is_changed_before_its_verdict(court: Court) -> None:
    prepared = court.prepared(ONE)
    court.send(Commit(ONE, prepared.token))
    court.port.read(10_000)  # lost
    court.hand.advance(NS_A_S)
    court.host.ask(Acknowledge(1))
    assert court.sections == ["What follows from what"]
    assert "no verdict" in court.sentences

    court.host.ask(Resolve(ONE))
    court.host.ask(Acknowledge(1))
    assert len(court.sections) == 1


def test_a_lost_answer_that_is_resolved_in_another_session_is_all_right(court: Court) -> None:
    prepared = court.prepared(ONE)
    court.send(Commit(ONE, prepared.token))
    court.port.read(10_000)  # lost
    court.hand.advance(NS_A_S)
    court.host.greet()
    assert isinstance(court.host.ask(Resolve(ONE)), Outcome)
    court.hand.advance(61 * NS_A_S)
    court.host.ask(Acknowledge(1))
    assert court.sentences == ""
