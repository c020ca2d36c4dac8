"""A benchmark that nobody has run since the product changed still starts it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "benchmarks" / "run.py"


@pytest.mark.parametrize("name", ["status-round-trip", "history-readings", "history-trend"])
def test_a_round_of_a_benchmark_that_starts_the_product_can_be_run(name: str) -> None:
    command = [sys.executable, str(BENCH), "--rounds", "1", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith(f"bench {name}: ")
