"""The demonstration behind `make demo`: an emulator on a virtual serial port, and the dashboard on it.

A day passes in 100 seconds; the reservoir gets low after about a minute and is empty two minutes later. Without a
terminal it prints a reading a second instead, for DEMO_SECONDS. Keys and port live in a folder that goes with it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SPEED = "864"
PUMP = ("--reservoir", "2.3 mL", "--flow", "0.5 mL/day", "--battery", "62 %", "--speed", SPEED)


def main() -> int:
    """Run the demonstration; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="pumpmock-demo-") as folder:
        link, keys = Path(folder, "pump0"), Path(folder, "keys")
        serve = [
            sys.executable,
            "-m",
            "pumpmock",
            "serve",
            "--pty",
            str(link),
            "--keys",
            str(keys),
            "--json",
            *PUMP,
        ]
        with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as emulator:
            try:
                return _watch(emulator, keys)
            finally:
                emulator.terminate()


def _watch(emulator: subprocess.Popen[str], keys: Path) -> int:
    first = emulator.stdout.readline() if emulator.stdout else ""
    if not first:
        return emulator.wait()
    port = json.loads(first)["ports"]["pty"]
    command = [sys.executable, "-m", "monitor"]
    history = str(keys.with_name("history.db"))  # goes with the demonstration
    if sys.stdin.isatty() and sys.stdout.isatty():
        return subprocess.call([*command, "dashboard", port, "--keys", str(keys), "--history", history])
    seconds = os.environ.get("DEMO_SECONDS", "20")
    print(
        f"no terminal: {seconds} readings of a pump on {port}, {SPEED} times as fast as real time", flush=True
    )
    options = ["--keys", str(keys), "--history", history]
    return subprocess.call([*command, "watch", port, *options, "--count", seconds, "--every", "1"])


if __name__ == "__main__":
    sys.exit(main())
