"""Faults of an answer: how it is sealed, and what is sent in its place. What was asked has been done by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.exchange import sealed
from protocol.frame import spoiled_crc, spoiled_length
from protocol.messages import build
from pumpmock.faults.kinds import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.fields import Message
    from protocol.session import Session
    from pumpmock.faults.turn import Turn

_NO_TYPE = 0xFE  # from the pump, and not in the table of messages


class Held:
    """What a conversation holds back: the bytes of answers that come before the next one.

    Attributes:
        late: the bytes.
    """

    __slots__ = ("late",)

    def __init__(self) -> None:
        self.late = b""

    def take(self) -> bytes:
        """Return the bytes, and hold them no longer."""
        late, self.late = self.late, b""
        return late


def seal(turn: Turn, session: Session, message: Message, held: Held, status: Callable[[], Message]) -> bytes:
    """Return what is sent for an answer, after every fault that is due has had its say.

    Args:
        turn: what is going on.
        session: the one that it is an answer in.
        message: the answer.
        held: what this conversation holds back.
        status: a reading of this instant.
    """
    before = held.take()
    struck = list(turn.faults.due(Stage.ANSWER, turn.asked, turn.peer))
    unasked = b"".join(_unasked(session, status()) for fault in struck if fault.kind.name == "unsolicited")
    whole = sealed(session, message)
    names = {fault.kind.name for fault in struck}
    for name, seal_otherwise in _SEALED.items():
        if name in names:
            whole = seal_otherwise(session, message, whole)
    for fault in struck:
        match fault.kind.name:
            case "lose-reply":
                whole = b""
            case "slow":
                turn.delay_ms = max(turn.delay_ms, fault.number("by_ms"))
            case "late-answer":
                held.late, whole = held.late + whole, b""
            case "answer-twice":
                whole += whole
    return before + unasked + whole


def _unasked(session: Session, status: Message) -> bytes:
    """Return a reading that acknowledges nothing of the newest request: it was said before that was heard."""
    session.seal(status.code, b"")  # takes the counter that the frame is given
    return session.forge(
        status.code, build(status), number=session.number, counter=session.sent, ack=session.heard - 1
    )


def _bad_crc(_session: Session, _message: Message, whole: bytes) -> bytes:
    return spoiled_crc(whole)


def _bad_length(_session: Session, _message: Message, whole: bytes) -> bytes:
    return spoiled_length(whole)


def _bad_counter(session: Session, message: Message, _whole: bytes) -> bytes:
    # The first one is the only one that every host of an open session has heard for certain.
    counter = min(1, session.sent - 1)
    return session.forge(
        message.code, build(message), number=session.number, counter=counter, ack=session.heard
    )


def _bad_session(session: Session, message: Message, _whole: bytes) -> bytes:
    number = session.number ^ 1
    return session.forge(message.code, build(message), number=number, counter=session.sent, ack=session.heard)


def _unknown_type(session: Session, message: Message, _whole: bytes) -> bytes:
    return session.forge(
        _NO_TYPE, build(message), number=session.number, counter=session.sent, ack=session.heard
    )


# By kind: returns what is sent in place of an answer that was sealed as it should be. Where several strike one answer,
# it is made otherwise first and damaged then, each once: before it is doubled, held back or lost.
_SEALED: dict[str, Callable[[Session, Message, bytes], bytes]] = {
    "bad-counter": _bad_counter,
    "bad-session": _bad_session,
    "unknown-type": _unknown_type,
    "bad-length": _bad_length,
    "bad-crc": _bad_crc,
}
