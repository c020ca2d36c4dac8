"""The journal of a served pump: there from the first instant, whole at every end, and read by `pumpmock decode`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.conftest import WAIT_S

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.conftest import Bench


def lines(path: Path) -> list[dict[str, Any]]:
    """Return its lines, each of which has to be whole."""
    text = path.read_text(encoding="ascii")
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def test_a_run_from_start_to_ctrl_c_is_on_the_disk(bench: Bench, port: str) -> None:
    path = bench.folder / "pump.jsonl"
    emulator = bench.serve("--journal", str(path), "--seed", "9", "--speed", "60")
    bench.status(emulator.ports[port])
    emulator.process.send_signal(signal.SIGINT)
    assert emulator.wait() == 0

    header, *entries = lines(path)
    assert (header["serial_number"], header["seed"], header["speed"]) == ("PM-00001", 9, 60.0)
    what = [entry["what"] for entry in entries]
    assert what[:3] == ["start", "port", "port"]
    assert {"connected", "in", "session", "out", "disconnected"} <= set(what)
    assert [entry["n"] for entry in entries] == list(range(1, len(entries) + 1))
    frames = [frame for entry in entries for frame in entry.get("frames", ())]
    assert [frame["name"] for frame in frames[:4]] == ["Hello", "Challenge", "Confirm", "Status"]
    assert {frame["verified"] for frame in frames} == {True}
    told = subprocess.run(
        [sys.executable, "-m", "pumpmock", "decode", str(path), "--only", "Poll"],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=True,
    )
    assert "-> Poll" in told.stdout


def test_after_a_kill_all_that_was_told_is_on_the_disk(bench: Bench) -> None:
    path = bench.folder / "pump.jsonl"
    emulator = bench.serve("--journal", str(path))
    bench.status(emulator.ports["tcp"])
    emulator.kill()

    assert lines(path)[-1]["what"] == "disconnected" or lines(path)[-1]["frames"][0]["name"] == "Status"


@pytest.mark.parametrize("name", ["data.csv", "gone/pump.jsonl"])
def test_a_journal_that_cannot_be_is_exit_1_with_a_sentence(bench: Bench, name: str) -> None:
    (bench.folder / "data.csv").write_text("a,b\n")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pumpmock",
            "serve",
            "--bench-key",
            "--pty",
            str(bench.link),
            "--journal",
            str(bench.folder / name),
        ],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )

    assert done.returncode == 1
    assert name in done.stderr
    assert "Traceback" not in done.stderr
