"""What a connection costs in memory while it is flooded: a decoder, a session, and each end, at the worst moment."""

from __future__ import annotations

import gc
import tracemalloc
from typing import TYPE_CHECKING

from protocol.exchange import HostEnd
from protocol.frame import READ_SIZE, Decoder, pieces
from protocol.messages import Poll, build
from tests.campaigns.campaign import Achieved, Campaign, dice, under
from tests.campaigns.defects import hoards, takes_reads_whole
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
_LONG = 16  # reads of a port in one: 64 KiB
_RARELY = 64
_FIRST_CHUNKS = 8  # have one of every kind


def run(size: int, seed: int) -> Achieved:
    """Flood each with `size` reads of a port of every kind of flood, now and then with long ones, and weigh it."""
    achieved = Achieved()
    chunks = list(_flood(size, seed))
    achieved.add("bytes of flood, each", sum(map(len, chunks)))
    achieved.most("bytes in a read, at the most", max(map(len, chunks)))
    for name, make in _MADE.items():
        _peak(make, chunks[:_FIRST_CHUNKS])  # what is made once and for all is not a connection's
        peak = _peak(make, chunks)
        achieved.vary(
            f"KiB for {name}, at the most", -(-peak // 1024)
        )  # by what the interpreter happens to hold
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
    hello = HostEnd(TECHNICIAN, HOST_NONCE).hello()
    recorded = [hello, host.seal(Poll.code, b"")]
    speaker = Speaker(chance, from_device=False, session=host, recorded=recorded)
    for number in range(size):
        # Each Hello that was recorded is answered, so that a long read of them makes a long reply: no port takes one.
        yield hello * (READ_SIZE // len(hello))
        read = READ_SIZE * (_LONG if number % _RARELY == 0 else 1)
        yield speaker.noise(read)
        yield from cut(b"\x55" * read, chance, 3)
        yield b"\0" * read
        yield b"\x05\0" * (read // 2)
        forged = b"".join(speaker.forged_least() for _ in range(8))
        yield forged * (read // len(forged))
        nearly = b"".join(speaker.nearly()[1] for _ in range(40))
        yield (nearly * (read // len(nearly) + 1))[:READ_SIZE]


def _decoder() -> Callable[[bytes], object]:
    decoder = Decoder()

    def hear(data: bytes) -> None:
        for piece in pieces(data):
            decoder.feed(piece)

    return hear


def _session() -> Callable[[bytes], object]:
    """Open every frame of a flood in a session, and seal an answer to each that it accepts."""
    host, pump = sessions()
    decoder = Decoder()

    def hear(data: bytes) -> None:
        for piece in pieces(data):
            for frame in decoder.feed(piece):
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
    promise="no flood makes a decoder, a session or both ends of a connection take 64 KiB beside the read itself: of "
    "whatever is answered by nothing in reads of up to 64 KiB, of recorded greetings in reads of 4,096 bytes, which "
    "is what the ports hand over",
    run=run,
    controls={
        "a decoder that keeps all it has heard": under(hoards, run),
        "ends that look at a whole read at once": under(takes_reads_whole, run),
    },
    counts="reads of each of six kinds of flood, one in 64 of 64 KiB and the others of 4,096 bytes",
    short=1,
    full=2_000,
)
