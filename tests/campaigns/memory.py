"""What a connection costs in memory while it is flooded: a decoder, a session, and each end, at the worst moment."""

from __future__ import annotations

import gc
import tracemalloc
from typing import TYPE_CHECKING

from protocol.exchange import HostEnd
from protocol.frame import Decoder
from protocol.messages import Poll, build
from tests.campaigns.campaign import Achieved, Campaign, dice, under
from tests.campaigns.defects import hoards
from tests.campaigns.grammar import Speaker, cut
from tests.protocol.helpers import (
    HOST_NONCE,
    READING,
    TECHNICIAN,
    Bench,
    connect,
    counting_random,
    frame_of,
    sessions,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from protocol.fields import Message
    from protocol.session import Session

    # Makes what is measured and returns what floods it.
    Made = Callable[[], Callable[[bytes], object]]

_MOST = 64 * 1024  # bytes
_READ = 4_096  # bytes that a port hands over at a time
_FIRST_CHUNKS = 8  # have one of every kind


def run(size: int, seed: int) -> Achieved:
    """Flood each with `size` reads of a port of every kind of flood, and weigh it."""
    achieved = Achieved()
    chunks = list(_flood(size, seed))
    achieved.add("bytes of flood, each", sum(map(len, chunks)))
    for name, make in _MADE.items():
        _peak(make, chunks[:_FIRST_CHUNKS])  # what is made once and for all is not a connection's
        peak = _peak(make, chunks)
        achieved.most(f"KiB for {name}, at the most", -(-peak // 1024))
        if peak >= _MOST:
            achieved.fail(f"{name} took {peak} bytes")
    return achieved


def _peak(make: Made, chunks: list[bytes]) -> int:
    """Return the greatest number of bytes at a time that making and flooding something allocates."""
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        hear = make()
        for chunk in chunks:
            hear(chunk)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        gc.enable()


def _flood(size: int, seed: int) -> Iterator[bytes]:
    chance = dice(seed)
    host, _ = sessions()
    recorded = [HostEnd(TECHNICIAN, HOST_NONCE).hello(), host.seal(Poll.code, b"")]
    speaker = Speaker(chance, from_device=False, session=host, recorded=recorded)
    for _ in range(size):
        yield speaker.noise(_READ)
        yield from cut(b"\x55" * _READ, chance, 3)
        yield b"\0" * _READ
        yield b"\x05\0" * (_READ // 2)
        yield b"".join(speaker.nearly()[1] for _ in range(40))[:_READ]


def _decoder() -> Callable[[bytes], object]:
    return Decoder().feed


def _session() -> Callable[[bytes], object]:
    """Open every frame of a flood in a session, and seal an answer to each that it accepts."""
    host, pump = sessions()
    decoder = Decoder()

    def hear(data: bytes) -> None:
        for frame in decoder.feed(data):
            pump.open(frame)
        if pump.open(frame_of(host.seal(Poll.code, b""))) is None:
            pump.seal(READING.code, build(READING))

    return hear


def _pump() -> Callable[[bytes], object]:
    pump = Bench().port(counting_random())
    host = connect(pump)
    return _answering(host._session, Poll(), lambda data: pump.receive(data, 0))


def _host() -> Callable[[bytes], object]:
    pump = Bench().port(counting_random())
    host = connect(pump)
    return _answering(pump._session, READING, host.receive)


def _answering(
    peer: Session | None, said: Message, receive: Callable[[bytes], object]
) -> Callable[[bytes], object]:
    """Let an end hear a flood, and after each read a frame of its peer that it takes."""
    assert peer is not None
    payload = build(said)

    def hear(data: bytes) -> None:
        receive(data)
        receive(peer.seal(said.code, payload))

    return hear


_MADE: dict[str, Made] = {
    "a decoder": _decoder,
    "both ends of a session with a decoder": _session,
    "a pump and a host, the pump flooded": _pump,
    "a pump and a host, the host flooded": _host,
}

CAMPAIGN = Campaign(
    number=25,
    name="memory",
    promise="no flood, in reads of 4,096 bytes, makes a decoder, a session or both ends of a connection take 64 KiB",
    run=run,
    controls={"a decoder that keeps all it has heard": under(hoards, run)},
    counts="reads of 4,096 bytes of each of five kinds of flood",
    short=8,
    full=2_000,
)
