"""The pump's desk for changes: prepare, commit, resolve, and the ledger that says for ever which change made which revision.

A change is named by its host with a random id before anything is sent. A revision is made by exactly one id. Resolving
means "abort unless applied": its verdict is final, so neither side ever has to read an outcome out of a time-out.
docs/protocol.md, "Changing", has the conversation; nothing here knows of bytes, ports or the motor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol.bounds import Bounds, Finding, hard_finding
from protocol.messages import (
    NEVER_S,
    SENTENCE,
    ChangeKind,
    Commit,
    Outcome,
    Prepare,
    Prepared,
    Refusal,
    Rejected,
    Resolve,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN_SIZE = 8
PREPARE_TTL_MS = 15_000
NO_COMMAND = bytes(8)


@dataclass(frozen=True, slots=True)
class Applied:
    """A line of the ledger: the change `command_id` made `revision`."""

    revision: int
    command_id: bytes
    kind: ChangeKind
    rate_nl_h: int
    pump_time_us: int


class Ledger:
    """All changes ever applied, a revision each. Survives restarts with the pump's state.

    Raises:
        ValueError: where the lines are not numbered from 1 without a gap, or name a change twice.
    """

    def __init__(self, lines: tuple[Applied, ...] = ()) -> None:
        self._lines: list[Applied] = []
        self._by_id: dict[bytes, Applied] = {}
        for line in lines:
            self.append(line)

    @property
    def revision(self) -> int:
        """The newest revision; 0 before the first change."""
        return len(self._lines)

    @property
    def lines(self) -> tuple[Applied, ...]:
        """The lines, oldest first."""
        return tuple(self._lines)

    def find(self, command_id: bytes) -> Applied | None:
        """Return the line of a change, None if it was never applied."""
        return self._by_id.get(command_id)

    def append(self, line: Applied) -> None:
        """Add a line.

        Raises:
            ValueError: where it is not the next revision, or its change is in the ledger.
        """
        if line.revision != self.revision + 1 or line.command_id in self._by_id:
            raise ValueError(f"revision {line.revision} cannot follow revision {self.revision}")
        self._lines.append(line)
        self._by_id[line.command_id] = line

    def withdraw(self) -> None:
        """Take back the newest line, which could not be stored and of which nobody has heard."""
        del self._by_id[self._lines.pop().command_id]


@dataclass(frozen=True, slots=True)
class Present:
    """What the desk must know of the pump when it judges.

    Attributes:
        commanded_rate_nl_h: present commanded rate; 0 while stopped.
        programmed_rate_nl_h: the rate that a resume returns to, and that steps are measured from.
        pump_time_us: pump time now.
        bounds: the hard limits.
    """

    commanded_rate_nl_h: int
    programmed_rate_nl_h: int
    pump_time_us: int
    bounds: Bounds

    def rate_after(self, kind: ChangeKind, wanted_nl_h: int) -> int:
        """Return the commanded rate that a change leads to."""
        return {
            ChangeKind.RATE: wanted_nl_h,
            ChangeKind.STOP: 0,
            ChangeKind.RESUME: self.programmed_rate_nl_h,
        }[kind]


@dataclass(frozen=True, slots=True)
class _Slot:
    prepare: Prepare
    new_rate_nl_h: int
    token: bytes
    session: int
    deadline_ms: int


class ChangeDesk:
    """The one slot for a prepared change, and the ledger of applied ones.

    Args:
        ledger: the changes so far.
        random: returns that many random bytes, for tokens.
        present: what the pump is doing now.
        refuse: the pump's own preconditions: why it can't take a change of this kind to this rate now, if it can't.
        outlook: seconds to the low-reservoir volume and to the end of delivery at a rate, None for never.
        apply: makes the change last and then turns the motor; OSError where it could not be stored.
    """

    def __init__(
        self,
        ledger: Ledger,
        random: Callable[[int], bytes],
        *,
        present: Callable[[], Present],
        refuse: Callable[[ChangeKind, int], Finding | None],
        outlook: Callable[[int], tuple[int | None, int | None]],
        apply: Callable[[Applied], None],
    ) -> None:
        self.ledger = ledger
        self._random = random
        self._present = present
        self._refuse = refuse
        self._outlook = outlook
        self._apply = apply
        self._slot: _Slot | None = None

    def prepare(self, request: Prepare, session: int, now_ms: int) -> Prepared | Rejected:
        """Answer a Prepare; `now_ms` is monotonic wall time. Changes nothing but the slot."""
        present = self._present()
        new_rate = present.rate_after(request.kind, request.new_rate_nl_h)
        finding = self._why_not(request, new_rate, present, now_ms)
        if finding is not None:
            return rejected(request.code, finding, request.command_id)
        token = self._random(TOKEN_SIZE)
        self._slot = _Slot(request, new_rate, token, session, now_ms + PREPARE_TTL_MS)
        old_low, old_empty = self._outlook(present.commanded_rate_nl_h)
        new_low, new_empty = self._outlook(new_rate)
        return Prepared(
            command_id=request.command_id,
            kind=request.kind,
            revision=self.ledger.revision,
            old_rate_nl_h=present.commanded_rate_nl_h,
            new_rate_nl_h=new_rate,
            least_rate_nl_h=present.bounds.least_rate_nl_h,
            most_rate_nl_h=present.bounds.most_rate_nl_h,
            old_to_low_s=_seconds(old_low),
            new_to_low_s=_seconds(new_low),
            old_to_empty_s=_seconds(old_empty),
            new_to_empty_s=_seconds(new_empty),
            token=token,
            ttl_ms=PREPARE_TTL_MS,
        )

    def commit(self, request: Commit, session: int, now_ms: int) -> Outcome | Rejected:
        """Answer a Commit: apply what was prepared, once. Of a change that was applied it tells the outcome again."""
        line = self.ledger.find(request.command_id)
        if line is not None:
            return _applied(line)
        slot = self._live_slot(now_ms)
        wanted = (request.command_id, request.token, session)
        if slot is None or wanted != (slot.prepare.command_id, slot.token, slot.session):
            said = "nothing is prepared under this id and token, or it has expired: prepare it again"
            return rejected(request.code, Finding(Refusal.NOT_PREPARED, 0, said), request.command_id)
        self._slot = None
        present = self._present()
        # Prepared on this revision, and the slot is the only way to a new one; the pump itself may have stopped since.
        finding = self._limits(slot.prepare.kind, slot.new_rate_nl_h, present)
        if finding is not None:
            return rejected(request.code, finding, request.command_id)
        return self._make(slot, present)

    def resolve(self, request: Resolve) -> Outcome:
        """Answer a Resolve: applied, or from now on never."""
        line = self.ledger.find(request.command_id)
        if line is not None:
            return _applied(line)
        if self._slot is not None and self._slot.prepare.command_id == request.command_id:
            self._slot = None
        present = self._present()
        verdict = Verdict.NOT_APPLIED
        rate, time_us = present.commanded_rate_nl_h, present.pump_time_us
        return Outcome(request.command_id, verdict, self.ledger.revision, rate, time_us)

    def release(self, session: int) -> None:
        """Drop what was prepared in a session that has ended: nobody else can commit it."""
        if self._slot is not None and self._slot.session == session:
            self._slot = None

    def _make(self, slot: _Slot, present: Present) -> Outcome | Rejected:
        revision, command_id = self.ledger.revision + 1, slot.prepare.command_id
        line = Applied(revision, command_id, slot.prepare.kind, slot.new_rate_nl_h, present.pump_time_us)
        self.ledger.append(line)
        try:
            self._apply(line)
        except OSError as error:
            self.ledger.withdraw()
            said = f"the change could not be stored, so it was not made: {error.strerror or error}"
            return rejected(Commit.code, Finding(Refusal.NOT_STORED, 0, said), command_id)
        return _applied(line)

    def _live_slot(self, now_ms: int) -> _Slot | None:
        if self._slot is not None and now_ms >= self._slot.deadline_ms:
            self._slot = None
        return self._slot

    def _why_not(self, request: Prepare, new_rate: int, present: Present, now_ms: int) -> Finding | None:
        revision = self.ledger.revision
        if self.ledger.find(request.command_id) is not None:
            return Finding(
                Refusal.ALREADY_APPLIED, revision, "this change was applied: resolve it, do not repeat it"
            )
        if request.expect_revision != revision:
            said = f"decided on revision {request.expect_revision}, the pump is at {revision}: read it again"
            return Finding(Refusal.STALE_REVISION, revision, said)
        if request.expect_rate_nl_h != present.commanded_rate_nl_h:
            return Finding(
                Refusal.STALE_RATE, present.commanded_rate_nl_h, "decided on another rate: read it again"
            )
        slot = self._live_slot(now_ms)
        if slot is not None and slot.prepare.command_id != request.command_id:
            left = slot.deadline_ms - now_ms
            said = f"another change is prepared: wait {-(-left // 1000)} s"
            return Finding(Refusal.BUSY, left, said)
        return self._limits(request.kind, new_rate, present)

    def _limits(self, kind: ChangeKind, new_rate: int, present: Present) -> Finding | None:
        if kind is ChangeKind.RATE:
            finding = hard_finding(present.programmed_rate_nl_h, new_rate, present.bounds)
            if finding is not None:
                return finding
        return self._refuse(kind, new_rate)


def rejected(request: int, finding: Finding, command_id: bytes = NO_COMMAND) -> Rejected:
    """Return the refusal of a request, with the finding's code, bound and sentence, cut to what a message carries."""
    sentence = "".join(c if c.isprintable() else "?" for c in finding.sentence)[:SENTENCE]
    return Rejected(request, command_id, finding.reason, finding.bound, sentence)


def _applied(line: Applied) -> Outcome:
    return Outcome(line.command_id, Verdict.APPLIED, line.revision, line.rate_nl_h, line.pump_time_us)


def _seconds(span_s: int | None) -> int:
    return NEVER_S if span_s is None else min(span_s, NEVER_S - 1)
