"""`PumpClient`: a pump as a script or a test uses it. Typed, blocking, one request at a time.

    with PumpClient("/dev/ttyUSB0") as pump:
        reading = pump.status()
        prepared = pump.prepare(ChangeKind.RATE, 25_000, seen=reading)
        outcome = pump.commit(prepared)

The client checks nothing that the pump enforces: limits are the pump's, `protocol.bounds` shows them beforehand.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Self, TypeVar

from monitor.errors import LinkError, MonitorError, OutcomeUnknownError, RefusedError
from monitor.greeting import SilenceError, open_session
from monitor.keys import find_keys
from monitor.ports import Line
from monitor.snapshot import NS_PER_MS, Reading
from protocol.exchange import READ_TRIES, REPLY_TIMEOUT_MS, RESOLVE_TRIES
from protocol.messages import (
    Acknowledge,
    ChangeKind,
    Commit,
    EventRecord,
    Events,
    GetEvents,
    GetLimits,
    Identify,
    Identity,
    Limits,
    Outcome,
    Poll,
    Prepare,
    Prepared,
    Rejected,
    Resolve,
    Role,
    Status,
    Verdict,
)
from protocol.session import SessionEndedError
from protocol.units import format_rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.keys import Keyring
    from protocol.fields import Message

_M = TypeVar("_M", bound="Message")
_COMMAND_ID_SIZE = 8
_PAUSE_BETWEEN_TRIES_S = 0.5


class PumpClient:
    """A conversation with one pump.

    Args:
        url: a device or any URL that pyserial opens.
        keyring: the pairing keys to try; by default those of the user's configuration folder.
        serial_number: the pump it must be; by default whichever of the keyring's answers.
        random: returns that many random bytes.
        now_ns: the host's monotonic clock.

    Attributes:
        url: the port.
        key: the key that the pump accepted: whose it is and what it allows.
        store_id: names the pump's memory; another one means that its history was replaced.
        boot: starts of the pump so far.

    Raises:
        LinkError: where there is no such port, no answer, no key, or no pump.
    """

    def __init__(
        self,
        url: str,
        *,
        keyring: Keyring | None = None,
        serial_number: str | None = None,
        random: Callable[[int], bytes] = os.urandom,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.url = url
        self._keyring = keyring or find_keys()
        self._random = random
        self._now_ns = now_ns
        self._rounds = self._keyring.rounds(serial_number)
        if not self._rounds:
            raise LinkError(self._keyring.what_is_missing(serial_number))
        self._bad_before = 0
        self._line = Line(url)
        self._connect()

    def _connect(self) -> None:
        try:
            self._end, self.key = open_session(self._line, self._rounds, self._random, self._now_ns)
        except SilenceError as silence:
            self._line.close()
            raise LinkError(self._why_nobody(heard=silence.heard)) from silence
        except LinkError:
            self._line.close()
            raise
        challenge = self._end.challenge
        self.store_id = challenge.store_id if challenge else b""
        self.boot = challenge.boot if challenge else 0

    def _why_nobody(self, *, heard: bool) -> str:
        whose = ", ".join(sorted({key.serial_number for keys in self._rounds for key in keys}))
        if heard:
            return f"something answers on {self.url}, but it is not pump {whose}: another device, or a key that is not its own"
        said = f"no pump answers on {self.url} to the key of {whose}: it is off, it is another device"
        return "; ".join([f"{said}, or its key is not in {self._keyring.folder}", *self._keyring.problems])

    @property
    def role(self) -> Role:
        """What our key allows."""
        return self.key.role

    @property
    def serial_number(self) -> str:
        """Who the pump is; proved by the handshake."""
        return self.key.serial_number

    @property
    def bad_frames(self) -> int:
        """Frames and fragments that we received and dropped."""
        return self._bad_before + self._end.dropped

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the port. The pump keeps what it was last told."""
        self._line.close()

    def reopen(self) -> None:
        """Close the port, open it again, and open a new session with the same pump.

        Raises:
            LinkError: as at the first opening.
        """
        self._line.close()
        dropped = self.bad_frames
        self._rounds = self._keyring.rounds(self.serial_number)
        self._line = Line(self.url)
        self._connect()
        self._bad_before = dropped

    # --- reading --------------------------------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return who the pump says it is.

        Raises:
            LinkError: where no answer comes.
        """
        return self._ask(Identify(), Identity)[0]

    def status(self) -> Reading:
        """Return a reading, with the moment before which it cannot have been taken.

        Raises:
            LinkError: where no answer comes.
        """
        status, asked_ns = self._ask(Poll(), Status)
        return Reading(self.serial_number, status, asked_ns)

    def limits(self) -> Limits:
        """Return the limits that the pump enforces.

        Raises:
            LinkError: where no answer comes.
        """
        return self._ask(GetLimits(), Limits)[0]

    def events(self, since: int = 1) -> list[EventRecord]:
        """Return the entries of the pump's event log from number `since` on, oldest first.

        Raises:
            LinkError: where no answer comes.
        """
        found: list[EventRecord] = []
        while True:
            page = self._ask(GetEvents(since), Events)[0]
            found += page.events
            if not page.events or page.events[-1].number >= page.newest:
                return found
            since = page.events[-1].number + 1

    # --- changing -------------------------------------------------------------------------------------------------

    def prepare(
        self, kind: ChangeKind, new_rate_nl_h: int = 0, *, seen: Reading, overridden: bool = False
    ) -> Prepared:
        """Ask the pump to prepare a change decided on the reading `seen`, and return its read-back. Changes nothing.

        Args:
            kind: what to change.
            new_rate_nl_h: the rate wanted; 0 for a stop or a resume.
            seen: what the operator saw: the pump refuses if it is not so any more.
            overridden: whether a soft limit was overridden, for the pump's log.

        Raises:
            RefusedError: the pump refuses, or its read-back is not what was asked.
            LinkError: where no answer comes.
        """
        if seen.serial_number != self.serial_number:
            raise RefusedError(f"decided on pump {seen.serial_number}, but this is {self.serial_number}")
        status = seen.status
        command_id = self._random(_COMMAND_ID_SIZE)
        rates = (status.commanded_rate_nl_h, new_rate_nl_h)
        request = Prepare(command_id, kind, status.revision, *rates, int(overridden))
        prepared, _ = self._ask(request, Prepared)
        echoed = (prepared.command_id, prepared.kind, prepared.revision, prepared.old_rate_nl_h)
        same_rate = kind is not ChangeKind.RATE or prepared.new_rate_nl_h == new_rate_nl_h
        if echoed != (command_id, kind, status.revision, status.commanded_rate_nl_h) or not same_rate:
            self.resolve(command_id)
            raise RefusedError("the pump's read-back is not what was asked; nothing was changed")
        return prepared

    def commit(self, prepared: Prepared) -> Outcome:
        """Apply what was prepared. After a lost answer the pump is asked what became of it, never guessed at.

        Raises:
            RefusedError: it was not applied.
            OutcomeUnknownError: the answer was lost and the pump can't be asked now.
        """
        store_id = self.store_id
        try:
            outcome = self._ask(Commit(prepared.command_id, prepared.token), Outcome, tries=1)[0]
        except LinkError as error:
            outcome = self._settle(prepared, store_id, error)
        if outcome.verdict is Verdict.NOT_APPLIED:
            raise RefusedError(
                "the commit did not reach the pump, and it will not be applied any more; try again"
            )
        return outcome

    def resolve(self, command_id: bytes) -> Outcome:
        """Ask what became of a change: applied, or from now on never.

        Raises:
            LinkError: where no answer comes.
        """
        return self._ask(Resolve(command_id), Outcome)[0]

    def acknowledge(self, alarms: int) -> Reading:
        """Tell the pump that somebody has seen these alarms (a bit each), and return the reading after it.

        Raises:
            RefusedError: our key only reads.
            LinkError: where no answer comes.
        """
        status, asked_ns = self._ask(Acknowledge(alarms), Status)
        return Reading(self.serial_number, status, asked_ns)

    def _settle(self, prepared: Prepared, store_id: bytes, lost: LinkError) -> Outcome:
        """Ask for the verdict on a commit whose answer was lost, over a new session where the old one is dead."""
        for attempt in range(RESOLVE_TRIES):
            try:
                if attempt:
                    time.sleep(_PAUSE_BETWEEN_TRIES_S)  # an emulator or an adapter may be coming back
                    self.reopen()
                if self.store_id != store_id:
                    break
                return self.resolve(prepared.command_id)
            except MonitorError:
                continue  # a refusal decides nothing either: it may be only the key that reads that was let in again
        replaced = self.store_id != store_id
        why = "the pump came back with another memory" if replaced else f"the answer was lost: {lost}"
        rates = f"{format_rate(prepared.old_rate_nl_h)} or {format_rate(prepared.new_rate_nl_h)}"
        raise OutcomeUnknownError(
            f"the rate is {rates}: {why}", prepared.command_id, prepared.old_rate_nl_h, prepared.new_rate_nl_h
        )

    # --- asking ---------------------------------------------------------------------------------------------------

    def _ask(self, request: Message, kind: type[_M], tries: int = READ_TRIES) -> tuple[_M, int]:
        """Return the pump's answer and the moment at which the request that it answers was sent."""
        for _ in range(tries):
            try:
                data, counter = self._end.ask(request)
            except SessionEndedError as error:
                raise LinkError("the session is used up: connect again") from error
            asked_ns = self._now_ns()
            self._line.write(data)
            answer = self._await(counter, asked_ns + REPLY_TIMEOUT_MS * NS_PER_MS)
            if answer is None:
                continue
            if isinstance(answer, Rejected):
                raise RefusedError(answer.sentence, answer.reason, answer.bound)
            if not isinstance(answer, kind):
                raise LinkError(f"the pump answered {type(request).__name__} with {type(answer).__name__}")
            return answer, asked_ns
        raise LinkError(f"the pump on {self.url} does not answer")

    def _await(self, counter: int, deadline_ns: int) -> Message | None:
        while True:
            left_ns = deadline_ns - self._now_ns()
            data = self._line.read(max(0, -(-left_ns // NS_PER_MS)))
            for answer in self._end.receive(data or b"")[0]:
                if answer.ack >= counter:
                    return answer.message
            if left_ns <= 0:  # also where bytes keep coming that are no answer
                return None
