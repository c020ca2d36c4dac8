"""At SIGUSR1 the patient of a served pump presses the button: told, logged and stored as whatever else happens to it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from pumpmock.model.pump import Pump

if TYPE_CHECKING:
    from pathlib import Path


def serving(folder: Path, *words: str) -> subprocess.Popen[str]:
    ports = ("--pty", str(folder / "pump"), "--state", str(folder / "state.json"), "--bench-key", "--json")
    command = [sys.executable, "-m", "pumpmock", "serve", "--frozen", *ports, *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    told: dict[str, Any] = json.loads(process.stdout.readline())
    return told


def test_a_press_is_told_and_survives_the_process(tmp_path: Path) -> None:
    with serving(tmp_path, "--profile", "bench") as process:
        assert line(process)["event"] == "ready"
        process.send_signal(signal.SIGUSR1)
        told = line(process)
        assert (told["event"], told["volume_nl"], told["duration_s"]) == ("patient_bolus", 50_000, 300)
        process.send_signal(signal.SIGUSR1)
        told = line(process)
        assert (told["event"], told["reason"]) == ("patient_bolus_refused", "running")
        process.kill()  # no orderly end: the first press was stored before the second was taken
    stored = json.loads((tmp_path / "state.json").read_text())["pump"]
    assert Pump.from_dict(stored).sample().measured_rate_nl_h == 600_000


def test_a_pump_that_offers_none_says_so(tmp_path: Path) -> None:
    with serving(tmp_path) as process:
        assert line(process)["event"] == "ready"
        process.send_signal(signal.SIGUSR1)
        assert line(process)["reason"] == "not_offered"
        process.terminate()
        assert process.wait(timeout=60) == 0
