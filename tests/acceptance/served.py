"""A pump as a process, and `pump-monitor web` as another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.acceptance.conftest import Bench, Emulator, Program


class Served:
    """A pump, and the dashboard of it on pages."""

    def __init__(self, bench: Bench, *options: str) -> None:
        self.bench = bench
        self.journal = bench.folder / "pump.jsonl"
        self.pump: Emulator = bench.serve("--frozen", "--journal", str(self.journal))
        self.monitor: Program = bench.start_monitor("web", self.pump.ports["pty"], *options)
        self.address = self.monitor.line_with("http://")

    def end(self) -> int:
        """End the monitor, then the pump."""
        code = self.monitor.end()
        self.pump.end()
        return code

    def hosts(self) -> int:
        """Return how many hosts have opened the pump's serial port; the pump has ended."""
        return sum(entry.get("what") == "connected" for entry in self.entries())

    def asked(self) -> set[str]:
        """Return the names of the frames that hosts have sent to the pump, which has ended."""
        heard = (entry["frames"] for entry in self.entries() if entry.get("what") == "in")
        return {frame["name"] for frames in heard for frame in frames}

    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.journal.read_text().splitlines()]

    def held(self) -> tuple[int, int]:
        """Return how many threads and descriptors the monitor has."""
        process = Path(f"/proc/{self.monitor.process.pid}")
        return len(list((process / "task").iterdir())), len(list((process / "fd").iterdir()))
