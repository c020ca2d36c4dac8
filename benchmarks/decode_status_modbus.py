"""A status frame from bytes to a typed message with its tag verified, against a Modbus RTU frame by pymodbus.

Reference: the answer to "read holding registers" with 26 registers, one a field of our status; `FramerRTU` finds the
frame, checks its CRC and makes a `ReadHoldingRegistersResponse` of it. Modbus has no authentication; ours is paid for
in our figure.
"""

from __future__ import annotations

import dataclasses

from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.register_message import ReadHoldingRegistersResponse
from rig import Result, RigError, take_turns
from status_frames import FRAMES, StatusFrames, timed_us

from protocol.messages import Status

NAME = "decode-status-modbus"
ROUNDS = 25
MOST_RATIO = 1.0
_DEVICE = 1


def measure(rounds: int = ROUNDS) -> Result:
    """Return microseconds a frame.

    Raises:
        RigError: a frame was not decoded.
    """
    frames = StatusFrames()
    registers = list(range(1_000, 1_000 + len(dataclasses.fields(Status))))
    framer = FramerRTU(DecodePDU(is_server=False))
    answer = framer.buildFrame(ReadHoldingRegistersResponse(registers=registers, dev_id=_DEVICE))
    medians = take_turns(NAME, rounds, frames.decode_us, lambda: _decode_us(answer, registers))
    return medians.at_most(NAME, "us", MOST_RATIO)


def _decode_us(answer: bytes, registers: list[int]) -> float:
    framer = FramerRTU(DecodePDU(is_server=False))
    data = [answer] * FRAMES
    last = None

    def decode() -> None:
        nonlocal last
        for one in data:
            _, last = framer.handleFrame(one, _DEVICE, 0)

    spent_us = timed_us(decode)
    if last is None or last.registers != registers:
        raise RigError("pymodbus did not decode its own frame")
    return spent_us
