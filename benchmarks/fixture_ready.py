"""How long a test waits for its pump: `start_pump` on a pseudo-terminal, until a host can open it.

Reference: a pseudo-terminal and a thread that reads it, which is what a mock of a serial device costs at the least. Ours has
a pump with its profile, limits, drug and keys behind it, is seen by hosts that come and go, and shares one thread with
all other pumps of the process, which is started before anything is measured.
"""

from __future__ import annotations

import os
import statistics
import threading
import time
from typing import TYPE_CHECKING

import serial
from rig import Result, take_turns, uncollected

from pumpmock.testing import start_pump

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "fixture-ready"
ROUNDS = 25
MOST_MS = 5.0
_PUMPS = 20  # a round
_NS_A_MS = 1_000_000


def measure(rounds: int = ROUNDS) -> Result:
    """Return the median wait in ms."""
    _ready_ms(_start_pump)  # what is imported and read at the first pump is there for all others
    medians = take_turns(NAME, rounds, lambda: _ready_ms(_start_pump), lambda: _ready_ms(_start_mock))
    return medians.value_at_most(NAME, "ms", MOST_MS)


def _ready_ms(start: Callable[[], tuple[str, Callable[[], None]]]) -> float:
    spent_ns = []
    with uncollected():
        for _ in range(_PUMPS):
            began_ns = time.perf_counter_ns()
            device, close = start()
            spent_ns.append(time.perf_counter_ns() - began_ns)
            serial.Serial(device).close()  # it really is there
            close()
    return statistics.median(spent_ns) / _NS_A_MS


def _start_pump() -> tuple[str, Callable[[], None]]:
    pump = start_pump(transport="pty")
    return pump.port, pump.close


def _start_mock() -> tuple[str, Callable[[], None]]:
    master, slave = os.openpty()
    thread = threading.Thread(target=_drain, args=(master,), daemon=True)
    thread.start()

    def close() -> None:
        os.write(slave, b"\0")  # wakes the thread, which ends
        thread.join()
        os.close(master)
        os.close(slave)

    return os.ttyname(slave), close


def _drain(master: int) -> None:
    while b"\0" not in os.read(master, 1_024):
        pass
