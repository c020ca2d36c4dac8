"""`pumpmock ctl` against served pumps: what it does, what it says, who may, and what a bad client costs (nothing)."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from pumpmock.control.address import reachable
from pumpmock.control.client import Control, UnknownOutcomeError
from pumpmock.control.server import MOST_LINE
from pumpmock.control.verb import VerbError
from tests.acceptance.conftest import WAIT_S, Program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.conftest import Bench, Emulator


def ctl(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pumpmock", "ctl", "--control", str(path), *words],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )


@pytest.fixture
def emulator(bench: Bench) -> Emulator:
    return bench.serve("--bench-key", "--frozen", "--seed", "4")


@pytest.fixture
def path(bench: Bench) -> Path:
    """The control socket of the pump on the bench's link."""
    return bench.folder / "pump.ctl"


def test_the_ready_event_names_the_socket_beside_the_link(emulator: Emulator, path: Path) -> None:
    assert emulator.ready["control"] == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_done_is_seen_on_the_wire(bench: Bench, emulator: Emulator, path: Path) -> None:
    assert ctl(path, "advance", "10 h").stdout == "pump time 10 h 0 min, frozen\n"
    assert ctl(path, "set", "expected=1.9 mL").returncode == 0
    status = bench.monitor("status", emulator.ports["tcp"], "--json", "--bench-key")
    found = json.loads(status.stdout)
    assert (found["pump_time_us"], found["reservoir_nl"]) == (36_000_000_000, 1_900_000)
    assert json.loads(ctl(path, "status", "--json").stdout)["belief"]["alarms"] == ["low_reservoir"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("advance", "2 fortnights"), 2, "write 30 s, 5 min, 2 h, 90 days or 7 years"),
        (("advance",), 2, "Missing argument 'SPAN'"),
        (("set", "reservoir"), 2, "is no NAME=VALUE"),
        (("set", "reservoire=3mL"), 2, 'did you mean "reservoir"'),
        (("set", "reservoir=30 mL"), 1, "the reservoir holds 20.00 mL"),
        (("trouble", "relieve", "leak"), 1, "there is nothing to end"),
        (("restore", "/nowhere/pump.json"), 1, "No such file"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_an_exit_code(
    emulator: Emulator, path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    done = ctl(path, *words)

    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert emulator.process.poll() is None


def test_without_a_pump_it_is_exit_3_and_says_how_to_start_one(bench: Bench, emulator: Emulator) -> None:
    done = ctl(bench.folder / "other.ctl", "status")

    assert done.returncode == 3
    assert f"pumpmock serve starts one; there is {emulator.ready['control']}" in done.stderr


def test_two_pumps_are_two_sockets(bench: Bench, emulator: Emulator, path: Path) -> None:
    other = bench.serve("--bench-key", "--frozen", "--serial-number", "PM-7", link=bench.folder / "seven")
    ctl(bench.folder / "seven.ctl", "advance", "1 h")

    with Control(path) as one, Control(bench.folder / "seven.ctl") as seven:
        assert (one.status()["pump_time_us"], seven.status()["pump_time_us"]) == (0, 3_600_000_000)
        assert seven.status()["serial_number"] == "PM-7"
    assert other.end() == 0
    assert not (bench.folder / "seven.ctl").exists()
    assert not (bench.folder / "seven.ctl.lock").exists()
    assert emulator.process.poll() is None


def test_a_socket_that_a_killed_pump_left_is_replaced(bench: Bench, emulator: Emulator, path: Path) -> None:
    emulator.kill()
    assert path.is_socket()
    assert ctl(path, "status").returncode == 3

    bench.serve("--bench-key")
    assert ctl(path, "status").returncode == 0


def served(bench: Bench, *words: str) -> subprocess.CompletedProcess[str]:
    """Try to serve a pump that can't be."""
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pumpmock",
            "serve",
            "--bench-key",
            "--pty",
            str(bench.folder / "two"),
            *words,
        ],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )


def test_a_socket_that_is_served_is_refused_with_the_pid(
    bench: Bench, emulator: Emulator, path: Path
) -> None:
    done = served(bench, "--control", str(path))

    assert done.returncode == 3
    assert f"(pid {emulator.process.pid}): stop it, or choose another socket with --control" in done.stderr
    assert ctl(path, "status").returncode == 0


def test_what_is_no_socket_is_left_alone(bench: Bench) -> None:
    (bench.folder / "data").write_text("somebody's")
    done = served(bench, "--control", str(bench.folder / "data"))

    assert done.returncode == 3
    assert "is there and is no socket of ours" in done.stderr
    assert (bench.folder / "data").read_text() == "somebody's"


def test_a_folder_in_which_others_can_replace_it_is_refused(bench: Bench) -> None:
    folder = bench.folder / "open"
    folder.mkdir()
    folder.chmod(0o777)
    done = served(bench, "--control", str(folder / "x.ctl"))

    assert done.returncode == 3
    assert "chmod 700 it" in done.stderr


def test_nobody_can_control_a_pump_that_nobody_shall(bench: Bench) -> None:
    emulator = bench.serve("--bench-key", "--control", "none")

    assert emulator.ready["control"] is None
    assert not list(bench.folder.glob("*.ctl"))


def test_a_path_longer_than_the_system_takes_one_is_served_and_found(bench: Bench) -> None:
    folder = bench.folder / ("long" * 30)
    folder.mkdir()
    bench.serve("--bench-key", link=folder / "pump")

    assert ctl(folder / "pump.ctl", "status").returncode == 0


def client(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(WAIT_S)
    with reachable(path) as address:
        made.connect(address)
    return made


def reply(made: socket.socket) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(made.makefile("rb").readline())
    return found


def test_a_line_without_an_end_is_the_end_of_its_client_alone(emulator: Emulator, path: Path) -> None:
    with client(path) as one:
        one.sendall(b"x" * (MOST_LINE + 1))
        assert "bytes at the most" in reply(one)["error"]
        assert one.recv(1) == b""
    assert ctl(path, "status").returncode == 0
    assert emulator.process.poll() is None


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[1]",
        b'{"verb": 3}',
        b'{"verb": "advence"}',
        b'{"verb":"advance","args":[]}',
        b"\xff",
        b"[" * 9_000,
    ],
)
def test_what_is_no_request_is_answered_so(emulator: Emulator, path: Path, line: bytes) -> None:
    with client(path) as one:
        one.sendall(line + b"\n")
        assert not reply(one)["ok"]
        one.sendall(b'{"verb": "status"}\n')
        assert reply(one)["ok"]
    assert emulator.process.poll() is None


def test_whoever_floods_and_never_reads_does_not_hold_the_pump(
    bench: Bench, emulator: Emulator, path: Path
) -> None:
    with client(path) as one:
        one.setblocking(False)
        with suppress(BlockingIOError):
            while one.send(b'{"verb": "status"}\n' * 1_000):
                pass
        assert bench.monitor("status", emulator.ports["tcp"], "--bench-key").returncode == 0
        assert ctl(path, "status").returncode == 0


def test_the_seventeenth_client_is_told_so(emulator: Emulator, path: Path) -> None:
    clients = [client(path) for _ in range(16)]
    for one in clients:
        one.sendall(b'{"verb": "status"}\n')
        assert reply(one)["ok"]
    with client(path) as late:
        assert "16 clients are connected already" in reply(late)["error"]
    for one in clients:
        one.close()
    assert emulator.process.poll() is None


def test_python_does_the_same(emulator: Emulator, path: Path, tmp_path: Path) -> None:
    with Control(path) as pump:
        assert pump.speed("60")["speed"] == 60.0
        assert pump.freeze()["speed"] == 0.0
        assert pump.advance(3_600)["pump_time_us"] >= 3_600_000_000
        assert pump.set(reservoir="3 mL")["truth"]["held_nl"] == 3_000_000
        assert pump.strike("leak", "30 %") == {"troubles": ["leak"]}
        assert pump.relieve("leak") == {"troubles": []}
        assert pump.press()["reason"] == "not_offered"
        pump.snapshot(tmp_path / "state.json")
        pump.restore(tmp_path / "state.json")
        assert pump.journal(1)[0]["what"] == "start"
        with pytest.raises(VerbError, match="did you mean"):
            pump.strike("leek")
    assert emulator.process.poll() is None


def test_an_unplugged_port_cannot_be_reached_and_comes_back(
    bench: Bench, emulator: Emulator, path: Path
) -> None:
    with Control(path) as pump:
        assert not any(one["plugged"] for one in pump.unplug())
        for url in emulator.ports.values():
            assert bench.monitor("status", url, "--bench-key").returncode == 3
        assert all(one["plugged"] for one in pump.replug())
    for url in emulator.ports.values():
        assert bench.monitor("status", url, "--bench-key").returncode == 0


def test_a_fault_strikes_on_the_wire_and_is_in_the_journal(bench: Bench) -> None:
    journal = bench.folder / "j.jsonl"
    emulator = bench.serve("--bench-key", "--frozen", "--journal", str(journal))
    added = ctl(bench.folder / "pump.ctl", "fault", "add", "lose-reply", "--on", "Identify", "times=1")
    assert added.stdout == "1 lose-reply on Identify, once more\n"
    assert "1 lose-reply on Identify, once more" in ctl(bench.folder / "pump.ctl", "status").stdout
    ctl(bench.folder / "pump.ctl", "fault", "add", "lose-reply", "--on", "Poll")
    assert bench.monitor("status", emulator.ports["tcp"], "--bench-key").returncode == 0  # it asks again
    assert ctl(bench.folder / "pump.ctl", "fault", "list").stdout == "1 lose-reply on Identify, once more\n"
    emulator.end()

    told = subprocess.run(
        [sys.executable, "-m", "pumpmock", "decode", str(journal), "--faults"],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=True,
    )
    assert "* fault  id=2 kind=lose-reply seam=" in told.stdout


def test_the_journal_is_followed_until_the_pump_ends(bench: Bench, emulator: Emulator, path: Path) -> None:
    with Program("pumpmock", "ctl", "--control", str(path), "journal", "tail", "-n", "1", "--follow") as tail:
        tail.line_with("* port")
        bench.monitor("status", emulator.ports["tcp"], "--bench-key")
        tail.line_with("-> Poll")
        emulator.end()
        assert tail.wait() == 0


def test_whoever_follows_the_journal_ends_it_by_ctrl_c(emulator: Emulator, path: Path) -> None:
    with Program("pumpmock", "ctl", "--control", str(path), "journal", "tail", "--follow") as tail:
        tail.line_with("* port")
        tail.process.send_signal(signal.SIGINT)
        assert tail.wait() == 0
        assert tail.line("err") is None
    assert emulator.process.poll() is None


def test_a_pump_that_goes_away_before_it_answers_leaves_the_outcome_unknown(
    emulator: Emulator, path: Path
) -> None:
    with Control(path) as pump:
        os.kill(emulator.process.pid, signal.SIGSTOP)
        pump._send({"verb": "advance", "args": {"span": "1 h"}})
        emulator.process.kill()
        with pytest.raises(UnknownOutcomeError, match="is not known"):
            pump.call("status")
