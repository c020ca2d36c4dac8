"""Noise, half frames, kills and lost answers: the pump and the monitor come through, and say what happened."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import threading
from typing import TYPE_CHECKING

import pytest
import serial

from monitor.client import PumpClient
from monitor.errors import OutcomeUnknownError
from monitor.keys import find_keys
from protocol.frame import Decoder
from protocol.messages import Change, Commit, Outcome
from protocol.vocabulary import ChangeKind

if TYPE_CHECKING:
    from tests.acceptance.conftest import Bench

SEED = 20_260


def test_noise_before_between_and_after_frames_harms_neither_reading_nor_change(
    bench: Bench, port: str
) -> None:
    emulator = bench.serve("--frozen")
    url = emulator.ports[port]
    noise = random.Random(SEED)  # noqa: S311 - noise, not a secret
    with PumpClient(url, keyring=find_keys(bench.keys)) as pump:
        for _ in range(60):
            pump._line._line.write(noise.randbytes(noise.randrange(1, 300)))
            seen = pump.status()
        pump._line._line.write(noise.randbytes(77))
        prepared = pump.prepare(Change(ChangeKind.RATE, 25_000), seen=seen)
        pump._line._line.write(noise.randbytes(77))
        assert pump.commit(prepared).revision == 1
        assert pump.status().status.frames_bad > 0


def test_half_a_frame_of_one_host_does_not_reach_the_next(bench: Bench) -> None:
    emulator = bench.serve("--frozen")
    with serial.Serial(emulator.ports["pty"]) as careless:
        careless.write(b"\0\x05\x01\x02\x03")
    assert bench.status(emulator.ports["pty"])["state"] == "running"


def test_a_killed_emulator_is_told_waited_for_and_found_again_where_it_was(bench: Bench) -> None:
    state = ("--state", str(bench.folder / "state.json"), "--speed", "3600")
    emulator = bench.serve(*state)
    watch = bench.start_monitor("watch", emulator.ports["pty"], "--json", "--every", "0.05")
    before = json.loads(watch.line())
    assert bench.monitor("set-rate", emulator.ports["tcp"], "0.6 mL/day", "--yes").returncode == 0
    emulator.kill()
    watch.line_with("no link, trying again", "err")
    again = bench.serve(*state)
    watch.line_with("the link is back", "err")
    assert again.ready["boot"] == 2
    reading = bench.status(again.ports["tcp"])
    assert (reading["revision"], reading["commanded_rate_nl_h"]) == (1, 25_000)
    readings = [before]
    while readings[-1]["pump_time_us"] < again.ready["pump_time_us"]:
        readings.append(json.loads(watch.line()))
    # What was said before the kill stands: the pump never goes back behind it.
    times = [reading["pump_time_us"] for reading in readings]
    assert times == sorted(times)


def test_a_change_is_not_guessed_at_when_the_pump_is_killed_before_it_answers(bench: Bench) -> None:
    emulator = bench.serve("--frozen")
    with PumpClient(emulator.ports["pty"], keyring=find_keys(bench.keys)) as pump:
        prepared = pump.prepare(Change(ChangeKind.RATE, 25_000), seen=pump.status())
        emulator.kill()
        with pytest.raises(OutcomeUnknownError) as unknown:
            pump.commit(prepared)
    assert (unknown.value.intent.old_rate_nl_h, unknown.value.intent.new_rate_nl_h) == (20_833, 25_000)
    assert "0.500 or 0.600 mL/day" in str(unknown.value)


class Proxy:
    """A line between host and pump that loses the answer to the first commit."""

    def __init__(self, url: str, *, for_good: bool) -> None:
        self.lost = threading.Event()
        self._for_good = for_good
        host, _, port = url.removeprefix("socket://").rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                host, _ = self._listener.accept()
            except OSError:
                return
            with host, socket.create_connection(self._target) as pump:
                self._carry(host, pump)
            if self.lost.is_set() and self._for_good:
                self._listener.close()
                return

    def _carry(self, host: socket.socket, pump: socket.socket) -> None:
        """Carry requests one by one; cut the line instead of handing over the first outcome of a commit."""
        decoder = Decoder()
        while data := host.recv(4096):
            commits = any(frame.type == Commit.code for frame in decoder.feed(data))
            pump.sendall(data)
            answer = pump.recv(4096)
            if commits and not self.lost.is_set():
                assert any(frame.type == Outcome.code for frame in Decoder().feed(answer))
                self.lost.set()
                return
            host.sendall(answer)

    def close(self) -> None:
        self._listener.close()
        with socket.socket() as waker:
            waker.connect_ex(("127.0.0.1", int(self.url.rpartition(":")[2])))
        self._thread.join()


def test_a_lost_answer_is_asked_for_and_the_change_stands_as_applied_once(bench: Bench) -> None:
    emulator = bench.serve("--frozen")
    proxy = Proxy(emulator.ports["tcp"], for_good=False)
    try:
        done = bench.monitor("set-rate", proxy.url, "0.6 mL/day", "--yes")
    finally:
        proxy.close()
    assert proxy.lost.is_set()
    assert done.returncode == 0, done.stderr
    assert "the pump reports 0.600 mL/day (revision 1)" in done.stdout
    changes = [event for event in bench.events(emulator.ports["pty"]) if event["kind"] == "rate_changed"]
    assert len(changes) == 1


def test_an_outcome_that_nobody_can_tell_is_shown_as_unknown_with_both_rates_and_exit_code_4(
    bench: Bench,
) -> None:
    emulator = bench.serve("--frozen")
    proxy = Proxy(emulator.ports["tcp"], for_good=True)
    try:
        done = bench.monitor("set-rate", proxy.url, "0.6 mL/day", "--yes")
    finally:
        proxy.close()
    assert done.returncode == 4
    assert "0.500 or 0.600 mL/day" in done.stderr
    assert "Traceback" not in done.stderr
    assert bench.status(emulator.ports["pty"])["commanded_rate_nl_h"] == 25_000


def test_two_hosts_that_decided_on_the_same_reading_cannot_both_be_applied(bench: Bench) -> None:
    emulator = bench.serve("--frozen")
    keyring = find_keys(bench.keys)
    with (
        PumpClient(emulator.ports["pty"], keyring=keyring) as one,
        PumpClient(emulator.ports["tcp"], keyring=keyring) as other,
    ):
        seen, also_seen = one.status(), other.status()
        assert one.commit(one.prepare(Change(ChangeKind.RATE, 25_000), seen=seen)).revision == 1
        with pytest.raises(Exception, match="read it again"):
            other.prepare(Change(ChangeKind.RATE, 22_000), seen=also_seen)
        assert other.status().status.commanded_rate_nl_h == 25_000


def test_a_host_that_writes_and_never_reads_harms_nobody(bench: Bench) -> None:
    emulator = bench.serve("--frozen")
    descriptor = os.open(emulator.ports["pty"], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    flood = random.Random(SEED).randbytes(4096)  # noqa: S311 - noise, not a secret
    sent = 0
    while sent < 50:
        with contextlib.suppress(BlockingIOError):
            os.write(descriptor, flood)
        sent += 1
    assert bench.status(emulator.ports["tcp"])["state"] == "running"
    os.close(descriptor)
    assert bench.status(emulator.ports["pty"])["state"] == "running"
