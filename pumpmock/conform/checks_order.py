"""Each check that a receiver makes, in the page's order: what fails it is dropped, and counted as what it is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from protocol.frame import FROM_DEVICE, TAG_SIZE
from protocol.messages import Confirm, Hello, Poll, Statistics, Status
from protocol.session import LAST_COUNTER, Side
from pumpmock.conform.check import Check, demand
from pumpmock.conform.forge import cobs, delimited, on_wire, summed, turned

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.conform.forge import Session
    from pumpmock.conform.rig import Rig

ORDER, CONVENTIONS = "The order of checks", "Conventions"
_REASONS = tuple(name for name in Statistics.__slots__ if name.startswith("bad_"))


def counted(rig: Rig, make: Callable[[Session], bytes], reason: str) -> None:
    """Send what has to be dropped for this reason and no other; nothing comes, and the session goes on."""
    before = rig.statistics()
    status = rig.silence(make(rig.open_session))
    after = rig.statistics()
    risen = {name: getattr(after, name) - getattr(before, name) for name in _REASONS}
    demand({name: by for name, by in risen.items() if by}, {reason: 1}, "counted in Statistics:")
    demand(after.accepted - before.accepted, 2, "accepted, risen by")
    demand(status.frames_bad, sum(getattr(after, name) for name in _REASONS), "Status.frames_bad")


def uncounted(rig: Rig, make: Callable[[Session], bytes]) -> None:
    """Send what has to be dropped without being counted."""
    before = rig.statistics()
    rig.silence(make(rig.open_session))
    after = rig.statistics()
    found = {name: getattr(after, name) - getattr(before, name) for name in _REASONS}
    demand({name: by for name, by in found.items() if by}, {}, "counted in Statistics:")


def _version(session: Session, version: int) -> bytes:
    return on_wire(session.body(Poll.code, version=version))


def _short(session: Session) -> bytes:
    return on_wire(session.body(Poll.code)[:-1])


def _crc(session: Session) -> bytes:
    return delimited(cobs(turned(summed(session.body(Poll.code)), -1)))


def _damaged_cobs(session: Session) -> bytes:
    return turned(session.seal(Poll.code), 1, 0x80)


def _length(session: Session, by: int) -> bytes:
    return on_wire(session.body(Poll.code, length=by))


def _reflected(session: Session) -> bytes:
    return session.seal(Status.code, by=Side.DEVICE)


def _wrong_tag(session: Session) -> bytes:
    return on_wire(turned(session.body(Poll.code), -1))


def _tag_of_the_other_side(session: Session) -> bytes:
    return session.seal(Poll.code, by=Side.DEVICE)


def _tag_of_another_ack(session: Session) -> bytes:
    return on_wire(turned(session.body(Poll.code), 10))


def _all_tag_bytes(rig: Rig) -> None:
    for at in range(TAG_SIZE):
        rig.silence(on_wire(turned(rig.open_session.body(Poll.code), at - TAG_SIZE, 0x80)))


def _tag_before_payload(session: Session) -> bytes:
    return on_wire(turned(session.body(Poll.code, bytes(9)), -1))


def _unmoved_counter(rig: Rig) -> None:
    session = rig.open_session
    rig.silence(on_wire(turned(session.body(Poll.code, counter=session.sent + 1_000), -1)))


def _handshake_types(rig: Rig) -> None:
    for code in (Hello.code, Confirm.code):
        for payload in (b"", bytes(3)):
            uncounted(rig, partial(_sealed, code=code, payload=payload))


def _sealed(session: Session, code: int, payload: bytes) -> bytes:
    return session.seal(code, payload)


_DROPPED: tuple[tuple[str, Callable[[Session], bytes], str], ...] = (
    ("a frame that is a byte too short", _short, "bad_size"),
    ("a run of two bytes", lambda _session: b"\0\x01\x01\0", "bad_size"),
    ("a frame that is not COBS", _damaged_cobs, "bad_cobs"),
    ("a frame with a wrong CRC-32", _crc, "bad_crc"),
    ("a length that is too large", partial(_length, by=1), "bad_length"),
    ("a length of 255", partial(_length, by=255), "bad_length"),
    (
        "a length that is too small",
        lambda session: on_wire(session.body(Poll.code, b"\x01\x02", length=1)),
        "bad_length",
    ),
    (
        "a frame of another session",
        lambda session: session.seal(Poll.code, session=session.number ^ 1),
        "bad_session",
    ),
    ("a frame of session 0", lambda session: session.seal(Poll.code, session=0), "bad_session"),
    ("a frame of the device's side under its own key", _reflected, "bad_direction"),
    (
        "a frame of the device's side under the host's key",
        lambda session: session.seal(Poll.code | FROM_DEVICE),
        "bad_direction",
    ),
    (
        "a counter that was accepted before",
        lambda session: session.seal(Poll.code, counter=session.sent),
        "bad_counter",
    ),
    ("a counter of 0", lambda session: session.seal(Poll.code, counter=0), "bad_counter"),
    (
        "a counter above 2^31",
        lambda session: session.seal(Poll.code, counter=LAST_COUNTER + 1),
        "bad_counter",
    ),
    ("a wrong tag", _wrong_tag, "bad_tag"),
    ("a tag by the key of the other side", _tag_of_the_other_side, "bad_tag"),
    ("a tag over another ack", _tag_of_another_ack, "bad_tag"),
    ("a wrong tag over a payload of a wrong size", _tag_before_payload, "bad_tag"),
    (
        "a wrong tag on a frame of another session",
        lambda session: on_wire(turned(session.body(Poll.code, session=session.number ^ 1), -1)),
        "bad_session",
    ),
    (
        "a wrong tag on a counter that was accepted before",
        lambda session: on_wire(turned(session.body(Poll.code, counter=session.sent), -1)),
        "bad_counter",
    ),
)


CHECKS = (
    *(
        Check(
            CONVENTIONS,
            f"a frame of version {version} is dropped, and counted in bad_version",
            partial(counted, make=partial(_version, version=version), reason="bad_version"),
        )
        for version in (0, 2, 255)
    ),
    *(
        Check(
            ORDER, f"{what} is dropped, and counted in {reason}", partial(counted, make=make, reason=reason)
        )
        for what, make, reason in _DROPPED
    ),
    Check(ORDER, "a tag with any byte wrong is dropped", _all_tag_bytes),
    Check(ORDER, "a wrong tag does not move the counter", _unmoved_counter),
    Check(ORDER, "handshake types in a session are neither answered nor counted", _handshake_types),
)
