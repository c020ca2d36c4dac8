"""What the host does: reads, changes, and asks what became of a change whose answer was lost. Never a guess.

It knows the pump by nothing but what comes over its cable, and goes by docs/protocol.md, "Changing".
"""

from __future__ import annotations

from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING

from protocol.intent import COMMAND_ID_SIZE, Intent, event_of
from protocol.machines import Stage, StageEvent
from protocol.messages import Acknowledge, AudioPause, Outcome, Poll, Prepared, Rejected, Status
from protocol.timeouts import RESOLVE_TRIES
from protocol.vocabulary import Refusal, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.fields import Message
    from protocol.messages import Change
    from pumpmock.host.talk import Talk

_PAUSE_MS = 500  # before a verdict is asked for once more: somebody may be plugging the cable in again


class Fate(Enum):
    """What the host knows of its newest change."""

    NONE = "there is none"
    UNSENT = "not sent: the pump did not answer, or an older change is in doubt"
    PREPARED = "prepared, and not committed"
    REFUSED = "refused by the pump"
    APPLIED = "applied"
    NOT_APPLIED = "not applied"
    UNKNOWN = "its answer was lost, and the pump could not be asked yet"


class Host:
    """A host in a talk with the pump.

    Args:
        talk: the talk.
        random: returns that many random bytes.

    Attributes:
        talk: as above.
        fate: what it knows of its newest change.
        resolved: how often it learned a verdict by asking for it.
        refused: how often it was refused, by the reason.
    """

    def __init__(self, talk: Talk, random: Callable[[int], bytes]) -> None:
        self.talk = talk
        self.fate = Fate.NONE
        self.resolved = 0
        self.refused: Counter[Refusal] = Counter()
        self._random = random
        self._intent: Intent | None = None
        self._token = b""

    # --- what it does -----------------------------------------------------------------------------------------------

    def poll(self) -> Status | None:
        """Ask for a reading; None where the pump does not answer. A change in doubt is asked about before."""
        if self._intent is not None and self._intent.stage is Stage.RESOLVING:
            self.resolve()
        answer = self._ask(Poll())
        return answer if isinstance(answer, Status) else None

    def acknowledge(self, alarm_bits: int) -> bool:
        """Say that somebody has seen these alarms; tell whether the pump has heard it."""
        return isinstance(self._ask(Acknowledge(alarm_bits)), Status)

    def pause_audio(self, seconds: int) -> bool:
        """Silence the alarm sound for a while; tell whether the pump has heard it."""
        return isinstance(self._ask(AudioPause(seconds)), Status)

    def change(self, change: Change) -> Fate:
        """Prepare a change on a fresh reading, commit it if the pump reads it back as it was meant; return its fate."""
        if self.prepare(change) is Fate.PREPARED:
            self.commit()
        return self.fate

    def prepare(self, change: Change) -> Fate:
        """Prepare a change on a fresh reading. One that was prepared before is given up; one in doubt has to be settled."""
        if self._intent is not None and self._intent.stage is Stage.PREPARED:
            self.resolve()
        seen = self.poll()
        if seen is None or self._intent is not None:
            self.fate = Fate.UNSENT
            return self.fate
        pump = (self.talk.serial_number, self.talk.store_id)
        # Noted at second 0: nobody reads the notes of this host.
        meant = Intent(
            self._random(COMMAND_ID_SIZE), *pump, 0, change, seen.revision, seen.commanded_rate_nl_h
        ).after(StageEvent.SEND)
        self._intent, self.fate = meant, Fate.UNKNOWN
        answer = self._ask(meant.prepare())
        if isinstance(answer, Prepared):
            self._intent, self._token = meant.read_back(answer), answer.token
            self.fate = Fate.PREPARED
        else:
            self._take_what_is_no_answer(answer)
        return self._settled()

    def commit(self) -> Fate:
        """Apply what is prepared. Where no answer comes, the pump is asked what became of it."""
        if self._intent is None or self._intent.stage is not Stage.PREPARED:
            return self.fate
        committing = self._intent.after(StageEvent.APPROVE)
        self._intent, self.fate = committing, Fate.UNKNOWN
        answer = self._ask(committing.commit(self._token), tries=1)
        if not self._learnt(answer):
            self._take_what_is_no_answer(answer)
        return self._settled()

    def resolve(self) -> Fate:
        """Ask what became of the change that is open: applied, or from now on never."""
        if self._intent is None:
            return self.fate
        if self._intent.stage is not Stage.RESOLVING:
            given_up = self._intent.stage is Stage.PREPARED
            self._go_on(StageEvent.ABANDON if given_up else StageEvent.RESTART)
        self.fate = Fate.UNKNOWN
        request = self._intent.resolve()
        for attempt in range(RESOLVE_TRIES):
            if attempt:
                self.talk.pause(_PAUSE_MS)
            if self._learnt(self._ask(request)):
                self.resolved += 1
                break
        return self.fate

    def vanish(self) -> None:
        """Go at once, as a process that is killed: the port closes, and a change that was under way stays open."""
        self.talk.vanish()
        if self._intent is not None:
            self._go_on(StageEvent.RESTART)
            self.fate = Fate.UNKNOWN

    def reconnect(self) -> Status | None:
        """Come back, greet the pump and ask what became of a change that was left open; return a reading."""
        self.talk.here = True
        self.talk.hang_up()
        return self.poll()

    # --- what becomes of a change -----------------------------------------------------------------------------------

    def _ask(self, request: Message, **how: int) -> Message | None:
        answer = self.talk.ask(request, **how)
        if isinstance(answer, Rejected):
            self.refused[Refusal(answer.reason)] += 1
        return answer

    def _take_what_is_no_answer(self, answer: Message | None) -> None:
        """Take a refusal, or the want of an answer: one that does not fit is none."""
        refusal = answer.reason if isinstance(answer, Rejected) else None
        self._go_on(StageEvent.SILENCE if refusal is None else event_of(refusal))
        if self._intent is None:
            self.fate = Fate.REFUSED

    def _learnt(self, answer: Message | None) -> bool:
        """Take a verdict on the change that is open, if this is one."""
        intent = self._intent
        if intent is None or not isinstance(answer, Outcome) or answer.command_id != intent.command_id:
            return False
        if self.talk.store_id != intent.store_id:
            return False  # another memory, which never saw the change
        if answer.verdict is Verdict.NOT_APPLIED and intent.stage is not Stage.RESOLVING:
            return False  # no answer to a Commit
        intent.decided(answer)
        self._intent = None
        self.fate = Fate.APPLIED if answer.verdict is Verdict.APPLIED else Fate.NOT_APPLIED
        return True

    def _go_on(self, event: StageEvent) -> None:
        if self._intent is not None:
            after = self._intent.after(event)
            self._intent = after if after.is_open else None

    def _settled(self) -> Fate:
        """Ask for the verdict where only that may be asked for by now."""
        if self._intent is not None and self._intent.stage is Stage.RESOLVING:
            return self.resolve()
        return self.fate
