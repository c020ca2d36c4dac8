"""One pump's conversation as the fleet has it, without its port: greet, ask who is there, then ask for readings.

Bytes and instants in, bytes out; what is due when stands here as data, and whoever owns the clock keeps it. It asks for
nothing that changes a pump: that is `client`'s, on the pump's own screen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.errors import LinkError, RefusedError
from monitor.snapshot import NS_PER_MS
from protocol.exchange import HostEnd
from protocol.handshake import NONCE_SIZE
from protocol.keys import serial_number_of
from protocol.messages import Events, GetEvents, Identify, Identity, Poll, Rejected, Status
from protocol.places import BAUD
from protocol.session import LONGEST_SESSION_MS, SessionEndedError
from protocol.timeouts import HANDSHAKE_TRIES, READ_TRIES, handshake_timeout_ms, line_ms, reply_timeout_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.fields import Message
    from protocol.keys import Key

# Greetings sent at once where it is not known whose key is wanted: what a port takes without waiting, 80 bytes each.
_AT_ONCE = 16
# The next ones follow so long after, beside the time of their bytes, and the answers to the first are still waited for: in
# five such intervals a handshake is over.
_NEXT_MS = 100
_WAITED_FOR = 6 * _AT_ONCE
_RENEW_AFTER_NS = (LONGEST_SESSION_MS - 300_000) * NS_PER_MS  # before the session ends by itself


class Heard(NamedTuple):
    """What the pump answered.

    Attributes:
        message: the answer.
        asked_ns: when it was asked, nanoseconds of the host's monotonic clock.
        since: of a page of the event log, from which number on it was asked for.
    """

    message: Identity | Status | Events
    asked_ns: int
    since: int = 0


_WANTED: Final[dict[type, type[Identity | Status | Events]]] = {
    Identify: Identity,
    Poll: Status,
    GetEvents: Events,
}


class Talk:
    """A conversation on a port that somebody else owns.

    Args:
        rounds: the keys to try, one a pump in each round, as `Keyring.rounds` orders them; at least one. Within a round
            greetings follow one another without waiting, since one of them at the most is answered.
        random: returns that many random bytes.
        silence: what to say where no pump answers to any of them.
        baud: of the line, bits a second; what is waited for goes by it.

    Attributes:
        due_ns: when `expire` is to be called; None while nothing is under way.
        key: the key that the pump accepted; None before.
    """

    def __init__(
        self, rounds: list[list[Key]], random: Callable[[int], bytes], silence: str, baud: int = BAUD
    ) -> None:
        self.due_ns: int | None = None
        self.key: Key | None = None
        self._rounds = rounds
        self._random = random
        self._silence = silence
        self._baud = baud
        self._ends: list[tuple[HostEnd, Key]] = []
        self._end: HostEnd | None = None
        self._round = 0
        self._next = 0  # the key of the round with which the next greetings begin
        self._tries = 0
        self._request: Message | None = None
        self._counter = 0
        self._asked_ns = 0
        self._renew_ns = 0
        self._dropped = 0
        self._is_second_session = False
        self._has_log = True  # until it refuses to be asked for it

    @property
    def bad_frames(self) -> int:
        """Frames and fragments received and dropped."""
        return self._dropped + (0 if self._end is None else self._end.dropped)

    def hello(self, now_ns: int) -> bytes:
        """Return the bytes that open a session, with the key that is known to fit or else with the first round."""
        if self.key is not None:
            self._rounds = [[self.key]]
        self._dropped = self.bad_frames
        self._end = None
        self._round = self._tries = self._next = 0
        return self._greet(now_ns)

    def _greet(self, now_ns: int) -> bytes:
        """Return the next greetings of a round; from the first ones on it is another try."""
        self._request = None
        if not self._next:
            self._tries += 1
            self._ends = []
        keys = self._rounds[self._round][self._next : self._next + _AT_ONCE]
        ends = [(HostEnd(key, self._random(NONCE_SIZE)), key) for key in keys]
        self._ends = [*self._ends, *ends][-_WAITED_FOR:]
        self._next += len(keys)
        data = b"".join(end.hello(now_ns // NS_PER_MS) for end, _ in ends)
        wait_ms = _NEXT_MS + line_ms(len(data), self._baud)
        if self._next == len(self._rounds[self._round]):
            self._next, wait_ms = 0, handshake_timeout_ms(self._baud, len(keys))
        self.due_ns = now_ns + wait_ms * NS_PER_MS
        self._renew_ns = now_ns + _RENEW_AFTER_NS
        return data

    def poll(self, now_ns: int) -> bytes:
        """Return the bytes that ask for a reading, or where the session gets old, for the next one."""
        return self.hello(now_ns) if now_ns >= self._renew_ns else self._begin(Poll(), now_ns)

    def ask_for_log(self, since: int, now_ns: int) -> bytes:
        """Return the bytes that ask for a page of the event log from a number on; nothing while an answer is waited for."""
        if self.due_ns is not None or not self._has_log:
            return b""
        return self._begin(GetEvents(since), now_ns)

    def receive(self, data: bytes, now_ns: int) -> tuple[bytes, Heard | None]:
        """Return what to send at once, and what the pump has said.

        Raises:
            RefusedError: it refuses to be read.
            LinkError: it answers something else.
        """
        if self._end is None:
            return self._meet(data, now_ns), None
        for answer in self._end.receive(data)[0]:
            if self._request is not None and answer.ack >= self._counter:
                return self._take(answer.message, now_ns)
        return b"", None

    def _meet(self, data: bytes, now_ns: int) -> bytes:
        to_send = b""
        for end, key in self._ends:
            to_send += end.receive(data)[1]
            if end.is_open and end.challenge is not None:
                self._end, self._ends = end, []
                self.key = replace(key, serial_number=serial_number_of(end.challenge.device_id))
                return to_send + self._begin(Identify(), now_ns)
        return to_send

    def _take(self, message: Message, now_ns: int) -> tuple[bytes, Heard | None]:
        request, self._request, self.due_ns = self._request, None, None
        if isinstance(message, Rejected):
            if isinstance(request, GetEvents):  # a pump without such a log is read all the same
                self._has_log = False
                return b"", None
            raise RefusedError(message.sentence, message.reason, message.bound)
        wanted = Status if request is None else _WANTED[type(request)]
        if not isinstance(message, Identity | Status | Events) or not isinstance(message, wanted):
            raise LinkError(f"the pump answered {type(request).__name__} with {type(message).__name__}")
        since = request.since if isinstance(request, GetEvents) else 0
        heard = Heard(message, self._asked_ns, since)
        if isinstance(message, Identity):
            return self._begin(Poll(), now_ns), heard
        self._is_second_session = False
        return b"", heard

    def expire(self, now_ns: int) -> bytes:
        """Return what is sent now that no answer has come in time.

        Raises:
            LinkError: nobody answers.
        """
        if self._end is None:
            return self._greet_again(now_ns)
        if self._request is not None and self._tries < READ_TRIES:
            return self._ask(self._request, now_ns)
        if self._is_second_session:
            raise LinkError("the pump does not answer")
        self._is_second_session = True  # it may have been started again, and is silent to the old session
        return self.hello(now_ns)

    def _greet_again(self, now_ns: int) -> bytes:
        if self._next:
            return self._greet(now_ns)
        if self._tries >= HANDSHAKE_TRIES:
            self._round, self._tries = self._round + 1, 0
        if self._round >= len(self._rounds):
            raise LinkError(self._silence if self.key is None else "the pump does not answer")
        return self._greet(now_ns)

    def _begin(self, request: Message, now_ns: int) -> bytes:
        self._tries = 0
        return self._ask(request, now_ns)

    def _ask(self, request: Message, now_ns: int) -> bytes:
        if self._end is None:
            return b""
        try:
            data, self._counter = self._end.ask(request, now_ns // NS_PER_MS)
        except SessionEndedError:
            return self.hello(now_ns)
        self._tries += 1
        self._request, self._asked_ns = request, now_ns
        self.due_ns = now_ns + reply_timeout_ms(self._baud, len(data)) * NS_PER_MS
        return data
