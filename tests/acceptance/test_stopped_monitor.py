"""A monitor that was stopped and goes on finds old answers in its port: it prints them with their true age."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import threading
import time
import tty
from typing import TYPE_CHECKING, Any

from monitor.client import PumpClient
from monitor.keys import find_keys
from protocol.frame import Decoder
from protocol.messages import Poll
from tests.acceptance.conftest import Program

if TYPE_CHECKING:
    from tests.acceptance.conftest import Bench

STOPPED_S = 1.5  # of thirty polls
US = 1_000_000


class Relay:
    """A pseudo-terminal for a monitor, carried to the pump's TCP port; it stops the monitor in the middle of a poll.

    Attributes:
        replayed: old frames that it put into the port while the monitor was stopped.
        answered: set when the answer to that poll, and they, are in the port of the stopped monitor.
    """

    def __init__(self, url: str) -> None:
        host, _, port = url.removeprefix("socket://").rpartition(":")
        self._pump = socket.create_connection((host, int(port)))
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.name = os.ttyname(self._slave)
        self.replayed = 0
        self.answered = threading.Event()
        self._victim: int | None = None
        self._recorded: list[bytes] = []
        self._ending, self._end = os.pipe()
        self._thread = threading.Thread(target=self._carry)
        self._thread.start()

    def stop_at_next_poll(self, pid: int) -> None:
        self._victim = pid

    def _carry(self) -> None:
        while self._ending not in select.select([self._master, self._ending], [], [])[0]:
            data = os.read(self._master, 4_096)
            stopping = (
                self._victim if any(frame.type == Poll.code for frame in Decoder().feed(data)) else None
            )
            if stopping is not None:
                os.kill(stopping, signal.SIGSTOP)
                os.waitid(os.P_PID, stopping, os.WSTOPPED | os.WNOWAIT)
            self._pump.sendall(data)
            answer = self._pump.recv(4_096)
            self._recorded.append(answer)
            os.write(self._master, answer)
            if stopping is not None:
                self._victim = None
                self._fill()
                self.answered.set()

    def _fill(self) -> None:
        """Send all that the pump ever said again and again, until the port takes no more."""
        os.set_blocking(self._master, False)
        with contextlib.suppress(BlockingIOError):
            while self.replayed < 10_000:
                for frame in self._recorded:
                    if os.write(self._master, frame) < len(frame):
                        raise BlockingIOError
                    self.replayed += 1
        os.set_blocking(self._master, True)

    def close(self) -> None:
        os.write(self._end, b"x")
        self._thread.join()
        self._pump.close()
        for descriptor in (self._master, self._slave, self._ending, self._end):
            os.close(descriptor)


def seconds_too_young(bench: Bench, *program: str) -> tuple[list[float], int]:
    """Stop a `watch` in the middle of a poll; return by how much each reading is older than it says, at the least.

    Only of readings that were taken before the monitor went on: how old those are by then, the pump's own time tells.
    """
    emulator = bench.serve("--speed", "1")
    with contextlib.ExitStack() as stack:
        relay = Relay(emulator.ports["tcp"])
        stack.callback(relay.close)
        words = ("watch", relay.name, "--json", "--every", "0.05", "--keys", str(bench.keys))
        watch = stack.enter_context(Program(*program, *words))
        for _ in range(5):
            assert watch.line() is not None
        relay.stop_at_next_poll(watch.process.pid)
        assert relay.answered.wait(60)
        time.sleep(STOPPED_S)  # nothing else makes a reading old
        with PumpClient(emulator.ports["pty"], keyring=find_keys(bench.keys)) as pump:
            went_on_us = pump.status().status.pump_time_us
        watch.process.send_signal(signal.SIGCONT)
        late: list[float] = []
        # The reading before the stop may have been printed before or after it; the next one was in the port.
        while (reading := _reading(watch))["pump_time_us"] < went_on_us:
            late.append((went_on_us - reading["pump_time_us"]) / US - reading["age_s"])
        assert watch.process.poll() is None
        return late, relay.replayed


def _reading(watch: Program) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(watch.line() or "null")
    return found


def test_a_reading_that_lay_in_the_port_is_printed_with_its_true_age(bench: Bench) -> None:
    late, replayed = seconds_too_young(bench, "monitor")
    assert replayed > 50
    assert late[-1] <= 0


def test_control_a_monitor_that_stamps_readings_on_arrival_is_found_out(bench: Bench) -> None:
    late, _ = seconds_too_young(bench, "tests.acceptance.crashing", "stamps on arrival")
    assert late[-1] > 0
