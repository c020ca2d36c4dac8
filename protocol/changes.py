"""The pump's desk for changes: prepare, commit, resolve, with one slot for what is prepared and the ledger of what was applied.

A change is named by its host with a random id before anything is sent. Resolving means "abort unless applied": its
verdict is final, so neither side ever has to read an outcome out of a time-out. docs/protocol.md, "Changing", has the
conversation; nothing here knows of bytes, ports or the motor.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from protocol.bounds import Finding
from protocol.ledger import Applied, Ledger
from protocol.machines import SLOT, Slot, SlotEvent, step
from protocol.messages import (
    NEVER_S,
    SENTENCE,
    USED,
    Change,
    Commit,
    Outcome,
    Prepare,
    Prepared,
    Rejected,
    Resolve,
)
from protocol.vocabulary import ChangeKind, Refusal, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN_SIZE = 8
PREPARE_TTL_MS = 15_000
NO_COMMAND = bytes(8)
_NOTHING = Change(ChangeKind.RATE)
# What a kind that uses the field can't be without.
_NEEDED = {
    "weekdays": "no weekday is named",
    "duration_s": "a duration of 0 s is none",
    "volume_nl": "a volume of 0 nL is none",
}


@dataclass(frozen=True, slots=True)
class Present:
    """What the desk must know of the pump when it judges: rates in nL/h, pump time in us.

    Attributes:
        commanded_rate_nl_h: present commanded rate; 0 while stopped.
        pump_time_us: pump time now.
        least_rate_nl_h: least rate that the limits allow now.
        most_rate_nl_h: greatest rate that they allow now.
    """

    commanded_rate_nl_h: int
    pump_time_us: int
    least_rate_nl_h: int
    most_rate_nl_h: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change would lead to: the commanded rate in nL/h, and seconds to low and to empty, None for never."""

    rate_nl_h: int
    to_low_s: int | None
    to_empty_s: int | None


@dataclass(frozen=True, slots=True)
class _Prepared:
    request: Prepare
    token: bytes
    session: int
    deadline_ms: int


class ChangeDesk:
    """The one slot for a prepared change, and the ledger of applied ones.

    Args:
        ledger: the changes so far.
        random: returns that many random bytes, for tokens.
        present: what the pump is doing now.
        refuse: why the pump can't take a change now, by its limits or its state, if it can't.
        foresee: what follows from a change; from None, what follows if nothing is changed.
        apply: makes a change last and then turns the motor; OSError where it could not be stored.
    """

    __slots__ = ("_apply", "_foresee", "_present", "_random", "_refuse", "_slot", "_state", "ledger")

    def __init__(
        self,
        ledger: Ledger,
        random: Callable[[int], bytes],
        *,
        present: Callable[[], Present],
        refuse: Callable[[Change], Finding | None],
        foresee: Callable[[Change | None], Effect],
        apply: Callable[[Applied, Change], None],
    ) -> None:
        self.ledger = ledger
        self._random = random
        self._present = present
        self._refuse = refuse
        self._foresee = foresee
        self._apply = apply
        self._state = Slot.FREE
        self._slot: _Prepared | None = None

    def kind_of(self, command_id: bytes) -> ChangeKind | None:
        """Return what kind of change an id names: the one that is prepared, or one of the ledger; None for any other."""
        if self._slot is not None and self._slot.request.command_id == command_id:
            return self._slot.request.change.kind
        line = self.ledger.find(command_id)
        return None if line is None else line.kind

    def prepare(self, request: Prepare, session: int, now_ms: int) -> Prepared | Rejected:
        """Answer a Prepare; `now_ms` is monotonic wall time. Changes nothing but the slot."""
        self._expire(now_ms)
        present = self._present()
        finding = self._why_not(request, present, now_ms)
        if finding is not None:
            return rejected(request.code, finding, request.command_id)
        token = self._random(TOKEN_SIZE)
        self._move(SlotEvent.PREPARE, _Prepared(request, token, session, now_ms + PREPARE_TTL_MS))
        now, then = self._foresee(None), self._foresee(request.change)
        return Prepared(
            command_id=request.command_id,
            revision=self.ledger.revision,
            old_rate_nl_h=present.commanded_rate_nl_h,
            new_rate_nl_h=then.rate_nl_h,
            least_rate_nl_h=present.least_rate_nl_h,
            most_rate_nl_h=present.most_rate_nl_h,
            old_to_low_s=_seconds(now.to_low_s),
            new_to_low_s=_seconds(then.to_low_s),
            old_to_empty_s=_seconds(now.to_empty_s),
            new_to_empty_s=_seconds(then.to_empty_s),
            token=token,
            ttl_ms=PREPARE_TTL_MS,
            change=request.change,
        )

    def commit(self, request: Commit, session: int, now_ms: int) -> Outcome | Rejected:
        """Answer a Commit: apply what was prepared, once. Of a change that was applied it tells the outcome again."""
        line = self.ledger.find(request.command_id)
        if line is not None:
            return _applied(line)
        self._expire(now_ms)
        slot = self._slot
        wanted = (request.command_id, request.token, session)
        if slot is None or wanted != (slot.request.command_id, slot.token, slot.session):
            said = "nothing is prepared under this id and token, or it has expired: prepare it again"
            return rejected(request.code, Finding(Refusal.NOT_PREPARED, 0, said), request.command_id)
        self._move(SlotEvent.COMMIT)
        # Prepared on this revision, and the slot is the only way to a new one; the pump itself may have stopped since.
        finding = self._refuse(slot.request.change)
        if finding is not None:
            return rejected(request.code, finding, request.command_id)
        return self._make(slot)

    def resolve(self, request: Resolve) -> Outcome:
        """Answer a Resolve: applied, or from now on never."""
        line = self.ledger.find(request.command_id)
        if line is not None:
            return _applied(line)
        if self._slot is not None and self._slot.request.command_id == request.command_id:
            self._move(SlotEvent.RESOLVE)
        self.ledger.make_void(request.command_id)
        present = self._present()
        verdict, revision = Verdict.NOT_APPLIED, self.ledger.revision
        rate, time_us = present.commanded_rate_nl_h, present.pump_time_us
        return Outcome(request.command_id, verdict, revision, rate, time_us)

    def release(self, session: int) -> None:
        """Drop what was prepared in a session that has ended: nobody else can commit it."""
        if self._slot is not None and self._slot.session == session:
            self._move(SlotEvent.RELEASE)

    def _make(self, slot: _Prepared) -> Outcome | Rejected:
        change, command_id = slot.request.change, slot.request.command_id
        rate, time_us = self._foresee(change).rate_nl_h, self._present().pump_time_us
        overridden = bool(slot.request.overridden)
        line = Applied(self.ledger.revision + 1, command_id, change.kind, rate, time_us, overridden)
        self.ledger.append(line)
        try:
            self._apply(line, change)
        except OSError as error:
            self.ledger.withdraw()
            said = f"the change could not be stored, so it was not made: {error.strerror or error}"
            return rejected(Commit.code, Finding(Refusal.NOT_STORED, 0, said), command_id)
        return _applied(line)

    def _move(self, event: SlotEvent, slot: _Prepared | None = None) -> None:
        self._state = step(SLOT, self._state, event)
        self._slot = slot

    def _expire(self, now_ms: int) -> None:
        if self._slot is not None and now_ms >= self._slot.deadline_ms:
            self._move(SlotEvent.EXPIRY)

    def _why_not(self, request: Prepare, present: Present, now_ms: int) -> Finding | None:
        finding = self._spent(request.command_id) or self._outdated(request, present)
        slot = self._slot
        if finding is None and slot is not None and slot.request.command_id != request.command_id:
            left = slot.deadline_ms - now_ms
            return Finding(Refusal.BUSY, left, f"another change is prepared: wait {-(-left // 1000)} s")
        return finding or self._refuse(request.change)

    def _spent(self, command_id: bytes) -> Finding | None:
        if self.ledger.find(command_id) is not None:
            said = "this change was applied: resolve it, do not repeat it"
            return Finding(Refusal.ALREADY_APPLIED, self.ledger.revision, said)
        if self.ledger.is_void(command_id):
            said = "this change was resolved as not applied, which is final: take a new id"
            return Finding(Refusal.VOID, 0, said)
        return None

    def _outdated(self, request: Prepare, present: Present) -> Finding | None:
        revision, rate = self.ledger.revision, present.commanded_rate_nl_h
        unfit = misfit(request.change)
        if unfit:
            return Finding(Refusal.MALFORMED, 0, unfit)
        if request.expect_revision != revision:
            said = f"decided on revision {request.expect_revision}, the pump is at {revision}: read it again"
            return Finding(Refusal.STALE_REVISION, revision, said)
        if request.expect_rate_nl_h != rate:
            return Finding(Refusal.STALE_RATE, rate, "decided on another rate: read it again")
        return None


def misfit(change: Change) -> str:
    """Say why a change contradicts itself, whatever pump it is for; empty if it does not."""
    used = USED[change.kind]
    for name in sorted(frozenset().union(*USED.values()) - used):
        if getattr(change, name) != getattr(_NOTHING, name):
            return f"{change.kind.name} does not use {name}: it must be 0"
    minutes = [one.minute for one in change.steps]
    if "steps" in used and (not minutes or minutes[0] != 0):
        return "the first step of a day's pattern is at minute 0"
    if any(later <= earlier for earlier, later in pairwise(minutes)):
        return "the steps of a day's pattern rise by their minute"
    needed = (
        used - {"volume_nl"} if change.kind is ChangeKind.REFILL else used
    )  # a reservoir may be left empty
    return next((said for name, said in _NEEDED.items() if name in needed and not getattr(change, name)), "")


def rejected(request: int, finding: Finding, command_id: bytes = NO_COMMAND) -> Rejected:
    """Return the refusal of a request, with the finding's code, bound and sentence, cut to what a message carries."""
    sentence = "".join(c if c.isprintable() else "?" for c in finding.sentence)[:SENTENCE]
    return Rejected(request, command_id, finding.reason, finding.bound, sentence)


def _applied(line: Applied) -> Outcome:
    return Outcome(line.command_id, Verdict.APPLIED, line.revision, line.rate_nl_h, line.pump_time_us)


def _seconds(span_s: int | None) -> int:
    return NEVER_S if span_s is None else min(span_s, NEVER_S - 1)
