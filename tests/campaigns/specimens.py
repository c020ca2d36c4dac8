"""A frame of every type of message as it goes over the wire, each with a receiver that waits for this very frame."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from protocol.frame import FROM_DEVICE, Decoder, Frame
from protocol.handshake import HostHandshake
from protocol.messages import MESSAGES, Challenge, Confirm, Hello, build
from tests.protocol.helpers import (
    HOST_NONCE,
    READING,
    TECHNICIAN,
    device_handshake,
    extreme,
    frame_of,
    recorded,
    sessions,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.fields import Message
    from protocol.session import Session


class Specimen(NamedTuple):
    """One frame and its receiver.

    Attributes:
        name: of its type, with "at its least" or "at its largest" where it has fields.
        wire: the frame as it is sent, delimiters included.
        frame: the same, decoded.
        accepts: tells whether a receiver in the state in which this frame finds it takes a frame.
    """

    name: str
    wire: bytes
    frame: Frame
    accepts: Callable[[Frame], bool]


def specimens() -> list[Specimen]:
    """Return the frames of the handshake, and a sealed frame of every other type at its least and at its largest."""
    return [*_handshake(), *_sealed()]


def sealed_bodies(*, from_device: bool) -> list[Message]:
    """Return what one side says in a session: every type of message that it sends, at both extremes."""
    bodies: list[Message] = [
        extreme(kind, largest=largest)
        for kind in MESSAGES.values()
        for largest in (False, True)
        if kind not in {Hello, Challenge, Confirm} and bool(kind.code & FROM_DEVICE) is from_device
    ]
    if from_device:
        bodies.append(READING)
    return list(dict.fromkeys(bodies))


def _handshake() -> list[Specimen]:
    hello, challenge, confirm = recorded(device_handshake())
    offered = device_handshake().challenge(hello, 0)
    answered = HostHandshake(TECHNICIAN, HOST_NONCE).answer(challenge)
    assert offered is not None
    assert answered is not None
    return [
        Specimen("Hello", HostHandshake(TECHNICIAN, HOST_NONCE).hello(), hello, _pump_answers),
        Specimen("Challenge", offered, challenge, _host_answers),
        Specimen("Confirm", answered[0], confirm, _pump_opens),
    ]


def _pump_answers(frame: Frame) -> bool:
    return frame.type == Hello.code and device_handshake().challenge(frame, 0) is not None


def _host_answers(frame: Frame) -> bool:
    return HostHandshake(TECHNICIAN, HOST_NONCE).answer(frame) is not None


def _pump_opens(frame: Frame) -> bool:
    pump = device_handshake()
    recorded(pump)
    return frame.type == Confirm.code and pump.confirm(frame, 0) is not None


def _sealed() -> list[Specimen]:
    found = []
    for from_device in (False, True):
        for body in sealed_bodies(from_device=from_device):
            host, pump = sessions()
            sender, receiver = (pump, host) if from_device else (host, pump)
            wire = sender.seal(body.code, build(body))
            found.append(Specimen(_name(body), wire, frame_of(wire), partial(_opens, receiver)))
    return found


def _opens(session: Session, frame: Frame) -> bool:
    session.heard = 0
    return session.open(frame) is None


def _name(body: Message) -> str:
    kind = type(body)
    if body == READING:
        return f"{kind.__name__} of a running pump"
    least, largest = (extreme(kind, largest=largest) for largest in (False, True))
    if least == largest:
        return kind.__name__
    return f"{kind.__name__} at its {'least' if body == least else 'largest'}"


def taken(specimen: Specimen, stream: bytes) -> tuple[int, int]:
    """Return how many frames in `stream` are the specimen and taken for it, and how many are not and are taken anyway.

    Each meets the receiver in the state in which the specimen would.
    """
    right = wrong = 0
    sent = specimen.frame
    for found in Decoder().feed(stream):
        if specimen.accepts(found):
            if found == sent:
                right += 1
            else:
                wrong += 1
    return right, wrong
