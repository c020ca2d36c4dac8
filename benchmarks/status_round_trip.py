"""Readings a second over a pseudo-terminal: `PumpClient` against an emulator in a thread of the same process.

Reference: the same kind of port with a bare echo thread behind it and a bare pyserial client in front, which writes as
many bytes as a poll has and reads as many back. That is what pyserial, the kernel and the switching of threads cost;
what is left is ours: two tags made and two checked, the pump's model, and a message of some thirty fields built and
parsed. How long a sleeping thread takes to wake is in both figures, and differs by a factor of three with what else the
machine does; so the processor time of a trip, both ends together, is printed beside the budget's own line.
"""

from __future__ import annotations

import os
import statistics
import threading
import time
import tty
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import serial
from emulators import emulator_thread, new_key
from rig import Result, RigError, take_turns

from monitor.client import PumpClient
from monitor.keys import Keyring
from protocol.frame import TAG_SIZE, encode, header
from protocol.messages import Poll
from protocol.places import BAUD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAME = "status-round-trip"
ROUNDS = 25
LEAST_RATIO = 0.8
_TRIPS = 1_500
_WARM_UP_TRIPS = 200
_READ_SIZE = 65_536
_NS_A_US = 1_000
_POLL_SIZE = len(encode(header(Poll.code, 1, 1, 1, b""), bytes(TAG_SIZE)))


def measure(rounds: int = ROUNDS) -> Result:
    """Return trips a second, and print the processor time of one."""
    ours_us: list[float] = []
    echo_us: list[float] = []
    medians = take_turns(NAME, rounds, lambda: _status_trips(ours_us), lambda: _echo_trips(echo_us))
    ours, echo = statistics.median(ours_us), statistics.median(echo_us)
    print(f"# {NAME}: {ours:.0f} us of processor time a trip, reference {echo:.0f}", flush=True)
    return medians.at_least(NAME, "trips/s", LEAST_RATIO)


def _status_trips(spent_us: list[float]) -> float:
    key = new_key()
    with (
        emulator_thread(key) as port,
        PumpClient(port, keyring=Keyring(Path(), (key,), ())) as pump,
    ):
        return _trips_a_second(pump.status, spent_us)


def _echo_trips(spent_us: list[float]) -> float:
    asked = bytes(range(1, _POLL_SIZE + 1))
    with (
        _echo_thread() as port,
        serial.serial_for_url(port, baudrate=BAUD, timeout=1, write_timeout=1, exclusive=True) as line,
    ):

        def trip() -> None:
            line.write(asked)
            if line.read(_POLL_SIZE) != asked:
                raise RigError("the echo is not what was sent")

        return _trips_a_second(trip, spent_us)


def _trips_a_second(trip: Callable[[], object], spent_us: list[float]) -> float:
    """Return trips a second by the clock on the wall, and add the processor time of one to `spent_us`."""
    for _ in range(_WARM_UP_TRIPS):
        trip()
    began_ns, spent_ns = time.perf_counter_ns(), time.process_time_ns()
    for _ in range(_TRIPS):
        trip()
    spent_us.append((time.process_time_ns() - spent_ns) / _TRIPS / _NS_A_US)
    return _TRIPS * 1e9 / (time.perf_counter_ns() - began_ns)


@contextmanager
def _echo_thread() -> Iterator[str]:
    """Echo on a pty from a thread of this process; gives the port's path."""
    master, slave = os.openpty()
    tty.setraw(slave)
    thread = threading.Thread(target=_echo, args=(master,), daemon=True)
    thread.start()
    try:
        yield os.ttyname(slave)
    finally:
        os.close(slave)  # the last one: the thread's read ends with EIO
        thread.join()
        os.close(master)


def _echo(master: int) -> None:
    try:
        while True:
            os.write(master, os.read(master, _READ_SIZE))
    except OSError:
        return
