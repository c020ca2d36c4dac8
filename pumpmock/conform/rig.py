"""What a check holds in its hand: a line, keys, an open session, and a way to see that something was met with silence.

Silence needs no waiting. A device answers each request before it accepts the next frame, so whatever deserves no answer is
sent with a good Poll behind it: the answer to that has to be the first thing that comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from protocol.fields import Message, MessageError
from protocol.frame import FROM_DEVICE, Frame
from protocol.handshake import NONCE_SIZE, handshake_key
from protocol.keys import Key, serial_number_of
from protocol.messages import Challenge, GetStatistics, Poll, Rejected, Statistics, Status, build, parse
from protocol.places import BAUD
from protocol.session import Side, is_tag
from pumpmock.conform.check import FailedError, demand, ensure, judged
from pumpmock.conform.forge import Greeting, Offer, Session
from pumpmock.conform.line import Line
from pumpmock.conform.told import shown, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.vocabulary import Refusal
    from pumpmock.conform.desk import Made
    from pumpmock.conform.line import Outside
    from pumpmock.conform.wire import Wire

_M = TypeVar("_M", bound=Message)
NO_COMMAND = bytes(8)
_PAUSES_MS = tuple(1_000 << doubled for doubled in range(6))  # more than LONGEST_BACK_OFF_MS together
_BABBLE = 64  # frames that no request explains, after which nobody listens any more


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys at hand for one device: a viewer's, and one that changes; one of them at the least."""

    viewer: Key | None
    changer: Key | None

    @property
    def reader(self) -> Key:
        """The key to read with: the one that can do the least harm."""
        key = self.viewer or self.changer
        if key is None:
            raise ValueError("there is no key")
        return key


class Rig(Line):
    """A line with keys, on which sessions are opened and frames of any kind sent.

    Args:
        dial: opens the line, and opens it again.
        keys: the keys at hand.
        outside: clock and randomness.
        patience_ms: how long to wait for an answer that must come, beside the time that bytes take.
        say: told what is being waited for, where that takes longer.
        baud: of the line, bits a second.

    Attributes:
        session: the open session; None where there is none, or nobody knows.
        offer: the challenge that it came of.
        first: the first reading of the run; None before there was one.
        over_a_limit: how many refusals over a limit were brought about in it.
        made: the change that was applied for the checks, which is to be undone; None where none was.
    """

    def __init__(
        self,
        dial: Callable[[], Wire],
        keys: Keys,
        outside: Outside,
        patience_ms: int,
        say: Callable[[str], None] = lambda _text: None,
        baud: int = BAUD,
    ) -> None:
        super().__init__(dial, outside, patience_ms, baud)
        self.keys = keys
        self.say = say
        self.session: Session | None = None
        self.offer: Offer | None = None
        self.first: Status | None = None
        self.over_a_limit = 0
        self.made: Made | None = None

    def hang_up(self) -> None:
        """Close the line, open it again, and have no session."""
        self.session = None
        super().hang_up()

    def second(self) -> Rig:
        """Open another line to the same device, with the same keys; whoever asks for it closes it."""
        return Rig(self.dial, self.keys, self.outside, self.patience_ms, self.say, self.baud)

    # --- in a session -------------------------------------------------------------------------------------------------

    @property
    def open_session(self) -> Session:
        """The open session.

        Raises:
            FailedError: where there is none.
        """
        if self.session is None:
            raise FailedError("an open session", "none")
        return self.session

    def opened(self, frame: Frame) -> Message:
        """Return what a frame of the open session says; it has to be the next one, and sealed by the device.

        Raises:
            FailedError: where anything of it is wrong.
        """
        session = self.open_session
        demand(frame.session, session.number, "a frame of session")
        ensure(so=bool(frame.type & FROM_DEVICE), expected="bit 7 set in the type", got=f"0x{frame.type:02x}")
        demand(frame.counter, session.heard + 1, "the device's counter")
        right = is_tag(session.keys[Side.DEVICE], frame.tag, frame.signed)
        ensure(so=right, expected="a tag by the pump key", got=frame.tag)
        session.heard = frame.counter
        try:
            return parse(frame.type, frame.payload)
        except MessageError as error:
            raise FailedError(
                "a payload as its type is laid out", f"{error}: {frame.payload.hex()}"
            ) from error

    def until(self, counter: int) -> list[Frame]:
        """Return all frames up to the one that answers the frame with this counter.

        Raises:
            FailedError: where it does not come.
        """
        session, frames = self.open_session, [self.frame()]
        while not (frames[-1].session == session.number and frames[-1].ack >= counter):
            ensure(
                so=len(frames) < _BABBLE, expected=f"an answer with ack {counter}", got=f"{_BABBLE} others"
            )
            frames.append(self.frame())
        demand(frames[-1].ack, counter, "an answer with ack")
        return frames

    def ask_raw(self, code: int, payload: bytes = b"") -> Message:
        """Send a request of any kind and return its one answer."""
        session = self.open_session
        self.send(session.seal(code, payload))
        frames = self.until(session.sent)
        demand(len(frames), 1, "frames in answer:")
        return self.opened(frames[0])

    def ask(self, request: Message, kind: type[_M]) -> _M:
        """Send a request and return its answer, which has to be of this kind.

        Raises:
            FailedError: where it is another one.
        """
        answer = self.ask_raw(request.code, build(request))
        if not isinstance(answer, kind):
            raise FailedError(f"{kind.__name__} in answer to {type(request).__name__}", shown(answer))
        return answer

    def refused(
        self, request: Message, *reasons: Refusal, command_id: bytes | None = None, bound: int | None = None
    ) -> Rejected:
        """Send a request that has to be refused for one of these reasons, and return the refusal."""
        given = NO_COMMAND if command_id is None else command_id
        return self.refused_raw(request.code, build(request), *reasons, command_id=given, bound=bound)

    def refused_raw(
        self,
        code: int,
        payload: bytes,
        *reasons: Refusal,
        command_id: bytes = NO_COMMAND,
        bound: int | None = None,
    ) -> Rejected:
        """Send any payload, which has to be refused."""
        answer = self.ask_raw(code, payload)
        return judged(answer, code, reasons, command_id=command_id, bound=bound)

    def before_a_poll(self, *chunks: bytes) -> tuple[list[Frame], Status]:
        """Send chunks and then a good Poll; return the frames that came before its answer, and that answer."""
        session = self.open_session
        self.send_together(*chunks, session.seal(Poll.code))
        try:
            *before, last = self.until(session.sent)
        except FailedError as error:
            raise FailedError(f"{error.expected} to the good Poll that followed", error.got) from error
        if any(frame.session == session.number for frame in before):
            session.heard = last.counter - 1  # whoever demanded silence will say so; this is no gap beside
        status = self.opened(last)
        if not isinstance(status, Status):
            raise FailedError("Status in answer to Poll", shown(status))
        return before, status

    def silence(self, *chunks: bytes) -> Status:
        """Send what deserves no answer, and a good Poll; return the answer to that, before which nothing may come.

        Raises:
            FailedError: where anything else comes, or the session does not go on.
        """
        before, status = self.before_a_poll(*chunks)
        if before:
            raise FailedError("silence", told(before[0]))
        return status

    def statistics(self) -> Statistics:
        """Return what the device has counted."""
        return self.ask(GetStatistics(), Statistics)

    # --- opening one --------------------------------------------------------------------------------------------------

    def greeting(self, key: Key) -> Greeting:
        """Return a Hello with a fresh nonce."""
        return Greeting(key, self.outside.random(NONCE_SIZE))

    def challenged(self, greeting: Greeting, wire: bytes | None = None) -> Offer:
        """Send a Hello and return what its Challenge offers, once all of it was verified.

        Raises:
            FailedError: where there is no good Challenge.
        """
        data = greeting.wire() if wire is None else wire
        if self.session is None:
            self.send(data)
            return self._offer(greeting, self.frame())
        before, _ = self.before_a_poll(data)
        demand(len(before), 1, "frames in answer to the Hello:")
        return self._offer(greeting, before[0])

    def _offer(self, greeting: Greeting, frame: Frame) -> Offer:
        demand(frame.type, Challenge.code, "a Challenge, type")
        demand(
            (frame.session, frame.counter, frame.ack), (0, 0, 0), "session, counter and ack of a Challenge"
        )
        right = is_tag(handshake_key(greeting.key), frame.tag, frame.signed, greeting.nonce)
        ensure(so=right, expected="a Challenge's tag over the frame and the host nonce", got=frame.tag)
        try:
            challenge = parse(frame.type, frame.payload)
            serial_number = serial_number_of(getattr(challenge, "device_id", b""))
        except ValueError as error:  # of a MessageError too
            raise FailedError(
                "a Challenge as it is laid out, with a serial number", f"{error}: {frame.payload.hex()}"
            ) from error
        fits = greeting.key.fits(serial_number)
        ensure(so=fits, expected=f"device_id {greeting.key.serial_number}", got=serial_number)
        return Offer(greeting, challenge)  # type: ignore[arg-type] # its type code was looked at

    def confirmed(self, offer: Offer, wire: bytes | None = None) -> Status:
        """Send a Confirm and return the Status that opens the session.

        Raises:
            FailedError: where it does not come, or is not the first sealed frame.
        """
        self.session = None
        self.send(offer.confirm() if wire is None else wire)
        frame = self.frame()
        self.session, self.offer = offer.session(), offer
        status = self.opened(frame)
        demand(frame.ack, 0, "the first Status with ack")
        if not isinstance(status, Status):
            raise FailedError("a Status as the first sealed frame", shown(status))
        self.first = self.first or status
        return status

    def reopen(self, key: Key | None = None) -> Status:
        """Open a session as `open` does; where handshakes meet silence, wait for the end of the longest back-off.

        Raises:
            FailedError: where none opens.
        """
        for pause_ms in _PAUSES_MS:
            self.session = None
            self.clear()
            self.raw = b""
            try:
                return self.open(key)
            except FailedError:
                if self.raw:
                    raise
            self.say(f"no handshake is answered: trying again in {pause_ms} ms")
            self.outside.sleep(pause_ms)
        self.session = None
        return self.open(key)

    def open(self, key: Key | None = None) -> Status:
        """Open a session with a key, by default the one that can do the least harm, and return its first Status."""
        return self.confirmed(self.challenged(self.greeting(key or self.keys.reader)))
