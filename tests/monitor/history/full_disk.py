"""Fills the disk under a history, and makes room again: `python -m tests.monitor.history.full_disk FOLDER`, a small disk.

What happened is printed as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from monitor.history.recorder import Recorder
from monitor.history.schema import HistoryError
from tests.monitor.conftest import Clock, S
from tests.monitor.history.bench import PUMP, WALL_MS, rows, status, stored_numbers

BALLAST = 512 * 1024


def fill(path: Path) -> None:
    """Take all the room that there is."""
    with path.open("wb", buffering=0) as file:
        for size in (65_536, 4_096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def main(folder: Path) -> None:
    clock = Clock()
    recorder = Recorder(folder / "history.db", now_ns=clock, now_ms=lambda: WALL_MS, ballast_bytes=BALLAST)
    shown = 0
    recorder.see(PUMP, status(shown))
    recorder.note("intended", {"command": "one"})
    assert not recorder.problem, recorder.problem
    fill(folder / "filler")
    while not recorder.problem:
        shown += 1
        recorder.see(PUMP, status(shown))
    said = recorder.problem
    try:
        recorder.note("intended", {"command": "two"})
        refused = ""
    except HistoryError as error:
        refused = str(error)
    late = recorder.note_late("outcome", {"command": "one"})
    clock.now_ns += 6 * S
    recorder.see(PUMP, status(shown + 1))
    still = recorder.problem
    (folder / "filler").unlink()
    clock.now_ns += 6 * S
    recorder.see(PUMP, status(shown + 2))
    again = recorder.problem
    recorder.note("intended", {"command": "three"})
    recorder.close()
    found = {
        "said": said,
        "refused": refused,
        "late": late,
        "still": still,
        "again": again,
        "shown": shown + 3,
        "stored": stored_numbers(folder / "history.db"),
        "trail": rows(folder / "history.db", "SELECT kind, body FROM audit ORDER BY seq"),
    }
    print(json.dumps(found))  # noqa: T201 - the result


if __name__ == "__main__":
    main(Path(sys.argv[1]))
