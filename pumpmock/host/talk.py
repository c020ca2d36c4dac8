"""The host's talk with the pump: sessions, tries and time-outs, by `protocol.timeouts`.

To wait, it asks whoever owns the time. A session ends; the next one is opened on the way.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from protocol.exchange import HostEnd
from protocol.handshake import NONCE_SIZE
from protocol.keys import serial_number_of
from protocol.messages import Commit, Rejected, Status
from protocol.places import BAUD
from protocol.session import SessionEndedError
from protocol.timeouts import HANDSHAKE_TRIES, READ_TRIES, handshake_timeout_ms, reply_timeout_ms
from pumpmock.host.cable import PulledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.fields import Message
    from protocol.keys import Key
    from pumpmock.host.cable import Cable

    Wait = Callable[[int, Callable[[], bool]], object]

_NS_A_MS = 1_000_000


class VanishedError(Exception):
    """The host has gone in the middle of what it was doing."""


class Talk:
    """A host's talk with the pump over a cable.

    Args:
        cable: to the pump.
        key: the pairing key.
        random: returns that many random bytes.
        now_ns: the host's monotonic clock.
        wait: lets so many nanoseconds pass, or fewer if what it is given comes true before that.

    Attributes:
        status: the newest reading; None before there was one.
        unanswered: how many requests and greetings got no answer in time.
        sessions: how many were opened.
        here: whether the host runs.
        serial_number: of the pump that answered last; "" before one did.
        store_id: of its memory.
    """

    def __init__(
        self,
        cable: Cable,
        key: Key,
        random: Callable[[int], bytes],
        now_ns: Callable[[], int],
        wait: Wait,
    ) -> None:
        self.status: Status | None = None
        self.unanswered = 0
        self.sessions = 0
        self.here = True
        self.serial_number = ""
        self.store_id = b""
        self._cable = cable
        self._key = key
        self._random = random
        self._now_ns = now_ns
        self._wait = wait
        self._end: HostEnd | None = None

    def ask(self, request: Message, tries: int = READ_TRIES) -> Message | None:
        """Return the pump's answer; None where none comes, in a new session neither.

        A Commit belongs to the session of its Prepare, and is asked in no other.

        Raises:
            VanishedError: where the host has gone meanwhile.
        """
        answer = self._ask_here(request, tries)
        if answer is None and not isinstance(request, Commit) and self._greet():
            answer = self._ask_here(request, tries)
        if isinstance(answer, Status):
            self.status = answer
        return answer

    def babble(self, size: int) -> None:
        """Send so many random bytes, as something does that is no host, on an open port."""
        with contextlib.suppress(PulledError):
            self._cable.connect()
            self._cable.write(self._random(size))

    def hang_up(self) -> None:
        """Close the port; the next question opens it again."""
        self._end = None
        self._cable.hang_up()

    def vanish(self) -> None:
        """Go at once, whatever is under way."""
        self.here = False
        self.hang_up()

    def pause(self, span_ms: int) -> None:
        """Do nothing for a while.

        Raises:
            VanishedError: where the host has gone meanwhile.
        """
        self._await(span_ms, lambda: False)

    def _ask_here(self, request: Message, tries: int) -> Message | None:
        """Ask in the present session; None without one."""
        for _ in range(tries):
            if self._end is None:
                return None
            try:
                data, counter = self._end.ask(request, self._now_ns() // _NS_A_MS)
                self._cable.write(data)
            except (SessionEndedError, PulledError):
                self.hang_up()
                return None
            found: list[Message] = []
            within_ms = reply_timeout_ms(BAUD, len(data))
            self._await(within_ms, lambda: self._heard(request, counter, found))  # noqa: B023 - called before it returns
            if found:
                return found[0]
            self.unanswered += 1
        return None

    def _heard(self, request: Message, counter: int, found: list[Message]) -> bool:
        """Take what has come. An answer that acknowledges an older counter answers an older question."""
        try:
            data = self._cable.read()
        except PulledError:
            self._end = None
            return True
        if self._end is None:
            return True
        for message, ack in self._end.receive(data)[0]:
            if ack >= counter and not (isinstance(message, Rejected) and message.request != request.code):
                found.append(message)
        return bool(found)

    def _greet(self) -> bool:
        """Open a session; tell whether the pump answered."""
        self._end = None
        for _ in range(HANDSHAKE_TRIES):
            end = HostEnd(self._key, self._random(NONCE_SIZE))
            try:
                self._cable.connect()
                self._cable.write(end.hello(self._now_ns() // _NS_A_MS))
                self._await(handshake_timeout_ms(BAUD), lambda: self._shook(end))  # noqa: B023 - called before it returns
            except PulledError:
                return False
            if end.is_open and end.challenge is not None:
                self.serial_number = serial_number_of(end.challenge.device_id)
                self.store_id = end.challenge.store_id
                self._end = end
                self.sessions += 1
                return True
            self.unanswered += 1
        return False

    def _shook(self, end: HostEnd) -> bool:
        """Take what has come of the handshake, and go on with it."""
        while data := self._cable.read():
            answers, to_send = end.receive(data)
            if answers and isinstance(answers[0].message, Status):
                self.status = answers[0].message
            if to_send:
                self._cable.write(to_send)
        return end.is_open

    def _await(self, span_ms: int, ready: Callable[[], bool]) -> None:
        self._wait(span_ms * _NS_A_MS, lambda: not self.here or ready())
        if not self.here:
            raise VanishedError
