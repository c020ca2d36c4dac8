"""What is typed wrongly, plugged in wrongly or pointed at the wrong thing gets a sentence and the right exit code."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING

import pytest

from monitor.client import PumpClient
from monitor.keys import find_keys

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.conftest import Bench


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        ("0.6", "has no unit"),
        ("0,6 mL/day", "decimal comma"),
        ("-0.6 mL/day", "is negative"),
        (".6 mL/day", "leading zero"),
        ("0.6 ml/day", 'did you mean "0.6 mL/day"'),
        ("6e-1 mL/day", "exponent"),
        ("0.60001 mL/day", "finer than"),
        ("much", "is not a rate"),
    ],
)
def test_a_rate_that_is_not_one_is_a_usage_error_that_says_how_to_write_it(
    bench: Bench, rate: str, said: str
) -> None:
    done = bench.monitor("set-rate", str(bench.link), rate, "--yes")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("option", "value", "code", "said"),
    [
        ("--reservoir", "18", 2, "has no unit"),
        ("--reservoir", "28 mL", 2, "holds 20.00 mL"),
        ("--flow", "0.5 mL", 2, "is not a unit of a rate"),
        ("--flow", "30 mL/day", 2, "above the greatest rate"),
        ("--battery", "180 %", 2, "0 % to 100 %"),
        ("--speed", "fast", 2, "is not a number"),
        ("--tcp", "7070", 2, "HOST:PORT"),
        ("--serial-number", "pump seven", 2, "serial number"),
        ("--pty", "/nonexistent/pump", 3, "no directory"),
        ("--pump", "1", 2, "No such option"),
    ],
)
def test_the_emulator_refuses_bad_options_with_a_sentence(
    bench: Bench, option: str, value: str, code: int, said: str
) -> None:
    from tests.acceptance.conftest import Program  # noqa: PLC0415 - beside its only use

    with Program("pumpmock", "serve", option, value, "--keys", str(bench.keys)) as program:
        program.line_with(said, "err")
        assert program.wait() == code


def test_an_unknown_port_says_so_and_exits_3(bench: Bench) -> None:
    bench.serve().end()
    done = bench.monitor("status", str(bench.folder / "nothing"))
    assert done.returncode == 3
    assert "there is no port" in done.stderr


def test_a_file_is_not_a_serial_port(bench: Bench) -> None:
    bench.serve().end()
    (bench.folder / "file").write_text("text")
    done = bench.monitor("status", str(bench.folder / "file"))
    assert done.returncode == 3
    assert "is not a serial port" in done.stderr


def test_a_port_in_use_is_named_and_exits_3(bench: Bench) -> None:
    emulator = bench.serve()
    with PumpClient(emulator.ports["pty"], keyring=find_keys(bench.keys)):
        done = bench.monitor("status", emulator.ports["pty"])
    assert done.returncode == 3
    assert "in use" in done.stderr


def test_a_link_that_is_served_already_is_refused_with_the_pid(bench: Bench) -> None:
    from tests.acceptance.conftest import Program  # noqa: PLC0415 - beside its only use

    emulator = bench.serve()
    with Program("pumpmock", "serve", "--pty", str(bench.link), "--keys", str(bench.keys)) as second:
        assert str(emulator.process.pid) in second.line_with("is served by another", "err")
        assert second.wait() == 3
    assert bench.status(emulator.ports["pty"])["state"] == "running"


@pytest.mark.parametrize("kind", ["echoes", "babbles", "is silent"])
def test_a_device_that_speaks_something_else_is_not_taken_for_a_pump(bench: Bench, kind: str) -> None:
    bench.serve().end()  # leaves keys behind
    master, slave = os.openpty()
    ended = threading.Event()

    def behave() -> None:
        while not ended.is_set():
            data = os.read(master, 4096)
            if kind == "echoes":
                os.write(master, data)
            elif kind == "babbles":
                os.write(master, b"\x00OK\r\n\x00\x05\x01\x02\x03\x04\x00" * 20)

    device = threading.Thread(target=behave)
    device.start()
    try:
        done = bench.monitor("status", os.ttyname(slave))
    finally:
        ended.set()
        os.write(slave, b"\n")
        device.join()
        os.close(master)
        os.close(slave)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert ("no pump answers" if kind == "is silent" else "something answers") in done.stderr


def test_without_a_key_the_monitor_says_what_is_missing_and_where(bench: Bench, tmp_path: Path) -> None:
    emulator = bench.serve()
    done = bench.monitor("status", emulator.ports["pty"], keys=tmp_path / "empty")
    assert done.returncode == 3
    assert str(tmp_path / "empty") in done.stderr
    assert "pumpmock serve makes them" in done.stderr


def test_a_key_file_open_to_others_is_refused_with_the_command_that_mends_it(bench: Bench) -> None:
    emulator = bench.serve()
    for path in bench.keys.glob("*.key"):
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o644)
    done = bench.monitor("status", emulator.ports["pty"])
    assert done.returncode == 3
    assert f"chmod 600 {bench.keys}" in done.stderr


def test_a_viewer_key_reads_and_does_not_change(bench: Bench) -> None:
    emulator = bench.serve("--frozen")
    next(bench.keys.glob("*.technician.key")).unlink()
    assert bench.status(emulator.ports["pty"])["revision"] == 0
    done = bench.monitor("set-rate", emulator.ports["pty"], "0.6 mL/day", "--yes")
    assert done.returncode == 1
    assert "technician key" in done.stderr
    assert bench.status(emulator.ports["pty"])["revision"] == 0
    texts = [event["text"] for event in bench.events(emulator.ports["pty"]) if event["kind"] == "refused"]
    assert texts == ["0.600 mL/day: the key only reads"]


def test_a_change_without_a_terminal_and_without_yes_sends_nothing(bench: Bench) -> None:
    emulator = bench.serve("--frozen")
    done = bench.monitor("set-rate", emulator.ports["pty"], "0.6 mL/day")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert {event["kind"] for event in bench.events(emulator.ports["pty"])} == {"start", "session"}


@pytest.mark.requirement("R7.4.0(1-6) at the start")
def test_a_damaged_state_file_is_refused_and_left_as_it_is(bench: Bench) -> None:
    state = bench.folder / "state.json"
    bench.serve("--state", str(state)).end()
    whole = state.read_text()
    content = json.loads(whole)
    content["pump"]["reservoir"]["remaining_nl"] += 1
    state.write_text(json.dumps(content))
    from tests.acceptance.conftest import Program  # noqa: PLC0415 - beside its only use

    with Program("pumpmock", "serve", "--pty", str(bench.link), "--state", str(state)) as program:
        program.line_with("is not a pump's state", "err")
        assert program.wait() == 1
    assert json.loads(state.read_text()) == content
