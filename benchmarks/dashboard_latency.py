"""How long a reading takes from the port to the screen: its last byte is handed to the kernel, its figures are drawn.

The dashboard polls an emulator in a thread of this process, whose clock runs so fast that each reading shows another time of
day; when that time is drawn on the terminal, the reading has come through. Reference: an app with one label that
reads lines from a pty. The budget is on the slowest of a hundred, because that is the one that is noticed.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import threading
import time
import tty
from bisect import bisect_right
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from emulators import conversation, emulator_thread, new_device, new_key
from rig import Result, RigError, take_turns
from terminals import LINKED_TEXT, dashboard_command, on_terminal

from protocol.keys import file_name, to_text
from pumpmock.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pumpmock.device import Device
    from pumpmock.dialects.native import NativeConversation

    Told = list[tuple[int, bytes]]  # when what was handed to the kernel, monotonic ns

NAME = "dashboard-latency"
ROUNDS = 1
MOST_MS = 50.0
_HOUR_A_SECOND = 3_600_000
_EVERY_S = 0.3
_READINGS = 110  # of which the hundred in the middle count
_WARM_UP_S = 2.0
_FIRST = "line 0"
_LABEL = Path(__file__).with_name("line_app.py")


def measure(rounds: int = ROUNDS) -> Result:
    """Return milliseconds, the 99th percentile.

    Raises:
        RigError: a reading is not drawn.
    """
    return take_turns(NAME, rounds, _dashboard, _label).value_at_most(NAME, "ms", MOST_MS)


def _dashboard() -> float:
    key, told, device = new_key(), list[tuple[int, bytes]](), new_device()
    device.pace = Pace(_HOUR_A_SECOND, time.monotonic_ns(), 0)
    with (
        tempfile.TemporaryDirectory(prefix="pumpmock-bench-") as folder,
        emulator_thread(key, lambda: _Noting(conversation(device, key), device, told)) as port,
    ):
        keys = Path(folder, "keys")
        keys.mkdir(mode=0o700)
        file = keys / file_name(key.serial_number, key.role)
        file.touch(mode=0o600)
        file.write_text(to_text(key), encoding="ascii")
        command = [*dashboard_command(port, str(keys)), "--every", str(_EVERY_S)]
        with on_terminal(command) as terminal:
            terminal.seconds_to(LINKED_TEXT)
            terminal.look_on(_WARM_UP_S)
            drawn = terminal.drawn_in(_READINGS * _EVERY_S)
    return _slowest_ms(told, drawn)


class _Noting:
    """A conversation that notes which time of day each of its answers tells, and when.

    Args:
        inner: the conversation.
        device: its pump.
        told: where it is noted.
    """

    def __init__(self, inner: NativeConversation, device: Device, told: Told) -> None:
        self._inner = inner
        self._device = device
        self._told = told

    def receive(self, data: bytes) -> bytes:
        reply = self._inner.receive(data)
        if reply:
            shown = datetime.fromtimestamp(self._device.pump.sample().clock_s, UTC)
            self._told.append((time.monotonic_ns(), f"{shown:%H:%M:%S}".encode()))
        return reply

    def close(self) -> None:
        self._inner.close()


def _label() -> float:
    told: Told = []
    with _pty() as (master, name), on_terminal([sys.executable, str(_LABEL), name]) as terminal:
        terminal.seconds_to(_FIRST)
        ended = threading.Event()

        def tell() -> None:
            number = 0
            while not ended.wait(_EVERY_S):
                number += 1
                told.append((time.monotonic_ns(), f"line {number} ".encode()))
                os.write(master, f"line {number} \n".encode())

        teller = threading.Thread(target=tell)
        teller.start()
        drawn = terminal.drawn_in(_READINGS * _EVERY_S)
        ended.set()
        teller.join()
    return _slowest_ms(told, drawn)


def _slowest_ms(told: Told, drawn: Told) -> float:
    """Return the 99th percentile of the times from what was told to the first drawing of it."""
    whole = b"".join(data for _, data in drawn)
    ends = list(accumulate(len(data) for _, data in drawn))
    first_ns, last_ns = drawn[0][0], drawn[-1][0]
    taken = []
    for at_ns, text in told:
        if not first_ns < at_ns < last_ns - _EVERY_S * 1e9:
            continue
        since = bisect_right(drawn, (at_ns, b""))
        place = whole.find(text, ends[since - 1])
        if place >= 0:  # another answer than a reading's is drawn by nobody
            shown_ns = drawn[bisect_right(ends, place + len(text) - 1)][0]
            taken.append((shown_ns - at_ns) / 1e6)
    if len(taken) < 0.8 * _READINGS:
        raise RigError(f"only {len(taken)} of {_READINGS} readings were drawn")
    print(f"# {NAME}: {len(taken)} drawn, the median after {statistics.median(taken):.1f} ms", flush=True)
    return statistics.quantiles(taken, n=100)[98]


@contextmanager
def _pty() -> Iterator[tuple[int, str]]:
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        yield master, os.ttyname(slave)
    finally:
        os.close(slave)
        os.close(master)
