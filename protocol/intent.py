"""A change as its host knows it: what was meant, how far it has come, and what may be sent next.

The host notes an intent lastingly before Prepare leaves, and again before Commit leaves. So whatever ends the host, the
next start finds every change whose verdict it does not know, and asks. `machines.STAGE` is the table behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from protocol.machines import STAGE, Stage, StageEvent, step
from protocol.messages import Commit, Prepare, Resolve
from protocol.vocabulary import ChangeKind, Refusal, Verdict

if TYPE_CHECKING:
    from protocol.messages import Change, Outcome, Prepared

COMMAND_ID_SIZE = 8
MOST_REASON = 120  # characters of a reason
ENDED = frozenset({Stage.APPLIED, Stage.NOT_APPLIED})
_SPENT = frozenset({Refusal.ALREADY_APPLIED, Refusal.VOID})  # refusals that tell of this change's past


def event_of(reason: int) -> StageEvent:
    """Return what a refusal of a change means for it: that it was not made, or that its verdict is to be asked for."""
    return StageEvent.SPENT if reason in _SPENT else StageEvent.REFUSED


def check_reason(text: str) -> str:
    """Return a reason without the spaces around it.

    Raises:
        ValueError: where it says nothing, is too long, or has characters that can't be printed.
    """
    reason = text.strip()
    if not reason:
        raise ValueError("a reason is wanted: say in a few words why the soft limit is overridden")
    if len(reason) > MOST_REASON or not reason.isprintable():
        raise ValueError(f"a reason has at most {MOST_REASON} characters, all of which can be printed")
    return reason


@dataclass(frozen=True, slots=True)
class Intent:
    """One change.

    Attributes:
        command_id: 8 bytes that name it for ever and that nobody can foresee.
        serial_number: the pump it is for.
        store_id: that pump's memory, the only one that can tell what became of it.
        noted_s: when it was meant, host calendar clock, seconds since 1970 UTC.
        change: what is wanted.
        revision: the revision that the operator saw.
        old_rate_nl_h: the commanded rate that the operator saw.
        new_rate_nl_h: the commanded rate that its Commit leads to, as the pump read it back; None as long as no Commit can
            have left.
        reason: why a soft limit is overridden, in the operator's words; empty where none is.
        stage: how far it has come.
    """

    command_id: bytes
    serial_number: str
    store_id: bytes
    noted_s: int
    change: Change
    revision: int
    old_rate_nl_h: int
    new_rate_nl_h: int | None = None
    reason: str = ""
    stage: Stage = Stage.INTENDED

    @property
    def is_open(self) -> bool:
        """Whether no verdict is known yet."""
        return self.stage not in ENDED

    @property
    def in_doubt(self) -> bool:
        """Whether it may have been applied or not: its Commit was noted, and only Resolve may be sent."""
        return self.stage is Stage.RESOLVING and self.new_rate_nl_h is not None

    def after(self, event: StageEvent) -> Intent:
        """Return the intent after an event.

        Raises:
            ValueError: where the event can't come at this stage.
        """
        stage = step(STAGE, self.stage, event)
        given_up = self.stage is Stage.PREPARED and stage is Stage.RESOLVING
        return replace(self, stage=stage, new_rate_nl_h=None if given_up else self.new_rate_nl_h)

    def prepare(self) -> Prepare:
        """Return the request with which it begins."""
        seen = (self.revision, self.old_rate_nl_h)
        return Prepare(self.command_id, *seen, int(bool(self.reason)), self.change)

    def read_back(self, prepared: Prepared) -> Intent:
        """Return the intent after the pump's own account of it: PREPARED if it is what was meant, else RESOLVING."""
        said = (prepared.command_id, prepared.revision, prepared.old_rate_nl_h, prepared.change)
        meant = (self.command_id, self.revision, self.old_rate_nl_h, self.change)
        if said != meant or prepared.new_rate_nl_h != self._rate_meant(prepared.new_rate_nl_h):
            return self.after(StageEvent.DIFFERENT)
        return replace(self.after(StageEvent.ECHO), new_rate_nl_h=prepared.new_rate_nl_h)

    def _rate_meant(self, otherwise: int) -> int:
        """Return the commanded rate that the change itself names; `otherwise` where only the pump can know it."""
        if self.change.kind in {ChangeKind.RATE, ChangeKind.TEMPORARY_RATE}:
            return self.change.rate_nl_h
        return 0 if self.change.kind is ChangeKind.STOP else otherwise

    def commit(self, token: bytes) -> Commit:
        """Return the request that applies it; `token` is the pump's, from Prepared."""
        return Commit(self.command_id, token)

    def resolve(self) -> Resolve:
        """Return the request that asks what became of it."""
        return Resolve(self.command_id)

    def decided(self, outcome: Outcome) -> Intent:
        """Return the intent after the pump's verdict.

        Raises:
            ValueError: where the outcome is of another change.
        """
        if outcome.command_id != self.command_id:
            raise ValueError("the outcome is of another change")
        applied = outcome.verdict is Verdict.APPLIED
        return self.after(StageEvent.APPLIED if applied else StageEvent.NOT_APPLIED)
