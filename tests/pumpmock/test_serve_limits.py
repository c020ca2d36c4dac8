"""`pumpmock serve` enforces the bench's limits, those of a file, or none, and its first line says which."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pumpmock.limits_file import BENCH_LIMITS, NO_LIMITS
from pumpmock.model.pump import Pump
from tests.settings import usual_settings

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "limits.toml")


def start(folder: Path, *words: str) -> dict[str, Any]:
    """Start a pump on the state file in `folder`, end it, and return its first line and what it stored."""
    state = folder / "state.json"
    ports = ("--pty", str(folder / "pump"), "--keys", str(folder / "keys"), "--state", str(state), "--json")
    command = [sys.executable, "-m", "pumpmock", "serve", *ports, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    ready: dict[str, Any] = json.loads(line)
    stored = json.loads(state.read_text())["pump"]
    return ready | {name: stored[name] for name in ("settings", "concentration_ug_ml")}


def enforced(ready: dict[str, Any]) -> dict[str, int]:
    return {name: ready["settings"][name] for name in BENCH_LIMITS}


def test_the_limits_are_kept_with_the_pump_until_others_are_given(tmp_path: Path) -> None:
    first = start(tmp_path, "--concentration", "2 mg/mL")
    assert first["limits"] == "bench"
    assert enforced(first) == BENCH_LIMITS
    assert first["concentration_ug_ml"] == 2_000
    again = start(tmp_path)
    assert (again["limits"], again["limits_crc"]) == ("as stored", first["limits_crc"])
    other = start(tmp_path, "--limits", EXAMPLE)
    assert other["limits"] == EXAMPLE
    assert other["limits_crc"] != first["limits_crc"]
    assert enforced(start(tmp_path)) == enforced(other)
    none = start(tmp_path, "--limits", "none")
    assert (none["limits"], enforced(none)) == ("none", NO_LIMITS)


def test_limits_that_the_present_rate_is_outside_of_are_not_taken() -> None:
    pump = Pump(usual_settings(), fill_nl=18_000_000, rate_nl_h=20_000)
    for limits in ({"most_rate_nl_h": 19_999}, {"least_rate_nl_h": 20_001}, {"step_down_percent": 101}):
        with pytest.raises(ValueError, match="it must be"):
            pump.configure(limits)
    assert pump.settings == usual_settings()
    pump.configure({"most_rate_nl_h": 20_000, "least_rate_nl_h": 20_000})
    assert pump.settings == usual_settings(most_rate_nl_h=20_000, least_rate_nl_h=20_000)
    assert Pump.from_dict(json.loads(json.dumps(pump.to_dict()))).settings == pump.settings
