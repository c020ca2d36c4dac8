"""`PumpClient`: a pump as a script or a test uses it. Typed, blocking, one request at a time.

    with PumpClient("/dev/ttyUSB0") as pump:
        reading = pump.status()
        prepared = pump.prepare(Change(ChangeKind.RATE, 25_000), seen=reading)
        outcome = pump.commit(prepared)

The client checks nothing that the pump enforces: limits are the pump's, `protocol.bounds` shows them beforehand.
What became of a change it never guesses: it is noted on the disk before its first byte leaves, and whatever was left
without a verdict is asked about before anything else.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Self

from monitor.changing import Changes
from monitor.conversation import Conversation
from monitor.deeds import Deeds
from monitor.errors import RefusedError
from monitor.intents import Intents, default_folder
from monitor.keys import find_keys
from monitor.snapshot import Reading
from protocol.messages import (
    Acknowledge,
    AudioPause,
    Bench,
    EventRecord,
    Events,
    GetBench,
    GetEvents,
    GetLimits,
    GetProgram,
    GetStatistics,
    Identify,
    Identity,
    Limits,
    Poll,
    Program,
    Statistics,
    Status,
)
from protocol.places import BAUD
from protocol.vocabulary import Log, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.deeds import Trail
    from monitor.keys import Keyring
    from protocol.intent import Intent
    from protocol.messages import Change, Outcome, Prepared
    from protocol.vocabulary import Role


class PumpClient:
    """A conversation with one pump.

    Args:
        url: a device or any URL that pyserial opens.
        keyring: the pairing keys to try; by default those of the user's configuration folder.
        serial_number: the pump it must be; by default whichever of the keyring's answers.
        baud: of the line, bits a second: what it is set to, and what time-outs go by.
        intents: where changes are noted; by default in the user's state.
        trail: where they are put on record, a `monitor.history.recorder.Recorder`, say; by default nowhere.
        random: returns that many random bytes.
        now_ns: the host's monotonic clock.
        now_s: the host's calendar clock, for notes.

    Raises:
        LinkError: where there is no such port, no answer, no key, or no pump.
    """

    def __init__(  # noqa: PLR0913 - all but the port have a default
        self,
        url: str,
        *,
        keyring: Keyring | None = None,
        serial_number: str | None = None,
        baud: int = BAUD,
        intents: Intents | None = None,
        trail: Trail | None = None,
        random: Callable[[int], bytes] = os.urandom,
        now_ns: Callable[[], int] = time.monotonic_ns,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._line = Conversation(url, keyring or find_keys(), serial_number, random, now_ns, baud)
        notes = intents or Intents(default_folder(bench=self._line.key.is_bench))
        self._deeds = Deeds(self._line, trail)
        self._changes = Changes(self._line, notes, random, now_s, self._deeds)
        self._is_bench = True  # until it says that it does not know the question
        try:
            self._changes.settle()
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """The port."""
        return self._line.url

    @property
    def store_id(self) -> bytes:
        """What names the pump's memory; another one means that its history was replaced."""
        return self._line.store_id

    @property
    def boot(self) -> int:
        """The pump's starts so far."""
        return self._line.boot

    @property
    def role(self) -> Role:
        """What our key allows."""
        return self._line.key.role

    @property
    def serial_number(self) -> str:
        """Who the pump is; proved by the handshake."""
        return self._line.key.serial_number

    @property
    def bad_frames(self) -> int:
        """Frames and fragments that we received and dropped."""
        return self._line.bad_frames

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the port. The pump keeps what it was last told; changes without a verdict stay noted."""
        self._line.close()
        self._changes.close()

    def reopen(self) -> None:
        """Close the port, open it again, and open a new session with the same pump.

        Raises:
            LinkError: as at the first opening.
        """
        self._line.reopen()
        self._is_bench = True
        self._changes.settle()

    # --- reading --------------------------------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return who the pump says it is.

        Raises:
            LinkError: where no answer comes.
        """
        return self._line.ask(Identify(), Identity)[0]

    def status(self) -> Reading:
        """Return a reading, with the moment before which it cannot have been taken.

        Raises:
            LinkError: where no answer comes.
        """
        status, asked_ns = self._line.ask(Poll(), Status)
        return Reading(self.serial_number, status, asked_ns)

    def limits(self) -> Limits:
        """Return the limits that the pump enforces.

        Raises:
            LinkError: where no answer comes.
        """
        return self._line.ask(GetLimits(), Limits)[0]

    def events(self, since: int = 1, log: Log = Log.EVENTS) -> list[EventRecord]:
        """Return the entries of the pump's event log, or of its fault log, from number `since` on, oldest first.

        Raises:
            LinkError: where no answer comes.
        """
        found: list[EventRecord] = []
        while True:
            page = self.page(since, log)
            found += page.events
            if not page.events or page.events[-1].number >= page.newest:
                return found
            since = page.events[-1].number + 1

    def page(self, since: int = 1, log: Log = Log.EVENTS) -> Events:
        """Return the first entries of a log from number `since` on, as many as one answer holds.

        Raises:
            LinkError: where no answer comes.
        """
        return self._line.ask(GetEvents(since, log), Events)[0]

    def program(self, weekday: int) -> Program:
        """Return the program of a weekday, 0 for Monday, and what stands over it now.

        Raises:
            LinkError: where no answer comes.
        """
        return self._line.ask(GetProgram(weekday), Program)[0]

    def statistics(self) -> Statistics:
        """Return what the pump has counted on this port.

        Raises:
            LinkError: where no answer comes.
        """
        return self._line.ask(GetStatistics(), Statistics)[0]

    def bench(self) -> Bench | None:
        """Return which faults are injected into the pump, and how fast its time goes; None where it is on no bench.

        Worth asking while `Status.bench_faults` is not 0. Who says that it does not know the question is not asked again.

        Raises:
            LinkError: where no answer comes.
        """
        if not self._is_bench:
            return None
        try:
            return self._line.ask(GetBench(), Bench)[0]
        except RefusedError as refused:
            if refused.reason != Refusal.UNSUPPORTED:
                raise
            self._is_bench = False
            return None

    # --- changing -------------------------------------------------------------------------------------------------

    @property
    def unresolved(self) -> tuple[Intent, ...]:
        """The changes that may or may not have been applied, oldest first: while there is one, only asking is allowed."""
        return self._changes.unresolved

    @property
    def settled(self) -> tuple[tuple[Intent, Outcome], ...]:
        """The changes whose verdict was learned by asking, oldest first, with it; also those of a monitor that ended."""
        return tuple(self._changes.settled)

    @property
    def problem(self) -> str:
        """Why changes can't be looked up, or could not be noted when it was tried last; empty where they can."""
        return self._changes.problem

    def prepare(self, change: Change, *, seen: Reading, reason: str = "") -> Prepared:
        """Ask the pump to prepare a change decided on the reading `seen`, and return its read-back. Changes nothing.

        Args:
            change: what is wanted.
            seen: what the operator saw: the pump refuses if it is not so any more.
            reason: why a soft limit is overridden, for the notes here; the pump is told that one is. Empty where none is.

        Raises:
            RefusedError: the pump refuses, its read-back is not what was asked, or the change can't be noted.
            OutcomeUnknownError: another change of this pump has no verdict yet.
            LinkError: where no answer comes.
        """
        return self._changes.prepare(change, seen=seen, reason=reason)

    def commit(self, prepared: Prepared) -> Outcome:
        """Apply what was prepared. After a lost answer the pump is asked what became of it, never guessed at.

        Raises:
            RefusedError: it was not applied.
            OutcomeUnknownError: the answer was lost and the pump can't be asked now.
        """
        return self._changes.commit(prepared)

    def resolve(self, command_id: bytes) -> Outcome:
        """Ask what became of a change that was begun here: applied, or from now on never.

        Raises:
            RefusedError: another memory answers by now, which never saw the change; or our key only reads.
            LinkError: where no answer comes.
        """
        return self._changes.resolve(command_id)

    def recall(self, command_id: bytes) -> Outcome:
        """Ask what the pump knows of a change whose verdict is on record: `monitor.history.names` says what that proves.

        Not for an id that was never sent: the pump would take it for one that was given up.

        Raises:
            RefusedError: it has no verdict yet, or our key only reads.
            LinkError: where no answer comes.
        """
        return self._changes.recall(command_id)

    def settle(self) -> None:
        """Ask for the verdict on every change of this pump that was left without one, by us or by another monitor.

        What can't be asked about, or gets no answer, stays open: see `unresolved`.
        """
        self._changes.settle()

    def obstacle(self, intent: Intent) -> str:
        """Say why the pump can't be asked about a change, in a sentence; empty if it can."""
        return self._changes.obstacle(intent)

    def check_settled(self) -> None:
        """Refuse to go on where a change is in doubt, after having asked about it.

        Raises:
            OutcomeUnknownError: a change of this pump has no verdict yet.
            RefusedError: changes can't be looked up.
        """
        self._changes.check_settled()

    def check_discard(self, command_id: bytes) -> None:
        """Refuse to give up what need not be given up.

        Raises:
            RefusedError: there is no such change, or the pump can still be asked.
        """
        self._changes.check_discard(command_id)

    def discard(self, command_id: bytes) -> None:
        """Give up asking for a verdict that can't be had any more: somebody has looked at the pump.

        Raises:
            RefusedError: there is no such change, or the pump can still be asked.
        """
        self._changes.discard(command_id)

    def acknowledge(self, alarms: int) -> Reading:
        """Tell the pump that somebody has seen these alarms (a bit each), and return the reading after it.

        Raises:
            RefusedError: our key only reads.
            LinkError: where no answer comes.
        """
        status, asked_ns = self._line.ask(Acknowledge(alarms), Status)
        self._deeds.did("acknowledged", alarms=alarms)
        return Reading(self.serial_number, status, asked_ns)

    def pause_audio(self, seconds: int) -> Reading:
        """Silence the alarm sound for `seconds` of pump time, 600 at the most; 0 ends a pause. Return the reading after it.

        Raises:
            RefusedError: our key only reads.
            LinkError: where no answer comes.
        """
        status, asked_ns = self._line.ask(AudioPause(seconds), Status)
        self._deeds.did("audio_paused", seconds=seconds)
        return Reading(self.serial_number, status, asked_ns)
