"""A benchmark that nobody has run since the product changed still starts it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parents[2] / "benchmarks" / "run.py"


def test_a_round_of_the_benchmarks_of_the_pump_and_of_its_port_can_be_run() -> None:
    command = [sys.executable, str(BENCH), "--rounds", "1", "status-round-trip"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("bench status-round-trip: ")
