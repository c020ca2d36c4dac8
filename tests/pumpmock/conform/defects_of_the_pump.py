"""Our own device with one thing wrong about requests or changes, each to be found by the check it names."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch
from zlib import crc32

from protocol import changes as changes_module
from protocol import exchange as exchange_module
from protocol.bounds import Finding
from protocol.changes import ChangeDesk, rejected
from protocol.exchange import DeviceEnd
from protocol.fields import MessageError
from protocol.ledger import Ledger
from protocol.machines import SlotEvent
from protocol.messages import (
    MESSAGES,
    Commit,
    GetProgram,
    Outcome,
    Poll,
    Prepare,
    Prepared,
    Rejected,
    Resolve,
    Status,
    parse,
)
from protocol.vocabulary import Refusal, Role, Verdict
from pumpmock.device import Device
from pumpmock.model.log import EventLog
from pumpmock.model.pump import Pump

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from protocol.fields import Message
    from protocol.frame import Frame
    from protocol.messages import Change
    from protocol.session import Session

    Broken = AbstractContextManager[object]

_serve, _understand = Device.serve, DeviceEnd._understand
_prepare, _commit, _resolve = ChangeDesk.prepare, ChangeDesk.commit, ChangeDesk.resolve
_why_not, _outdated = ChangeDesk._why_not, ChangeDesk._outdated
_since = EventLog.since


# --- requests ---------------------------------------------------------------------------------------------------------


def lets_everybody_change() -> Broken:
    """Serve every request as if a technician had made it."""
    return patch.object(
        Device, "serve", lambda pump, request, _role, *rest: _serve(pump, request, Role.TECHNICIAN, *rest)
    )


def judges_the_role_first() -> Broken:
    """Refuse a viewer's change before it is looked at whether it is well formed."""

    def hasty(end: DeviceEnd, frame: Frame, session: Session) -> Message:
        if end._role is Role.VIEWER and frame.type in {Prepare.code, Commit.code, Resolve.code}:
            return rejected(
                frame.type, Finding(Refusal.ROLE, 0, "read only"), frame.payload[:8].ljust(8, b"\0")
            )
        return _understand(end, frame, session)

    return patch.object(DeviceEnd, "_understand", hasty)


def reads_what_fits() -> Broken:
    """Take a longer payload for a later version, and read the bytes that this one knows."""

    def lenient(code: int, payload: bytes) -> Message:
        try:
            return parse(code, payload)
        except MessageError:
            return MESSAGES[code]() if code in {Poll.code, 0x10, 0x12, 0x15} else parse(code, payload)

    return patch.object(exchange_module, "parse", lenient)


def takes_any_weekday() -> Broken:
    """Do not look at the range of a field."""

    def lenient(code: int, payload: bytes) -> Message:
        clamped = bytes((payload[0] % 7,)) if code == GetProgram.code and len(payload) == 1 else payload
        return parse(code, clamped)

    return patch.object(exchange_module, "parse", lenient)


def ignores_unknown_types() -> Broken:
    """Answer a type that is not known like a Poll."""

    def polled(end: DeviceEnd, frame: Frame, session: Session) -> Message:
        if frame.type not in MESSAGES:
            return end._serve(Poll(), end._role, session.number)
        return _understand(end, frame, session)

    return patch.object(DeviceEnd, "_understand", polled)


def names_no_request() -> Broken:
    """Leave the type of the request out of a refusal."""

    def nameless(end: DeviceEnd, frame: Frame, session: Session) -> Message:
        answer = _understand(end, frame, session)
        return dataclasses.replace(answer, request=0) if isinstance(answer, Rejected) else answer

    return patch.object(DeviceEnd, "_understand", nameless)


def sums_its_limits_wrongly() -> Broken:
    """Take the CRC-32 of the limits over something else."""
    return patch("pumpmock.device.crc32", lambda data: crc32(data + b"\0"))


def pages_skip_an_entry() -> Broken:
    """Begin a page after the number that was asked for."""
    return patch.object(EventLog, "since", lambda log, number: _since(log, number + 1))


def goes_back_in_time() -> Broken:
    """Tell a pump time that falls."""
    told = iter(range(10**9, 0, -1))

    def serve(pump: Device, request: Message, *rest: object) -> Message:
        answer = _serve(pump, request, *rest)  # type: ignore[arg-type] # as it was called
        return dataclasses.replace(answer, pump_time_us=next(told)) if isinstance(answer, Status) else answer

    return patch.object(Device, "serve", serve)


def acknowledges_what_is_not_active() -> Broken:
    """Show alarms as acknowledged that are not there."""

    def serve(pump: Device, request: Message, *rest: object) -> Message:
        answer = _serve(pump, request, *rest)  # type: ignore[arg-type] # as it was called
        return dataclasses.replace(answer, acknowledged=0x10) if isinstance(answer, Status) else answer

    return patch.object(Device, "serve", serve)


def hides_its_faults() -> Broken:
    """Tell in a Status of faults that Bench does not have."""

    def serve(pump: Device, request: Message, *rest: object) -> Message:
        answer = _serve(pump, request, *rest)  # type: ignore[arg-type] # as it was called
        return dataclasses.replace(answer, bench_faults=3) if isinstance(answer, Status) else answer

    return patch.object(Device, "serve", serve)


def pauses_the_sound_for_good() -> Broken:
    """Let a pause outlive the session that asked for it."""

    def end_session(pump: Device, session: int) -> None:
        pump._desk.release(session)

    return patch.object(Device, "end_session", end_session)


# --- changes ----------------------------------------------------------------------------------------------------------


def applies_a_commit_twice() -> Broken:
    """Keep what was applied prepared, and look nothing up."""

    def commit(desk: ChangeDesk, request: Commit, session: int, now_ms: int) -> Outcome | Rejected:
        slot, state = desk._slot, desk._state
        with patch.object(Ledger, "find", lambda _ledger, _id: None):
            outcome = _commit(desk, request, session, now_ms)
        desk._slot, desk._state = slot, state
        return outcome

    return patch.object(ChangeDesk, "commit", commit)


def forgets_what_it_has_applied() -> Broken:
    """Say of a change that was applied that it was not."""

    def resolve(desk: ChangeDesk, request: Resolve) -> Outcome:
        outcome = _resolve(desk, request)
        return dataclasses.replace(outcome, verdict=Verdict.NOT_APPLIED)

    return patch.object(ChangeDesk, "resolve", resolve)


def takes_an_applied_id_again() -> Broken:
    """Prepare an id that was applied."""
    return patch.object(ChangeDesk, "_spent", lambda _desk, _command_id: None)


def keeps_it_prepared_for_the_next_session() -> Broken:
    """Leave what was prepared where its session ends."""
    return patch.object(ChangeDesk, "release", lambda _desk, _session: None)


def lets_any_session_commit() -> Broken:
    """Compare id and token, and not the session."""

    def commit(desk: ChangeDesk, request: Commit, session: int, now_ms: int) -> Outcome | Rejected:
        return _commit(desk, request, session if desk._slot is None else desk._slot.session, now_ms)

    return patch.object(ChangeDesk, "commit", commit)


def repeats_its_token() -> Broken:
    """Give every Prepared the same token."""

    def prepare(desk: ChangeDesk, request: Prepare, session: int, now_ms: int) -> Prepared | Rejected:
        with patch.object(desk, "_random", lambda size: b"\x07" * size):
            return _prepare(desk, request, session, now_ms)

    return patch.object(ChangeDesk, "prepare", prepare)


def takes_any_token() -> Broken:
    """Compare the id of a Commit, and not its token."""

    def commit(desk: ChangeDesk, request: Commit, session: int, now_ms: int) -> Outcome | Rejected:
        slot = desk._slot
        token = request.token if slot is None else slot.token
        return _commit(desk, Commit(request.command_id, token), session, now_ms)

    return patch.object(ChangeDesk, "commit", commit)


def voids_the_slot_at_a_wrong_token() -> Broken:
    """Give up what is prepared when a Commit does not fit."""

    def commit(desk: ChangeDesk, request: Commit, session: int, now_ms: int) -> Outcome | Rejected:
        answer = _commit(desk, request, session, now_ms)
        if isinstance(answer, Rejected) and desk._slot is not None:
            desk._move(SlotEvent.RELEASE)
        return answer

    return patch.object(ChangeDesk, "commit", commit)


def resolves_and_keeps_it() -> Broken:
    """Say "not applied" and keep it prepared."""

    def resolve(desk: ChangeDesk, request: Resolve) -> Outcome:
        slot, state = desk._slot, desk._state
        outcome = _resolve(desk, request)
        desk._slot, desk._state = slot, state
        return outcome

    return patch.object(ChangeDesk, "resolve", resolve)


def forgets_what_it_has_denied() -> Broken:
    """Prepare an id that was resolved as not applied."""
    return patch.object(Ledger, "is_void", lambda _ledger, _id: False)


def believes_any_revision() -> Broken:
    """Do not look at the revision that the operator saw."""

    def believing(desk: ChangeDesk, request: Prepare, present: object) -> Finding | None:
        seen = dataclasses.replace(request, expect_revision=desk.ledger.revision)
        return _outdated(desk, seen, present)  # type: ignore[arg-type] # as it came

    return patch.object(ChangeDesk, "_outdated", believing)


def believes_any_rate() -> Broken:
    """Do not look at the rate that the operator saw."""

    def believing(desk: ChangeDesk, request: Prepare, present: changes_module.Present) -> Finding | None:
        return _outdated(
            desk, dataclasses.replace(request, expect_rate_nl_h=present.commanded_rate_nl_h), present
        )

    return patch.object(ChangeDesk, "_outdated", believing)


def lets_the_newest_win() -> Broken:
    """Let any Prepare take the place of what is prepared."""

    def hasty(
        desk: ChangeDesk, request: Prepare, present: changes_module.Present, now_ms: int
    ) -> Finding | None:
        finding = _why_not(desk, request, present, now_ms)
        return None if finding is not None and finding.reason is Refusal.BUSY else finding

    return patch.object(ChangeDesk, "_why_not", hasty)


def never_lets_it_expire() -> Broken:
    """Keep what is prepared for ever."""
    return patch.object(ChangeDesk, "_expire", lambda _desk, _now_ms: None)


def reads_back_what_it_was_told() -> Broken:
    """Read the expected rate back in place of its own, and another change than was asked for."""

    def prepare(desk: ChangeDesk, request: Prepare, session: int, now_ms: int) -> Prepared | Rejected:
        answer = _prepare(desk, request, session, now_ms)
        if isinstance(answer, Rejected):
            return answer
        change = dataclasses.replace(answer.change, rate_nl_h=answer.change.rate_nl_h // 10)
        return dataclasses.replace(answer, change=change)

    return patch.object(ChangeDesk, "prepare", prepare)


def foresees_the_wrong_day() -> Broken:
    """Tell the time to low without what can't be delivered."""

    def prepare(desk: ChangeDesk, request: Prepare, session: int, now_ms: int) -> Prepared | Rejected:
        answer = _prepare(desk, request, session, now_ms)
        if isinstance(answer, Rejected):
            return answer
        return dataclasses.replace(answer, new_to_low_s=answer.new_to_empty_s)

    return patch.object(ChangeDesk, "prepare", prepare)


@contextmanager
def takes_changes_that_contradict_themselves() -> Iterator[None]:
    """Read the fields that a kind uses, and not the others."""
    misfit = changes_module.misfit

    def lenient(change: Change) -> str:
        said = misfit(change)
        return "" if "does not use" in said else said

    with patch.object(changes_module, "misfit", lenient), patch("pumpmock.model.objections.misfit", lenient):
        yield


@contextmanager
def tells_the_revision_first() -> Iterator[None]:
    """Judge the revision before the change is looked at."""

    def hasty(desk: ChangeDesk, request: Prepare, present: changes_module.Present) -> Finding | None:
        if request.expect_revision != desk.ledger.revision:
            return Finding(Refusal.STALE_REVISION, desk.ledger.revision, "another revision")
        return _outdated(desk, request, present)

    with patch.object(ChangeDesk, "_outdated", hasty):
        yield


def keeps_to_no_limit() -> Broken:
    """Look at the pump's state alone."""
    return patch.object(Device, "_refuse", lambda pump, change: pump.pump.refuse(change))


def keeps_to_no_state() -> Broken:
    """Look at limits alone."""
    return patch.object(Pump, "refuse", lambda _pump, _change: None)


def has_no_lock_out() -> Broken:
    """Tell a lock-out, and take changes all the same."""
    return patch("pumpmock.device.hold_finding", lambda *_given: None)


def allows_less_than_it_tells() -> Broken:
    """Refuse the greatest rate that it tells."""

    def prepare(desk: ChangeDesk, request: Prepare, session: int, now_ms: int) -> Prepared | Rejected:
        answer = _prepare(desk, request, session, now_ms)
        if isinstance(answer, Prepared):
            return dataclasses.replace(answer, most_rate_nl_h=answer.most_rate_nl_h + 1)
        return answer

    return patch.object(ChangeDesk, "prepare", prepare)


def logs_no_override() -> Broken:
    """Leave out of the event log that a limit was overridden."""

    def prepare(desk: ChangeDesk, request: Prepare, session: int, now_ms: int) -> Prepared | Rejected:
        return _prepare(desk, dataclasses.replace(request, overridden=0), session, now_ms)

    return patch.object(ChangeDesk, "prepare", prepare)


def applies_before_it_is_committed() -> Broken:
    """Apply a change as soon as it is prepared."""

    def prepare(desk: ChangeDesk, request: Prepare, session: int, now_ms: int) -> Prepared | Rejected:
        answer = _prepare(desk, request, session, now_ms)
        if isinstance(answer, Prepared):
            _commit(desk, Commit(answer.command_id, answer.token), session, now_ms)
        return answer

    return patch.object(ChangeDesk, "prepare", prepare)


FOUND_BY: dict[Callable[[], Broken], str] = {
    lets_everybody_change: "a viewer's Prepare is refused with ROLE, under its command id",
    judges_the_role_first: "Prepare that is not as this table has it is MALFORMED",
    reads_what_fits: "a longer payload is MALFORMED, not a later version",
    takes_any_weekday: "GetProgram that is not as this table has it is MALFORMED",
    ignores_unknown_types: "a type that is not known is UNSUPPORTED, whatever its payload",
    names_no_request: "a type that is not known is UNSUPPORTED, whatever its payload",
    sums_its_limits_wrongly: "limits_crc in Status is the CRC-32 of the payload of Limits",
    pages_skip_an_entry: "a page begins with the number that was asked for",
    goes_back_in_time: "pump time, revision and newest event never go back",
    acknowledges_what_is_not_active: "only active alarms are acknowledged",
    hides_its_faults: "a bench tells as many faults as its Status; what is no bench has none",
    pauses_the_sound_for_good: "an audio pause ends with the session that asked for it",
    applies_a_commit_twice: "a Commit again has the same Outcome, and applies nothing",
    forgets_what_it_has_applied: "a Resolve of an applied change has the same Outcome",
    takes_an_applied_id_again: "a Prepare of an id that was applied is ALREADY_APPLIED",
    keeps_it_prepared_for_the_next_session: "a new session forgets what was prepared in the one before",
    lets_any_session_commit: "what one host has prepared, another finds BUSY and can't commit",
    repeats_its_token: "each Prepared has a token of its own",
    takes_any_token: "the same Prepare again takes the place of the first, whose token is void",
    voids_the_slot_at_a_wrong_token: "a Commit with another token is NOT_PREPARED, and leaves what is prepared",
    resolves_and_keeps_it: "a change that was resolved is NOT_APPLIED for ever, and can't be committed",
    forgets_what_it_has_denied: "a Prepare of an id that was resolved is VOID",
    believes_any_revision: "a Prepare on another revision is STALE_REVISION, and leaves nothing prepared",
    believes_any_rate: "a Prepare on another rate is STALE_RATE, and leaves nothing prepared",
    lets_the_newest_win: "while a change is prepared another one is BUSY, of a STOP too",
    never_lets_it_expire: "what was prepared expires after 15 s",
    reads_back_what_it_was_told: "Prepared reads the change back, and nothing has changed",
    foresees_the_wrong_day: "the times to low and to empty are what volumes and rate come to",
    takes_changes_that_contradict_themselves: "a RATE with a volume is MALFORMED",
    tells_the_revision_first: "MALFORMED is told before STALE_REVISION",
    keeps_to_no_limit: "a rate over the greatest that is told is refused, with it as the bound",
    keeps_to_no_state: "a RESUME of a device that delivers by its program is WRONG_STATE",
    has_no_lock_out: "the lock-out after a change is told as TOO_SOON, with the seconds left",
    allows_less_than_it_tells: "the least and the greatest rate that are told are allowed",
    logs_no_override: "the event log has the change, its rates, and that a limit was overridden",
    applies_before_it_is_committed: "Prepared reads the change back, and nothing has changed",
}
