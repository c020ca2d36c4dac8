"""Real code with one thing broken: what the machine has to find, or it looks away.

Each replaces a function for a while. Some need a second thing out of the way, as the code has two that do the same.
"""

from __future__ import annotations

import dataclasses
import hmac
import zlib
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any
from unittest import mock

from protocol import frame as frame_module
from protocol import session as session_module
from protocol.changes import ChangeDesk
from protocol.ledger import Ledger
from protocol.machines import Stage, StageEvent
from protocol.messages import Prepared
from protocol.session import LAST_COUNTER, Intrusion, Session
from protocol.vocabulary import Verdict
from pumpmock.device import Device
from pumpmock.dialects.native import NativeConversation
from pumpmock.model.drive import Drive
from tests.model.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from protocol.fields import Message
    from protocol.frame import Frame
    from protocol.intent import Intent
    from protocol.ledger import Applied
    from protocol.messages import Change, Outcome, Prepare, Rejected, Resolve


@contextmanager
def _replaced(*replacements: tuple[object, str, object]) -> Iterator[None]:
    with ExitStack() as stack:
        for owner, name, other in replacements:
            stack.enter_context(mock.patch.object(owner, name, other))
        yield


def the_pump_forgets_what_it_has_applied() -> AbstractContextManager[None]:
    """Look nothing up in the ledger when asked what became of a change."""
    return _replaced(
        (Ledger, "find", lambda _self, _id: None), (Ledger, "make_void", lambda _self, _id: None)
    )


def resolving_leaves_the_change_prepared() -> AbstractContextManager[None]:
    """Say "not applied" and keep the slot."""
    resolve = ChangeDesk.resolve

    def kept(desk: ChangeDesk, request: Resolve) -> Outcome:
        slot, state = desk._slot, desk._state
        outcome = resolve(desk, request)
        desk._slot, desk._state = slot, state
        return outcome

    return _replaced((ChangeDesk, "resolve", kept))


def the_pump_answers_before_it_has_stored() -> AbstractContextManager[None]:
    """Store what an answer speaks of when the next request comes."""
    receive, persist = NativeConversation.receive, Device.persist

    def late(conversation: NativeConversation, data: bytes) -> bytes:
        with suppress(OSError):
            persist(conversation._device)
        return receive(conversation, data)

    def apply(device: Device, line: Applied, change: Change) -> None:
        device.memory.ahead = change
        device.memory.follow(line)

    return _replaced(
        (NativeConversation, "receive", late),
        (Device, "persist", lambda _self: None),
        (Device, "_apply", apply),
    )


def the_motor_turns_before_the_change_is_stored() -> AbstractContextManager[None]:
    """Let the motor follow first."""

    def apply(device: Device, line: Applied, change: Change) -> None:
        device.memory.ahead = change
        device.memory.follow(line)
        device._save(device.memory)

    return _replaced((Device, "_apply", apply))


def nobody_looks_at_counters() -> AbstractContextManager[None]:
    """Take any frame of the session with a right tag, and any answer for that to the newest question."""

    def careless(session: Session, frame: Frame) -> Intrusion | None:
        if frame.session != session.number:
            return Intrusion.SESSION
        if frame.type & 0x80 != session._peer_bit:
            return Intrusion.DIRECTION
        if not hmac.compare_digest(session._open.tag(frame.signed), frame.tag):
            return Intrusion.TAG
        session.heard = min(frame.counter, LAST_COUNTER)
        return None

    return _replaced((Session, "open", careless), (Ledger, "is_void", lambda _self, _id: False))


def sessions_are_all_alike() -> AbstractContextManager[None]:
    """Derive the same keys for every session, and do not look at its number."""
    keys, opening = session_module.session_keys, Session.open

    def same(_number: int, *, secret: bytes, nonces: bytes, context: bytes) -> Any:  # noqa: ANN401 - as it was
        del nonces
        return keys(0, secret=secret, nonces=bytes(32), context=context)

    def any_session(session: Session, frame: Frame) -> Intrusion | None:
        return opening(session, frame._replace(session=session.number))

    return _replaced(
        (session_module, "session_keys", same),
        (Session, "open", any_session),
        (Ledger, "is_void", lambda _self, _id: False),
    )


def the_pump_believes_the_operator() -> AbstractContextManager[None]:
    """Take a change that was decided on another revision or rate, and read back what was believed."""
    prepare = ChangeDesk.prepare

    def believing(desk: ChangeDesk, request: Prepare, session: int, now_ms: int) -> Prepared | Rejected:
        answer = prepare(desk, request, session, now_ms)
        if not isinstance(answer, Prepared):
            return answer
        revision, rate = request.expect_revision, request.expect_rate_nl_h
        return dataclasses.replace(answer, revision=revision, old_rate_nl_h=rate)

    return _replaced(
        (ChangeDesk, "prepare", believing),
        (ChangeDesk, "_outdated", lambda _desk, _request, _present: None),
    )


def the_pump_forgets_what_it_has_denied() -> AbstractContextManager[None]:
    """Take an id again that it has resolved as not applied; of account only where a host uses one again."""
    return _replaced((Ledger, "is_void", lambda _self, _id: False))


def damaged_frames_are_taken() -> AbstractContextManager[None]:
    """Compare neither sums nor tags."""
    return _replaced(
        (zlib, "crc32", lambda _data: frame_module._CRC_OF_ITSELF),
        (hmac, "compare_digest", lambda _a, _b: True),
    )


def remainders_are_lost() -> AbstractContextManager[None]:
    """Drop the part of a nanolitre that has flowed when the rate changes."""

    def settled(drive: Drive, now_us: int) -> tuple[Drive, int]:
        return Drive(drive.rate_nl_h, now_us), drive.flown_nl(now_us)

    return _replaced((Drive, "settled", settled))


class TakesSilenceForAVerdict(Desk):
    """Holds a change for not applied where no answer to Commit comes."""

    def resolve(self) -> bytes:
        """Ask, but not where it has its own mind."""
        if self.stage is Stage.COMMITTING and self.intent is not None:
            self.settle(self.intent.after(StageEvent.REFUSED))
            return self.poll()
        return super().resolve()


class NotesOnlyVerdicts(Desk):
    """Writes nothing down before it sends."""

    def note(self, intent: Intent) -> None:
        """Keep what is decided."""
        if not intent.is_open:
            super().note(intent)


class UsesAnIdAgain(Desk):
    """Decides once more under an id whose verdict it knows. The pump has to stand it."""

    def new_id(self) -> bytes:
        """Return the oldest id that was not applied, if there is one."""
        denied = (key for key, verdict in self.verdicts().items() if verdict is Verdict.NOT_APPLIED)
        return next(denied, None) or super().new_id()


class TakesAnyAnswer(Desk):
    """Takes whatever comes for the answer to its newest question."""

    def _ask(self, request: Message) -> bytes:
        data = super()._ask(request)
        assert self.waiting is not None
        self.waiting = request, 0, self.waiting[2]
        return data


DEFECTS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    defect.__name__.replace("_", " "): defect
    for defect in (
        the_pump_forgets_what_it_has_applied,
        resolving_leaves_the_change_prepared,
        the_pump_answers_before_it_has_stored,
        the_motor_turns_before_the_change_is_stored,
        the_pump_believes_the_operator,
        nobody_looks_at_counters,
        sessions_are_all_alike,
        damaged_frames_are_taken,
        remainders_are_lost,
    )
}
HOSTS: dict[str, type[Desk]] = {
    "the host takes silence for a verdict": TakesSilenceForAVerdict,
    "the host notes only verdicts": NotesOnlyVerdicts,
    "the host takes any answer for that to its newest question": TakesAnyAnswer,
}
