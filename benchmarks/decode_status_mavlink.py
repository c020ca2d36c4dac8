"""A status frame from bytes to a typed message with its tag verified, against a MAVLink 2 frame by pymavlink.

Reference: HIGH_LATENCY2, which like our status tells a vehicle's whole state in one message, in 27 fields;
`MAVLink.parse_buffer` finds the frame, checks its CRC and makes a typed message of it. It is not signed; our tag is
paid for in our figure. With the package fastcrc, which pymavlink requires today, its CRC is compiled code and its frame
takes half the time it took with a CRC in Python; the versions are printed with the figures.
"""

from __future__ import annotations

from pymavlink.dialects.v20 import common
from rig import Result, RigError, take_turns
from status_frames import FRAMES, StatusFrames, timed_us

NAME = "decode-status-mavlink"
ROUNDS = 25
MOST_RATIO = 1.0
_SEQUENCE = 256


def measure(rounds: int = ROUNDS) -> Result:
    """Return microseconds a frame.

    Raises:
        RigError: a frame was not decoded.
    """
    frames = StatusFrames()
    peers = _packed()
    medians = take_turns(NAME, rounds, frames.decode_us, lambda: _decode_us(peers))
    return medians.at_most(NAME, "us", MOST_RATIO)


def _packed() -> list[bytes]:
    """Return messages with rising sequence numbers, as a vehicle sends them; no field is zero, so none is cut off."""
    kind = common.MAVLink_high_latency2_message
    message = kind(*range(1, len(kind.fieldnames) + 1))
    sender = common.MAVLink(None, srcSystem=1, srcComponent=1)
    packed: list[bytes] = []
    for number in range(FRAMES):
        sender.seq = number % _SEQUENCE
        packed.append(bytes(message.pack(sender)))
    return packed


def _decode_us(packed: list[bytes]) -> float:
    receiver = common.MAVLink(None)
    last = None

    def decode() -> None:
        nonlocal last
        for one in packed:
            last = receiver.parse_buffer(one)

    spent_us = timed_us(decode)
    if last is None or not isinstance(last[0], common.MAVLink_high_latency2_message):
        raise RigError("pymavlink did not decode its own frame")
    return spent_us
