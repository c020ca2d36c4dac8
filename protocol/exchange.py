"""Both ends of the conversation on one port, without the port: bytes in, messages out, and back.

A host has one request under way at a time and tells its answer by the header's ack: an answer that acknowledges an older
counter answers an older question, and is passed over. How long to wait for it, `timeouts` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protocol.bounds import Finding
from protocol.changes import rejected
from protocol.fields import Message, MessageError
from protocol.frame import FROM_DEVICE, Damage, Decoder, Frame, pieces
from protocol.handshake import DeviceHandshake, HostHandshake
from protocol.machines import CALL, PORT, Call, CallEvent, Port, PortEvent, step
from protocol.messages import MESSAGES, Challenge, Confirm, Hello, Poll, Rejected, Statistics, build, parse
from protocol.session import LONGEST_SESSION_MS, Intrusion, Session, SessionEndedError
from protocol.vocabulary import Refusal, Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.keys import Key


class Answer(NamedTuple):
    """An authenticated message from the pump.

    Attributes:
        message: what it says.
        ack: the newest counter that the pump had accepted when it said so.
    """

    message: Message
    ack: int


class HostEnd:
    """The host's end: opens a session with a key, seals requests, opens answers.

    Args:
        key: the pairing key.
        nonce: 16 fresh random bytes.

    Attributes:
        challenge: who answered the hello; None until somebody did.
    """

    def __init__(self, key: Key, nonce: bytes) -> None:
        self.challenge: Challenge | None = None
        self._state = Call.GREETING
        self._handshake = HostHandshake(key, nonce)
        self._session: Session | None = None
        self._began_ms = 0
        self._decoder = Decoder()
        self._intruders = 0

    @property
    def dropped(self) -> int:
        """Frames and fragments dropped so far: damaged, not from the peer, or not understood."""
        return self._decoder.dropped + self._intruders

    @property
    def is_open(self) -> bool:
        """Whether the pump has sent its first sealed frame, which proves that it holds the key."""
        return self._state is Call.OPEN

    def hello(self, now_ms: int = 0) -> bytes:
        """Return the bytes that open the conversation; `now_ms` is monotonic, and the session's 24 h run from then."""
        self._began_ms = now_ms
        return self._handshake.hello()

    def ask(self, request: Message, now_ms: int = 0) -> tuple[bytes, int]:
        """Return the bytes of a request and its counter, which its answer's `ack` reaches.

        A host that has no clock leaves `now_ms` out, here and in `hello`; its session ends by the pump's silence.

        Raises:
            SessionEndedError: when the session is used up or 24 h old.
            ValueError: before the session is open.
        """
        if self._state is Call.OPEN and now_ms - self._began_ms >= LONGEST_SESSION_MS:
            self._state = step(CALL, self._state, CallEvent.USED_UP)
        if self._state is Call.ENDED:
            raise SessionEndedError
        if self._session is None or self._state is not Call.OPEN:
            raise ValueError("there is no session yet")
        try:
            return self._session.seal(request.code, build(request)), self._session.sent
        except SessionEndedError:
            self._state = step(CALL, self._state, CallEvent.USED_UP)
            raise

    def receive(self, data: bytes) -> tuple[list[Answer], bytes]:
        """Return what the pump said, oldest first, and the bytes to send at once (during the handshake)."""
        answers: list[Answer] = []
        to_send = b""
        for piece in pieces(data):
            for frame in self._decoder.feed(piece):
                if CallEvent.CHALLENGE in CALL[self._state]:
                    to_send += self._greet(frame)
                answer = self._open(frame)
                if answer is not None:
                    answers.append(answer)
        return answers, to_send

    def _greet(self, frame: Frame) -> bytes:
        found = self._handshake.answer(frame)
        if found is None:
            return b""
        to_send, self._session, self.challenge = found
        self._state = step(CALL, self._state, CallEvent.CHALLENGE)
        return to_send

    def _open(self, frame: Frame) -> Answer | None:
        if frame.type == Challenge.code or self._session is None:
            return None
        try:
            if self._session.open(frame) is None:
                if self._state is Call.CONFIRMING:
                    self._state = step(CALL, self._state, CallEvent.SEALED)
                return Answer(parse(frame.type, frame.payload), frame.ack)
        except MessageError:
            pass
        self._intruders += 1
        return None


def sealed(session: Session, message: Message) -> bytes:
    """Return a message as the next frame of a session.

    Raises:
        SessionEndedError: where the session is used up.
    """
    return session.seal(message.code, build(message))


class DeviceEnd:
    """The pump's end on one port: answers the handshake, opens requests, seals what `serve` answers.

    Args:
        handshake: the pump's part of the handshake on this port.
        serve: answers a request made in this role and session; None where it is not to be answered.
        opened: told the role of each session that opens.
        bad_handshakes: told how many handshake frames with wrong tags came in one turn.
        refused: told of each refusal that is given here, of a request that is not understood, and the role it went to.

    Attributes:
        seal: returns the bytes of an answer; none where they are not to be sent.
    """

    def __init__(
        self,
        handshake: DeviceHandshake,
        serve: Callable[[Message, Role, int], Message | None],
        opened: Callable[[Role], None],
        bad_handshakes: Callable[[int], None] = lambda _count: None,
        refused: Callable[[Rejected, Role], None] = lambda _answer, _role: None,
    ) -> None:
        self._handshake = handshake
        self._serve = serve
        self._opened = opened
        self._bad_handshakes = bad_handshakes
        self._refused = refused
        self.seal: Callable[[Session, Message], bytes] = sealed
        self._state = Port.CLOSED
        self._decoder = Decoder()
        self._session: Session | None = None
        self._opened_ms = 0
        self._role = Role.VIEWER
        self._intruders = dict.fromkeys(Intrusion, 0)
        self._accepted = 0
        self._sessions = 0

    @property
    def dropped(self) -> int:
        """Frames and fragments dropped so far: damaged, or not from a peer with a key."""
        return self._decoder.dropped + sum(self._intruders.values()) + self._handshake.refused

    @property
    def session(self) -> int | None:
        """The number of the open session, None before there is one."""
        return None if self._session is None else self._session.number

    def statistics(self, now_ms: int) -> Statistics:
        """Return what was counted here so far; `now_ms` is monotonic wall time."""
        damaged, intruders = self._decoder.damaged, self._intruders
        return Statistics(
            accepted=self._accepted,
            bad_size=damaged[Damage.SIZE],
            bad_cobs=damaged[Damage.COBS],
            bad_crc=damaged[Damage.CRC],
            bad_version=damaged[Damage.VERSION],
            bad_length=damaged[Damage.LENGTH],
            bad_session=intruders[Intrusion.SESSION],
            bad_direction=intruders[Intrusion.DIRECTION],
            bad_counter=intruders[Intrusion.COUNTER],
            bad_tag=intruders[Intrusion.TAG],
            bad_handshake=self._handshake.refused,
            sessions=self._sessions,
            deaf_ms=self._handshake.deaf_ms(now_ms),
        )

    def receive(self, data: bytes, now_ms: int) -> bytes:
        """Return the bytes to answer with; `now_ms` is monotonic wall time."""
        refused = self._handshake.refused
        if self._state is not Port.OPEN and self._handshake.lapse(now_ms):
            self._state = step(PORT, self._state, PortEvent.LATE)
        if self._session is not None and now_ms - self._opened_ms >= LONGEST_SESSION_MS:
            self._end()
        replies = [
            reply
            for piece in pieces(data)
            for frame in self._decoder.feed(piece)
            if (reply := self._answer(frame, now_ms))
        ]
        if self._handshake.refused > refused:
            self._bad_handshakes(self._handshake.refused - refused)
        return b"".join(replies)

    def _answer(self, frame: Frame, now_ms: int) -> bytes:
        if frame.type == Hello.code:
            return self._challenge(frame, now_ms)
        if frame.type == Confirm.code:
            return self._confirm(frame, now_ms)
        session = self._session
        intrusion = Intrusion.SESSION if session is None else session.open(frame)
        if session is None or intrusion is not None:
            self._intruders[intrusion or Intrusion.SESSION] += 1
            return b""
        self._accepted += 1
        return self._reply(session, self._understand(frame, session))

    def _challenge(self, frame: Frame, now_ms: int) -> bytes:
        offer = self._handshake.challenge(frame, now_ms)
        if offer is None:
            return b""
        self._state = step(PORT, self._state, PortEvent.HELLO)
        return offer

    def _confirm(self, frame: Frame, now_ms: int) -> bytes:
        found = self._handshake.confirm(frame, now_ms)
        if found is None:
            return b""
        self._state = step(PORT, self._state, PortEvent.CONFIRM)
        self._session, self._role = found
        self._opened_ms = now_ms
        self._accepted = 0
        self._sessions += 1
        self._opened(self._role)
        return self._reply(self._session, self._serve(Poll(), self._role, self._session.number))

    def _understand(self, frame: Frame, session: Session) -> Message | None:
        kind = MESSAGES.get(frame.type)
        if kind is None or frame.type & FROM_DEVICE:
            said = f"this pump does not know requests of type 0x{frame.type:02x}"
            return self._refusing(rejected(frame.type, Finding(Refusal.UNSUPPORTED, 0, said)))
        try:
            request = parse(frame.type, frame.payload)
        except MessageError as error:
            return self._refusing(rejected(frame.type, Finding(Refusal.MALFORMED, 0, str(error)[:100])))
        return self._serve(request, self._role, session.number)

    def _refusing(self, answer: Rejected) -> Rejected:
        self._refused(answer, self._role)
        return answer

    def _reply(self, session: Session, message: Message | None) -> bytes:
        if message is None:
            return b""
        try:
            return self.seal(session, message)
        except SessionEndedError:
            self._end()
            return b""

    def _end(self) -> None:
        self._state = step(PORT, self._state, PortEvent.ENDED)
        self._session = None
