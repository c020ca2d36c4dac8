"""Our side of the decoding benchmarks: status frames as a running pump seals them, to typed and verified messages."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from emulators import new_device
from rig import RigError, uncollected

from protocol.frame import Decoder
from protocol.handshake import NONCE_SIZE
from protocol.keys import KEY_SIZE, device_id
from protocol.messages import Poll, Status, build, parse
from protocol.session import Session, Side
from protocol.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Callable

FRAMES = 2_000  # a round: some 20 ms, long against the clock's grain and short against a machine's moods
_SESSION = 0x5EED_CAFE
_NS_A_US = 1_000


class StatusFrames:
    """A session's worth of status frames with rising counters, so that a fresh session accepts each of them."""

    def __init__(self) -> None:
        self._secret = os.urandom(KEY_SIZE)
        self._nonces = os.urandom(2 * NONCE_SIZE)
        device, sealer = new_device(), self._session(Side.DEVICE)
        self._frames: list[bytes] = []
        for _ in range(FRAMES):
            device.catch_up()
            status = device.serve(Poll(), Role.VIEWER, _SESSION, 0)
            self._frames.append(sealer.seal(status.code, build(status)))

    def decode_us(self) -> float:
        """Return microseconds a frame from bytes to a typed message, every check of docs/protocol.md included.

        Raises:
            RigError: a frame was not accepted.
        """
        decoder, session = Decoder(), self._session(Side.HOST)

        def decode() -> None:
            for data in self._frames:
                for frame in decoder.feed(data):
                    if session.open(frame) is None:
                        last[0] = parse(frame.type, frame.payload)

        last: list[object] = [None]
        spent_us = timed_us(decode)
        if session.heard != FRAMES or not isinstance(last[0], Status):
            raise RigError(f"only {session.heard} of {FRAMES} of our own frames were accepted")
        return spent_us

    def _session(self, side: Side) -> Session:
        context = device_id("PM-00001") + bytes((Role.VIEWER,))
        return Session(side, _SESSION, secret=self._secret, nonces=self._nonces, context=context)


def timed_us(decode: Callable[[], None]) -> float:
    """Return microseconds a frame of a function that decodes `FRAMES` of them."""
    with uncollected():
        began_ns = time.perf_counter_ns()
        decode()
        return (time.perf_counter_ns() - began_ns) / FRAMES / _NS_A_US
