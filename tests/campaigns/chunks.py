"""However a stream is cut into chunks, an end hears and says the same: whole, byte by byte, and cut by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protocol.exchange import Answer, DeviceEnd, HostEnd
from protocol.messages import Commit, Prepared, Resolve
from tests.campaigns.bodies import SEALED_REQUESTS, message
from tests.campaigns.campaign import Achieved, Campaign, dice, under
from tests.campaigns.defects import forgets_between_chunks
from tests.campaigns.grammar import Speaker, cut
from tests.protocol.helpers import HOST_NONCE, TECHNICIAN, Bench, wish

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from protocol.fields import Message

_REQUESTS = 6  # in a conversation, at the most, beside the change
_CUTS = 12
_MOST_NOISE = 300


class _Heard(NamedTuple):
    """All that one end has made of a stream."""

    said: bytes
    answers: list[Answer]
    applied: list[object]
    dropped: int


def run(size: int, seed: int) -> Achieved:
    """Record `size` conversations with noise in them, and play them to fresh ends in three ways."""
    achieved = Achieved()
    for number in range(size):
        chance = dice(seed, number)
        to_pump, to_host = _conversation(chance)
        _compare(achieved, f"stream {number} to the pump", to_pump, chance, _pump_hears)
        _compare(achieved, f"stream {number} to the host", to_host, chance, _host_hears)
    return achieved


def _compare(
    achieved: Achieved, name: str, stream: bytes, chance: Random, hears: Callable[[list[bytes]], _Heard]
) -> None:
    whole = hears([stream])
    ways = {
        "byte by byte": [bytes([byte]) for byte in stream],
        "cut by chance": cut(stream, chance, _CUTS),
    }
    achieved.add("streams")
    achieved.add("bytes of streams", len(stream))
    achieved.add("frames that the ends answered and answers that they heard", _meant(whole))
    for how, chunks in ways.items():
        achieved.add("comparisons with the whole stream")
        if hears(chunks) != whole:
            achieved.fail(f"{name}, {how}, is heard otherwise than whole")


def _meant(heard: _Heard) -> int:
    return len(heard.answers) + heard.said.count(0) // 2  # each frame said has two delimiters


def _pump_hears(chunks: list[bytes]) -> _Heard:
    bench = Bench()
    pump = bench.port()
    said = b"".join(pump.receive(chunk, 0) for chunk in chunks)
    return _Heard(said, [], [*bench.applied], pump.dropped)


def _host_hears(chunks: list[bytes]) -> _Heard:
    host = HostEnd(TECHNICIAN, HOST_NONCE)
    answers: list[Answer] = []
    said = b""
    for chunk in chunks:
        found, to_send = host.receive(chunk)
        answers += found
        said += to_send
    return _Heard(said, answers, [], host.dropped)


def _conversation(chance: Random) -> tuple[bytes, bytes]:
    """Return what a host and a pump said to each other, with noise and nearly valid frames between."""
    recorder = _Recorder(chance)
    data = recorder.host.hello()
    while data:
        _, data = recorder.send(data)
    for _ in range(chance.randint(1, _REQUESTS)):
        recorder.ask(message(chance.choice(SEALED_REQUESTS), chance))
    prepared = recorder.ask(wish(command_id=chance.randbytes(8)))
    if isinstance(prepared, Prepared):
        recorder.ask(Commit(prepared.command_id, prepared.token))
        recorder.ask(Resolve(prepared.command_id))
    return bytes(recorder.to_pump), bytes(recorder.to_host)


class _Recorder:
    """A host and a pump that understand each other, and what is on the wire beside that."""

    def __init__(self, chance: Random) -> None:
        self.to_pump = bytearray()
        self.to_host = bytearray()
        self.host = HostEnd(TECHNICIAN, HOST_NONCE)
        self._pump: DeviceEnd = Bench().port()
        self._chance = chance
        self._said: dict[bool, list[bytes]] = {False: [], True: []}

    def send(self, data: bytes) -> tuple[list[Answer], bytes]:
        """Carry bytes to the pump and its answer back, recording both."""
        reply = self._pump.receive(data, 0)
        self._record(self.to_pump, data, from_device=False)
        self._record(self.to_host, reply, from_device=True)
        return self.host.receive(reply)

    def ask(self, request: Message) -> Message:
        ((answer,), _) = self.send(self.host.ask(request)[0])
        return answer.message

    def _record(self, stream: bytearray, data: bytes, *, from_device: bool) -> None:
        said = self._said[from_device]
        speaker = Speaker(self._chance, from_device=from_device, session=None, recorded=said)
        if self._chance.random() < 1 / 2:
            stream += speaker.noise(self._chance.randrange(_MOST_NOISE))
        if self._chance.random() < 1 / 2:
            stream += speaker.nearly()[1]
        stream += data
        said.append(data)


CAMPAIGN = Campaign(
    number=4,
    name="chunks",
    promise="a stream whole, byte by byte or cut anywhere means the same to either end: the same answers, changes and "
    "counts of what was dropped",
    run=run,
    controls={"a decoder that forgets between chunks": under(forgets_between_chunks, run)},
    counts="conversations, a stream to either end each",
    short=30,
    full=20_000,
)
