"""Sessions: counters that only rise, acks that tell what was heard, and what belongs to one session stays in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.messages import GetEvents, GetLimits, Identify, Poll, Status, build
from protocol.session import LAST_COUNTER
from pumpmock.conform.check import Check, Need, demand
from pumpmock.conform.checks_frame import answered

if TYPE_CHECKING:
    from protocol.frame import Frame
    from pumpmock.conform.rig import Rig

SESSIONS = "Sessions"


def _first_status(rig: Rig) -> None:
    status = rig.open()
    demand(rig.open_session.heard, 1, "counter of the first sealed frame")
    demand(rig.ask(Poll(), Status).boot, status.boot, "Status.boot")


def _counts_up(rig: Rig) -> None:
    for _ in range(5):
        rig.ask(Poll(), Status)  # which looks at counter and ack of each


def _replayed(rig: Rig) -> None:
    session = rig.open_session
    wire = session.seal(Poll.code)
    answered(rig, wire)
    rig.silence(wire)
    rig.silence(wire, wire)


def _going_back(rig: Rig) -> None:
    session = rig.open_session
    left_out = [session.seal(Poll.code) for _ in range(3)]
    answered(rig, session.seal(Poll.code))
    for wire in left_out:
        rig.silence(wire)


def _gap(rig: Rig) -> None:
    session = rig.open_session
    for gap in (1, 255, 256, 70_000):
        session.sent += gap
        answered(rig, session.seal(Poll.code))


def _used_up(rig: Rig) -> None:
    """In a session of its own, as it is the last frame of it."""
    old = rig.open_session
    rig.open(old.key)
    session = rig.open_session
    session.sent = LAST_COUNTER - 2
    answered(rig, session.seal(Poll.code))
    answered(rig, session.seal(Poll.code))
    beyond = session.seal(Poll.code), session.seal(Poll.code, counter=1)
    rig.send(*beyond)
    rig.session = None
    rig.open(old.key)  # whose Challenge has to be the next thing to come


def _any_ack(rig: Rig) -> None:
    session = rig.open_session
    for ack in (0, session.heard + 5, 0xFFFF_FFFF):
        answered(rig, session.seal(Poll.code, ack=ack))


def _burst(rig: Rig) -> None:
    session = rig.open_session
    asked = (Identify(), Poll(), GetLimits(), GetEvents(1), Poll())
    first = session.sent + 1
    rig.send(b"".join(session.seal(one.code, build(one)) for one in asked))
    frames: list[Frame] = rig.until(session.sent)
    kinds = [type(rig.opened(frame)).__name__ for frame in frames]
    demand(kinds, ["Identity", "Status", "Limits", "Events", "Status"], "answers, in order:")
    demand([frame.ack for frame in frames], list(range(first, first + 5)), "ack of each:")


def _sent_back(rig: Rig) -> None:
    session = rig.open_session
    rig.send(session.seal(Poll.code))
    (run,) = rig.until(session.sent)
    rig.opened(run)
    newest = next(one.data for one in reversed(rig.seen) if not one.by_host)
    rig.silence(b"\0" + newest + b"\0")


def _recorded_session(rig: Rig) -> None:
    """What was said in a session has no effect in the next one, under the same counters."""
    recorded = [rig.open_session.seal(Poll.code) for _ in range(2)]
    rig.open(rig.open_session.key)
    for wire in recorded:
        rig.silence(wire)


def _ends_with_its_port(rig: Rig) -> None:
    old = rig.open_session
    rig.hang_up()
    rig.send(old.seal(Poll.code))
    rig.open(old.key)  # whose Challenge has to be the first thing to come
    demand(rig.statistics().sessions, 1, "sessions opened on a port that is new:")


def _own_sessions(rig: Rig) -> None:
    other = rig.second()
    try:
        other.open(rig.open_session.key)
        rig.ask(Poll(), Status)
        other.ask(Poll(), Status)
        rig.silence(other.open_session.seal(Poll.code))
        other.silence(rig.open_session.seal(Poll.code))
    finally:
        other.close()
    rig.ask(Poll(), Status)


CHECKS = (
    Check(SESSIONS, "the first sealed frame is a Status with counter 1 and ack 0", _first_status),
    Check(SESSIONS, "the device counts 1, 2, 3 ..., and acknowledges what it has heard", _counts_up),
    Check(SESSIONS, "a frame that is repeated is dropped", _replayed),
    Check(SESSIONS, "a counter that goes back is dropped, though it was never seen", _going_back),
    Check(SESSIONS, "a gap in the counters is a loss, and no more", _gap),
    Check(SESSIONS, "counter 2^31 is the last of a session", _used_up),
    Check(SESSIONS, "the ack of a request does not decide whether it is taken", _any_ack),
    Check(SESSIONS, "requests sent together have one answer each, in order", _burst),
    Check(SESSIONS, "an answer that is sent back is dropped", _sent_back),
    Check(SESSIONS, "what was recorded in a session has no effect in the next one", _recorded_session),
    Check(SESSIONS, "a session ends with its port", _ends_with_its_port, Need.HANGS_UP),
    Check(SESSIONS, "two ports have a session each", _own_sessions, Need.SECOND_HOST),
)
