"""The published bench key between real programs: asked for on both sides, told on both sides, repeatable to the byte."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from monitor.client import PumpClient
from monitor.errors import LinkError
from monitor.keys import bench_keyring, find_keys
from protocol.exchange import HostEnd
from protocol.frame import Decoder
from protocol.keys import BENCH_KEY, Key, to_text
from protocol.messages import Challenge, Change, GetEvents, GetLimits, Identify, Poll, Prepare, Status, parse
from protocol.vocabulary import ChangeKind, Role
from tests.acceptance.conftest import WAIT_S, Program

if TYPE_CHECKING:
    from pathlib import Path

    from protocol.fields import Message
    from tests.acceptance.conftest import Bench, Emulator

WARNING = "BENCH KEY: anyone can change this pump"
KNOWN = Key("PM-00001", Role.TECHNICIAN, b"ours", bytes(range(32)))


def test_with_the_bench_key_the_main_job_works_and_both_sides_say_so(bench: Bench, port: str) -> None:
    emulator = bench.serve("--frozen", "--bench-key")
    assert (emulator.ready["bench_key"], emulator.ready["keys"]) == (True, None)
    url = emulator.ports[port]
    done = bench.monitor("status", url, "--json", "--bench-key")
    assert (done.returncode, done.stderr) == (0, f"pump-monitor: {WARNING}\n")
    assert json.loads(done.stdout)["serial_number"] == "PM-00001"
    assert bench.monitor("set-rate", url, "0.6 mL/day", "--yes", "--bench-key").returncode == 0
    with PumpClient(url, keyring=bench_keyring()) as pump:
        assert (pump.role, pump.serial_number) == (Role.DEVELOPER, "PM-00001")
        assert pump.status().status.commanded_rate_nl_h == 25_000
        pump.reopen()
        assert pump.serial_number == "PM-00001"
    assert not bench.keys.exists()


def test_the_bench_key_meets_a_pump_of_any_serial_number(bench: Bench) -> None:
    emulator = bench.serve("--bench-key", "--serial-number", "X-7")
    with PumpClient(emulator.ports["tcp"], keyring=bench_keyring()) as pump:
        assert pump.serial_number == pump.identify().serial_number == "X-7"
    with PumpClient(emulator.ports["tcp"], keyring=bench_keyring(), serial_number="X-7") as pump:
        assert pump.serial_number == "X-7"
    with pytest.raises(LinkError, match="not pump X-8"):
        PumpClient(emulator.ports["tcp"], keyring=bench_keyring(), serial_number="X-8")


def test_a_person_is_told_of_the_bench_key_before_anything_else_is_done(bench: Bench) -> None:
    with Program("pumpmock", "serve", "--pty", str(bench.link), "--bench-key") as emulator:
        emulator.line_with(WARNING)
        assert emulator.line_with("watch it:").endswith("--bench-key")


def test_without_the_bench_key_nobody_speaks_of_it(bench: Bench) -> None:
    emulator = bench.serve()
    assert (emulator.ready["bench_key"], emulator.ready["keys"]) == (False, str(bench.keys))
    assert bench.monitor("status", emulator.ports["pty"]).stderr == ""


def test_a_monitor_tries_the_bench_key_only_when_asked_to(bench: Bench) -> None:
    bench.serve(link=bench.folder / "other").end()  # leaves keys
    emulator = bench.serve("--bench-key")
    done = bench.monitor("status", emulator.ports["pty"])
    assert done.returncode == 3
    assert "no pump answers" in done.stderr


def test_a_pump_with_secret_keys_does_not_answer_to_the_bench_key(bench: Bench) -> None:
    emulator = bench.serve("--frozen")
    done = bench.monitor("stop", emulator.ports["pty"], "--yes", "--bench-key")
    assert done.returncode == 3
    assert "started without --bench-key" in done.stderr
    assert bench.status(emulator.ports["pty"])["state"] == "running"


def test_a_key_file_that_holds_the_bench_key_is_taken_by_neither_side(bench: Bench) -> None:
    bench.keys.mkdir()
    path = bench.keys / "PM-00001.developer.key"
    text = to_text(Key("PM-00001", BENCH_KEY.role, BENCH_KEY.key_id, BENCH_KEY.secret))
    path.write_text(text)
    path.chmod(0o600)
    with Program("pumpmock", "serve", "--pty", str(bench.link), "--keys", str(bench.keys)) as emulator:
        emulator.line_with("holds the published bench key: delete it", "err")
        assert emulator.wait() == 1
    assert find_keys(bench.keys).keys == ()


# --- to the byte ------------------------------------------------------------------------------------------------------


class Wire:
    """A host that says the same bytes in every run, where the pump lets it.

    Attributes:
        said: all that the pump sent, in order.
    """

    def __init__(self, emulator: Emulator, key: Key) -> None:
        host, port = emulator.ports["tcp"].removeprefix("socket://").split(":")
        self.said = b""
        self._socket = socket.create_connection((host, int(port)), timeout=WAIT_S)
        self._end = HostEnd(key, bytes(range(16)))
        with self._socket:
            self._say(self._end.hello(), 2)  # the challenge, and the status that answers our confirmation
            for request in self._requests():
                self._say(self._end.ask(request)[0], 1)

    def _say(self, data: bytes, frames: int) -> None:
        decoder = Decoder()
        self._socket.sendall(data)
        while frames:
            heard = self._socket.recv(4_096)
            assert heard, "the pump hung up"
            self.said += heard
            frames -= len(list(decoder.feed(heard)))
            _, to_send = self._end.receive(heard)
            if to_send:
                self._socket.sendall(to_send)

    @staticmethod
    def _requests() -> list[Message]:
        prepare = Prepare(b"command1", 0, 20_833, 0, Change(ChangeKind.RATE, 25_000))
        return [Identify(), Poll(), GetLimits(), prepare, GetEvents(1), Poll()]


def said(bench: Bench, *options: str, key: Key = BENCH_KEY) -> bytes:
    """Return all that a pump says to the same host in a run of its own."""
    emulator = bench.serve("--frozen", *options)
    wire = Wire(emulator, key)
    emulator.end()
    return wire.said


def nonce_of(data: bytes) -> bytes:
    first = Decoder().feed(data)[0]
    challenge = parse(first.type, first.payload)
    assert isinstance(challenge, Challenge)
    return challenge.device_nonce


def test_two_runs_of_a_seed_with_the_bench_key_say_the_same_to_the_byte(bench: Bench) -> None:
    first, second = (said(bench, "--bench-key", "--seed", "7") for _ in range(2))
    assert first == second
    codes = [frame.type for frame in Decoder().feed(first)]
    assert len(codes) == 8
    assert codes[:2] == [Challenge.code, Status.code]


def test_another_seed_or_none_says_something_else(bench: Bench) -> None:
    runs = [said(bench, "--bench-key", *seed) for seed in (["--seed", "7"], ["--seed", "8"], [], [])]
    assert len({nonce_of(run) for run in runs}) == 4


def test_the_second_start_of_a_state_draws_other_nonces_and_can_be_repeated_too(
    bench: Bench, tmp_path: Path
) -> None:
    course = [
        said(bench, "--bench-key", "--seed", "7", "--state", str(tmp_path / name))
        for name in ("one", "one", "other", "other")
    ]
    assert course[0] == course[2] != course[1] == course[3]
    assert nonce_of(course[0]) != nonce_of(course[1])


def test_a_seed_does_not_touch_the_nonces_of_a_pump_with_secret_keys(bench: Bench) -> None:
    bench.keys.mkdir()
    path = bench.keys / "PM-00001.technician.key"
    path.write_text(to_text(KNOWN))
    path.chmod(0o600)
    runs = [said(bench, "--seed", "7", key=KNOWN) for _ in range(3)]
    assert len({nonce_of(run) for run in runs}) == 3
