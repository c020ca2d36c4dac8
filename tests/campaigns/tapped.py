"""A real pump on a wire that somebody records and writes on, and what he makes of the frames that he has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.exchange import HostEnd
from protocol.frame import HEADER, VERSION, Decoder, Frame
from protocol.messages import Challenge, Prepare, Prepared, parse
from tests.pumpmock.conftest import TECHNICIAN, Bench

if TYPE_CHECKING:
    from random import Random

    from protocol.fields import Message
    from protocol.keys import Key

# What time and the log do to a pump by themselves is no change of state; all else is.
_PASSING = {"now_us", "reservoir", "drive", "battery", "events"}


class Wire:
    """A pump with one port that everybody uses, and all that was ever sent on it.

    Attributes:
        bench: the pump.
        port: its end of the conversation on the port.
        to_pump: the frames that hosts have sent.
        to_host: the frames that the pump has sent.
    """

    def __init__(self, chance: Random) -> None:
        self.bench = Bench(speed=1)
        self.port = self.bench.open()
        self.to_pump: list[bytes] = []
        self.to_host: list[bytes] = []
        self._chance = chance

    def carry(self, host: HostEnd, data: bytes) -> list[Message]:
        """Carry a host's bytes to the pump, and what follows, back and forth; return what the host heard."""
        heard: list[Message] = []
        while data:
            self.to_pump.append(data)
            reply = self.port.receive(data)
            self.to_host += [reply] if reply else []
            answers, data = host.receive(reply)
            heard += [answer.message for answer in answers]
        return heard

    def connect(self, key: Key = TECHNICIAN) -> HostEnd:
        """Say hello, with any key, and return the host's end, open or not."""
        host = HostEnd(key, self._chance.randbytes(16))
        self.carry(host, host.hello())
        return host

    def ask(self, host: HostEnd, request: Message) -> list[Message]:
        """Ask the pump something in a session."""
        return self.carry(host, host.ask(request)[0])

    def wish(self) -> Prepare:
        """Return a change of the rate within the limits, decided on what the pump is doing now."""
        rate = self.bench.status().commanded_rate_nl_h
        return self.bench.prepare_request(rate + self._chance.choice((-1, 1)) * rate // 50)

    def prepare(self, host: HostEnd) -> Prepared:
        """Prepare a change."""
        (answer,) = self.ask(host, self.wish())
        assert isinstance(answer, Prepared)
        return answer

    def state(self) -> dict[str, Any]:
        """Return all that an attack must not change."""
        memory = self.bench.memory
        kept = {name: value for name, value in memory.pump.to_dict().items() if name not in _PASSING}
        return kept | {"revision": memory.revision, "ledger": memory.ledger.lines}

    @property
    def session(self) -> int:
        """The number of the session on the port."""
        return self.port._end.session or 0


def frames_in(recorded: list[bytes]) -> list[Frame]:
    """Return the frames in what was recorded."""
    return Decoder().feed(b"".join(recorded))


def as_next(frame: Frame, code: int, wire: Wire, host: HostEnd) -> bytes:
    """Return header and payload of a frame with the session and the counter that are due."""
    assert host._session is not None
    sent = max(host._session.sent, host._session.heard) + 1
    return HEADER.pack(VERSION, code, wire.session, sent, frame.ack, len(frame.payload)) + frame.payload


def as_was(frame: Frame) -> bytes:
    """Return header and payload of a frame as its fields say."""
    length = len(frame.payload)
    return HEADER.pack(VERSION, frame.type, frame.session, frame.counter, frame.ack, length) + frame.payload


def challenge_in(data: bytes) -> Challenge:
    """Return the one Challenge in what a pump said."""
    (frame,) = Decoder().feed(data)
    offer = parse(frame.type, frame.payload)
    assert isinstance(offer, Challenge)
    return offer
