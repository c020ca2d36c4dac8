"""A conversation with the pump on a port: opened with a key, asked one request at a time, opened anew where it was lost.

What is asked and what follows from the answers is `client`'s; here are time-outs, tries, the end of sessions, and the two
ways in which silence is told from a stranger. docs/decisions/0012-back-off-and-session-ends.md
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, TypeVar

from monitor.errors import LinkError, RefusedError
from monitor.greeting import SilenceError, open_session
from monitor.ports import Line
from monitor.snapshot import NS_PER_MS
from protocol.messages import Commit, Prepared, Rejected, Resolve
from protocol.places import BAUD
from protocol.session import LONGEST_SESSION_MS, SessionEndedError
from protocol.timeouts import READ_TRIES, reply_timeout_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.keys import Keyring
    from protocol.fields import Message
    from protocol.keys import Key

_M = TypeVar("_M", bound="Message")
# The next session is opened this long before the present one ends, while that still answers should it not succeed.
_RENEW_BEFORE_MS = 300_000
_RENEW_AGAIN_MS = 60_000  # the longest time for which a pump ignores handshakes


class _UnansweredError(LinkError):
    """The session is dead or the pump is; a new handshake tells."""


class Conversation:
    """An open session on an open port. Sessions end; the next one is opened on the way, and whoever asks does not notice.

    Args:
        url: a device or any URL that pyserial opens.
        keyring: the pairing keys to try.
        serial_number: the pump it must be; None for whichever of the keyring's answers.
        random: returns that many random bytes.
        now_ns: the host's monotonic clock.
        baud: of the line, bits a second; what is waited for goes by it.

    Attributes:
        url: the port.
        key: the key that the pump accepted: whose it is and what it allows.
        store_id: names the pump's memory; another one means that its history was replaced.
        boot: starts of the pump so far.

    Raises:
        LinkError: where there is no such port, no answer, no key, or no pump.
    """

    key: Key
    store_id: bytes
    boot: int

    def __init__(
        self,
        url: str,
        keyring: Keyring,
        serial_number: str | None,
        random: Callable[[int], bytes],
        now_ns: Callable[[], int],
        baud: int = BAUD,
    ) -> None:
        self.url = url
        self._baud = baud
        self._keyring = keyring
        self._random = random
        self._now_ns = now_ns
        self._rounds = keyring.rounds(serial_number)
        if not self._rounds:
            raise LinkError(keyring.what_is_missing(serial_number))
        self._bad_before = 0
        self._prepared_until_ns = 0
        self._line = Line(url, baud)
        self._connect()

    def _connect(self) -> None:
        self._renew_ns = self._now_ns() + (LONGEST_SESSION_MS - _RENEW_BEFORE_MS) * NS_PER_MS
        try:
            self._end, self.key = open_session(
                self._line, self._rounds, self._random, self._now_ns, self._baud
            )
        except SilenceError as silence:
            self._line.close()
            raise LinkError(self._why_nobody(silence)) from silence
        except LinkError:
            self._line.close()
            raise
        challenge = self._end.challenge
        self.store_id = challenge.store_id if challenge else b""
        self.boot = challenge.boot if challenge else 0

    def _why_nobody(self, silence: SilenceError) -> str:
        if silence.met:
            return (
                f"the pump on {self.url} answers, but opens no session: too slowly for {self._baud:,} baud (give the rate of "
                "the line, --baud 9600 say), or our key file was altered"
            )
        paced = f"or its line is not at {self._baud:,} baud, see --baud"
        if not silence.heard:
            return f"no pump answers on {self.url} {self._keyring.why_silent(self._rounds)}; {paced}"
        whose = ", ".join(sorted({key.serial_number for keys in self._rounds for key in keys}))
        pump = f"pump {whose}" if whose else "a pump with the bench key"
        return f"something answers on {self.url}, but it is not {pump}: another device, or a key that is not its own, {paced}"

    @property
    def bad_frames(self) -> int:
        """Frames and fragments that we received and dropped."""
        return self._bad_before + self._end.dropped

    def close(self) -> None:
        """Close the port."""
        self._line.close()

    def reopen(self) -> None:
        """Close the port, open it again, and open a new session with the same pump.

        Raises:
            LinkError: as at the first opening.
        """
        self._line.close()
        dropped = self.bad_frames
        self._rounds = self._keyring.rounds(self.key.serial_number)
        self._line = Line(self.url, self._baud)
        self._connect()
        self._bad_before = dropped

    def ask(self, request: Message, kind: type[_M], tries: int = READ_TRIES) -> tuple[_M, int]:
        """Return the pump's answer and the moment at which the request that it answers was sent, by the monotonic clock.

        The pump may have ended the session before us (it was started again, or its clock runs faster), and then it is
        silent: what gets no answer is asked once more in a new session, but for a Commit, which belongs to the session
        of its Prepare.

        Raises:
            RefusedError: the pump refuses.
            LinkError: where no answer comes, or another memory of the pump is there now.
        """
        if isinstance(request, Commit):
            self._prepared_until_ns = 0
            return self._ask_here(request, kind, tries)
        if isinstance(request, Resolve):
            self._prepared_until_ns = 0
        if self._now_ns() >= max(self._renew_ns, self._prepared_until_ns):
            with contextlib.suppress(
                LinkError
            ):  # the present session is still good, or tells by itself that it is not
                self._renew()
        try:
            return self._ask_here(request, kind, tries)
        except _UnansweredError:
            self._renew()
            return self._ask_here(request, kind, tries)

    def _renew(self) -> None:
        """Open the next session with the same memory of the same pump; what was prepared in this one is so no longer."""
        began_ns = self._now_ns()
        self._renew_ns = began_ns + _RENEW_AGAIN_MS * NS_PER_MS
        try:
            end, _ = open_session(self._line, [[self.key]], self._random, self._now_ns, self._baud)
        except SilenceError as silence:
            raise LinkError(f"the pump on {self.url} does not answer") from silence
        if end.challenge is None or end.challenge.store_id != self.store_id:
            raise LinkError(f"another memory of the pump answers on {self.url} now: connect again")
        self._renew_ns = began_ns + (LONGEST_SESSION_MS - _RENEW_BEFORE_MS) * NS_PER_MS
        self._bad_before += self._end.dropped
        self._end, self.boot = end, end.challenge.boot

    def _ask_here(self, request: Message, kind: type[_M], tries: int) -> tuple[_M, int]:
        """Do as `ask` in the present session."""
        for _ in range(tries):
            asked_ns = self._now_ns()
            try:
                data, counter = self._end.ask(request, asked_ns // NS_PER_MS)
            except SessionEndedError as error:
                raise _UnansweredError("the session has ended: connect again") from error
            self._line.write(data)
            answer = self._await(counter, asked_ns + reply_timeout_ms(self._baud, len(data)) * NS_PER_MS)
            if answer is None:
                continue
            if isinstance(answer, Rejected) and answer.request == request.code:
                raise RefusedError(answer.sentence, answer.reason, answer.bound)
            if not isinstance(answer, kind):
                raise LinkError(f"the pump answered {type(request).__name__} with {type(answer).__name__}")
            if isinstance(answer, Prepared):
                self._prepared_until_ns = asked_ns + answer.ttl_ms * NS_PER_MS
            return answer, asked_ns
        raise _UnansweredError(f"the pump on {self.url} does not answer")

    def _await(self, counter: int, deadline_ns: int) -> Message | None:
        while True:
            left_ns = deadline_ns - self._now_ns()
            data = self._line.read(max(0, -(-left_ns // NS_PER_MS)))
            for answer in self._end.receive(data or b"")[0]:
                if answer.ack >= counter:
                    return answer.message
            if left_ns <= 0:  # also where bytes keep coming that are no answer
                return None
