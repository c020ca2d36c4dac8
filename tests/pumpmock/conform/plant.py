"""A pump without a port, and the rig of `pumpmock conform` plugged into it: nothing waits but a clock moved by hand."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from protocol.handshake import BackOff
from pumpmock.conform.check import Need
from pumpmock.conform.rig import Keys, Rig
from pumpmock.conform.runner import Result, Runner
from pumpmock.conform.table import CHECKS
from pumpmock.dialects.native import NativeConversation
from pumpmock.limits_file import BENCH_LIMITS
from pumpmock.ports.memory import MemoryPort
from tests.pumpmock.conftest import KEYS, TECHNICIAN, VIEWER, Bench, new_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pumpmock.conform.check import Check
    from pumpmock.snapshot import Memory

EVERYTHING = ~Need.READS
BOTH_KEYS = Keys(VIEWER, TECHNICIAN)
_NS_A_MS = 1_000_000
_NUMBERS = itertools.count(1)


class MemoryWire:
    """A line on which the answer has come when `write` returns, or never comes."""

    def __init__(self, bench: Bench, back_off: BackOff) -> None:
        self._port = MemoryPort(
            lambda _peer, _send: NativeConversation(
                bench.device,
                KEYS,
                bench.random,
                opened=lambda _role: None,
                unsaved=bench.told.append,
                back_off=back_off,
            )
        )

    def write(self, data: bytes) -> None:
        self._port.write(data)

    def read(self, timeout_ms: int) -> bytes:
        assert timeout_ms > 0
        return self._port.read(4_096)

    def close(self) -> None:
        self._port.close()


class ByHand:
    """The pump's own clock, which moves when somebody sleeps, and bytes that never come twice."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def now_ms(self) -> int:
        return self._bench.now_ns // _NS_A_MS

    def sleep(self, ms: int) -> None:
        self._bench.now_ns += ms * _NS_A_MS

    def random(self, size: int) -> bytes:
        return next(_NUMBERS).to_bytes(4, "little").ljust(size, b"\x5a")[:size]


def limited_memory(**others: int) -> Memory:
    """Return the memory of a pump under the limits of the bench."""
    return new_memory(**{**BENCH_LIMITS, **others})


def rig_at(bench: Bench, keys: Keys = BOTH_KEYS) -> Rig:
    back_off = BackOff()
    return Rig(lambda: MemoryWire(bench, back_off), keys, ByHand(bench), 1_000)


def examined(
    bench: Bench, checks: Sequence[Check] = CHECKS, offered: Need = EVERYTHING, keys: Keys = BOTH_KEYS
) -> list[Result]:
    """Make the checks, with all that they may need unless told otherwise."""
    return list(Runner(rig_at(bench, keys), offered).results(checks))


def named(name: str) -> Check:
    """Return the check that is called so."""
    (found,) = (check for check in CHECKS if check.name == name)
    return found
