"""A pump whose volumes do not add up ends with a sentence, its last sound state and exit code 1, in a real process.

The defect is planted: a catheter that comes out a nanolitre short wherever something flows.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from typing import IO, TYPE_CHECKING, Any

import pytest

from protocol.exchange import HostEnd
from protocol.messages import Prepare
from protocol.vocabulary import Role
from pumpmock.keyring import ensure_keys
from pumpmock.model.pump import Pump
from tests.pumpmock.conftest import SERIAL_NUMBER, to_rate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SERVE = """
import sys
from pathlib import Path
from pumpmock.model import hydraulics
from pumpmock.cli import main

pushed, flag = hydraulics.pushed, Path(sys.argv.pop(1))

def short(catheter, volume_nl, concentration_ug_ml):
    catheter, drug_pg = pushed(catheter, volume_nl, concentration_ug_ml)
    if flag.exists():
        catheter = (catheter[0]._replace(volume_nl=catheter[0].volume_nl - 1), *catheter[1:])
    return catheter, drug_pg

hydraulics.pushed = short
main()
"""


def command(folder: Path, *words: str) -> list[str]:
    where = ["--pty", str(folder / "pump"), "--tcp", "127.0.0.1:0", "--keys", str(folder / "keys")]
    own = [*where, "--limits", "none", "--json", *words]
    return [sys.executable, "-c", _SERVE, str(folder / "flag"), "serve", *own]


def told(lines: list[str]) -> dict[str, Any]:
    (found,) = [json.loads(line) for line in lines if '"ledger_error"' in line]
    assert lines[-1].startswith('{"event": "ledger_error"')
    return dict(found)


@pytest.mark.requirement("R7.4.0(1-6) at intervals")
def test_one_that_nobody_asks_ends_at_its_next_event(tmp_path: Path) -> None:
    (tmp_path / "flag").touch()
    words = ("--reservoir", "2.001 mL", "--speed", "1000000")
    done = subprocess.run(command(tmp_path, *words), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert (
        "pumpmock: the volumes in the pump no longer add up, so it stops: the catheter is not full"
        in done.stderr
    )
    assert done.stderr.rstrip().endswith("its last sound state is printed above")
    assert "Traceback" not in done.stderr
    state = told(done.stdout.splitlines())["pump"]
    assert state["now_us"] > 0
    assert [entry[3] for entry in state["events"]] != []
    assert Pump.from_dict(state | {"now_us": state["drive"]["since_us"]}).truth().held_nl == 2_001_000


@contextlib.contextmanager
def serving(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    with subprocess.Popen(
        command(folder, *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process, process.stdout
        process.kill()


def test_the_same_pump_without_the_defect_passes_that_event(tmp_path: Path) -> None:
    with serving(tmp_path, "--reservoir", "2.001 mL", "--speed", "1000000") as (process, said):
        lines = iter(said.readline, "")
        assert any('"alarm_raised"' in line and '"low_reservoir"' in line for line in lines)
        process.terminate()
        assert process.wait(20) == 0


@pytest.mark.requirement("R7.4.0(1-6) unmasked")
def test_a_host_whose_request_finds_it_gets_no_answer_and_the_state_stored_before_is_kept(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state.json"
    with serving(tmp_path, "--state", str(state), "--speed", "1000") as (process, said):
        host, port = json.loads(said.readline())["ports"]["tcp"].removeprefix("socket://").split(":")
        keys = ensure_keys(tmp_path / "keys", SERIAL_NUMBER, os.urandom)
        end = HostEnd(next(key for key in keys.values() if key.role is Role.TECHNICIAN), os.urandom(16))
        asked = 0
        with socket.create_connection((host, int(port)), timeout=20) as wire:
            data = end.hello()
            while not end.is_open:
                wire.sendall(data)
                _, data = end.receive(wire.recv(4_096))
            kept = state.read_bytes()
            (tmp_path / "flag").touch()
            with contextlib.suppress(OSError):
                # A change is weighed against the volumes of the instant: until something has flowed, it is answered.
                while asked < 1_000:
                    asked += 1
                    request = Prepare(os.urandom(8), 0, 20_833, 0, to_rate(25_000))
                    wire.sendall(end.ask(request)[0])
                    answer = wire.recv(4_096)
                    if not answer:
                        break
                    end.receive(answer)
                    kept = state.read_bytes()
        lines = said.read().splitlines()
        assert process.wait(20) == 1
        assert process.stderr is not None
        complaint = process.stderr.read()
    assert asked < 1_000
    assert f"its last sound state is printed above, and one before in {state}" in complaint
    assert "Traceback" not in complaint
    assert told(lines)["error"].startswith("the catheter is not full")
    assert state.read_bytes() == kept
    again = Pump.from_dict(json.loads(kept)["pump"])
    assert again.truth().held_nl > 0
