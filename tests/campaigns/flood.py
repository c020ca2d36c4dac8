"""Somebody without a key floods the line of an established session: its polls are answered, and its pump forgets nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from unittest.mock import patch

from protocol.exchange import DeviceEnd
from protocol.frame import HEADER, MOST_ENCODED, TAG_SIZE, VERSION, encode
from protocol.messages import Confirm, Hello, Poll, Status
from protocol.session import Intrusion
from protocol.vocabulary import EventKind
from pumpmock.dialects.native import NativeConversation
from pumpmock.tally import PERIOD_S, Tally
from tests.campaigns.campaign import Achieved, Campaign, dice, under
from tests.campaigns.defects import hoards
from tests.campaigns.grammar import Speaker
from tests.campaigns.tapped import Wire, challenge_in, frames_in
from tests.campaigns.work import held_bytes
from tests.pumpmock.conftest import KEYS, S

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from protocol.exchange import HostEnd
    from protocol.frame import Frame

_FLOODS = 60  # a line, each before a poll
_NOISE = 2_048  # bytes of a flood of noise
_FRAMES = 20  # of a flood of frames
_LONGEST_NS = 10 * S  # from one flood to the next


class _Flooded:
    """A session on a line that somebody else writes on, and a clock that lets the minutes of the log pass.

    Attributes:
        wire: the pump and its port.
        host: whose session it is.
        tally: what sums up the port's bad handshakes.
    """

    def __init__(self, chance: Random) -> None:
        self.wire = Wire(chance)
        bench = self.wire.bench
        self._due: list[tuple[int, Callable[[], None]]] = []
        self.tally = Tally(lambda count, _peer: bench.device.note_bad_handshakes(count), self._later)
        self.wire.port = NativeConversation(
            bench.device,
            KEYS,
            bench.random,
            opened=lambda _role: None,
            unsaved=bench.told.append,
            bad_handshakes=lambda count: self.tally.add(count, ""),
        )
        self.host = self.wire.connect()
        session = self.host._session
        self._speaker = Speaker(chance, from_device=False, session=session, recorded=self.wire.to_pump)
        self._chance = chance
        self._hello = frames_in(self.wire.to_pump)[0]

    def pass_time(self) -> None:
        """Let some time pass, and what is due by then happen."""
        bench = self.wire.bench
        bench.now_ns += self._chance.randrange(_LONGEST_NS)
        due = [one for one in self._due if one[0] <= bench.now_ns]
        self._due = [one for one in self._due if one[0] > bench.now_ns]
        for _, do in due:
            do()

    def _later(self, seconds: float, do: Callable[[], None]) -> None:
        self._due.append((self.wire.bench.now_ns + int(seconds) * S, do))

    def noise(self) -> list[bytes]:
        """Return noise, in pieces, that may end within what looks like a frame."""
        return self._speaker.cut(self._speaker.noise(_NOISE))

    def wrong_tags(self) -> list[bytes]:
        """Return requests that are due in this session, but for the tag."""
        return [self._speaker.wrong_tag() for _ in range(_FRAMES)]

    def replays(self) -> list[bytes]:
        """Return frames that the host has sent, handshake and all."""
        return [self._speaker.seen_before() for _ in range(_FRAMES)]

    def bad_handshakes(self) -> list[bytes]:
        """Return a Hello with a guessed tag, and a Confirm with one for what a recorded Hello is offered."""
        hello = self._hello
        offered = self.wire.port.receive(encode(hello.signed, hello.tag))
        sent = [encode(hello.signed, self._chance.randbytes(TAG_SIZE))]
        if offered:
            signed = HEADER.pack(VERSION, Confirm.code, challenge_in(offered).session, 0, 0, 0)
            sent.append(encode(signed, self._chance.randbytes(TAG_SIZE)))
        return sent


_KINDS: dict[str, Callable[[_Flooded], list[bytes]]] = {
    "noise": _Flooded.noise,
    "wrong tags": _Flooded.wrong_tags,
    "replays": _Flooded.replays,
    "bad handshakes": _Flooded.bad_handshakes,
}


def run(size: int, seed: int) -> Achieved:
    """Flood `size` lines, and poll the pump between the floods."""
    achieved = Achieved()
    for number in range(size):
        chance = dice(seed, number)
        line = _Flooded(chance)
        begun_ns, newest = line.wire.bench.now_ns, line.wire.bench.memory.pump.events.newest
        before, session = line.wire.state(), line.wire.session
        for _ in range(_FLOODS):
            line.pass_time()
            kind = chance.choice([*_KINDS])
            where = f"line {number}, {kind}"
            _flood(achieved, where, line, _KINDS[kind](line))
            achieved.add(f"floods of {kind}")
            _poll(achieved, where, line.wire, line.host)
            if line.wire.session != session:
                achieved.fail(f"{where} ended the session")
        if line.wire.state() != before:
            achieved.fail(f"line {number}: the floods changed the pump")
        _read_log(achieved, f"line {number}", line, begun_ns, newest)
        achieved.add("lines")
    return achieved


def _flood(achieved: Achieved, where: str, line: _Flooded, pieces: list[bytes]) -> None:
    """Write a flood; nothing is said to it but the offer that a recorded Hello is made, which nobody else can take."""
    port = line.wire.port
    for piece in pieces:
        answered = frames_in([port.receive(piece)])
        if answered and [frame.type for frame in frames_in([piece])] != [Hello.code]:
            achieved.fail(f"{where} was answered")
        achieved.add("bytes of flood", len(piece))
        held = held_bytes(port._end._decoder)
        achieved.most("bytes held by the decoder, at the most", held)
        if held > MOST_ENCODED:
            achieved.fail(f"{where}: the decoder holds {held} bytes")


def _poll(achieved: Achieved, where: str, wire: Wire, host: HostEnd) -> None:
    answers = wire.ask(host, Poll())
    achieved.add("polls right after a flood")
    if [type(answer) for answer in answers] != [Status]:
        achieved.fail(f"after {where} a poll was answered with {answers}")


def _read_log(achieved: Achieved, where: str, line: _Flooded, begun_ns: int, newest: int) -> None:
    """Hold the new entries of the pump's log against the minutes, and their counts against what was refused."""
    bench, log = line.wire.bench, line.wire.bench.memory.pump.events
    minutes = (bench.now_ns - begun_ns) // (PERIOD_S * S)
    achieved.add("minutes of wall time", minutes)
    kinds = Counter(EventKind(record.kind) for record in log.since(newest + 1))
    achieved.add("entries in the event log", kinds.total())
    for kind, count in kinds.items():
        if count > minutes + 1:
            achieved.fail(f"{where}: {count} entries of {kind.name} in {minutes} minutes")
    line.tally.tell()
    refused = line.wire.port._end._handshake.refused
    told = sum(record.a for record in log.since(newest + 1) if record.kind == EventKind.BAD_HANDSHAKES)
    achieved.add("bad handshakes", refused)
    if told != refused:
        achieved.fail(f"{where}: the log tells of {told} bad handshakes of {refused}")


# --- controls ---------------------------------------------------------------------------------------------------------

_answer = DeviceEnd._answer


def _ends_at_a_bad_tag(end: DeviceEnd, frame: Frame, now_ms: int) -> bytes:
    seen = end._intruders[Intrusion.TAG]
    reply = _answer(end, frame, now_ms)
    if end._intruders[Intrusion.TAG] > seen:
        end._end()
    return reply


def _tells_at_once(tally: Tally, count: int, peer: str) -> None:
    tally._told(count, peer)


CAMPAIGN = Campaign(
    number=21,
    name="flood",
    promise="noise, wrong tags, replays and bad handshakes between the polls of a session neither end it, delay an answer nor "
    "change the pump; the port holds one frame at the most, and the event log gains one entry a kind and minute",
    run=run,
    controls={
        "a port that ends its session at a bad tag": under(
            lambda: patch.object(DeviceEnd, "_answer", _ends_at_a_bad_tag), run
        ),
        "a log without sums": under(lambda: patch.object(Tally, "add", _tells_at_once), run),
        "a port that keeps all it has heard": under(hoards, run),
    },
    counts=f"lines, each flooded {_FLOODS} times",
    short=10,
    full=2_000,
)
