"""`pumpmock conform` as a program against `pumpmock serve` as another, over a pseudo-terminal and over TCP."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from protocol.keys import BENCH_WARNING
from pumpmock.conform.table import CHECKS
from tests.acceptance.conftest import WAIT_S, Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.acceptance.conftest import Bench

RATE_NL_H = 20_833
# Nothing waits for an answer that comes: this is for a machine that is busy.
PATIENT = ("--timeout", str(WAIT_S * 1_000))
APPLIES = "a Commit applies what was prepared, as the next revision"


def both_keys(bench: Bench) -> tuple[str, ...]:
    names = ("PM-00001.viewer.key", "PM-00001.technician.key")
    return tuple(word for name in names for word in ("--key", str(bench.keys / name)))


def conform(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pumpmock", "conform", *words, *PATIENT],
        capture_output=True,
        text=True,
        timeout=3 * WAIT_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def as_json(done: subprocess.CompletedProcess[str]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    *checks, last = (json.loads(line) for line in done.stdout.splitlines())
    return checks, last["summary"]


def test_the_emulator_passes_and_is_as_it_was(bench: Bench, port: str, tmp_path: Path) -> None:
    emulator = bench.serve()
    written = tmp_path / "junit.xml"
    url = emulator.ports[port]
    done = conform(url, *both_keys(bench), "--allow-changes", "--json", "--junit", str(written))
    checks, summary = as_json(done)
    assert [one for one in checks if one["verdict"] == "failed"] == []
    assert (done.returncode, summary["checks"]) == (0, len(CHECKS))
    skipped = {one["name"]: one["why"] for one in checks if one["verdict"] == "skipped"}
    of_the_line = "needs a second connection: a socket:// port"
    assert (of_the_line in skipped.values()) == (port != "tcp")
    assert {why for why in skipped.values() if "--allow-changes" in why or "viewer" in why} == set()
    assert summary["put_back"] == (f"the device is back: {RATE_NL_H} nL/h, RUNNING, by PROGRAM; revision 2")
    assert bench.status(url)["revision"] == 2
    assert len(list(ET.parse(written).iter("testcase"))) == len(CHECKS)  # noqa: S314 - it was written here


def test_the_keys_of_the_users_folder_are_found(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(bench.folder / "configuration"))
    with Program(
        *("pumpmock", "serve", "--json", "--pty", str(bench.link), "--tcp", "127.0.0.1:0")
    ) as emulator:
        url = json.loads(emulator.line() or "")["ports"]["tcp"]
        done = conform(url, "--only", "Poll", "--only", "Requests")
    assert done.returncode == 0
    assert "a viewer's Prepare is refused with ROLE, under its command id\n" in done.stdout
    assert "1 skipped" in done.stdout.splitlines()[-1]


def test_with_the_bench_key_it_says_so(bench: Bench) -> None:
    emulator = bench.serve("--bench-key", "--frozen")
    done = conform(emulator.ports["tcp"], "--key", "bench", "--allow-changes", "--only", "Changing")
    assert done.returncode == 0
    assert done.stderr.splitlines()[0] == f"pumpmock: {BENCH_WARNING}"
    assert done.stdout.splitlines()[-1].endswith(" 5 ok, 0 failed, 0 skipped")


def test_the_wrong_key_is_no_link(bench: Bench) -> None:
    emulator = bench.serve()
    words = [
        sys.executable,
        "-m",
        "pumpmock",
        "conform",
        emulator.ports["tcp"],
        "--key",
        "bench",
        "--timeout",
        "1",
    ]
    done = subprocess.run(words, capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert "nobody answers on socket://" in done.stderr


class Meddler:
    """Something between a host and the emulator that turns a bit in every seventh answer, as a bad cable does."""

    def __init__(self, url: str) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._target = url.removeprefix("socket://").split(":")
        self.url = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def _serve(self) -> None:
        while True:
            try:
                host, _ = self._server.accept()
            except OSError:
                return
            pump = socket.create_connection((self._target[0], int(self._target[1])))
            self._open += [host, pump]
            for source, sink, damage in ((host, pump, False), (pump, host, True)):
                thread = threading.Thread(target=self._carry, args=(source, sink, damage))
                self._threads.append(thread)
                thread.start()

    def _carry(self, source: socket.socket, sink: socket.socket, damage: bool) -> None:  # noqa: FBT001 - a direction
        count = 0
        while True:
            try:
                data = source.recv(4_096)
            except OSError:
                data = b""
            if not data:
                return
            count += 1
            if damage and count % 7 == 0:
                data = data[:-3] + bytes((data[-3] ^ 0x40,)) + data[-2:]
            with suppress(OSError):
                sink.sendall(data)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(WAIT_S)
        for end in self._open:
            end.close()


@pytest.fixture
def meddler(bench: Bench) -> Iterator[Meddler]:
    made = Meddler(bench.serve("--frozen").ports["tcp"])
    yield made
    made.close()


def test_a_bad_cable_fails_checks_with_exit_code_1(bench: Bench, meddler: Meddler) -> None:
    done = conform(meddler.url, *both_keys(bench), "--only", "Sessions")
    assert done.returncode == 1
    assert "  FAILED   " in done.stdout
    assert "expected  an undamaged frame" in done.stdout
    assert " 0 failed" not in done.stdout.splitlines()[-1]


class Hangs(threading.Thread):
    """A port on which somebody listens, hears a Hello, and then does nothing or hangs up."""

    def __init__(self, *, up: bool) -> None:
        super().__init__()
        self._up = up
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self.heard = threading.Event()
        self.done = threading.Event()

    def run(self) -> None:
        host, _ = self._server.accept()
        with self._server, host:
            host.recv(1)
            self.heard.set()
            if not self._up:
                self.done.wait(WAIT_S)


def test_ctrl_c_ends_it_with_what_was_found() -> None:
    device = Hangs(up=False)
    device.start()
    with Program("pumpmock", "conform", device.url, "--key", "bench", *PATIENT) as running:
        assert device.heard.wait(WAIT_S)
        running.process.send_signal(signal.SIGINT)
        assert running.wait() == 1
        assert f"stopped after 0 of {len(CHECKS)} checks" in running.line_with("pumpmock:", "err")
        assert running.line_with("checks:") == "0 checks: 0 ok, 0 failed, 0 skipped"
    device.done.set()
    device.join(WAIT_S)


def test_a_device_that_hangs_up_is_no_link() -> None:
    device = Hangs(up=True)
    device.start()
    done = conform(device.url, "--key", "bench")
    device.join(WAIT_S)
    assert done.returncode == 3
    assert f"{device.url} has gone: unplugged, or its other end has ended" in done.stderr
