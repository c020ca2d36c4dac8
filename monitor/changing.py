"""Changes from this host: noted before they are sent, confirmed against the pump's read-back, and never left to a guess.

`protocol.machines.STAGE` says what may follow what; here are the disk, the wire and the tries.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.deeds import NONCE_SIZE, Deeds
from monitor.errors import LinkError, MonitorError, OutcomeUnknownError, RefusedError
from monitor.intents import IntentError
from protocol.fields import MessageError
from protocol.intent import COMMAND_ID_SIZE, Intent, check_reason, event_of
from protocol.machines import Stage, StageEvent
from protocol.messages import Commit, Outcome, Prepared, Resolve, build
from protocol.timeouts import READ_TRIES, RESOLVE_TRIES
from protocol.vocabulary import Role, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.conversation import Conversation
    from monitor.intents import Intents
    from monitor.snapshot import Reading
    from protocol.fields import Message
    from protocol.messages import Change

_PAUSE_BETWEEN_TRIES_S = 0.5
_ANOTHER = "the pump answered about another change"
_NOT_OPEN = "no such change is open here"
_REPLACED = "another memory answers now, which never saw the change and can't tell what became of it"
_READS_ONLY = "this key only reads: the pump tells a technician key what became of it"
_TOO_LATE = "the commit did not reach the pump, and it will not be applied any more; try again"


class Changes:
    """What this host changes at one pump.

    Args:
        line: the conversation with it.
        intents: where changes are noted.
        random: returns that many random bytes, for command ids.
        now_s: the host's calendar clock, for notes.
        deeds: what puts them on record; None where nothing does.

    Attributes:
        settled: the changes whose verdict was learned by asking, oldest first, with it.
    """

    def __init__(
        self,
        line: Conversation,
        intents: Intents,
        random: Callable[[int], bytes],
        now_s: Callable[[], float],
        deeds: Deeds | None = None,
    ) -> None:
        self.settled: list[tuple[Intent, Outcome]] = []
        self._unread = ""
        self._unwritten = ""
        self._line = line
        self._intents = intents
        self._deeds = deeds or Deeds(line, None)
        self._random = random
        self._now_s = now_s
        self._open: dict[bytes, Intent] = {}
        self._verdicts: dict[bytes, Outcome] = {}
        self._outlived: set[bytes] = set()  # never committed, and their memory was replaced

    @property
    def unresolved(self) -> tuple[Intent, ...]:
        """The changes of this pump that may or may not have been applied, oldest first."""
        return tuple(
            sorted((i for i in self._open.values() if i.in_doubt), key=lambda intent: intent.noted_s)
        )

    @property
    def problem(self) -> str:
        """Why changes can't be looked up, or could not be noted when it was tried last; empty where they can."""
        return self._unread or self._unwritten

    def prepare(self, change: Change, *, seen: Reading, reason: str = "") -> Prepared:
        """Ask the pump to prepare a change decided on the reading `seen`, and return its read-back. Changes nothing.

        Args:
            change: what is wanted.
            seen: what the operator saw: the pump refuses if it is not so any more.
            reason: why a soft limit is overridden, for the notes here; the pump is told that one is. Empty where none is.

        Raises:
            RefusedError: the pump refuses, its read-back is not what was asked, the change can't be noted, or the reason.
            OutcomeUnknownError: another change of this pump has no verdict yet.
            LinkError: where no answer comes.
        """
        pump = self._line.key.serial_number
        if seen.serial_number != pump:
            raise RefusedError(f"decided on pump {seen.serial_number}, but this is {pump}")
        if reason:
            try:
                reason = check_reason(reason)
            except ValueError as error:
                raise RefusedError(str(error)) from error
        self.check_settled()
        nonce = self._random(NONCE_SIZE)
        intent = Intent(
            nonce[:COMMAND_ID_SIZE],
            pump,
            self._line.store_id,
            int(self._now_s()),
            change,
            seen.status.revision,
            seen.status.commanded_rate_nl_h,
            reason=reason,
        )
        try:
            build(intent.prepare())
        except MessageError as error:
            raise RefusedError(f"no pump can be asked for that: {error}") from error
        intent = replace(intent, command_id=self._deeds.intended(intent, seen.status, nonce))
        intent = self._keep(self._noted(intent).after(StageEvent.SEND))
        try:
            prepared = self._line.ask(intent.prepare(), Prepared)[0]
        except RefusedError as error:
            self._end(intent, event_of(error.reason), error)
            raise
        except BaseException:
            self._end(intent, StageEvent.SILENCE)
            raise
        intent = self._keep(intent.read_back(prepared))
        self._deeds.read_back(intent, prepared)
        if intent.stage is not Stage.PREPARED:
            self._deeds.ended(intent, StageEvent.DIFFERENT)
            self._intents.let_go(intent)
            self.resolve(intent.command_id)
            raise RefusedError("the pump's read-back is not what was asked; nothing was changed")
        return prepared

    def commit(self, prepared: Prepared) -> Outcome:
        """Apply what was prepared. After a lost answer the pump is asked what became of it, never guessed at.

        Raises:
            RefusedError: it was not applied.
            OutcomeUnknownError: the answer was lost and the pump can't be asked now.
        """
        known = self._verdicts.get(prepared.command_id)
        if known is not None:
            return _applied(known)
        intent = self._open.get(prepared.command_id)
        if intent is None or intent.stage is not Stage.PREPARED:
            raise RefusedError("this change is not prepared any more: prepare it again")
        try:
            self._deeds.committing(intent)
            intent = self._noted(intent.after(StageEvent.APPROVE))
        except RefusedError:
            with contextlib.suppress(MonitorError):  # free the pump's place for it, where it can be reached
                self.resolve(intent.command_id)
            raise
        try:
            outcome = self._told(intent, intent.commit(prepared.token), tries=1)
        except RefusedError as error:
            intent = self._end(intent, event_of(error.reason), error)
            if intent.stage is Stage.RESOLVING:
                return self._settle(intent, error)
            raise
        except MonitorError as error:
            return self._settle(self._end(intent, StageEvent.SILENCE), error)
        except BaseException:  # Ctrl-C, say: the Commit may have left
            self._end(intent, StageEvent.SILENCE)
            raise
        self._learn(intent, outcome)
        return outcome

    def resolve(self, command_id: bytes) -> Outcome:
        """Ask what became of a change that was begun here: applied, or from now on never.

        Raises:
            RefusedError: another memory answers by now, which never saw the change; or our key only reads.
            LinkError: where no answer comes.
        """
        known = self._verdicts.get(command_id)
        if known is not None:
            return known
        intent = self._open.get(command_id)
        if intent is None:
            raise RefusedError(_REPLACED if command_id in self._outlived else _NOT_OPEN)
        if intent.stage is not Stage.RESOLVING:
            abandoned = intent.stage is Stage.PREPARED
            intent = self._end(intent, StageEvent.ABANDON if abandoned else StageEvent.RESTART)
        obstacle = self.obstacle(intent)
        if obstacle:
            raise RefusedError(obstacle)
        outcome = self._told(intent, intent.resolve())
        self._learn(intent, outcome)
        return outcome

    def recall(self, command_id: bytes) -> Outcome:
        """Ask what the pump knows of a change whose verdict is on record; an id that it does not know it takes for void.

        Raises:
            RefusedError: it has no verdict yet, or our key only reads.
            LinkError: where no answer comes.
        """
        if command_id in self._open:
            raise RefusedError("this change has no verdict yet: ask for that first")
        if self._line.key.role < Role.TECHNICIAN:
            raise RefusedError(_READS_ONLY)
        outcome = self._line.ask(Resolve(command_id), Outcome)[0]
        if outcome.command_id != command_id:
            raise LinkError(_ANOTHER)
        return outcome

    def settle(self) -> None:
        """Ask for the verdict on every change of this pump that was left without one, by us or by another monitor.

        What can't be asked about, or gets no answer, stays open.
        """
        found = self._intents.look(self._line.key.serial_number)
        self._unread = "; ".join(found.problems)
        left = {one.intent.command_id: one.intent for one in found.noted if not one.under_way}
        for command_id, intent in left.items():
            if command_id in self._verdicts:
                if not self._deeds.owes(command_id):
                    self._intents.forget(intent)
            else:
                self._open.setdefault(command_id, intent.after(StageEvent.RESTART))
        with contextlib.suppress(LinkError):
            for intent in list(self._open.values()):
                if intent.stage is Stage.RESOLVING:
                    self._settle_one(intent, noted=intent.command_id in left)

    def check_discard(self, command_id: bytes) -> None:
        """Refuse to give up what need not be given up.

        Raises:
            RefusedError: there is no such change, or the pump can still be asked.
        """
        intent = self._open.get(command_id)
        if intent is None or intent.stage is not Stage.RESOLVING:
            raise RefusedError(_NOT_OPEN)
        if intent.store_id == self._line.store_id:
            raise RefusedError("the pump can tell what became of it to a technician key: ask it")

    def discard(self, command_id: bytes) -> None:
        """Give up asking for a verdict that can't be had any more: somebody has looked at the pump.

        Raises:
            RefusedError: there is no such change, or the pump can still be asked.
        """
        self.check_discard(command_id)
        self._deeds.given_up(self._open[command_id])
        self._intents.forget(self._open.pop(command_id))

    def close(self) -> None:
        """Give up what is open here; it stays noted, for whoever asks next."""
        self._intents.close()

    def _settle_one(self, intent: Intent, *, noted: bool) -> None:
        if not self.obstacle(intent):
            with contextlib.suppress(RefusedError):
                self.settled.append((intent, self.resolve(intent.command_id)))
        elif not noted:  # another monitor has learned its verdict, or somebody gave it up
            self._open.pop(intent.command_id)
        elif intent.store_id != self._line.store_id and not intent.in_doubt:
            self._outlived.add(intent.command_id)
            self._intents.forget(self._open.pop(intent.command_id))

    def _settle(self, intent: Intent, lost: MonitorError) -> Outcome:
        """Ask for the verdict on a commit whose answer was lost, over a new session where the old one is dead.

        Raises:
            RefusedError: it was not applied.
            OutcomeUnknownError: the pump can't be asked now.
        """
        for attempt in range(RESOLVE_TRIES):
            try:
                if attempt:
                    time.sleep(_PAUSE_BETWEEN_TRIES_S)  # an emulator or an adapter may be coming back
                    self._line.reopen()
                outcome = self.resolve(intent.command_id)
            except MonitorError:
                continue  # a refusal decides nothing either: it may be only the key that reads that was let in again
            return _applied(outcome)
        replaced = self._line.store_id != intent.store_id
        why = (
            "the pump came back with another memory"
            if replaced
            else f"the answer was lost ({lost}), and is asked for at the next connection"
        )
        raise OutcomeUnknownError(intent, why)

    def obstacle(self, intent: Intent) -> str:
        """Say why the pump can't be asked about a change, in a sentence; empty if it can."""
        if intent.store_id != self._line.store_id:
            return _REPLACED
        return _READS_ONLY if self._line.key.role < Role.TECHNICIAN else ""

    def check_settled(self) -> None:
        """Refuse to go on where a change is in doubt, after having asked about it.

        Raises:
            OutcomeUnknownError: a change of this pump has no verdict yet.
            RefusedError: changes can't be looked up.
        """
        self.settle()
        if self._unread:
            raise RefusedError(self._unread)
        for intent in self.unresolved:
            why = self.obstacle(intent) or "the pump does not say"
            raise OutcomeUnknownError(intent, f"{why}; nothing else is changed before that is known")

    def _told(self, intent: Intent, request: Message, tries: int = READ_TRIES) -> Outcome:
        """Return the pump's answer about a change.

        Raises:
            RefusedError: the pump refuses.
            LinkError: where no answer comes, or one that does not fit.
        """
        outcome = self._line.ask(request, Outcome, tries)[0]
        if outcome.command_id != intent.command_id:
            raise LinkError(_ANOTHER)
        if outcome.verdict is Verdict.NOT_APPLIED and isinstance(request, Commit):
            raise LinkError("the pump answered a Commit as if it had been asked to resolve")
        return outcome

    def _noted(self, intent: Intent) -> Intent:
        """Keep an intent, on the disk before this returns."""
        try:
            self._intents.note(intent)
        except IntentError as error:
            self._unwritten = str(error)
            raise RefusedError(self._unwritten) from error
        self._unwritten = ""
        return self._keep(intent)

    def _keep(self, intent: Intent) -> Intent:
        self._open[intent.command_id] = intent
        return intent

    def _end(self, intent: Intent, event: StageEvent, refusal: RefusedError | None = None) -> Intent:
        """Take an event after which this change is not under way any more: refused for good, or its verdict is open."""
        if refusal is None:
            self._deeds.ended(intent, event)
        else:
            self._deeds.refused(intent, refusal)
        intent = self._keep(intent.after(event))
        if intent.is_open:
            self._intents.let_go(intent)
        else:
            self._intents.forget(self._open.pop(intent.command_id))
        return intent

    def _learn(self, intent: Intent, outcome: Outcome) -> None:
        """Take the pump's verdict."""
        decided = intent.decided(outcome)
        self._verdicts[intent.command_id] = outcome
        if self._deeds.learned(intent, outcome):
            self._intents.forget(decided)
        else:
            self._intents.let_go(intent)  # and whoever asks next can record it
        self._open.pop(intent.command_id, None)


def _applied(outcome: Outcome) -> Outcome:
    """Return the outcome of a change that was applied.

    Raises:
        RefusedError: it was not.
    """
    if outcome.verdict is Verdict.NOT_APPLIED:
        raise RefusedError(_TOO_LATE)
    return outcome
