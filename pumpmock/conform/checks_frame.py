"""The frame: delimiters, COBS, CRC-32, sizes, and what noise around it may do."""

from __future__ import annotations

import zlib
from functools import partial
from typing import TYPE_CHECKING

from protocol.frame import MOST_ENCODED, MOST_PAYLOAD, TAG_SIZE
from protocol.messages import GetLimits, Poll, Statistics
from protocol.vocabulary import Refusal
from pumpmock.conform.check import Check, FailedError, demand, ensure
from pumpmock.conform.forge import cobs, delimited, on_wire, summed, turned

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.conform.rig import Rig

FRAME, CRC, COBS = "The frame", "CRC-32", "COBS"
_NOISE = b"\x55\xaa\x01\xff"
_NOISY_RUNS = bytes(range(1, 60)) + b"\0" + b"\xff" * 40 + b"\0\0" + bytes(range(200, 256))


def answered(rig: Rig, *chunks: bytes, polls: int = 1) -> None:
    """Send chunks in which so many good frames are, the newest of the session last; all of them have to be answered."""
    session = rig.open_session
    rig.send(*chunks)
    frames = rig.until(session.sent)
    for frame in frames:
        rig.opened(frame)
    acks = [frame.ack for frame in frames]
    demand(acks, list(range(session.sent - polls + 1, session.sent + 1)), "answers with ack")


def _poll(rig: Rig) -> bytes:
    return rig.open_session.seal(Poll.code)


def _both_delimiters(rig: Rig) -> None:
    rig.raw = b""
    answered(rig, _poll(rig))
    ensure(so=rig.raw[:1] == b"\0", expected="a zero byte before the answer", got=rig.raw)
    ensure(so=rig.raw[-1:] == b"\0", expected="a zero byte after the answer", got=rig.raw)


def _empty_runs(rig: Rig) -> None:
    before = rig.silence()
    demand(rig.silence(b"\0" * 10).frames_bad, before.frames_bad, "frames_bad")


def _shared_delimiter(rig: Rig) -> None:
    answered(rig, _poll(rig) + _poll(rig)[1:], polls=2)


def _first_delimiter_left_out(rig: Rig) -> None:
    answered(rig, _poll(rig)[1:])


def _glued(rig: Rig) -> None:
    answered(rig, b"".join(_poll(rig) for _ in range(4)), polls=4)


def _split_anywhere(rig: Rig) -> None:
    for cut in range(1, len(_poll(rig))):
        wire = _poll(rig)
        try:
            answered(rig, wire[:cut], wire[cut:])
        except FailedError as error:
            raise FailedError(f"{error.expected}, the Poll cut after {cut} bytes", error.got) from error


def _byte_by_byte(rig: Rig) -> None:
    wire = _poll(rig)
    answered(rig, *(wire[at : at + 1] for at in range(len(wire))))


def _noise_before(rig: Rig) -> None:
    for noise in (_NOISE, _NOISY_RUNS, _poll(rig)[9:], _poll(rig)[:-9]):
        answered(rig, noise + _poll(rig))


def _noise_after(rig: Rig) -> None:
    answered(rig, _poll(rig) + _NOISE)
    answered(rig, _poll(rig))


def _lost_delimiter(rig: Rig) -> None:
    first, second = _poll(rig), _poll(rig)
    rig.silence(first[:-1] + second[1:])


def _each_byte(rig: Rig, damage: Callable[[bytes, int], bytes], what: str) -> None:
    """Damage each byte in turn of a Poll that nobody has answered."""
    for at in range(len(_poll(rig))):
        wire = damage(_poll(rig), at)
        try:
            rig.silence(wire)
        except FailedError as error:
            raise FailedError(f"{error.expected} after byte {at} of a Poll was {what}", error.got) from error


def _lost(wire: bytes, at: int) -> bytes:
    return wire[:at] + wire[at + 1 :]


def _doubled(wire: bytes, at: int) -> bytes:
    return wire[: at + 1] + wire[at:]


def _inner_bytes(rig: Rig, damage: Callable[[bytes, int], bytes], what: str) -> None:
    """Damage all but the delimiters: without one of them a frame is still whole, for its neighbours bring others."""
    _each_byte(rig, lambda wire, at: damage(wire, min(max(at, 1), len(wire) - 2)), what)


def _largest(rig: Rig) -> None:
    rig.refused_raw(GetLimits.code, b"\xa5" * MOST_PAYLOAD, Refusal.MALFORMED)


def _largest_with_zeros(rig: Rig) -> None:
    rig.refused_raw(GetLimits.code, bytes(MOST_PAYLOAD), Refusal.MALFORMED)


def _too_large(rig: Rig) -> None:
    rig.silence(on_wire(rig.open_session.body(GetLimits.code, b"\xa5" * (MOST_PAYLOAD + 1))))


def _counted_once(rig: Rig, size: int) -> None:
    before = rig.statistics()
    rig.silence(b"\0" + b"\xff" * size + b"\0")
    demand(rig.statistics().bad_size - before.bad_size, 1, "bad_size risen by")


def _after_too_long(rig: Rig) -> None:
    answered(rig, b"\0" + b"\xff" * 300, _poll(rig))


def _as_much_as_fits(rig: Rig) -> None:
    before = rig.statistics()
    rig.silence(b"\0" + b"\xff" * MOST_ENCODED + b"\0")
    after = rig.statistics()
    demand((after.bad_size, after.bad_cobs - before.bad_cobs), (before.bad_size, 1), "bad_size, bad_cobs")


def _sum_of(rig: Rig, wrong: Callable[[bytes], bytes]) -> None:
    body = rig.open_session.body(Poll.code)
    rig.silence(delimited(cobs(body + wrong(body))))


def _each_bit_of_the_sum(rig: Rig) -> None:
    for bit in range(32):
        raw = summed(rig.open_session.body(Poll.code))
        rig.silence(delimited(cobs(turned(raw, -4 + bit // 8, 1 << bit % 8))))


_WRONG_SUMS: dict[str, Callable[[bytes], bytes]] = {
    "sent big-endian": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "without the final XOR": lambda body: (zlib.crc32(body) ^ 0xFFFF_FFFF).to_bytes(4, "little"),
    "from the initial value 0": lambda body: zlib.crc32(body, 0xFFFF_FFFF).to_bytes(4, "little"),
    "over the frame without its tag": lambda body: zlib.crc32(body[:-TAG_SIZE]).to_bytes(4, "little"),
    "of zero": lambda _body: bytes(4),
}


def _strange_cobs(rig: Rig, change: Callable[[bytes], bytes]) -> None:
    before = rig.statistics()
    run = b"\x01"
    while run[_last_code(run)] == 1:  # a last byte of zero, one time in 256: no room for a lesser length
        run = cobs(summed(rig.open_session.body(Poll.code)))
    rig.silence(delimited(change(run)))
    after = rig.statistics()
    demand(_dropped(after) - _dropped(before), 1, "frames dropped:")


def _dropped(count: Statistics) -> int:
    return count.bad_size + count.bad_cobs + count.bad_crc + count.bad_length


def _last_code(run: bytes) -> int:
    at = 0
    while at + run[at] < len(run):
        at += run[at]
    return at


def _with_last_code(run: bytes, by: int) -> bytes:
    at = _last_code(run)
    return run[:at] + bytes((run[at] + by,)) + run[at + 1 :]


CHECKS = (
    Check(FRAME, "an answer has a zero byte before it and one after it", _both_delimiters),
    Check(FRAME, "empty runs between delimiters are not counted", _empty_runs),
    Check(FRAME, "two frames may share a delimiter", _shared_delimiter),
    Check(
        FRAME, "a frame whose first delimiter is that of the frame before is taken", _first_delimiter_left_out
    ),
    Check(FRAME, "frames in one piece are answered one by one, in order", _glued),
    Check(FRAME, "a frame may arrive cut anywhere", _split_anywhere),
    Check(FRAME, "a frame may arrive byte by byte", _byte_by_byte),
    Check(FRAME, "noise before a frame costs nothing", _noise_before),
    Check(FRAME, "noise after a frame costs nothing", _noise_after),
    Check(FRAME, "two frames whose delimiters were lost are none", _lost_delimiter),
    Check(
        FRAME, "a frame with any byte changed is dropped", partial(_each_byte, damage=turned, what="changed")
    ),
    Check(FRAME, "a frame with any byte lost is dropped", partial(_inner_bytes, damage=_lost, what="lost")),
    Check(
        FRAME,
        "a frame with any byte doubled is dropped",
        partial(_inner_bytes, damage=_doubled, what="doubled"),
    ),
    Check(FRAME, "a payload of 200 bytes is taken", _largest),
    Check(FRAME, "a payload of 200 zero bytes is taken", _largest_with_zeros),
    Check(FRAME, "a payload of 201 bytes is dropped", _too_large),
    Check(FRAME, "237 bytes without a delimiter are counted once", partial(_counted_once, size=237)),
    Check(FRAME, "a thousand bytes without a delimiter are counted once", partial(_counted_once, size=1_000)),
    Check(FRAME, "236 bytes without a delimiter are not too long", _as_much_as_fits),
    Check(FRAME, "the frame after one that is too long is found", _after_too_long),
    Check(CRC, "a CRC-32 with any bit wrong is dropped", _each_bit_of_the_sum),
    *(
        Check(CRC, f"a CRC-32 {what} is dropped", partial(_sum_of, wrong=wrong))
        for what, wrong in _WRONG_SUMS.items()
    ),
    Check(
        COBS,
        "a length byte that points past the end is dropped",
        partial(_strange_cobs, change=partial(_with_last_code, by=0x80)),
    ),
    Check(
        COBS,
        "a last length byte of one too many is dropped",
        partial(_strange_cobs, change=partial(_with_last_code, by=1)),
    ),
    Check(
        COBS,
        "a last length byte of one too few is dropped",
        partial(_strange_cobs, change=partial(_with_last_code, by=-1)),
    ),
    Check(
        COBS,
        "a zero too many at the end is dropped",
        partial(_strange_cobs, change=lambda run: run + b"\x01"),
    ),
)
