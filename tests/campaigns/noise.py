"""Noise and nearly valid frames into both ends, before and in a session: nothing is raised, answered, changed or hoarded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.exchange import DeviceEnd, HostEnd
from protocol.frame import MOST_ENCODED, Decoder
from protocol.messages import Poll
from tests.campaigns.campaign import Achieved, Campaign, dice, under
from tests.campaigns.defects import hoards, lets_errors_out, neither_sums_nor_tags
from tests.campaigns.grammar import Speaker
from tests.campaigns.work import held_bytes, lines_run
from tests.protocol.helpers import HOST_NONCE, READING, TECHNICIAN, Bench, counting_random

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.session import Session

_NOISE = 4_096  # bytes in a round, each end
_NEARLY = 8  # frames in a round, each end
_TIMES = 4  # for so many times the bytes, so many times the work
_SLACK_PERCENT = 10
_STEP_MS = 1


class _Target:
    """One end that is being shouted at.

    Attributes:
        name: which end, and whether it is in a session.
        end: the end itself.
        hear: feeds it bytes and tells whether it took anything as its peer's.
        speaker: who shouts.
    """

    def __init__(
        self, name: str, end: HostEnd | DeviceEnd, hear: Callable[[bytes], bool], speaker: Speaker
    ) -> None:
        self.name = name
        self.end = end
        self.hear = hear
        self.speaker = speaker


class _Table:
    """A pump and a host before their session, and a pair of them in one."""

    def __init__(self, seed: int) -> None:
        self.now_ms = 0
        self.bench = Bench()
        self.host, self.pump, said, answered = self._connected()
        self._fresh_host, self._fresh_pump = self._new_host(), self.bench.port(counting_random(900))
        self.session = self.pump.session
        self.targets = [
            self._pump("pump in a session", self.pump, _session(self.host), said, seed),
            self._pump("pump without a session", self._fresh_pump, None, said, seed),
            self._host("host in a session", self.host, _session(self.pump), answered, seed),
            self._host("host without a session", self._fresh_host, None, answered, seed),
        ]

    @staticmethod
    def _new_host() -> HostEnd:
        return HostEnd(TECHNICIAN, b"\x77" * 16)

    def _connected(self) -> tuple[HostEnd, DeviceEnd, list[bytes], list[bytes]]:
        """Open a session and return both ends and what each said, but for the Hello, which deserves an answer."""
        host, pump = HostEnd(TECHNICIAN, HOST_NONCE), self.bench.port()
        challenge = pump.receive(host.hello(), 0)
        confirm = host.receive(challenge)[1]
        status = pump.receive(confirm, 0)
        host.receive(status)
        return host, pump, [confirm], [challenge, status]

    def _pump(self, name: str, end: DeviceEnd, peer: Session | None, said: list[bytes], seed: int) -> _Target:
        chance = dice(seed, name)
        speaker = Speaker(chance, from_device=False, session=peer, recorded=said)
        return _Target(name, end, lambda data: end.receive(data, self.now_ms) != b"", speaker)

    def _host(self, name: str, end: HostEnd, peer: Session | None, said: list[bytes], seed: int) -> _Target:
        chance = dice(seed, name)
        speaker = Speaker(chance, from_device=True, session=peer, recorded=said)
        return _Target(name, end, lambda data: end.receive(data) != ([], b""), speaker)

    def still_talk(self) -> bool:
        """Tell whether the two in a session still understand each other."""
        data, counter = self.host.ask(Poll())
        found = self.host.receive(self.pump.receive(data, self.now_ms))[0]
        return [(one.message, one.ack) for one in found] == [(READING, counter)]

    def still_greet(self) -> bool:
        """Tell whether the two that were shouted at before their session open one with each other."""
        self.now_ms += 120_000  # bad tags have made the pump ignore handshakes for a minute at the most
        host, pump = self._fresh_host, self._fresh_pump
        data = host.hello()
        while data:
            data = host.receive(pump.receive(data, self.now_ms))[1]
        return host.is_open


def _session(end: HostEnd | DeviceEnd) -> Session:
    assert end._session is not None
    return end._session


def run(size: int, seed: int) -> Achieved:
    """Shout at the ends for `size` rounds, and hold the work against the bytes."""
    achieved = Achieved()
    table = _Table(seed)
    for number in range(size):
        table.now_ms += _STEP_MS
        for target in table.targets:
            _shout(achieved, target, number)
        if table.bench.applied or table.pump.session != table.session:
            achieved.fail(f"round {number} changed the pump")
        if not table.still_talk():
            achieved.fail(f"round {number} ended the session")
    if not table.still_greet():
        achieved.fail("no session could be opened afterwards")
    _hold_work_against_bytes(achieved)
    return achieved


def _shout(achieved: Achieved, target: _Target, number: int) -> None:
    speaker = target.speaker
    try:
        noise = speaker.noise(_NOISE)
        for piece in speaker.cut(noise):
            if target.hear(piece):
                achieved.fail(f"{target.name} took noise for its peer in round {number}")
            _weigh(achieved, target, number)
        achieved.add("bytes of noise", len(noise))
        for _ in range(_NEARLY):
            wrong, frame = speaker.nearly()
            if target.hear(frame):
                achieved.fail(f"{target.name} took a frame with {wrong} for its peer's in round {number}")
            achieved.add("nearly valid frames")
            achieved.add("bytes of nearly valid frames", len(frame))
        # What the peer has sealed may be answered, with a refusal; it has only to be survived.
        sealed = speaker.nonsense()
        target.hear(sealed)
        achieved.add("sealed frames of nonsense", sealed != b"")
    except Exception as error:  # noqa: BLE001 - any exception at all is the failure
        achieved.fail(f"{target.name} raised {type(error).__name__} in round {number}: {error}")


def _weigh(achieved: Achieved, target: _Target, number: int) -> None:
    held = held_bytes(target.end._decoder)
    achieved.most("bytes held by a decoder, at the most", held)
    if held > MOST_ENCODED:
        achieved.fail(f"the decoder of {target.name} holds {held} bytes in round {number}")


_WORST = {
    "delimiters": b"\0",
    "no delimiter": b"\x55",
    "long chains of short COBS pieces": b"\x01" * (MOST_ENCODED - 1) + b"\x02\0",
    "short runs": b"\x05\0",
}


def _hold_work_against_bytes(achieved: Achieved) -> None:
    """Count the lines that a decoder runs for some bytes, and for some times as many."""
    for name, pattern in _WORST.items():
        for chunk in (1, 7, 1_024):
            try:
                few, many = (_lines_for(pattern, 2_048 * times, chunk) for times in (1, _TIMES))
            except Exception as error:  # noqa: BLE001 - as above
                achieved.fail(f"{name} in chunks of {chunk} raised {type(error).__name__}: {error}")
                continue
            percent = 100 * many // (few * _TIMES)
            achieved.most(f"percent of the work a byte, for {_TIMES} times the bytes", percent)
            if percent > 100 + _SLACK_PERCENT:
                achieved.fail(f"{name} in chunks of {chunk}: {percent} % of the work a byte")


def _lines_for(pattern: bytes, size: int, chunk: int) -> int:
    decoder = Decoder()
    stream = (pattern * (size // len(pattern) + 1))[:size]
    chunks = [stream[at : at + chunk] for at in range(0, size, chunk)]
    return lines_run(lambda: [decoder.feed(one) for one in chunks])


CAMPAIGN = Campaign(
    number=3,
    name="noise",
    promise="noise and nearly valid frames raise nothing at either end, are not answered, change nothing and end no "
    "session; a decoder holds one frame at the most, and its work grows with the bytes and no faster",
    run=run,
    controls={
        "a receiver that checks neither sum nor tag": under(neither_sums_nor_tags, run),
        "a decoder that keeps all it has heard and reads it anew": under(hoards, run),
        "a decoder that lets an error out": under(lets_errors_out, run),
    },
    counts="rounds of 4,096 bytes of noise and 8 nearly valid frames into each of four ends",
    short=60,
    full=60_000,
)
